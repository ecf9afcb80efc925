// SPDX-License-Identifier: Apache-2.0
package io.jmha.flink;

import org.apache.flink.api.common.JobID;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** A broken job is left out, reported, and comes back; the others run. */
class ParkedJobsTest {

    private static final String GOOD = new JobID().toHexString();
    private static final String BROKEN = new JobID().toHexString();

    private Lab lab;
    private HaBackend.JobStore<String> store;
    private final List<String> added = new CopyOnWriteArrayList<>();

    @BeforeEach
    void open() throws Exception {
        lab = new Lab();
        write(GOOD + ".job");
        write(BROKEN + ".job");
        point("jobs/" + GOOD, GOOD + ".job");
        point("jobs/" + BROKEN, BROKEN + ".job");
    }

    @AfterEach
    void close() throws Exception {
        lab.close();
    }

    private Path file(String name) {
        return lab.folder.resolve(name);
    }

    private void write(String name) throws Exception {
        Files.writeString(file(name), "12345");
    }

    private void point(String key, String file, String... more) {
        final String text =
                String.format(
                        "{\"target\":\"%s\",\"bytes\":5%s}",
                        file(file).toUri(), String.join("", more));
        lab.daemon.setPointer(key, text.getBytes(StandardCharsets.UTF_8));
    }

    private static String checkpoint(String job, int number) {
        return String.format("checkpoints/%s/%019d", job, number);
    }

    private HaBackend lead() throws Exception {
        final HaBackend backend = lab.leading(7);
        store = backend.openJobStore("submitted", plan -> null);
        store.parked().start(added::add);
        return backend;
    }

    private List<String> handles() throws Exception {
        return new ArrayList<>(store.handles().getAllHandles());
    }

    private static List<String> sorted(String... names) {
        return java.util.stream.Stream.of(names).sorted().toList();
    }

    @Test
    void whole_jobs_are_all_handed_out() throws Exception {
        write("c1");
        point(checkpoint(GOOD, 1), "c1");
        lead();
        assertEquals(sorted(GOOD, BROKEN), handles());
        assertTrue(lab.daemon.register.parked.isEmpty());
    }

    @Test
    void a_job_without_its_file_is_parked_and_comes_back_by_itself() throws Exception {
        Files.delete(file(BROKEN + ".job"));
        lead();
        assertEquals(List.of(GOOD), handles());
        Lab.await("reported", () -> lab.daemon.parked(BROKEN) != null);
        final String why = lab.daemon.parked(BROKEN);
        assertTrue(why.contains(BROKEN + ".job is missing"), why);
        assertTrue(why.contains("pointer jobs/" + BROKEN), why);
        lab.awaitLog("epoch=7 job " + BROKEN + " is left out, the others run.");

        write(BROKEN + ".job");
        Lab.await("back", () -> added.equals(List.of(BROKEN)));
        Lab.await("said", () -> lab.daemon.parked(BROKEN) == null);
        assertEquals(sorted(GOOD, BROKEN), handles());
        Thread.sleep(300);
        assertEquals(List.of(BROKEN), added, "handed over once");
    }

    @Test
    void a_job_whose_newest_checkpoint_is_short_is_parked_whole() throws Exception {
        write("c9");
        write("c10");
        point(checkpoint(BROKEN, 9), "c9");
        point(checkpoint(BROKEN, 10), "c10");
        Files.writeString(file("c10"), "123");
        Files.delete(file("c9"));
        lead();
        assertEquals(List.of(GOOD), handles());
        Lab.await("reported", () -> lab.daemon.parked(BROKEN) != null);
        final String why = lab.daemon.parked(BROKEN);
        assertTrue(why.contains("c10 has 3 bytes, its pointer says 5"), why);
        write("c10");
        Lab.await("back, the older one does not count", () -> added.contains(BROKEN));
    }

