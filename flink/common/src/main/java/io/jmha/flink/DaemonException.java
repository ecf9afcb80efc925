// SPDX-License-Identifier: Apache-2.0
package io.jmha.flink;

import org.apache.flink.util.FlinkException;

import javax.annotation.Nullable;

/** A call to the daemon that brought no good answer; says whether it may have been carried out. */
final class DaemonException extends FlinkException {

    private static final long serialVersionUID = 1L;

    /** What is known of the call's effect. */
    enum Outcome {
        /** Certainly not carried out. */
        NOT_DONE,
        /** Carried out or not; nobody answered. */
        UNKNOWN,
        /** Certainly not carried out: a later epoch exists, or this term is over. */
        FENCED
    }

    private final Outcome outcome;

    DaemonException(Outcome outcome, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.outcome = outcome;
    }

    Outcome outcome() {
        return outcome;
    }
}
