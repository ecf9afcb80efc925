// SPDX-License-Identifier: Apache-2.0
package io.jmha.flink;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends the process at once. A seam for tests.
 *
 * <p>A polite revoke of a superseded JobManager would cut the TaskManagers' connections to the new
 * leader: its JobMasters send disconnects that no fencing token guards.
 */
interface Halt {

    int EXIT_CODE = 70;

    Halt PROCESS =
            (epoch, why) -> {
                final Logger log = LoggerFactory.getLogger(Halt.class);
                log.error("epoch={} halting this JobManager (exit code 70): {}", epoch, why);
                Runtime.getRuntime().halt(EXIT_CODE);
            };

    void halt(long epoch, String why);
}
