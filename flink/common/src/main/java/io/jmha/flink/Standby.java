// SPDX-License-Identifier: Apache-2.0
package io.jmha.flink;

import org.apache.flink.configuration.Configuration;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.util.Map;
import java.util.function.BooleanSupplier;

import javax.annotation.Nullable;

/**
 * What a JobManager does while it stands by, to be quick when it is granted leadership: first the
 * {@link WarmUp}, then the {@link ClassArchive}. All of it in the thread {@code jmha-standby}, which
 * does nothing while the process leads.
 */
final class Standby implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Standby.class);

    /** Between two looks at whether the process stands by. */
    private static final long LOOK_MS = 200;

    /** Of a cluster that starts, one is granted at once: that one must not be disturbed. */
    private static final long SETTLE_MS = 2000;

    private final Leadership leadership;
    private final BooleanSupplier standsBy;
    @Nullable private final WarmUp warmUp;
    @Nullable private final Configuration rehearse;
    @Nullable private final ClassArchive archive;
    private final Thread thread;
    private volatile boolean closed;

    private Standby(
            Leadership leadership,
            @Nullable WarmUp warmUp,
            @Nullable Configuration rehearse,
            @Nullable ClassArchive archive) {
        this.leadership = leadership;
        this.standsBy = () -> !closed && leadership.standsBy();
        this.warmUp = warmUp;
        this.rehearse = rehearse;
        this.archive = archive;
        this.thread = Leadership.named("standby").newThread(this::run);
        thread.setPriority(Thread.MIN_PRIORITY);
    }

    static Standby start(
            JmhaConfig config, Map<String, String> environment, Leadership leadership) {
        WarmUp warmUp = null;
        try {
            warmUp = config.warmsUp() ? WarmUp.ofResource() : null;
        } catch (IOException | RuntimeException e) {
            LOG.warn("a takeover will take longer, nothing is warmed up: {}", e.toString());
        }
        final Standby standby =
                new Standby(
                        leadership,
                        warmUp,
                        config.rehearses() ? config.configuration() : null,
                        ClassArchive.fromEnvironment(environment, Jvm.PROCESS));
        standby.thread.start();
        return standby;
    }

    private void run() {
        try {
            if (archive != null) {
                archive.check();
            }
            if (warmUp == null && archive == null) {
                return;
            }
            awaitSettled();
            while (warmUp != null && !warmUp.run(standsBy)) {
                Thread.sleep(LOOK_MS);
            }
            if (rehearse != null && standsBy.getAsBoolean()) {
                Rehearsal.run(rehearse, standsBy);
            }
            while (archive != null && archive.records() && !makeArchive()) {
                Thread.sleep(LOOK_MS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // closed
        }
    }

    private boolean makeArchive() throws InterruptedException {
        if (!standsBy.getAsBoolean()) {
            return false;
        }
        try {
            return archive.make(leadership::stepAside);
        } finally {
            leadership.stepBack();
        }
    }

    private void awaitSettled() throws InterruptedException {
        long looks = 0;
        while (looks < SETTLE_MS / LOOK_MS) {
            Thread.sleep(LOOK_MS);
            looks = standsBy.getAsBoolean() ? looks + 1 : 0;
        }
    }

    @Override
    public void close() {
        closed = true;
        thread.interrupt();
    }
}
