// SPDX-License-Identifier: Apache-2.0
package io.jmha.flink;

import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.runtime.checkpoint.CheckpointIDCounter;
import org.apache.flink.runtime.checkpoint.CompletedCheckpoint;
import org.apache.flink.runtime.persistence.PossibleInconsistentStateException;
import org.apache.flink.runtime.persistence.StateHandleStore;

import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** Pointers and their files under every outcome of a call. */
class StateHandleStoreTest {

    private static final String FILE = "submitted";

    private Lab lab;
    private HaBackend backend;
    private JmhaStateHandleStore<String> store;
    private Term.StoreLife life;

    @BeforeEach
    void open() throws Exception {
        lab = new Lab();
        backend = lab.leading(7);
        final HaBackend.JobStore<String> opened = backend.openJobStore(FILE, plan -> null);
        store = opened.handles();
        life = opened.life();
    }

    @AfterEach
    void close() throws Exception {
        lab.close();
    }

    private void nextTerm() throws Exception {
        lab.daemon.claim(8);
    }

    @Test
    void add_get_replace_remove() throws Exception {
        assertFalse(store.exists("a").isExisting());
        assertThrows(StateHandleStore.NotExistException.class, () -> store.getAndLock("a"));
        assertEquals("one", store.addAndLock("a", "one").retrieveState());
        assertEquals("one", store.getAndLock("a").retrieveState());
        assertThrows(
                StateHandleStore.AlreadyExistException.class, () -> store.addAndLock("a", "two"));
        assertEquals(1, lab.files(FILE).size(), "the refused one took its file back");

        store.replace("a", store.exists("a"), "three");
        assertEquals("three", store.getAndLock("a").retrieveState());
        assertEquals(1, lab.files(FILE).size(), "the old file is gone");
        assertThrows(Exception.class, () -> store.replace("a", new Revision(1), "four"));
        assertEquals(1, lab.files(FILE).size());
        assertEquals("three", store.getAndLock("a").retrieveState());

        assertTrue(store.releaseAndTryRemove("a"));
        assertTrue(store.releaseAndTryRemove("a"), "already gone is gone");
        assertEquals(List.of(), lab.files(FILE));
        assertThrows(
                StateHandleStore.NotExistException.class,
                () -> store.replace("a", new Revision(1), "five"));
        assertEquals(List.of(), lab.files(FILE));
    }

    @Test
    void clearing_removes_all_below_the_prefix_only() throws Exception {
        store.addAndLock("a", "one");
        store.addAndLock("b", "two");
        lab.daemon.setPointer("applications/x", "other".getBytes(StandardCharsets.UTF_8));
        store.clearEntries();
        assertEquals(List.of(), lab.files(FILE));
        assertEquals(1, lab.daemon.register.pointers.size());
    }

    @Test
    void pitfall_12_a_pointer_is_json_not_java_serialization() throws Exception {
        store.addAndLock("a", "one");
        final JsonNode json = DaemonClient.JSON.readTree(lab.daemon.pointer("jobs/a"));
        final Path file = Path.of(URI.create(json.path("target").asText()));
        assertEquals(Files.size(file), json.path("bytes").asLong());
        assertEquals(2, json.size());
        assertEquals(lab.folder.resolve("ha/c1"), file.getParent());
    }

    @Test
    void pitfall_02_checkpoint_names_have_19_digits_and_no_slash() {
        final String name = CheckpointNames.INSTANCE.checkpointIDToName(17);
        assertEquals("0000000000000000017", name);
        assertEquals(17, CheckpointNames.INSTANCE.nameToCheckpointID(name));
        assertEquals(-1, CheckpointNames.INSTANCE.nameToCheckpointID("x"));
    }

    // ------------------------------------------------------------------ outcomes of a PUT

    @Test
    void a_lost_answer_is_asked_again() throws Exception {
        for (FakeDaemon.Fault fault :
                List.of(
                        FakeDaemon.Fault.CLOSE_BEFORE,
                        FakeDaemon.Fault.CLOSE_AFTER,
                        FakeDaemon.Fault.CUT_ANSWER,
                        FakeDaemon.Fault.HANG,
                        FakeDaemon.Fault.STATUS_503,
                        FakeDaemon.Fault.STATUS_504)) {
            lab.daemon.fault("PUT", "/v1/pointers/", fault);
            store.addAndLock(fault.name(), "one");
            assertEquals("one", store.getAndLock(fault.name()).retrieveState());
        }
        assertEquals(6, lab.files(FILE).size());
    }

