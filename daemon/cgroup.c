/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds our cgroup, and splits it.  The layout: <unit>/guard, <unit>/jobmanager; the unit's own
 * cgroup stays without processes, as v2 wants it.
 */
#include "daemon/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "daemon/clock.h"

static void fclosep(FILE **f)
{
	if (*f)
		(void)fclose(*f);
}

/* Where cgroup v2 is mounted. */
static int find_mount(char *ret, size_t size)
{
	CLEANUP(fclosep) FILE *f = fopen("/proc/self/mountinfo", "re");
	CLEANUP(freep) char *line = NULL;
	size_t line_size = 0;

	if (!f)
		return -errno;
	while (getline(&line, &line_size, f) > 0) {
		char *type = strstr(line, " - ");
		char point[PATH_MAX];

		if (type && strncmp(type + 3, "cgroup2 ", 8) == 0 &&
		    sscanf(line, "%*d %*d %*s %*s %4095s", point) == 1 && strlen(point) < size) {
			memcpy(ret, point, strlen(point) + 1);
			return 0;
		}
	}
	return -ENOENT;
}

/* The cgroup of a process (`proc`: "self", or its number) as a path of the file system. */
static int find_of(const char *proc, char *ret, size_t size)
{
	CLEANUP(fclosep) FILE *f = NULL;
	char path[64], mount[PATH_MAX], line[PATH_MAX + 16];
	int n, r;

	(void)snprintf(path, sizeof(path), "/proc/%s/cgroup", proc);
	f = fopen(path, "re");
	if (!f)
		return -errno;
	r = find_mount(mount, sizeof(mount));
	if (r < 0)
		return r;
	while (fgets(line, sizeof(line), f)) {
		if (strncmp(line, "0::/", 4) != 0)
			continue;
		line[strcspn(line, "\n")] = '\0';
		if (line[4] == '\0' || strstr(line, "/../"))
			return -ENOENT; /* the root belongs to nobody; outside of our namespace */
		n = snprintf(ret, size, "%s%s", mount, line + 3);
		return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
	}
	return -ENOENT;
}

int cgroup_open(const char *path, const char *file, int flags)
{
	char name[PATH_MAX];
	int n = snprintf(name, sizeof(name), "%s/%s", path, file);
	int fd;

	if (n < 0 || (size_t)n >= sizeof(name))
		return -ENAMETOOLONG;
	fd = open(name, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int write_file(const char *path, const char *file, const char *text)
{
	CLEANUP(closep) int fd = cgroup_open(path, file, O_WRONLY);

	if (fd < 0)
		return fd;
	return write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

/* Are we the only process in it?  A cgroup that others live in is not ours to split. */
static bool alone_in(const char *path)
{
	CLEANUP(closep) int fd = cgroup_open(path, "cgroup.procs", O_RDONLY);
	char text[64], own[32];
	ssize_t n;

	if (fd < 0)
		return false;
	n = read(fd, text, sizeof(text) - 1);
	if (n < 0)
		return false;
	text[n] = '\0';
	(void)snprintf(own, sizeof(own), "%d\n", (int)getpid());
	return strcmp(text, own) == 0;
}

static int make_child(const char *parent, const char *name, char *ret, size_t size)
{
	int n = snprintf(ret, size, "%s/%s", parent, name);

	if (n < 0 || (size_t)n >= size)
		return -ENAMETOOLONG;
	return mkdir(ret, 0755) < 0 && errno != EEXIST ? -errno : 0;
}

int cgroup_prepare(char *ret_path, size_t size, bool *ret_oom_group)
{
	char own[PATH_MAX], guard[PATH_MAX], jobmanager[PATH_MAX];
	int r;

	/* systemd sets it for services; with Delegate= the cgroup's files belong to our user. */
	if (!getenv("INVOCATION_ID") || find_of("self", own, sizeof(own)) < 0 || !alone_in(own) ||
	    access(own, W_OK) < 0)
		return 0;
	r = make_child(own, "guard", guard, sizeof(guard));
	if (r < 0)
		return r == -EACCES || r == -EPERM || r == -EROFS ? 0 : r;
	r = make_child(own, "jobmanager", jobmanager, sizeof(jobmanager));
	if (r < 0)
		return r;
	if (strlen(jobmanager) >= size)
		return -ENAMETOOLONG;
	r = write_file(guard, "cgroup.procs", "0");
	if (r < 0)
		return r;
	/* A12: whatever an earlier guard left in it is not ours to lead with. */
	r = cgroup_empty(jobmanager, clock_boottime() + 2 * USEC_PER_SEC);
	if (r < 0)
		return r;
	*ret_oom_group = write_file(own, "cgroup.subtree_control", "+memory") == 0 &&
	                 write_file(jobmanager, "memory.oom.group", "1") == 0;
	memcpy(ret_path, jobmanager, strlen(jobmanager) + 1);
	return 1;
}

/* For a process in `guard/`: the `jobmanager/` beside it. */
static int find_jobmanager(char *ret, size_t size)
{
	char *slash;
	int r = find_of("self", ret, size);

	if (r < 0)
		return r;
	slash = strrchr(ret, '/');
	if (!slash || strcmp(slash, "/guard") != 0 || strlen(ret) + strlen("jobmanager") >= size)
		return -ENOENT;
	memcpy(slash + 1, "jobmanager", sizeof("jobmanager"));
	return 0;
}

int cgroup_open_jobmanager_kill(void)
{
	char path[PATH_MAX];
	int r = find_jobmanager(path, sizeof(path));

	return r < 0 ? r : cgroup_open(path, "cgroup.kill", O_WRONLY);
}

bool cgroup_is_jobmanager(pid_t pid)
{
	char path[PATH_MAX], jobmanager[PATH_MAX], number[16];

	(void)snprintf(number, sizeof(number), "%d", (int)pid);
	return find_jobmanager(jobmanager, sizeof(jobmanager)) == 0 &&
	       find_of(number, path, sizeof(path)) == 0 && strcmp(path, jobmanager) == 0;
}

int cgroup_populated(int events_fd)
{
	char text[256];
	ssize_t n = pread(events_fd, text, sizeof(text) - 1, 0);

	if (n < 0)
		return -errno;
	text[n] = '\0';
	return strstr(text, "populated 0") ? 0 : 1;
}

/* Until `populated` may have changed, but not longer than `deadline`, nor 50 ms. */
static void wait_event(int events_fd, usec_t deadline)
{
	struct pollfd p = { .fd = events_fd, .events = POLLPRI };
	usec_t left = usec_sub(deadline, clock_boottime());

	(void)poll(&p, 1, left < 50 * USEC_PER_MSEC ? (int)usec_to_ms(left) + 1 : 50);
}

int cgroup_empty(const char *path, usec_t deadline)
{
	CLEANUP(closep) int events = -1, kill_fd = -1;
	struct statfs fs;
	int r;

	if (statfs(path, &fs) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (fs.f_type != CGROUP2_SUPER_MAGIC)
		return -EPERM;
	events = cgroup_open(path, "cgroup.events", O_RDONLY);
	if (events < 0)
		return events == -ENOENT ? 0 : events;
	for (;;) {
		r = cgroup_populated(events);
		if (r <= 0)
			return r == -ENODEV ? 0 : r; /* the cgroup is gone */
		if (kill_fd < 0)
			kill_fd = cgroup_open(path, "cgroup.kill", O_WRONLY);
		if (kill_fd < 0)
			return kill_fd;
		if (write(kill_fd, "1", 1) < 0)
			return -errno;
		if (clock_boottime() >= deadline)
			return -ETIMEDOUT;
		wait_event(events, deadline);
	}
}
