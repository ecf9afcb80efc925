// SPDX-License-Identifier: Apache-2.0
package io.jmha.flink;

import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** HTTP over real sockets, and what is known when it fails. */
class DaemonClientTest {

    private Lab lab;
    private DaemonClient client;

    @BeforeEach
    void open() throws Exception {
        lab = new Lab();
        client = new DaemonClient(DaemonAddress.unix(lab.environment.get("JMHA_SOCKET")));
    }

    @AfterEach
    void close() throws Exception {
        lab.close();
    }

    private DaemonClient.Reply post() throws IOException {
        return client.call("POST", "/v1/counters/k", Map.of("Jmha-Epoch", "0"), null, 1000, null);
    }

    @Test
    void a_call_is_answered() throws Exception {
        assertEquals(1, post().json().path("value").asLong());
        assertEquals(2, post().json().path("value").asLong());
    }

    @Test
    void a_large_answer_is_read_whole() throws Exception {
        for (int i = 0; i < 2000; i++) {
            lab.daemon.setPointer("jobs/" + i, new byte[200]);
        }
        lab.daemon.partSize = 2000;
        final JsonNode list = client.call("GET", "/v1/pointers?prefix=jobs/&after=", 5000).json();
        assertEquals(2000, list.path("pointers").size());
    }

    @Test
    void a_lost_answer_is_no_certainty() throws Exception {
        for (FakeDaemon.Fault fault :
                List.of(
                        FakeDaemon.Fault.CLOSE_BEFORE,
                        FakeDaemon.Fault.CLOSE_AFTER,
                        FakeDaemon.Fault.CUT_ANSWER,
                        FakeDaemon.Fault.HANG)) {
            lab.daemon.fault("POST", "counters", fault);
            final IOException e = assertThrows(IOException.class, this::post, fault.name());
            assertFalse(e instanceof DaemonClient.NotSentException, fault.name());
        }
    }

    @Test
    void a_refused_connection_is_certainly_not_done() throws Exception {
        lab.daemon.stop();
        final IOException e = assertThrows(IOException.class, this::post);
        assertInstanceOf(DaemonClient.NotSentException.class, e);
        assertTrue(e.getMessage().contains("start jmhad"), e.getMessage());
    }

    @Test
    void a_missing_socket_is_said() {
        final Path none = lab.folder.resolve("none.sock");
        client = new DaemonClient(DaemonAddress.unix(none.toString()));
        final IOException e = assertThrows(IOException.class, this::post);
        assertTrue(e.getMessage().contains("there is no such socket"), e.getMessage());
    }

    @Test
    void a_forbidden_socket_is_said() {
        final String text =
                DaemonAddress.unix("/run/x").explain(new IOException("Permission denied"));
        assertTrue(text.contains("may not open the socket"), text);
        assertTrue(text.contains(System.getProperty("user.name")), text);
    }

    @Test
    void pitfall_14_an_interrupt_breaks_no_call() throws Exception {
        lab.daemon.fault("POST", "counters", FakeDaemon.Fault.DELAY);
        final AtomicReference<Object> result = new AtomicReference<>();
        final Thread thread =
                new Thread(
                        () -> {
                            try {
                                Thread.currentThread().interrupt();
                                result.set(post().json().path("value").asLong());
                                assertTrue(Thread.interrupted(), "the interrupt is kept");
                            } catch (IOException | AssertionError e) {
                                result.set(e);
                            }
                        });
        thread.start();
        Lab.await("called", () -> !lab.daemon.calls("POST", "counters").isEmpty());
        thread.interrupt();
        thread.join();
        assertEquals(1L, result.get());
    }

    @Test
    void a_stream_gives_whole_lines_only() throws Exception {
        try (DaemonClient.Stream stream = client.stream("/v1/leadership", 5000, 5000)) {
            assertEquals("state", stream.next().path("type").asText());
            lab.daemon.silent(true);
            lab.daemon.sayRaw("{\"type\":");
            lab.daemon.sayRaw("\"recover\"}\n{\"type\":\"gr");
            JsonNode line = stream.next();
            while (line.path("type").asText().equals("heartbeat")) {
                line = stream.next();
            }
            assertEquals("recover", line.path("type").asText());
            lab.daemon.dropAll();
            assertThrows(IOException.class, stream::next, "the cut line is dropped");
        }
    }

    @Test
    void a_silent_stream_is_given_up() throws Exception {
        lab.daemon.silent(true);
        try (DaemonClient.Stream stream = client.stream("/v1/leadership", 5000, 1000)) {
            assertThrows(IOException.class, stream::next);
        }
    }

    @Test
    void a_stream_can_be_ended_by_another_thread() throws Exception {
        lab.daemon.silent(true);
        try (DaemonClient.Stream stream = client.stream("/v1/leadership", 5000, 60000)) {
            final Thread other = new Thread(stream::abort);
            other.start();
            assertThrows(IOException.class, stream::next);
            other.join();
        }
    }

    @Test
    void addresses_are_parsed() {
        assertEquals(
                List.of(DaemonAddress.tcp("a", 1), DaemonAddress.tcp("::1", 2)),
                DaemonAddress.parseList(" a:1, [::1]:2 "));
        for (String bad : List.of("a", "a:", ":1", "a:x", "a:0", "a:65536")) {
            assertNotNull(
                    assertThrows(
                            IllegalArgumentException.class,
                            () -> DaemonAddress.parseList(bad),
                            bad));
        }
    }
}
