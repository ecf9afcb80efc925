/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/storage_files.h"

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "storage/snapshot.h"
#include "storage/snapshot_writer.h"

void files_setup(struct files *f)
{
	char name[128];

	/* In memory: a second reading (B5) goes past the cache, and would wait for a disk. */
	*f = (struct files){ .path = "/dev/shm/jmha-storage-XXXXXX", .id = "0123456789abcde" };
	assert_non_null(mkdtemp(f->path));
	(void)snprintf(f->cluster, sizeof(f->cluster), "%s/c", f->path);
	assert_int_equal(mkdir(f->cluster, 0750), 0);
	(void)snprintf(name, sizeof(name), "%s/quarantine", f->cluster);
	assert_int_equal(mkdir(name, 0750), 0);
	(void)snprintf(name, sizeof(name), "%s/snapshot", f->cluster);
	assert_int_equal(mkdir(name, 0750), 0);
	(void)snprintf(name, sizeof(name), "%s/log", f->cluster);
	assert_int_equal(mkdir(name, 0750), 0);
	f->log_fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(f->log_fd >= 0);
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

void files_teardown(struct files *f)
{
	segment_close(f->segment);
	(void)close(f->log_fd);
	(void)nftw(f->path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

void files_begin(struct files *f, uint64_t epoch, uint64_t segment,
                 const struct log_position *before)
{
	struct record_file_header h = { .kind = RECORD_FILE_LOG,
		                        .epoch = epoch,
		                        .number = segment,
		                        .created_ms = 1,
		                        .before = *before };

	memcpy(h.cluster_id, f->id, sizeof(h.cluster_id));
	segment_close(f->segment);
	f->segment = NULL;
	assert_int_equal(segment_create(f->log_fd, &h, &f->segment, &f->at), 0);
	assert_true(f->at.segment == segment);
}

void files_append(struct files *f, const char *key, const void *value, size_t size)
{
	struct record_change c = { .op = value ? RECORD_PUT : RECORD_DELETE,
		                   .key = key,
		                   .key_size = (uint16_t)strlen(key),
		                   .value = value,
		                   .value_size = (uint32_t)size };
	size_t n = record_size(&c, 1);
	uint8_t *bytes = malloc(n);

	assert_non_null(bytes);
	record_encode(f->at.sequence + 1, f->at.sequence, &c, 1, bytes);
	assert_int_equal(segment_append(f->segment, bytes, n), 0);
	assert_int_equal(record_digest(f->at.digest, bytes, n), 0);
	f->at.sequence++;
	f->at.offset += n;
	free(bytes);
}

void files_put(struct files *f, const char *key, const char *value)
{
	files_append(f, key, value, strlen(value));
}

void files_follow(const struct files *f, const struct log_position *from,
                  const struct log_position *to, struct follower_result *ret)
{
	struct follower_request request = { .path = f->cluster, .to = *to, .retry_usec = 1 };

	memcpy(request.cluster_id, f->id, sizeof(request.cluster_id));
	if (from)
		request.from = *from;
	follower_read(&request, ret);
}

struct log_snapshot files_snapshot(const struct files *f, uint64_t epoch, struct pointer_map *map)
{
	struct frozen_map *frozen = pointer_map_freeze(map);
	struct snapshot_request request = {
		.path = f->cluster, .member = "jm-a", .epoch = epoch, .frozen = frozen
	};
	const struct log_snapshot snapshot = { epoch, *pointer_map_position(map) };
	struct report report = { .state = STORE_OK };

	assert_non_null(frozen);
	memcpy(request.cluster_id, f->id, sizeof(request.cluster_id));
	snapshot_write(&request, &report);
	if (report.state != STORE_OK)
		fail_msg("%s", report.text);
	report_clear(&report);
	frozen_map_free(frozen);
	return snapshot;
}

struct log_snapshot files_snapshot_here(const struct files *f, uint64_t epoch)
{
	struct pointer_map *map = pointer_map_new();
	struct follower_result r;
	struct log_snapshot s;

	files_follow(f, NULL, &f->at, &r);
	assert_int_equal(r.report.state, STORE_OK);
	assert_int_equal(pointer_map_merge(map, r.delta, NULL, NULL), 0);
	s = files_snapshot(f, epoch, map);
	pointer_map_free(map);
	follower_result_done(&r);
	return s;
}

void files_snapshot_name(const struct files *f, const struct log_snapshot *s, char ret_path[160])
{
	char name[SNAPSHOT_NAME_SIZE];

	snapshot_name(s->epoch, s->at.sequence, name);
	(void)snprintf(ret_path, 160, "%s/snapshot/%s", f->cluster, name);
}

const char *files_value(const struct pointer_map *map, const char *key)
{
	static char text[64];
	const struct pointer *p = pointer_map_get(map, key);

	if (!p)
		return "(none)";
	if (p->damaged)
		return "(damaged)";
	if (p->deleted)
		return "(deleted)";
	(void)snprintf(text, sizeof(text), "%.*s", (int)p->value_size,
	               (const char *)pointer_value(p));
	return text;
}

uint8_t *files_read(const char *path, size_t *ret_size)
{
	FILE *file = fopen(path, "re");
	uint8_t *bytes;
	long size;

	assert_non_null(file);
	assert_int_equal(fseek(file, 0, SEEK_END), 0);
	size = ftell(file);
	assert_true(size >= 0);
	rewind(file);
	bytes = malloc((size_t)size + 1);
	assert_non_null(bytes);
	assert_int_equal(fread(bytes, 1, (size_t)size, file), (size_t)size);
	(void)fclose(file);
	*ret_size = (size_t)size;
	return bytes;
}

void files_write(const char *path, const void *bytes, size_t size)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

void files_name(const struct files *f, uint64_t epoch, uint64_t segment, char ret_path[160])
{
	char name[SEGMENT_NAME_SIZE];

	segment_name(epoch, segment, name);
	(void)snprintf(ret_path, 160, "%s/log/%s", f->cluster, name);
}

void files_flip(const char *path, size_t at, unsigned bit)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	uint8_t b;

	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &b, 1, (off_t)at), 1);
	b ^= (uint8_t)(1U << bit);
	assert_int_equal(pwrite(fd, &b, 1, (off_t)at), 1);
	(void)close(fd);
}
