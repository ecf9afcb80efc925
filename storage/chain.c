/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/chain.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "storage/reading.h"
#include "storage/segment.h"
#include "storage/snapshot.h"

/* What of one file belongs to the committed log. */
struct part {
	uint64_t epoch, segment;
	uint64_t start, end;              /* start 0: from the header on */
	struct record_file_header header; /* unless start > 0 */
	uint8_t header_bytes[RECORD_FILE_HEADER_SIZE];
};

/* One pass: over a snapshot, perhaps, and over the chain. */
struct pass {
	const struct follower_request *request;
	const struct chain_base *base;
	struct follower_result *out;
	int dir_fd;
	bool again;        /* a reading after the first: past the cache */
	struct part *part; /* newest first */
	size_t n_parts;
	/* position of the reading */
	struct log_position at;
	bool digest_lost; /* damage lies before `at` in this file */
	struct reading in;
};

/* Notes what is damaged in the record at p->at; key NULL: not known which. */
static int note_damage(struct pass *p, const struct record_change *key, uint64_t sequence,
                       uint64_t records)
{
	struct damage damage = { .kind = RECORD_FILE_LOG,
		                 .epoch = p->at.epoch,
		                 .number = p->at.segment,
		                 .offset = p->at.offset,
		                 .sequence = sequence,
		                 .records = records };

	p->digest_lost = true;
	return report_damage(&p->out->report, &damage, key ? key->key : NULL,
	                     key ? key->key_size : 0);
}

static bool earlier(const struct log_position *a, uint64_t epoch, uint64_t segment)
{
	return a->epoch < epoch || (a->epoch == epoch && a->segment < segment);
}

/* C5: of before the register's snapshot.  Without one there is no such file. */
static bool may_be_gone(const struct pass *p, uint64_t epoch, uint64_t segment)
{
	const struct log_position file = { .epoch = epoch, .segment = segment };
	const struct log_position *at = &p->request->snapshot.at;

	return !p->base->snapshot && earlier(&file, at->epoch, at->segment);
}

/* Named by the register or a header: absent or short is never "damaged" (B5).  -EAGAIN: it need not
 * be there any more, and the reading has to begin elsewhere. */
static int open_file(struct pass *p, uint64_t epoch, uint64_t segment, uint64_t size)
{
	bool old = may_be_gone(p, epoch, segment);
	char name[SEGMENT_NAME_SIZE];
	int r;

	segment_name(epoch, segment, name);
	r = reading_open(&p->in, name, size, old ? 0 : p->request->retry_usec);
	if (r == -ENOENT && old && p->base->known)
		return -EAGAIN;
	if (r == -ENOENT)
		return reading_fail(&p->in, STORE_LOG_MISSING, 0,
		                    "absent or shorter than what is committed; is the right file "
		                    "system mounted here, as on the other members?");
	return r;
}

/* ---- the chain, backwards */

static int read_header(struct pass *p, struct part *part)
{
	const uint8_t *bytes;
	enum record_error e;
	size_t size;
	int r;

	p->in.limit = RECORD_FILE_HEADER_SIZE;
	r = reading_look(&p->in, 0, &bytes, &size);
	if (r < 0)
		return r;
	memcpy(part->header_bytes, bytes, RECORD_FILE_HEADER_SIZE);
	e = record_file_header_decode(bytes, size, p->request->cluster_id, &part->header);
	if (e == RECORD_OTHER_CLUSTER || e == RECORD_FOREIGN)
		return reading_fail(&p->in, STORE_FOREIGN, 0, record_error_text(e));
	if (e == RECORD_VERSION)
		return reading_fail(&p->in, STORE_VERSION, 0, record_error_text(e));
	if (e != RECORD_OK)
		return reading_fail(
		        &p->in, STORE_DIGEST_MISMATCH, 0,
		        "its first 128 bytes are damaged, so what lies before it cannot be "
		        "found; see `jmhactl explain`");
	if (part->header.kind != RECORD_FILE_LOG || part->header.epoch != part->epoch ||
	    part->header.number != part->segment)
		return reading_fail(&p->in, STORE_DIGEST_MISMATCH, 0,
		                    "holds another file than its name says; see `jmhactl explain`");
	return 0;
}

/* The reading starts at the end of this earlier file: it need not even be there any more. */
static bool is_read(const struct pass *p, const struct part *part)
{
	return part != p->part && p->at.epoch == part->epoch && p->at.segment == part->segment &&
	       p->at.offset == part->end;
}

