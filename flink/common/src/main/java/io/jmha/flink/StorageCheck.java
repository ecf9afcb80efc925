// SPDX-License-Identifier: Apache-2.0
package io.jmha.flink;

import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;

/**
 * Looks, while this process stands by, whether it sees the files that the leader wrote: the one sign
 * of a {@code high-availability.storageDir} that is not shared that is there before the takeover.
 *
 * <p>It only says so. A file may be lost for everybody, and then no standby would be left.
 *
 * <p>Thread {@code jmha-storage}: a storage that hangs stops nothing else.
 */
final class StorageCheck implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(StorageCheck.class);

    /** The files of all jobs are looked at so many times more rarely than those of parked ones. */
    private static final long LOOKS = 10;

    private final DaemonClient client;
    private final long timeoutMs;
    private final ChangeLog log = new ChangeLog(LOG, "high-availability.storageDir", false);

    /** Pointers with a problem at the last look. A daemon that lags lists what is deleted by now. */
    private Map<String, Long> suspects = Map.of();

    private Thread thread;

    StorageCheck(DaemonClient client, long timeoutMs) {
        this.client = client;
        this.timeoutMs = timeoutMs;
    }

    static StorageCheck start(DaemonClient client, BooleanSupplier standsBy, Timing timing) {
        final StorageCheck check = new StorageCheck(client, timing.attempt());
        final long pauseMs = LOOKS * timing.recheck();
        check.thread =
                Leadership.named("storage").newThread(() -> check.run(standsBy, pauseMs));
        check.thread.start();
        return check;
    }

    private void run(BooleanSupplier standsBy, long pauseMs) {
        try {
            while (true) {
                Thread.sleep(pauseMs);
                if (standsBy.getAsBoolean()) {
                    look();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // closed
        }
    }

    @Override
    public void close() {
        thread.interrupt();
    }

    void look() {
        try {
            look(PointerList.<IOException>read(ParkedJobs.JOBS, this::ask));
        } catch (IOException | RuntimeException e) {
            LOG.debug("the files of the jobs were not looked at", e);
        }
    }

    private JsonNode ask(String target) throws IOException {
        final DaemonClient.Reply reply = client.call("GET", target, timeoutMs);
        if (!reply.ok()) {
            throw new IOException(reply.describe());
        }
        return reply.json();
    }

    private void look(List<TermClient.Entry> pointers) {
        final Map<String, Long> found = new HashMap<>();
        int missed = 0;
        String example = "";
        for (TermClient.Entry entry : pointers) {
            final String why =
                    entry.value() == null
                            ? null // damaged: no matter of this folder
                            : ParkedJobs.problem("job", entry);
            if (why == null) {
                continue;
            }
            found.put(entry.key(), entry.revision());
            if (Long.valueOf(entry.revision()).equals(suspects.get(entry.key()))) {
                missed++;
                example = example.isEmpty() ? why : example;
            }
        }
        if (missed > 0) {
            log.trouble(
                    0,
                    String.format(
                            "this standby does not see the files of %d of %d jobs; it would leave"
                                    + " them out after a takeover. The first: %s",
                            missed, pointers.size(), example));
        } else if (found.isEmpty()) {
            log.fine(0, "the files of all jobs are seen here");
        }
        suspects = found;
    }
}
