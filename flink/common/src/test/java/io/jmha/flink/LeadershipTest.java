// SPDX-License-Identifier: Apache-2.0
package io.jmha.flink;

import org.apache.flink.runtime.leaderelection.DefaultLeaderElectionService;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** Grants, revokes, reports and halts, with Flink's own election service. */
class LeadershipTest {

    private Lab lab;

    @BeforeEach
    void open() throws Exception {
        lab = new Lab();
    }

    @AfterEach
    void close() throws Exception {
        lab.close();
    }

    private static HaBackend.JobStore<String> openStore(HaBackend backend) {
        return backend.openJobStore("submitted", plan -> null);
    }

    @Test
    void a_term_from_grant_to_the_next() throws Exception {
        final HaBackend backend = lab.backend();
        final Lab.Contender dispatcher = lab.jobManager(backend);
        Lab.await("waiting", () -> lab.reports().equals(List.of("waiting 0")));

        final UUID id = lab.daemon.grant(7);
        Lab.await("granted", () -> dispatcher.last().equals("grant " + id));
        final HaBackend.JobStore<String> store = openStore(backend);
        Lab.await("leading", () -> lab.reports().contains("leading 7"));

        lab.daemon.revoke(7, false);
        Lab.await("revoked", () -> dispatcher.last().equals("revoke"));
        assertFalse(lab.reports().contains("revoked 7"), "the Dispatcher still closes");
        store.life().stopped();
        Lab.await(
                "told",
                () ->
                        lab.reports()
                                .equals(
                                        List.of(
                                                "waiting 0",
                                                "leading 7",
                                                "revoked 7",
                                                "waiting 7")));

        final UUID next = lab.daemon.grant(8);
        Lab.await("granted again", () -> dispatcher.last().equals("grant " + next));
        assertEquals(List.of(), lab.halts);
    }

    @Test
    void revoked_is_said_until_the_daemon_has_heard() throws Exception {
        final HaBackend backend = lab.leading(7);
        final HaBackend.JobStore<String> store = openStore(backend);
        lab.daemon.revoke(7, false);
        for (FakeDaemon.Fault fault :
                List.of(FakeDaemon.Fault.CLOSE_BEFORE, FakeDaemon.Fault.STATUS_503)) {
            lab.daemon.fault(call -> call.body().contains("revoked"), fault);
        }
        store.life().stopped();
        Lab.await("waiting", () -> lab.reports().contains("waiting 7"));
        final long times =
                lab.daemon.calls("PUT", "/v1/leadership").stream()
                        .filter(call -> call.body().contains("revoked"))
                        .count();
        // More on a busy machine, where an answer may come too late.
        assertTrue(times >= 3, "said " + times + " times");
    }

    @Test
    void a_term_without_a_job_store_ends_too() throws Exception {
        lab.leading(7);
        lab.daemon.revoke(7, false);
        Lab.await("told", () -> lab.reports().contains("revoked 7"));
    }

    @Test
    void a_store_that_was_never_started_ends_the_term_when_stopped_once_or_twice()
            throws Exception {
        final HaBackend backend = lab.leading(7);
        final HaBackend.JobStore<String> first = openStore(backend);
        final HaBackend.JobStore<String> second = openStore(backend);
        lab.daemon.revoke(7, false);
        first.life().stopped();
        first.life().stopped();
        lab.daemon.say(FakeDaemon.line("recover").put("jobid", "0"));
        Lab.await("some reports", () -> lab.reports().contains("leading 7"));
        assertFalse(lab.reports().contains("revoked 7"));
        second.life().stopped();
        Lab.await("told", () -> lab.reports().contains("revoked 7"));
    }

    @Test
    void stopping_without_a_revoke_ends_the_term_and_flink_is_told_once() throws Exception {
        final HaBackend backend = lab.backend();
        final Lab.Contender dispatcher = lab.jobManager(backend);
        lab.daemon.grant(7);
        Lab.await("granted", () -> dispatcher.last().startsWith("grant"));
        openStore(backend).life().stopped();
        Lab.await("told", () -> lab.reports().contains("revoked 7"));
        lab.daemon.revoke(7, false);
        final UUID next = lab.daemon.grant(8);
        Lab.await("granted again", () -> dispatcher.last().equals("grant " + next));
        assertEquals("revoke", dispatcher.events.get(1));
        assertEquals(3, dispatcher.events.size());
    }

