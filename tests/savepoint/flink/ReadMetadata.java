// SPDX-License-Identifier: Apache-2.0

import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.runtime.checkpoint.Checkpoints;
import org.apache.flink.runtime.checkpoint.OperatorState;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.checkpoint.SavepointType;
import org.apache.flink.runtime.checkpoint.SnapshotType;
import org.apache.flink.runtime.checkpoint.StateObjectCollection;
import org.apache.flink.runtime.checkpoint.metadata.CheckpointMetadata;
import org.apache.flink.runtime.state.changelog.ChangelogStateBackendHandle;
import org.apache.flink.runtime.state.IncrementalKeyedStateHandle.HandleAndLocalPath;
import org.apache.flink.runtime.state.IncrementalRemoteKeyedStateHandle;
import org.apache.flink.runtime.state.KeyGroupsSavepointStateHandle;
import org.apache.flink.runtime.state.KeyGroupsStateHandle;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.OperatorStreamStateHandle;
import org.apache.flink.runtime.state.StateObject;
import org.apache.flink.runtime.state.StreamStateHandle;
import org.apache.flink.runtime.state.changelog.ChangelogStateHandleStreamImpl;
import org.apache.flink.runtime.state.changelog.inmemory.InMemoryChangelogStateHandle;
import org.apache.flink.runtime.state.changelog.StateChange;
import org.apache.flink.runtime.state.filemerging.EmptySegmentFileStateHandle;
import org.apache.flink.runtime.state.filemerging.SegmentFileStateHandle;
import org.apache.flink.runtime.state.filesystem.FileStateHandle;
import org.apache.flink.runtime.state.filesystem.RelativeFileStateHandle;
import org.apache.flink.runtime.state.memory.ByteStreamStateHandle;

import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What Flink's own reader makes of _metadata files: facts, one a line, each behind the path of its
 * file. tests/savepoint/facts.jq makes the same of jmhactl's JSON.
 *
 * <p>Usage: ReadMetadata FILE...
 */
public final class ReadMetadata {
    private final PrintStream out;
    private final String path;
    private final Map<String, Long> files = new TreeMap<>();
    private final Map<String, Integer> handles = new TreeMap<>();
    private long inlined;

    private ReadMetadata(PrintStream out, String path) {
        this.out = out;
        this.path = path;
    }

    public static void main(String[] args) throws Exception {
        PrintStream out = new PrintStream(System.out, false, "UTF-8");
        for (String path : args) {
            new ReadMetadata(out, path).read();
        }
        out.flush();
    }

    private void say(String format, Object... args) {
        out.print(path + "\t" + String.format(format, args) + "\n");
    }

    private void read() throws IOException {
        byte[] bytes = Files.readAllBytes(Paths.get(path));
        CheckpointMetadata metadata;
        try {
            metadata =
                    Checkpoints.loadCheckpointMetadata(
                            new DataInputStream(new ByteArrayInputStream(bytes)),
                            ReadMetadata.class.getClassLoader(),
                            Paths.get(path).toUri().toString());
        } catch (Exception | LinkageError e) {
            say("refused %s", String.valueOf(e.getMessage()).split("\n")[0]);
            return;
        }
        say("checkpoint %d", metadata.getCheckpointId());
        say("kind %s", kind(metadata));
        say("master states %d", metadata.getMasterStates().size());
        for (OperatorState op : metadata.getOperatorStates()) {
            operator(op);
        }
        say("inline %d", inlined);
        files.forEach((name, size) -> say("file %s %d", name, size));
    }

    private static String kind(CheckpointMetadata metadata) {
        if (metadata.getCheckpointProperties() == null) {
            return "null";
        }
        SnapshotType type = metadata.getCheckpointProperties().getCheckpointType();
        if (!type.isSavepoint()) {
            return "checkpoint";
        }
        return "savepoint-" + ((SavepointType) type).getFormatType().name().toLowerCase();
    }

    // ---- operators

    private void operator(OperatorState op) {
        List<OperatorSubtaskState> subtasks = new ArrayList<>();
        if (!op.isFullyFinished()) {
            subtasks.addAll(op.getStates());
        }
        handles.clear();
        boolean hasState = op.getCoordinatorState() != null;
        long[] size = new long[7];
        int finished = op.isFullyFinished() ? op.getParallelism() : 0;
        if (op.getCoordinatorState() != null) {
            count("other");
            size[0] += stream(op.getCoordinatorState());
        }
        for (OperatorSubtaskState s : subtasks) {
            hasState |= s.hasState();
            finished += s.isFinished() ? 1 : 0;
            size[1] += all(s.getManagedOperatorState());
            size[2] += all(s.getRawOperatorState());
            size[3] += all(s.getManagedKeyedState());
            size[4] += all(s.getRawKeyedState());
            size[5] += all(s.getInputChannelState());
            size[6] += all(s.getResultSubpartitionState());
        }
        say(
                "operator %s parallelism %d of %d subtasks %d finished %d %b state %b"
                        + " coordinator %d operator %d %d keyed %d %d channels %d %d handles %s",
                op.getOperatorID().toHexString(),
                op.getParallelism(),
                op.getMaxParallelism(),
                subtasks.size(),
                finished,
                op.isFullyFinished(),
                hasState,
                size[0],
                size[1],
                size[2],
                size[3],
                size[4],
                size[5],
                size[6],
                handles);
        // The lines since 2.0 have them.
        String uid = text(op, "getOperatorUid");
        String name = text(op, "getOperatorName");
        if (uid != null || name != null) {
            say("called %s uid %s name %s", op.getOperatorID().toHexString(), uid, name);
        }
    }

