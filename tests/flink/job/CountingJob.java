// SPDX-License-Identifier: Apache-2.0

import java.util.HashMap;
import java.util.Map;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.connector.source.util.ratelimit.RateLimiterStrategy;
import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.connector.datagen.source.DataGeneratorSource;
import org.apache.flink.connector.datagen.source.GeneratorFunction;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;

/**
 * A job that counts and can prove that it counts right: a source of 0, 1, 2, ... (its position is
 * state), a counter per key (keyed state) and a {@link Ledger} (operator state) that compares the
 * three with each other at every record and writes down what it saw. Whatever is lost or done twice
 * in any of the three states, alone, shows as a line "wrong" in its file.
 *
 * <pre>
 *   --ledger FILE        appended to; every line has the wall clock in ms and the task's life
 *   --rate 200           records a second
 *   --limit N            ends after N records (default: never)
 *   --interval 500       milliseconds between checkpoints
 *   --parallelism 1      of the counter; source and ledger are one each
 *   --fault none         lose, double, forget-ledger, forget-counter: after a restore, to see that
 *                        the check sees it
 * </pre>
 */
public final class CountingJob {
	/** Of the records' keys: value modulo KEYS. */
	static final int KEYS = 8;

	private CountingJob() {}

	public static void main(String[] args) throws Exception {
		Map<String, String> options = new HashMap<>();
		for (int i = 0; i + 1 < args.length; i += 2) {
			options.put(args[i], args[i + 1]);
		}
		long limit = Long.parseLong(options.getOrDefault("--limit", "" + Long.MAX_VALUE));
		double rate = Double.parseDouble(options.getOrDefault("--rate", "200"));
		String fault = options.getOrDefault("--fault", "none");

		StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
		env.enableCheckpointing(Long.parseLong(options.getOrDefault("--interval", "500")));
		env.setMaxParallelism(128);
		env.setParallelism(1);

		env.fromSource(
						new DataGeneratorSource<>(
								new Same(), limit, RateLimiterStrategy.perSecond(rate), Types.LONG),
						WatermarkStrategy.noWatermarks(),
						"numbers")
				.uid("numbers")
				.keyBy(new Key(), Types.LONG)
				.process(new Counter(fault.equals("forget-counter")))
				.uid("counter")
				.name("counter")
				.setParallelism(Integer.parseInt(options.getOrDefault("--parallelism", "1")))
				.process(new Ledger(options.get("--ledger"), limit, fault))
				.uid("sink")
				.name("sink")
				.setParallelism(1);
		env.execute("counting");
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

	/** Adds to each record how many of its key there were, this one included. */
	private static final class Counter extends KeyedProcessFunction<Long, Long, Tuple2<Long, Long>>
			implements CheckpointedFunction {
		private static final long serialVersionUID = 1L;
		private final boolean forget;
		private transient ValueState<Long> count;
		private transient Map<Long, Long> forgetful;

		Counter(boolean forget) {
			this.forget = forget;
		}

		@Override
		public void initializeState(FunctionInitializationContext context) {
			count = context.getKeyedStateStore().getState(new ValueStateDescriptor<>("count", Types.LONG));
			forgetful = new HashMap<>();
		}

		@Override
		public void snapshotState(FunctionSnapshotContext context) {}

		@Override
		public void processElement(Long value, Context context, Collector<Tuple2<Long, Long>> out)
				throws Exception {
			long n;
			if (forget) {
				n = forgetful.merge(context.getCurrentKey(), 1L, Long::sum);
			} else {
				Long before = count.value();
				n = before == null ? 1 : before + 1;
				count.update(n);
			}
			out.collect(Tuple2.of(value, n));
		}
	}
}