    @Test
    void a_lost_stream_is_no_revoke() throws Exception {
        final HaBackend backend = lab.backend();
        final Lab.Contender dispatcher = lab.jobManager(backend);
        lab.daemon.grant(7);
        Lab.await("granted", () -> dispatcher.last().startsWith("grant"));
        for (int i = 0; i < 3; i++) {
            lab.daemon.dropAll();
            Lab.await("reconnected", () -> lab.daemon.streams() > 0);
        }
        lab.daemon.stop();
        lab.awaitLog("epoch=7 leadership stream", "leading on meanwhile");
        lab.daemon.startAgain();
        Lab.await("reconnected", () -> lab.daemon.streams() > 0);
        assertEquals(1, dispatcher.events.size(), () -> "" + dispatcher.events);
    }

    @Test
    void a_revoke_missed_while_disconnected_comes_with_the_state() throws Exception {
        final HaBackend backend = lab.backend();
        final Lab.Contender dispatcher = lab.jobManager(backend);
        lab.daemon.grant(7);
        Lab.await("granted", () -> dispatcher.last().startsWith("grant"));
        lab.daemon.setState(FakeDaemon.state(0, null, false));
        lab.daemon.dropAll();
        Lab.await("revoked", () -> dispatcher.last().equals("revoke"));
        assertEquals(List.of(), lab.halts);
    }

    @Test
    void pitfall_05_grant_and_revoke_alternate_under_any_replay() throws Exception {
        final HaBackend backend =
                lab.backend(
                        new Timing(
                                2000, 2000, 20, 100, 2000, 600, 4000, 100, 200, 1, 4000, 60000));
        final Lab.Contender dispatcher = lab.jobManager(backend);
        final Random random = new Random(5);
        long epoch = 1;
        for (int i = 0; i < 300; i++) {
            final UUID id = new UUID(0x1234, epoch);
            Thread.sleep(random.nextInt(4));
            switch (random.nextInt(6)) {
                case 0 -> epoch++;
                case 1 -> lab.daemon.say(FakeDaemon.state(epoch, id, false));
                case 2 -> lab.daemon.say(FakeDaemon.state(0, null, false));
                case 3 -> lab.daemon.say(
                        FakeDaemon.line("revoke").put("epoch", epoch - random.nextInt(2)));
                default -> lab.daemon.say(
                        FakeDaemon.line("grant")
                                .put("epoch", epoch)
                                .put("leader_id", id.toString()));
            }
        }
        final UUID last = lab.daemon.grant(1000);
        Lab.await("the last grant", () -> dispatcher.last().equals("grant " + last));
        for (int i = 0; i < dispatcher.events.size(); i++) {
            final String event = dispatcher.events.get(i);
            assertTrue(event.startsWith(i % 2 == 0 ? "grant" : "revoke"), event);
        }
        assertTrue(dispatcher.events.size() > 3, "the script made some terms");
        assertEquals(List.of(), lab.halts);
    }

    @Test
    void an_epoch_is_granted_once() throws Exception {
        final HaBackend backend = lab.backend();
        final Lab.Contender dispatcher = lab.jobManager(backend);
        final UUID id = lab.daemon.grant(7);
        Lab.await("granted", () -> dispatcher.last().startsWith("grant"));
        lab.daemon.revoke(7, false);
        Lab.await("over", () -> lab.reports().contains("waiting 7"));
        lab.daemon.say(FakeDaemon.state(7, id, false));
        lab.daemon.say(FakeDaemon.line("grant").put("epoch", 6).put("leader_id", id.toString()));
        final UUID next = lab.daemon.grant(8);
        Lab.await("granted", () -> dispatcher.last().equals("grant " + next));
        assertEquals(3, dispatcher.events.size(), () -> "" + dispatcher.events);
    }

