// SPDX-License-Identifier: Apache-2.0
package io.jmha.flink;

import org.slf4j.Logger;

import javax.annotation.Nullable;

/** Says a lasting trouble once, not at each retry, and says when it is over. */
final class ChangeLog {

    private final Logger log;
    private final String what;
    private final boolean sayFirst;
    private boolean said;
    @Nullable private String trouble;

    /**
     * @param sayFirst whether it is worth a line that it went well from the start
     */
    ChangeLog(Logger log, String what, boolean sayFirst) {
        this.log = log;
        this.what = what;
        this.sayFirst = sayFirst;
    }

    synchronized void trouble(long epoch, String message) {
        if (!message.equals(trouble)) {
            trouble = message;
            log.warn("epoch={} {}: {}", Math.max(0, epoch), what, message);
        }
    }

    synchronized void fine(long epoch, String message) {
        if (trouble != null || sayFirst && !said) {
            log.info("epoch={} {}: {}", Math.max(0, epoch), what, message);
        }
        said = true;
        trouble = null;
    }
}
