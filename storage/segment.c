/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/segment.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fault_point.h"
#include "base/parse.h"
#include "base/text.h"

struct segment {
	int fd;
	uint64_t epoch, number, end;
	bool cut; /* was not as long as we left it when the last append began */
	int dead; /* negative errno of the first failure; 0 = alive */
};

void segment_name(uint64_t epoch, uint64_t segment, char ret_name[SEGMENT_NAME_SIZE])
{
	(void)snprintf(ret_name, SEGMENT_NAME_SIZE, "%020" PRIu64 "-%020" PRIu64 ".log", epoch,
	               segment);
}

int segment_name_parse(const char *name, uint64_t *ret_epoch, uint64_t *ret_segment)
{
	uint64_t epoch, segment;

	if (strlen(name) != SEGMENT_NAME_SIZE - 1 || name[20] != '-' ||
	    strcmp(name + 41, ".log") != 0 || parse_uint64_n(name, 20, 0, UINT64_MAX, &epoch) < 0 ||
	    parse_uint64_n(name + 21, 20, 0, UINT64_MAX, &segment) < 0)
		return -EINVAL;
	*ret_epoch = epoch;
	*ret_segment = segment;
	return 0;
}

int segment_write_all(int fd, const void *bytes, size_t size, uint64_t offset)
{
	const uint8_t *b = bytes;

	while (size > 0) {
		ssize_t n = pwrite(fd, b, size, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -EIO;
		b += n;
		size -= (size_t)n;
		offset += (uint64_t)n;
	}
	return 0;
}

/* B8: the first number from `number` on that nobody has used. */
static int create_exclusive(int dir_fd, uint64_t epoch, uint64_t *number)
{
	char name[SEGMENT_NAME_SIZE];

	for (;; (*number)++) {
		int fd;

		segment_name(epoch, *number, name);
		fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		            0640);
		if (fd >= 0)
			return fd;
		if (errno != EEXIST || *number == UINT64_MAX)
			return -errno;
	}
}

int segment_create(int dir_fd, const struct record_file_header *header, struct segment **ret,
                   struct log_position *ret_at)
{
	CLEANUP(segment_closep) struct segment *s = malloc(sizeof(*s));
	struct record_file_header h = *header;
	struct log_position at = header->before;
	uint8_t bytes[RECORD_FILE_HEADER_SIZE];
	int r;

	if (!s)
		return -ENOMEM;
	*s = (struct segment){ .fd = -EBADF, .end = RECORD_FILE_HEADER_SIZE };
	s->fd = create_exclusive(dir_fd, h.epoch, &h.number);
	if (s->fd < 0)
		return s->fd;
	FAULT_POINT(segment_created);
	s->epoch = h.epoch;
	s->number = h.number;
	record_file_header_encode(&h, bytes);
	r = record_digest(at.digest, bytes, sizeof(bytes)); /* B7 */
	if (r < 0)
		return r;
	FAULT_POINT_TORN(segment_torn, s->fd, bytes, sizeof(bytes), 0);
	r = segment_write_all(s->fd, bytes, sizeof(bytes), 0);
	if (r < 0)
		return r;
	FAULT_POINT(segment_written);
	if (fdatasync(s->fd) < 0)
		return -errno;
	FAULT_POINT(segment_synced);
	if (fsync(dir_fd) < 0) /* B8: the name, too */
		return -errno;
	FAULT_POINT(segment_named);
	at.epoch = h.epoch;
	at.segment = h.number;
	at.offset = RECORD_FILE_HEADER_SIZE;
	*ret_at = at;
	*ret = TAKE_PTR(s);
	return 0;
}

int segment_append(struct segment *s, const void *bytes, size_t size)
{
	struct stat before;

	if (s->dead < 0)
		return s->dead;
	/* To write behind the end of a file that was cut would fill it up with zeros. */
	s->cut = fstat(s->fd, &before) == 0 && (uint64_t)before.st_size < s->end;
	FAULT_POINT_TORN(append_torn, s->fd, bytes, size, s->end);
	s->dead = segment_write_all(s->fd, bytes, size, s->end);
	FAULT_POINT(append_written);
	if (s->dead == 0 && fdatasync(s->fd) < 0)
		s->dead = -errno;
	FAULT_POINT(append_synced);
	s->end += size;
	return s->dead;
}

/* What readers find by the name, against what was written to.  fdatasync has just answered, so on
 * NFS the size and link count are the server's; the name may be as old as the directory's cache. */
static const char *find_wrong(const struct segment *s, const char *dir)
{
	char name[SEGMENT_NAME_SIZE], path[PATH_MAX];
	struct stat own, named;

	segment_name(s->epoch, s->number, name);
	if (text_format(path, sizeof(path), "%s/log/%s", dir, name) < 0 || fstat(s->fd, &own) < 0)
		return "cannot be looked at";
	if (own.st_nlink == 0 || lstat(path, &named) < 0)
		return "was deleted or moved away";
	if (named.st_dev != own.st_dev || named.st_ino != own.st_ino)
		return "was replaced by another file";
	if (s->cut || (uint64_t)own.st_size < s->end)
		return "was cut short";
	if ((uint64_t)own.st_size > s->end)
		return "was written to by another process";
	return NULL;
}

int segment_check(struct segment *s, const char *dir, char *ret_text, size_t size)
{
	const char *wrong = s->dead < 0 ? NULL : find_wrong(s, dir);
	char name[SEGMENT_NAME_SIZE];

	if (!wrong)
		return s->dead;
	s->dead = -ESTALE;
	segment_name(s->epoch, s->number, name);
	(void)text_format(ret_text, size,
	                  "%s/log/%s %s while jmha was writing to it; the change is refused and a "
	                  "new file is begun: find out who touches files there, then run `jmhactl "
	                  "store verify`",
	                  dir, name, wrong);
	return s->dead;
}

void segment_own_name(const struct segment *s, char ret_name[SEGMENT_NAME_SIZE])
{
	segment_name(s->epoch, s->number, ret_name);
}

void segment_close(struct segment *s)
{
	if (!s)
		return;
	if (s->fd >= 0)
		(void)close(s->fd);
	free(s);
}

void segment_closep(struct segment **s)
{
	segment_close(*s);
}
