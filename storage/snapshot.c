/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/snapshot.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/parse.h"

void snapshot_name(uint64_t epoch, uint64_t sequence, char ret_name[SNAPSHOT_NAME_SIZE])
{
	(void)snprintf(ret_name, SNAPSHOT_NAME_SIZE, "%020" PRIu64 "-%020" PRIu64 ".snap", epoch,
	               sequence);
}

int snapshot_name_parse(const char *name, uint64_t *ret_epoch, uint64_t *ret_sequence)
{
	uint64_t epoch, sequence;

	if (strlen(name) != SNAPSHOT_NAME_SIZE - 1 || name[20] != '-' ||
	    strcmp(name + 41, ".snap") != 0 ||
	    parse_uint64_n(name, 20, 0, UINT64_MAX, &epoch) < 0 ||
	    parse_uint64_n(name + 21, 20, 0, UINT64_MAX, &sequence) < 0)
		return -EINVAL;
	*ret_epoch = epoch;
	*ret_sequence = sequence;
	return 0;
}

int snapshot_temporary_parse(const char *name, uint64_t *ret_epoch, uint64_t *ret_sequence)
{
	size_t size = strlen(name);
	uint64_t epoch, sequence;

	if (size <= 46 || name[20] != '-' || name[41] != '.' ||
	    strcmp(name + size - 4, ".tmp") != 0 ||
	    parse_uint64_n(name, 20, 0, UINT64_MAX, &epoch) < 0 ||
	    parse_uint64_n(name + 21, 20, 0, UINT64_MAX, &sequence) < 0)
		return -EINVAL;
	*ret_epoch = epoch;
	*ret_sequence = sequence;
	return 0;
}

struct scan {
	struct reading *in;
	const struct log_snapshot *snapshot;
	struct pointer_map *map; /* NULL: none */
	struct record_sum sum;
	uint64_t at, end; /* of the records */
	uint64_t n_records;
	char key[RECORD_KEY_MAX];
	size_t key_size; /* of the last one read; 0 = none */
};

static int check_header(struct scan *s, const uint8_t *cluster_id, const uint8_t **ret_bytes)
{
	const struct log_position *at = &s->snapshot->at;
	struct record_file_header h;
	const uint8_t *bytes;
	enum record_error e;
	size_t size;
	int r;

	r = reading_look(s->in, 0, &bytes, &size);
	if (r < 0)
		return r;
	e = record_file_header_decode(bytes, size, cluster_id, &h);
	if (e == RECORD_OTHER_CLUSTER || e == RECORD_FOREIGN)
		return reading_fail(s->in, STORE_FOREIGN, 0, record_error_text(e));
	if (e == RECORD_VERSION)
		return reading_fail(s->in, STORE_VERSION, 0, record_error_text(e));
	if (e != RECORD_OK)
		return reading_fail(s->in, STORE_DIGEST_MISMATCH, 0, record_error_text(e));
	if (h.kind != RECORD_FILE_SNAPSHOT || h.epoch != s->snapshot->epoch ||
	    h.number != at->sequence || !log_position_same(&h.before, at))
		return reading_fail(s->in, STORE_DIGEST_MISMATCH, 0,
		                    "is another snapshot than the register names");
	*ret_bytes = bytes;
	return 0;
}

static int read_header(struct scan *s, const uint8_t *cluster_id)
{
	const uint8_t *bytes;
	int r;

	r = check_header(s, cluster_id, &bytes);
	if (r < 0)
		return r;
	s->at = RECORD_FILE_HEADER_SIZE;
	return record_sum_add(&s->sum, bytes, RECORD_FILE_HEADER_SIZE);
}

static int note_damage(struct scan *s, const struct record_change *key, uint64_t sequence,
                       uint64_t records)
{
	const struct damage damage = { .kind = RECORD_FILE_SNAPSHOT,
		                       .epoch = s->snapshot->epoch,
		                       .number = s->snapshot->at.sequence,
		                       .offset = s->at,
		                       .sequence = sequence,
		                       .records = records };

	return report_damage(s->in->report, &damage, key ? key->key : NULL,
	                     key ? key->key_size : 0);
}

/* At s->at: a record, and which; keys come in order, each once. */
static bool decode(const struct scan *s, const uint8_t *bytes, size_t size, struct record *record,
                   struct record_change *change)
{
	uint64_t last = s->snapshot->at.sequence;
	struct record_cursor cursor = { .record = record };
	size_t common;
	int order;

