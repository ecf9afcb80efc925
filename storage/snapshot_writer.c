/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/snapshot_writer.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fault_point.h"
#include "base/text.h"
#include "storage/segment.h"
#include "storage/snapshot.h"

enum {
	BLOCK = 512 * 1024,
	/* A commit's fdatasync may have to wait for what others have written and not yet synced,
	 * and a deadline counts without progress: never much at a time. */
	SYNC_EVERY = 4 * 1024 * 1024,
};

struct output {
	int fd;
	uint8_t *block;
	size_t size;          /* in the block */
	uint64_t at, durable; /* in the file */
	struct record_sum sum;
	atomic_uint *progress;
};

static int flush(struct output *o)
{
	int r;

	r = record_sum_add(&o->sum, o->block, o->size);
	if (r == 0)
		r = segment_write_all(o->fd, o->block, o->size, o->at);
	if (r < 0)
		return r;
	o->at += o->size;
	o->size = 0;
	if (o->at - o->durable >= SYNC_EVERY) {
		if (fdatasync(o->fd) < 0)
			return -errno;
		o->durable = o->at;
	}
	if (o->progress)
		atomic_fetch_add(o->progress, 1);
	return 0;
}

static struct record_change change_of(const struct pointer *p)
{
	return (struct record_change){
		.op = p->damaged ? RECORD_LOST : RECORD_PUT,
		.key = p->key,
		.key_size = p->key_size,
		.value = pointer_value(p),
		.value_size = p->damaged ? 0 : p->value_size,
	};
}

static int add_pointer(struct output *o, const struct pointer *p, uint64_t sequence)
{
	const struct record_change change = change_of(p);
	size_t size = record_size(&change, 1);
	int r;

	if (o->size + size > BLOCK) {
		r = flush(o);
		if (r < 0)
			return r;
	}
	record_encode(p->revision, sequence, &change, 1, o->block + o->size);
	o->size += size;
	return 0;
}

static int write_records(struct output *o, const struct snapshot_request *request)
{
	const struct frozen_map *frozen = request->frozen;
	struct record_file_header header = { .kind = RECORD_FILE_SNAPSHOT,
		                             .epoch = request->epoch,
		                             .number = frozen->position.sequence,
		                             .created_ms = request->created_ms,
		                             .before = frozen->position };
	int r;

	memcpy(header.cluster_id, request->cluster_id, sizeof(header.cluster_id));
	record_file_header_encode(&header, o->block);
	o->size = RECORD_FILE_HEADER_SIZE;
	for (size_t i = 0; i < frozen->n; i++) {
		r = add_pointer(o, frozen->entry[i], frozen->position.sequence);
		if (r < 0)
			return r;
	}
	return flush(o);
}

static int write_trailer(struct output *o, uint64_t n_records)
{
	uint8_t sum[RECORD_SUM_SIZE];
	int r;

	record_trailer_encode(n_records, o->block);
	o->size = RECORD_TRAILER_SIZE - RECORD_SUM_SIZE;
	r = flush(o);
	if (r == 0)
		r = record_sum_end(&o->sum, sum);
	if (r == 0)
		r = segment_write_all(o->fd, sum, sizeof(sum), o->at);
	if (r == 0 && fdatasync(o->fd) < 0)
		r = -errno;
	return r;
}

static int write_file(int dir_fd, const char *name, const struct snapshot_request *request)
{
	/* Nobody else has this name: a process whose thread still hangs in it has its pid. */
	CLEANUP(closep)
	int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0640);
	struct output o = { .fd = fd, .progress = request->progress };
	int r;

	if (fd < 0)
		return -errno;
	FAULT_POINT(snapshot_created);
	o.block = malloc(BLOCK);
	r = o.block ? record_sum_begin(&o.sum) : -ENOMEM;
	if (r == 0)
		r = write_records(&o, request);
	FAULT_POINT(snapshot_torn);
	if (r == 0)
		r = write_trailer(&o, request->frozen->n);
	record_sum_done(&o.sum);
	free(o.block);
	return r;
}

/* A snapshot has no right to what commits need: one that would take the last of the space makes
 * them fail until it has failed itself.  Where that cannot be asked it is tried. */
