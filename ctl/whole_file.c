/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/whole_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"

int whole_file_fail(char reterr[WHOLE_FILE_ERROR_SIZE], int r, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(reterr, WHOLE_FILE_ERROR_SIZE, format, ap);
	va_end(ap);
	return r;
}

int whole_file_open(const char *path, struct stat *ret)
{
	CLEANUP(closep) int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, ret) < 0)
		return -errno;
	return TAKE_FD(fd);
}

/* As long as it was when it was opened. */
static int read_all(int fd, const char *path, size_t expected, void **ret,
                    char reterr[WHOLE_FILE_ERROR_SIZE])
{
	const size_t room = expected + 1; /* one more: has it grown? */
	CLEANUP(freep) char *bytes = malloc(room);
	size_t size = 0;
	ssize_t n = 1;

	if (!bytes)
		return whole_file_fail(reterr, -ENOMEM, "not enough memory");
	while (size < room && n != 0) {
		n = read(fd, bytes + size, room - size);
		if (n < 0 && errno != EINTR) {
			int r = -errno;

			return whole_file_fail(reterr, r, "cannot read %s: %s", path, strerror(-r));
		}
		if (n > 0)
			size += (size_t)n;
	}
	if (size != expected)
		return whole_file_fail(reterr, -EBUSY,
		                       "%s changed while it was read, run it once more", path);
	*ret = TAKE_PTR(bytes);
	return 0;
}

int whole_file_read(int fd, const struct stat *st, const char *path, int64_t most, void **ret,
                    size_t *ret_size, char reterr[WHOLE_FILE_ERROR_SIZE])
{
	int r;

	if (!S_ISREG(st->st_mode))
		return whole_file_fail(reterr, -EINVAL, "%s is no regular file", path);
	if (st->st_size > most)
		return whole_file_fail(reterr, -EFBIG,
		                       "%s has %lld bytes, and no more than %" PRId64
		                       " are read; is it the right file?",
		                       path, (long long)st->st_size, most);
	r = read_all(fd, path, (size_t)st->st_size, ret, reterr);
	if (r == 0)
		*ret_size = (size_t)st->st_size;
	return r;
}
