/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/log_scan.h"

#include <errno.h>
#include <string.h>

#include "storage/segment.h"

struct scan {
	struct reading *in;
	struct log_scan *out;
	uint64_t epoch, segment;
};

static int note_damage(struct scan *s, const struct record_change *key, uint64_t sequence,
                       uint64_t records)
{
	const struct damage damage = { .kind = RECORD_FILE_LOG,
		                       .epoch = s->epoch,
		                       .number = s->segment,
		                       .offset = s->out->end.offset,
		                       .sequence = sequence,
		                       .records = records };

	return report_damage(s->in->report, &damage, key ? key->key : NULL,
	                     key ? key->key_size : 0);
}

static void count(struct log_scan *out, const struct record *record)
{
	if (out->n_records++ == 0)
		out->first = record->sequence;
	out->last = record->sequence;
	if (record->committed > out->committed)
		out->committed = record->committed;
}

static int take(struct scan *s, const struct record *record)
{
	struct record_cursor cursor = { .record = record };
	struct record_change change;
	int r = 0;

	while (r == 0 && record_next(&cursor, &change))
		if (change.op == RECORD_PUT && change.damaged)
			r = note_damage(s, &change, record->sequence, 0);
	if (r == 0 && record_padding_damaged(record))
		r = note_damage(s, NULL, record->sequence, 0);
	if (r == 0)
		r = record_digest(s->out->end.digest, record->bytes, record->size);
	count(s->out, record);
	s->out->end.offset += record->size;
	s->out->end.sequence = record->sequence;
	return r;
}

/*
 * The next valid record from *at on, with a sequence above `after`: 1, and *at is its place; 0:
 * none.  No more records can lie between than fit there, which keeps most of what only looks like
 * one inside of a value out.
 */
static int find_next(struct scan *s, uint64_t *at, uint64_t after, struct record *ret)
{
	uint64_t most = after + 1 + (s->in->limit - s->out->end.offset) / RECORD_HEADER_MIN;
	const uint8_t *bytes;
	size_t size, found;
	int r;

	for (; *at < s->in->limit; *at += found) {
		r = reading_look(s->in, *at, &bytes, &size);
		if (r < 0)
			return r;
		found = record_resync(bytes, 0, size, after, after == 0 ? UINT64_MAX : most);
		if (found < size) {
			*at += found;
			return record_decode(bytes + found, size - found, ret) == RECORD_OK;
		}
		/* A record may begin in this window and end behind it. */
		found = *at + size == s->in->limit ? size : size - RECORD_MAX + 8;
	}
	return 0;
}

/* What lies behind the end: whether it knows of a later commit. */
static int look_beyond(struct scan *s, uint64_t at)
{
	uint64_t after = s->out->end.sequence;
	struct record record;
	int r;

	while ((r = find_next(s, &at, after, &record)) > 0) {
		if (record.committed > s->out->committed && record.committed < record.sequence)
			s->out->committed = record.committed;
		after = record.sequence;
		at += record.size;
	}
	return r;
}

/* At the end there is no record.  1: damage, read over; 0: this is the end of the log. */
static int judge_gap(struct scan *s, uint64_t known)
{
	uint64_t at = s->out->end.offset + 8;
	struct record record;
	int r;

	if (s->out->end.sequence >= known) {
		s->out->torn = true;
		return look_beyond(s, at);
	}
	r = find_next(s, &at, s->out->end.sequence, &record);
	if (r <= 0) {
		s->out->torn = true;
		return r;
	}
	r = note_damage(s, NULL, s->out->end.sequence + 1,
	                record.sequence - s->out->end.sequence - 1);
	s->out->end.offset = at;
	s->out->end.sequence = record.sequence - 1;
	return r < 0 ? r : 1;
}

static int scan_records(struct scan *s, uint64_t known)
{
	struct log_scan *out = s->out;
	const uint8_t *bytes;
	struct record record;
	size_t size;
	int r = 1;

	while (r > 0 && out->end.offset < s->in->limit) {
		r = reading_look(s->in, out->end.offset, &bytes, &size);
		if (r < 0)
			return r;
		if (record_decode(bytes, size, &record) == RECORD_OK &&
		    record.sequence == out->end.sequence + 1) {
			r = take(s, &record);
			if (r == 0)
				r = 1;
		} else {
			r = judge_gap(s, known);
		}
	}
	return r < 0 ? r : 0;
}

static int read_header(struct scan *s)
{
	struct log_scan *out = s->out;
	const uint8_t *bytes;
	size_t size;
	int r;

	out->header_error = RECORD_TRUNCATED;
	if (s->in->size < RECORD_FILE_HEADER_SIZE)
		return 0;
	r = reading_look(s->in, 0, &bytes, &size);
	if (r < 0)
		return r;
	out->header_error = record_file_header_decode(bytes, size, NULL, &out->header);
	if (out->header_error != RECORD_OK)
		return 0;
	out->end = out->header.before;
	r = record_digest(out->end.digest, bytes, RECORD_FILE_HEADER_SIZE); /* B7 */
	out->end.epoch = s->epoch;
	out->end.segment = s->segment;
	out->end.offset = RECORD_FILE_HEADER_SIZE;
	return r;
}

/* What comes before is not known, so neither is what it all means: only what was committed. */
static int scan_without_header(struct scan *s)
{
	uint64_t at = RECORD_FILE_HEADER_SIZE, after = 0;
	struct record record;
	int r;

	while ((r = find_next(s, &at, after, &record)) > 0) {
		count(s->out, &record);
		after = record.sequence;
		at += record.size;
	}
	return r;
}

static int scan_once(struct scan *s, uint64_t known)
{
	int r;

	*s->out = (struct log_scan){ .size = s->in->size };
	r = read_header(s);
	if (r < 0)
		return r;
	return s->out->header_error == RECORD_OK ? scan_records(s, known) : scan_without_header(s);
}

int log_scan(struct reading *in, uint64_t epoch, uint64_t segment, uint64_t known,
             struct log_scan *ret)
{
	struct scan s = { .in = in, .out = ret, .epoch = epoch, .segment = segment };
	char name[SEGMENT_NAME_SIZE];
	int r;

	segment_name(epoch, segment, name);
	r = reading_open(in, name, 0, 0);
	if (r < 0)
		return r;
	in->limit = in->size < SEGMENT_FILE_MAX ? in->size : SEGMENT_FILE_MAX;
	r = scan_once(&s, known);
	/* Behind what looked like its end the file knows better. */
	if (r == 0 && ret->torn && ret->committed > ret->end.sequence) {
		known = ret->committed;
		report_clear(in->report);
		r = scan_once(&s, known);
	}
	reading_close(in);
	return r;
}
