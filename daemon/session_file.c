/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads and replaces the file `session`.  Strict: all fields once, nothing else, since half a
 * session is worse than none.
 */
#include "daemon/session_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

enum { FILE_SIZE = 1024, VERSION = 1 };

enum kind { HEX, NUMBER, LATCH };

struct values { /* as in struct session_file, numbers still wide */
	struct session_file file;
	uint64_t version, session_ms, epoch, unused;
};

static const struct field {
	const char *name;
	enum kind kind;
	size_t offset;
	uint64_t max; /* NUMBER: greatest value; HEX: digits; LATCH: most characters */
} fields[] = {
	{ "version", NUMBER, offsetof(struct values, version), VERSION },
	{ "session", HEX, offsetof(struct values, file.session), 16 },
	{ "password", HEX, offsetof(struct values, file.password), 32 },
	{ "session_ms", NUMBER, offsetof(struct values, session_ms), INT32_MAX },
	{ "nonce", HEX, offsetof(struct values, file.nonce), 16 },
	{ "latch", LATCH, offsetof(struct values, file.latch), 63 },
	{ "epoch", NUMBER, offsetof(struct values, epoch), UINT64_MAX },
	/* Was A3's mark: 1 = this session may only be ended.  C4 says so by itself, and nobody
	 * looks at it any more.  It stays in the file, as 0, for jmhads of before, which refuse a
	 * file without it; theirs may say 1. */
	{ "ending", NUMBER, offsetof(struct values, unused), 1 },
};

static bool is_hex(const char *s, size_t digits)
{
	return strlen(s) == digits && strspn(s, "0123456789abcdef") == digits;
}

