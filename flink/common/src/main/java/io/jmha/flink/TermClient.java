// SPDX-License-Identifier: Apache-2.0
package io.jmha.flink;

import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import javax.annotation.Nullable;

import io.jmha.flink.DaemonClient.Reply;
import io.jmha.flink.DaemonException.Outcome;

/**
 * The calls of one term of leadership: each carries the term's epoch, and is repeated while its
 * outcome is unknown, the patience lasts and the term does. All of them may be repeated safely.
 *
 * <p>A failed call is a failed checkpoint is a restarted job, so a daemon that is away for a moment
 * must not be seen here.
 */
final class TermClient {

    private static final long PAUSE_MS = 50;

    private final DaemonClient client;
    private final Leadership leadership;
    private final Term term;
    private final Timing timing;
    private final boolean mayWait;

    /**
     * @param mayWait its threads may wait as long as the term can last without ZooKeeper: true of
     *     checkpoints, which are an I/O thread's work, false of the job store (see {@link Timing})
     */
    TermClient(
            DaemonClient client,
            Leadership leadership,
            Term term,
            Timing timing,
            boolean mayWait) {
        this.client = client;
        this.leadership = leadership;
        this.term = term;
        this.timing = timing;
        this.mayWait = mayWait;
    }

    /** A ZooKeeper that is silent for less than a lease must restart no job (promise 7). */
    private long patience() {
        return mayWait
                ? Math.max(timing.patience(), leadership.haltAfterMs() + timing.attempt())
                : timing.patience();
    }

    Term term() {
        return term;
    }

    /**
     * A pointer as the daemon lists it.
     *
     * @param value null when the daemon lost it ("damaged")
     */
    record Entry(String key, long revision, @Nullable byte[] value) {}

    // ------------------------------------------------------------------ pointers

    /** Creates a pointer. False when there is another one at this key. */
    boolean create(String key, Pointer pointer) throws DaemonException {
        final Reply reply =
                send("PUT", "/v1/pointers/" + key, Map.of("If-None-Match", "*"), pointer.toJson());
        if (reply.status() == 409 && reply.error().equals("condition-failed")) {
            return false;
        }
        return require(reply, "PUT pointer " + key) != null;
    }

    /** Replaces a pointer. False when it is not at this revision. */
    boolean replace(String key, Revision revision, Pointer pointer) throws DaemonException {
        final Map<String, String> condition = Map.of("If-Match", '"' + "" + revision.value() + '"');
        final Reply reply = send("PUT", "/v1/pointers/" + key, condition, pointer.toJson());
        if (reply.status() == 409 && reply.error().equals("condition-failed")) {
            return false;
        }
        return require(reply, "PUT pointer " + key) != null;
    }

    /** Null when there is none. */
    @Nullable
    Entry get(String key) throws DaemonException {
        final Reply reply = send("GET", "/v1/pointers/" + key, Map.of(), null);
        if (reply.status() == 404) {
            return null;
        }
        if (reply.status() == 410) {
            return new Entry(key, 0, null);
        }
        require(reply, "GET pointer " + key);
        final String etag = String.valueOf(reply.etag()).replace("\"", "");
        try {
            return new Entry(key, Long.parseLong(etag), reply.body());
        } catch (NumberFormatException e) {
            throw failed(Outcome.NOT_DONE, "GET pointer " + key + ": no revision in ETag", e);
        }
    }

    /** All pointers below a prefix; only for recovery, each part is asked for longer. */
    List<Entry> list(String prefix) throws DaemonException {
        final String what = "GET pointers below " + prefix;
        try {
            return PointerList.<DaemonException>read(
                    prefix,
                    target ->
                            require(
                                    send("GET", target, Map.of(), null, timing.listPatience()),
                                    what));
        } catch (IOException e) {
            throw failed(Outcome.NOT_DONE, what + ": " + e.getMessage(), e);
        }
    }

    /** Deletes a pointer and returns its value, null when the daemon did not know one. */
    @Nullable
    byte[] delete(String key) throws DaemonException {
        final Reply reply = send("DELETE", "/v1/pointers/" + key, Map.of(), null);
        if (reply.status() == 404) {
            return null;
        }
        require(reply, "DELETE pointer " + key);
        try {
            return reply.json().path("value").binaryValue();
        } catch (IOException e) {
            return null;
        }
    }

    // ------------------------------------------------------------------ counters, endpoints, jobs

    long nextNumber(String key) throws DaemonException {
        return number(send("POST", "/v1/counters/" + key, Map.of(), null), "POST counter " + key);
    }

    long peekNumber(String key) throws DaemonException {
        return number(send("GET", "/v1/counters/" + key, Map.of(), null), "GET counter " + key);
    }

    void setNumber(String key, long value) throws DaemonException {
        final JsonNode body = DaemonClient.object().put("value", value);
        require(send("PUT", "/v1/counters/" + key, Map.of(), body), "PUT counter " + key);
    }

    void deleteNumber(String key) throws DaemonException {
        requireOrAbsent(
                send("DELETE", "/v1/counters/" + key, Map.of(), null), "DELETE counter " + key);
    }

