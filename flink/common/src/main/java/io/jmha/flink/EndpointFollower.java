// SPDX-License-Identifier: Apache-2.0
package io.jmha.flink;

import org.apache.flink.runtime.leaderelection.LeaderInformation;

import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArraySet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;

import javax.annotation.Nullable;

/**
 * Where the leader's components are, as the daemons publish it. One stream, to one of the listed
 * daemons at a time; the next is asked when it is lost, silent or out of touch with ZooKeeper.
 *
 * <p>Keeps the highest epoch ever seen and never goes back, whichever daemon is asked. Within an
 * epoch, a daemon that lags must not take away what another has told: there only a {@code change}
 * deletes.
 *
 * <p>Threads, started by the first driver: {@code jmha-endpoints} reads, {@code jmha-notify} calls
 * the drivers, under no lock.
 */
final class EndpointFollower implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(EndpointFollower.class);

    private final List<DaemonClient> daemons;
    private final Timing timing;
    private final Set<JmhaRetrievalDriver> drivers = new CopyOnWriteArraySet<>();
    private final ChangeLog log = new ChangeLog(LOG, "endpoints", true);
    private final Thread reader;
    private final ExecutorService notifier =
            Executors.newSingleThreadExecutor(Leadership.named("notify"));

    // All below are guarded by this.
    private final Map<String, String> components = new HashMap<>();
    private long epoch = -1;
    @Nullable private UUID leaderId;
    private boolean started;
    private boolean closed;
    @Nullable private DaemonClient.Stream stream;

    EndpointFollower(List<DaemonAddress> addresses, Timing timing) {
        this.daemons = addresses.stream().map(DaemonClient::new).toList();
        this.timing = timing;
        this.reader = Leadership.named("endpoints").newThread(this::read);
    }

    void add(JmhaRetrievalDriver driver) {
        synchronized (this) {
            if (!started && !closed) {
                started = true;
                reader.start();
            }
        }
        drivers.add(driver);
        notifyDriver(driver);
    }

    void remove(JmhaRetrievalDriver driver) {
        drivers.remove(driver);
    }

    /** What is known of a component; null before anything is. */
    @Nullable
    synchronized LeaderInformation information(String component) {
        if (epoch < 0) {
            return null;
        }
        final String address = components.get(component);
        return address == null || leaderId == null
                ? LeaderInformation.empty()
                : LeaderInformation.known(leaderId, address);
    }

    private void notifyDriver(JmhaRetrievalDriver driver) {
        try {
            notifier.execute(driver::deliver);
        } catch (RejectedExecutionException e) {
            // closed
        }
    }

    private void read() {
        for (int turn = 0; !isClosed(); turn = (turn + 1) % daemons.size()) {
            final DaemonClient daemon = daemons.get(turn);
            try (DaemonClient.Stream s =
                    daemon.stream("/v1/endpoints?follow=1", timing.connect(), timing.idle())) {
                if (s.status() != 200) {
                    final String said = s.refusal().describe();
                    trouble(
                            "daemon "
                                    + daemon.address()
                                    + " answered "
                                    + said
                                    + "; is it a jmhad, of the release of jmha-flink "
                                    + JmhaConfig.release()
                                    + "?");
                } else if (adopt(s)) {
                    readLines(daemon.address(), s);
                }
            } catch (IOException e) {
                trouble(e.getMessage());
            } catch (RuntimeException e) {
                trouble("daemon " + daemon.address() + " said what cannot be handled: " + e);
            }
            pause();
        }
    }

    private synchronized boolean adopt(DaemonClient.Stream s) {
        stream = s;
        return !closed;
    }

    private void readLines(DaemonAddress address, DaemonClient.Stream s) throws IOException {
        long behindSince = 0;
        while (true) {
            final JsonNode line = s.next();
            if (line == null) {
                trouble("daemon " + address + " ended the stream");
                return;
            }
            final long now = System.nanoTime();
            if (!isBehind(line)) {
                behindSince = 0;
                log.fine(epoch(), "followed by daemon " + address);
            } else if (behindSince == 0) {
                behindSince = now;
            } else if (now - behindSince > TimeUnit.MILLISECONDS.toNanos(timing.idle())) {
                trouble("daemon " + address + " is behind or has lost ZooKeeper");
                if (daemons.size() > 1) {
                    return;
                }
            }
            if (apply(line)) {
                drivers.forEach(this::notifyDriver);
            }
        }
    }

    private boolean isBehind(JsonNode line) {
        return line.path("stale").asBoolean(false) || line.path("epoch").asLong(0) < epoch();
    }

    /** Returns whether anything may have changed. */
    private synchronized boolean apply(JsonNode line) {
        final String type = line.path("type").asText();
        final long theirs = line.path("epoch").asLong(0);
        final boolean isState = type.equals("state");
        if (!isState && !type.equals("change") || theirs < epoch) {
            return false;
        }
        final String id = line.path("leader_id").asText("");
        final UUID theirLeader =
                id.isEmpty() || id.equals("null") ? null : UUID.fromString(id);
        if (theirs > epoch) {
            if (epoch > 0) {
                LOG.info("epoch={} a new leader, before: epoch {}", theirs, epoch);
            }
            epoch = theirs;
            components.clear();
            leaderId = null;
        }
        if (theirLeader != null) {
            leaderId = theirLeader;
        }
        final JsonNode theirComponents = line.path("components");
        theirComponents
                .fieldNames()
                .forEachRemaining(
                        name -> {
                            if (theirComponents.path(name).isTextual()) {
                                components.put(name, theirComponents.path(name).asText());
                            } else if (!isState) {
                                components.remove(name);
                            }
                        });
        return true;
    }

    private void trouble(String message) {
        if (!isClosed()) {
            final String next = daemons.size() > 1 ? "asking the next one" : "asking again";
            log.trouble(epoch(), message + "; " + next + ", keeping the addresses known");
        }
    }

    private synchronized long epoch() {
        return epoch;
    }

    private synchronized boolean isClosed() {
        return closed;
    }

    private synchronized void pause() {
        final long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timing.pause());
        try {
            for (long left = timing.pause(); left > 0 && !closed; ) {
                wait(left);
                left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
            }
        } catch (InterruptedException e) {
            closed = true;
        }
    }

    @Override
    public synchronized void close() {
        closed = true;
        if (stream != null) {
            stream.abort();
        }
        notifyAll();
        notifier.shutdown();
    }
}