	if (record_decode(bytes, size, record) != RECORD_OK || record->n_changes != 1 ||
	    record->sequence == 0 || record->sequence > last || record->committed != last ||
	    !record_next(&cursor, change) || change->op == RECORD_DELETE)
		return false;
	common = change->key_size < s->key_size ? change->key_size : s->key_size;
	order = memcmp(change->key, s->key, common);
	return order > 0 || (order == 0 && change->key_size > s->key_size);
}

/* What lies between two records goes into the sum, too. */
static int add_to_sum(struct scan *s, uint64_t from, uint64_t to)
{
	const uint8_t *bytes;
	size_t size;
	int r;

	for (; from < to; from += size) {
		r = reading_look(s->in, from, &bytes, &size);
		if (r < 0)
			return r;
		if (size > to - from)
			size = (size_t)(to - from);
		r = record_sum_add(&s->sum, bytes, size);
		if (r < 0)
			return r;
	}
	return 0;
}

/* B6: a header is lost; goes on at the next one that fits. */
static int skip_gap(struct scan *s)
{
	struct record_change change;
	struct record record;
	uint64_t at = s->at + 8;
	const uint8_t *bytes;
	size_t size;
	int r;

	/* Step by step, as a value may hold what looks like a record. */
	for (; at < s->end; at += 8) {
		r = reading_look(s->in, at, &bytes, &size);
		if (r < 0)
			return r;
		if (decode(s, bytes, size < s->end - at ? size : (size_t)(s->end - at), &record,
		           &change))
			break;
	}
	if (at > s->end)
		at = s->end;
	r = note_damage(s, NULL, 0, 1);
	if (r == 0)
		r = add_to_sum(s, s->at, at);
	s->at = at;
	return r;
}

static int take(struct scan *s, const struct record *record, const struct record_change *change)
{
	int r = 0;

	if (s->map)
		r = pointer_map_apply(s->map, change, record->sequence, true);
	if (r == 0 && change->op == RECORD_PUT && change->damaged)
		r = note_damage(s, change, record->sequence, 0);
	if (r == 0 && record_padding_damaged(record))
		r = note_damage(s, NULL, record->sequence, 0);
	if (r == 0)
		r = record_sum_add(&s->sum, record->bytes, record->size);
	memcpy(s->key, change->key, change->key_size);
	s->key_size = change->key_size;
	s->at += record->size;
	s->n_records++;
	return r;
}

static int read_records(struct scan *s)
{
	struct record_change change;
	struct record record;
	const uint8_t *bytes;
	size_t size;
	int r = 0;

	while (r == 0 && s->at < s->end) {
		r = reading_look(s->in, s->at, &bytes, &size);
		if (r < 0)
			return r;
		if (size > s->end - s->at)
			size = (size_t)(s->end - s->at);
		if (decode(s, bytes, size, &record, &change))
			r = take(s, &record, &change);
		else
			r = skip_gap(s);
	}
	return r;
}

/* Of the gaps, each of at least one record, the last one gets what else is missing. */
static void count_lost(struct scan *s, uint64_t n_records)
{
	struct report *report = s->in->report;
	uint64_t known = s->n_records;
	struct damage *gap = NULL;

	for (size_t i = 0; i < report->n_damage; i++) {
		struct damage *d = &report->damage[i];

		known += d->records;
		if (d->records > 0)
			gap = d;
	}
	if (gap && n_records > known)
		gap->records += n_records - known;
}

/* Not the file that the register names, so nothing in it is damaged (B5). */
static int ends_elsewhere(struct scan *s)
{
	report_clear(s->in->report);
	return reading_fail(s->in, STORE_LOG_MISSING, 0,
	                    "does not end where it should; is the right file system "
	                    "mounted here, as on the other members?");
}

/*
 * The sum that a whole file would have, with what was read and a trailer that says so: if it is
 * that of the file, all keys are there and right.
 */
static int check_end(struct scan *s)
{
	enum { BEFORE_SUM = RECORD_TRAILER_SIZE - RECORD_SUM_SIZE };
	uint8_t trailer[BEFORE_SUM], sum[RECORD_SUM_SIZE];
	const uint8_t *bytes;
	uint64_t n_records;
	size_t size;
	int r;

	record_trailer_encode(s->n_records, trailer);
	r = record_sum_add(&s->sum, trailer, BEFORE_SUM);
	if (r == 0)
		r = record_sum_end(&s->sum, sum);
	if (r == 0)
		r = reading_look(s->in, s->end, &bytes, &size);
	if (r < 0)
		return r;
	if (memcmp(sum, bytes + BEFORE_SUM, sizeof(sum)) == 0)
		return memcmp(trailer, bytes, BEFORE_SUM) == 0 ? 0 : note_damage(s, NULL, 0, 0);
	if (!record_trailer_decode(bytes, &n_records)) /* cut off, or longer than it was */
		return ends_elsewhere(s);
	if (s->in->report->n_damage == 0)
		return reading_fail(s->in, STORE_DIGEST_MISMATCH, 0,
		                    "its sum is wrong, and no checksum fails; see `jmhactl "
		                    "explain`");
	count_lost(s, n_records);
	return 0;
}

