// SPDX-License-Identifier: Apache-2.0

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.apache.flink.api.common.JobID;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.GlobalConfiguration;
import org.apache.flink.runtime.highavailability.HighAvailabilityServices;
import org.apache.flink.runtime.highavailability.HighAvailabilityServicesUtils;
import org.apache.flink.runtime.leaderretrieval.LeaderRetrievalListener;
import org.apache.flink.runtime.leaderretrieval.LeaderRetrievalService;
import org.apache.flink.runtime.rpc.AddressResolution;
import org.apache.flink.runtime.rpc.RpcSystem;

/**
 * What N TaskManagers ask of high availability, in one JVM: each has its own services, made by Flink
 * as a TaskManager makes them, and follows the ResourceManager and one job.
 *
 * <pre>
 *   Followers CONF_DIR N [JOBID]
 *   MS ready N                          all have been started
 *   MS leader I ADDRESS LEADER_ID       follower I was told of a ResourceManager (- : of none)
 * </pre>
 */
public final class Followers {
	private Followers() {}

	public static void main(String[] args) throws Exception {
		Configuration configuration = GlobalConfiguration.loadConfiguration(args[0]);
		int n = Integer.parseInt(args[1]);
		ExecutorService executor = Executors.newFixedThreadPool(2);
		RpcSystem rpcSystem = RpcSystem.load(configuration);
		List<Object> kept = new ArrayList<>(); // nothing may be collected
		for (int i = 0; i < n; i++) {
			HighAvailabilityServices services =
					HighAvailabilityServicesUtils.createHighAvailabilityServices(
							configuration,
							executor,
							AddressResolution.NO_ADDRESS_RESOLUTION,
							rpcSystem,
							error -> say("fatal " + error));
			kept.add(services);
			LeaderRetrievalService manager = services.getResourceManagerLeaderRetriever();
			manager.start(new Told(i, true));
			kept.add(manager);
			if (args.length > 2) {
				LeaderRetrievalService job =
						services.getJobManagerLeaderRetriever(JobID.fromHexString(args[2]), null);
				job.start(new Told(i, false));
				kept.add(job);
			}
		}
		say("ready " + n);
		Thread.currentThread().join();
		say("ended with " + kept.size());
	}

	private static synchronized void say(String text) {
		System.out.println(System.currentTimeMillis() + " " + text);
	}

	private static final class Told implements LeaderRetrievalListener {
		private final int index;
		private final boolean print;

		Told(int index, boolean print) {
			this.index = index;
			this.print = print;
		}

		@Override
		public void notifyLeaderAddress(String address, UUID id) {
			if (print) {
				say("leader " + index + " " + (address == null || address.isEmpty() ? "-" : address) + " " + id);
			}
		}

		@Override
		public void handleError(Exception error) {
			say("error " + index + " " + error);
		}
	}
}
