/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/reading.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"

enum { WINDOW = 2 * RECORD_MAX };
#define RETRY_USEC ((usec_t)20000)

int reading_init(struct reading *r)
{
	r->dir_fd = r->fd = -EBADF;
	r->window = malloc(WINDOW);
	return r->window ? 0 : -ENOMEM;
}

void reading_done(struct reading *r)
{
	reading_close(r);
	if (r->dir_fd >= 0)
		(void)close(r->dir_fd);
	r->dir_fd = -EBADF;
	free(r->window);
	r->window = NULL;
}

int reading_fail(struct reading *r, enum store_state state, int error, const char *what)
{
	r->report->state = state;
	r->report->error = error;
	(void)text_format(r->report->text, sizeof(r->report->text), "%s/%s/%s: %s", r->path, r->dir,
	                  r->name, what);
	return -EBADMSG;
}

int reading_fail_errno(struct reading *r, int error, const char *what)
{
	char text[STORE_TEXT_SIZE];

	(void)text_format(text, sizeof(text), "%s: %s", what, strerror(-error));
	return reading_fail(r, store_state_from_errno(error), error, text);
}

/* C5: ENOENT may be an old answer from a cache; looking at the directory renews it. */
static int open_dir(struct reading *r)
{
	CLEANUP(closep) int cluster = open(r->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	if (cluster < 0)
		return -errno;
	if (r->dir_fd >= 0)
		(void)close(r->dir_fd);
	r->dir_fd = openat(cluster, r->dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (r->dir_fd < 0 || fstat(r->dir_fd, &st) < 0)
		return -errno;
	return 0;
}

int reading_open_file(int dir_fd, const char *name)
{
	CLEANUP(closep)
	int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return errno == ELOOP || errno == ENXIO ? -EINVAL : -errno; /* link, socket */
	if (fstat(fd, &st) < 0)
		return -errno;
	return S_ISREG(st.st_mode) ? TAKE_FD(fd) : -EINVAL;
}

/* Opens the file and sees that it holds `size` bytes: 0, -ENOENT (absent or short), or an error. */
static int try_open(struct reading *r, uint64_t size)
{
	struct stat st;
	int e;

	e = open_dir(r);
	if (e < 0)
		return e == -ESTALE ? -ENOENT : e;
	r->fd = reading_open_file(r->dir_fd, r->name);
	if (r->fd < 0)
		return r->fd == -ESTALE ? -ENOENT : r->fd;
	if (fstat(r->fd, &st) < 0)
		e = errno == ESTALE ? -ENOENT : -errno;
	else if ((uint64_t)st.st_size < size)
		e = -ENOENT;
	r->size = e < 0 ? 0 : (uint64_t)st.st_size;
	if (e == 0 && r->again)
		(void)posix_fadvise(r->fd, 0, 0, POSIX_FADV_DONTNEED); /* B5 */
	if (e < 0) {
		(void)close(r->fd);
		r->fd = -EBADF;
	}
	return e;
}

/* False: that was long enough. */
static bool wait_a_little(const struct reading *r, usec_t *waited)
{
	struct timespec ts = { .tv_nsec = (long)(RETRY_USEC * NSEC_PER_USEC) };

	if (*waited >= r->retry_usec)
		return false;
	(void)nanosleep(&ts, NULL);
	*waited += RETRY_USEC;
	return true;
}

static int open_within(struct reading *r, usec_t *waited)
{
	int e;

	do {
		reading_close(r);
		e = try_open(r, r->wanted);
	} while (e == -ENOENT && wait_a_little(r, waited));
	if (e == -EINVAL)
		return reading_fail(r, STORE_FAILED, e,
		                    "is no regular file; remove it, and restore the file if it was "
		                    "one");
	if (e < 0 && e != -ENOENT)
		return reading_fail_errno(r, e, "cannot be opened");
	return e;
}

int reading_open(struct reading *r, const char *name, uint64_t size, usec_t retry_usec)
{
	usec_t waited = 0;

	(void)text_format(r->name, sizeof(r->name), "%s", name);
	r->wanted = size;
	r->retry_usec = retry_usec;
	return open_within(r, &waited);
}

void reading_close(struct reading *r)
{
	if (r->fd >= 0)
		(void)close(r->fd);
	r->fd = -EBADF;
	r->window_size = 0;
}

static int fill(struct reading *r, uint64_t at)
{
	size_t size = r->limit - at < WINDOW ? (size_t)(r->limit - at) : WINDOW;
	usec_t waited = 0;
	int e;

	r->window_at = at;
	r->window_size = 0;
	while (r->window_size < size) {
		ssize_t n = pread(r->fd, r->window + r->window_size, size - r->window_size,
		                  (off_t)(at + r->window_size));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == ESTALE) { /* C5: what is there now under that name? */
			e = wait_a_little(r, &waited) ? open_within(r, &waited) : -ENOENT;
			if (e == -ENOENT) /* by who cleans up (B3) */
				return reading_fail(r, STORE_LOG_MISSING, 0,
				                    "was deleted meanwhile");
			if (e < 0)
				return e;
			r->window_at = at;
			continue;
		}
		if (n < 0)
			return reading_fail_errno(r, -errno, "cannot be read");
		if (n == 0)
			return reading_fail(r, STORE_LOG_MISSING, 0, "became shorter");
		r->window_size += (size_t)n;
	}
	if (r->progress)
		atomic_fetch_add(r->progress, 1);
	return 0;
}

int reading_look(struct reading *r, uint64_t at, const uint8_t **ret, size_t *ret_size)
{
	uint64_t want = r->limit - at < RECORD_MAX ? r->limit - at : RECORD_MAX;
	int e;

	if (at < r->window_at || at + want > r->window_at + r->window_size || r->window_size == 0) {
		e = fill(r, at);
		if (e < 0)
			return e;
	}
	*ret = r->window + (at - r->window_at);
	*ret_size = r->window_size - (size_t)(at - r->window_at);
	return 0;
}
