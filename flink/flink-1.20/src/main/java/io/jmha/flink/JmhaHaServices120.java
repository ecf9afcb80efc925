// SPDX-License-Identifier: Apache-2.0
package io.jmha.flink;

import org.apache.flink.api.common.JobID;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.blob.BlobUtils;
import org.apache.flink.runtime.checkpoint.CheckpointIDCounter;
import org.apache.flink.runtime.checkpoint.CheckpointRecoveryFactory;
import org.apache.flink.runtime.checkpoint.CompletedCheckpoint;
import org.apache.flink.runtime.checkpoint.CompletedCheckpointStore;
import org.apache.flink.runtime.checkpoint.DefaultCompletedCheckpointStore;
import org.apache.flink.runtime.checkpoint.DefaultCompletedCheckpointStoreUtils;
import org.apache.flink.runtime.highavailability.AbstractHaServices;
import org.apache.flink.runtime.highavailability.FileSystemJobResultStore;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.core.execution.RestoreMode;
import org.apache.flink.runtime.jobmanager.DefaultJobGraphStore;
import org.apache.flink.runtime.jobmanager.JobGraphStore;
import org.apache.flink.runtime.jobmanager.JobGraphStoreUtil;
import org.apache.flink.runtime.jobmanager.JobGraphStoreWatcher;
import org.apache.flink.runtime.leaderretrieval.LeaderRetrievalService;
import org.apache.flink.runtime.state.SharedStateRegistryFactory;

import java.util.Collection;
import java.util.concurrent.Executor;

/** The services for Flink 1.20; only what names types of that line is here. */
final class JmhaHaServices120 extends AbstractHaServices {

    private final HaBackend backend;

    JmhaHaServices120(Configuration configuration, Executor ioExecutor, HaBackend backend)
            throws Exception {
        super(
                configuration,
                backend.electionDriverFactory(),
                ioExecutor,
                BlobUtils.createBlobStoreFromConfig(configuration),
                FileSystemJobResultStore.fromConfiguration(
                        ResultStores.configuration(configuration, "job-result-store"),
                        ioExecutor));
        this.backend = backend;
    }

    @Override
    protected LeaderRetrievalService createLeaderRetrievalService(String component) {
        return backend.retrieval(component);
    }

    @Override
    protected CheckpointRecoveryFactory createCheckpointRecoveryFactory() {
        return new Checkpoints(backend, configuration, ioExecutor);
    }

    @Override
    protected JobGraphStore createJobGraphStore() {
        return new Jobs(backend.openJobStore("submittedJobGraph", graph -> null));
    }

    /** Stopping it ends the term: Dispatcher and JobMasters are closed by then. */
    private static final class Jobs extends DefaultJobGraphStore<Revision> {
        private final HaBackend.JobStore<JobGraph> store;

        Jobs(HaBackend.JobStore<JobGraph> store) {
            super(store.handles(), new Watcher(store.parked()), JobNames.INSTANCE);
            this.store = store;
        }

        /** Also called when it was never started; the watcher's is not. */
        @Override
        public void stop() throws Exception {
            try {
                super.stop();
            } finally {
                store.life().stopped();
            }
        }
    }

    private record Watcher(ParkedJobs parked) implements JobGraphStoreWatcher {

        @Override
        public void start(JobGraphStore.JobGraphListener listener) {
            parked.start(job -> listener.onAddedJobGraph(JobID.fromHexString(job)));
        }

        @Override
        public void stop() {
            parked.stop();
        }
    }

    private enum JobNames implements JobGraphStoreUtil {
        INSTANCE;

        @Override
        public String jobIDToName(JobID job) {
            return job.toHexString();
        }

        @Override
        public JobID nameToJobID(String name) {
            return JobID.fromHexString(name);
        }
    }

    private record Checkpoints(HaBackend backend, Configuration configuration, Executor ioExecutor)
            implements CheckpointRecoveryFactory {

        @Override
        public CompletedCheckpointStore createRecoveredCompletedCheckpointStore(
                JobID job,
                int retained,
                SharedStateRegistryFactory registryFactory,
                Executor executor,
                RestoreMode mode)
                throws Exception {
            final JmhaStateHandleStore<CompletedCheckpoint> handles =
                    backend.openCheckpointStore(job);
            final Collection<CompletedCheckpoint> recovered =
                    DefaultCompletedCheckpointStoreUtils.retrieveCompletedCheckpoints(
                            handles, CheckpointNames.INSTANCE);
            return new DefaultCompletedCheckpointStore<>(
                    retained,
                    handles,
                    CheckpointNames.INSTANCE,
                    recovered,
                    registryFactory.create(executor, recovered, mode),
                    executor);
        }

        @Override
        public CheckpointIDCounter createCheckpointIDCounter(JobID job) {
            return backend.openCounter(job, ioExecutor);
        }
    }

    @Override
    protected void internalClose() {
        backend.close();
    }

    @Override
    public void cleanupAllData() {
        HaBackend.refuseCleanUp();
    }

    @Override
    protected void internalCleanup() {
        throw new UnsupportedOperationException("see cleanupAllData");
    }

    @Override
    protected void internalCleanupJobData(JobID job) throws Exception {
        backend.cleanUpJob(job);
    }

    @Override
    protected String getLeaderPathForResourceManager() {
        return HaBackend.RESOURCE_MANAGER;
    }

    @Override
    protected String getLeaderPathForDispatcher() {
        return HaBackend.DISPATCHER;
    }

    @Override
    protected String getLeaderPathForJobManager(JobID job) {
        return HaBackend.jobComponent(job);
    }

    @Override
    protected String getLeaderPathForRestServer() {
        return HaBackend.REST_SERVER;
    }
}