    @Test
    void a_grant_waits_until_the_term_before_is_closed() throws Exception {
        final HaBackend backend = lab.backend();
        final Lab.Contender dispatcher = lab.jobManager(backend);
        lab.daemon.grant(7);
        Lab.await("granted", () -> dispatcher.last().startsWith("grant"));
        final HaBackend.JobStore<String> store = openStore(backend);
        final UUID next = lab.daemon.grant(8);
        Lab.await("revoked", () -> dispatcher.last().equals("revoke"));
        assertEquals(2, dispatcher.events.size());
        store.life().stopped();
        Lab.await("granted", () -> dispatcher.last().equals("grant " + next));
    }

    @Test
    void what_is_taken_back_while_the_term_before_closes_is_not_granted() throws Exception {
        final HaBackend backend = lab.backend();
        final Lab.Contender dispatcher = lab.jobManager(backend);
        lab.daemon.grant(7);
        Lab.await("granted", () -> dispatcher.last().startsWith("grant"));
        HaBackend.JobStore<String> store = openStore(backend);
        lab.daemon.grant(8);
        Lab.await("revoked", () -> dispatcher.last().equals("revoke"));
        lab.daemon.revoke(8, false);
        lab.daemon.say(FakeDaemon.line("grant").put("epoch", 9).put("leader_id", "x"));
        lab.awaitLog("epoch=9 grant without a leader id"); // so the line before it was read
        store.life().stopped();
        Lab.await("over", () -> lab.reports().contains("waiting 8"));

        final UUID ten = lab.daemon.grant(10);
        Lab.await("granted", () -> dispatcher.last().equals("grant " + ten));
        store = openStore(backend);
        lab.daemon.grant(11);
        Lab.await("revoked", () -> dispatcher.last().equals("revoke"));
        lab.daemon.setState(FakeDaemon.state(0, null, false));
        lab.daemon.dropAll();
        Lab.await("the same by the state", () -> lab.daemon.streams() > 0);
        lab.daemon.say(FakeDaemon.line("grant").put("epoch", 12).put("leader_id", "y"));
        lab.awaitLog("epoch=12 grant without a leader id");
        store.life().stopped();
        Lab.await("over", () -> lab.reports().contains("waiting 11"));
        assertEquals(4, dispatcher.events.size(), () -> "" + dispatcher.events);
        assertEquals(List.of(), lab.halts);
    }

    // ------------------------------------------------------------------ halts

    @Test
    void superseded_halts_and_does_not_revoke() throws Exception {
        final HaBackend backend = lab.backend();
        final Lab.Contender dispatcher = lab.jobManager(backend);
        lab.daemon.grant(7);
        Lab.await("granted", () -> dispatcher.last().startsWith("grant"));
        lab.daemon.revoke(7, true);
        Lab.await("halted", () -> !lab.halts.isEmpty());
        assertTrue(lab.halts.get(0).startsWith("7 another member leads"), lab.halts.get(0));
        assertEquals(1, dispatcher.events.size(), "no polite revoke");
    }

    @Test
    void superseded_in_the_state_halts() throws Exception {
        lab.leading(7);
        lab.daemon.setState(FakeDaemon.state(0, null, true));
        lab.daemon.dropAll();
        Lab.await("halted", () -> !lab.halts.isEmpty());
    }

    @Test
    void a_fenced_report_of_a_leader_halts() throws Exception {
        lab.leading(7);
        lab.daemon.fault(call -> call.body().contains("leading"), FakeDaemon.Fault.STATUS_412);
        Lab.await("halted", () -> !lab.halts.isEmpty());
        assertTrue(lab.halts.get(0).contains("a later epoch exists"), lab.halts.get(0));
    }

    @Test
    void what_does_not_lead_does_not_halt() throws Exception {
        lab.daemon.fault("PUT", "/v1/leadership", FakeDaemon.Fault.STATUS_412);
        final HaBackend backend = lab.backend();
        lab.jobManager(backend);
        lab.daemon.revoke(7, true);
        lab.daemon.say(FakeDaemon.state(0, null, true));
        Lab.await("reported", () -> lab.daemon.calls("PUT", "/v1/leadership").size() > 3);
        assertEquals(List.of(), lab.halts);
    }

