/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/commit_queue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A queue whose actions are read as text; what they ask for is answered by hand. */
struct bench {
	struct pointer_map *map;
	struct commit_queue *q;
	struct commit_action asked;         /* the last one that wants an answer */
	size_t changes;                     /* of the last APPEND */
	struct commit_action snapshot;      /* the last one */
	struct log_snapshot named, earlier; /* what found() finds */
	char text[65536];
};

static struct bench bench;

/* What happened since the last look: "open:1 append move:1/1/216@5 reply:a=ok/1 ". */
static const char *look(void)
{
	struct commit_action a;
	struct record r;
	size_t n = 0;

	bench.text[0] = '\0';
	while (commit_queue_next(bench.q, &a)) {
		char *at = bench.text + n;
		size_t left = sizeof(bench.text) - n;
		int w = 0;

		switch (a.type) {
		case COMMIT_NEW_SEGMENT:
			w = snprintf(at, left, "open:%d after %d/%d ", (int)a.segment,
			             (int)a.position.segment, (int)a.position.sequence);
			break;
		case COMMIT_APPEND:
			assert_int_equal(record_decode(a.bytes, a.size, &r), RECORD_OK);
			assert_int_equal(r.size, a.size);
			bench.changes = r.n_changes;
			w = snprintf(at, left, "append:%d(%d) ", (int)r.sequence, (int)r.n_changes);
			break;
		case COMMIT_MOVE_REGISTER:
			w = snprintf(at, left, "move:%d/%d@%d ", (int)a.position.segment,
			             (int)a.position.sequence, a.version);
			if (a.snapshot.epoch != 0)
				w += snprintf(at + w - 1, left - (size_t)w, "+%d ",
				              (int)a.snapshot.at.sequence) -
				     1;
			break;
		case COMMIT_READ_REGISTER:
			w = snprintf(at, left, "read ");
			break;
		case COMMIT_CATCH_UP:
			w = snprintf(at, left, "catch-up:%d/%d ", (int)a.position.segment,
			             (int)a.position.sequence);
			break;
		case COMMIT_REPLY:
			w = snprintf(at, left, "%s=%s/%d ", (const char *)a.cookie,
			             commit_result_code(a.result), (int)a.revision);
			break;
		case COMMIT_SNAPSHOT:
			w = snprintf(at, left, "snapshot:%d/%d ", (int)a.position.segment,
			             (int)a.position.sequence);
			bench.snapshot = a;
			a.ticket = 0; /* it goes on beside the others */
			break;
		case COMMIT_CLEAN:
			w = snprintf(at, left, "clean:%d ", (int)a.snapshot.at.sequence);
			break;
		case COMMIT_SETTLED:
			w = snprintf(at, left, "settled ");
			break;
		case COMMIT_TERM_LOST:
			w = snprintf(at, left, "lost ");
			break;
		}
		if (a.ticket != 0)
			bench.asked = a;
		assert_true(w > 0 && (size_t)w < left);
		n += (size_t)w;
	}
	return bench.text;
}

static void opened(void)
{
	struct log_position at = bench.asked.position;

	at.epoch = bench.asked.epoch.v;
	at.segment = bench.asked.segment;
	at.offset = RECORD_FILE_HEADER_SIZE;
	at.digest[0]++;
	commit_queue_opened(bench.q, bench.asked.ticket, COMMIT_STORED, &at);
}

static void appended(enum commit_storage answer)
{
	commit_queue_appended(bench.q, bench.asked.ticket, answer);
}

static void moved(enum commit_moved answer, int32_t version)
{
	commit_queue_moved(bench.q, bench.asked.ticket, answer, version);
}

static void found(uint64_t epoch, const char *latch, int32_t version,
                  const struct log_position *position)
{
	struct commit_register r = {
		.epoch = { epoch },
		.latch = latch,
		.version = version,
		.position = *position,
		.snapshot = bench.named,
		.previous = bench.earlier,
	};

	commit_queue_read(bench.q, bench.asked.ticket, &r);
}

static enum commit_result submit(const struct commit_request *request, const char *name)
{
	struct commit_request r = *request;

	r.cookie = (void *)(uintptr_t)name;
	return commit_queue_submit(bench.q, &r);
}

static enum commit_result put(const char *key, const char *value, const char *name)
{
	return submit(
	        &(struct commit_request){ .key = key, .value = value, .value_size = strlen(value) },
	        name);
}

static enum commit_result create(const char *key, const char *value, const char *name)
{
	return submit(&(struct commit_request){ .key = key,
	                                        .value = value,
	                                        .value_size = strlen(value),
	                                        .condition = COMMIT_IF_ABSENT },
	              name);
}

static enum commit_result put_if(const char *key, const char *value, uint64_t revision,
                                 const char *name)
{
	return submit(&(struct commit_request){ .key = key,
	                                        .value = value,
	                                        .value_size = strlen(value),
	                                        .condition = COMMIT_IF_REVISION,
	                                        .if_revision = revision },
	              name);
}

static enum commit_result del(const char *key, const char *name)
{
	return submit(&(struct commit_request){ .op = COMMIT_DELETE, .key = key }, name);
}

static const char *value(const char *key)
{
	static char text[64];
	const struct pointer *p = pointer_map_get(bench.map, key);

	if (!p)
		return "(none)";
	(void)snprintf(text, sizeof(text), "%.*s", (int)p->value_size,
	               (const char *)pointer_value(p));
	return text;
}

/* Epoch 7, latch "n-own", register version 5, nothing committed yet. */
static void begin(void)
{
	struct commit_register mark = { .epoch = { 7 }, .latch = "n-own", .version = 5 };

	assert_int_equal(commit_queue_begin(bench.q, &mark), 0);
}

