// SPDX-License-Identifier: Apache-2.0
package io.jmha.flink;

import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.HighAvailabilityOptions;
import org.apache.flink.configuration.IllegalConfigurationException;
import org.apache.flink.core.fs.Path;
import org.apache.flink.runtime.highavailability.HighAvailabilityServicesUtils;

import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;

import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;

import javax.annotation.Nullable;

/** What the library reads from Flink's configuration and from the environment. */
final class JmhaConfig {

    static final ConfigOption<String> ADDRESS =
            ConfigOptions.key("jmha.address")
                    .stringType()
                    .noDefaultValue()
                    .withDescription(
                            "Daemons that TaskManagers and clients ask: host:port,host:port.");

    static final ConfigOption<String> SOCKET =
            ConfigOptions.key("jmha.socket")
                    .stringType()
                    .noDefaultValue()
                    .withDescription(
                            "Unix socket of a JobManager's daemon, instead of JMHA_SOCKET.");

    static final ConfigOption<String> WARM_UP =
            ConfigOptions.key("jmha.warm-up")
                    .stringType()
                    .defaultValue("classes")
                    .withDescription(
                            "How a JobManager that stands by prepares itself for a takeover:"
                                    + " classes (it loads them), true (it runs a tiny job in"
                                    + " itself, too), false (not at all).");

    private final Configuration configuration;
    private final Map<String, String> environment;
    @Nullable private final DaemonAddress socket;
    private final List<DaemonAddress> addresses;

    JmhaConfig(Configuration configuration, Map<String, String> environment) {
        this.configuration = configuration;
        this.environment = environment;
        final String path =
                configuration
                        .getOptional(SOCKET)
                        .orElse(environment.getOrDefault("JMHA_SOCKET", ""));
        this.socket = path.isBlank() ? null : DaemonAddress.unix(path.trim());
        try {
            this.addresses = DaemonAddress.parseList(configuration.getOptional(ADDRESS).orElse(""));
        } catch (IllegalArgumentException e) {
            throw new IllegalConfigurationException(
                    ADDRESS.key() + ": " + e.getMessage() + "; write host:port,host:port", e);
        }
        if (socket == null && addresses.isEmpty()) {
            throw new IllegalConfigurationException(
                    "no jmha daemon is known: a TaskManager or client needs "
                            + ADDRESS.key()
                            + " (host:port,host:port); a JobManager is started by its daemon, which"
                            + " sets JMHA_SOCKET, or needs "
                            + SOCKET.key());
        }
    }

    /** Of this library; daemons have the same. */
    static String release() {
        final String version = JmhaConfig.class.getPackage().getImplementationVersion();
        return version == null ? "(unpacked)" : version;
    }

    /** Why a daemon may not know its own JobManager; "" when there is nothing odd. */
    private String aboutSocket() {
        final String given = environment.getOrDefault("JMHA_SOCKET", "");
        return socket == null || given.isEmpty() || given.equals(socket.path())
                ? ""
                : "; "
                        + SOCKET.key()
                        + " in Flink's configuration names this daemon, but JMHA_SOCKET that of the"
                        + " one which started this process, "
                        + given
                        + ": take "
                        + SOCKET.key()
                        + " out";
    }

    /** The Unix socket of the daemon that owns this JobManager. */
    DaemonAddress requireSocket() {
        if (socket == null) {
            throw new IllegalConfigurationException(
                    "this process wants to lead, so it is a JobManager, but neither JMHA_SOCKET nor"
                        + " "
                            + SOCKET.key()
                            + " says where its daemon is: let jmhad start it (jobmanager.mode ="
                            + " \"hot\", jobmanager.command)");
        }
        return socket;
    }

    boolean hasSocket() {
        return socket != null;
    }

    Configuration configuration() {
        return configuration;
    }

    boolean warmsUp() {
        return !configuration.get(WARM_UP).equals("false");
    }