    @Test
    void silence_while_leading_halts() throws Exception {
        final HaBackend backend = lab.backend();
        final Lab.Contender dispatcher = lab.jobManager(backend);
        lab.daemon.say(FakeDaemon.state(0, null, false).put("halt_after_ms", 700));
        lab.daemon.grant(7);
        Lab.await("granted", () -> dispatcher.last().startsWith("grant"));
        lab.daemon.stop();
        Lab.await("halted", () -> !lab.halts.isEmpty());
        assertTrue(lab.halts.get(0).startsWith("7 nothing was heard"), lab.halts.get(0));
        assertEquals(1, dispatcher.events.size(), "no polite revoke");
    }

    @Test
    void silence_while_waiting_does_not_halt() throws Exception {
        final HaBackend backend = lab.backend();
        lab.jobManager(backend);
        lab.daemon.say(FakeDaemon.state(0, null, false).put("halt_after_ms", 50));
        lab.daemon.stop();
        Thread.sleep(300);
        assertEquals(List.of(), lab.halts);
    }

    @Test
    void a_process_that_ends_asks_at_the_pace_of_reports() throws Exception {
        final HaBackend backend = lab.leading(7);
        for (int i = 0; i < 100_000; i++) {
            lab.daemon.fault("PUT", "/v1/leadership", FakeDaemon.Fault.STATUS_403);
        }
        Lab.await("refused", () -> lab.log().contains("report to the daemon: "));
        final int before = lab.daemon.calls("PUT", "/v1/leadership").size();
        backend.close();
        // The reporter tries for 2 s; then nothing comes any more.
        Lab.await("asked", () -> lab.daemon.calls("PUT", "/v1/leadership").size() > before);
        Thread.sleep(2500);
        final int times = lab.daemon.calls("PUT", "/v1/leadership").size() - before;
        assertTrue(times <= 40, "asked " + times + " times"); // 2 s / 100 ms
    }

    // ------------------------------------------------------------------ addresses

    @Test
    void addresses_are_published_and_stay_after_the_revoke() throws Exception {
        final HaBackend backend = lab.backend();
        final DefaultLeaderElectionService service = lab.electionService(backend);
        final List<Lab.Contender> all = new ArrayList<>();
        for (String component : List.of("dispatcher", "resource_manager", "rest_server", "job-1")) {
            all.add(lab.contend(service, component));
        }
        final UUID id = lab.daemon.grant(7);
        for (Lab.Contender contender : all) {
            Lab.await("granted", () -> contender.last().equals("grant " + id));
            contender.confirm(id, "addr");
        }
        Lab.await("published", () -> lab.daemon.register.endpoints.size() == 4);

        all.get(3).leave();
        Lab.await("its job is done", () -> lab.daemon.endpoint("job-1") == null);

        lab.daemon.revoke(7, false);
        Lab.await("told", () -> lab.reports().contains("revoked 7"));
        for (Lab.Contender contender : all) {
            contender.leave();
        }
        service.close();
        assertEquals(3, lab.daemon.register.endpoints.size(), "kept until the next claim");
        assertEquals(1, lab.daemon.calls("DELETE", "/v1/endpoints/").size());
    }

    @Test
    void addresses_of_a_process_that_ends_stay() throws Exception {
        final HaBackend backend = lab.backend();
        final DefaultLeaderElectionService service = lab.electionService(backend);
        final Lab.Contender dispatcher = lab.contend(service, "dispatcher");
        final UUID id = lab.daemon.grant(7);
        Lab.await("granted", () -> dispatcher.last().equals("grant " + id));
        dispatcher.confirm(id, "addr");
        Lab.await("published", () -> lab.daemon.endpoint("dispatcher") != null);
        dispatcher.leave();
        service.close();
        assertEquals("addr", lab.daemon.endpoint("dispatcher"));
        Lab.await("told", () -> lab.reports().contains("revoked 7"));
    }

