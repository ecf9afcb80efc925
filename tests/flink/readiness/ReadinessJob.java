// SPDX-License-Identifier: Apache-2.0

import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.connector.source.util.ratelimit.RateLimiterStrategy;
import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.datagen.source.DataGeneratorSource;
import org.apache.flink.connector.datagen.source.GeneratorFunction;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.util.Collector;

/**
 * A job that is set up well or badly, as the arguments say, for `jmhactl readiness` to look at: a
 * source, a filter chained to it, and a counter per key that keeps a value of some bytes beside.
 *
 * <pre>
 *   --name orders        of the job
 *   --no-uid             none of the operators has one
 *   --no-checkpoints
 *   --max-parallelism N  of the job; without it Flink takes its default
 *   --parallelism N      of the counter
 *   --bytes N            that are kept for each of the 64 keys
 *   --set KEY=VALUE      of Flink's configuration
 * </pre>
 */
public final class ReadinessJob {
	private static final int KEYS = 64;
	private static final TypeInformation<byte[]> BYTES =
			PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO;

	private ReadinessJob() {}

	public static void main(String[] args) throws Exception {
		Configuration configuration = new Configuration();
		List<String> flags = new ArrayList<>();
		String name = "orders";
		int maxParallelism = 0;
		int parallelism = 1;
		int bytes = 16;
		for (int i = 0; i < args.length; i++) {
			switch (args[i]) {
				case "--name":
					name = args[++i];
					break;
				case "--max-parallelism":
					maxParallelism = Integer.parseInt(args[++i]);
					break;
				case "--parallelism":
					parallelism = Integer.parseInt(args[++i]);
					break;
				case "--bytes":
					bytes = Integer.parseInt(args[++i]);
					break;
				case "--set":
					String[] pair = args[++i].split("=", 2);
					configuration.setString(pair[0], pair[1]);
					break;
				default:
					flags.add(args[i]);
			}
		}
		boolean uids = !flags.contains("--no-uid");

		StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment(configuration);
		if (!flags.contains("--no-checkpoints")) {
			env.enableCheckpointing(500);
		}
		env.setParallelism(1);
		if (maxParallelism > 0) {
			env.setMaxParallelism(maxParallelism);
		}

		SingleOutputStreamOperator<Long> numbers =
				env.fromSource(
						new DataGeneratorSource<>(
								new Same(), Long.MAX_VALUE, RateLimiterStrategy.perSecond(500), Types.LONG),
						WatermarkStrategy.noWatermarks(),
						"numbers");
		SingleOutputStreamOperator<Long> some = numbers.filter(value -> value >= 0).name("some");
		SingleOutputStreamOperator<Long> counted =
				some.keyBy(new Key(), Types.LONG)
						.process(new Counter(bytes))
						.name("counter")
						.setParallelism(parallelism);
		if (uids) {
			numbers.uid("numbers");
			some.uid("some");
			counted.uid("counter");
		}
		counted.sinkTo(new DiscardingSink<>()).name("sink").setParallelism(parallelism);
		env.execute(name);
	}

	private static final class Same implements GeneratorFunction<Long, Long> {
		private static final long serialVersionUID = 1L;

		@Override
		public Long map(Long value) {
			return value;
		}
	}

	private static final class Key implements KeySelector<Long, Long> {
		private static final long serialVersionUID = 1L;

		@Override
		public Long getKey(Long value) {
			return value % KEYS;
		}
	}

	private static final class Counter extends KeyedProcessFunction<Long, Long, Long> {
		private static final long serialVersionUID = 1L;
		private final int bytes;
		private transient ValueState<byte[]> kept;

		Counter(int bytes) {
			this.bytes = bytes;
		}

		@Override
		public void processElement(Long value, Context context, Collector<Long> out) throws Exception {
			if (kept == null) {
				kept = getRuntimeContext().getState(new ValueStateDescriptor<>("kept", BYTES));
			}
			if (kept.value() == null) {
				kept.update(new byte[bytes]);
			}
			out.collect(value);
		}
	}
}
