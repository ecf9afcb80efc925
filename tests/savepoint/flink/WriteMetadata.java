// SPDX-License-Identifier: Apache-2.0

import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.core.fs.Path;
import org.apache.flink.runtime.checkpoint.CheckpointProperties;
import org.apache.flink.runtime.checkpoint.CheckpointRetentionPolicy;
import org.apache.flink.runtime.checkpoint.Checkpoints;
import org.apache.flink.runtime.checkpoint.FinishedOperatorSubtaskState;
import org.apache.flink.runtime.checkpoint.FullyFinishedOperatorState;
import org.apache.flink.runtime.checkpoint.MasterState;
import org.apache.flink.runtime.checkpoint.OperatorState;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.checkpoint.StateObjectCollection;
import org.apache.flink.runtime.checkpoint.channel.InputChannelInfo;
import org.apache.flink.runtime.checkpoint.channel.ResultSubpartitionInfo;
import org.apache.flink.runtime.checkpoint.filemerging.LogicalFile.LogicalFileId;
import org.apache.flink.runtime.checkpoint.metadata.CheckpointMetadata;
import org.apache.flink.runtime.jobgraph.OperatorID;
import org.apache.flink.runtime.state.CheckpointedStateScope;
import org.apache.flink.runtime.state.IncrementalKeyedStateHandle.HandleAndLocalPath;
import org.apache.flink.runtime.state.IncrementalRemoteKeyedStateHandle;
import org.apache.flink.runtime.state.InputChannelStateHandle;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyGroupRangeOffsets;
import org.apache.flink.runtime.state.KeyGroupsSavepointStateHandle;
import org.apache.flink.runtime.state.KeyGroupsStateHandle;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.OperatorStateHandle;
import org.apache.flink.runtime.state.OperatorStreamStateHandle;
import org.apache.flink.runtime.state.ResultSubpartitionStateHandle;
import org.apache.flink.runtime.state.StreamStateHandle;
import org.apache.flink.runtime.state.changelog.ChangelogStateBackendHandle.ChangelogStateBackendHandleImpl;
import org.apache.flink.runtime.state.changelog.ChangelogStateHandle;
import org.apache.flink.runtime.state.changelog.ChangelogStateHandleStreamImpl;
import org.apache.flink.runtime.state.changelog.SequenceNumber;
import org.apache.flink.runtime.state.changelog.StateChange;
import org.apache.flink.runtime.state.changelog.inmemory.InMemoryChangelogStateHandle;
import org.apache.flink.runtime.state.filemerging.DirectoryStreamStateHandle;
import org.apache.flink.runtime.state.filemerging.EmptySegmentFileStateHandle;
import org.apache.flink.runtime.state.filemerging.FileMergingOperatorStreamStateHandle;
import org.apache.flink.runtime.state.filemerging.SegmentFileStateHandle;
import org.apache.flink.runtime.state.filesystem.FileStateHandle;
import org.apache.flink.runtime.state.filesystem.RelativeFileStateHandle;
import org.apache.flink.runtime.state.memory.ByteStreamStateHandle;

import java.io.OutputStream;
import java.lang.reflect.Constructor;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.function.Supplier;

/**
 * Has Flink's own writer make _metadata files of whatever it can express: kinds of state that no
 * job of a test leaves behind, in each place where they may stand.
 *
 * <p>Usage: WriteMetadata FOLDER COUNT: files 1 to COUNT, each from its number as a seed.
 */
@SuppressWarnings({"unchecked", "rawtypes"})
public final class WriteMetadata {
    private static final String STATE = "org.apache.flink.runtime.state.";

    private final Random random;

    private WriteMetadata(long seed) {
        random = new Random(seed * 0x9E3779B97F4A7C15L);
    }

    public static void main(String[] args) throws Exception {
        for (int seed = 1; seed <= Integer.parseInt(args[1]); seed++) {
            try (OutputStream out = Files.newOutputStream(Paths.get(args[0], "" + seed))) {
                Checkpoints.storeCheckpointMetadata(new WriteMetadata(seed).metadata(), out);
            }
        }
    }

