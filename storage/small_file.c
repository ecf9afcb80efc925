/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/small_file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "storage/segment.h"

ssize_t small_file_read(int fd, char *ret, size_t size)
{
	size_t at = 0;
	ssize_t n;

	do {
		n = pread(fd, ret + at, size - at, (off_t)at);
		at += n > 0 ? (size_t)n : 0;
	} while ((n > 0 && at < size) || (n < 0 && errno == EINTR));
	return n < 0 ? -errno : (ssize_t)at;
}

int small_file_write(int dir_fd, const char *name, const void *bytes, size_t size)
{
	CLEANUP(closep)
	int fd = openat(dir_fd, name,
	                O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0640);
	int r;

	if (fd < 0)
		return -errno;
	r = segment_write_all(fd, bytes, size, 0);
	if (r < 0)
		return r;
	return fsync(fd) < 0 ? -errno : 0;
}