/* The whole way of one commit. */
static void commit(void)
{
	(void)look();
	appended(COMMIT_STORED);
	(void)look();
	moved(COMMIT_MOVED, commit_queue_version(bench.q) + 1);
}

static int setup(void **state)
{
	(void)state;
	memset(&bench, 0, sizeof(bench));
	bench.map = pointer_map_new();
	bench.q = commit_queue_new(bench.map);
	assert_non_null(bench.q);
	begin();
	assert_string_equal(look(), "open:1 after 0/0 ");
	opened();
	assert_string_equal(look(), "");
	assert_true(commit_queue_segment_open(bench.q));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	commit_queue_free(bench.q);
	pointer_map_free(bench.map);
	return 0;
}

/* DESIGN 6, B9: acknowledged = durable and fenced; the map changes then, not before. */
static void acknowledges_only_after_the_register_moved(void **state)
{
	(void)state;
	assert_int_equal(put("a", "1", "A"), COMMIT_PENDING);
	assert_string_equal(look(), "append:1(1) ");
	appended(COMMIT_STORED);
	assert_string_equal(look(), "move:1/1@5 ");
	assert_string_equal(value("a"), "(none)");
	moved(COMMIT_MOVED, 6);
	assert_string_equal(value("a"), "1");
	assert_string_equal(look(), "A=ok/1 ");
	assert_true(pointer_map_position(bench.map)->sequence == 1);
	assert_int_equal(commit_queue_version(bench.q), 6);
	assert_true(commit_queue_idle(bench.q));
}

/* B2: one register write outstanding; the next batch gathers behind it. */
static void requests_that_wait_share_one_record(void **state)
{
	(void)state;
	(void)put("a", "1", "A");
	assert_string_equal(look(), "append:1(1) ");
	(void)put("b", "1", "B");
	(void)put("c", "1", "C");
	(void)del("a", "D");
	assert_string_equal(look(), "");
	appended(COMMIT_STORED);
	assert_string_equal(look(), "move:1/1@5 ");
	assert_string_equal(look(), "");
	moved(COMMIT_MOVED, 6);
	assert_string_equal(look(), "append:2(3) A=ok/1 ");
	appended(COMMIT_STORED);
	assert_string_equal(look(), "move:1/2@6 ");
	moved(COMMIT_MOVED, 7);
	assert_string_equal(look(), "B=ok/2 C=ok/2 D=ok/2 ");
	assert_string_equal(value("a"), "(none)");
}

static void a_delete_hands_over_what_was_there(void **state)
{
	struct commit_action a;

	(void)state;
	(void)put("a", "old", "A");
	commit();
	(void)look();
	(void)del("a", "D");
	commit();
	assert_true(commit_queue_next(bench.q, &a));
	assert_int_equal(a.type, COMMIT_REPLY);
	assert_non_null(a.removed);
	assert_memory_equal(pointer_value(a.removed), "old", 3);
	assert_true(a.removed->revision == 1);
}

/* B2 */
static void unknown_outcome_is_read_before_anything_else_is_written(void **state)
{
	struct log_position before, target;

	(void)state;
	before = *commit_queue_committed(bench.q);
	(void)put("a", "1", "A");
	(void)look();
	appended(COMMIT_STORED);
	(void)look();
	target = bench.asked.position;
	moved(COMMIT_UNKNOWN, 0);
	(void)put("b", "1", "B");
	assert_string_equal(look(), "read ");
	assert_string_equal(look(), "");
	/* the same expected version: the identical write again */
	found(7, "n-own", 5, &before);
	assert_string_equal(look(), "move:1/1@5 ");
	assert_memory_equal(&bench.asked.position, &target, sizeof(target));
	moved(COMMIT_UNKNOWN, 0);
	assert_string_equal(look(), "read ");
	/* A2: own mark */
	found(7, "n-own", 6, &target);
	assert_string_equal(look(), "append:2(1) A=ok/1 ");
	assert_string_equal(value("a"), "1");
	assert_int_equal(commit_queue_version(bench.q), 6);
}

/* The late write of the elector before us, in the same epoch and of the same latch. */
static struct log_position late_write(void)
{
	return (struct log_position){ 7, 9, 500, 1, "other" };
}

/* B1: BADVERSION with own epoch and latch. */
static void late_write_of_the_predecessor_leads_to_a_new_segment(void **state)
{
	struct log_position late = late_write();
	struct record_change c = { .op = RECORD_PUT, .key = "late", .key_size = 4 };

	(void)state;
	(void)create("a", "1", "A");
	(void)look();
	appended(COMMIT_STORED);
	(void)look();
	moved(COMMIT_BAD_VERSION, 0);
	assert_string_equal(look(), "read ");
	found(7, "n-own", 6, &late);
	/* never "move again": what is committed is read first, then a header that names it */
	assert_string_equal(look(), "catch-up:9/1 ");
	assert_false(commit_queue_segment_open(bench.q));
	assert_int_equal(pointer_map_apply(bench.map, &c, 1, false), 0);
	commit_queue_caught_up(bench.q, bench.asked.ticket, COMMIT_STORED);
	assert_string_equal(look(), "open:10 after 9/1 ");
	opened();
	assert_string_equal(look(), "append:2(1) ");
	appended(COMMIT_STORED);
	assert_string_equal(look(), "move:10/2@6 ");
	moved(COMMIT_MOVED, 7);
	assert_string_equal(look(), "A=ok/2 ");
}

/* B1: the same after an unknown outcome. */
static void position_of_another_segment_is_no_own_mark(void **state)
{
	struct log_position late = late_write();

	(void)state;
	(void)put("a", "1", "A");
	(void)look();
	appended(COMMIT_STORED);
	(void)look();
	moved(COMMIT_UNKNOWN, 0);
	(void)look();
	found(7, "n-own", 6, &late);
	assert_string_equal(look(), "catch-up:9/1 ");
	assert_string_equal(value("a"), "(none)");
}