    private CheckpointMetadata metadata() throws Exception {
        List<OperatorState> operators = new ArrayList<>();
        for (int n = random.nextInt(5); n > 0; n--) {
            operators.add(operator());
        }
        List<MasterState> masters =
                list(2, () -> new MasterState(text(), new byte[random.nextInt(9)], 1));
        return new CheckpointMetadata(random.nextInt(1000), operators, masters, properties());
    }

    private CheckpointProperties properties() {
        switch (random.nextInt(3)) {
            case 0:
                return CheckpointProperties.forCheckpoint(
                        CheckpointRetentionPolicy.RETAIN_ON_CANCELLATION);
            case 1:
                return CheckpointProperties.forSavepoint(true, SavepointFormatType.CANONICAL);
            default:
                return CheckpointProperties.forSavepoint(false, SavepointFormatType.NATIVE);
        }
    }

    // ---- what is drawn

    private <T> List<T> list(int most, Supplier<T> item) {
        List<T> all = new ArrayList<>();
        for (int n = random.nextInt(most + 1); n > 0; n--) {
            all.add(item.get());
        }
        return all;
    }

    private String text() {
        String[] texts = {"counter", "räksmörgås", "with blank", "\uD83D\uDE00 smile", "x%20y"};
        return texts[random.nextInt(texts.length)] + random.nextInt(100);
    }

    private long size() {
        return random.nextInt(5) == 0 ? 1L << (20 + random.nextInt(25)) : random.nextInt(5000);
    }

    private List<Long> offsets() {
        return list(3, () -> (long) random.nextInt(100));
    }

    // ---- operators

    /** With a name and a uid in the lines that have them. */
    private <T> T make(Class<T> type, int parallelism, int max) throws Exception {
        OperatorID id = new OperatorID(random.nextLong(), random.nextLong());
        for (Constructor<?> c : type.getConstructors()) {
            if (c.getParameterCount() == 3) {
                return (T) c.newInstance(id, parallelism, max);
            }
            if (c.getParameterCount() == 5) {
                String name = random.nextBoolean() ? text() : null;
                String uid = random.nextBoolean() ? text() : null;
                return (T) c.newInstance(name, uid, id, parallelism, max);
            }
        }
        throw new IllegalStateException(type.getName());
    }

    private OperatorState operator() throws Exception {
        int parallelism = 1 + random.nextInt(4);
        int max = parallelism + random.nextInt(200);
        if (random.nextInt(6) == 0) {
            return make(FullyFinishedOperatorState.class, parallelism, max);
        }
        OperatorState op = make(OperatorState.class, parallelism, max);
        if (random.nextInt(3) == 0) {
            op.setCoordinatorState(bytes());
        }
        for (int i = 0; i < parallelism; i++) {
            int what = random.nextInt(6);
            if (what == 0) {
                op.putState(i, FinishedOperatorSubtaskState.INSTANCE);
            } else if (what > 1) {
                op.putState(i, subtask(i));
            }
        }
        return op;
    }

    private OperatorSubtaskState subtask(int index) throws Exception {
        OperatorSubtaskState.Builder b = OperatorSubtaskState.builder();
        if (random.nextBoolean()) {
            b.setManagedOperatorState(operatorState());
        }
        if (random.nextInt(3) == 0) {
            b.setRawOperatorState(operatorState());
        }
        if (random.nextBoolean()) {
            b.setManagedKeyedState(keyed(true));
        }
        if (random.nextInt(3) == 0) {
            b.setRawKeyedState(keyed(false));
        }
        channels(b, index);
        return b.build();
    }

    /** Raw: StateObjectCollection of another class in each line. */
    private void channels(OperatorSubtaskState.Builder b, int index) throws Exception {
        StreamStateHandle shared = stream();
        List<InputChannelStateHandle> in =
                list(
                        3,
                        () ->
                                new InputChannelStateHandle(
                                        index,
                                        new InputChannelInfo(0, random.nextInt(9)),
                                        shared,
                                        offsets(),
                                        size()));
        List<ResultSubpartitionStateHandle> out =
                list(
                        3,
                        () ->
                                new ResultSubpartitionStateHandle(
                                        index,
                                        new ResultSubpartitionInfo(0, random.nextInt(9)),
                                        shared,
                                        offsets(),
                                        size()));
        b.setInputChannelState(collection(in, "MergedInputChannelStateHandle"));
        b.setResultSubpartitionState(collection(out, "MergedResultSubpartitionStateHandle"));
    }

