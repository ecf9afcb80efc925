// SPDX-License-Identifier: Apache-2.0
package io.jmha.flink;

import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.HighAvailabilityOptions;
import org.apache.flink.runtime.leaderelection.DefaultLeaderElectionService;
import org.apache.flink.runtime.leaderelection.LeaderElection;
import org.apache.flink.runtime.leaderelection.TestingGenericLeaderContender;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A scripted daemon, the library over it, and Flink's own election service with contenders. */
final class Lab implements AutoCloseable {

    /** Quick, but with room for a busy machine. */
    static final Timing FAST =
            new Timing(2000, 2000, 20, 100, 2000, 600, 4000, 100, 200, 200, 4000, 60000);

    private static final long PATIENCE_S = 30;

    final Path folder;
    final FakeDaemon daemon;
    final Configuration configuration = new Configuration();
    final Map<String, String> environment = new HashMap<>();
    final List<String> halts = new CopyOnWriteArrayList<>();

    private final PrintStream realErr = System.err;
    private final ByteArrayOutputStream log = new ByteArrayOutputStream();
    private final Deque<AutoCloseable> closing = new ArrayDeque<>();

    Lab() throws IOException {
        folder = Files.createTempDirectory("jmha");
        daemon = new FakeDaemon(folder.resolve("api.sock"));
        configuration.set(
                HighAvailabilityOptions.HA_STORAGE_PATH, folder.resolve("ha").toUri().toString());
        configuration.set(HighAvailabilityOptions.HA_CLUSTER_ID, "c1");
        configuration.setString("jmha.warm-up", "false");
        environment.put("JMHA_SOCKET", folder.resolve("api.sock").toString());
        environment.put("JMHA_CLUSTER", "orders");
        environment.put("JMHA_MEMBER", "jm-a");
        System.setErr(new PrintStream(log, true, StandardCharsets.UTF_8));
    }

    HaBackend backend() {
        return backend(FAST);
    }

    HaBackend backend(Timing timing) {
        return backend(timing, (epoch, why) -> halts.add(epoch + " " + why));
    }

    HaBackend backend(Timing timing, Halt halt) {
        return closeLater(new HaBackend(configuration, environment, timing, halt));
    }

    <T extends AutoCloseable> T closeLater(T what) {
        closing.push(what);
        return what;
    }

    /** What Flink's contender for a component saw. */
    static final class Contender {
        final List<String> events = new CopyOnWriteArrayList<>();
        private LeaderElection election;

        /** The last event, to be waited for. */
        String last() {
            return events.isEmpty() ? "" : events.get(events.size() - 1);
        }

        void confirm(UUID id, String address) {
            election.confirmLeadershipAsync(id, address).join();
        }

        void leave() throws Exception {
            election.close();
        }
    }

    DefaultLeaderElectionService electionService(HaBackend backend) {
        return new DefaultLeaderElectionService(backend.electionDriverFactory());
    }

    Contender contend(DefaultLeaderElectionService service, String component) throws Exception {
        final Contender contender = new Contender();
        contender.election = service.createLeaderElection(component);
        contender.election.startLeaderElection(
                TestingGenericLeaderContender.newBuilder()
                        .setGrantLeadershipConsumer(id -> contender.events.add("grant " + id))
                        .setRevokeLeadershipRunnable(() -> contender.events.add("revoke"))
                        .setHandleErrorConsumer(e -> contender.events.add("error " + e))
                        .build());
        return contender;
    }

    /** A JobManager that waits for its grant. */
    Contender jobManager(HaBackend backend) throws Exception {
        final DefaultLeaderElectionService service = electionService(backend);
        final Contender contender = contend(service, HaBackend.DISPATCHER);
        closing.push(
                () -> {
                    contender.leave();
                    service.close();
                });
        await("the stream is open", () -> daemon.streams() > 0);
        return contender;
    }

    /** A backend whose JobManager leads. */
    HaBackend leading(long epoch) throws Exception {
        final HaBackend backend = backend();
        final Contender contender = jobManager(backend);
        final UUID id = daemon.grant(epoch);
        await("granted", () -> contender.last().equals("grant " + id));
        return backend;
    }

    static void await(String what, Callable<Boolean> condition) throws Exception {
        final long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_S);
        while (!condition.call()) {
            if (System.nanoTime() - end > 0) {
                throw new AssertionError("waited in vain: " + what);
            }
            Thread.sleep(5);
        }
    }

    String log() {
        return log.toString(StandardCharsets.UTF_8);
    }

    void awaitLog(String... parts) throws Exception {
        for (String part : parts) {
            try {
                await("log: " + part, () -> log().contains(part));
            } catch (AssertionError e) {
                throw new AssertionError(e.getMessage() + "\n" + log(), e);
            }
        }
    }

    long countLog(String part) {
        return log().lines().filter(line -> line.contains(part)).count();
    }

    /** States reported by PUT /v1/leadership, without repeats. */
    List<String> reports() {
        final List<String> states = new ArrayList<>();
        for (FakeDaemon.Call call : daemon.calls("PUT", "/v1/leadership")) {
            final String state =
                    call.json().path("state").asText() + " " + call.json().path("epoch").asLong();
            if (states.isEmpty() || !states.get(states.size() - 1).equals(state)) {
                states.add(state);
            }
        }
        return states;
    }

    /** Files below storageDir whose name begins so. */
    List<String> files(String prefix) throws IOException {
        final Path ha = folder.resolve("ha");
        if (!Files.exists(ha)) {
            return List.of();
        }
        try (Stream<Path> all = Files.walk(ha)) {
            return all.map(path -> path.getFileName().toString())
                    .filter(name -> name.startsWith(prefix))
                    .toList();
        }
    }

    @Override
    public void close() throws Exception {
        try {
            while (!closing.isEmpty()) {
                closing.pop().close();
            }
            daemon.close();
        } finally {
            System.setErr(realErr);
            realErr.print(log());
        }
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        }
    }
}