/* B1 and D15: what the predecessor committed late may be the very request that is asked again. */
static void request_is_decided_anew_after_catching_up(void **state)
{
	struct log_position late = late_write();
	struct record_change c = { .op = RECORD_PUT,
		                   .key = "a",
		                   .key_size = 1,
		                   .value = (const uint8_t *)"1",
		                   .value_size = 1 };

	(void)state;
	(void)create("a", "1", "A");
	(void)create("b", "1", "B");
	(void)look();
	appended(COMMIT_STORED);
	(void)look();
	moved(COMMIT_BAD_VERSION, 0);
	(void)look();
	found(7, "n-own", 6, &late);
	(void)look();
	assert_int_equal(pointer_map_apply(bench.map, &c, 1, false), 0);
	commit_queue_caught_up(bench.q, bench.asked.ticket, COMMIT_STORED);
	(void)look();
	opened();
	assert_string_equal(look(), "append:2(1) A=ok/1 ");
	appended(COMMIT_STORED);
	(void)look();
	moved(COMMIT_MOVED, 7);
	assert_string_equal(look(), "B=ok/2 ");
}

static void log_that_cannot_be_caught_up_with_ends_the_term(void **state)
{
	struct log_position late = late_write();

	(void)state;
	(void)put("a", "1", "A");
	(void)look();
	appended(COMMIT_STORED);
	(void)look();
	moved(COMMIT_BAD_VERSION, 0);
	(void)look();
	found(7, "n-own", 6, &late);
	(void)look();
	commit_queue_caught_up(bench.q, bench.asked.ticket, COMMIT_STORE_FAILED);
	assert_string_equal(look(), "A=aborted/0 lost ");
}

/* B2 */
static void another_owner_makes_an_unknown_outcome_unknown_for_good(void **state)
{
	struct log_position other = { 8, 1, 128, 0, "" };

	(void)state;
	(void)put("a", "1", "A");
	(void)look();
	(void)put("b", "1", "B");
	appended(COMMIT_STORED);
	(void)look();
	moved(COMMIT_UNKNOWN, 0);
	(void)look();
	found(8, "n-other", 6, &other);
	assert_string_equal(look(), "A=outcome-unknown/0 B=aborted/0 lost ");
	assert_string_equal(value("a"), "(none)");
	assert_int_equal(put("c", "1", "C"), COMMIT_NOT_LEADER);
}

/* A2: the latch is part of the mark. */
static void same_epoch_of_another_latch_is_another_owner(void **state)
{
	struct log_position target;

	(void)state;
	(void)put("a", "1", "A");
	(void)look();
	appended(COMMIT_STORED);
	(void)look();
	target = bench.asked.position;
	moved(COMMIT_UNKNOWN, 0);
	(void)look();
	found(7, "n-later", 6, &target);
	assert_string_equal(look(), "A=outcome-unknown/0 lost ");
}

/* B2: certain, because each write checks the latch and this was the first try. */
static void latch_gone_at_the_first_try_aborts(void **state)
{
	(void)state;
	(void)put("a", "1", "A");
	(void)look();
	appended(COMMIT_STORED);
	(void)look();
	moved(COMMIT_LATCH_GONE, 0);
	assert_string_equal(look(), "A=aborted/0 lost ");
}

static void latch_gone_after_an_unknown_try_stays_unknown(void **state)
{
	struct log_position before;

	(void)state;
	before = *commit_queue_committed(bench.q);
	(void)put("a", "1", "A");
	(void)look();
	appended(COMMIT_STORED);
	(void)look();
	moved(COMMIT_UNKNOWN, 0);
	(void)look();
	found(7, "n-own", 5, &before);
	(void)look();
	moved(COMMIT_LATCH_GONE, 0);
	assert_string_equal(look(), "A=outcome-unknown/0 lost ");
}

/* B4 and B2: dead segment; "failed" is said only when a later register write has succeeded. */
static void failed_append_is_answered_after_a_register_write(void **state)
{
	(void)state;
	(void)put("a", "1", "A");
	(void)look();
	appended(COMMIT_STORE_FULL);
	(void)put("b", "1", "B");
	assert_string_equal(look(), "move:0/0@5 "); /* the committed end, as it was */
	assert_false(commit_queue_segment_open(bench.q));
	moved(COMMIT_MOVED, 6);
	assert_string_equal(look(), "open:2 after 0/0 A=storage-full/0 ");
	opened();
	assert_string_equal(look(), "append:1(1) ");
	appended(COMMIT_STORED);
	assert_string_equal(look(), "move:2/1@6 ");
	moved(COMMIT_MOVED, 7);
	assert_string_equal(look(), "B=ok/1 ");
	assert_string_equal(value("a"), "(none)");
}

/* B2: the same, when that register write has an unknown outcome itself. */
static void failed_append_waits_for_certainty(void **state)
{
	struct log_position before;

	(void)state;
	before = *commit_queue_committed(bench.q);
	(void)put("a", "1", "A");
	(void)look();
	appended(COMMIT_STORE_FAILED);
	(void)look();
	moved(COMMIT_UNKNOWN, 0);
	assert_string_equal(look(), "read ");
	found(7, "n-own", 6, &before);
	assert_string_equal(look(), "A=storage-failed/0 ");
}

