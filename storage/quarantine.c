/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/quarantine.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "storage/segment.h"

enum { BLOCK = 64 * 1024 };

static int open_dir(int cluster_fd, const char *name)
{
	int fd = openat(cluster_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int create(int dir_fd, const char *name)
{
	int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);

	return fd < 0 ? -errno : fd;
}

static int copy(int from, int to, uint64_t limit)
{
	CLEANUP(freep) uint8_t *block = malloc(BLOCK);
	uint64_t at = 0;
	ssize_t n;
	int r;

	if (!block)
		return -ENOMEM;
	while (at < limit && (n = pread(from, block, BLOCK, (off_t)at)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		r = segment_write_all(to, block, (size_t)n, at);
		if (r < 0)
			return r;
		at += (uint64_t)n;
	}
	return fdatasync(to) < 0 ? -errno : 0;
}

int quarantine_copy(int cluster_fd, const char *dir, const char *name, const char *reason)
{
	CLEANUP(closep) int from_dir = open_dir(cluster_fd, dir);
	CLEANUP(closep) int to_dir = open_dir(cluster_fd, "quarantine");
	CLEANUP(closep) int from = -EBADF;
	CLEANUP(closep) int to = -EBADF;
	CLEANUP(closep) int why = -EBADF;
	char reason_name[NAME_MAX + 1];
	int r;

	if (from_dir < 0 || to_dir < 0)
		return from_dir < 0 ? from_dir : to_dir;
	r = text_format(reason_name, sizeof(reason_name), "%s.reason", name);
	if (r < 0)
		return -ENAMETOOLONG;
	from = openat(from_dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (from < 0)
		return -errno;
	to = create(to_dir, name);
	if (to < 0)
		return to == -EEXIST ? 0 : to;
	r = copy(from, to, strcmp(dir, "log") == 0 ? SEGMENT_FILE_MAX : UINT64_MAX);
	if (r < 0)
		return r;
	why = create(to_dir, reason_name);
	if (why < 0)
		return why == -EEXIST ? 0 : why;
	r = segment_write_all(why, reason, strlen(reason), 0);
	if (r < 0)
		return r;
	return fdatasync(why) < 0 || fsync(to_dir) < 0 ? -errno : 0;
}
