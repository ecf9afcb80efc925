/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/savepoint_input.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "ctl/state_file.h"

/* Returns r. */
__attribute__((format(printf, 3, 4))) static int fail(char reterr[SAVEPOINT_INPUT_ERROR_SIZE],
                                                      int r, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(reterr, SAVEPOINT_INPUT_ERROR_SIZE, format, ap);
	va_end(ap);
	return r;
}

static int fail_memory(char reterr[SAVEPOINT_INPUT_ERROR_SIZE])
{
	return fail(reterr, -ENOMEM, "not enough memory");
}

/* ---- which file */

/* An open descriptor, or a negative errno.  A FIFO does not wait for a writer. */
static int open_path(const char *path, struct stat *ret)
{
	CLEANUP(closep) int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, ret) < 0)
		return -errno;
	return TAKE_FD(fd);
}

static int fail_open(const char *path, int r, char reterr[SAVEPOINT_INPUT_ERROR_SIZE])
{
	return fail(reterr, r, "cannot read %s: %s", path, strerror(-r));
}

/* Of `where`, or of the file within it.  An open descriptor, or a negative errno. */
static int find(const char *where, struct savepoint_input *in, struct stat *ret_st,
                char reterr[SAVEPOINT_INPUT_ERROR_SIZE])
{
	CLEANUP(closep) int fd = open_path(where, ret_st);
	CLEANUP(freep) char *copy = NULL;
	int r = 0;

	if (fd < 0)
		return fail_open(where, fd, reterr);
	if (S_ISDIR(ret_st->st_mode)) {
		size_t n = strlen(where);

		in->directory = strdup(where);
		while (n > 1 && where[n - 1] == '/')
			n--;
		if (asprintf(&in->path, "%.*s%s_metadata", (int)n, where,
		             where[n - 1] == '/' ? "" : "/") < 0)
			in->path = NULL;
		if (!in->directory || !in->path)
			return fail_memory(reterr);
		r = open_path(in->path, ret_st);
		if (r == -ENOENT)
			return fail(reterr, r,
			            "there is no _metadata file in %s: a checkpoint that was not "
			            "completed has none",
			            where);
		return r < 0 ? fail_open(in->path, r, reterr) : r;
	}
	in->path = strdup(where);
	copy = strdup(where);
	in->directory = copy ? strdup(dirname(copy)) : NULL;
	if (!in->path || !in->directory)
		return fail_memory(reterr);
	return TAKE_FD(fd);
}

/* ---- its bytes */

/* The whole file, as long as it was when it was opened. */
static int read_all(int fd, const struct stat *st, struct savepoint_input *in,
                    char reterr[SAVEPOINT_INPUT_ERROR_SIZE])
{
	size_t room = (size_t)st->st_size + 1; /* one more: has it grown? */
	ssize_t n = 1;

	in->bytes = malloc(room);
	if (!in->bytes)
		return fail_memory(reterr);
	while (in->size < room && n != 0) {
		n = read(fd, (char *)in->bytes + in->size, room - in->size);
		if (n < 0 && errno != EINTR)
			return fail_open(in->path, -errno, reterr);
		if (n > 0)
			in->size += (size_t)n;
	}
	if (in->size != (size_t)st->st_size)
		return fail(reterr, -EBUSY, "%s changed while it was read, run it once more",
		            in->path);
	return 0;
}

static int read_file(int fd, const struct stat *st, struct savepoint_input *in,
                     char reterr[SAVEPOINT_INPUT_ERROR_SIZE])
{
	if (!S_ISREG(st->st_mode))
		return fail(reterr, -EINVAL, "%s is no regular file", in->path);
	if (st->st_size > SAVEPOINT_INPUT_MOST)
		return fail(reterr, -EFBIG,
		            "%s has %lld bytes, and no more than %" PRId64
		            " are read; is it a _metadata file?",
		            in->path, (long long)st->st_size, SAVEPOINT_INPUT_MOST);
	return read_all(fd, st, in, reterr);
}

int savepoint_input_open(const char *where, struct savepoint_input *ret,
                         char reterr[SAVEPOINT_INPUT_ERROR_SIZE])
{
	CLEANUP(closep) int fd = -EBADF;
	char scheme[STATE_FILE_SCHEME_SIZE];
	struct input_error error;
	const char *path = where;
	struct stat st;
	int r;

	*ret = (struct savepoint_input){ .path = NULL };
	if (state_file_scheme(where, scheme)) {
		path = state_file_local(where);
		if (!path)
			return fail(reterr, -EPROTONOSUPPORT,
			            "%s is not on this host (%s): copy its _metadata file here, "
			            "and name that",
			            where, scheme);
	}
	fd = find(path, ret, &st, reterr);
	if (fd < 0)
		return fd;
	r = read_file(fd, &st, ret, reterr);
	if (r < 0)
		return r;
	r = savepoint_read(ret->bytes, ret->size, &ret->savepoint, &error);
	if (r == -EBADMSG)
		return fail(reterr, r, "%s, byte %" PRIu64 ": %s", ret->path, error.offset,
		            error.text);
	return r < 0 ? fail_memory(reterr) : 0;
}

void savepoint_input_done(struct savepoint_input *in)
{
	savepoint_done(&in->savepoint);
	free(in->bytes);
	free(in->path);
	free(in->directory);
	*in = (struct savepoint_input){ .path = NULL };
}