/* B2: before the append it is certain. */
static void segment_that_cannot_be_opened_fails_what_waits(void **state)
{
	(void)state;
	(void)put("a", "1", "A");
	(void)look();
	appended(COMMIT_STORE_FAILED);
	(void)look();
	moved(COMMIT_MOVED, 6);
	(void)look();
	(void)put("b", "1", "B");
	assert_string_equal(look(), "open:2 after 0/0 ");
	commit_queue_opened(bench.q, bench.asked.ticket, COMMIT_STORE_FULL, NULL);
	assert_string_equal(look(), "B=storage-full/0 ");
	assert_true(commit_queue_active(bench.q));
	commit_queue_reopen(bench.q);
	assert_string_equal(look(), "open:3 after 0/0 ");
	opened();
	assert_true(commit_queue_segment_open(bench.q));
	commit_queue_reopen(bench.q);
	assert_string_equal(look(), "");
}

/* B9 */
static void conditions_see_earlier_requests_of_the_batch(void **state)
{
	(void)state;
	(void)create("a", "1", "A");
	(void)create("a", "2", "B");
	assert_string_equal(look(), "append:1(1) ");
	appended(COMMIT_STORED);
	assert_string_equal(look(), "move:1/1@5 ");
	moved(COMMIT_MOVED, 6);
	assert_string_equal(look(), "A=ok/1 B=condition-failed/1 ");
}

/* B9: "and fails with them" */
static void conditions_fail_with_what_they_depend_on(void **state)
{
	(void)state;
	(void)create("a", "1", "A");
	(void)create("a", "2", "B");
	(void)create("a", "1", "C");
	(void)look();
	appended(COMMIT_STORE_FAILED);
	(void)look();
	moved(COMMIT_MOVED, 6);
	assert_string_equal(look(), "A=storage-failed/0 B=storage-failed/0 C=storage-failed/0 ");
}

/* Else If-Match could not tell two values of one revision apart. */
static void a_key_changes_once_in_a_record(void **state)
{
	(void)state;
	(void)put("a", "1", "A");
	(void)put("a", "2", "B");
	(void)put("b", "1", "C");
	commit();
	assert_string_equal(look(), "append:2(2) A=ok/1 ");
	appended(COMMIT_STORED);
	(void)look();
	moved(COMMIT_MOVED, 7);
	assert_string_equal(look(), "B=ok/2 C=ok/2 ");
	assert_string_equal(value("a"), "2");
}

static void compare_and_set_needs_the_current_revision(void **state)
{
	(void)state;
	(void)put("a", "1", "A");
	commit();
	(void)look();
	(void)put_if("a", "2", 9, "B");
	(void)put_if("absent", "2", 1, "C");
	(void)del("absent", "D");
	assert_string_equal(look(), "B=condition-failed/1 C=condition-failed/0 D=not-found/0 ");
	(void)put_if("a", "2", 1, "E");
	commit();
	assert_string_equal(look(), "E=ok/2 ");
	(void)submit(&(struct commit_request){ .op = COMMIT_DELETE,
	                                       .key = "a",
	                                       .condition = COMMIT_IF_REVISION,
	                                       .if_revision = 1 },
	             "F");
	assert_string_equal(look(), "F=condition-failed/2 ");
}

/* D15 */
static void same_change_again_is_a_success_with_its_revision(void **state)
{
	(void)state;
	(void)create("a", "1", "A");
	commit();
	(void)look();
	(void)create("a", "1", "B");
	(void)put_if("a", "1", 99, "C");
	assert_string_equal(look(), "B=ok/1 C=ok/1 ");
	(void)put("a", "1", "D"); /* without a condition it is written, hence fenced */
	assert_string_equal(look(), "append:2(1) ");
}

static void create_of_a_damaged_key_says_so(void **state)
{
	struct record_change c = { .op = RECORD_LOST, .key = "a", .key_size = 1 };

	(void)state;
	assert_int_equal(pointer_map_apply(bench.map, &c, 1, false), 0);
	(void)create("a", "1", "A");
	assert_string_equal(look(), "A=damaged/1 ");
	(void)put("a", "1", "B");
	commit();
	assert_string_equal(look(), "B=ok/1 ");
}

/* D7 */
static void settling_refuses_new_and_resolves_what_is_pending(void **state)
{
	(void)state;
	(void)put("a", "1", "A");
	(void)look();
	(void)put("b", "1", "B");
	commit_queue_settle(bench.q);
	assert_int_equal(put("c", "1", "C"), COMMIT_NOT_LEADER);
	assert_string_equal(look(), "B=aborted/0 ");
	appended(COMMIT_STORED);
	assert_string_equal(look(), "move:1/1@5 ");
	moved(COMMIT_MOVED, 6);
	assert_string_equal(look(), "A=ok/1 settled ");
	assert_string_equal(look(), "");
	assert_int_equal(commit_queue_version(bench.q), 6);
}

static void settling_without_anything_pending_is_done_at_once(void **state)
{
	(void)state;
	commit_queue_settle(bench.q);
	assert_string_equal(look(), "settled ");
	commit_queue_settle(bench.q);
	assert_string_equal(look(), "settled ");
}

static void settling_ends_when_the_term_is_lost(void **state)
{
	(void)state;
	(void)put("a", "1", "A");
	(void)look();
	commit_queue_settle(bench.q);
	commit_queue_abort(bench.q);
	assert_string_equal(look(), "A=outcome-unknown/0 settled ");
}

/* B2: what was never appended is certain, the rest is not. */
static void abort_tells_certain_from_unknown(void **state)
{
	uint64_t old;

	(void)state;
	(void)put("a", "1", "A");
	(void)look();
	(void)put("b", "1", "B");
	old = bench.asked.ticket;
	commit_queue_abort(bench.q);
	assert_string_equal(look(), "A=outcome-unknown/0 B=aborted/0 ");
	/* a late answer does no harm, not in the next term either */
	commit_queue_appended(bench.q, old, COMMIT_STORED);
	assert_string_equal(look(), "");
	begin();
	commit_queue_appended(bench.q, old, COMMIT_STORED);
	assert_string_equal(look(), "open:1 after 0/0 ");
	opened();
	(void)put("c", "1", "C");
	assert_string_equal(look(), "append:1(1) ");
	commit_queue_appended(bench.q, old, COMMIT_STORED);
	assert_string_equal(look(), "");
	appended(COMMIT_STORED);
	assert_string_equal(look(), "move:1/1@5 ");
}

