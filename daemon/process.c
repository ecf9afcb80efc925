/* SPDX-License-Identifier: Apache-2.0 */
/* Reads /proc. */
#include "daemon/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/cleanup.h"

/* As much as fits, and a NUL. */
static ssize_t read_proc(const char *path, char *ret, size_t size)
{
	CLEANUP(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t used = 0;
	ssize_t n;

	if (fd < 0)
		return -errno;
	do {
		n = read(fd, ret + used, size - 1 - used);
		if (n < 0)
			return -errno;
		used += (size_t)n;
	} while (n > 0 && used < size - 1);
	ret[used] = '\0';
	return (ssize_t)used;
}

int process_stat(pid_t pid, struct process_stat *ret)
{
	struct process_stat s = { 0 };
	char path[64], text[1024], *p;
	ssize_t n;
	int group;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	n = read_proc(path, text, sizeof(text));
	if (n < 0)
		return n == -ENOENT ? -ESRCH : (int)n;
	p = strrchr(text, ')'); /* the name before it may hold anything */
	/* proc(5): state, ppid, pgrp are fields 3 to 5, starttime is 22. */
	if (!p || sscanf(p + 1,
	                 " %c %*d %d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d "
	                 "%*d %" SCNu64,
	                 &s.state, &group, &s.start_time) != 3)
		return -EIO;
	s.group = group;
	*ret = s;
	return 0;
}

ssize_t process_children(pid_t *ret, size_t size)
{
	char text[4096], *p = text, *end;
	size_t found = 0;
	ssize_t n;

	n = read_proc("/proc/thread-self/children", text, sizeof(text));
	if (n < 0)
		return n;
	while (found < size) {
		long pid = strtol(p, &end, 10);

		/* The last number may be cut off: it needs its blank. */
		if (end == p || *end != ' ')
			break;
		ret[found++] = (pid_t)pid;
		p = end;
	}
	return (ssize_t)found;
}

pid_t process_group_any(pid_t group)
{
	CLEANUP(closedirp) DIR *proc = opendir("/proc");
	struct process_stat s;
	struct dirent *entry;

	if (!proc)
		return -errno;
	while ((entry = readdir(proc))) {
		long pid = strtol(entry->d_name, NULL, 10);

		if (pid > 0 && process_stat((pid_t)pid, &s) == 0 && s.group == group &&
		    s.state != 'Z' && s.state != 'X')
			return (pid_t)pid;
	}
	return 0;
}

bool process_has_env(pid_t pid, const char *line)
{
	char path[64], text[512];
	size_t matched = 0, wanted = strlen(line) + 1;
	bool at_start = true;
	ssize_t n;
	CLEANUP(closep) int fd = -1;

	(void)snprintf(path, sizeof(path), "/proc/%d/environ", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	while ((n = read(fd, text, sizeof(text))) > 0)
		for (ssize_t i = 0; i < n; i++) {
			if ((matched > 0 || at_start) && text[i] == line[matched]) {
				if (++matched == wanted) /* its NUL has matched, too */
					return true;
			} else {
				matched = 0;
			}
			at_start = text[i] == '\0';
		}
	return false;
}

int process_lock_memory(void)
{
	struct rlimit limit;
	int flags = MCL_CURRENT | MCL_ONFAULT;

	if (getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur == RLIM_INFINITY)
		flags |= MCL_FUTURE;
	return mlockall(flags) < 0 ? -errno : 0;
}