    @Test
    void pitfall_06_publishing_is_ordered_retried_and_under_no_lock_of_flink() throws Exception {
        final HaBackend backend = lab.backend();
        final DefaultLeaderElectionService service = lab.electionService(backend);
        final Lab.Contender dispatcher = lab.contend(service, "dispatcher");
        final Lab.Contender rest = lab.contend(service, "rest_server");
        final UUID id = lab.daemon.grant(7);
        Lab.await("granted", () -> rest.last().equals("grant " + id));
        lab.daemon.fault("PUT", "/v1/endpoints/dispatcher", FakeDaemon.Fault.HANG);
        lab.daemon.fault("PUT", "/v1/endpoints/dispatcher", FakeDaemon.Fault.STATUS_503);
        lab.daemon.fault("PUT", "/v1/endpoints/dispatcher", FakeDaemon.Fault.CLOSE_AFTER);
        dispatcher.confirm(id, "a");
        rest.confirm(id, "b");
        Lab.await("asked", () -> !lab.daemon.calls("PUT", "/v1/endpoints/").isEmpty());
        // The call hangs; Flink's lock is free.
        lab.contend(service, "resource_manager").leave();
        Lab.await("published", () -> lab.daemon.endpoint("rest_server") != null);
        assertEquals("a", lab.daemon.endpoint("dispatcher"));
        final List<FakeDaemon.Call> calls = lab.daemon.calls("PUT", "/v1/endpoints/");
        assertEquals(5, calls.size(), () -> "" + calls);
        assertTrue(calls.get(4).target().endsWith("rest_server"), "after the one before it");
        dispatcher.leave();
        rest.leave();
        service.close();
    }

    @Test
    void publishing_goes_on_beyond_the_patience_of_a_call_and_ends_with_its_term()
            throws Exception {
        final HaBackend backend =
                lab.backend(
                        new Timing(
                                2000, 2000, 20, 100, 200, 100, 4000, 100, 200, 1, 4000, 60000));
        final Lab.Contender dispatcher = lab.jobManager(backend);
        for (int i = 0; i < 10; i++) {
            lab.daemon.fault("PUT", "/v1/endpoints/", FakeDaemon.Fault.STATUS_503);
        }
        final UUID id = lab.daemon.grant(7);
        Lab.await("granted", () -> dispatcher.last().equals("grant " + id));
        dispatcher.confirm(id, "seven");
        Lab.await("published", () -> "seven".equals(lab.daemon.endpoint("dispatcher")));

        lab.daemon.revoke(7, false);
        Lab.await("over", () -> lab.reports().contains("waiting 7"));
        for (int i = 0; i < 10_000; i++) {
            lab.daemon.fault(call -> call.body().contains("eight"), FakeDaemon.Fault.STATUS_503);
        }
        final UUID second = lab.daemon.grant(8);
        Lab.await("granted", () -> dispatcher.last().equals("grant " + second));
        dispatcher.confirm(second, "eight");
        Lab.await("tried", () -> lab.daemon.calls("PUT", "/v1/endpoints/").size() > 15);
        lab.daemon.revoke(8, false);
        Lab.await("over", () -> lab.reports().contains("waiting 8"));
        final UUID third = lab.daemon.grant(9);
        Lab.await("granted", () -> dispatcher.last().equals("grant " + third));
        dispatcher.confirm(third, "nine");
        Lab.await("published", () -> "nine".equals(lab.daemon.endpoint("dispatcher")));
    }

    @Test
    void after_a_reconnect_flink_rewrites_what_differs() throws Exception {
        final HaBackend backend = lab.backend();
        final Lab.Contender dispatcher = lab.jobManager(backend);
        final UUID id = lab.daemon.grant(7);
        Lab.await("granted", () -> dispatcher.last().equals("grant " + id));
        dispatcher.confirm(id, "addr");
        Lab.await("published", () -> lab.daemon.endpoint("dispatcher") != null);
        synchronized (lab.daemon.register) {
            lab.daemon.register.endpoints.clear();
        }
        lab.daemon.dropAll();
        Lab.await("published again", () -> "addr".equals(lab.daemon.endpoint("dispatcher")));
        assertEquals(1, dispatcher.events.size(), () -> "" + dispatcher.events);
    }