static void abort_before_the_append_is_certain(void **state)
{
	(void)state;
	commit_queue_abort(bench.q);
	begin();
	(void)look();
	(void)put("a", "1", "A");
	commit_queue_abort(bench.q);
	assert_string_equal(look(), "A=aborted/0 ");
}

/* B1: resumed in the same epoch. */
static void resumed_term_opens_the_next_segment(void **state)
{
	struct commit_register mark = {
		.epoch = { 7 }, .latch = "n-own", .version = 5, .position = { 7, 3, 4096, 40, "" }
	};

	(void)state;
	commit_queue_abort(bench.q);
	assert_int_equal(commit_queue_begin(bench.q, &mark), 0);
	assert_string_equal(look(), "open:4 after 3/40 ");
	commit_queue_abort(bench.q);
	mark.epoch.v = 8;
	assert_int_equal(commit_queue_begin(bench.q, &mark), 0);
	assert_string_equal(look(), "open:1 after 3/40 ");
}

static void what_is_wrong_is_refused_at_once(void **state)
{
	static char big[RECORD_VALUE_MAX + 1];
	struct commit_request r = { .key = "a", .value = big, .value_size = sizeof(big) };

	(void)state;
	assert_int_equal(submit(&r, "A"), COMMIT_TOO_LARGE);
	r.value_size--;
	r.fence.v = 6;
	assert_int_equal(submit(&r, "A"), COMMIT_FENCED);
	r.fence.v = 8;
	assert_int_equal(submit(&r, "A"), COMMIT_FENCED);
	r.fence.v = 7;
	assert_int_equal(submit(&r, "A"), COMMIT_PENDING);
	assert_int_equal(put("", "1", "B"), COMMIT_BAD_REQUEST);
	assert_int_equal(put("a b", "1", "B"), COMMIT_BAD_REQUEST);
	assert_int_equal(put("~term/7", "1", "B"), COMMIT_BAD_REQUEST);
	r = (struct commit_request){ .key = "~term/7", .own = true };
	assert_int_equal(submit(&r, "B"), COMMIT_PENDING);
}

static void too_many_that_wait_are_busy(void **state)
{
	char key[32];

	(void)state;
	(void)put("first", "1", "A");
	(void)look();
	for (unsigned i = 0; i < COMMIT_MAX_WAITING; i++) {
		(void)snprintf(key, sizeof(key), "k%u", i);
		assert_int_equal(put(key, "1", "x"), COMMIT_PENDING);
	}
	assert_int_equal(put("one-more", "1", "x"), COMMIT_BUSY);
	appended(COMMIT_STORED);
	(void)look();
	moved(COMMIT_MOVED, 6);
	(void)look();
	assert_int_equal(bench.changes, COMMIT_MAX_CHANGES);
	commit_queue_abort(bench.q);
	(void)look();
}

static void large_values_are_spread_over_records(void **state)
{
	static char big[RECORD_VALUE_MAX];
	char key[32];

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		(void)snprintf(key, sizeof(key), "k%u", i);
		(void)submit(&(struct commit_request){ .key = key,
		                                       .value = big,
		                                       .value_size = sizeof(big) },
		             "x");
	}
	assert_string_equal(look(), "append:1(15) ");
	assert_true(bench.asked.size <= RECORD_MAX);
	appended(COMMIT_STORED);
	(void)look();
	moved(COMMIT_MOVED, 6);
	assert_memory_equal(look(), "append:2(5) ", 12);
}

/* Section 5: a segment ends at 64 MiB. */
static void full_segment_gives_way_to_the_next(void **state)
{
	static char big[RECORD_VALUE_MAX];
	const struct log_position *at = commit_queue_committed(bench.q);
	unsigned n = 0;

	(void)state;
	commit_queue_set_min_log(bench.q, UINT64_MAX); /* a snapshot would end it, too */
	for (; n < 2000; n++) {
		(void)submit(&(struct commit_request){ .key = "k",
		                                       .value = big,
		                                       .value_size = sizeof(big) },
		             "x");
		if (strstr(look(), "open:2"))
			break;
		appended(COMMIT_STORED);
		(void)look();
		moved(COMMIT_MOVED, commit_queue_version(bench.q) + 1);
	}
	assert_true(n > 1000 && n < 1024);
	assert_true(at->segment == 1 && at->offset <= COMMIT_SEGMENT_MAX);
	assert_true(at->offset > COMMIT_SEGMENT_MAX - 2 * RECORD_VALUE_MAX);
	opened();
	(void)look();
	appended(COMMIT_STORED);
	(void)look();
	moved(COMMIT_MOVED, 9);
	assert_true(at->segment == 2 && at->sequence == n + 1);
}

/* ---- snapshots */

static const struct log_snapshot first = { 7, { 7, 1, 300, 1, "" } };

static void snapshotted(bool well)
{
	const struct log_snapshot s = { 7, bench.snapshot.position };

	commit_queue_snapshotted(bench.q, bench.snapshot.ticket, well ? &s : NULL);
}

/* A commit of a value that is long enough to be worth a snapshot, up to its answer. */
static void commit_much(void)
{
	static char text[4000];

	memset(text, 'x', sizeof(text) - 1);
	assert_int_equal(put("much", text, "M"), COMMIT_PENDING);
	commit();
}

/* The first one behind a snapshot. */
static void opens_a_segment(void)
{
	assert_non_null(strstr(look(), "open:"));
	opened();
}