    @Test
    void damaged_and_senseless_pointers_are_parked() throws Exception {
        lab.daemon.setPointer("jobs/" + BROKEN, null);
        lab.daemon.setPointer(checkpoint(GOOD, 1), "?".getBytes(StandardCharsets.UTF_8));
        lead();
        assertEquals(List.of(), handles());
        Lab.await("reported", () -> lab.daemon.register.parked.size() == 2);
        assertTrue(lab.daemon.parked(BROKEN).contains("is damaged"), lab.daemon.parked(BROKEN));
        assertTrue(lab.daemon.parked(GOOD).contains("cannot be used"), lab.daemon.parked(GOOD));
    }

    @Test
    void the_report_is_repeated_until_the_daemon_has_it() throws Exception {
        Files.delete(file(BROKEN + ".job"));
        lead();
        for (int i = 0; i < 40; i++) {
            lab.daemon.fault("POST", "/parked", FakeDaemon.Fault.STATUS_503);
        }
        handles();
        Lab.await("reported", () -> lab.daemon.parked(BROKEN) != null);
    }

    @Test
    void an_operators_recover_looks_at_once_and_says_what_is_wrong() throws Exception {
        Files.delete(file(BROKEN + ".job"));
        lead();
        handles();
        lab.daemon.say(FakeDaemon.line("recover").put("jobid", BROKEN));
        lab.awaitLog("job " + BROKEN + " cannot be recovered yet. job: file ");
        lab.daemon.say(FakeDaemon.line("recover").put("jobid", "0".repeat(32)));
        lab.awaitLog("there is no pointer jobs/" + "0".repeat(32));
        lab.daemon.say(FakeDaemon.line("recover").put("jobid", GOOD));
        write(BROKEN + ".job");
        Lab.await("back", () -> added.contains(BROKEN));
        assertEquals(List.of(BROKEN), added, "the running one is left alone");
    }

    @Test
    void what_is_no_job_id_is_not_recovered_and_keeps_no_other_back() throws Exception {
        lead();
        handles();
        lab.daemon.say(FakeDaemon.line("recover"));
        lab.daemon.say(FakeDaemon.line("recover").put("jobid", "~"));
        lab.awaitLog("'~' cannot be recovered: it is no job id");
        final String imported = new JobID().toHexString();
        write("imported");
        point("jobs/" + imported, "imported");
        lab.daemon.say(FakeDaemon.line("recover").put("jobid", imported));
        Lab.await("handed over", () -> added.equals(List.of(imported)));
    }

    @Test
    void a_long_reason_is_reported_all_the_same() throws Exception {
        final String name = "\u00e4".repeat(100) + "-".repeat(1500);
        point("jobs/" + BROKEN, "a/" + name);
        lead();
        assertEquals(List.of(GOOD), handles());
        Lab.await("reported", () -> lab.daemon.parked(BROKEN) != null);
        final String why = lab.daemon.parked(BROKEN);
        assertTrue(why.startsWith("job: file "), why);
        assertTrue(why.endsWith("(pointer jobs/" + BROKEN + ")"), why);
    }

    /** Flink asks for applications some time after the jobs. */
    @Test
    void what_is_parked_after_it_was_to_be_taken_off_the_list_stays_on_it() throws Exception {
        final String app = "a".repeat(32);
        point("applications/" + app, "not-there");
        final HaBackend backend = lab.leading(7);
        synchronized (lab.daemon.register) {
            lab.daemon.register.parked.put(app, "by the leader before");
        }
        for (int i = 0; i < 100_000; i++) {
            lab.daemon.fault("DELETE", "/parked", FakeDaemon.Fault.STATUS_403);
        }
        store = backend.openJobStore("submitted", plan -> null);
        store.parked().start(added::add);
        handles();
        Lab.await("taken for whole", () -> !lab.daemon.calls("DELETE", "/parked").isEmpty());
        backend.<String>openApplicationStore("a").getAllHandles();
        Lab.await("reported", () -> lab.daemon.parked(app).contains("not-there"));
        lab.daemon.clearFaults();
        lab.awaitLog("parked jobs: reported");
        assertTrue(lab.daemon.parked(app) != null, "it is left out");
    }