    @Test
    void a_fenced_put_deletes_its_own_new_file() throws Exception {
        store.addAndLock("a", "one");
        nextTerm();
        final DaemonException e =
                assertThrows(DaemonException.class, () -> store.addAndLock("b", "two"));
        assertEquals(DaemonException.Outcome.FENCED, e.outcome());
        assertTrue(e.getMessage().startsWith("epoch=7 "), e.getMessage());
        assertThrows(DaemonException.class, () -> store.replace("a", store.exists("a"), "three"));
        assertEquals(1, lab.files(FILE).size(), "only the pointer's file is left");
        assertEquals("one", store.getAndLock("a").retrieveState());
    }

    @Test
    void an_unknown_outcome_at_the_end_of_patience_keeps_the_file() throws Exception {
        lab.daemon.fault("PUT", "/v1/pointers/", FakeDaemon.Fault.CLOSE_AFTER);
        for (int i = 0; i < 1000; i++) {
            lab.daemon.fault("PUT", "/v1/pointers/", FakeDaemon.Fault.STATUS_503);
        }
        final Exception e =
                assertThrows(
                        PossibleInconsistentStateException.class,
                        () -> store.addAndLock("a", "one"));
        assertTrue(e.getMessage().contains("is kept"), e.getMessage());
        assertEquals("one", store.getAndLock("a").retrieveState());
    }

    @Test
    void a_fence_after_a_lost_answer_leaves_the_outcome_unknown() throws Exception {
        lab.daemon.fault("PUT", "/v1/pointers/", FakeDaemon.Fault.CLOSE_AFTER);
        lab.daemon.fault("PUT", "/v1/pointers/", FakeDaemon.Fault.STATUS_412);
        assertThrows(PossibleInconsistentStateException.class, () -> store.addAndLock("a", "one"));
        assertEquals(1, lab.files(FILE).size(), "the next leader reads it");
    }

    @Test
    void an_error_after_the_pointer_was_sent_keeps_the_file() throws Exception {
        try (Lab halting = new Lab()) {
            final AtomicBoolean halts = new AtomicBoolean(true);
            final HaBackend process =
                    halting.backend(
                            Lab.FAST,
                            (epoch, why) -> {
                                if (halts.get()) {
                                    throw new AssertionError("the process ends here: " + why);
                                }
                            });
            halting.jobManager(process);
            halting.daemon.say(FakeDaemon.state(0, null, false).put("halt_after_ms", 700));
            halting.daemon.grant(7);
            Lab.await("leading", () -> halting.reports().contains("leading 7"));
            store = process.<String>openJobStore(FILE, plan -> null).handles();
            halting.daemon.fault("PUT", "/v1/pointers/", FakeDaemon.Fault.CLOSE_AFTER);
            for (int i = 0; i < 1000; i++) {
                halting.daemon.fault("PUT", "/v1/", FakeDaemon.Fault.HANG);
            }
            halting.daemon.silent(true);
            assertThrows(AssertionError.class, () -> store.addAndLock("a", "one"));
            halts.set(false);
            assertEquals(1, halting.files(FILE).size(), "its pointer stands");
        }
    }

    /** Taken for an empty list, it would start jobs anew, without their state. */
    @Test
    void an_answer_that_is_no_list_is_not_an_empty_one() throws Exception {
        store.addAndLock("a", "one");
        lab.daemon.fault("GET", "/v1/pointers?prefix=jobs/", FakeDaemon.Fault.GARBAGE);
        final Exception e = assertThrows(DaemonException.class, store::getAllHandles);
        assertTrue(e.getMessage().contains("no list of pointers"), e.getMessage());
        lab.daemon.fault("GET", "/v1/pointers?prefix=checkpoints/", FakeDaemon.Fault.GARBAGE);
        assertThrows(
                DaemonException.class, backend.openCheckpointStore(new JobID())::getAllAndLock);
    }

    /** Carried out when the part after this pointer is asked for. */
    private void before(String after, Runnable change) {
        lab.daemon.fault(
                call -> {
                    final boolean fits = call.target().endsWith("&after=jobs/" + after);
                    if (fits) {
                        change.run();
                    }
                    return fits;
                },
                null);
    }