static void begin_with_snapshots(void)
{
	commit_queue_set_min_log(bench.q, 3000);
	commit_much();
	(void)look();
	commit_much();
	(void)look();
	commit_much(); /* more than twice of what is live */
}

/* DESIGN 6, B9: of what is committed, when the log is long; not before a commit. */
static void a_snapshot_is_begun_after_a_commit(void **state)
{
	(void)state;
	commit_queue_set_min_log(bench.q, 3000);
	commit_much();
	assert_string_equal(look(), "M=ok/1 "); /* longer, but not twice of the live */
	commit_much();
	assert_string_equal(look(), "M=ok/2 ");
	commit_much();
	assert_string_equal(look(), "snapshot:1/3 M=ok/3 ");
	assert_memory_equal(&bench.snapshot.position, pointer_map_position(bench.map),
	                    sizeof(bench.snapshot.position));
	assert_int_equal(bench.snapshot.epoch.v, 7);
	/* B3: what it holds ends with a file */
	(void)put("a", "1", "A");
	assert_string_equal(look(), "open:2 after 1/3 ");
	opened();
	commit();
	commit_much();
	assert_string_equal(look(), "M=ok/5 "); /* one at a time */
}

/* B5: before the grant, of what was served with damage. */
static void a_wanted_snapshot_is_made_and_named_at_once(void **state)
{
	struct commit_register mark = { .epoch = { 8 }, .latch = "n-own", .version = 6 };

	(void)state;
	(void)put("a", "1", "A");
	commit();
	(void)look();
	commit_queue_abort(bench.q);
	mark.position = *pointer_map_position(bench.map);
	assert_int_equal(commit_queue_begin(bench.q, &mark), 0);
	commit_queue_want_snapshot(bench.q);
	assert_string_equal(look(), "open:1 after 1/1 ");
	opened();
	assert_string_equal(look(), "snapshot:1/1 ");
	assert_true(commit_queue_wants_snapshot(bench.q));
	snapshotted(true);
	assert_string_equal(look(), "move:1/1@6+1 ");
	assert_true(commit_queue_wants_snapshot(bench.q));
	moved(COMMIT_MOVED, 7);
	assert_string_equal(look(), "");
	assert_false(commit_queue_wants_snapshot(bench.q));
}

/* B2: it takes the next register write, which would be made anyway. */
static void a_commit_names_the_snapshot_that_waits(void **state)
{
	(void)state;
	begin_with_snapshots();
	(void)look();
	(void)put("a", "1", "A");
	opens_a_segment();
	assert_string_equal(look(), "append:4(1) ");
	snapshotted(true);
	appended(COMMIT_STORED);
	assert_string_equal(look(), "move:2/4@8+3 ");
	moved(COMMIT_MOVED, 9);
	assert_string_equal(look(), "A=ok/4 ");
	assert_string_equal(value("a"), "1");
}

static void without_a_commit_it_is_named_alone(void **state)
{
	(void)state;
	begin_with_snapshots();
	(void)look();
	snapshotted(true);
	assert_string_equal(look(), "move:1/3@8+3 ");
	(void)put("a", "1", "A"); /* B2: waits for that */
	assert_string_equal(look(), "");
	moved(COMMIT_MOVED, 9);
	opens_a_segment();
	assert_string_equal(look(), "append:4(1) ");
	appended(COMMIT_STORED);
	assert_string_equal(look(), "move:2/4@9+3 ");
	moved(COMMIT_MOVED, 10);
	assert_string_equal(look(), "A=ok/4 ");
}

/* The end of the open segment is not that of what is committed. */
static void named_alone_it_leaves_a_new_segment_as_it_is(void **state)
{
	struct log_position end;

	(void)state;
	begin_with_snapshots();
	(void)look();
	(void)put("b", "1", "B");
	opens_a_segment();
	(void)look();
	appended(COMMIT_STORE_FAILED);
	(void)look();
	moved(COMMIT_MOVED, 9);
	(void)look();
	commit_queue_reopen(bench.q);
	assert_string_equal(look(), "open:3 after 1/3 ");
	opened();
	snapshotted(true);
	assert_string_equal(look(), "move:1/3@9+3 ");
	moved(COMMIT_MOVED, 10);
	(void)put("a", "1", "A");
	assert_string_equal(look(), "append:4(1) ");
	appended(COMMIT_STORED);
	assert_string_equal(look(), "move:3/4@10+3 ");
	end = bench.asked.position;
	assert_true(end.offset > RECORD_FILE_HEADER_SIZE && end.offset < 300);
}

/* B2: one that comes while a write is unsettled is not in the identical one that follows. */
static void an_unsettled_write_stays_as_it_was(void **state)
{
	(void)state;
	begin_with_snapshots();
	(void)look();
	(void)put("a", "1", "A");
	opens_a_segment();
	(void)look();
	appended(COMMIT_STORED);
	assert_string_equal(look(), "move:2/4@8 ");
	snapshotted(true);
	moved(COMMIT_UNKNOWN, 0);
	assert_string_equal(look(), "read ");
	found(7, "n-own", 8, pointer_map_position(bench.map));
	assert_string_equal(look(), "move:2/4@8 ");
	moved(COMMIT_MOVED, 9);
	assert_string_equal(look(), "move:2/4@9+3 A=ok/4 ");
}

/* B2, B3: of a write that only names one, the position does not tell whether it was applied. */
static void own_mark_of_a_snapshot_is_the_snapshot(void **state)
{
	(void)state;
	begin_with_snapshots();
	(void)look();
	snapshotted(true);
	assert_string_equal(look(), "move:1/3@8+3 ");
	moved(COMMIT_UNKNOWN, 0);
	assert_string_equal(look(), "read ");
	/* the predecessor's came first: the same position, its own snapshot */
	bench.named = first;
	found(7, "n-own", 9, pointer_map_position(bench.map));
	assert_string_equal(look(), "move:1/3@9+3 ");
	moved(COMMIT_UNKNOWN, 0);
	(void)look();
	bench.earlier = first;
	bench.named = (struct log_snapshot){ 7, bench.snapshot.position };
	found(7, "n-own", 10, pointer_map_position(bench.map));
	assert_string_equal(look(), "clean:1 ");
	assert_int_equal(commit_queue_version(bench.q), 10);
}

