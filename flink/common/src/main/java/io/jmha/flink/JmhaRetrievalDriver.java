// SPDX-License-Identifier: Apache-2.0
package io.jmha.flink;

import org.apache.flink.runtime.leaderelection.LeaderInformation;
import org.apache.flink.runtime.leaderretrieval.DefaultLeaderRetrievalService;
import org.apache.flink.runtime.leaderretrieval.LeaderRetrievalDriver;
import org.apache.flink.runtime.leaderretrieval.LeaderRetrievalEventHandler;
import org.apache.flink.runtime.leaderretrieval.LeaderRetrievalService;

/**
 * Tells Flink where one component of the leader is.
 *
 * <p>Never from the constructor: DefaultLeaderRetrievalService drops what comes before its start()
 * is done.
 */
final class JmhaRetrievalDriver implements LeaderRetrievalDriver {

    private final EndpointFollower follower;
    private final String component;
    private final LeaderRetrievalEventHandler handler;

    /** Only used by the follower's notifying thread. */
    private LeaderInformation last;

    private volatile boolean closed;

    private JmhaRetrievalDriver(
            EndpointFollower follower, String component, LeaderRetrievalEventHandler handler) {
        this.follower = follower;
        this.component = component;
        this.handler = handler;
    }

    static LeaderRetrievalService service(EndpointFollower follower, String component) {
        return new DefaultLeaderRetrievalService(
                (handler, fatal) -> {
                    final JmhaRetrievalDriver driver =
                            new JmhaRetrievalDriver(follower, component, handler);
                    follower.add(driver);
                    return driver;
                });
    }

    void deliver() {
        final LeaderInformation information = follower.information(component);
        if (!closed && information != null && !information.equals(last)) {
            last = information;
            handler.notifyLeaderAddress(information);
        }
    }

    @Override
    public void close() {
        closed = true;
        follower.remove(this);
    }

    @Override
    public String toString() {
        return "JmhaRetrievalDriver{" + component + "}";
    }
}
