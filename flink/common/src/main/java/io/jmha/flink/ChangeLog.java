// SPDX-License-Identifier: Apache-2.0
package io.jmha.flink;

import org.slf4j.Logger;

/** Says a lasting trouble once, not at each retry, and says when it is over. */
final class ChangeLog {

    private final Logger log;
    private final String what;
    private String last;

    ChangeLog(Logger log, String what) {
        this.log = log;
        this.what = what;
    }

    synchronized void trouble(long epoch, String message) {
        if (!message.equals(last)) {
            last = message;
            log.warn("epoch={} {}: {}", epoch, what, message);
        }
    }

    synchronized void fine(long epoch, String message) {
        if (last == null || !last.isEmpty()) {
            log.info("epoch={} {}: {}", epoch, what, message);
        }
        last = "";
    }
}
