// SPDX-License-Identifier: Apache-2.0
package io.jmha.flink;

/**
 * Every duration of the library, in milliseconds.
 *
 * @param connect until a stream is connected
 * @param idle a stream silent for so long is taken for lost (heartbeats come each second)
 * @param pause between two attempts to open a stream
 * @param report between two reports of the state; also the deadline of one
 * @param patience how long a call is retried. The job store is called in the Dispatcher's main
 *     thread, up to twice in a row: twice this has to stay below {@code pekko.ask.timeout} (10 s)
 * @param attempt deadline of one attempt of a call
 * @param listPatience the same for each part of a list: that only runs while jobs are recovered, in
 *     an I/O thread, and its failure ends the process
 * @param recheck between two looks at parked jobs
 * @param grace for calls that are under way at a revoke; what has no answer then is given up, since
 *     Flink's closing waits for it
 * @param noStore a revoked term for which Flink opened no job store within this time has none
 * @param aside how long a standby may be silent before it pauses; a fraction of the daemon's ready_ms
 * @param haltAfter until the daemon says it ({@code halt_after_ms})
 */
record Timing(
        long connect,
        long idle,
        long pause,
        long report,
        long patience,
        long attempt,
        long listPatience,
        long recheck,
        long grace,
        long noStore,
        long aside,
        long haltAfter) {

    static final Timing DEFAULT =
            new Timing(
                    1000, 3000, 200, 1000, 4000, 2000, 20000, 3000, 200, 1000, 30000, 10000);
}
