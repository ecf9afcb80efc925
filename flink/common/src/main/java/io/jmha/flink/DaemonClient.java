// SPDX-License-Identifier: Apache-2.0
package io.jmha.flink;

import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.MissingNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ObjectNode;

import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import javax.annotation.Nullable;

/**
 * HTTP and JSON to one daemon, the only class that does I/O to it. A connection for each call, a
 * deadline on each; no retries, no policy, no state.
 */
final class DaemonClient {

    static final ObjectMapper JSON = new ObjectMapper();

    private final DaemonAddress address;

    DaemonClient(DaemonAddress address) {
        this.address = address;
    }

    DaemonAddress address() {
        return address;
    }

    /** An answer, whatever its status. */
    record Reply(int status, @Nullable String etag, byte[] body) {

        boolean ok() {
            return status / 100 == 2;
        }

        /** The body as JSON; a missing node when it is something else. */
        JsonNode json() {
            try {
                final JsonNode node = JSON.readTree(body);
                return node == null ? MissingNode.getInstance() : node;
            } catch (IOException e) {
                return MissingNode.getInstance();
            }
        }

        /** The daemon's stable error code, "" when there is none. */
        String error() {
            return json().path("error").asText("");
        }

        /** What the daemon said, for a message. */
        String describe() {
            final JsonNode json = json();
            final String code = json.path("error").asText("no error code");
            return status + " " + code + ": " + json.path("message").asText("no message");
        }
    }

    /** The daemon could not be asked: certainly not carried out. */
    static final class NotSentException extends IOException {
        private static final long serialVersionUID = 1L;

        NotSentException(String message, IOException cause) {
            super(message, cause);
        }
    }

    static ObjectNode object() {
        return JSON.createObjectNode();
    }

    /**
     * Makes a call and reads its whole answer.
     *
     * @param term whose end aborts it; null: none
     * @throws NotSentException when the daemon cannot have seen it
     * @throws IOException when it may have
     */
    Reply call(
            String method,
            String target,
            Map<String, String> headers,
            @Nullable JsonNode body,
            long timeoutMs,
            @Nullable Term term)
            throws IOException {
        final long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMs);
        try (HttpExchange http = connect(deadline)) {
            try {
                if (term != null && !term.callBegins(http)) {
                    throw new IOException("the term is being closed");
                }
                http.send(method, target, headers, body == null ? null : bytes(body));
                return new Reply(http.status(), http.header("etag"), http.readBody());
            } catch (IOException e) {
                final String message = "daemon " + address + ": " + e.getMessage();
                throw http.sent() ? new IOException(message, e) : new NotSentException(message, e);
            } finally {
                if (term != null) {
                    term.callEnds(http);
                }
            }
        }
    }

    Reply call(String method, String target, long timeoutMs) throws IOException {
        return call(method, target, Map.of(), null, timeoutMs, null);
    }

    /** Opens a stream of JSON lines. Its status is to be looked at before its lines. */
    Stream stream(String target, long connectMs, long idleMs) throws IOException {
        final long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(connectMs);
        final HttpExchange http = connect(deadline);
        try {
            // A resumed elector may take its time for the head, too.
            http.deadline(System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(idleMs));
            http.send("GET", target, Map.of(), null);
            return new Stream(http, idleMs);
        } catch (IOException e) {
            http.close();
            throw new IOException("daemon " + address + ": " + e.getMessage(), e);
        }
    }

    private HttpExchange connect(long deadline) throws NotSentException {
        try {
            return new HttpExchange(address, deadline);
        } catch (IOException e) {
            throw new NotSentException("daemon " + address + ": " + address.explain(e), e);
        }
    }

    private static byte[] bytes(JsonNode node) {
        return node.toString().getBytes(StandardCharsets.UTF_8);
    }

    /** Lines of a stream; used by one thread, {@link #abort} by any. */
    static final class Stream implements Closeable {
        private final HttpExchange http;
        private final long idleMs;

        private Stream(HttpExchange http, long idleMs) {
            this.http = http;
            this.idleMs = idleMs;
        }

        int status() {
            return http.status();
        }

        Reply refusal() throws IOException {
            return new Reply(http.status(), null, http.readBody());
        }

        /**
         * The next line; null when the daemon ended the stream.
         *
         * @throws IOException when the stream broke or was silent for the idle time
         */
        @Nullable
        JsonNode next() throws IOException {
            http.deadline(System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(idleMs));
            final String line = http.readLine();
            return line == null ? null : line.isBlank() ? object() : JSON.readTree(line);
        }

        void abort() {
            http.abort();
        }

        @Override
        public void close() {
            http.close();
        }
    }
}
