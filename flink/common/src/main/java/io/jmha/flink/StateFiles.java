// SPDX-License-Identifier: Apache-2.0
package io.jmha.flink;

import org.apache.flink.core.fs.FSDataOutputStream;
import org.apache.flink.core.fs.FileStatus;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.Path;
import org.apache.flink.util.InstantiationUtil;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.Serializable;
import java.util.concurrent.ThreadLocalRandom;

import javax.annotation.Nullable;

/**
 * The files behind the pointers, below {@code high-availability.storageDir}. Flink's
 * FileSystemStateStorageHelper does the same but does not tell the path.
 */
final class StateFiles {

    private static final Logger LOG = LoggerFactory.getLogger(StateFiles.class);
    private static final int ATTEMPTS = 3;

    private final Path folder;
    private final String prefix;

    StateFiles(Path folder, String prefix) {
        this.folder = folder;
        this.prefix = prefix;
    }

    /** Writes a new file; its pointer is written after it is on disk. */
    Pointer write(Serializable state, @Nullable String application) throws IOException {
        final byte[] bytes = InstantiationUtil.serializeObject(state);
        for (int attempt = 1; ; attempt++) {
            final long random = ThreadLocalRandom.current().nextLong(1L << 48);
            final Path path = new Path(folder, prefix + String.format("%012x", random));
            try {
                write(path, bytes);
                return new Pointer(path.toUri().toString(), bytes.length, application);
            } catch (IOException e) {
                if (attempt == ATTEMPTS) {
                    throw new IOException(
                            "could not write "
                                    + path
                                    + " ("
                                    + e.getMessage()
                                    + "): is high-availability.storageDir mounted and writable?",
                            e);
                }
            }
        }
    }

    private static void write(Path path, byte[] bytes) throws IOException {
        final FileSystem fs = path.getFileSystem();
        // Not ours to delete if this fails: another file may have the name.
        final FSDataOutputStream out = fs.create(path, FileSystem.WriteMode.NO_OVERWRITE);
        try (out) {
            out.write(bytes);
            sync(out);
        } catch (IOException | RuntimeException e) {
            delete(path.toUri().toString());
            throw e;
        }
    }

    private static void sync(FSDataOutputStream out) throws IOException {
        try {
            out.sync();
        } catch (UnsupportedOperationException e) {
            // an object store: durable when closed
        }
    }

    /** Deletes a file. What cannot be deleted is a stray file, not a failure. */
    static void delete(String target) {
        try {
            final Path path = new Path(target);
            path.getFileSystem().delete(path, false);
        } catch (IOException | RuntimeException e) {
            LOG.warn("file {} is not needed any more but could not be deleted", target, e);
        }
    }

    /** What is wrong with the file behind a pointer; null when nothing is. */
    @Nullable
    static String problem(Pointer pointer) {
        try {
            final Path path = pointer.path();
            final FileStatus status = path.getFileSystem().getFileStatus(path);
            if (status.isDir()) {
                return pointer.target() + " is a directory";
            }
            if (status.getLen() != pointer.bytes()) {
                return String.format(
                        "%s has %d bytes, its pointer says %d",
                        pointer.target(), status.getLen(), pointer.bytes());
            }
            return null;
        } catch (FileNotFoundException e) {
            return pointer.target()
                    + " is missing: was it deleted, or is high-availability.storageDir not the same"
                    + " shared folder on every host?";
        } catch (IOException | RuntimeException e) {
            return pointer.target() + " cannot be looked at: " + e.getMessage();
        }
    }
}
