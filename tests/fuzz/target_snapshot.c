/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A snapshot in the shared directory (storage/snapshot.h): whoever may write there may write
 * anything.
 *
 * The first byte says what is done with the rest: a file as it is; one with right checksums of its
 * header and records; or with a right sum at its end, too.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/crc32c.h"
#include "storage/snapshot.h"
#include "tests/fuzz/fuzz.h"

enum { AS_IT_IS, HEADERS_MENDED, ALL_MENDED, N_WAYS };
enum { MOST = 8192, EPOCH = 1, SEQUENCE = 9 };

static char store[64]; /* "" = not made yet */

static void remove_store(void)
{
	char path[160], name[SNAPSHOT_NAME_SIZE];

	snapshot_name(EPOCH, SEQUENCE, name);
	(void)snprintf(path, sizeof(path), "%s/snapshot/%s", store, name);
	(void)unlink(path);
	(void)snprintf(path, sizeof(path), "%s/snapshot", store);
	(void)rmdir(path);
	(void)rmdir(store);
}

static void make_store(void)
{
	const char *tmp = getenv("TMPDIR");
	char path[160];

	(void)snprintf(store, sizeof(store), "%.30s/jmha-fuzz-XXXXXX", tmp ? tmp : "/tmp");
	HOLDS(mkdtemp(store));
	(void)snprintf(path, sizeof(path), "%s/snapshot", store);
	HOLDS(mkdir(path, 0700) == 0);
	HOLDS(atexit(remove_store) == 0);
}

static uint32_t get32(const uint8_t *b)
{
	return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static void put32(uint8_t *b, uint32_t v)
{
	for (unsigned i = 0; i < 4; i++)
		b[i] = (uint8_t)(v >> (8 * i));
}

static void mend_record(uint8_t *b, size_t size)
{
	size_t header, value;

	if (size < RECORD_HEADER_MIN || memcmp(b, "JREC", 4) != 0)
		return;
	header = get32(b + 8);
	if (header < RECORD_HEADER_MIN + RECORD_CHANGE_FIXED || header > size)
		return;
	value = get32(b + RECORD_HEADER_MIN + 4);
	if (value <= size - header && b[3] != b[7]) /* one in many stays damaged */
		put32(b + RECORD_HEADER_MIN + 8, crc32c(0, b + header, value));
	put32(b + 4, crc32c(0, b + 8, header - 8));
}

static void mend(uint8_t *b, size_t size, bool end)
{
	const size_t before = RECORD_TRAILER_SIZE - RECORD_SUM_SIZE;
	struct record_sum s;

	if (size >= RECORD_FILE_HEADER_SIZE)
		put32(b + 12, crc32c(0, b + 16, RECORD_FILE_HEADER_SIZE - 16));
	for (size_t at = RECORD_FILE_HEADER_SIZE; at < size; at += 8)
		mend_record(b + at, size - at);
	if (!end || size < RECORD_FILE_HEADER_SIZE + RECORD_TRAILER_SIZE)
		return;
	HOLDS(record_sum_begin(&s) == 0);
	HOLDS(record_sum_add(&s, b, size - RECORD_TRAILER_SIZE + before) == 0);
	HOLDS(record_sum_end(&s, b + size - RECORD_SUM_SIZE) == 0);
	record_sum_done(&s);
}

static void write_file(const uint8_t *bytes, size_t size)
{
	char path[160], name[SNAPSHOT_NAME_SIZE];
	int fd;

	snapshot_name(EPOCH, SEQUENCE, name);
	(void)snprintf(path, sizeof(path), "%s/snapshot/%s", store, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	HOLDS(fd >= 0 && write(fd, bytes, size) == (ssize_t)size);
	(void)close(fd);
}

struct counts {
	size_t n, damaged;
};

static int check_pointer(const struct pointer *p, void *userdata)
{
	struct counts *c = userdata;

	HOLDS(p->key[0] != '\0' && strlen(p->key) <= RECORD_KEY_MAX);
	HOLDS(p->revision >= 1 && p->revision <= SEQUENCE);
	HOLDS(p->value_size <= RECORD_VALUE_MAX);
	c->n++;
	c->damaged += p->damaged;
	return 0;
}

static int read_it(const struct log_snapshot *s, const uint8_t *id, struct pointer_map *map,
                   struct report *report)
{
	struct reading in = { .path = store, .dir = "snapshot", .report = report };
	int r;

	HOLDS(reading_init(&in) == 0);
	r = snapshot_read(&in, id, s, 0, map);
	reading_done(&in);
	HOLDS(r == 0 || r == -EBADMSG);
	HOLDS((r == 0) == (report->state == STORE_OK));
	HOLDS(r == 0 || report->text[0] != '\0');
	return r;
}

static void check(const struct pointer_map *map, const struct report *report)
{
	struct counts all = { 0 }, own = { 0 };
	size_t damaged = 0;

	HOLDS(pointer_map_position(map)->sequence == SEQUENCE);
	HOLDS(pointer_map_list(map, "", check_pointer, &all) == 0);
	HOLDS(pointer_map_list(map, "~", check_pointer, &own) == 0);
	for (size_t i = 0; i < report->n_damage; i++) {
		const struct damage *d = &report->damage[i];
		const struct pointer *p = d->key ? pointer_map_get(map, d->key) : NULL;

		HOLDS(d->kind == RECORD_FILE_SNAPSHOT && d->number == SEQUENCE);
		HOLDS(d->offset >= RECORD_FILE_HEADER_SIZE && d->offset <= MOST);
		HOLDS(!p || p->damaged); /* B6: never an older value */
		damaged += p != NULL;
	}
	HOLDS(damaged <= all.damaged + own.damaged);
}

static void run(const uint8_t *data, size_t size)
{
	CLEANUP(pointer_map_freep) struct pointer_map *map = pointer_map_new();
	struct log_snapshot s = { .epoch = EPOCH };
	struct record_file_header h;
	struct report report = { .state = STORE_OK }, again = { .state = STORE_OK };
	uint8_t bytes[MOST], id[RECORD_CLUSTER_ID_SIZE] = { 0 };
	unsigned way = size > 0 ? data[0] % N_WAYS : AS_IT_IS;

	HOLDS(map);
	if (size < 1 || size > MOST)
		return;
	if (!store[0])
		make_store();
	memcpy(bytes, data + 1, --size);
	if (way != AS_IT_IS)
		mend(bytes, size, way == ALL_MENDED);
	write_file(bytes, size);
	s.at.sequence = SEQUENCE;
	/* What a register would say of it. */
	if (record_file_header_decode(bytes, size, NULL, &h) == RECORD_OK) {
		memcpy(id, h.cluster_id, sizeof(id));
		s.at = h.before;
		s.at.sequence = SEQUENCE;
	}
	if (read_it(&s, id, map, &report) == 0)
		check(map, &report);
	/* Only looking gives the same. */
	(void)read_it(&s, id, NULL, &again);
	HOLDS(report_same(&report, &again));
	report_clear(&report);
	report_clear(&again);
}
FUZZ_TARGET(snapshot, run)
