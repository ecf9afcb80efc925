// SPDX-License-Identifier: Apache-2.0
package io.jmha.flink;

import org.apache.flink.api.common.JobID;
import org.apache.flink.core.execution.RestoreMode;
import org.apache.flink.runtime.checkpoint.CheckpointRecoveryFactory;
import org.apache.flink.runtime.checkpoint.CompletedCheckpointStore;
import org.apache.flink.runtime.highavailability.HighAvailabilityServices;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.jobmanager.JobGraphStore;
import org.apache.flink.runtime.state.SharedStateRegistry;

import java.util.Collection;
import java.util.function.Consumer;

/** The services on Flink 1.20. */
class Flink120ServicesTest extends ServicesTestBase {

    @Override
    String expectedClass() {
        return "JmhaHaServices120";
    }

    @Override
    Jobs jobs(HighAvailabilityServices services) throws Exception {
        final JobGraphStore store = services.getJobGraphStore();
        return new Jobs() {
            @Override
            public void start(Consumer<JobID> onAdded) throws Exception {
                store.start(
                        new JobGraphStore.JobGraphListener() {
                            @Override
                            public void onAddedJobGraph(JobID job) {
                                onAdded.accept(job);
                            }

                            @Override
                            public void onRemovedJobGraph(JobID job) {}
                        });
            }

            @Override
            public void put(JobGraph job) throws Exception {
                store.putJobGraph(job);
            }

            @Override
            public Collection<JobID> ids() throws Exception {
                return store.getJobIds();
            }

            @Override
            public boolean recover(JobID job) throws Exception {
                return store.recoverJobGraph(job).getJobID().equals(job);
            }

            @Override
            public void remove(JobID job) {
                store.globalCleanupAsync(job, Runnable::run).join();
            }

            @Override
            public void stop() throws Exception {
                store.stop();
            }
        };
    }

    @Override
    CompletedCheckpointStore recovered(CheckpointRecoveryFactory factory, JobID job)
            throws Exception {
        return factory.createRecoveredCompletedCheckpointStore(
                job, 1, SharedStateRegistry.DEFAULT_FACTORY, Runnable::run, RestoreMode.DEFAULT);
    }
}