    @Test
    void a_revoke_does_not_wait_for_the_comparison_after_a_reconnect() throws Exception {
        final HaBackend backend =
                lab.backend(
                        new Timing(
                                2000, 2000, 20, 100, 2000, 60000, 4000, 100, 200, 200, 4000, 60000));
        final Lab.Contender dispatcher = lab.jobManager(backend);
        lab.daemon.grant(7);
        Lab.await("granted", () -> dispatcher.last().startsWith("grant"));
        lab.daemon.fault("GET", "/v1/endpoints", FakeDaemon.Fault.HANG);
        lab.daemon.dropAll();
        Lab.await("asked", () -> !lab.daemon.calls("GET", "/v1/endpoints").isEmpty());
        lab.daemon.revoke(7, false);
        Lab.await("revoked", () -> dispatcher.last().equals("revoke"));
        lab.daemon.dropAll(); // ends the call
    }

    @Test
    void an_address_that_is_refused_for_good_keeps_no_other_back() throws Exception {
        final HaBackend backend = lab.backend();
        final DefaultLeaderElectionService service = lab.electionService(backend);
        final List<Lab.Contender> all = new ArrayList<>();
        for (String component : List.of("job-1", "job-2", "dispatcher")) {
            all.add(lab.contend(service, component));
        }
        for (int i = 0; i < 100_000; i++) {
            lab.daemon.fault("PUT", "/v1/endpoints/job", FakeDaemon.Fault.STATUS_403);
        }
        final UUID id = lab.daemon.grant(7);
        for (Lab.Contender contender : all) {
            Lab.await("granted", () -> contender.last().equals("grant " + id));
            contender.confirm(id, "addr");
        }
        Lab.await("published", () -> lab.daemon.endpoint("dispatcher") != null);
        Lab.await("tried on", () -> lab.daemon.calls("PUT", "/v1/endpoints/job").size() > 6);
        assertEquals(1, lab.countLog("PUT endpoint job-1: 403"), "said once");
        lab.daemon.clearFaults();
        Lab.await("published", () -> lab.daemon.register.endpoints.size() == 3);
        for (Lab.Contender contender : all) {
            contender.leave();
        }
        service.close();
    }

    // ------------------------------------------------------------------ bad input

    @Test
    void a_job_manager_without_a_socket_is_refused() throws Exception {
        lab.environment.remove("JMHA_SOCKET");
        assertTrue(
                assertThrows(Exception.class, () -> lab.backend())
                        .getMessage()
                        .contains("JMHA_SOCKET"));
        lab.configuration.setString("jmha.address", "127.0.0.1:1");
        final HaBackend backend = lab.backend();
        final DefaultLeaderElectionService service = lab.electionService(backend);
        final Exception e = assertThrows(Exception.class, () -> lab.contend(service, "dispatcher"));
        assertTrue(e.getMessage().contains("let jmhad start it"), e.getMessage());
    }

    @Test
    void no_daemon_at_the_start_is_waited_for_and_said_once() throws Exception {
        lab.daemon.stop();
        final HaBackend backend = lab.backend();
        final DefaultLeaderElectionService service = lab.electionService(backend);
        final Lab.Contender dispatcher = lab.contend(service, "dispatcher");
        lab.awaitLog("epoch=0 leadership stream: daemon unix:", "start jmhad");
        Thread.sleep(200);
        assertEquals(1, lab.countLog("leadership stream"), "not at each retry");
        lab.daemon.startAgain();
        lab.awaitLog("leadership stream: connected");
        final UUID id = lab.daemon.grant(1);
        Lab.await("granted", () -> dispatcher.last().equals("grant " + id));
        dispatcher.leave();
        service.close();
    }

    @Test
    void a_foreign_job_manager_is_told_what_to_do() throws Exception {
        lab.daemon.streamStatus(403);
        final DefaultLeaderElectionService service = lab.electionService(lab.backend());
        final Lab.Contender dispatcher = lab.contend(service, "dispatcher");
        lab.awaitLog("not the daemon's own JobManager", "let jmhad start the JobManager");
        assertEquals(List.of(), dispatcher.events);
        dispatcher.leave();
        service.close();
    }

