// SPDX-License-Identifier: Apache-2.0
package io.jmha.flink;

import org.apache.flink.runtime.leaderelection.LeaderElectionDriver;
import org.apache.flink.runtime.leaderelection.LeaderInformation;
import org.apache.flink.runtime.leaderelection.LeaderInformationRegister;

import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

/** Flink's view of the {@link Leadership}: grants and revokes go in, addresses come out. */
final class JmhaElectionDriver implements LeaderElectionDriver, Leadership.Events {

    private static final Logger LOG = LoggerFactory.getLogger(JmhaElectionDriver.class);
    private static final String JOB = "job-";

    private final DaemonClient client;
    private final Timing timing;
    private final Listener listener;
    private final Consumer<String> onRecover;
    private final Leadership leadership;
    private final EndpointPublisher publisher = new EndpointPublisher();

    JmhaElectionDriver(
            JmhaConfig config,
            DaemonClient client,
            Timing timing,
            Halt halt,
            Listener listener,
            Consumer<String> onRecover) {
        this.client = client;
        this.timing = timing;
        this.listener = listener;
        this.onRecover = onRecover;
        this.leadership = new Leadership(config, client, timing, halt, this);
    }

    void start() {
        publisher.start();
        leadership.start();
    }

    Leadership leadership() {
        return leadership;
    }

    // ------------------------------------------------------------------ to Flink

    @Override
    public void granted(Term term) {
        listener.onGrantLeadership(term.leaderId());
    }

    @Override
    public void revoked(Term term) {
        listener.onRevokeLeadership();
    }

    @Override
    public void recover(String jobId) {
        onRecover.accept(jobId);
    }

    /** Asks the daemon, for which a revoke must not wait. */
    @Override
    public void reconnected(Term term) {
        publisher.compare(() -> compare(term));
    }

    /** Shows Flink what is published; it writes anew what differs from what it confirmed. */
    private void compare(Term term) {
        if (!term.isLeading()) {
            return;
        }
        final JsonNode published;
        try {
            final DaemonClient.Reply reply = client.call("GET", "/v1/endpoints", timing.attempt());
            if (!reply.ok()) {
                LOG.warn("epoch={} GET /v1/endpoints: {}", term.epoch(), reply.describe());
                return;
            }
            published = reply.json();
        } catch (IOException e) {
            LOG.warn("epoch={} endpoints not compared: {}", term.epoch(), e.getMessage());
            return;
        }
        if (published.path("epoch").asLong() > term.epoch() || !term.isLeading()) {
            return;
        }
        final Map<String, LeaderInformation> known = new HashMap<>();
        if (published.path("epoch").asLong() == term.epoch()) {
            final JsonNode components = published.path("components");
            components
                    .fieldNames()
                    .forEachRemaining(
                            name ->
                                    known.put(
                                            name,
                                            LeaderInformation.known(
                                                    term.leaderId(),
                                                    components.path(name).asText())));
        }
        listener.onLeaderInformationChange(new LeaderInformationRegister(known));
    }

    // ------------------------------------------------------------------ from Flink

    @Override
    public boolean hasLeadership() {
        leadership.checkAlive();
        final Term term = leadership.term();
        return term != null && term.isLeading();
    }

    @Override
    public void publishLeaderInformation(String componentId, LeaderInformation information) {
        final Term term = leadership.term();
        if (term == null || !term.isLeading()) {
            return;
        }
        if (information.isEmpty()) {
            deleteLeaderInformation(componentId);
        } else if (term.leaderId().equals(information.getLeaderSessionID())) {
            publisher.add(termClient(term), componentId, information.getLeaderAddress());
        }
    }

    /**
     * Deletes the address of a JobMaster: its job is done. Those of Dispatcher, ResourceManager and
     * REST are only given up when the process ends, and then stay until the next leader claims:
     * without them, TaskManagers would fail tasks while the JobMasters still close.
     */
    @Override
    public void deleteLeaderInformation(String componentId) {
        final Term term = leadership.term();
        if (term != null && term.isLeading() && componentId.startsWith(JOB)) {
            publisher.add(termClient(term), componentId, null);
        }
    }

    private TermClient termClient(Term term) {
        return new TermClient(client, leadership, term, timing, false);
    }

    @Override
    public void close() {
        leadership.close();
        publisher.close();
    }

    @Override
    public String toString() {
        return "JmhaElectionDriver{" + client.address() + "}";
    }
}