    boolean rehearses() {
        return warmsUp() && !configuration.get(WARM_UP).equals("classes");
    }

    /** Whom to ask for endpoints: the own daemon, else each of the listed ones in turn. */
    List<DaemonAddress> endpointSources() {
        return socket != null ? List.of(socket) : addresses;
    }

    /**
     * The folder for files of job and checkpoint pointers; made, and so proven usable.
     *
     * @throws IllegalConfigurationException when it is not set or cannot be made
     */
    Path requireStorage() {
        final Path path = storagePath();
        try {
            if (path.getFileSystem().mkdirs(path)) {
                return path;
            }
            throw new IOException("it could not be made");
        } catch (IOException | RuntimeException e) {
            throw new IllegalConfigurationException(
                    HighAvailabilityOptions.HA_STORAGE_PATH.key()
                            + ": "
                            + path
                            + " cannot be used ("
                            + e.getMessage()
                            + "): is it mounted, and writable by user "
                            + System.getProperty("user.name")
                            + "?",
                    e);
        }
    }

    /** Says what is missing more plainly than Flink, on TaskManagers too: blobs lie there. */
    void checkStorage() {
        storagePath();
    }

    private Path storagePath() {
        if (configuration
                .getOptional(HighAvailabilityOptions.HA_STORAGE_PATH)
                .orElse("")
                .isBlank()) {
            throw new IllegalConfigurationException(
                    HighAvailabilityOptions.HA_STORAGE_PATH.key()
                            + " is not set: job files, checkpoint files and blobs lie there; name a"
                            + " folder that all JobManagers and TaskManagers share");
        }
        return HighAvailabilityServicesUtils.getClusterHighAvailableStoragePath(configuration);
    }

    /** What a refusal of the leadership means and what to do about it. */
    String explain(DaemonAddress daemon, DaemonClient.Reply reply) {
        final String said = "daemon " + daemon + " answered " + reply.describe();
        return switch (reply.status()) {
            case 403 -> said
                    + "; this process is not the daemon's own JobManager, so it will never"
                    + " lead: end it and let jmhad start the JobManager (jobmanager.command),"
                    + " one JobManager for one daemon"
                    + aboutSocket();
            case 404 -> said
                    + "; the daemon does not run in hot mode: set jobmanager.mode = \"hot\""
                    + " in its configuration and restart it, or take"
                    + " high-availability.type out of Flink's configuration (or it is of an older"
                    + " release than jmha-flink "
                    + release()
                    + ")";
            case 503 -> said + "; asking again";
            default -> said
                    + "; is the daemon of the release of jmha-flink "
                    + release()
                    + "? Asking again";
        };
    }

    /** What this library understands. */
    static final int API_VERSION = 1;

    /** Why the API of an answer is not ours; null when it is, or when the answer does not tell. */
    @Nullable
    static String otherApi(JsonNode answer) {
        final long theirs = answer.path("version").asLong(API_VERSION);
        return theirs == API_VERSION
                ? null
                : String.format(
                        "speaks version %d of the API, jmha-flink %s speaks %d: install daemon and"
                                + " library of the same release",
                        theirs, release(), API_VERSION);
    }

    /** Why the daemon of this state line is not ours; null when it is. */
    @Nullable
    String contradiction(JsonNode state) {
        final String api = otherApi(state);
        if (api != null) {
            return api + "; refusing to be led by it";
        }
        for (String what : new String[] {"cluster", "member"}) {
            final String ours = environment.get("JMHA_" + what.toUpperCase(Locale.ROOT));
            final String theirs = state.path(what).asText("");
            if (ours != null && !theirs.isEmpty() && !ours.equals(theirs)) {
                return String.format(
                        "is of %s '%s', this JobManager was started for '%s': refusing to be led by"
                                + " it; correct jmha.socket or take it out",
                        what, theirs, ours);
            }
        }
        return null;
    }
}