    private long number(Reply reply, String what) throws DaemonException {
        final JsonNode value = require(reply, what).path("value");
        if (!value.isIntegralNumber()) {
            throw failed(Outcome.NOT_DONE, what + ": no number in the answer", null);
        }
        return value.asLong();
    }

    void publish(String component, String address) throws DaemonException {
        final JsonNode body = DaemonClient.object().put("address", address);
        require(
                send("PUT", "/v1/endpoints/" + component, Map.of(), body),
                "PUT endpoint " + component);
    }

    void unpublish(String component) throws DaemonException {
        requireOrAbsent(
                send("DELETE", "/v1/endpoints/" + component, Map.of(), null),
                "DELETE endpoint " + component);
    }

    void park(String job, String why) throws DaemonException {
        final JsonNode body = DaemonClient.object().put("why", why);
        require(send("POST", "/v1/jobs/" + job + "/parked", Map.of(), body), "POST parked " + job);
    }

    void unpark(String job) throws DaemonException {
        requireOrAbsent(
                send("DELETE", "/v1/jobs/" + job + "/parked", Map.of(), null),
                "DELETE parked " + job);
    }

    List<String> parked() throws DaemonException {
        final List<String> jobs = new ArrayList<>();
        final Reply reply = send("GET", "/v1/jobs/parked", Map.of(), null);
        for (JsonNode node : require(reply, "GET parked jobs").path("parked")) {
            jobs.add(node.path("jobid").asText());
        }
        return jobs;
    }

    // ------------------------------------------------------------------ sending

    private Reply send(
            String method, String target, Map<String, String> headers, @Nullable JsonNode body)
            throws DaemonException {
        return send(method, target, headers, body, patience());
    }

    private Reply send(
            String method,
            String target,
            Map<String, String> headers,
            @Nullable JsonNode body,
            long patienceMs)
            throws DaemonException {
        final Map<String, String> all = new HashMap<>(headers);
        all.put("Jmha-Epoch", Long.toString(term.epoch()));
        final long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(patienceMs);
        final String what = method + " " + target;
        Outcome outcome = Outcome.NOT_DONE;
        while (true) {
            leadership.checkAlive();
            if (term.isClosed()) {
                final Outcome known = outcome == Outcome.UNKNOWN ? outcome : Outcome.FENCED;
                throw failed(known, what + ": the term is over in this process", null);
            }
            final long leftMs = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
            String problem;
            IOException cause = null;
            try {
                final Reply reply =
                        client.call(
                                method,
                                target,
                                all,
                                body,
                                Math.max(1, Math.min(timing.attempt(), leftMs)),
                                term);
                if (!mayPass(reply.status())) {
                    return fence(reply, outcome, what);
                }
                if (reply.status() == 500 || reply.status() == 504) {
                    outcome = Outcome.UNKNOWN;
                }
                problem = reply.describe();
            } catch (DaemonClient.NotSentException e) {
                cause = e;
                problem = e.getMessage();
            } catch (IOException e) {
                cause = e;
                problem = e.getMessage();
                outcome = Outcome.UNKNOWN;
            }
            if (leftMs <= PAUSE_MS || term.isHurried() || !sleep()) {
                throw failed(
                        outcome,
                        what + ": no good answer within " + patienceMs + " ms, last: " + problem,
                        cause);
            }
        }
    }

    /** What another attempt may mend. */
    private static boolean mayPass(int status) {
        return status == 503 || status == 504 || status == 500 || status == 429;
    }

    /**
     * 412 says that this attempt was not carried out. An earlier one without an answer may have
     * been, before the later epoch began.
     */
    private Reply fence(Reply reply, Outcome before, String what) throws DaemonException {
        if (reply.status() == 412
                || (!reply.ok() && before == Outcome.UNKNOWN && isRefusal(reply))) {
            throw failed(
                    before == Outcome.UNKNOWN ? before : Outcome.FENCED,
                    what + ": " + reply.describe(),
                    null);
        }
        return reply;
    }

    /** Answers that tell nothing about an earlier attempt's effect. */
    private static boolean isRefusal(Reply reply) {
        return switch (reply.status()) {
            case 404, 410 -> false;
            case 409 -> !reply.error().equals("condition-failed");
            default -> true;
        };
    }

    private static boolean sleep() {
        try {
            Thread.sleep(PAUSE_MS);
            return true;
        } catch (InterruptedException e) {
            // Whoever interrupts wants an end: no further attempt.
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private JsonNode require(Reply reply, String what) throws DaemonException {
        if (!reply.ok()) {
            throw failed(Outcome.NOT_DONE, what + ": " + reply.describe(), null);
        }
        return reply.json();
    }

    private void requireOrAbsent(Reply reply, String what) throws DaemonException {
        if (reply.status() != 404) {
            require(reply, what);
        }
    }

    private DaemonException failed(Outcome outcome, String message, @Nullable Throwable cause) {
        return new DaemonException(outcome, "epoch=" + term.epoch() + " " + message, cause);
    }
}
