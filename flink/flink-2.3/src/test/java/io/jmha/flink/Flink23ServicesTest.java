// SPDX-License-Identifier: Apache-2.0
package io.jmha.flink;

import org.apache.flink.api.common.ApplicationID;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobInfo;
import org.apache.flink.core.execution.RecoveryClaimMode;
import org.apache.flink.runtime.application.AbstractApplication;
import org.apache.flink.runtime.blob.PermanentBlobService;
import org.apache.flink.runtime.checkpoint.CheckpointRecoveryFactory;
import org.apache.flink.runtime.checkpoint.CompletedCheckpointStore;
import org.apache.flink.runtime.highavailability.HighAvailabilityServices;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.jobgraph.JobGraphTestUtils;
import org.apache.flink.runtime.jobmanager.ApplicationStore;
import org.apache.flink.runtime.jobmanager.ApplicationStoreEntry;
import org.apache.flink.runtime.jobmanager.ExecutionPlanStore;
import org.apache.flink.runtime.state.SharedStateRegistry;

import org.junit.jupiter.api.Test;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.Consumer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** The services on Flink 2.3. */
class Flink23ServicesTest extends ServicesTestBase {

    @Override
    String expectedClass() {
        return "JmhaHaServices23";
    }

    @Override
    Jobs jobs(HighAvailabilityServices services) throws Exception {
        final ExecutionPlanStore store = services.getExecutionPlanStore();
        return new Jobs() {
            @Override
            public void start(Consumer<JobID> onAdded) throws Exception {
                store.start(
                        new ExecutionPlanStore.ExecutionPlanListener() {
                            @Override
                            public void onAddedExecutionPlan(JobID job) {
                                onAdded.accept(job);
                            }

                            @Override
                            public void onRemovedExecutionPlan(JobID job) {}
                        });
            }

            @Override
            public void put(JobGraph job) throws Exception {
                store.putExecutionPlan(job);
            }

            @Override
            public Collection<JobID> ids() throws Exception {
                return store.getJobIds();
            }

            @Override
            public boolean recover(JobID job) throws Exception {
                return store.recoverExecutionPlan(job).getJobID().equals(job);
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
                job,
                1,
                SharedStateRegistry.DEFAULT_FACTORY,
                Runnable::run,
                RecoveryClaimMode.DEFAULT);
    }

    @Test
    void a_job_pointer_names_its_application() throws Exception {
        lead(7);
        final JobGraph graph = JobGraphTestUtils.emptyJobGraph();
        final ApplicationID application = new ApplicationID();
        graph.setApplicationId(application);
        final Jobs store = jobs(services);
        store.start(job -> {});
        store.put(graph);
        final String pointer =
                new String(
                        lab.daemon.pointer("jobs/" + graph.getJobID().toHexString()),
                        StandardCharsets.UTF_8);
        assertTrue(pointer.contains(application.toHexString()), pointer);
        store.stop();
    }

    /** What Flink stores of an application. */
    private record Entry(ApplicationID id) implements ApplicationStoreEntry {
        @Override
        public AbstractApplication getApplication(
                PermanentBlobService blobs,
                Collection<JobInfo> recovered,
                Collection<JobInfo> terminal) {
            throw new UnsupportedOperationException();
        }

        @Override
        public ApplicationID getApplicationId() {
            return id;
        }

        @Override
        public String getName() {
            return "application";
        }
    }

    @Test
    void an_application_is_recovered_by_the_next_leader() throws Exception {
        lead(7);
        final Jobs jobs = jobs(services);
        final ApplicationStore first = services.getApplicationStore();
        first.start();
        final ApplicationID id = new ApplicationID();
        first.putApplication(new Entry(id));
        first.stop();
        jobs.stop();

        nextTerm(8);
        final ApplicationStore second = services.getApplicationStore();
        second.start();
        assertEquals(List.of(id), new ArrayList<>(second.getApplicationIds()));
        assertEquals(id, second.recoverApplication(id).get().getApplicationId());
        second.globalCleanupAsync(id, Runnable::run).join();
        assertTrue(lab.daemon.register.pointers.isEmpty());
        assertEquals(List.of(), lab.files("submittedApplication"));
    }
}
