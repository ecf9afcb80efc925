// SPDX-License-Identifier: Apache-2.0
package io.jmha.flink;

import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;

import javax.annotation.Nullable;

/**
 * Whether this process leads, as its daemon says it.
 *
 * <p>Threads: {@code jmha-leadership} reads the stream, {@code jmha-report} tells the daemon where
 * we are, {@code jmha-watchdog} halts, {@code jmha-deliver} calls Flink; Flink is never called
 * under this object's lock, and none of these threads waits for another.
 *
 * <p>A lost stream changes nothing: only a line of the daemon revokes. Grants and revokes given to
 * Flink alternate strictly, and a grant waits until the term before it is closed.
 */
final class Leadership implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Leadership.class);

    /** What happens here and whom it concerns; called by {@code jmha-deliver}. */
    interface Events {
        void granted(Term term);

        void revoked(Term term);

        /** The stream is back while leading: what is published may differ. */
        void reconnected(Term term);

        void recover(String jobId);
    }

    private record Grant(long epoch, UUID leaderId) {}

    private final JmhaConfig config;
    private final DaemonClient client;
    private final Timing timing;
    private final Halt halt;
    private final Events events;

    private final ExecutorService deliver = Executors.newSingleThreadExecutor(named("deliver"));
    private final ScheduledExecutorService watchdog =
            Executors.newSingleThreadScheduledExecutor(named("watchdog"));
    private final Thread reader = named("leadership").newThread(this::read);
    private final Thread reporter = named("report").newThread(this::report);
    private final ChangeLog streamLog = new ChangeLog(LOG, "leadership stream", true);
    private final ChangeLog reportLog = new ChangeLog(LOG, "report to the daemon", false);

    private final Object lock = new Object();

    // All below are guarded by lock.
    @Nullable private Term term;
    @Nullable private Grant pending;
    private long lastEpoch;

    /** An epoch whose end the daemon has not confirmed yet, or 0. */
    private long unconfirmed;

    private long haltAfterMs;
    private long heardNanos = System.nanoTime();
    private boolean reportNow = true;

    /** The daemon knows that this process waits. */
    private boolean waits;

    /** A process that waits says so no more, see {@link #stepAside}. */
    private boolean quiet;

    private boolean closed;
    @Nullable private DaemonClient.Stream stream;

    Leadership(JmhaConfig config, DaemonClient client, Timing timing, Halt halt, Events events) {
        this.config = config;
        this.client = client;
        this.timing = timing;
        this.halt = halt;
        this.events = events;
        this.haltAfterMs = timing.haltAfter();
    }

    static ThreadFactory named(String name) {
        return task -> {
            final Thread thread = new Thread(task, "jmha-" + name);
            thread.setDaemon(true);
            thread.setUncaughtExceptionHandler(
                    (t, e) -> LOG.error("thread {} ended by an error", t.getName(), e));
            return thread;
        };
    }

    void start() {
        reader.start();
        reporter.start();
        final long tick = Math.max(10, Math.min(100, timing.idle() / 10));
        watchdog.scheduleWithFixedDelay(this::checkAlive, tick, tick, TimeUnit.MILLISECONDS);
    }

    /** The present term, revoked or not; null when there is none. */
    @Nullable
    Term term() {
        synchronized (lock) {
            return term;
        }
    }

    /** Whether nobody here leads or is about to, and the daemon knows it. */
    boolean standsBy() {
        synchronized (lock) {
            return waits && term == null && !closed;
        }
    }

    /**
     * Before a pause of the whole process: says nothing until the daemon does not count on it any
     * more, and grants it nothing. A grant that comes before that is taken as ever.
     *
     * @return whether the pause may begin; {@link #stepBack} has to follow in any case
     */
    boolean stepAside() throws InterruptedException {
        synchronized (lock) {
            quiet = true;
        }
        final long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timing.aside());
        while (standsBy() && System.nanoTime() - end < 0) {
            if (isAside()) {
                return true;
            }
            Thread.sleep(timing.pause());
        }
        return false;
    }

    private boolean isAside() {
        try {
            final DaemonClient.Reply reply = client.call("GET", "/v1/status", timing.attempt());
            return reply.ok()
                    && reply.json().path("jobmanager").path("state").asText().equals("starting");
        } catch (IOException e) {
            return false;
        }
    }

    void stepBack() {
        synchronized (lock) {
            quiet = false;
            reportNow = true;
            lock.notifyAll();
        }
    }

    /** The present term, to bind a store to. */
    Term requireTerm(String what) {
        final Term present = term();
        if (present == null) {
            throw new IllegalStateException(
                    what + " was asked for, but this JobManager does not lead");
        }
        return present;
    }

    private long epoch() {
        return term == null ? lastEpoch : term.epoch();
    }

    // ------------------------------------------------------------------ halting

    /**
     * Halts a leading process that heard nothing for too long: it was paused, or its daemon is
     * gone. Called before anything else is done: by the watchdog, for each line, for each call.
     */
    void checkAlive() {
        final long silentMs;
        final Term leading;
        synchronized (lock) {
            if (term == null) {
                return;
            }
            silentMs = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - heardNanos);
            if (silentMs <= haltAfterMs) {
                return;
            }
            leading = term;
        }
        halt(
                leading.epoch(),
                "nothing was heard from the daemon for "
                        + silentMs
                        + " ms while leading (allowed: "
                        + haltAfterMs
                        + " ms): this process was paused or its daemon is gone, another may lead");
    }

    long haltAfterMs() {
        synchronized (lock) {
            return haltAfterMs;
        }
    }

    private void heard() {
        // Taken before the check: a pause between the two is found by the next check.
        final long now = System.nanoTime();
        checkAlive();
        synchronized (lock) {
            if (now - heardNanos > 0) {
                heardNanos = now;
            }
        }
    }

    /** Each thread that comes here ends here: none may go on while another still halts. */
    private void halt(long epoch, String why) {
        halt.halt(epoch, why);
    }

    // ------------------------------------------------------------------ the stream

    private void read() {
        while (!isClosed()) {
            try (DaemonClient.Stream s =
                    client.stream("/v1/leadership", timing.connect(), timing.idle())) {
                if (s.status() != 200) {
                    trouble(config.explain(client.address(), s.refusal()));
                    pause(timing.report());
                } else if (adopt(s)) {
                    readLines(s);
                }
            } catch (IOException e) {
                trouble(e.getMessage() + "; asking again" + whatNow());
            } catch (RuntimeException e) {
                LOG.error("epoch={} a line of the daemon could not be handled", lastEpoch(), e);
            }
            pause(timing.pause());
        }
    }

    private boolean adopt(DaemonClient.Stream s) {
        synchronized (lock) {
            stream = s;
            return !closed;
        }
    }

    private void readLines(DaemonClient.Stream s) throws IOException {
        boolean first = true;
        while (true) {
            final JsonNode line = s.next();
            if (line == null) {
                trouble("the daemon ended the stream; asking again" + whatNow());
                return;
            }
            if (isClosed()) {
                return;
            }
            heard();
            if (first && !isOurs(line)) {
                return;
            }
            apply(line, first);
            first = false;
        }
    }

    /** Refuses the daemon of another cluster. */
    private boolean isOurs(JsonNode line) {
        final String problem = config.contradiction(line);
        if (problem != null) {
            trouble("daemon " + client.address() + " " + problem);
        }
        return problem == null;
    }

    private void apply(JsonNode line, boolean first) {
        final long epoch = line.path("epoch").asLong(0);
        switch (line.path("type").asText()) {
            case "state" -> state(line, epoch, first);
            case "grant" -> grant(epoch, line);
            case "revoke" -> revoke(epoch, line.path("superseded").asBoolean(false));
            case "recover" -> {
                final String job = line.path("jobid").asText();
                deliver(() -> events.recover(job));
            }
            default -> {} // heartbeats, and what later daemons may say
        }
    }

    private void state(JsonNode line, long epoch, boolean first) {
        final boolean granted = line.path("granted").asBoolean(false);
        final Term before;
        synchronized (lock) {
            haltAfterMs = line.path("halt_after_ms").asLong(timing.haltAfter());
            before = term;
            reportNow = true;
            lock.notifyAll();
        }
        streamLog.fine(
                lastEpoch(),
                "connected to daemon " + client.address() + ", " + (granted ? "leads" : "waits"));
        if (granted) {
            grant(epoch, line);
            if (first && before != null && before.epoch() == epoch && before.isLeading()) {
                deliver(() -> events.reconnected(before));
            }
        } else if (before != null) {
            revoke(Long.MAX_VALUE, line.path("superseded").asBoolean(false));
        }
    }

    private void grant(long epoch, JsonNode line) {
        final UUID leaderId;
        try {
            leaderId = UUID.fromString(line.path("leader_id").asText());
        } catch (IllegalArgumentException e) {
            LOG.error("epoch={} grant without a leader id is ignored: {}", epoch, line);
            return;
        }
        final Term before;
        synchronized (lock) {
            before = term;
            if (epoch <= lastEpoch) {
                // The same again, or older; one epoch is one grant.
                return;
            }
            lastEpoch = epoch;
            if (before == null) {
                begin(new Grant(epoch, leaderId));
                return;
            }
            pending = new Grant(epoch, leaderId);
        }
        LOG.warn("epoch={} granted while {} is not closed: revoking that first", epoch, before);
        beginRevoke(before);
    }

    /** Called under the lock. */
    private void begin(Grant grant) {
        final Term[] made = new Term[1];
        made[0] = new Term(grant.epoch(), grant.leaderId(), () -> termClosed(made[0]));
        term = made[0];
        reportNow = true;
        lock.notifyAll();
        LOG.info("epoch={} granted, leader id {}", grant.epoch(), grant.leaderId());
        deliver(() -> events.granted(made[0]));
    }

    private void revoke(long epoch, boolean superseded) {
        final Term present;
        synchronized (lock) {
            present = term;
            if (present == null || epoch < present.epoch()) {
                return;
            }
            if (pending != null && epoch >= pending.epoch()) {
                pending = null; // given and taken back while the term before it still closes
            }
        }
        if (superseded) {
            halt(present.epoch(), "another member leads under a later epoch");
            return;
        }
        beginRevoke(present);
    }

    private void beginRevoke(Term present) {
        if (!present.revoke()) {
            return;
        }
        LOG.info("epoch={} revoked: closing Dispatcher and JobMasters", present.epoch());
        deliver(() -> events.revoked(present));
        try {
            watchdog.schedule(present::abortCalls, timing.grace(), TimeUnit.MILLISECONDS);
            watchdog.schedule(
                    () -> present.closeIfNoStore(true), timing.noStore(), TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            // closed: close() ends the term itself
        }
    }

    private void termClosed(Term over) {
        final boolean unasked = over.revoke();
        if (unasked) {
            deliver(() -> events.revoked(over));
        }
        synchronized (lock) {
            if (term != over) {
                return;
            }
            term = null;
            unconfirmed = over.epoch();
            reportNow = true;
            if (pending != null && !closed) {
                begin(pending);
            }
            pending = null;
            lock.notifyAll();
        }
        LOG.info(
                "epoch={} is over here: Dispatcher and JobMasters are closed{}",
                over.epoch(),
                unasked ? " (the process ends, or Flink gave up)" : "");
    }

    // ------------------------------------------------------------------ reports

    private void report() {
        long endNanos = Long.MAX_VALUE;
        while (true) {
            final long epoch;
            final String state;
            synchronized (lock) {
                if (closed && (unconfirmed == 0 || System.nanoTime() - endNanos >= 0)) {
                    lock.notifyAll();
                    return;
                }
                reportNow = false;
                if (quiet && term == null && unconfirmed == 0 && !closed) {
                    waitOnLock(timing.report());
                    continue;
                }
                state = term != null ? "leading" : unconfirmed != 0 ? "revoked" : "waiting";
                epoch = term == null && unconfirmed != 0 ? unconfirmed : epoch();
            }
            final boolean again = reportOnce(epoch, state);
            synchronized (lock) {
                if (closed && endNanos == Long.MAX_VALUE) {
                    endNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(2);
                }
                final long waitMs =
                        again ? Math.min(timing.pause(), timing.report()) : timing.report();
                final boolean over = closed && unconfirmed == 0;
                if (again || !reportNow && !over) {
                    waitOnLock(waitMs);
                }
            }
        }
    }

    /** Returns whether to ask again soon. */
    private boolean reportOnce(long epoch, String state) {
        final DaemonClient.Reply reply;
        try {
            reply =
                    client.call(
                            "PUT",
                            "/v1/leadership",
                            Map.of(),
                            DaemonClient.object().put("epoch", epoch).put("state", state),
                            timing.report(),
                            null);
        } catch (IOException e) {
            reportLog.trouble(epoch, e.getMessage() + "; asking again");
            return true;
        }
        if (reply.ok()) {
            final String otherApi = JmhaConfig.otherApi(reply.json());
            if (otherApi != null) {
                reportLog.trouble(epoch, "daemon " + client.address() + " " + otherApi);
            } else {
                reportLog.fine(epoch, "accepted");
            }
            if (!state.equals("waiting")) {
                heard();
            }
            return confirmed(epoch, state);
        }
        if (reply.status() == 412) {
            return fenced(epoch, state, reply);
        }
        reportLog.trouble(epoch, config.explain(client.address(), reply));
        return reply.status() != 403;
    }

    private boolean confirmed(long epoch, String state) {
        synchronized (lock) {
            waits = state.equals("waiting");
            if (state.equals("revoked") && unconfirmed == epoch) {
                unconfirmed = 0;
                reportNow = true;
                LOG.info("epoch={} the daemon knows that the term is over", epoch);
            }
            return false;
        }
    }

    private boolean fenced(long epoch, String state, DaemonClient.Reply reply) {
        final boolean leads;
        synchronized (lock) {
            leads = state.equals("leading") && term != null && term.epoch() == epoch;
        }
        if (leads) {
            halt(epoch, "the daemon says that a later epoch exists (" + reply.describe() + ")");
        }
        return confirmed(epoch, state);
    }

    // ------------------------------------------------------------------ the rest

    private void deliver(Runnable event) {
        try {
            deliver.execute(event);
        } catch (RejectedExecutionException e) {
            // closed: nobody listens any more
        }
    }

    private void trouble(String message) {
        if (!isClosed()) {
            streamLog.trouble(lastEpoch(), message);
        }
    }

    private String whatNow() {
        return term() == null ? "" : ", leading on meanwhile";
    }

    private long lastEpoch() {
        synchronized (lock) {
            return epoch();
        }
    }

    private boolean isClosed() {
        synchronized (lock) {
            return closed;
        }
    }

    private void pause(long ms) {
        synchronized (lock) {
            final long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(ms);
            while (!closed && System.nanoTime() - end < 0) {
                waitOnLock(Math.max(1, TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime())));
            }
        }
    }

    /** Called under the lock; these threads are ours and ended by {@code closed}. */
    private void waitOnLock(long ms) {
        try {
            lock.wait(ms);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            closed = true;
        }
    }

    /**
     * Ends the threads; all of Flink's contenders are gone by now. Waits a moment for the daemon to
     * confirm the end of a term, then leaves it to the reporter, or to the end of the process.
     */
    @Override
    public void close() {
        final Term present = term();
        if (present != null) {
            present.revoke();
            present.closeIfNoStore(false);
        }
        synchronized (lock) {
            if (closed) {
                return;
            }
            closed = true;
            if (stream != null) {
                stream.abort();
            }
            lock.notifyAll();
            final long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timing.report());
            while (unconfirmed != 0
                    && System.nanoTime() - end < 0
                    && !Thread.currentThread().isInterrupted()) {
                waitOnLock(50);
            }
        }
        deliver.shutdown();
        watchdog.shutdownNow();
    }
}
