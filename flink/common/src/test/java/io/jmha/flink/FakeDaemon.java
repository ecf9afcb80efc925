// SPDX-License-Identifier: Apache-2.0
package io.jmha.flink;

import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ArrayNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ObjectNode;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A daemon on a real socket, in memory: one epoch register, pointers, counters, endpoints, streams.
 * Tests script what it says on streams, and faults for single calls. Several may share one {@link
 * Register}, as daemons of one cluster do.
 */
final class FakeDaemon implements AutoCloseable {

    /** Of GET /v1/status. */
    volatile String jobManagerState = "waiting";

    volatile int apiVersion = 1;

    /** How many pointers there are in one part of a list. */
    volatile int partSize = 1000;

    /** Every part of a list is the first one. */
    volatile boolean repeats;

    /** What a call meets. */
    enum Fault {
        /** The connection ends before the daemon did anything. */
        CLOSE_BEFORE,
        /** Carried out, but the answer is lost. */
        CLOSE_AFTER,
        /** Half of the answer. */
        CUT_ANSWER,
        /** Carried out; the answer comes 300 ms later. */
        DELAY,
        /** Never answered, not carried out. */
        HANG,
        /** 200, but not with what was asked for. */
        GARBAGE,
        STATUS_412,
        STATUS_403,
        STATUS_404,
        STATUS_409,
        STATUS_503,
        STATUS_504
    }

    /** What ZooKeeper and the storage hold for all daemons. */
    static final class Register {
        long epoch;
        UUID leaderId;
        long sequence;
        final TreeMap<String, Value> pointers = new TreeMap<>();
        final TreeMap<String, Long> counters = new TreeMap<>();
        final TreeMap<String, String> endpoints = new TreeMap<>();
        final TreeMap<String, String> parked = new TreeMap<>();
    }

    record Value(long revision, byte[] bytes) {}

    record Call(String method, String target, Map<String, String> headers, String body) {
        @Override
        public String toString() {
            return method + " " + target;
        }

        JsonNode json() {
            try {
                return DaemonClient.JSON.readTree(body);
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }
    }

    private record Scripted(Predicate<Call> when, Fault fault) {}

    private record Answer(int status, JsonNode json, String etag, byte[] raw) {
        Answer(int status, JsonNode json) {
            this(status, json, null, null);
        }
    }

    final Register register;
    private final SocketAddress address;
    private ServerSocketChannel server;
    private Thread acceptor;
    private final List<SocketChannel> open = new ArrayList<>();
    private final List<Scripted> faults = new ArrayList<>();
    private final List<Call> calls = new ArrayList<>();
    private final List<OutputStream> leadership = new ArrayList<>();
    private final List<OutputStream> followers = new ArrayList<>();
    private ObjectNode state;
    private boolean silent;
    private boolean stale;
    private int streamStatus = 200;

    FakeDaemon(Path socket) throws IOException {
        this(UnixDomainSocketAddress.of(socket), new Register());
    }

    private FakeDaemon(SocketAddress address, Register register) throws IOException {
        this.register = register;
        this.state = state(0, null, false);
        this.server = listen(address);
        this.address = server.getLocalAddress();
        final Thread beat = new Thread(this::heartbeats, "fake-heartbeats");
        beat.setDaemon(true);
        beat.start();
    }

    static FakeDaemon tcp(Register register) throws IOException {
        return new FakeDaemon(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), register);
    }

    String hostPort() {
        return "127.0.0.1:" + ((InetSocketAddress) address).getPort();
    }

    private ServerSocketChannel listen(SocketAddress at) throws IOException {
        final boolean unix = at instanceof UnixDomainSocketAddress;
        if (unix) {
            Files.deleteIfExists(((UnixDomainSocketAddress) at).getPath());
        }
        final ServerSocketChannel channel =
                unix
                        ? ServerSocketChannel.open(StandardProtocolFamily.UNIX)
                        : ServerSocketChannel.open();
        channel.bind(at);
        acceptor = new Thread(() -> accept(channel), "fake-accept");
        acceptor.setDaemon(true);
        acceptor.start();
        return channel;
    }

