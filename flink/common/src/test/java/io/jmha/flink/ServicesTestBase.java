// SPDX-License-Identifier: Apache-2.0
package io.jmha.flink;

import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.IllegalConfigurationException;
import org.apache.flink.runtime.checkpoint.CheckpointIDCounter;
import org.apache.flink.runtime.checkpoint.CheckpointProperties;
import org.apache.flink.runtime.checkpoint.CheckpointRecoveryFactory;
import org.apache.flink.runtime.checkpoint.CheckpointRetentionPolicy;
import org.apache.flink.runtime.checkpoint.CheckpointsCleaner;
import org.apache.flink.runtime.checkpoint.CompletedCheckpoint;
import org.apache.flink.runtime.checkpoint.CompletedCheckpointStore;
import org.apache.flink.runtime.highavailability.HighAvailabilityServices;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.jobgraph.JobGraphTestUtils;
import org.apache.flink.runtime.leaderelection.LeaderElection;
import org.apache.flink.runtime.leaderelection.TestingGenericLeaderContender;
import org.apache.flink.runtime.leaderretrieval.LeaderRetrievalListener;
import org.apache.flink.runtime.leaderretrieval.LeaderRetrievalService;
import org.apache.flink.runtime.state.CompletedCheckpointStorageLocation;
import org.apache.flink.runtime.state.StreamStateHandle;
import org.apache.flink.runtime.state.memory.ByteStreamStateHandle;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

/**
 * The services as a Flink line uses them: with its own job store, checkpoint store and election.
 * Each line's module says how its job store is called.
 */
abstract class ServicesTestBase {

    /** A line's job store. */
    interface Jobs {
        void start(Consumer<JobID> onAdded) throws Exception;

        void put(JobGraph job) throws Exception;

        Collection<JobID> ids() throws Exception;

        boolean recover(JobID job) throws Exception;

        void remove(JobID job) throws Exception;

        void stop() throws Exception;
    }

    protected Lab lab;
    protected HighAvailabilityServices services;
    private LeaderElection election;

    abstract String expectedClass();

    abstract Jobs jobs(HighAvailabilityServices services) throws Exception;

    abstract CompletedCheckpointStore recovered(CheckpointRecoveryFactory factory, JobID job)
            throws Exception;

    @BeforeEach
    void open() throws Exception {
        lab = new Lab();
        services = JmhaHaServicesFactory.create(lab.configuration, Runnable::run, lab.backend());
    }

    @AfterEach
    void close() throws Exception {
        if (election != null) {
            election.close();
        }
        services.close();
        lab.close();
    }

    protected void lead(long epoch) throws Exception {
        if (election == null) {
            election = services.getDispatcherLeaderElection();
        }
        final AtomicReference<UUID> granted = new AtomicReference<>();
        election.startLeaderElection(
                TestingGenericLeaderContender.newBuilder()
                        .setGrantLeadershipConsumer(granted::set)
                        .build());
        Lab.await("connected", () -> lab.daemon.streams() > 0);
        final UUID id = lab.daemon.grant(epoch);
        Lab.await("granted", () -> id.equals(granted.get()));
    }

    protected void nextTerm(long epoch) throws Exception {
        lab.daemon.revoke(epoch - 1, false);
        Lab.await("over", () -> lab.reports().contains("waiting " + (epoch - 1)));
        lab.daemon.grant(epoch);
        Lab.await("leads again", () -> lab.reports().contains("leading " + epoch));
    }

    @Test
    void the_services_of_this_flink_are_picked() {
        assertEquals(expectedClass(), services.getClass().getSimpleName());
    }

    @Test
    void a_job_is_recovered_by_the_next_leader() throws Exception {
        lead(7);
        final JobGraph graph = JobGraphTestUtils.emptyJobGraph();
        final Jobs first = jobs(services);
        first.start(job -> {});
        first.put(graph);
        first.put(graph);
        assertEquals(1, lab.files("submitted").size(), "put again replaces");
        first.stop();
        Lab.await("told", () -> lab.reports().contains("revoked 7"));

        nextTerm(8);
        final Jobs second = jobs(services);
        second.start(job -> {});
        assertEquals(List.of(graph.getJobID()), new ArrayList<>(second.ids()));
        assertTrue(second.recover(graph.getJobID()));
        second.remove(graph.getJobID());
        assertEquals(List.of(), lab.files("submitted"));
        assertTrue(lab.daemon.register.pointers.isEmpty());
        second.stop();
    }