/* Adds the file of `end` to the chain.  1: the chain has reached p->at; 0: go on with *end. */
static int add_part(struct pass *p, struct log_position *end)
{
	const struct log_position *from = &p->at;
	struct part *part;
	int r;

	part = reallocarray(p->part, p->n_parts + 1, sizeof(*part));
	if (!part)
		return -ENOMEM;
	p->part = part;
	part += p->n_parts++;
	*part = (struct part){ .epoch = end->epoch, .segment = end->segment, .end = end->offset };
	if (is_read(p, part))
		return 1;
	r = open_file(p, part->epoch, part->segment, part->end);
	if (r < 0)
		return r;
	if (from->epoch == part->epoch && from->segment == part->segment) {
		if (from->offset > part->end)
			return -EAGAIN; /* the reader is ahead of the register: start over */
		part->start = from->offset;
		return 1;
	}
	r = read_header(p, part);
	if (r < 0)
		return r;
	*end = part->header.before;
	if (end->epoch == 0)
		return from->epoch == 0 ? 1 : -EAGAIN;
	if (!earlier(end, part->epoch, part->segment) || end->offset < RECORD_FILE_HEADER_SIZE)
		return reading_fail(
		        &p->in, STORE_DIGEST_MISMATCH, 0,
		        "names a later file as the one before it; see `jmhactl explain`");
	return 0;
}

/* -EAGAIN: the chain does not lead to p->at. */
static int find_chain(struct pass *p)
{
	struct log_position end = p->request->to;
	int r = 0;

	if (end.epoch == 0)
		return p->at.epoch == 0 ? 0 : -EAGAIN;
	while (r == 0)
		r = add_part(p, &end);
	reading_close(&p->in);
	return r < 0 ? r : 0;
}

/* ---- the records, forwards */

static int apply_record(struct pass *p, const struct record *record)
{
	struct record_cursor cursor = { .record = record };
	struct record_change change;
	int r;

	while (record_next(&cursor, &change)) {
		r = pointer_map_apply(p->out->delta, &change, record->sequence, true);
		if (r < 0)
			return r;
		if (change.op == RECORD_LOST || !change.damaged)
			continue;
		r = note_damage(p, &change, record->sequence, 0);
		if (r < 0)
			return r;
	}
	if (record_padding_damaged(record)) {
		r = note_damage(p, NULL, record->sequence, 0);
		if (r < 0)
			return r;
	}
	r = record_digest(p->at.digest, record->bytes, record->size);
	if (r < 0)
		return r;
	p->at.offset += record->size;
	p->at.sequence = record->sequence;
	p->out->records++;
	return 0;
}

/* B6: a header is lost; goes on at the next one, and counts what lies between. */
static int skip_gap(struct pass *p, uint64_t last)
{
	uint64_t at = p->at.offset + 8;
	uint64_t lost = last - p->at.sequence;
	const uint8_t *bytes;
	struct record record;
	size_t size, found;
	int r;

	for (; at < p->in.limit; at += found) {
		r = reading_look(&p->in, at, &bytes, &size);
		if (r < 0)
			return r;
		found = record_resync(bytes, 0, size, p->at.sequence, last);
		if (found < size) {
			at += found;
			(void)record_decode(bytes + found, size - found, &record);
			lost = record.sequence - p->at.sequence - 1;
			break;
		}
		/* A record may begin in this window and end behind it. */
		found = at + size == p->in.limit ? size : size - RECORD_MAX + 8;
	}
	r = note_damage(p, NULL, p->at.sequence + 1, lost);
	if (r < 0)
		return r;
	p->at.sequence += lost;
	p->at.offset = at < p->in.limit ? at : p->in.limit;
	return 0;
}

/* Reads records up to the end of the part; `last` is the sequence there. */
static int read_records(struct pass *p, uint64_t last)
{
	static const char out_of_order[] =
	        "a valid record is not the next one; see `jmhactl explain`";
	const uint8_t *bytes;
	struct record record;
	size_t size;
	int r;

	while (p->at.offset < p->in.limit) {
		r = reading_look(&p->in, p->at.offset, &bytes, &size);
		if (r < 0)
			return r;
		if (record_decode(bytes, size, &record) != RECORD_OK)
			r = skip_gap(p, last);
		else if (record.sequence == p->at.sequence + 1 && record.sequence <= last)
			r = apply_record(p, &record);
		else
			r = reading_fail(&p->in, STORE_DIGEST_MISMATCH, 0, out_of_order);
		if (r < 0)
			return r;
	}
	return 0;
}

/* B5: no checksum wrong, but the digest is: serve nothing. */
static int check_end(struct pass *p, const struct log_position *want)
{
	if (!log_position_same(&p->at, want) && !p->digest_lost)
		return reading_fail(
		        &p->in, STORE_DIGEST_MISMATCH, 0,
		        "the digest is not that of the register or of the next file, and no "
		        "checksum fails; see `jmhactl explain`");
	p->at = *want;
	p->digest_lost = false; /* the next file begins with a digest of its own */
	return 0;
}

