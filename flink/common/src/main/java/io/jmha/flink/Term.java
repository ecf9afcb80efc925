// SPDX-License-Identifier: Apache-2.0
package io.jmha.flink;

import java.util.HashSet;
import java.util.Set;
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

    /** What this term's threads wait for at the moment; see {@link #abortCalls}. */
    private final Set<HttpExchange> calls = new HashSet<>();

    private boolean hurried;

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

    synchronized boolean isHurried() {
        return hurried;
    }

    /** False: this term has no time any more. */
    synchronized boolean callBegins(HttpExchange call) {
        return !hurried && calls.add(call);
    }

    synchronized void callEnds(HttpExchange call) {
        calls.remove(call);
    }

    /**
     * Some time after the revoke: Flink closes what it asked for only when the calls it made are
     * over, and a call that got no answer so far (ZooKeeper is silent) would keep the term open
     * until the process is killed for it. Their outcome is unknown, and no other one is begun.
     */
    synchronized void abortCalls() {
        hurried = true;
        calls.forEach(HttpExchange::abort);
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