    private static String text(OperatorState op, String getter) {
        try {
            Optional<?> text = (Optional<?>) OperatorState.class.getMethod(getter).invoke(op);
            return text.isPresent() && !text.get().equals("") ? text.get().toString() : null;
        } catch (ReflectiveOperationException e) {
            return null;
        }
    }

    // ---- handles

    private void count(String type) {
        handles.merge(type, 1, Integer::sum);
    }

    private long all(StateObjectCollection<?> states) {
        long size = 0;
        for (StateObject state : states) {
            handle(state);
            size += state.getStateSize();
        }
        return size;
    }

    private void handle(StateObject state) {
        if (state instanceof OperatorStreamStateHandle) {
            boolean merged = state.getClass().getSimpleName().startsWith("FileMerging");
            count(merged ? "operator-merged" : "operator");
            stream(((OperatorStreamStateHandle) state).getDelegateStateHandle());
        } else if (state instanceof KeyGroupsStateHandle) {
            count(
                    state instanceof KeyGroupsSavepointStateHandle
                            ? "savepoint-key-groups"
                            : "key-groups");
            stream(((KeyGroupsStateHandle) state).getDelegateStateHandle());
        } else if (state instanceof IncrementalRemoteKeyedStateHandle) {
            IncrementalRemoteKeyedStateHandle h = (IncrementalRemoteKeyedStateHandle) state;
            count("incremental");
            stream(h.getMetaDataStateHandle());
            for (HandleAndLocalPath file : h.getSharedState()) {
                stream(file.getHandle());
            }
            for (HandleAndLocalPath file : h.getPrivateState()) {
                stream(file.getHandle());
            }
        } else if (state instanceof KeyedStateHandle) {
            changelog(state);
        } else {
            count("other");
            stream(delegateOfChannel(state));
        }
    }

    private void changelog(StateObject state) {
        if (state instanceof ChangelogStateBackendHandle) {
            ChangelogStateBackendHandle h = (ChangelogStateBackendHandle) state;
            count("changelog");
            h.getMaterializedStateHandles().forEach(this::handle);
            h.getNonMaterializedStateHandles().forEach(this::handle);
        } else if (state instanceof InMemoryChangelogStateHandle) {
            count("changelog-bytes");
            for (StateChange change : ((InMemoryChangelogStateHandle) state).getChanges()) {
                inlined += change.getChange().length;
            }
        } else if (state instanceof ChangelogStateHandleStreamImpl) {
            count("changelog-files");
            for (Tuple2<StreamStateHandle, Long> file :
                    ((ChangelogStateHandleStreamImpl) state).getHandlesAndOffsets()) {
                stream(file.f0);
            }
        } else {
            throw new IllegalStateException(state.getClass().getName());
        }
    }

    /** Its class is another one in each line. */
    private static StreamStateHandle delegateOfChannel(StateObject state) {
        try {
            return (StreamStateHandle) state.getClass().getMethod("getDelegate").invoke(state);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(state.getClass().getName(), e);
        }
    }

    // ---- streams

    private long stream(StreamStateHandle stream) {
        if (stream == null || stream instanceof EmptySegmentFileStateHandle) {
            return 0;
        }
        if (stream instanceof ByteStreamStateHandle) {
            inlined += stream.getStateSize();
        } else if (stream instanceof RelativeFileStateHandle) {
            file("relative " + ((RelativeFileStateHandle) stream).getRelativePath(), stream, 0);
        } else if (stream instanceof SegmentFileStateHandle) {
            SegmentFileStateHandle piece = (SegmentFileStateHandle) stream;
            file("merged " + piece.getFilePath(), stream, piece.getStartPos());
        } else if (stream instanceof FileStateHandle) {
            file("absolute " + ((FileStateHandle) stream).getFilePath(), stream, 0);
        } else if (stream instanceof KeyGroupsStateHandle) {
            stream(((KeyGroupsStateHandle) stream).getDelegateStateHandle());
        } else {
            throw new IllegalStateException(stream.getClass().getName());
        }
        return stream.getStateSize();
    }

    private void file(String name, StreamStateHandle stream, long from) {
        files.merge(name, from + stream.getStateSize(), Math::max);
    }
}