    private void accept(ServerSocketChannel channel) {
        try {
            while (true) {
                final SocketChannel client = channel.accept();
                synchronized (this) {
                    open.add(client);
                }
                final Thread thread = new Thread(() -> serve(client), "fake-serve");
                thread.setDaemon(true);
                thread.start();
            }
        } catch (IOException e) {
            // stopped
        }
    }

    // ------------------------------------------------------------------ what tests say

    static ObjectNode state(long epoch, UUID leaderId, boolean superseded) {
        return DaemonClient.object()
                .put("type", "state")
                .put("epoch", epoch)
                .put("granted", leaderId != null)
                .put("leader_id", leaderId == null ? null : leaderId.toString())
                .put("superseded", superseded)
                .put("halt_after_ms", 6990)
                .put("member", "jm-a")
                .put("cluster", "orders")
                .put("later", "unknown fields are ignored");
    }

    /** A new epoch, granted to the process at the stream. */
    UUID grant(long epoch) {
        claim(epoch);
        final UUID id = new UUID(0x1234, epoch);
        synchronized (this) {
            state = state(epoch, id, false);
            say(line("grant").put("epoch", epoch).put("leader_id", id.toString()));
        }
        return id;
    }

    /** A new epoch; who leads is not this daemon's process. */
    void claim(long epoch) {
        synchronized (register) {
            register.epoch = epoch;
            register.leaderId = new UUID(0x1234, epoch);
            register.endpoints.clear();
            register.parked.clear();
        }
        tellFollowers(full());
    }

    synchronized void revoke(long epoch, boolean superseded) {
        state = state(0, null, superseded);
        say(line("revoke").put("epoch", epoch).put("superseded", superseded));
    }

    static ObjectNode line(String type) {
        return DaemonClient.object().put("type", type);
    }

    /** A line on the leadership stream. */
    synchronized void say(JsonNode line) {
        write(leadership, line + "\n");
    }

    synchronized void sayRaw(String text) {
        write(leadership, text);
    }

    synchronized void setState(ObjectNode line) {
        state = line;
    }

    synchronized void silent(boolean on) {
        silent = on;
    }

    synchronized void stale(boolean on) {
        stale = on;
    }

    synchronized void streamStatus(int status) {
        streamStatus = status;
    }

    synchronized int streams() {
        return leadership.size();
    }

    synchronized int followers() {
        return followers.size();
    }

    synchronized void fault(String method, String targetPart, Fault fault) {
        fault(c -> c.method().equals(method) && c.target().contains(targetPart), fault);
    }

    /** Once, for the next call that fits; null: carried out as if nothing were. */
    synchronized void fault(Predicate<Call> when, Fault fault) {
        faults.add(new Scripted(when, fault));
    }

    synchronized void clearFaults() {
        faults.clear();
    }

    synchronized List<Call> calls() {
        return new ArrayList<>(calls);
    }

    synchronized List<Call> calls(String method, String targetPart) {
        return calls.stream()
                .filter(c -> c.method().equals(method) && c.target().contains(targetPart))
                .toList();
    }

    /** Ends all connections, as an elector that dies. */
    synchronized void dropAll() throws IOException {
        for (SocketChannel channel : open) {
            channel.close();
        }
        open.clear();
        leadership.clear();
        followers.clear();
    }

