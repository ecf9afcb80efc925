/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/savepoint_input.h"

#include <errno.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "ctl/say.h"
#include "ctl/state_file.h"

static int fail_memory(char reterr[WHOLE_FILE_ERROR_SIZE])
{
	return whole_file_fail(reterr, -ENOMEM, "not enough memory");
}

/* ---- which file */

static int fail_open(const char *path, int r, char reterr[WHOLE_FILE_ERROR_SIZE])
{
	return whole_file_fail(reterr, r, "cannot read %s: %s", path, strerror(-r));
}

/* Of `where`, or of the file within it.  An open descriptor, or a negative errno. */
static int find(const char *where, struct savepoint_input *in, struct stat *ret_st,
                char reterr[WHOLE_FILE_ERROR_SIZE])
{
	CLEANUP(closep) int fd = whole_file_open(where, ret_st);
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
		r = whole_file_open(in->path, ret_st);
		if (r == -ENOENT)
			return whole_file_fail(
			        reterr, r,
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

int savepoint_input_open(const char *where, struct savepoint_input *ret,
                         char reterr[WHOLE_FILE_ERROR_SIZE])
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
			return whole_file_fail(
			        reterr, -EPROTONOSUPPORT,
			        "%s is not on this host (%s): copy its _metadata file here, "
			        "and name that",
			        where, scheme);
	}
	fd = find(path, ret, &st, reterr);
	if (fd < 0)
		return fd;
	r = whole_file_read(fd, &st, ret->path, SAVEPOINT_INPUT_MOST, &ret->bytes, &ret->size,
	                    reterr);
	if (r < 0)
		return r;
	r = savepoint_read(ret->bytes, ret->size, &ret->savepoint, &error);
	if (r == -EBADMSG)
		return whole_file_fail(reterr, r, "%s, byte %" PRIu64 ": %s", ret->path,
		                       error.offset, error.text);
	return r < 0 ? fail_memory(reterr) : 0;
}

enum exit_code savepoint_input_take(const char *where, struct savepoint_input *ret)
{
	char wrong[WHOLE_FILE_ERROR_SIZE];
	int r = savepoint_input_open(where, ret, wrong);

	if (r == 0)
		return EXIT_DONE;
	say_line("%s", wrong);
	return r == -EPROTONOSUPPORT ? EXIT_USAGE : EXIT_FAILED;
}

void savepoint_input_done(struct savepoint_input *in)
{
	savepoint_done(&in->savepoint);
	free(in->bytes);
	free(in->path);
	free(in->directory);
	*in = (struct savepoint_input){ .path = NULL };
}