    @Test
    void a_long_list_is_read_to_its_end() throws Exception {
        for (String name : List.of("a", "b", "c", "d", "e")) {
            store.addAndLock(name, "plan");
        }
        lab.daemon.partSize = 2;
        lab.daemon.fault("GET", "&after=jobs/b", FakeDaemon.Fault.STATUS_503);
        assertEquals(List.of("a", "b", "c", "d", "e"), store.getAllHandles());
        assertEquals(
                List.of("", "jobs/b", "jobs/b", "jobs/d"),
                lab.daemon.calls("GET", "prefix=jobs/").stream()
                        .map(call -> call.target().split("&after=", 2)[1])
                        .toList(),
                "the part that failed is asked for again, not the list");
    }

    @Test
    void changes_between_two_parts_repeat_no_pointer() throws Exception {
        for (String name : List.of("a", "b", "c", "d")) {
            store.addAndLock(name, "plan");
        }
        lab.daemon.partSize = 2;
        before(
                "b",
                () -> {
                    lab.daemon.removePointer("jobs/b");
                    lab.daemon.setPointer("jobs/aa", new byte[1]);
                    lab.daemon.setPointer("jobs/bb", new byte[1]);
                });
        assertEquals(List.of("a", "b", "bb", "c", "d"), store.getAllHandles());
    }

    @Test
    void a_list_that_does_not_go_on_is_no_list() throws Exception {
        store.addAndLock("a", "one");
        store.addAndLock("b", "two");
        final AtomicInteger asks = new AtomicInteger();
        lab.daemon.fault(
                call -> call.target().contains("prefix=jobs/") && asks.incrementAndGet() > 4,
                FakeDaemon.Fault.STATUS_403); // whoever would ask for ever
        lab.daemon.partSize = 0;
        Exception e = assertThrows(DaemonException.class, store::getAllHandles);
        assertTrue(e.getMessage().contains("none given"), e.getMessage());
        lab.daemon.partSize = 1;
        lab.daemon.repeats = true;
        e = assertThrows(DaemonException.class, store::getAllHandles);
        assertTrue(e.getMessage().contains("is listed after \"jobs/a\""), e.getMessage());
        lab.daemon.repeats = false;
        lab.daemon.clearFaults();
        lab.daemon.fault("GET", "&after=jobs/a", FakeDaemon.Fault.GARBAGE);
        e = assertThrows(DaemonException.class, store::getAllHandles);
        assertTrue(e.getMessage().contains("no list of pointers"), e.getMessage());
    }

    /** Taken for a whole list, the jobs of the rest would be left out. */
    @Test
    void a_term_that_ends_between_two_parts_is_no_short_list() throws Exception {
        store.addAndLock("a", "one");
        store.addAndLock("b", "two");
        lab.daemon.partSize = 1;
        before("a", () -> life.stopped());
        final DaemonException e = assertThrows(DaemonException.class, store::getAllHandles);
        assertEquals(DaemonException.Outcome.FENCED, e.outcome(), e.getMessage());
    }

    @Test
    void a_daemon_that_is_away_is_certainly_not_done() throws Exception {
        lab.daemon.stop();
        assertThrows(DaemonException.class, () -> store.addAndLock("a", "one"));
        assertEquals(List.of(), lab.files(FILE));
    }

    @Test
    void storage_that_cannot_be_written_is_said() throws Exception {
        Files.delete(lab.folder.resolve("ha/c1"));
        Files.writeString(lab.folder.resolve("ha/c1"), "no folder");
        final Exception e = assertThrows(Exception.class, () -> store.addAndLock("a", "one"));
        assertTrue(e.getMessage().contains("high-availability.storageDir"), e.getMessage());
        assertNull(lab.daemon.pointer("jobs/a"));
    }

    @Test
    void pitfall_07_patience_is_far_below_the_rpc_timeout() throws Exception {
        assertTrue(2 * Timing.DEFAULT.patience() < 10_000, "pekko.ask.timeout");
        for (int i = 0; i < 10_000; i++) {
            lab.daemon.fault("GET", "/v1/pointers/", FakeDaemon.Fault.STATUS_503);
        }
        final long start = System.nanoTime();
        assertThrows(DaemonException.class, () -> store.exists("a"));
        final long ms = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
        assertTrue(ms >= 900, "it was patient: " + ms);
        assertTrue(ms < 10_000, "it ended: " + ms);
    }

