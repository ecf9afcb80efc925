// SPDX-License-Identifier: Apache-2.0
package io.jmha.flink;

import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.runtime.checkpoint.CheckpointIDCounter;
import org.apache.flink.util.FlinkRuntimeException;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;

/**
 * Checkpoint numbers from the daemon, fenced. They keep the files of a deposed JobMaster and of its
 * successor apart, which write into the same folder.
 */
final class JmhaCheckpointIdCounter implements CheckpointIDCounter {

    private final TermClient client;
    private final String key;
    private final Executor ioExecutor;

    JmhaCheckpointIdCounter(TermClient client, JobID job, Executor ioExecutor) {
        this.client = client;
        this.key = job.toHexString();
        this.ioExecutor = ioExecutor;
    }

    @Override
    public void start() {}

    @Override
    public CompletableFuture<Void> shutdown(JobStatus jobStatus) {
        if (!jobStatus.isGloballyTerminalState()) {
            return CompletableFuture.completedFuture(null);
        }
        return CompletableFuture.runAsync(
                () -> {
                    try {
                        client.deleteNumber(key);
                    } catch (DaemonException e) {
                        throw new CompletionException(e);
                    }
                },
                ioExecutor);
    }

    @Override
    public long getAndIncrement() throws Exception {
        return client.nextNumber(key);
    }

    @Override
    public long get() {
        try {
            return client.peekNumber(key);
        } catch (DaemonException e) {
            throw new FlinkRuntimeException(e.getMessage(), e);
        }
    }

    @Override
    public void setCount(long newId) throws Exception {
        client.setNumber(key, newId);
    }
}
