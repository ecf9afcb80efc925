// SPDX-License-Identifier: Apache-2.0
package io.jmha.flink;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

import javax.annotation.Nullable;

/**
 * Jobs left out of recovery because a file they need is gone or short: one such job would end each
 * JobManager in turn. They are reported, looked at again every few seconds and whenever an operator
 * says {@code recover}, and handed to Flink when they are put right.
 *
 * <p>It is the job that is left out, never its checkpoint alone: that job would start empty.
 *
 * <p>Thread {@code jmha-jobs}, from {@link #start} to the end of the term. Flink is called by it
 * and under no lock.
 */
final class ParkedJobs implements JmhaStateHandleStore.Selection {

    private static final Logger LOG = LoggerFactory.getLogger(ParkedJobs.class);

    static final String JOBS = "jobs/";
    static final String CHECKPOINTS = "checkpoints/";
    private static final String JOB_ID = "[0-9a-f]{32}";

    /** A daemon takes 1000 bytes. */
    private static final int MAX_WHY = 900;

    private static final class Parked {
        String why;

        /** The application of this job, "" when the pointer does not tell. */
        String application = "";

        boolean isApplication;
        boolean reported;
    }

    private final TermClient client;
    private final long recheckMs;
    private final ChangeLog log = new ChangeLog(LOG, "parked jobs", false);

    // All below are guarded by this.
    private final Map<String, Parked> parked = new TreeMap<>();

    /** Pointers that Flink has been given, with their revision. */
    private final Map<String, Long> given = new HashMap<>();

    private final Set<String> recover = new LinkedHashSet<>();

    /** Reported by us or by an earlier leader, and back. */
    private final Set<String> back = new HashSet<>();

    private boolean urgent;
    private boolean listed;
    private boolean stopped;

    ParkedJobs(TermClient client, long recheckMs) {
        this.client = client;
        this.recheckMs = recheckMs;
    }

    // ------------------------------------------------------------------ choosing

    @Override
    public List<TermClient.Entry> keep(List<TermClient.Entry> all) throws DaemonException {
        final Map<String, TermClient.Entry> newest = newestCheckpoints(client.list(CHECKPOINTS));
        final List<TermClient.Entry> kept = new ArrayList<>();
        for (TermClient.Entry entry : all) {
            final String job = entry.key().substring(JOBS.length());
            final String why = problem(entry, newest.get(job));
            if (why == null || !job.matches(JOB_ID)) {
                kept.add(entry);
                given(job, entry);
            } else {
                park(job, entry, why);
            }
        }
        synchronized (this) {
            listed = true;
            wake();
        }
        return kept;
    }

    /** The newest checkpoint pointer of each job; their names sort by number. */
    private static Map<String, TermClient.Entry> newestCheckpoints(List<TermClient.Entry> all) {
        final Map<String, TermClient.Entry> newest = new HashMap<>();
        for (TermClient.Entry entry : all) {
            final String[] parts = entry.key().split("/");
            if (parts.length == 3) {
                newest.merge(parts[1], entry, (a, b) -> a.key().compareTo(b.key()) > 0 ? a : b);
            }
        }
        return newest;
    }

    @Nullable
    private static String problem(TermClient.Entry job, @Nullable TermClient.Entry checkpoint) {
        final String why = problem("job", job);
        return why != null || checkpoint == null ? why : problem("newest checkpoint", checkpoint);
    }

    @Nullable
    static String problem(String what, TermClient.Entry entry) {
        if (entry.value() == null) {
            return what + ": pointer " + entry.key() + " is damaged, its value is lost";
        }
        try {
            final String why = StateFiles.problem(Pointer.parse(entry.value()));
            return why == null ? null : what + ": file " + why + " (pointer " + entry.key() + ")";
        } catch (IOException e) {
            return what + ": pointer " + entry.key() + " cannot be used: " + e.getMessage();
        }
    }

    private synchronized void given(String job, TermClient.Entry entry) {
        given.put(job, entry.revision());
        if (parked.remove(job) != null) {
            back.add(job);
        }
    }

    private void park(String job, TermClient.Entry entry, String why) {
        synchronized (this) {
            final Parked p = parked.computeIfAbsent(job, name -> new Parked());
            if (why.equals(p.why)) {
                return;
            }
            p.why = why;
            p.reported = false;
            p.application = applicationOf(entry);
            back.remove(job);
            wake();
        }
        LOG.error(
                "epoch={} job {} is left out, the others run. {}. Put the file back, or delete the"
                        + " job's pointers; no restart is needed",
                epoch(),
                job,
                why);
    }

    /** "" when the pointer does not tell. */
    private static String applicationOf(TermClient.Entry entry) {
        try {
            if (entry.value() != null) {
                final String application = Pointer.parse(entry.value()).application();
                return application == null ? "" : application;
            }
        } catch (IOException e) {
            // it does not tell
        }
        return "";
    }

    /**
     * Flink 2.3: applications that may start. Run again without its parked job, an application's
     * main() would submit that job anew, with empty state. Flink has no way to add an application
     * later: what is left out here comes back with the next grant.
     */
    List<TermClient.Entry> keepApplications(List<TermClient.Entry> all) {
        final List<TermClient.Entry> kept = new ArrayList<>();
        for (TermClient.Entry entry : all) {
            final String name = entry.key().substring(entry.key().lastIndexOf('/') + 1);
            final String broken = problem("application", entry);
            final String why = broken != null ? broken : parkedJobOf(name);
            if (why == null) {
                kept.add(entry);
            } else {
                parkApplication(name, why);
            }
        }
        return kept;
    }