    /** Promise 7: a ZooKeeper that is silent for less than a lease restarts no job. */
    @Test
    void checkpoints_wait_as_long_as_the_term_may_last() throws Exception {
        final CheckpointIDCounter counter = backend.openCounter(new JobID(), Runnable::run);
        final long untilMs = 2 * Lab.FAST.patience();
        final Thread silence =
                new Thread(
                        () -> {
                            try {
                                Thread.sleep(untilMs);
                                lab.daemon.clearFaults();
                            } catch (InterruptedException e) {
                                throw new AssertionError(e);
                            }
                        });
        for (int i = 0; i < 10_000; i++) {
            lab.daemon.fault("POST", "/v1/counters/", FakeDaemon.Fault.STATUS_504);
        }
        silence.start();
        final long start = System.nanoTime();
        assertTrue(counter.getAndIncrement() >= 1);
        final long ms = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
        assertTrue(ms > Lab.FAST.patience(), "it waited " + ms);
        silence.join();
    }

    /** Flink's closing waits for the calls that its threads have made. */
    @Test
    void a_revoke_gives_a_call_without_an_answer_up() throws Exception {
        final CheckpointIDCounter counter = backend.openCounter(new JobID(), Runnable::run);
        for (int i = 0; i < 100; i++) {
            lab.daemon.fault("POST", "/v1/counters/", FakeDaemon.Fault.HANG);
        }
        final List<Exception> failures = Collections.synchronizedList(new ArrayList<>());
        final Thread call =
                new Thread(
                        () -> {
                            try {
                                counter.getAndIncrement();
                            } catch (Exception e) {
                                failures.add(e);
                            }
                        });
        call.start();
        Lab.await("asking", () -> !lab.daemon.calls("POST", "/v1/counters").isEmpty());
        lab.daemon.revoke(7, false);
        call.join(30_000);
        assertFalse(call.isAlive(), "it goes on waiting");
        assertEquals(1, failures.size());
        assertEquals(
                DaemonException.Outcome.UNKNOWN, ((DaemonException) failures.get(0)).outcome());
        assertThrows(DaemonException.class, counter::getAndIncrement, "no other one is begun");
    }

    @Test
    void pitfall_09_a_daemon_that_restarts_is_not_seen_by_flink() throws Exception {
        lab.daemon.stop();
        final Thread restart =
                new Thread(
                        () -> {
                            try {
                                Thread.sleep(300);
                                lab.daemon.startAgain();
                            } catch (Exception e) {
                                throw new AssertionError(e);
                            }
                        });
        restart.start();
        store.addAndLock("a", "one");
        restart.join();
        assertEquals("one", store.getAndLock("a").retrieveState());
    }

    @Test
    void pitfall_08_a_store_keeps_the_epoch_it_was_made_in() throws Exception {
        final CheckpointIDCounter counter = backend.openCounter(new JobID(), Runnable::run);
        lab.daemon.revoke(7, false);
        Lab.await("revoking", () -> !lab.daemon.calls("PUT", "/v1/leadership").isEmpty());
        lab.daemon.claim(8);
        assertThrows(DaemonException.class, () -> store.addAndLock("a", "one"));
        assertThrows(DaemonException.class, counter::getAndIncrement);
        for (FakeDaemon.Call call : lab.daemon.calls()) {
            final String epoch = call.headers().get("Jmha-Epoch");
            assertTrue(epoch == null || epoch.equals("7"), call + " " + epoch);
        }
        assertEquals(List.of(), lab.files(FILE));
    }

    @Test
    void a_store_of_a_closed_term_asks_nobody() throws Exception {
        final CheckpointIDCounter counter = backend.openCounter(new JobID(), Runnable::run);
        life.stopped();
        assertThrows(DaemonException.class, counter::getAndIncrement);
        assertThrows(DaemonException.class, () -> store.addAndLock("a", "one"));
        assertEquals(List.of(), lab.daemon.calls("POST", "/v1/counters/"));
        assertEquals(List.of(), lab.files(FILE));
        final Exception e =
                assertThrows(
                        IllegalStateException.class,
                        () -> backend.openCounter(new JobID(), Runnable::run));
        assertTrue(e.getMessage().contains("does not lead"), e.getMessage());
    }

    // ------------------------------------------------------------------ deleting