    @Test
    void a_socket_of_another_daemon_in_the_configuration_is_said() throws Exception {
        lab.configuration.setString("jmha.socket", lab.environment.get("JMHA_SOCKET"));
        lab.environment.put("JMHA_SOCKET", "/run/jmha/orders/api.sock");
        lab.daemon.streamStatus(403);
        final DefaultLeaderElectionService service = lab.electionService(lab.backend());
        final Lab.Contender dispatcher = lab.contend(service, "dispatcher");
        lab.awaitLog("which started this process, /run/jmha/orders/api.sock: take jmha.socket out");
        dispatcher.leave();
        service.close();
    }

    @Test
    void a_daemon_with_another_api_is_refused() throws Exception {
        final HaBackend backend = lab.backend();
        lab.daemon.setState(FakeDaemon.state(0, null, false).put("version", 2));
        final Lab.Contender dispatcher = lab.jobManager(backend);
        lab.daemon.grant(7);
        lab.awaitLog(
                "leadership stream: daemon unix:",
                "speaks version 2 of the API, jmha-flink ",
                "install daemon and library of the same release; refusing to be led by it");
        assertEquals(List.of(), dispatcher.events);
    }

    @Test
    void another_api_in_the_answer_to_a_report_is_said_once() throws Exception {
        lab.daemon.apiVersion = 2;
        lab.jobManager(lab.backend());
        lab.awaitLog("report to the daemon: daemon unix:", "speaks version 2 of the API");
        final int before = lab.daemon.calls("PUT", "/v1/leadership").size();
        Lab.await("more", () -> lab.daemon.calls("PUT", "/v1/leadership").size() > before + 2);
        // On a busy machine an answer may be late; what comes after is said anew.
        final long late = lab.countLog("no answer in time; asking again");
        assertTrue(lab.countLog("speaks version 2") <= 1 + late, lab.log());
    }

    @Test
    void a_cold_daemon_is_said() throws Exception {
        lab.daemon.streamStatus(404);
        final DefaultLeaderElectionService service = lab.electionService(lab.backend());
        final Lab.Contender dispatcher = lab.contend(service, "dispatcher");
        lab.awaitLog("does not run in hot mode", "jobmanager.mode = \"hot\"");
        dispatcher.leave();
        service.close();
    }

    @Test
    void the_daemon_of_another_cluster_is_refused() throws Exception {
        lab.environment.put("JMHA_CLUSTER", "payments");
        final HaBackend backend = lab.backend();
        final Lab.Contender dispatcher = lab.jobManager(backend);
        lab.daemon.grant(7);
        lab.awaitLog("is of cluster 'orders', this JobManager was started for 'payments'");
        Lab.await("reported", () -> lab.daemon.calls("PUT", "/v1/leadership").size() > 2);
        assertEquals(List.of(), dispatcher.events);
        assertEquals(List.of("waiting 0"), lab.reports());
    }

    @Test
    void nonsense_on_the_stream_is_survived() throws Exception {
        final HaBackend backend = lab.backend();
        final Lab.Contender dispatcher = lab.jobManager(backend);
        lab.daemon.say(FakeDaemon.line("grant").put("epoch", 3).put("leader_id", "x"));
        lab.daemon.say(FakeDaemon.line("something new").put("epoch", 9));
        lab.daemon.sayRaw("\n");
        lab.daemon.sayRaw("no json\n");
        lab.awaitLog("grant without a leader id is ignored");
        Lab.await("reconnected", () -> lab.daemon.streams() > 0);
        final UUID id = lab.daemon.grant(7);
        Lab.await("granted", () -> dispatcher.last().equals("grant " + id));
    }

    @Test
    void storage_that_cannot_be_used_is_said_at_the_start() throws Exception {
        lab.configuration.setString("high-availability.storageDir", "file:/dev/null/ha");
        final DefaultLeaderElectionService service = lab.electionService(lab.backend());
        final Exception e = assertThrows(Exception.class, () -> lab.contend(service, "dispatcher"));
        assertTrue(e.getMessage().contains("high-availability.storageDir: "), e.getMessage());
        assertTrue(e.getMessage().contains("cannot be used"), e.getMessage());
    }
}
