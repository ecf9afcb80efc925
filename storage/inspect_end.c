/* SPDX-License-Identifier: Apache-2.0 */
/* Where the log ends when no register says it (PROTOCOL D11). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "storage/inspect.h"

enum { MAX_SNAPSHOTS = 4 }; /* how many are tried */

/* It held, or may have held, something that is not used.  Another cluster's, too: whether the file
 * or CLUSTER is the stranger here, the files cannot tell. */
static bool is_loss(const struct inspected_file *f)
{
	return f->kind == RECORD_FILE_LOG && f->named && !inspected_usable(f) &&
	       f->state != INSPECTED_UNUSED;
}

static uint64_t max(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

uint64_t inspection_committed(const struct inspection *inspection, uint64_t epoch)
{
	uint64_t committed = 0;

	for (size_t i = 0; i < inspection->n_files; i++) {
		const struct inspected_file *f = &inspection->file[i];

		if (!f->named || f->epoch < epoch || f->state == INSPECTED_FOREIGN ||
		    f->state == INSPECTED_MISNAMED)
			continue;
		committed = max(committed, f->scan.committed);
		if (f->scan.header_error == RECORD_OK)
			committed = max(committed, f->scan.header.before.sequence);
	}
	return committed;
}

/*
 * The file where the log ends, looking down from `from`: the newest one that holds records.  Empty
 * ones behind it, of the same epoch, were begun by electors that never committed there: what the
 * one before them has appended may still have been committed by a late write (B1).  A later epoch's
 * empty one ends it where its header says: nothing of before can be committed any more.  -1: none.
 */
static ssize_t find_head(const struct inspection *inspection, size_t from)
{
	ssize_t best = -1;

	for (size_t i = from; i-- > 0;) {
		const struct inspected_file *f = &inspection->file[i];
		const struct inspected_file *b = best < 0 ? NULL : &inspection->file[best];

		if (!inspected_usable(f))
			continue;
		if (b && f->epoch != b->epoch)
			break;
		if (!b || f->scan.end.sequence > b->scan.end.sequence)
			best = (ssize_t)i;
		if (f->scan.n_records > 0)
			break;
	}
	return best;
}

static unsigned list_snapshots(const struct inspection *inspection, uint64_t sequence,
                               struct log_snapshot ret[MAX_SNAPSHOTS])
{
	unsigned n = 0;

	for (size_t i = inspection->n_files; i-- > 0 && n < MAX_SNAPSHOTS;) {
		const struct inspected_file *f = &inspection->file[i];
		const struct log_snapshot s = { f->epoch, f->scan.header.before };

		/* Of one position there may be several: one is enough. */
		if (f->kind != RECORD_FILE_SNAPSHOT || f->state != INSPECTED_OK ||
		    s.at.sequence > sequence || (n > 0 && s.at.sequence >= ret[n - 1].at.sequence))
			continue;
		ret[n++] = s;
	}
	return n;
}

static bool is_whole(const struct follower_result *r)
{
	return r->report.state == STORE_OK && r->report.n_damage == 0 && !r->passed_over[0];
}

/* Reads to end->at, beginning with one snapshot after the other, until nothing of it is missing;
 * else what the first of those ways gave that gave anything. */
static void read_to(const struct inspect_request *request, const struct inspection *inspection,
                    struct inspected_end *end)
{
	struct follower_request follow = { .path = request->path, .to = end->at };
	struct log_snapshot snapshot[MAX_SNAPSHOTS + 1] = { { .epoch = 0 } };
	unsigned n = list_snapshots(inspection, end->at.sequence, snapshot);

	memcpy(follow.cluster_id, inspection->cluster.id, sizeof(follow.cluster_id));
	for (unsigned i = 0; i <= n; i++) {
		struct follower_result r;

		follow.snapshot = snapshot[i]; /* the last one is none */
		follower_read(&follow, &r);
		if (i > 0 && !is_whole(&r) &&
		    (end->read.report.state == STORE_OK || r.report.state != STORE_OK)) {
			follower_result_done(&r);
			continue;
		}
		follower_result_done(&end->read);
		end->read = r;
		end->snapshot =
		        r.passed_over[0] ? (struct log_snapshot){ .epoch = 0 } : snapshot[i];
		if (is_whole(&r))
			break;
	}
	end->found = end->read.report.state == STORE_OK;
}

static void pass_over(struct inspected_end *end, const struct inspected_file *f, const char *why)
{
	if (!end->passed_over)
		(void)text_format(end->passed_over_why, sizeof(end->passed_over_why), "log/%s: %s",
		                  f->name, why);
	end->passed_over = true;
}

static void note_losses(struct inspected_end *end, const struct inspection *inspection, size_t head,
                        size_t from)
{
	for (size_t i = from; i-- > head;)
		if (is_loss(&inspection->file[i]))
			pass_over(end, &inspection->file[i], inspection->file[i].text);
}

/* No file was ever used: the end is the beginning, unless one cannot be judged. */
static void end_at_beginning(struct inspected_end *end, const struct inspection *inspection)
{
	end->known_committed = inspection_committed(inspection, 0);
	note_losses(end, inspection, 0, inspection->n_files);
	end->read.delta = pointer_map_new();
	end->found = end->read.delta && !end->passed_over && end->known_committed == 0;
	if (end->found)
		return;
	end->read.report.state = STORE_LOG_MISSING;
	(void)text_format(end->read.report.text, sizeof(end->read.report.text),
	                  "no log file can be used%s%s", end->passed_over ? "; " : "",
	                  end->passed_over_why);
}

int inspect_settle(struct follower_result *read)
{
	CLEANUP(pointer_map_freep) struct pointer_map *map = NULL;
	int r;

	if (!read->delta)
		return 0;
	map = pointer_map_new();
	r = map ? pointer_map_merge(map, read->delta, NULL, NULL) : -ENOMEM;
	if (r < 0)
		return r;
	pointer_map_free(read->delta);
	read->delta = TAKE_PTR(map);
	return 0;
}

int inspect_find_end(const struct inspect_request *request, const struct inspection *inspection,
                     struct inspected_end *ret)
{
	size_t from = inspection->n_files;
	ssize_t head;

	*ret = (struct inspected_end){ .found = false };
	while (!ret->found && (head = find_head(inspection, from)) >= 0) {
		const struct inspected_file *f = &inspection->file[head];

		note_losses(ret, inspection, (size_t)head, from);
		ret->at = f->scan.end;
		ret->known_committed = inspection_committed(inspection, f->epoch);
		read_to(request, inspection, ret);
		if (!ret->found)
			pass_over(ret, f, ret->read.report.text);
		from = (size_t)head;
	}
	if (!ret->found && ret->at.epoch == 0)
		end_at_beginning(ret, inspection);
	return inspect_settle(&ret->read);
}

void inspected_end_done(struct inspected_end *end)
{
	follower_result_done(&end->read);
}