    @Test
    void pitfall_13_the_pointer_goes_first_then_the_file() throws Exception {
        store.addAndLock("a", "one");
        final List<Integer> filesAtDelete = new ArrayList<>();
        lab.daemon.fault(
                call -> {
                    if (call.method().equals("DELETE")) {
                        try {
                            filesAtDelete.add(lab.files(FILE).size());
                        } catch (Exception e) {
                            throw new AssertionError(e);
                        }
                    }
                    return false;
                },
                FakeDaemon.Fault.HANG);
        nextTerm();
        assertThrows(DaemonException.class, () -> store.releaseAndTryRemove("a"));
        assertEquals(1, lab.files(FILE).size(), "who is fenced deletes nothing");

        lab.daemon.register.epoch = 7;
        lab.daemon.fault("DELETE", "/v1/pointers/", FakeDaemon.Fault.CLOSE_AFTER);
        store.releaseAndTryRemove("a");
        assertEquals(List.of(1, 1, 1), filesAtDelete);
        assertEquals(List.of(), lab.files(FILE), "found though the answer was lost");
    }

    @Test
    void a_file_that_cannot_be_deleted_is_no_failure() throws Exception {
        store.addAndLock("a", "one");
        final Path file = lab.folder.resolve("ha/c1").resolve(lab.files(FILE).get(0));
        Files.delete(file);
        Files.createDirectories(file.resolve("in-the-way"));
        assertTrue(store.releaseAndTryRemove("a"));
        lab.awaitLog("could not be deleted");
    }

    // ------------------------------------------------------------------ counter, checkpoints

    @Test
    void the_counter_hands_out_each_number_once() throws Exception {
        final JobID job = new JobID();
        final CheckpointIDCounter counter = backend.openCounter(job, Runnable::run);
        counter.start();
        assertEquals(1, counter.get());
        assertEquals(1, counter.getAndIncrement());
        lab.daemon.fault("POST", "/v1/counters/", FakeDaemon.Fault.CLOSE_AFTER);
        assertEquals(3, counter.getAndIncrement(), "skipped, not repeated");
        counter.setCount(10);
        assertEquals(10, counter.getAndIncrement());
        counter.shutdown(JobStatus.SUSPENDED).join();
        assertEquals(11, counter.get());
        counter.shutdown(JobStatus.CANCELED).join();
        assertEquals(1, counter.get());
        counter.shutdown(JobStatus.FINISHED).join();
    }

    @Test
    void old_broken_checkpoints_do_not_keep_a_job_from_starting() throws Exception {
        final JobID job = new JobID();
        final JmhaStateHandleStore<CompletedCheckpoint> checkpoints =
                backend.openCheckpointStore(job);
        final String prefix = "checkpoints/" + job.toHexString() + "/000000000000000000";
        final String whole = lab.folder.resolve("whole").toUri().toString();
        Files.writeString(lab.folder.resolve("whole"), "12345");
        lab.daemon.setPointer(prefix + 1, bytes("{\"target\":\"file:/none\",\"bytes\":5}"));
        lab.daemon.setPointer(prefix + 2, null);
        lab.daemon.setPointer(prefix + 3, bytes("{\"target\":\"" + whole + "\",\"bytes\":5}"));
        assertEquals(1, checkpoints.getAllAndLock().size());
        lab.daemon.setPointer(prefix + 4, null);
        assertThrows(Exception.class, checkpoints::getAllAndLock, "the newest is never left out");
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    // ------------------------------------------------------------------ a job's end

    @Test
    void cleaning_up_a_job_removes_all_of_it_and_nothing_else() throws Exception {
        final JobID job = new JobID();
        final JobID other = new JobID();
        for (JobID each : List.of(job, other)) {
            store.addAndLock(each.toHexString(), "plan");
            backend.openCounter(each, Runnable::run).getAndIncrement();
            lab.daemon.setPointer(
                    "checkpoints/" + each.toHexString() + "/1",
                    bytes("{\"target\":\"file:/none\",\"bytes\":5}"));
            lab.daemon.change("job-" + each.toHexString(), "addr");
        }
        backend.cleanUpJob(job);
        assertEquals(2, lab.daemon.register.pointers.size());
        assertEquals(
                List.of(other.toHexString()),
                new ArrayList<>(lab.daemon.register.counters.keySet()));
        assertNull(lab.daemon.endpoint("job-" + job.toHexString()));
        assertEquals("addr", lab.daemon.endpoint("job-" + other.toHexString()));
        assertEquals(1, lab.files(FILE).size());
        backend.cleanUpJob(job);
    }

    @Test
    void cleaning_up_is_the_leaders_work_only() throws Exception {
        final JobID job = new JobID();
        store.addAndLock(job.toHexString(), "plan");
        nextTerm();
        assertThrows(DaemonException.class, () -> backend.cleanUpJob(job));
        assertEquals(1, lab.files(FILE).size());
    }
}
