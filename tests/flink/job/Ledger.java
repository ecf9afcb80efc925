// SPDX-License-Identifier: Apache-2.0

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.nio.file.StandardOpenOption;
import java.util.OptionalLong;
import java.util.UUID;
import org.apache.flink.api.common.state.CheckpointListener;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.util.Collector;

/**
 * The end of the counting job: keeps how many records of each key it saw, and their sum, and writes
 * one line for each thing that happened (tests/flink/ledger checks the file):
 *
 * <pre>
 *   MS LIFE start restored=CHECKPOINT|- attempt=N count=N sum=N
 *   MS LIFE snapshot checkpoint=N count=N sum=N
 *   MS LIFE complete checkpoint=N count=N sum=N
 *   MS LIFE count count=N sum=N                      each half second
 *   MS LIFE wrong what=lost|twice|counter|sum value=N expected=N
 *   MS LIFE end count=N sum=N                        all of a bounded job was seen
 * </pre>
 *
 * LIFE tells the tasks from each other: one that was cut off may still write beside its successor.
 */
final class Ledger extends ProcessFunction<Tuple2<Long, Long>, Void>
		implements CheckpointedFunction, CheckpointListener {
	private static final long serialVersionUID = 1L;
	private static final long EACH_MS = 500;
	private static final int MOST_WRONGS = 20; // lines of one life

	private final String file;
	private final long limit;
	private final String fault;

	private transient String life;
	private transient ListState<Long> state; // one entry a key, then the sum
	private transient long[] seen;
	private transient long sum;
	private transient long lastLine;
	private transient boolean faultDue;
	private transient int wrongs;

	Ledger(String file, long limit, String fault) {
		this.file = file;
		this.limit = limit;
		this.fault = fault;
	}

	@Override
	public void initializeState(FunctionInitializationContext context) throws Exception {
		life = UUID.randomUUID().toString().substring(0, 8);
		seen = new long[CountingJob.KEYS];
		sum = 0;
		state = context.getOperatorStateStore().getListState(new ListStateDescriptor<>("seen", Types.LONG));
		int i = 0;
		for (long value : state.get()) {
			if (i < seen.length) {
				seen[i++] = value;
			} else {
				sum = value;
			}
		}
		if (context.isRestored() && fault.equals("forget-ledger")) {
			seen = new long[CountingJob.KEYS];
			sum = 0;
		}
		faultDue = context.isRestored();
		OptionalLong restored = context.getRestoredCheckpointId();
		line(
				"start",
				"restored="
						+ (restored.isPresent() ? "" + restored.getAsLong() : "-")
						+ " attempt="
						+ getRuntimeContext().getTaskInfo().getAttemptNumber()
						+ " "
						+ counted());
	}

	@Override
	public void snapshotState(FunctionSnapshotContext context) throws Exception {
		state.clear();
		for (long n : seen) {
			state.add(n);
		}
		state.add(sum);
		line("snapshot", "checkpoint=" + context.getCheckpointId() + " " + counted());
	}

	@Override
	public void notifyCheckpointComplete(long checkpoint) throws Exception {
		line("complete", "checkpoint=" + checkpoint + " " + counted());
	}

	@Override
	public void processElement(Tuple2<Long, Long> record, Context context, Collector<Void> out)
			throws Exception {
		boolean faulty = faultDue;
		faultDue = false;
		if (faulty && fault.equals("lose")) {
			return;
		}
		look(record.f0, record.f1);
		if (faulty && fault.equals("double")) {
			look(record.f0, record.f1);
		}
	}

	private void look(long value, long countOfKey) throws IOException {
		int key = (int) (value % CountingJob.KEYS);
		long index = value / CountingJob.KEYS;
		if (index != seen[key]) {
			wrong(index > seen[key] ? "lost" : "twice", value, seen[key] * CountingJob.KEYS + key);
		}
		if (countOfKey != index + 1) {
			wrong("counter", countOfKey, index + 1);
		}
		seen[key] = index + 1; // said once, not at each record from here on
		sum += value;

		long count = count();
		boolean end = count == limit;
		if (end && sum != count * (count - 1) / 2) {
			wrong("sum", sum, count * (count - 1) / 2);
		}
		long now = System.currentTimeMillis();
		if (end || now - lastLine >= EACH_MS) {
			lastLine = now;
			line(end ? "end" : "count", counted());
		}
	}

	private void wrong(String what, long value, long expected) throws IOException {
		if (wrongs++ >= MOST_WRONGS) {
			return;
		}
		line("wrong", "what=" + what + " value=" + value + " expected=" + expected);
	}

	private long count() {
		long count = 0;
		for (long n : seen) {
			count += n;
		}
		return count;
	}

	private String counted() {
		return "count=" + count() + " sum=" + sum;
	}

	private void line(String what, String rest) throws IOException {
		String text = System.currentTimeMillis() + " " + life + " " + what + " " + rest + "\n";
		Files.write(
				Paths.get(file),
				text.getBytes(StandardCharsets.UTF_8),
				StandardOpenOption.CREATE,
				StandardOpenOption.APPEND);
	}
}