    @Test
    void an_imported_job_is_handed_over_on_recover() throws Exception {
        lead();
        handles();
        final String imported = new JobID().toHexString();
        write("imported");
        point("jobs/" + imported, "imported");
        lab.daemon.say(FakeDaemon.line("recover").put("jobid", imported));
        Lab.await("handed over", () -> added.equals(List.of(imported)));

        final String broken = new JobID().toHexString();
        point("jobs/" + broken, "not-there");
        lab.daemon.say(FakeDaemon.line("recover").put("jobid", broken));
        Lab.await("parked instead", () -> lab.daemon.parked(broken) != null);
        assertEquals(List.of(imported), added);
    }

    @Test
    void a_parked_job_that_an_operator_deletes_is_forgotten() throws Exception {
        Files.delete(file(BROKEN + ".job"));
        lead();
        handles();
        Lab.await("reported", () -> lab.daemon.parked(BROKEN) != null);
        synchronized (lab.daemon.register) {
            lab.daemon.register.pointers.remove("jobs/" + BROKEN);
        }
        Lab.await("forgotten", () -> lab.daemon.parked(BROKEN) == null);
        assertEquals(List.of(), added);
    }

    @Test
    void what_an_earlier_leader_parked_and_is_whole_is_taken_off_the_list() throws Exception {
        final HaBackend backend = lab.leading(7);
        synchronized (lab.daemon.register) {
            lab.daemon.register.parked.put(GOOD, "once");
        }
        store = backend.openJobStore("submitted", plan -> null);
        store.parked().start(added::add);
        handles();
        Lab.await("taken off", () -> lab.daemon.parked(GOOD) == null);
        assertEquals(List.of(), added);
    }

    @Test
    void stopping_does_not_wait_for_a_listener_that_waits_for_flinks_lock() throws Exception {
        final HaBackend backend = lab.leading(7);
        store = backend.openJobStore("submitted", plan -> null);
        final Object flinksLock = new Object();
        store.parked()
                .start(
                        job -> {
                            added.add("wants lock");
                            synchronized (flinksLock) {
                                added.add(job);
                            }
                        });
        Files.delete(file(BROKEN + ".job"));
        handles();
        synchronized (flinksLock) {
            write(BROKEN + ".job");
            Lab.await("in the listener", () -> added.contains("wants lock"));
            store.parked().stop();
        }
        Lab.await("went on", () -> added.contains(BROKEN));
    }

    @Test
    void nothing_is_rechecked_after_the_term() throws Exception {
        Files.delete(file(BROKEN + ".job"));
        lead();
        handles();
        Lab.await("reported", () -> lab.daemon.parked(BROKEN) != null);
        lab.daemon.revoke(7, false);
        store.parked().stop();
        store.life().stopped();
        write(BROKEN + ".job");
        Thread.sleep(300);
        assertEquals(List.of(), added);
    }

    @Test
    void an_application_with_a_parked_job_is_not_started_anew() throws Exception {
        final String app = "a".repeat(32);
        final String other = "b".repeat(32);
        final String gone = "c".repeat(32);
        point("jobs/" + BROKEN, "not-there", ",\"application\":\"" + app + '"');
        for (String each : List.of(app, other)) {
            write(each);
            point("applications/" + each, each);
        }
        point("applications/" + gone, "not-there");
        final HaBackend backend = lead();
        handles();
        final List<String> started =
                new ArrayList<>(backend.<String>openApplicationStore("a").getAllHandles());
        assertEquals(List.of(other), started);
        Lab.await("reported", () -> lab.daemon.register.parked.size() == 3);
        assertTrue(lab.daemon.parked(app).contains("its job " + BROKEN + " is parked"));
        assertTrue(lab.daemon.parked(gone).contains("not-there is missing"));
        assertNull(lab.daemon.parked(other));
    }
}