/* Zeros in place of the trailer: made longer, or never written back.  Told before all of that is
 * searched for records: there may be a TiB of it. */
static int check_trailer(struct scan *s)
{
	static const uint8_t zeros[RECORD_TRAILER_SIZE];
	const uint8_t *bytes;
	size_t size;
	int r;

	r = reading_look(s->in, s->end, &bytes, &size);
	if (r == 0 && memcmp(bytes, zeros, sizeof(zeros)) == 0)
		r = ends_elsewhere(s);
	return r;
}

static int scan(struct scan *s, const uint8_t *cluster_id)
{
	int r;

	r = check_trailer(s);
	if (r < 0)
		return r;
	r = record_sum_begin(&s->sum);
	if (r == 0)
		r = read_header(s, cluster_id);
	if (r == 0)
		r = read_records(s);
	if (r == 0)
		r = check_end(s);
	record_sum_done(&s->sum);
	return r;
}

static int open_named(struct reading *in, const struct log_snapshot *snapshot, usec_t retry_usec)
{
	char name[SNAPSHOT_NAME_SIZE];
	int r;

	snapshot_name(snapshot->epoch, snapshot->at.sequence, name);
	r = reading_open(in, name, RECORD_FILE_HEADER_SIZE + RECORD_TRAILER_SIZE, retry_usec);
	if (r == -ENOENT)
		return reading_fail(
		        in, STORE_LOG_MISSING, 0,
		        "absent or too short; is the right file system mounted here, as "
		        "on the other members?");
	return r;
}

int snapshot_look(struct reading *in, const uint8_t cluster_id[RECORD_CLUSTER_ID_SIZE],
                  const struct log_snapshot *snapshot, usec_t retry_usec)
{
	struct scan s = { .in = in, .snapshot = snapshot };
	const uint8_t *bytes;
	uint64_t n_records;
	size_t size;
	int r;

	r = open_named(in, snapshot, retry_usec);
	if (r < 0)
		return r;
	in->limit = in->size;
	s.end = in->size - RECORD_TRAILER_SIZE;
	r = reading_look(in, s.end, &bytes, &size);
	if (r == 0 && !record_trailer_decode(bytes, &n_records))
		r = ends_elsewhere(&s);
	in->limit = RECORD_FILE_HEADER_SIZE;
	if (r == 0)
		r = check_header(&s, cluster_id, &bytes);
	reading_close(in);
	return r;
}

int snapshot_read(struct reading *in, const uint8_t cluster_id[RECORD_CLUSTER_ID_SIZE],
                  const struct log_snapshot *snapshot, usec_t retry_usec, struct pointer_map *map)
{
	struct scan s = { .in = in, .snapshot = snapshot, .map = map };
	int r;

	r = open_named(in, snapshot, retry_usec);
	if (r < 0)
		return r;
	in->limit = in->size;
	s.end = in->size - RECORD_TRAILER_SIZE;
	r = scan(&s, cluster_id);
	if (r == 0 && map)
		pointer_map_set_position(map, &snapshot->at);
	reading_close(in);
	return r;
}

bool snapshot_is_whole(const char *path, const uint8_t cluster_id[RECORD_CLUSTER_ID_SIZE],
                       const struct log_snapshot *snapshot, atomic_uint *progress,
                       const char *damaged, struct report *report)
{
	struct reading in = { .path = path,
		              .dir = "snapshot",
		              .again = true,
		              .progress = progress,
		              .report = report };
	int r;

	r = reading_init(&in);
	if (r == 0)
		r = snapshot_read(&in, cluster_id, snapshot, 0, NULL);
	if (r == 0 && report->n_damage > 0)
		r = reading_fail(&in, STORE_FAILED, -EIO, damaged);
	else if (r < 0 && r != -EBADMSG)
		r = reading_fail_errno(&in, r, "cannot be read");
	reading_done(&in);
	return r == 0;
}
