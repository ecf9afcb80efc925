/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/state_file.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_of_scheme(char c)
{
	return is_letter(c) || (c >= '0' && c <= '9') || c == '+' || c == '.' || c == '-';
}

/* Its length; 0: none.  As of RFC 3986, and a slash has to follow: "a:b" is a file here. */
static size_t scheme_length(const char *name)
{
	size_t n = 0;

	if (!is_letter(name[0]))
		return 0;
	while (is_of_scheme(name[n]))
		n++;
	return name[n] == ':' && name[n + 1] == '/' ? n : 0;
}

bool state_file_scheme(const char *name, char ret[STATE_FILE_SCHEME_SIZE])
{
	size_t n = scheme_length(name);

	if (n == 0)
		return false;
	if (n >= STATE_FILE_SCHEME_SIZE)
		n = STATE_FILE_SCHEME_SIZE - 1;
	memcpy(ret, name, n);
	ret[n] = '\0';
	return true;
}

const char *state_file_local(const char *name)
{
	if (scheme_length(name) != 4 || strncmp(name, "file", 4) != 0)
		return NULL;
	name += 5;
	if (strncmp(name, "//localhost/", 12) == 0)
		return name + 11;
	if (strncmp(name, "///", 3) == 0)
		return name + 2;
	return name[1] == '/' ? NULL : name;
}

enum state_file_state state_file_look(const char *path, int64_t bytes, int64_t *ret_has,
                                      int *ret_error)
{
	struct stat st;

	if (stat(path, &st) < 0) {
		if (errno == ENOENT || errno == ENOTDIR)
			return STATE_FILE_MISSING;
		*ret_error = errno;
		return STATE_FILE_NOT_LOOKED_AT;
	}
	if (!S_ISREG(st.st_mode))
		return STATE_FILE_MISSING;
	*ret_has = st.st_size;
	return st.st_size < bytes ? STATE_FILE_SHORT : STATE_FILE_THERE;
}

const char *state_file_code(enum state_file_state state)
{
	static const char *const codes[] = { "there", "missing", "short", "not-looked-at" };

	return codes[state];
}