    private StateObjectCollection collection(List handles, String merged) throws Exception {
        if (!handles.isEmpty() && random.nextBoolean()) {
            try {
                Class<?> type = Class.forName(STATE + merged);
                handles =
                        Collections.singletonList(
                                type.getMethod("fromChannelHandles", Collection.class)
                                        .invoke(null, handles));
            } catch (ClassNotFoundException e) {
                return new StateObjectCollection(handles); // 1.20 has none
            }
        }
        return new StateObjectCollection(handles);
    }

    // ---- handles

    private OperatorStateHandle operatorState() {
        Map<String, OperatorStateHandle.StateMetaInfo> states = new HashMap<>();
        for (OperatorStateHandle.Mode mode : OperatorStateHandle.Mode.values()) {
            if (random.nextBoolean()) {
                long[] places = offsets().stream().mapToLong(Long::longValue).toArray();
                states.put(text(), new OperatorStateHandle.StateMetaInfo(places, mode));
            }
        }
        if (random.nextInt(3) == 0) {
            return new FileMergingOperatorStreamStateHandle(
                    DirectoryStreamStateHandle.of(new Path("file:/owned/" + text())),
                    DirectoryStreamStateHandle.of(new Path("file:/shared/" + text())),
                    states,
                    segment());
        }
        return new OperatorStreamStateHandle(states, stream());
    }

    private KeyedStateHandle keyed(boolean withChangelog) {
        KeyGroupRange range = KeyGroupRange.of(random.nextInt(8), 8 + random.nextInt(8));
        switch (random.nextInt(withChangelog ? 4 : 3)) {
            case 0:
                return new KeyGroupsStateHandle(new KeyGroupRangeOffsets(range), stream());
            case 1:
                return new KeyGroupsSavepointStateHandle(new KeyGroupRangeOffsets(range), stream());
            case 2:
                return new IncrementalRemoteKeyedStateHandle(
                        new UUID(random.nextLong(), random.nextLong()),
                        range,
                        random.nextInt(100),
                        localFiles(),
                        localFiles(),
                        stream());
            default:
                return new ChangelogStateBackendHandleImpl(
                        list(2, () -> keyed(false)),
                        list(2, () -> changes(range)),
                        range,
                        random.nextInt(100),
                        random.nextInt(100),
                        size());
        }
    }

    private List<HandleAndLocalPath> localFiles() {
        return list(3, () -> HandleAndLocalPath.of(stream(), text()));
    }

    private ChangelogStateHandle changes(KeyGroupRange range) {
        if (random.nextBoolean()) {
            return new ChangelogStateHandleStreamImpl(
                    list(2, () -> Tuple2.of(stream(), (long) random.nextInt(100))),
                    range,
                    size(),
                    size(),
                    text());
        }
        return new InMemoryChangelogStateHandle(
                list(
                        3,
                        () ->
                                StateChange.ofDataChange(
                                        range.getStartKeyGroup(), new byte[random.nextInt(50)])),
                SequenceNumber.of(1),
                SequenceNumber.of(9),
                range);
    }

    // ---- streams

    private ByteStreamStateHandle bytes() {
        return new ByteStreamStateHandle(text(), new byte[random.nextInt(100)]);
    }

    private SegmentFileStateHandle segment() {
        if (random.nextInt(4) == 0) {
            return EmptySegmentFileStateHandle.INSTANCE;
        }
        return new SegmentFileStateHandle(
                new Path("hdfs://h/merged/" + random.nextInt(3)),
                size(),
                size(),
                random.nextBoolean()
                        ? CheckpointedStateScope.SHARED
                        : CheckpointedStateScope.EXCLUSIVE,
                new LogicalFileId(text()));
    }

    private StreamStateHandle stream() {
        switch (random.nextInt(5)) {
            case 0:
                return bytes();
            case 1:
                return segment();
            case 2:
                String name = text();
                return new RelativeFileStateHandle(new Path("file:/a/" + name), name, size());
            case 3:
                return new FileStateHandle(new Path("file:/nowhere/" + text()), size());
            default:
                return new FileStateHandle(new Path("s3://bucket/" + text()), size());
        }
    }
}
