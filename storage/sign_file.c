/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/sign_file.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "storage/reading.h"
#include "storage/small_file.h"

enum { SIGN_FILE_MAX = 1024, SIGN_FILE_VERSION = 1 };

static int parse(const char *text, size_t size, const char *member, char ret[SIGN_FILE_HEX + 1])
{
	json_t *json = json_loadb(text, size, 0, NULL);
	const char *whose = json_string_value(json_object_get(json, "member"));
	const char *sign = json_string_value(json_object_get(json, "sign"));
	uint8_t bytes[SIGN_FILE_HEX / 2];
	bool good = json_integer_value(json_object_get(json, "version")) == SIGN_FILE_VERSION &&
	            whose && strcmp(whose, member) == 0 && sign &&
	            text_unhex(sign, bytes, sizeof(bytes)) == 0;

	if (good)
		memcpy(ret, sign, SIGN_FILE_HEX + 1);
	json_decref(json);
	return good ? 0 : -EINVAL;
}

int sign_file_read(int dir_fd, const char *member, char ret[SIGN_FILE_HEX + 1])
{
	char name[NAME_MAX + 1], text[SIGN_FILE_MAX];
	CLEANUP(closep) int fd = -EBADF;
	ssize_t n;

	if (text_format(name, sizeof(name), "sign-%s", member) < 0)
		return -ENAMETOOLONG;
	fd = reading_open_file(dir_fd, name);
	if (fd < 0)
		return fd;
	n = small_file_read(fd, text, sizeof(text));
	return n < 0 ? (int)n : parse(text, (size_t)n, member, ret);
}

int sign_file_write(int dir_fd, const char *member, const char *sign)
{
	char name[NAME_MAX + 1], temporary[NAME_MAX + 1], text[SIGN_FILE_MAX];
	char there[SIGN_FILE_HEX + 1];
	int r, n;

	if (sign_file_read(dir_fd, member, there) == 0 && strcmp(there, sign) == 0)
		return 0;
	n = text_format(text, sizeof(text),
	                "{\"version\": %d, \"member\": \"%s\", \"sign\": \"%s\"}\n",
	                (int)SIGN_FILE_VERSION, member, sign);
	/* No member's: their names begin with "sign-".  Always the same, so none is left behind. */
	if (n < 0 || text_format(name, sizeof(name), "sign-%s", member) < 0 ||
	    text_format(temporary, sizeof(temporary), "sign.%s.tmp", member) < 0)
		return -ENAMETOOLONG;
	r = small_file_write(dir_fd, temporary, text, (size_t)n);
	if (r == 0 && renameat(dir_fd, temporary, dir_fd, name) < 0)
		r = -errno;
	if (r < 0)
		(void)unlinkat(dir_fd, temporary, 0);
	return r;
}
