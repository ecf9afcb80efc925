// SPDX-License-Identifier: Apache-2.0
/**
 * Flink's high availability services over a jmha daemon.
 *
 * <p>{@link io.jmha.flink.JmhaHaServicesFactory} is the way in. One class does I/O to the daemon:
 * {@link io.jmha.flink.DaemonClient}; {@link io.jmha.flink.Leadership} knows whether this process
 * leads; {@link io.jmha.flink.TermClient} makes the calls of one term of leadership.
 */
package io.jmha.flink;
