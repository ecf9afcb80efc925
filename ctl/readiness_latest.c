/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/readiness_latest.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "ctl/state_file.h"

/* Each may be replaced while it is read. */
enum { TRIES = 10 };

/* "chk-7" -> 7; 0: another name. */
static unsigned long long number_of(const char *name)
{
	unsigned long long n;
	char *end;

	if (strncmp(name, "chk-", 4) != 0 || name[4] < '0' || name[4] > '9')
		return 0;
	n = strtoull(name + 4, &end, 10);
	return *end == '\0' ? n : 0;
}

/* The highest number among its neighbours; 0: none. */
static unsigned long long newest_in(const char *directory)
{
	DIR *d = opendir(directory);
	unsigned long long newest = 0, n;
	const struct dirent *entry;

	while (d && (entry = readdir(d)) != NULL) {
		n = number_of(entry->d_name);
		if (n > newest)
			newest = n;
	}
	if (d)
		(void)closedir(d);
	return newest;
}

/* DIR of "DIR/chk-7"; NULL: it is no such path, or memory ran out. */
static char *directory_of(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	return slash && slash > path && number_of(slash + 1) > 0
	               ? strndup(path, (size_t)(slash - path))
	               : NULL;
}

static int open_number(const char *directory, unsigned long long n, struct savepoint_input *ret,
                       char reterr[WHOLE_FILE_ERROR_SIZE])
{
	CLEANUP(freep) char *path = NULL;

	if (asprintf(&path, "%s/chk-%llu", directory, n) < 0) {
		path = NULL;
		return whole_file_fail(reterr, -ENOMEM, "not enough memory");
	}
	savepoint_input_done(ret);
	return savepoint_input_open(path, ret, reterr);
}

int readiness_latest_open(const char *where, struct savepoint_input *ret,
                          char reterr[WHOLE_FILE_ERROR_SIZE])
{
	CLEANUP(freep) char *directory = directory_of(state_file_local(where));
	int r = savepoint_input_open(where, ret, reterr);

	for (int i = 0; directory && i < TRIES && r == -ENOENT; i++) {
		unsigned long long newest = newest_in(directory);

		if (newest == 0)
			return r;
		r = open_number(directory, newest, ret, reterr);
		/* One that is written now has no file yet. */
		if (r == -ENOENT && newest > 1)
			r = open_number(directory, newest - 1, ret, reterr);
	}
	return r;
}