/* Letters, digits and dashes: a znode's name, never a path. */
static bool is_latch(const char *s, size_t most)
{
	size_t n = strlen(s);

	return n > 0 && n <= most &&
	       strspn(s, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-") == n;
}

static bool parse_number(const char *s, uint64_t max, uint64_t *ret)
{
	char *end;

	if (*s < '0' || *s > '9')
		return false;
	errno = 0;
	*ret = strtoull(s, &end, 10);
	return errno == 0 && *end == '\0' && *ret <= max;
}

static bool set_field(struct values *v, const struct field *f, const char *text)
{
	char *at = (char *)v + f->offset;
	uint64_t number;

	switch (f->kind) {
	case NUMBER:
		if (!parse_number(text, f->max, &number))
			return false;
		memcpy(at, &number, sizeof(number));
		return true;
	case HEX:
		if (!is_hex(text, f->max))
			return false;
		break;
	case LATCH:
		if (strcmp(text, "-") == 0)
			text = "";
		else if (!is_latch(text, f->max))
			return false;
		break;
	}
	memcpy(at, text, strlen(text) + 1);
	return true;
}

/* One line, NUL-terminated and cut at its end.  Marks the field in *seen. */
static bool parse_line(char *line, struct values *v, unsigned *seen)
{
	char *value = strchr(line, ' ');

	if (!value)
		return false;
	*value++ = '\0';
	for (size_t i = 0; i < N_ELEMENTS(fields); i++) {
		if (strcmp(line, fields[i].name) != 0)
			continue;
		if (*seen & 1u << i)
			return false;
		*seen |= 1u << i;
		return set_field(v, &fields[i], value);
	}
	return false;
}

/* 0, or the number of the line that is wrong; one past the last when something is missing. */
static unsigned parse(char *text, struct values *ret)
{
	unsigned seen = 0, line = 1;
	char *end;

	for (; *text != '\0'; text = end + 1, line++) {
		end = strchr(text, '\n');
		if (!end)
			return line;
		*end = '\0';
		if (!parse_line(text, ret, &seen))
			return line;
	}
	return seen == (1u << N_ELEMENTS(fields)) - 1 && ret->version == VERSION &&
	                       ret->session_ms > 0
	               ? 0
	               : line;
}

static int path_in(const char *dir, const char *name, char *ret, size_t size)
{
	int n = snprintf(ret, size, "%s/%s", dir, name);

	return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
}

/* The whole file and a NUL.  -EBADMSG: larger than any of ours, or with a NUL in it. */
static int read_file(const char *path, char *ret, size_t size)
{
	CLEANUP(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	size_t used = 0;
	ssize_t n;

	if (fd < 0)
		return -errno;
	do {
		n = read(fd, ret + used, size - used);
		if (n < 0 && errno != EINTR)
			return -errno;
		used += n > 0 ? (size_t)n : 0;
	} while (n != 0 && used < size);
	if (used == size || memchr(ret, '\0', used))
		return -EBADMSG;
	ret[used] = '\0';
	return 0;
}

static int fail(struct session_file_error *reterr, const char *path, int r, unsigned line)
{
	if (r == -EBADMSG)
		(void)snprintf(reterr->text, sizeof(reterr->text),
		               "%.200s is damaged or of a newer jmhad (line %u): remove it; the "
		               "session it names then ends by itself",
		               path, line);
	else
		(void)snprintf(reterr->text, sizeof(reterr->text), "cannot read %.200s: %s", path,
		               strerror(-r));
	return r;
}

int session_file_load(const char *runtime_dir, struct session_file *ret,
                      struct session_file_error *reterr)
{
	struct values v = { .file = { .session = "" } };
	char text[FILE_SIZE], path[PATH_MAX];
	unsigned line;
	int r;

	r = path_in(runtime_dir, "session", path, sizeof(path));
	if (r == 0)
		r = read_file(path, text, sizeof(text));
	if (r < 0)
		return fail(reterr, path, r, 1);
	line = parse(text, &v);
	explicit_bzero(text, sizeof(text));
	if (line > 0)
		return fail(reterr, path, -EBADMSG, line);
	*ret = v.file;
	ret->session_ms = (uint32_t)v.session_ms;
	ret->epoch = v.epoch;
	return 0;
}

static int format(const struct session_file *f, char *ret, size_t size)
{
	if (!is_hex(f->session, 16) || !is_hex(f->password, 32) || !is_hex(f->nonce, 16) ||
	    f->session_ms == 0 || f->session_ms > INT32_MAX ||
	    (f->latch[0] != '\0' && !is_latch(f->latch, sizeof(f->latch) - 1)))
		return -EINVAL;
	return snprintf(ret, size,
	                "version %d\nsession %s\npassword %s\nsession_ms %" PRIu32
	                "\nnonce %s\nlatch %s\nepoch %" PRIu64 "\nending 0\n",
	                VERSION, f->session, f->password, f->session_ms, f->nonce,
	                f->latch[0] != '\0' ? f->latch : "-", f->epoch);
}

static int write_new(const char *path, const char *text, size_t size)
{
	CLEANUP(closep) int fd = -EBADF;
	ssize_t n;

	/* Left over from a crash, or put there: whoever owns that one could read ours. */
	if (unlink(path) < 0 && errno != ENOENT)
		return -errno;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	n = write(fd, text, size);
	if (n < 0)
		return -errno;
	return (size_t)n == size ? 0 : -ENOSPC;
}

int session_file_save(const char *runtime_dir, const struct session_file *file)
{
	char text[FILE_SIZE], path[PATH_MAX], tmp[PATH_MAX];
	int n, r;

	n = format(file, text, sizeof(text));
	if (n < 0)
		return n;
	r = path_in(runtime_dir, "session", path, sizeof(path));
	if (r == 0)
		r = path_in(runtime_dir, "session.tmp", tmp, sizeof(tmp));
	if (r < 0)
		return r;
	r = write_new(tmp, text, (size_t)n);
	explicit_bzero(text, sizeof(text));
	if (r == 0 && rename(tmp, path) < 0)
		r = -errno;
	if (r < 0)
		(void)unlink(tmp);
	return r;
}

int session_file_shorten(const char *runtime_dir, struct session_file *file, uint32_t session_ms)
{
	if (session_ms >= file->session_ms)
		return 0;
	file->session_ms = session_ms;
	return session_file_save(runtime_dir, file);
}

int session_file_remove(const char *runtime_dir)
{
	char path[PATH_MAX];
	int r = path_in(runtime_dir, "session", path, sizeof(path));

	if (r < 0)
		return r;
	return unlink(path) < 0 && errno != ENOENT ? -errno : 0;
}