static int read_part(struct pass *p, const struct part *part, const struct log_position *end)
{
	int r;

	if (is_read(p, part))
		return check_end(p, end);
	r = open_file(p, part->epoch, part->segment, part->end);
	if (r < 0)
		return r;
	if (part->start == 0) {
		r = record_digest(p->at.digest, part->header_bytes, RECORD_FILE_HEADER_SIZE);
		if (r < 0)
			return r;
		p->at.epoch = part->epoch;
		p->at.segment = part->segment;
		p->at.offset = RECORD_FILE_HEADER_SIZE;
	}
	p->in.limit = part->end;
	p->out->bytes += part->end - (part->start > 0 ? part->start : RECORD_FILE_HEADER_SIZE);
	r = read_records(p, end->sequence);
	if (r < 0)
		return r;
	return check_end(p, end);
}

/* A11: what lies past the committed end, and is valid, tells what its writer knew as committed. */
static int look_beyond(struct pass *p)
{
	uint64_t at = p->at.offset;
	const uint8_t *bytes;
	struct record record;
	size_t size;
	int r;

	p->in.limit = p->in.size;
	while (at < p->in.limit) {
		r = reading_look(&p->in, at, &bytes, &size);
		if (r < 0)
			return r;
		if (record_decode(bytes, size, &record) != RECORD_OK)
			break;
		if (record.committed > p->out->committed_seen)
			p->out->committed_seen = record.committed;
		at += record.size;
	}
	return 0;
}

static int read_chain(struct pass *p)
{
	int r = 0;

	for (size_t i = p->n_parts; i > 0 && r == 0; i--)
		r = read_part(p, &p->part[i - 1],
		              i == 1 ? &p->request->to : &p->part[i - 2].header.before);
	if (r == 0 && p->n_parts > 0)
		r = look_beyond(p);
	else if (r == 0)
		p->at = p->request->to;
	return r;
}

/* ---- all of it */

static int read_base(struct pass *p)
{
	int r = 0;

	if (p->base->snapshot) {
		p->in.dir = "snapshot";
		r = snapshot_read(&p->in, p->request->cluster_id, p->base->snapshot,
		                  p->request->retry_usec, p->out->delta);
	}
	p->in.dir = "log";
	return r;
}

static int read_all(struct pass *p)
{
	int r;

	r = read_base(p);
	if (r == 0)
		r = find_chain(p);
	if (r == 0)
		r = read_chain(p);
	if (r == -EAGAIN && !p->base->known)
		r = reading_fail(&p->in, STORE_DIGEST_MISMATCH, 0,
		                 "the log does not go on from the snapshot; see `jmhactl explain`");
	return r;
}

int chain_read(const struct follower_request *request, const struct chain_base *base,
               struct follower_result *out, bool again)
{
	struct pass p = { .request = request,
		          .base = base,
		          .out = out,
		          .in = { .path = request->path,
		                  .again = again,
		                  .progress = request->progress,
		                  .report = &out->report },
		          .at = base->at };
	int r;

	out->delta = pointer_map_new();
	r = reading_init(&p.in);
	if (r == 0 && !out->delta)
		r = -ENOMEM;
	if (r == 0)
		r = read_all(&p);
	if (r == 0)
		pointer_map_set_position(out->delta, &request->to);
	else if (r != -EBADMSG && r != -EAGAIN)
		(void)reading_fail_errno(&p.in, r, "cannot be followed");
	reading_done(&p.in);
	free(p.part);
	return r;
}

int chain_look(const struct follower_request *request, struct report *report)
{
	const struct log_snapshot *snapshot = &request->snapshot;
	const struct chain_base base = { .at = snapshot->at,
		                         .snapshot = snapshot->epoch != 0 ? snapshot : NULL };
	struct pass p = {
		.request = request,
		.base = &base,
		.in = { .path = request->path, .progress = request->progress, .report = report },
		.at = base.at
	};
	int r;

	r = reading_init(&p.in);
	if (r == 0 && base.snapshot) {
		p.in.dir = "snapshot";
		r = snapshot_look(&p.in, request->cluster_id, snapshot, request->retry_usec);
	}
	p.in.dir = "log";
	if (r == 0 && !log_position_same(&base.at, &request->to)) /* else it holds all of it */
		r = find_chain(&p);
	if (r == -EAGAIN)
		r = reading_fail(&p.in, STORE_DIGEST_MISMATCH, 0, "does not lead to the snapshot");
	else if (r < 0 && r != -EBADMSG)
		r = reading_fail_errno(&p.in, r, "cannot be looked at");
	reading_done(&p.in);
	free(p.part);
	return r;
}