    @Test
    void a_store_stopped_before_its_start_ends_the_term() throws Exception {
        lead(7);
        final Jobs store = jobs(services);
        lab.daemon.revoke(7, false);
        store.stop();
        Lab.await("told", () -> lab.reports().contains("revoked 7"));
    }

    @Test
    void a_parked_job_comes_back_through_flinks_listener() throws Exception {
        lead(7);
        final JobGraph graph = JobGraphTestUtils.emptyJobGraph();
        final String id = graph.getJobID().toHexString();
        final Jobs first = jobs(services);
        first.start(job -> {});
        first.put(graph);
        first.stop();

        nextTerm(8);
        final Path file =
                Path.of(
                        URI.create(
                                DaemonClient.JSON
                                        .readTree(lab.daemon.pointer("jobs/" + id))
                                        .path("target")
                                        .asText()));
        final Path aside = lab.folder.resolve("aside");
        Files.move(file, aside);
        final List<JobID> added = new CopyOnWriteArrayList<>();
        final Jobs second = jobs(services);
        second.start(added::add);
        assertEquals(List.of(), new ArrayList<>(second.ids()));
        Lab.await("reported", () -> lab.daemon.parked(id) != null);
        Files.move(aside, file);
        Lab.await("back", () -> added.contains(graph.getJobID()));
        assertTrue(second.recover(graph.getJobID()));
        Lab.await("said", () -> lab.daemon.parked(id) == null);
        second.stop();
    }

    // ------------------------------------------------------------------ checkpoints

    private static final class Location implements CompletedCheckpointStorageLocation {
        private static final long serialVersionUID = 1L;

        @Override
        public String getExternalPointer() {
            return "nowhere";
        }

        @Override
        public StreamStateHandle getMetadataHandle() {
            return new ByteStreamStateHandle("metadata", new byte[1]);
        }

        @Override
        public void disposeStorageLocation() {}
    }

    private static CompletedCheckpoint checkpoint(JobID job, long number) {
        return new CompletedCheckpoint(
                job,
                number,
                0,
                1,
                Map.of(),
                List.of(),
                CheckpointProperties.forCheckpoint(
                        CheckpointRetentionPolicy.NEVER_RETAIN_AFTER_TERMINATION),
                new Location(),
                null);
    }

    @Test
    void pitfall_09_a_completed_checkpoint_costs_three_calls() throws Exception {
        lead(7);
        final JobID job = new JobID();
        final CheckpointRecoveryFactory factory = services.getCheckpointRecoveryFactory();
        final CheckpointIDCounter counter = factory.createCheckpointIDCounter(job);
        counter.start();
        final CompletedCheckpointStore store = recovered(factory, job);
        final CheckpointsCleaner cleaner = new CheckpointsCleaner();
        store.addCheckpointAndSubsumeOldestOne(
                checkpoint(job, counter.getAndIncrement()), cleaner, () -> {});
        final int before = own().size();
        for (int i = 0; i < 10; i++) {
            store.addCheckpointAndSubsumeOldestOne(
                    checkpoint(job, counter.getAndIncrement()), cleaner, () -> {});
        }
        assertEquals(before + 30, own().size(), () -> "" + own());
        assertEquals(1, lab.files("completedCheckpoint").size());

        // The next JobMaster starts from it, and ends it all.
        final CompletedCheckpointStore next = recovered(factory, job);
        assertEquals(11, next.getLatestCheckpoint().getCheckpointID());
        next.shutdown(JobStatus.FINISHED, cleaner);
        counter.shutdown(JobStatus.FINISHED).join();
        assertEquals(List.of(), lab.files("completedCheckpoint"));
        assertTrue(lab.daemon.register.pointers.isEmpty());
        assertTrue(lab.daemon.register.counters.isEmpty());
    }

    private List<FakeDaemon.Call> own() {
        return lab.daemon.calls().stream()
                .filter(call -> !call.target().startsWith("/v1/leadership"))
                .toList();
    }

    @Test
    void a_fenced_checkpoint_leaves_the_newest_alone() throws Exception {
        lead(7);
        final JobID job = new JobID();
        final CompletedCheckpointStore store =
                recovered(services.getCheckpointRecoveryFactory(), job);
        final CheckpointsCleaner cleaner = new CheckpointsCleaner();
        store.addCheckpointAndSubsumeOldestOne(checkpoint(job, 1), cleaner, () -> {});
        lab.daemon.claim(8);
        assertThrows(
                Exception.class,
                () ->
                        store.addCheckpointAndSubsumeOldestOne(
                                checkpoint(job, 2), cleaner, () -> {}));
        assertEquals(1, lab.files("completedCheckpoint").size());
        assertEquals(1, store.getLatestCheckpoint().getCheckpointID());
    }

