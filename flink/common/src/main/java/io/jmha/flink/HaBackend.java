// SPDX-License-Identifier: Apache-2.0
package io.jmha.flink;

import org.apache.flink.api.common.JobID;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.fs.Path;
import org.apache.flink.runtime.checkpoint.CheckpointIDCounter;
import org.apache.flink.runtime.checkpoint.CompletedCheckpoint;
import org.apache.flink.runtime.leaderelection.LeaderElectionDriver;
import org.apache.flink.runtime.leaderelection.LeaderElectionDriverFactory;
import org.apache.flink.runtime.leaderretrieval.LeaderRetrievalService;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.function.Function;

import javax.annotation.Nullable;

/**
 * What the services of all Flink lines share: builds the parts, binds stores to the present term.
 * Nothing is opened before it is needed, so that a TaskManager needs no Unix socket.
 */
final class HaBackend implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(HaBackend.class);

    static final String RESOURCE_MANAGER = "resource_manager";
    static final String DISPATCHER = "dispatcher";
    static final String REST_SERVER = "rest_server";
    private static final String APPLICATIONS = "applications/";

    private final JmhaConfig config;
    private final Timing timing;
    private final Halt halt;
    private final EndpointFollower follower;
    private final Map<String, String> environment;

    @Nullable private volatile JmhaElectionDriver driver;
    @Nullable private volatile Standby standby;
    @Nullable private volatile StorageCheck storageCheck;
    @Nullable private volatile ParkedJobs parkedJobs;

    HaBackend(
            Configuration configuration,
            Map<String, String> environment,
            Timing timing,
            Halt halt) {
        this.config = new JmhaConfig(configuration, environment);
        this.timing = timing;
        this.halt = halt;
        this.environment = environment;
        this.follower = new EndpointFollower(config.endpointSources(), timing);
    }

    JmhaConfig config() {
        return config;
    }

    static String jobComponent(JobID job) {
        return "job-" + job.toHexString();
    }

    // ------------------------------------------------------------------ election and retrieval

    LeaderElectionDriverFactory electionDriverFactory() {
        return this::createDriver;
    }

    private JmhaElectionDriver createDriver(LeaderElectionDriver.Listener listener) {
        final DaemonClient client = new DaemonClient(config.requireSocket());
        config.requireStorage();
        final JmhaElectionDriver created =
                new JmhaElectionDriver(config, client, timing, halt, listener, this::recover);
        driver = created;
        created.start();
        closeStandby(); // of an election that Flink closed and opens anew
        standby = Standby.start(config, environment, created.leadership());
        storageCheck = StorageCheck.start(client, created.leadership()::standsBy, timing);
        return created;
    }

    private void recover(String job) {
        final ParkedJobs present = parkedJobs;
        if (present != null) {
            present.recover(job);
        }
    }

    LeaderRetrievalService retrieval(String component) {
        return JmhaRetrievalDriver.service(follower, component);
    }

    // ------------------------------------------------------------------ stores

    private TermClient bind(String what, boolean mayWait) {
        final JmhaElectionDriver present = driver;
        if (present == null) {
            throw new IllegalStateException(what + " was asked for outside of a JobManager");
        }
        final Term term = present.leadership().requireTerm(what);
        final DaemonClient client = new DaemonClient(config.requireSocket());
        return new TermClient(client, present.leadership(), term, timing, mayWait);
    }

    /** A job store's parts; {@code life} is told when Flink stops it. */
    record JobStore<T extends Serializable>(
            JmhaStateHandleStore<T> handles, ParkedJobs parked, Term.StoreLife life) {}

    <T extends Serializable> JobStore<T> openJobStore(
            String filePrefix, Function<T, String> application) {
        final TermClient client = bind("the job store", false);
        final ParkedJobs parked = new ParkedJobs(client, timing.recheck());
        final JmhaStateHandleStore<T> handles =
                new JmhaStateHandleStore<>(
                        client, ParkedJobs.JOBS, files(filePrefix), parked, application);
        final Term.StoreLife life = client.term().storeOpened();
        parkedJobs = parked;
        return new JobStore<>(handles, parked, life);
    }

    <T extends Serializable> JmhaStateHandleStore<T> openApplicationStore(String filePrefix) {
        final ParkedJobs parked = parkedJobs;
        return new JmhaStateHandleStore<>(
                bind("the application store", false),
                APPLICATIONS,
                files(filePrefix),
                all -> parked == null ? all : parked.keepApplications(all),
                state -> null);
    }

    JmhaStateHandleStore<CompletedCheckpoint> openCheckpointStore(JobID job) {
        final TermClient client = bind("the checkpoint store", true);
        return new JmhaStateHandleStore<>(
                client,
                checkpoints(job),
                files("completedCheckpoint"),
                all -> withoutBrokenOld(client.term(), all),
                state -> null);
    }

    /**
     * Of several retained checkpoints the newest counts; one of the older without its file must not
     * keep the job from starting. (If the newest is broken, the job was parked.)
     */
    private static List<TermClient.Entry> withoutBrokenOld(Term term, List<TermClient.Entry> all) {
        final List<TermClient.Entry> kept = new ArrayList<>();
        for (int i = 0; i < all.size(); i++) {
            final String why =
                    i == all.size() - 1 ? null : ParkedJobs.problem("old checkpoint", all.get(i));
            if (why == null) {
                kept.add(all.get(i));
            } else {
                LOG.warn("epoch={} {}: left out, a newer one is there", term.epoch(), why);
            }
        }
        return kept;
    }

    CheckpointIDCounter openCounter(JobID job, Executor ioExecutor) {
        return new JmhaCheckpointIdCounter(bind("a checkpoint counter", true), job, ioExecutor);
    }

    private static String checkpoints(JobID job) {
        return ParkedJobs.CHECKPOINTS + job.toHexString() + "/";
    }

    private StateFiles files(String prefix) {
        final Path folder = config.requireStorage();
        return new StateFiles(folder, prefix);
    }

    // ------------------------------------------------------------------ cleaning up

    /** A job is over for good: its checkpoints, counter, pointer and address go. */
    void cleanUpJob(JobID job) throws DaemonException {
        final TermClient client = bind("cleaning up job " + job, true);
        for (TermClient.Entry entry : client.list(checkpoints(job))) {
            delete(client, entry.key());
        }
        client.deleteNumber(job.toHexString());
        delete(client, ParkedJobs.JOBS + job.toHexString());
        client.unpublish(jobComponent(job));
    }

    private static void delete(TermClient client, String key) throws DaemonException {
        final byte[] value = client.delete(key);
        if (value != null) {
            try {
                StateFiles.delete(Pointer.parse(value).target());
            } catch (IOException e) {
                LOG.warn("epoch={} pointer {} named no file", client.term().epoch(), key);
            }
        }
    }

    /**
     * Flink wants everything deleted when a cluster is shut down, but only after this process gave
     * up its leadership: by then another member may lead with these data.
     */
    static void refuseCleanUp() {
        LOG.warn(
                "the jobs, checkpoints and blobs of this cluster are kept: this process does not"
                        + " lead any more, another member may use them. To remove a cluster for"
                        + " good, stop all its daemons, then delete its storage folders");
    }

    private void closeStandby() {
        final Standby warming = standby;
        if (warming != null) {
            warming.close();
        }
        final StorageCheck checking = storageCheck;
        if (checking != null) {
            checking.close();
        }
    }

    @Override
    public void close() {
        closeStandby();
        final JmhaElectionDriver present = driver;
        if (present != null) {
            present.close();
        }
        follower.close();
    }
}
