// SPDX-License-Identifier: Apache-2.0
package io.jmha.flink;

import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.highavailability.ClientHighAvailabilityServices;
import org.apache.flink.runtime.leaderretrieval.LeaderRetrievalListener;
import org.apache.flink.runtime.leaderretrieval.LeaderRetrievalService;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** TaskManagers and clients follow any of the daemons, over TCP, with Flink's own service. */
class RetrievalTest {

    private Lab lab;
    private FakeDaemon one;
    private FakeDaemon two;
    private FakeDaemon.Register lagging;

    @BeforeEach
    void open() throws Exception {
        lab = new Lab();
        lab.environment.clear();
        one = lab.closeLater(FakeDaemon.tcp(new FakeDaemon.Register()));
        lagging = new FakeDaemon.Register();
        two = lab.closeLater(FakeDaemon.tcp(lagging));
        lab.configuration.setString("jmha.address", one.hostPort() + "," + two.hostPort());
    }

    @AfterEach
    void close() throws Exception {
        lab.close();
    }

    private static final class Listener implements LeaderRetrievalListener {
        final List<String> events = new CopyOnWriteArrayList<>();

        @Override
        public void notifyLeaderAddress(String address, UUID id) {
            events.add(address + " " + (id == null ? null : id.getLeastSignificantBits()));
        }

        @Override
        public void handleError(Exception e) {
            events.add("error " + e);
        }

        String last() {
            return events.isEmpty() ? "" : events.get(events.size() - 1);
        }
    }

    private Listener follow(HaBackend backend, String component) throws Exception {
        final Listener listener = new Listener();
        final LeaderRetrievalService service = backend.retrieval(component);
        service.start(listener);
        lab.closeLater(service::stop);
        return listener;
    }

    @Test
    void pitfall_01_what_is_known_at_the_start_reaches_the_listener() throws Exception {
        one.claim(7);
        one.change("resource_manager", "addr");
        final HaBackend backend = lab.backend();
        final Listener first = follow(backend, "resource_manager");
        Lab.await("told", () -> first.last().equals("addr 7"));
        for (int i = 0; i < 50; i++) {
            // The follower knows it by now; the driver must not tell it before start() is done.
            final Listener next = follow(backend, "resource_manager");
            Lab.await("told", () -> next.last().equals("addr 7"));
        }
    }

    @Test
    void a_change_is_pushed() throws Exception {
        one.claim(7);
        final Listener listener = follow(lab.backend(), "job-1");
        Lab.await("connected", () -> one.followers() > 0);
        one.change("job-1", "a");
        Lab.await("told", () -> listener.last().equals("a 7"));
        one.change("job-1", null);
        Lab.await("told", () -> listener.last().equals("null null"));
        one.change("job-1", "b");
        Lab.await("told", () -> listener.last().equals("b 7"));
        one.claim(8);
        Lab.await("a new epoch empties", () -> listener.last().equals("null null"));
        one.change("job-1", "c");
        Lab.await("told", () -> listener.last().equals("c 8"));
    }

    @Test
    void before_the_first_leader_there_is_none() throws Exception {
        final Listener listener = follow(lab.backend(), "dispatcher");
        Lab.await("connected", () -> one.followers() > 0);
        one.claim(1);
        one.change("dispatcher", "a");
        Lab.await("told", () -> listener.last().equals("a 1"));
        assertEquals(1, listener.events.size(), () -> "" + listener.events);
    }

    @Test
    void the_next_daemon_is_asked_and_never_leads_back() throws Exception {
        one.claim(7);
        one.change("dispatcher", "seven");
        two.claim(6);
        two.change("dispatcher", "six");
        final Listener listener = follow(lab.backend(), "dispatcher");
        Lab.await("told", () -> listener.last().equals("seven 7"));
        one.stop();
        Lab.await("asked", () -> two.followers() > 0);
        two.change("dispatcher", "six again");
        two.change("dispatcher", null);
        lab.awaitLog("is behind or has lost ZooKeeper");
        assertEquals(List.of("seven 7"), listener.events, "an older epoch tells nothing");
        two.claim(8);
        two.change("dispatcher", "eight");
        Lab.await("told", () -> listener.last().equals("eight 8"));
    }

    @Test
    void a_daemon_that_lags_within_the_epoch_takes_nothing_away() throws Exception {
        one.claim(7);
        one.change("job-1", "a");
        two.claim(7);
        final Listener listener = follow(lab.backend(), "job-1");
        Lab.await("told", () -> listener.last().equals("a 7"));
        one.stop();
        Lab.await("asked", () -> two.followers() > 0);
        two.change("job-2", "b");
        final Listener other = follow(lab.backend(), "job-2");
        Lab.await("told", () -> other.last().equals("b 7"));
        assertEquals(List.of("a 7"), listener.events);
        two.change("job-1", null);
        Lab.await("deleted in so many words", () -> listener.last().equals("null null"));
    }

    @Test
    void a_silent_daemon_is_left() throws Exception {
        one.silent(true);
        two.claim(7);
        two.change("dispatcher", "a");
        final Listener listener = follow(lab.backend(), "dispatcher");
        Lab.await("told", () -> listener.last().equals("a 7"));
    }