    @Nullable
    private synchronized String parkedJobOf(String application) {
        for (Map.Entry<String, Parked> job : parked.entrySet()) {
            final String of = job.getValue().application;
            if (!job.getValue().isApplication && (of.isEmpty() || of.equals(application))) {
                return "application: its job " + job.getKey() + " is parked";
            }
        }
        return null;
    }

    private void parkApplication(String name, String why) {
        synchronized (this) {
            final Parked p = parked.computeIfAbsent(name, key -> new Parked());
            p.why = why;
            p.isApplication = true;
            back.remove(name);
            wake();
        }
        LOG.error(
                "epoch={} application {} is left out until the next grant (jmhactl step-down), once"
                        + " it is put right. {}",
                epoch(),
                name,
                why);
    }

    // ------------------------------------------------------------------ watching

    /** Flink's job store has started; jobs that are back go to {@code onAdded}. */
    void start(Consumer<String> onAdded) {
        Leadership.named("jobs").newThread(() -> run(onAdded)).start();
    }

    /** Does not wait: Flink calls this under the lock that {@code onAdded} needs. */
    synchronized void stop() {
        stopped = true;
        notifyAll();
    }

    /** An operator put a job right, or imported it. */
    void recover(String job) {
        if (!job.matches(JOB_ID)) {
            // It would be asked for, and refused, for ever.
            LOG.warn("epoch={} '{}' cannot be recovered: it is no job id", epoch(), job);
            return;
        }
        synchronized (this) {
            recover.add(job);
            wake();
        }
    }

    private void wake() {
        urgent = true;
        notifyAll();
    }

    private void run(Consumer<String> onAdded) {
        boolean reconciled = false;
        while (awaitWork()) {
            try {
                if (!reconciled) {
                    reconcile();
                    reconciled = true;
                }
                for (String job : toLookAt()) {
                    lookAt(job, onAdded);
                }
                report();
                log.fine(epoch(), "reported");
            } catch (DaemonException e) {
                log.trouble(epoch(), e.getMessage() + "; trying again");
            } catch (RuntimeException e) {
                LOG.error("epoch={} parked jobs could not be looked at", epoch(), e);
            }
        }
    }

    /** False at the end. */
    private synchronized boolean awaitWork() {
        final long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(recheckMs);
        try {
            while (!stopped && !(listed && urgent)) {
                final long leftMs = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
                if (leftMs <= 0 && listed) {
                    break;
                }
                wait(Math.max(1, leftMs > 0 ? leftMs : recheckMs));
            }
        } catch (InterruptedException e) {
            return false;
        }
        urgent = false;
        return !stopped && !client.term().isClosed();
    }

    /** Jobs that an earlier leader parked and that are fine now. */
    private void reconcile() throws DaemonException {
        final List<String> known = client.parked();
        synchronized (this) {
            known.removeAll(parked.keySet());
            back.addAll(known);
        }
    }

    private synchronized List<String> toLookAt() {
        final Set<String> jobs = new LinkedHashSet<>(recover);
        parked.forEach((job, p) -> jobs.addAll(p.isApplication ? Set.of() : Set.of(job)));
        return new ArrayList<>(jobs);
    }

    private void lookAt(String job, Consumer<String> onAdded) throws DaemonException {
        final boolean asked;
        final TermClient.Entry entry = client.get(JOBS + job);
        final Map<String, TermClient.Entry> newest =
                newestCheckpoints(client.list(CHECKPOINTS + job + "/"));
        synchronized (this) {
            asked = recover.remove(job);
        }
        if (entry == null) {
            forget(job, asked);
            return;
        }
        final String why = problem(entry, newest.get(job));
        if (why != null) {
            if (asked) {
                LOG.warn("epoch={} job {} cannot be recovered yet. {}", epoch(), job, why);
            }
            park(job, entry, why);
            return;
        }
        synchronized (this) {
            final Long revision = given.get(job);
            if (stopped || revision != null && revision == entry.revision()) {
                return;
            }
        }
        LOG.info("epoch={} job {} is put right and handed to Flink", epoch(), job);
        onAdded.accept(job);
        given(job, entry);
    }

    private void forget(String job, boolean asked) {
        if (asked) {
            LOG.warn(
                    "epoch={} job {} cannot be recovered: there is no pointer {}{}",
                    epoch(),
                    job,
                    JOBS,
                    job);
        }
        synchronized (this) {
            if (parked.remove(job) != null) {
                back.add(job);
            }
        }
    }

    private void report() throws DaemonException {
        final Map<String, String> news = new TreeMap<>();
        final List<String> gone;
        synchronized (this) {
            parked.forEach((job, p) -> news.put(job, p.reported ? null : p.why));
            gone = new ArrayList<>(back);
        }
        for (Map.Entry<String, String> job : news.entrySet()) {
            if (job.getValue() != null) {
                client.park(job.getKey(), shortened(job.getValue()));
                reported(job.getKey(), job.getValue());
            }
        }
        for (String job : gone) {
            client.unpark(job);
            synchronized (this) {
                back.remove(job);
            }
        }
    }

    /** Both ends tell something: what it is about, and the pointer. */
    static String shortened(String why) {
        final String ascii = why.replaceAll("[^ -~]+", "?");
        return ascii.length() <= MAX_WHY
                ? ascii
                : ascii.substring(0, MAX_WHY / 2)
                        + " ... "
                        + ascii.substring(ascii.length() - MAX_WHY / 2);
    }

    private synchronized void reported(String job, String why) {
        final Parked p = parked.get(job);
        if (p != null && why.equals(p.why)) {
            p.reported = true;
        }
    }

    private long epoch() {
        return client.term().epoch();
    }
}
