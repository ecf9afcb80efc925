/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/target_file.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"

static int hex(char c)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) % 16 : -1;
}

/* "file:/a%20b", "file:///a", "file://localhost/a" -> "/a b", "/a"; NULL for all else. */
static char *path_of(const char *uri)
{
	char *path, *to;

	if (strncmp(uri, "file:", 5) != 0)
		return NULL;
	uri += 5;
	if (strncmp(uri, "//localhost/", 12) == 0)
		uri += 11;
	else if (strncmp(uri, "///", 3) == 0)
		uri += 2;
	if (uri[0] != '/' || uri[1] == '/')
		return NULL;
	path = to = strdup(uri);
	for (; path && *uri; uri++) {
		if (uri[0] == '%' && hex(uri[1]) >= 0 && hex(uri[2]) >= 0) {
			*to++ = (char)(hex(uri[1]) << 4 | hex(uri[2]));
			uri += 2;
		} else {
			*to++ = *uri;
		}
	}
	if (path)
		*to = '\0';
	return path;
}

enum target_state target_look(const char *uri, uint64_t bytes, uint64_t *ret_size)
{
	CLEANUP(freep) char *path = path_of(uri);
	struct stat st;

	if (!path)
		return TARGET_NOT_LOOKED_AT;
	if (stat(path, &st) < 0)
		return errno == ENOENT || errno == ENOTDIR ? TARGET_ABSENT : TARGET_NOT_LOOKED_AT;
	if (!S_ISREG(st.st_mode))
		return TARGET_ABSENT;
	if ((uint64_t)st.st_size == bytes)
		return TARGET_THERE;
	*ret_size = (uint64_t)st.st_size;
	return TARGET_OTHER_SIZE;
}