    @Test
    void a_daemon_without_zookeeper_is_left() throws Exception {
        one.claim(7);
        one.change("dispatcher", "seven");
        one.stale(true);
        two.claim(8);
        two.change("dispatcher", "eight");
        final Listener listener = follow(lab.backend(), "dispatcher");
        Lab.await("told", () -> listener.last().equals("eight 8"));
    }

    @Test
    void pitfall_15_a_lost_stream_keeps_the_addresses() throws Exception {
        one.claim(7);
        one.change("dispatcher", "a");
        final Listener listener = follow(lab.backend(), "dispatcher");
        Lab.await("told", () -> listener.last().equals("a 7"));
        one.stop();
        two.stop();
        lab.awaitLog("keeping the addresses known");
        Thread.sleep(200);
        one.startAgain();
        Lab.await("back", () -> one.followers() > 0);
        assertEquals(List.of("a 7"), listener.events);
    }

    @Test
    void no_daemon_at_the_start_is_waited_for() throws Exception {
        one.stop();
        two.stop();
        final Listener listener = follow(lab.backend(), "dispatcher");
        lab.awaitLog("no daemon answers there", "api.listen");
        two.startAgain();
        two.claim(1);
        two.change("dispatcher", "a");
        Lab.await("told", () -> listener.last().equals("a 1"));
    }

    @Test
    void a_listener_that_blocks_does_not_stop_the_stream() throws Exception {
        one.claim(7);
        final HaBackend backend = lab.backend();
        final Object lock = new Object();
        final List<String> seen = new CopyOnWriteArrayList<>();
        final LeaderRetrievalService blocking = backend.retrieval("dispatcher");
        blocking.start(
                new LeaderRetrievalListener() {
                    @Override
                    public void notifyLeaderAddress(String address, UUID id) {
                        synchronized (lock) {
                            seen.add("" + address);
                        }
                    }

                    @Override
                    public void handleError(Exception e) {}
                });
        synchronized (lock) {
            one.change("dispatcher", "a");
            for (int i = 0; i < 20; i++) {
                one.change("dispatcher", "b" + i);
            }
        }
        Lab.await("the last one", () -> seen.contains("b19"));
        blocking.stop();
    }

    @Test
    void pitfall_16_a_client_needs_an_address_and_nothing_else() throws Exception {
        one.claim(7);
        one.change("rest_server", "http://a:1");
        final Configuration bare = new Configuration();
        bare.setString("jmha.address", one.hostPort());
        final Listener listener = new Listener();
        try (ClientHighAvailabilityServices client =
                new JmhaHaServicesFactory().createClientHAServices(bare)) {
            final LeaderRetrievalService rest = client.getClusterRestEndpointLeaderRetriever();
            rest.start(listener);
            Lab.await("told", () -> listener.last().equals("http://a:1 7"));
            rest.stop();
        }
        Lab.await(
                "closed",
                () -> {
                    one.change("x", "y");
                    return one.followers() == 0;
                });
        final Exception e =
                assertThrows(
                        Exception.class,
                        () ->
                                new JmhaHaServicesFactory()
                                        .createClientHAServices(new Configuration()));
        assertTrue(e.getMessage().contains("jmha.address"), e.getMessage());
    }

    @Test
    void the_only_daemon_is_kept_but_said_when_it_lost_zookeeper() throws Exception {
        lab.configuration.setString("jmha.address", one.hostPort());
        one.claim(7);
        one.change("dispatcher", "a");
        final Listener listener = follow(lab.backend(), "dispatcher");
        Lab.await("told", () -> listener.last().equals("a 7"));
        one.stale(true);
        lab.awaitLog("is behind or has lost ZooKeeper; asking again");
        one.change("dispatcher", "b");
        Lab.await("followed all the same", () -> listener.last().equals("b 7"));
        one.stale(false);
        lab.awaitLog("followed by daemon");
        assertEquals(1, lab.countLog("has lost ZooKeeper"));
    }

    @Test
    void nonsense_of_a_daemon_changes_nothing_and_is_said() throws Exception {
        lab.configuration.setString("jmha.address", one.hostPort());
        one.claim(7);
        one.change("dispatcher", "a");
        final Listener listener = follow(lab.backend(), "dispatcher");
        Lab.await("told", () -> listener.last().equals("a 7"));
        one.tellFollowers(FakeDaemon.line("state").put("epoch", 9).put("leader_id", "no uuid"));
        lab.awaitLog("said what cannot be handled", "no uuid");
        one.change("dispatcher", "b");
        Lab.await("epoch 7 still counts", () -> listener.last().equals("b 7"));
    }

    @Test
    void a_wrong_address_is_said() {
        lab.configuration.setString("jmha.address", "jm-a");
        final Exception e = assertThrows(Exception.class, () -> lab.backend());
        assertTrue(e.getMessage().contains("'jm-a' is not host:port"), e.getMessage());
        assertFalse(e.getMessage().isEmpty());
    }
}
