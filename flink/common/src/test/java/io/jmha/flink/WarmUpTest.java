// SPDX-License-Identifier: Apache-2.0
package io.jmha.flink;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** What is loaded ahead, and when. */
class WarmUpTest {

    private Lab lab;

    @BeforeEach
    void open() throws Exception {
        lab = new Lab();
    }

    @AfterEach
    void close() throws Exception {
        lab.close();
    }

    /** Notes what it is asked for. */
    private static final class Loader extends ClassLoader {
        final List<String> asked = new ArrayList<>();

        Loader() {
            super(WarmUpTest.class.getClassLoader());
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            asked.add(name);
            return super.loadClass(name, resolve);
        }
    }

    private static final class Careful {
        static final AtomicBoolean STARTED = started();

        private static AtomicBoolean started() {
            INITIALISED.set(true);
            return INITIALISED;
        }
    }

    private static final AtomicBoolean INITIALISED = new AtomicBoolean();

    @Test
    void a_list_has_a_name_a_line_and_comments() throws Exception {
        final String text = "# SPDX\n\n a.B \na.C$D # why\n";
        assertEquals(
                List.of("a.B", "a.C$D"),
                WarmUp.read(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8))));
    }

    @Test
    void classes_that_this_flink_lacks_are_left_out() {
        final Loader loader = new Loader();
        final WarmUp warmUp =
                new WarmUp(List.of("no.such.Thing", "[broken", Careful.class.getName()), loader);
        assertTrue(warmUp.run(() -> true));
        assertTrue(loader.asked.contains(Careful.class.getName()));
        assertFalse(INITIALISED.get(), "no static initialiser runs out of turn");
        assertTrue(lab.log().contains("1 classes"), lab.log());
    }

    @Test
    void it_stops_when_a_grant_comes_and_goes_on_later() {
        final Loader loader = new Loader();
        final WarmUp warmUp = new WarmUp(List.of("a.A", "a.B", "a.C"), loader);
        assertFalse(warmUp.run(() -> loader.asked.size() < 2));
        assertEquals(List.of("a.A", "a.B"), loader.asked);
        assertTrue(warmUp.run(() -> true));
        assertEquals(List.of("a.A", "a.B", "a.C"), loader.asked);
    }

    @Test
    void the_list_in_the_jar_fits_this_flink() throws Exception {
        assertTrue(WarmUp.ofResource().run(() -> true));
        final String line =
                lab.log().lines().filter(l -> l.contains("warmed up")).findFirst().orElseThrow();
        final int loaded = Integer.parseInt(line.replaceAll(".*: (\\d+) classes.*", "$1"));
        assertTrue(loaded > 500, line);
    }

    @Test
    void a_standby_warms_up_once_it_waits() throws Exception {
        lab.configuration.setString("jmha.warm-up", "classes");
        final Lab.Contender contender = lab.jobManager(lab.backend());
        lab.awaitLog("warmed up for a takeover");
        assertTrue(lab.reports().contains("waiting 0"), lab.reports().toString());
        Lab.await("it ends", () -> threads("jmha-standby") == 0);
        assertEquals(0, lab.countLog("rehearsed"), "classes only");
        assertEquals(List.of(), contender.events);
    }

    @Test
    void who_leads_at_once_does_not() throws Exception {
        lab.configuration.setString("jmha.warm-up", "classes");
        final HaBackend backend = lab.leading(7);
        final HaBackend.JobStore<String> store = backend.openJobStore("submitted", plan -> null);
        lab.daemon.revoke(7, false);
        lab.daemon.say(FakeDaemon.line("recover").put("jobid", "0"));
        Lab.await("some reports", () -> lab.reports().contains("leading 7"));
        assertEquals(0, lab.countLog("warmed up"), "it still closes");
        store.life().stopped();
        lab.awaitLog("warmed up for a takeover");
    }

    @Test
    void it_can_be_switched_off() throws Exception {
        lab.configuration.setString("jmha.warm-up", "false");
        lab.jobManager(lab.backend());
        Lab.await("waiting", () -> lab.reports().contains("waiting 0"));
        Lab.await("no thread is left", () -> threads("jmha-standby") == 0);
        assertEquals(0, lab.countLog("warmed up"));
    }

    private static long threads(String name) {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals(name))
                .count();
    }

    private Leadership leadership() throws Exception {
        final JmhaConfig config = lab.backend().config();
        final Leadership leadership =
                lab.closeLater(
                        new Leadership(
                                config,
                                new DaemonClient(config.requireSocket()),
                                Lab.FAST,
                                (epoch, why) -> lab.halts.add(why),
                                new Ignored()));
        assertFalse(leadership.standsBy(), "the daemon does not know it yet");
        leadership.start();
        Lab.await("stands by", leadership::standsBy);
        return leadership;
    }

    @Test
    void who_leads_does_not_stand_by() throws Exception {
        final Leadership leadership = leadership();
        final UUID id = lab.daemon.grant(7);
        Lab.await("granted", () -> leadership.term() != null);
        assertEquals(id, leadership.term().leaderId());
        assertFalse(leadership.standsBy());
        lab.daemon.revoke(7, false);
        Lab.await("stands by again", leadership::standsBy);
        assertTrue(lab.reports().contains("revoked 7"), "not before the term is over");
    }

    private int said() {
        return lab.daemon.calls("PUT", "/v1/leadership").size();
    }

    private int asked() {
        return lab.daemon.calls("GET", "/v1/status").size();
    }

    @Test
    void who_steps_aside_says_nothing_until_it_steps_back() throws Exception {
        final Leadership leadership = leadership();
        final CompletableFuture<Boolean> aside = stepAside(leadership);
        Lab.await("it asks", () -> asked() > 2);
        assertFalse(aside.isDone(), "the daemon still counts on it");
        final int before = said();
        final int many = asked() + 20; // as long as several reports
        Lab.await("it asks on", () -> asked() > many);
        lab.daemon.jobManagerState = "starting";
        assertTrue(aside.get(30, TimeUnit.SECONDS));
        assertEquals(before, said());
        leadership.stepBack();
        Lab.await("it says that it waits", () -> said() > before);
    }

    @Test
    void a_grant_is_taken_by_one_who_steps_aside() throws Exception {
        final Leadership leadership = leadership();
        final CompletableFuture<Boolean> aside = stepAside(leadership);
        Lab.await("it asks", () -> asked() > 2);
        lab.daemon.grant(7);
        assertFalse(aside.get(30, TimeUnit.SECONDS));
        Lab.await("it says so", () -> lab.reports().contains("leading 7"));
    }

    private static CompletableFuture<Boolean> stepAside(Leadership leadership) {
        return CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return leadership.stepAside();
                    } catch (InterruptedException e) {
                        throw new IllegalStateException(e);
                    }
                });
    }

    private static final class Ignored implements Leadership.Events {
        @Override
        public void granted(Term term) {}

        @Override
        public void revoked(Term term) {}

        @Override
        public void reconnected(Term term) {}

        @Override
        public void recover(String jobId) {}
    }
}
