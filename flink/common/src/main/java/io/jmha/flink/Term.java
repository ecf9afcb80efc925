// SPDX-License-Identifier: Apache-2.0
package io.jmha.flink;

import java.util.UUID;

/**
 * One term of leadership of this process, from the grant until all of it is closed.
 *
 * <p>Stores and counters are bound to the term in which they were made, so that nothing of an older
 * term writes with a newer epoch. The term is closed when the last job store made in it is stopped:
 * Flink stops it after the Dispatcher and all its JobMasters have ended.
 */
final class Term {

    private final long epoch;
    private final UUID leaderId;
    private final Runnable onClosed;

    private boolean revoked;
    private boolean closed;
    private int openStores;
    private boolean hadStore;

    Term(long epoch, UUID leaderId, Runnable onClosed) {
        this.epoch = epoch;
        this.leaderId = leaderId;
        this.onClosed = onClosed;
    }

    long epoch() {
        return epoch;
    }

    UUID leaderId() {
        return leaderId;
    }

    synchronized boolean isLeading() {
        return !revoked && !closed;
    }

    synchronized boolean isClosed() {
        return closed;
    }

    /** Returns whether this was the first call: Flink is told once. */
    synchronized boolean revoke() {
        final boolean first = !revoked;
        revoked = true;
        return first;
    }

    /** Flink opens a job store: a Dispatcher of this term is about to live. */
    synchronized StoreLife storeOpened() {
        if (closed) {
            throw new IllegalStateException(
                    "epoch=" + epoch + " the term is over; no job store is opened in it any more");
        }
        openStores++;
        hadStore = true;
        return new StoreLife();
    }

    /** Closes a term in which no Dispatcher lives. */
    void closeIfNoStore(boolean unlessHadOne) {
        final boolean closes;
        synchronized (this) {
            closes = !closed && openStores == 0 && !(unlessHadOne && hadStore);
            if (closes) {
                closed = true;
            }
        }
        if (closes) {
            onClosed.run();
        }
    }

    /** The life of one job store; stopping it twice counts once. */
    final class StoreLife {
        private boolean stopped;

        void stopped() {
            synchronized (Term.this) {
                if (stopped) {
                    return;
                }
                stopped = true;
                openStores--;
            }
            closeIfNoStore(false);
        }
    }

    @Override
    public String toString() {
        return "epoch " + epoch;
    }
}