static int check_room(int dir_fd, const struct frozen_map *frozen)
{
	uint64_t size = RECORD_FILE_HEADER_SIZE + RECORD_TRAILER_SIZE;
	struct statvfs st;

	for (size_t i = 0; i < frozen->n; i++) {
		const struct record_change change = change_of(frozen->entry[i]);

		size += record_size(&change, 1);
	}
	if (fstatvfs(dir_fd, &st) < 0 || st.f_blocks == 0)
		return 0;
	return (uint64_t)st.f_bavail * st.f_frsize < size + RECORD_MAX ? -ENOSPC : 0;
}

/* What writers of this epoch or earlier ones have left: they are dead or deposed, no register names
 * it.  Else each that dies in it leaves one more, and cleaning (B3) comes after one that is done.
 */
static void remove_leftovers(int dir_fd, uint64_t own_epoch, const char *own)
{
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	uint64_t epoch, sequence;
	const struct dirent *e;
	DIR *dir;

	if (fd < 0)
		return;
	dir = fdopendir(fd);
	if (!dir) {
		(void)close(fd);
		return;
	}
	while ((e = readdir(dir)))
		if (snapshot_temporary_parse(e->d_name, &epoch, &sequence) == 0 &&
		    epoch <= own_epoch && strcmp(e->d_name, own) != 0)
			(void)unlinkat(fd, e->d_name, 0);
	(void)closedir(dir);
}

/* What cannot be read back would else stay, one more with each try. */
static void discard_failed(int dir_fd, const struct snapshot_request *request)
{
	char name[SNAPSHOT_NAME_SIZE];

	if (request->discard == 0)
		return;
	snapshot_name(request->epoch, request->discard, name);
	(void)unlinkat(dir_fd, name, 0);
}

/* One that is there already is left as it is (B8), and judged as what is read back: it is of the
 * same changes, and the register may be about to name it (B1). */
static int give_name(int dir_fd, const char *temporary, const char *name)
{
	return linkat(dir_fd, temporary, dir_fd, name, 0) == 0 || errno == EEXIST ? 0 : -errno;
}

/* Under its own name at last, or not there at all. */
static int make(const struct snapshot_request *request)
{
	uint64_t epoch = request->epoch, sequence = request->frozen->position.sequence;
	CLEANUP(closep)
	int cluster_fd = open(request->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CLEANUP(closep) int dir_fd = -EBADF;
	char name[SNAPSHOT_NAME_SIZE], temporary[NAME_MAX + 1];
	int r;

	if (cluster_fd < 0)
		return -errno;
	dir_fd = openat(cluster_fd, "snapshot", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir_fd < 0)
		return -errno;
	snapshot_name(epoch, sequence, name);
	r = text_format(temporary, sizeof(temporary), "%020" PRIu64 "-%020" PRIu64 ".%s.%ld.tmp",
	                epoch, sequence, request->member, (long)getpid());
	if (r < 0)
		return -ENAMETOOLONG;
	remove_leftovers(dir_fd, epoch, temporary);
	discard_failed(dir_fd, request);
	r = check_room(dir_fd, request->frozen);
	if (r < 0)
		return r;
	r = write_file(dir_fd, temporary, request);
	FAULT_POINT(snapshot_synced);
	if (r == 0)
		r = give_name(dir_fd, temporary, name);
	FAULT_POINT(snapshot_linked);
	(void)unlinkat(dir_fd, temporary, 0); /* a full disk must get the space back */
	if (r < 0)
		return r;
	return fsync(dir_fd) < 0 ? -errno : 0; /* B8 */
}

void snapshot_write(const struct snapshot_request *request, struct report *report)
{
	const struct log_snapshot snapshot = { request->epoch, request->frozen->position };
	int r;

	report_clear(report);
	r = make(request);
	FAULT_POINT(snapshot_named);
	if (r == 0) { /* B3: read back before anything is done in its name */
		(void)snapshot_is_whole(request->path, request->cluster_id, &snapshot,
		                        request->progress,
		                        "is not as it was written; check the storage", report);
		FAULT_POINT(snapshot_read);
		return;
	}
	report->state = store_state_from_errno(r);
	report->error = r;
	(void)text_format(report->text, sizeof(report->text),
	                  "cannot write a snapshot in %s/snapshot: %s", request->path,
	                  strerror(-r));
}
