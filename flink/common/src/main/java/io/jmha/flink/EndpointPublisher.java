// SPDX-License-Identifier: Apache-2.0
package io.jmha.flink;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

import javax.annotation.Nullable;

/**
 * Publishes addresses: of each component the last one that Flink asked for, until it is done or its
 * term is over. One that is refused waits behind the others. Flink asks under its election lock, so
 * asking only queues; thread {@code jmha-publish} works.
 */
final class EndpointPublisher implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(EndpointPublisher.class);
    private static final long PAUSE_MS = 200;

    /** A null address deletes. */
    private record Change(TermClient client, String component, @Nullable String address) {}

    private final Thread thread = Leadership.named("publish").newThread(this::run);

    /** What was said of a component that is not published yet; only used by the thread. */
    private final Map<String, String> troubles = new HashMap<>();

    // All below are guarded by this.
    private final Map<String, Change> waiting = new LinkedHashMap<>();
    @Nullable private Runnable comparison;
    private boolean closed;

    void start() {
        thread.start();
    }

    synchronized void add(TermClient client, String component, @Nullable String address) {
        waiting.put(component, new Change(client, component, address));
        notifyAll();
    }

    /** Runs what compares the published addresses, which asks the daemon and so may take long. */
    synchronized void compare(Runnable task) {
        comparison = task;
        notifyAll();
    }

    private void run() {
        try {
            for (Runnable work = next(); work != null; work = next()) {
                work.run();
            }
        } catch (InterruptedException e) {
            LOG.debug("interrupted: nothing is published any more");
        }
    }

    /** Waits for it; null at the end. */
    @Nullable
    private synchronized Runnable next() throws InterruptedException {
        while (waiting.isEmpty() && comparison == null && !closed) {
            wait();
        }
        final Iterator<Change> first = waiting.values().iterator();
        if (first.hasNext()) {
            final Change change = first.next();
            first.remove();
            return () -> work(change);
        }
        final Runnable task = closed ? null : comparison;
        comparison = null;
        return task;
    }

    private void work(Change change) {
        if (change.client().term().isClosed()) {
            troubles.remove(change.component());
            return;
        }
        final long epoch = change.client().term().epoch();
        try {
            if (change.address() == null) {
                change.client().unpublish(change.component());
            } else {
                change.client().publish(change.component(), change.address());
            }
            troubles.remove(change.component());
            if (change.address() == null) {
                LOG.info("epoch={} {} is published no more", epoch, change.component());
            } else {
                LOG.info("epoch={} {} is at {}", epoch, change.component(), change.address());
            }
        } catch (DaemonException e) {
            if (!e.getMessage().equals(troubles.put(change.component(), e.getMessage()))) {
                LOG.warn("publishing: {}", e.getMessage());
            }
            if (e.outcome() != DaemonException.Outcome.FENCED) {
                again(change);
            }
        } catch (RuntimeException e) {
            LOG.error("epoch={} {} could not be published", epoch, change.component(), e);
        }
    }

    /** Behind the others, unless Flink asked for another address of it meanwhile. */
    private synchronized void again(Change change) {
        if (closed) {
            return;
        }
        waiting.putIfAbsent(change.component(), change);
        try {
            wait(PAUSE_MS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** What is queued is still tried once. */
    @Override
    public synchronized void close() {
        closed = true;
        notifyAll();
    }
}
