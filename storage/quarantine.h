/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeps what was found damaged: a copy of the file and the reason as text beside it (PROTOCOL B3:
 * always a copy, made by the leader alone; nothing is ever moved or deleted here).  Storage thread.
 */
#pragma once

/*
 * Copies <cluster>/<dir>/<name> to <cluster>/quarantine/<name> and writes <name>.reason, both
 * durable. cluster_fd: the cluster's directory; dir: "log" or "snapshot".  A copy that exists is
 * kept, and is success: the first is the one to look at.
 */
int quarantine_copy(int cluster_fd, const char *dir, const char *name, const char *reason);
