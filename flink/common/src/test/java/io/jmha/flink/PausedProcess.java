// SPDX-License-Identifier: Apache-2.0
package io.jmha.flink;

import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.HighAvailabilityOptions;
import org.apache.flink.runtime.leaderelection.DefaultLeaderElectionService;
import org.apache.flink.runtime.leaderelection.LeaderElection;
import org.apache.flink.runtime.leaderelection.TestingGenericLeaderContender;

import java.util.Map;

/** A process that leads, for {@link PausedProcessTest} to stop. Arguments: socket, storage. */
final class PausedProcess {

    private PausedProcess() {}

    public static void main(String[] arguments) throws Exception {
        final Configuration configuration = new Configuration();
        configuration.set(HighAvailabilityOptions.HA_STORAGE_PATH, arguments[1]);
        final Map<String, String> environment = Map.of("JMHA_SOCKET", arguments[0]);
        final HaBackend backend =
                new HaBackend(configuration, environment, Timing.DEFAULT, Halt.PROCESS);
        final DefaultLeaderElectionService service =
                new DefaultLeaderElectionService(backend.electionDriverFactory());
        final LeaderElection election = service.createLeaderElection(HaBackend.DISPATCHER);
        election.startLeaderElection(
                TestingGenericLeaderContender.newBuilder()
                        .setGrantLeadershipConsumer(id -> System.out.println("granted"))
                        .setRevokeLeadershipRunnable(() -> System.out.println("revoked"))
                        .build());
        Thread.sleep(Long.MAX_VALUE);
    }
}