/* B3: only after ZOK of the write that names the newer one, and before the previous one alone. */
static void the_second_snapshot_lets_what_lies_before_the_first_go(void **state)
{
	(void)state;
	begin_with_snapshots();
	(void)look();
	snapshotted(true);
	(void)look();
	moved(COMMIT_MOVED, 9);
	assert_string_equal(look(), ""); /* there is no previous one */
	(void)put("a", "1", "A");
	opens_a_segment();
	commit();
	for (unsigned i = 0; i < 2; i++) {
		commit_much();
		assert_null(strstr(look(), "snapshot"));
	}
	commit_much();
	assert_string_equal(look(), "snapshot:2/7 M=ok/7 ");
	snapshotted(true);
	assert_string_equal(look(), "move:2/7@13+7 ");
	moved(COMMIT_MOVED, 14);
	assert_string_equal(look(), "clean:3 ");
	assert_int_equal(bench.snapshot.epoch.v, 7);
}

static void a_failed_snapshot_is_tried_again_later(void **state)
{
	(void)state;
	begin_with_snapshots();
	(void)look();
	snapshotted(false);
	assert_string_equal(look(), "");
	(void)put("a", "1", "A");
	opens_a_segment();
	commit();
	assert_string_equal(look(), "A=ok/4 ");
	commit_much();
	assert_string_equal(look(), "snapshot:2/5 M=ok/5 ");
}

/* A late answer of an earlier term names nothing; what the register names is kept. */
static void a_snapshot_of_an_earlier_term_is_none(void **state)
{
	struct commit_register mark = {
		.epoch = { 8 }, .latch = "n-own", .version = 20, .snapshot = first
	};

	(void)state;
	begin_with_snapshots();
	(void)look();
	commit_queue_abort(bench.q);
	(void)look();
	mark.position = *pointer_map_position(bench.map);
	assert_int_equal(commit_queue_begin(bench.q, &mark), 0);
	(void)look();
	opened();
	snapshotted(true);
	(void)put("a", "1", "A");
	(void)look();
	appended(COMMIT_STORED);
	assert_string_equal(look(), "move:1/4@20+1 ");
}

/* D7: settled is settled, though a snapshot waits. */
static void settling_leaves_a_snapshot_unnamed(void **state)
{
	(void)state;
	begin_with_snapshots();
	(void)look();
	commit_queue_settle(bench.q);
	snapshotted(true);
	assert_string_equal(look(), "settled ");
}