    /** As long as the acceptor waits, the kernel still accepts. */
    void stop() throws IOException {
        server.close();
        try {
            acceptor.join();
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
        dropAll();
    }

    synchronized void startAgain() throws IOException {
        server = listen(address);
    }

    @Override
    public void close() throws IOException {
        stop();
    }

    byte[] pointer(String key) {
        synchronized (register) {
            final Value value = register.pointers.get(key);
            return value == null ? null : value.bytes();
        }
    }

    void setPointer(String key, byte[] bytes) {
        synchronized (register) {
            register.pointers.put(key, new Value(++register.sequence, bytes));
        }
    }

    void removePointer(String key) {
        synchronized (register) {
            register.pointers.remove(key);
        }
    }

    String endpoint(String component) {
        synchronized (register) {
            return register.endpoints.get(component);
        }
    }

    String parked(String job) {
        synchronized (register) {
            return register.parked.get(job);
        }
    }

    // ------------------------------------------------------------------ streams

    private void heartbeats() {
        try {
            while (true) {
                Thread.sleep(50);
                synchronized (this) {
                    if (!silent) {
                        say(line("heartbeat").put("lease_ms", 5000));
                        tellFollowers(withEpoch(line("heartbeat")));
                    }
                }
            }
        } catch (InterruptedException e) {
            // ends
        }
    }

    synchronized void tellFollowers(JsonNode line) {
        write(followers, line + "\n");
    }

    private ObjectNode withEpoch(ObjectNode node) {
        synchronized (register) {
            return node.put("epoch", register.epoch)
                    .put(
                            "leader_id",
                            register.leaderId == null ? null : register.leaderId.toString())
                    .put("age_ms", 0)
                    .put("stale", stale);
        }
    }

    private ObjectNode full() {
        synchronized (register) {
            final ObjectNode node = withEpoch(line("state"));
            final ObjectNode components = node.putObject("components");
            register.endpoints.forEach(components::put);
            return node;
        }
    }

    void change(String component, String address) {
        synchronized (register) {
            if (address == null) {
                register.endpoints.remove(component);
            } else {
                register.endpoints.put(component, address);
            }
        }
        final ObjectNode node = withEpoch(line("change"));
        node.putObject("components").put(component, address);
        tellFollowers(node);
    }

    private static void write(List<OutputStream> streams, String text) {
        final byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        streams.removeIf(
                out -> {
                    try {
                        out.write(chunk(bytes));
                        return false;
                    } catch (IOException e) {
                        return true;
                    }
                });
    }

    private static byte[] chunk(byte[] bytes) {
        final byte[] head =
                (Integer.toHexString(bytes.length) + "\r\n").getBytes(StandardCharsets.US_ASCII);
        final byte[] all = new byte[head.length + bytes.length + 2];
        System.arraycopy(head, 0, all, 0, head.length);
        System.arraycopy(bytes, 0, all, head.length, bytes.length);
        all[all.length - 2] = '\r';
        all[all.length - 1] = '\n';
        return all;
    }

    // ------------------------------------------------------------------ calls

    private void serve(SocketChannel channel) {
        try {
            final BufferedReader in =
                    new BufferedReader(
                            new InputStreamReader(
                                    Channels.newInputStream(channel), StandardCharsets.UTF_8));
            final Call call = read(in);
            final OutputStream out = Channels.newOutputStream(channel);
            if (call == null) {
                channel.close();
            } else if (call.target().equals("/v1/leadership") && call.method().equals("GET")) {
                openStream(out, leadership, channel);
            } else if (call.target().equals("/v1/endpoints?follow=1")) {
                openStream(out, followers, channel);
            } else {
                answer(call, out, channel);
            }
        } catch (IOException e) {
            // the client went away
        }
    }

    private static Call read(BufferedReader in) throws IOException {
        final String first = in.readLine();
        if (first == null) {
            return null;
        }
        final Map<String, String> headers = new HashMap<>();
        for (String line = in.readLine(); line != null && !line.isEmpty(); line = in.readLine()) {
            final String[] parts = line.split(": ", 2);
            headers.put(parts[0], parts[1]);
        }
        final char[] body = new char[Integer.parseInt(headers.getOrDefault("Content-Length", "0"))];
        for (int n = 0; n < body.length; ) {
            final int more = in.read(body, n, body.length - n);
            if (more < 0) {
                return null;
            }
            n += more;
        }
        final String[] parts = first.split(" ");
        return new Call(parts[0], parts[1], headers, new String(body));
    }

    private synchronized void openStream(
            OutputStream out, List<OutputStream> streams, SocketChannel channel)
            throws IOException {
        if (streams == leadership && streamStatus != 200) {
            reply(out, new Answer(streamStatus, error("code-" + streamStatus, "scripted")));
            channel.close();
            return;
        }
        out.write(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                        .getBytes(StandardCharsets.US_ASCII));
        final JsonNode first = streams == leadership ? state : full();
        if (first != null && !silent) {
            out.write(chunk((first + "\n").getBytes(StandardCharsets.UTF_8)));
        }
        if (streams == leadership) {
            streams.clear();
        }
        streams.add(out);
    }

    private void answer(Call call, OutputStream out, SocketChannel channel) throws IOException {
        final Fault fault = take(call);
        if (fault == Fault.HANG) {
            return;
        }
        Answer answer = null;
        if (fault == null
                || fault == Fault.CLOSE_AFTER
                || fault == Fault.CUT_ANSWER
                || fault == Fault.DELAY) {
            // Locks are taken in the order this, register; telling followers needs this.
            if (call.target().startsWith("/v1/endpoints")) {
                answer = handle(call);
            } else {
                synchronized (register) {
                    answer = handle(call);
                }
            }
        } else if (fault == Fault.GARBAGE) {
            answer = new Answer(200, DaemonClient.JSON.createArrayNode().add("garbage"));
        } else if (fault != Fault.CLOSE_BEFORE) {
            final int status = Integer.parseInt(fault.name().substring("STATUS_".length()));
            answer = new Answer(status, error("code-" + status, "scripted"));
        }
        if (fault == Fault.DELAY) {
            try {
                Thread.sleep(300);
            } catch (InterruptedException e) {
                return;
            }
        }
        if (fault == Fault.CUT_ANSWER) {
            out.write("HTTP/1.1 200 OK\r\nContent-Le".getBytes(StandardCharsets.US_ASCII));
        } else if (answer != null && fault != Fault.CLOSE_AFTER) {
            reply(out, answer);
        }
        channel.close();
    }

    private synchronized Fault take(Call call) {
        calls.add(call);
        for (Scripted scripted : faults) {
            if (scripted.when().test(call)) {
                faults.remove(scripted);
                return scripted.fault();
            }
        }
        return null;
    }

    private static void reply(OutputStream out, Answer answer) throws IOException {
        final byte[] body =
                answer.raw() != null
                        ? answer.raw()
                        : answer.json().toString().getBytes(StandardCharsets.UTF_8);
        String head = "HTTP/1.1 " + answer.status() + " X\r\nContent-Length: " + body.length;
        if (answer.etag() != null) {
            head += "\r\nETag: \"" + answer.etag() + '"';
        }
        out.write((head + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
        out.write(body);
        out.flush();
    }

    private static ObjectNode error(String code, String message) {
        return DaemonClient.object().put("error", code).put("message", message);
    }

    private ObjectNode ok() {
        return DaemonClient.object().put("version", apiVersion).put("epoch", register.epoch);
    }

    private Answer handle(Call call) {
        final String path = call.target().split("\\?")[0];
        final boolean writes = !call.method().equals("GET");
        if (path.equals("/v1/leadership")) {
            return new Answer(200, ok());
        }
        final String epoch = call.headers().get("Jmha-Epoch");
        if (writes && epoch == null) {
            return new Answer(428, error("epoch-required", "no Jmha-Epoch"));
        }
        if (writes && Long.parseLong(epoch) != register.epoch) {
            return new Answer(412, error("fenced", "the epoch is " + register.epoch));
        }
        if (path.equals("/v1/status")) {
            final ObjectNode status = ok();
            status.putObject("jobmanager").put("state", jobManagerState);
            return new Answer(200, status);
        }
        if (path.startsWith("/v1/pointers")) {
            return pointers(call, path.replaceFirst("/v1/pointers/?", ""));
        }
        if (path.startsWith("/v1/counters/")) {
            return counters(call, path.substring("/v1/counters/".length()));
        }
        if (path.startsWith("/v1/endpoints")) {
            return endpoints(call, path.replaceFirst("/v1/endpoints/?", ""));
        }
        return jobs(call, path.split("/"));
    }

    private Answer pointers(Call call, String key) {
        if (!key.matches("[A-Za-z0-9._/-]*")) {
            return new Answer(400, error("bad-request", key));
        }
        final Value value = register.pointers.get(key);
        switch (call.method()) {
            case "GET":
                if (key.isEmpty()) {
                    return new Answer(200, list(call.target()));
                }
                return value == null
                        ? new Answer(404, error("not-found", key))
                        : value.bytes() == null
                                ? new Answer(410, error("damaged", key))
                                : new Answer(200, null, "" + value.revision(), value.bytes());
            case "DELETE":
                if (value == null) {
                    return new Answer(404, error("not-found", key));
                }
                register.pointers.remove(key);
                final ObjectNode gone = ok().put("revision", value.revision());
                return new Answer(200, gone.put("value", encode(value.bytes())));
            default:
                return put(call, key, value);
        }
    }

    private Answer put(Call call, String key, Value old) {
        final byte[] bytes = call.body().getBytes(StandardCharsets.UTF_8);
        if (old != null && new String(old.bytes(), StandardCharsets.UTF_8).equals(call.body())) {
            return new Answer(200, ok().put("revision", old.revision()));
        }
        final String match = call.headers().get("If-Match");
        final boolean fails =
                call.headers().containsKey("If-None-Match")
                        ? old != null
                        : match != null
                                && (old == null || !match.equals("\"" + old.revision() + "\""));
        if (fails) {
            return new Answer(409, error("condition-failed", key));
        }
        register.pointers.put(key, new Value(++register.sequence, bytes));
        return new Answer(200, ok().put("revision", register.sequence));
    }

    private JsonNode list(String target) {
        final Matcher asked = Pattern.compile("\\?prefix=(.*)&after=(.*)").matcher(target);
        if (!asked.find()) {
            return error("too-large", "lists come in parts here");
        }
        final ObjectNode answer = ok().put("sequence", register.sequence).put("more", false);
        final ArrayNode array = answer.putArray("pointers");
        register.pointers
                .tailMap(repeats ? "" : asked.group(2), false)
                .forEach(
                        (key, value) -> {
                            if (!key.startsWith(asked.group(1))) {
                                return;
                            }
                            if (array.size() == partSize) {
                                answer.put("more", true);
                                return;
                            }
                            final ObjectNode node = array.addObject().put("key", key);
                            node.put("revision", value.revision());
                            node.put("value", encode(value.bytes()));
                            if (value.bytes() == null) {
                                node.put("damaged", true);
                            }
                        });
        return answer;
    }

    private static String encode(byte[] bytes) {
        return bytes == null ? null : Base64.getEncoder().encodeToString(bytes);
    }

    private Answer counters(Call call, String key) {
        final long next = register.counters.getOrDefault(key, 1L);
        switch (call.method()) {
            case "POST":
                register.counters.put(key, next + 1);
                return new Answer(200, ok().put("value", next));
            case "PUT":
                register.counters.put(key, call.json().path("value").asLong());
                return new Answer(200, ok().put("value", call.json().path("value").asLong()));
            case "DELETE":
                return register.counters.remove(key) == null
                        ? new Answer(404, error("not-found", key))
                        : new Answer(200, ok());
            default:
                return new Answer(200, ok().put("value", next));
        }
    }

    private Answer endpoints(Call call, String component) {
        if (call.method().equals("GET")) {
            return new Answer(200, full());
        }
        change(
                component,
                call.method().equals("PUT") ? call.json().path("address").asText() : null);
        return new Answer(200, ok());
    }

    private Answer jobs(Call call, String[] path) {
        final String job = path[3];
        if (job.equals("parked")) {
            final ObjectNode answer = ok();
            final ArrayNode array = answer.putArray("parked");
            register.parked.forEach(
                    (id, why) -> array.addObject().put("jobid", id).put("why", why));
            return new Answer(200, answer);
        }
        if (!job.matches("[0-9a-f]{32}")) {
            return new Answer(400, error("bad-request", "no job id: " + job));
        }
        if (call.method().equals("POST")) {
            final String why = call.json().path("why").asText();
            if (why.getBytes(StandardCharsets.UTF_8).length > 1000) {
                return new Answer(400, error("bad-request", "\"why\" is too long"));
            }
            register.parked.put(job, why);
        } else {
            register.parked.remove(job);
        }
        return new Answer(200, ok());
    }
}
