// SPDX-License-Identifier: Apache-2.0
package io.jmha.flink;

import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.DeploymentOptions;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How Flink's stores of results are configured. In application mode the end of the job ends its
 * JobManager, and the next one that is granted runs the application's main method: unless it finds
 * there that the job has ended, it runs it again, from nothing. By default Flink deletes the result
 * as soon as it has cleaned up behind the job.
 */
final class ResultStores {

    private static final Logger LOG = LoggerFactory.getLogger(ResultStores.class);

    /** {@code EmbeddedExecutor.NAME}, of flink-clients. */
    private static final String APPLICATION_MODE = "embedded";

    private ResultStores() {}

    /**
     * As given, but in application mode results are kept where nothing else is said.
     *
     * @param store what the store's options begin with
     */
    static Configuration configuration(Configuration given, String store) {
        final ConfigOption<Boolean> delete =
                ConfigOptions.key(store + ".delete-on-commit").booleanType().noDefaultValue();
        if (!APPLICATION_MODE.equals(given.get(DeploymentOptions.TARGET))) {
            return given;
        }
        if (given.getOptional(delete).orElse(false)) {
            LOG.warn(
                    "{} is true: when the application has ended, the next leader runs it again,"
                            + " from nothing; remove that line",
                    delete.key());
        }
        final Configuration kept = new Configuration(given);
        kept.set(delete, given.getOptional(delete).orElse(false));
        return kept;
    }
}
