// SPDX-License-Identifier: Apache-2.0
package io.jmha.flink;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

import javax.annotation.Nullable;

/**
 * Publishes addresses in the order in which Flink asked, each until it is done or its term is over.
 * Flink asks under its election lock, so asking only queues; thread {@code jmha-publish} works.
 */
final class EndpointPublisher implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(EndpointPublisher.class);

    /** A null address deletes. */
    private record Change(TermClient client, String component, @Nullable String address) {}

    private final LinkedBlockingQueue<Change> queue = new LinkedBlockingQueue<>();
    private final Thread thread = Leadership.named("publish").newThread(this::run);
    private final ChangeLog log = new ChangeLog(LOG, "publishing", false);
    private volatile boolean closed;

    void start() {
        thread.start();
    }

    void add(TermClient client, String component, @Nullable String address) {
        queue.add(new Change(client, component, address));
    }

    private void run() {
        try {
            while (!closed || !queue.isEmpty()) {
                final Change change = queue.poll(100, TimeUnit.MILLISECONDS);
                if (change != null) {
                    work(change);
                }
            }
        } catch (InterruptedException e) {
            LOG.debug("interrupted: nothing is published any more");
        }
    }

    private void work(Change change) throws InterruptedException {
        final long epoch = change.client().term().epoch();
        while (!change.client().term().isClosed()) {
            try {
                if (change.address() == null) {
                    change.client().unpublish(change.component());
                } else {
                    change.client().publish(change.component(), change.address());
                }
                log.fine(epoch, "done");
                if (change.address() == null) {
                    LOG.info("epoch={} {} is published no more", epoch, change.component());
                } else {
                    LOG.info("epoch={} {} is at {}", epoch, change.component(), change.address());
                }
                return;
            } catch (DaemonException e) {
                log.trouble(epoch, e.getMessage());
                if (e.outcome() == DaemonException.Outcome.FENCED || closed) {
                    return;
                }
                Thread.sleep(200);
            }
        }
    }

    /** What is queued is still tried once. */
    @Override
    public void close() {
        closed = true;
    }
}
