// SPDX-License-Identifier: Apache-2.0
package io.jmha.flink;

import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.IllegalConfigurationException;
import org.apache.flink.runtime.highavailability.ClientHighAvailabilityServices;
import org.apache.flink.runtime.highavailability.HighAvailabilityServices;
import org.apache.flink.runtime.highavailability.HighAvailabilityServicesFactory;
import org.apache.flink.runtime.leaderretrieval.LeaderRetrievalService;
import org.apache.flink.runtime.util.EnvironmentInformation;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Executor;

/**
 * The value of {@code high-availability.type}. Picks the services for the Flink that is running: a
 * class for each line, since they name types that the others lack.
 */
public final class JmhaHaServicesFactory implements HighAvailabilityServicesFactory {

    private static final Logger LOG = LoggerFactory.getLogger(JmhaHaServicesFactory.class);

    /** What Flink calls; {@code common} is compiled against one line only. */
    private static final List<Class<?>> COMPLETE =
            List.of(
                    CheckpointNames.class,
                    JmhaCheckpointIdCounter.class,
                    JmhaElectionDriver.class,
                    JmhaRetrievalDriver.class,
                    JmhaStateHandleStore.class);

    private static final String STORES = "org.apache.flink.runtime.jobmanager.";

    @Override
    public HighAvailabilityServices createHAServices(Configuration configuration, Executor executor)
            throws Exception {
        final HaBackend backend =
                new HaBackend(configuration, System.getenv(), Timing.DEFAULT, Halt.PROCESS);
        backend.config().checkStorage();
        LOG.info(
                "jmha-flink {} on Flink {}: daemon {}, {}",
                JmhaConfig.release(),
                EnvironmentInformation.getVersion(),
                backend.config().endpointSources(),
                backend.config().hasSocket() ? "as a JobManager" : "as a TaskManager or client");
        return create(configuration, executor, backend);
    }

    /** Only where REST is: no storage, no socket, no threads until asked. */
    @Override
    public ClientHighAvailabilityServices createClientHAServices(Configuration configuration) {
        final JmhaConfig config = new JmhaConfig(configuration, System.getenv());
        return new ClientServices(new EndpointFollower(config.endpointSources(), Timing.DEFAULT));
    }

    private record ClientServices(EndpointFollower follower)
            implements ClientHighAvailabilityServices {

        @Override
        public LeaderRetrievalService getClusterRestEndpointLeaderRetriever() {
            return JmhaRetrievalDriver.service(follower, HaBackend.REST_SERVER);
        }

        @Override
        public void close() {
            follower.close();
        }
    }

    static HighAvailabilityServices create(
            Configuration configuration, Executor executor, HaBackend backend) throws Exception {
        final String name = "io.jmha.flink.JmhaHaServices" + line();
        try {
            final Class<?> services = Class.forName(name);
            for (Class<?> ours : COMPLETE) {
                requireComplete(ours);
            }
            requireComplete(services);
            for (Class<?> part : services.getDeclaredClasses()) {
                requireComplete(part);
            }
            final Constructor<?> constructor =
                    services.getDeclaredConstructor(
                            Configuration.class, Executor.class, HaBackend.class);
            return (HighAvailabilityServices)
                    constructor.newInstance(configuration, executor, backend);
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof Exception cause) {
                throw cause;
            }
            throw wrongFlink(e.getCause());
        } catch (ReflectiveOperationException | LinkageError e) {
            throw wrongFlink(e);
        }
    }

    /** Which of our classes fits: each line added a store. */
    private static String line() {
        if (exists("ApplicationStore")) {
            return "23";
        }
        if (exists("ExecutionPlanStore")) {
            return "20";
        }
        if (exists("JobGraphStore")) {
            return "120";
        }
        throw wrongFlink(null);
    }

    private static boolean exists(String store) {
        try {
            Class.forName(STORES + store, false, JmhaHaServicesFactory.class.getClassLoader());
            return true;
        } catch (ClassNotFoundException e) {
            return false;
        }
    }

    /**
     * Another Flink may ask for more than we have, or for the same with other types; better said now
     * than when it asks. What AbstractHaServices asks of us is not public.
     */
    static void requireComplete(Class<?> ours) {
        for (Method method : ours.getMethods()) {
            requireImplemented(method, ours);
        }
        for (Class<?> each = ours; each != null; each = each.getSuperclass()) {
            for (Method method : each.getDeclaredMethods()) {
                requireImplemented(method, ours);
            }
        }
    }

    private static void requireImplemented(Method method, Class<?> ours) {
        if (!Modifier.isAbstract(method.getModifiers())) {
            return;
        }
        for (Class<?> each = ours; each != null; each = each.getSuperclass()) {
            for (Method other : each.getDeclaredMethods()) {
                if (!Modifier.isAbstract(other.getModifiers())
                        && other.getName().equals(method.getName())
                        && Arrays.equals(other.getParameterTypes(), method.getParameterTypes())) {
                    return;
                }
            }
        }
        throw wrongFlink(new AbstractMethodError(method.toString()));
    }

    private static IllegalConfigurationException wrongFlink(Throwable cause) {
        return new IllegalConfigurationException(
                "jmha-flink fits Flink 1.20, 2.0 to 2.2 and 2.3, but this is Flink "
                        + EnvironmentInformation.getVersion()
                        + (cause == null ? "" : " (" + cause + ")")
                        + ": put the jmha-flink jar that belongs to this Flink into its lib folder,"
                        + " once, and into no other",
                cause);
    }
}