static void settling_waits_for_a_snapshot_that_is_being_named(void **state)
{
	(void)state;
	begin_with_snapshots();
	(void)look();
	snapshotted(true);
	(void)look();
	commit_queue_settle(bench.q);
	assert_string_equal(look(), "");
	moved(COMMIT_MOVED, 9);
	assert_string_equal(look(), "settled ");
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* B1, D7: what the predecessor committed late came first, and nothing new is begun. */
static void settling_gives_up_what_the_predecessors_write_overtook(void **state)
{
	struct log_position late = late_write();

	(void)state;
	(void)put("a", "1", "A");
	(void)look();
	appended(COMMIT_STORED);
	(void)look();
	moved(COMMIT_BAD_VERSION, 0);
	(void)look();
	commit_queue_settle(bench.q);
	found(7, "n-own", 6, &late);
	assert_string_equal(look(), "A=aborted/0 settled ");
}

static void settling_before_the_segment_is_open_answers_what_waits(void **state)
{
	(void)state;
	(void)put("a", "1", "A");
	(void)look();
	appended(COMMIT_STORE_FAILED);
	(void)look();
	moved(COMMIT_MOVED, 6);
	(void)look();
	(void)put("b", "1", "B");
	assert_non_null(strstr(look(), "open:"));
	commit_queue_settle(bench.q);
	assert_string_equal(look(), "B=aborted/0 settled ");
}

static void a_term_after_a_settled_one_takes_requests_again(void **state)
{
	(void)state;
	commit_queue_settle(bench.q);
	(void)look();
	begin();
	(void)look();
	opened();
	assert_int_equal(put("a", "1", "A"), COMMIT_PENDING);
	assert_string_equal(look(), "append:1(1) ");
}

static void a_late_answer_to_a_read_is_none(void **state)
{
	struct log_position none = { 0 };
	struct commit_register other = {
		.epoch = { 8 }, .latch = "n-new", .version = 9, .position = none
	};

	(void)state;
	(void)put("a", "1", "A");
	(void)look();
	commit_queue_read(bench.q, bench.asked.ticket, &other);
	assert_string_equal(look(), "");
	appended(COMMIT_STORED);
	assert_string_equal(look(), "move:1/1@5 ");
}

/* A10: claimed again, under the same latch. */
static void same_latch_of_another_epoch_is_another_owner(void **state)
{
	struct log_position none = { 0 };

	(void)state;
	(void)put("a", "1", "A");
	(void)look();
	appended(COMMIT_STORED);
	(void)look();
	moved(COMMIT_BAD_VERSION, 0);
	(void)look();
	found(8, "n-own", 6, &none);
	assert_string_equal(look(), "A=aborted/0 lost ");
}

static void an_absent_key_has_no_revision_to_match(void **state)
{
	(void)state;
	assert_int_equal(put_if("a", "1", 0, "A"), COMMIT_PENDING);
	assert_string_equal(look(), "A=condition-failed/0 ");
}

/* Two keys of one checksum are two keys. */
#define COLLIDES_A "jobs/lr1frwqzql"
#define COLLIDES_B "jobs/91fh6650q0"
static void keys_are_not_taken_for_each_other(void **state)
{
	(void)state;
	(void)create(COLLIDES_A, "1", "A");
	(void)create(COLLIDES_B, "2", "B");
	assert_string_equal(look(), "append:1(2) ");
}

/* What is damaged may be replaced by who names its revision. */
static void a_damaged_value_is_replaced_where_its_revision_is_named(void **state)
{
	struct record_change c = {
		.op = RECORD_PUT, .key = "a", .key_size = 1, .value_size = 1, .damaged = true
	};

	(void)state;
	assert_int_equal(pointer_map_apply(bench.map, &c, 1, false), 0);
	(void)put_if("a", "2", 1, "A");
	assert_string_equal(look(), "append:1(1) ");
}

/* Who waited, who was in the batch and who came meanwhile: each is decided once, in that order. */
static void nobody_is_forgotten_when_the_predecessors_write_came_first(void **state)
{
	struct log_position late = late_write();

	for (int waiting = 0; waiting < 2; waiting++) {
		(void)put("a", "1", "A");
		(void)look();
		appended(COMMIT_STORED);
		(void)look();
		if (waiting)
			(void)put("b", "1", "B");
		moved(COMMIT_BAD_VERSION, 0);
		(void)look();
		found(7, "n-own", commit_queue_version(bench.q) + 1, &late);
		(void)put("c", "1", "C");
		(void)look();
		commit_queue_caught_up(bench.q, bench.asked.ticket, COMMIT_STORED);
		(void)look();
		opened();
		assert_non_null(strstr(look(), waiting ? "(3)" : "(2)"));
		appended(COMMIT_STORED);
		(void)look();
		moved(COMMIT_MOVED, commit_queue_version(bench.q) + 1);
		assert_non_null(strstr(look(), "A=ok"));
		assert_non_null(strstr(bench.text, "C=ok"));
		late.segment += 10;
		late.sequence += 2;
	}
	(void)state;
}

/* Only the version moved (somebody was designated): nothing to catch up with. */
static void a_register_that_moved_elsewhere_needs_no_reading(void **state)
{
	struct log_position none = { 0 };

	(void)state;
	(void)put("a", "1", "A");
	(void)look();
	appended(COMMIT_STORED);
	(void)look();
	moved(COMMIT_BAD_VERSION, 0);
	(void)look();
	found(7, "n-own", 6, &none);
	assert_string_equal(look(), "open:2 after 0/0 ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(acknowledges_only_after_the_register_moved),
		T(requests_that_wait_share_one_record),
		T(a_delete_hands_over_what_was_there),
		T(unknown_outcome_is_read_before_anything_else_is_written),
		T(late_write_of_the_predecessor_leads_to_a_new_segment),
		T(position_of_another_segment_is_no_own_mark),
		T(request_is_decided_anew_after_catching_up),
		T(log_that_cannot_be_caught_up_with_ends_the_term),
		T(another_owner_makes_an_unknown_outcome_unknown_for_good),
		T(same_epoch_of_another_latch_is_another_owner),
		T(latch_gone_at_the_first_try_aborts),
		T(latch_gone_after_an_unknown_try_stays_unknown),
		T(failed_append_is_answered_after_a_register_write),
		T(failed_append_waits_for_certainty),
		T(segment_that_cannot_be_opened_fails_what_waits),
		T(conditions_see_earlier_requests_of_the_batch),
		T(conditions_fail_with_what_they_depend_on),
		T(a_key_changes_once_in_a_record),
		T(compare_and_set_needs_the_current_revision),
		T(same_change_again_is_a_success_with_its_revision),
		T(create_of_a_damaged_key_says_so),
		T(settling_refuses_new_and_resolves_what_is_pending),
		T(settling_without_anything_pending_is_done_at_once),
		T(settling_ends_when_the_term_is_lost),
		T(settling_gives_up_what_the_predecessors_write_overtook),
		T(settling_before_the_segment_is_open_answers_what_waits),
		T(a_term_after_a_settled_one_takes_requests_again),
		T(a_late_answer_to_a_read_is_none),
		T(same_latch_of_another_epoch_is_another_owner),
		T(an_absent_key_has_no_revision_to_match),
		T(keys_are_not_taken_for_each_other),
		T(a_damaged_value_is_replaced_where_its_revision_is_named),
		T(a_register_that_moved_elsewhere_needs_no_reading),
		T(nobody_is_forgotten_when_the_predecessors_write_came_first),
		T(abort_tells_certain_from_unknown),
		T(abort_before_the_append_is_certain),
		T(resumed_term_opens_the_next_segment),
		T(what_is_wrong_is_refused_at_once),
		T(too_many_that_wait_are_busy),
		T(large_values_are_spread_over_records),
		T(full_segment_gives_way_to_the_next),
		T(a_snapshot_is_begun_after_a_commit),
		T(a_wanted_snapshot_is_made_and_named_at_once),
		T(a_commit_names_the_snapshot_that_waits),
		T(without_a_commit_it_is_named_alone),
		T(named_alone_it_leaves_a_new_segment_as_it_is),
		T(an_unsettled_write_stays_as_it_was),
		T(own_mark_of_a_snapshot_is_the_snapshot),
		T(the_second_snapshot_lets_what_lies_before_the_first_go),
		T(a_failed_snapshot_is_tried_again_later),
		T(a_snapshot_of_an_earlier_term_is_none),
		T(settling_leaves_a_snapshot_unnamed),
		T(settling_waits_for_a_snapshot_that_is_being_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
