/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel says of processes.  Threads: none. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

/* KiB of a field of smaps_rollup. */
double process_memory(pid_t pid, const char *field);

/* What these took since they began: ms of processor, bytes written to disks. */
struct spent {
	double cpu, written;
};
struct spent process_spent(const pid_t *pids, size_t n);

/* Runs a script with these arguments; the first line that it prints.  Its exit status. */
int process_run(const char *const argv[], char *ret_line, size_t size);
