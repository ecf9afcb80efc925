// SPDX-License-Identifier: Apache-2.0
package io.jmha.flink;

import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.runtime.persistence.PossibleInconsistentStateException;
import org.apache.flink.runtime.persistence.StateHandleStore;
import org.apache.flink.runtime.state.RetrievableStateHandle;
import org.apache.flink.runtime.state.RetrievableStreamStateHandle;
import org.apache.flink.util.FlinkException;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

import javax.annotation.Nullable;

import io.jmha.flink.DaemonException.Outcome;

/**
 * Objects in files, pointers to them in the daemon, of one term.
 *
 * <p>File first, then pointer; when deleting, pointer first, then file: a crash leaves a stray
 * file, never a pointer without one. A write that was certainly refused takes its file back; one
 * whose outcome stays unknown keeps it. There are no locks: only the leader deletes, and the daemon
 * fences.
 */
final class JmhaStateHandleStore<T extends Serializable> implements StateHandleStore<T, Revision> {

    private static final Logger LOG = LoggerFactory.getLogger(JmhaStateHandleStore.class);

    /** Chooses among all pointers those that Flink is to see; see {@link ParkedJobs}. */
    interface Selection {
        List<TermClient.Entry> keep(List<TermClient.Entry> all) throws DaemonException;
    }

    private final TermClient client;
    private final String prefix;
    private final StateFiles files;
    private final Selection selection;
    private final Function<T, String> application;

    /** Targets seen, for a DELETE whose first answer was lost. */
    private final Map<String, String> targets = new ConcurrentHashMap<>();

    JmhaStateHandleStore(
            TermClient client,
            String prefix,
            StateFiles files,
            Selection selection,
            Function<T, String> application) {
        this.client = client;
        this.prefix = prefix;
        this.files = files;
        this.selection = selection;
        this.application = application;
    }

    @Override
    public RetrievableStateHandle<T> addAndLock(String name, T state) throws Exception {
        final Pointer pointer = files.write(state, application.apply(state));
        if (!put(pointer, () -> client.create(prefix + name, pointer))) {
            throw new AlreadyExistException("pointer " + prefix + name + " exists already");
        }
        targets.put(name, pointer.target());
        return handle(pointer);
    }

    @Override
    public void replace(String name, Revision revision, T state) throws Exception {
        final TermClient.Entry old = client.get(prefix + name);
        if (old == null) {
            throw new NotExistException("pointer " + prefix + name + " does not exist");
        }
        final Pointer pointer = files.write(state, application.apply(state));
        if (!put(pointer, () -> client.replace(prefix + name, revision, pointer))) {
            throw new FlinkException(
                    "pointer " + prefix + name + " was changed by another; it is not replaced");
        }
        targets.put(name, pointer.target());
        if (old.value() != null && old.revision() == revision.value()) {
            deleteFile(name, old.value());
        }
    }

    private interface Put {
        boolean run() throws DaemonException;
    }

    /**
     * Puts a pointer to a new file; deletes the file when the pointer is certainly not there, so
     * not when something else than a {@link DaemonException} ends the call.
     */
    private boolean put(Pointer pointer, Put put) throws Exception {
        final boolean done;
        try {
            done = put.run();
        } catch (DaemonException e) {
            if (e.outcome() == Outcome.UNKNOWN) {
                throw new PossibleInconsistentStateException(
                        e.getMessage()
                                + "; whether the pointer was written is unknown, its file "
                                + pointer.target()
                                + " is kept",
                        e);
            }
            StateFiles.delete(pointer.target());
            throw e;
        }
        if (!done) {
            StateFiles.delete(pointer.target());
        }
        return done;
    }

    @Override
    public Revision exists(String name) throws Exception {
        final TermClient.Entry entry = client.get(prefix + name);
        return entry == null ? Revision.NOT_EXISTING : new Revision(entry.revision());
    }

    @Override
    public RetrievableStateHandle<T> getAndLock(String name) throws Exception {
        final TermClient.Entry entry = client.get(prefix + name);
        if (entry == null) {
            throw new NotExistException("pointer " + prefix + name + " does not exist");
        }
        return handle(read(entry));
    }

    @Override
    public List<Tuple2<RetrievableStateHandle<T>, String>> getAllAndLock() throws Exception {
        final List<Tuple2<RetrievableStateHandle<T>, String>> all = new ArrayList<>();
        for (TermClient.Entry entry : selection.keep(sorted(client.list(prefix)))) {
            all.add(Tuple2.of(handle(read(entry)), name(entry)));
        }
        return all;
    }

    @Override
    public Collection<String> getAllHandles() throws Exception {
        final List<String> names = new ArrayList<>();
        for (TermClient.Entry entry : selection.keep(sorted(client.list(prefix)))) {
            names.add(name(entry));
        }
        return names;
    }

    private static List<TermClient.Entry> sorted(List<TermClient.Entry> entries) {
        entries.sort(Comparator.comparing(TermClient.Entry::key));
        return entries;
    }

    @Override
    public boolean releaseAndTryRemove(String name) throws Exception {
        deleteFile(name, client.delete(prefix + name));
        return true;
    }

    /** The pointer is gone; so goes its file. */
    private void deleteFile(String name, @Nullable byte[] value) {
        String target = targets.get(name);
        if (value != null) {
            try {
                target = Pointer.parse(value).target();
            } catch (IOException e) {
                LOG.warn(
                        "epoch={} the deleted pointer {}{} named no file: {}",
                        client.term().epoch(),
                        prefix,
                        name,
                        e.getMessage());
            }
        }
        if (target != null) {
            targets.remove(name, target);
            StateFiles.delete(target);
        }
    }

    @Override
    public void clearEntries() throws Exception {
        for (TermClient.Entry entry : client.list(prefix)) {
            releaseAndTryRemove(name(entry));
        }
    }

    @Override
    public void release(String name) {}

    @Override
    public void releaseAll() {}

    private String name(TermClient.Entry entry) {
        return entry.key().substring(prefix.length());
    }

    private Pointer read(TermClient.Entry entry) throws IOException {
        final String key = entry.key();
        if (entry.value() == null) {
            throw new IOException("pointer " + key + " is damaged: the daemon set its value aside");
        }
        try {
            final Pointer pointer = Pointer.parse(entry.value());
            targets.put(key.substring(prefix.length()), pointer.target());
            return pointer;
        } catch (IOException e) {
            throw new IOException("pointer " + key + " cannot be used: " + e.getMessage(), e);
        }
    }

    private RetrievableStateHandle<T> handle(Pointer pointer) {
        return new RetrievableStreamStateHandle<>(pointer.path(), pointer.bytes());
    }

    @Override
    public String toString() {
        return "JmhaStateHandleStore{" + prefix + ", " + client.term() + "}";
    }
}