    // ------------------------------------------------------------------ cleaning up

    @Test
    void all_data_are_kept_when_a_cluster_is_shut_down() throws Exception {
        lead(7);
        final Jobs store = jobs(services);
        store.start(job -> {});
        store.put(JobGraphTestUtils.emptyJobGraph());
        final Path blobs = Files.createDirectories(lab.folder.resolve("ha/c1/blob"));
        store.stop();
        election.close();
        services.cleanupAllData();
        lab.awaitLog("this process does not lead any more");
        assertEquals(1, lab.files("submitted").size());
        assertEquals(1, lab.daemon.register.pointers.size());
        assertTrue(Files.exists(blobs));
    }

    @Test
    void a_finished_job_is_cleaned_up() throws Exception {
        lead(7);
        final JobID job = new JobID();
        final Jobs store = jobs(services);
        store.start(each -> {});
        services.getCheckpointRecoveryFactory().createCheckpointIDCounter(job).getAndIncrement();
        lab.daemon.change("job-" + job.toHexString(), "addr");
        services.globalCleanupAsync(job, Runnable::run).join();
        assertTrue(lab.daemon.register.counters.isEmpty());
        assertTrue(lab.daemon.register.endpoints.isEmpty());
        store.stop();
        Lab.await("over", () -> lab.reports().contains("revoked 7"));
        assertThrows(Exception.class, () -> services.globalCleanupAsync(job, Runnable::run).join());
    }

    // ------------------------------------------------------------------ bad input

    abstract static class OfLaterFlink implements HighAvailabilityServices {
        /** What a later line might ask for. */
        public abstract void aStoreThatWeDoNotHave();
    }

    @Test
    void a_flink_that_does_not_fit_is_said() {
        JmhaHaServicesFactory.requireComplete(services.getClass());
        final Exception e =
                assertThrows(
                        IllegalConfigurationException.class,
                        () -> JmhaHaServicesFactory.requireComplete(OfLaterFlink.class));
        assertTrue(e.getMessage().contains("fits Flink 1.20, 2.0 to 2.2 and 2.3"));
        assertTrue(e.getMessage().contains("put the jmha-flink jar that belongs to this Flink"));
    }

    abstract static class AlsoOfLaterFlink {
        /** As AbstractHaServices asks for stores. */
        protected abstract Object createStoreThatWeDoNotHave();

        protected abstract Object createStore(String of);
    }

    abstract static class AlsoOfOurs extends AlsoOfLaterFlink {
        @Override
        protected Object createStore(String of) {
            return of;
        }
    }

    @Test
    void what_a_later_flink_asks_of_a_subclass_is_missed_at_the_start() {
        final Exception e =
                assertThrows(
                        IllegalConfigurationException.class,
                        () -> JmhaHaServicesFactory.requireComplete(AlsoOfOurs.class));
        assertTrue(e.getMessage().contains("createStoreThatWeDoNotHave"), e.getMessage());
    }

    @Test
    void storage_that_is_not_set_is_said() {
        final Configuration bare = new Configuration();
        bare.setString("jmha.address", "127.0.0.1:1");
        final Exception e =
                assertThrows(
                        IllegalConfigurationException.class,
                        () -> new JmhaHaServicesFactory().createHAServices(bare, Runnable::run));
        assertTrue(e.getMessage().contains("storageDir is not set"), e.getMessage());
    }

    @Test
    void pitfall_17_a_task_manager_needs_an_address_and_the_storage() throws Exception {
        try (FakeDaemon tcp = FakeDaemon.tcp(new FakeDaemon.Register())) {
            tcp.claim(3);
            tcp.change("resource_manager", "addr");
            lab.configuration.setString("jmha.address", tcp.hostPort());
            final HighAvailabilityServices ours =
                    new JmhaHaServicesFactory().createHAServices(lab.configuration, Runnable::run);
            final List<String> seen = new CopyOnWriteArrayList<>();
            final LeaderRetrievalService retriever = ours.getResourceManagerLeaderRetriever();
            retriever.start(
                    new LeaderRetrievalListener() {
                        @Override
                        public void notifyLeaderAddress(String address, UUID id) {
                            seen.add("" + address);
                        }

                        @Override
                        public void handleError(Exception e) {
                            seen.add("" + e);
                        }
                    });
            Lab.await("told", () -> seen.equals(List.of("addr")));
            retriever.stop();
            ours.close();
        }
    }
}
