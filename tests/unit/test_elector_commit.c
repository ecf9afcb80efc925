/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When the elector begins a commit, in a real event loop: a source of the API's priority brings the
 * changes, storage and ZooKeeper answer by hand, time is told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/elector_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "daemon/clock.h"
#include "daemon/log.h"
#include "election/fence.h"

static struct elector *e;
static sd_event_source *api;
static usec_t now;
static unsigned coming; /* changes that the API has for its next turns, one each */
static bool busy;       /* it always has something else to do, too */
static unsigned number; /* of the last change */
static unsigned appends, answers;
static enum commit_result answered;

static store_done_t stored;
static void *stored_for;
static zk_done_t written;
static void *written_for;

/* ---- what the elector has around it */

usec_t clock_boottime(void)
{
	return now;
}

uint64_t clock_realtime_ms(void)
{
	return 1;
}

void log_line(enum log_level level, const char *subsystem, const char *format, ...)
{
	(void)level;
	(void)subsystem;
	(void)format;
}

static int ask_store(store_done_t done, void *userdata)
{
	assert_null(stored);
	stored = done;
	stored_for = userdata;
	return 0;
}

static void store_answers(const struct log_position *position)
{
	struct store_result result = { .state = STORE_OK };
	store_done_t done = stored;

	assert_non_null(done);
	if (position)
		result.position = *position;
	stored = NULL;
	done(&result, stored_for);
}

int store_open_segment(struct store *s, const struct store_segment *segment, store_done_t done,
                       void *userdata)
{
	(void)s;
	(void)segment;
	return ask_store(done, userdata);
}

int store_append(struct store *s, const void *bytes, size_t size, store_done_t done, void *userdata)
{
	(void)s;
	(void)bytes;
	(void)size;
	appends++;
	return ask_store(done, userdata);
}

int store_follow(struct store *s, const struct store_follow *follow, store_done_t done,
                 void *userdata)
{
	(void)s;
	(void)follow;
	return ask_store(done, userdata);
}

int store_snapshot(struct store *s, const struct store_snapshot *snapshot, store_done_t done,
                   void *userdata)
{
	(void)s;
	(void)snapshot;
	return ask_store(done, userdata);
}

int store_clean(struct store *s, const struct store_clean *c, store_done_t done, void *userdata)
{
	(void)s;
	(void)c;
	return ask_store(done, userdata);
}

int fence_set_register(struct session *s, const struct latch_name *latch,
                       const struct register_node *r, int32_t version, zk_done_t done,
                       void *userdata)
{
	(void)s;
	(void)latch;
	(void)r;
	(void)version;
	written = done;
	written_for = userdata;
	return 0;
}

static void zookeeper_answers(void)
{
	struct zk_result result = { .outcome = ZK_DONE, .version = e->reg_version + 1 };
	zk_done_t done = written;

	assert_non_null(done);
	written = NULL;
	done(written_for, &result);
}

bool session_connected(const struct session *s)
{
	(void)s;
	return true;
}

int session_sync(struct session *s, zk_done_t done, void *userdata)
{
	(void)s;
	(void)done;
	(void)userdata;
	return -ENOTCONN;
}

int session_get(struct session *s, const char *path, zk_watch_t watch, void *watch_data,
                zk_done_t done, void *userdata)
{
	(void)s;
	(void)path;
	(void)watch;
	(void)watch_data;
	(void)done;
	(void)userdata;
	return -ENOTCONN;
}

bool elector_take_register(struct elector *elector, const void *data, size_t size, int32_t version)
{
	(void)elector;
	(void)data;
	(void)size;
	(void)version;
	return false;
}

void elector_feed_type(struct elector *elector, enum core_event_type type)
{
	(void)elector;
	(void)type;
}

void elector_store_loaded(struct elector *elector, enum core_result result)
{
	(void)elector;
	(void)result;
}

void elector_store_opened(struct elector *elector, bool well)
{
	(void)elector;
	(void)well;
}

void elector_store_pump(struct elector *elector)
{
	(void)elector;
}

void elector_store_read(struct elector *elector, const struct follower_result *f)
{
	(void)elector;
	(void)f;
}

void elector_store_tell_reasons(struct elector *elector)
{
	(void)elector;
}

void elector_store_on_change(const struct pointer *p, void *elector)
{
	(void)p;
	(void)elector;
}

void elector_status_reply(struct elector *elector, const struct commit_action *reply)
{
	(void)elector;
	answers++;
	answered = reply->result;
}

/* ---- the loop */

static void submit(void)
{
	char key[16];
	const struct commit_request put = {
		.op = COMMIT_PUT, .key = key, .value = "v", .value_size = 1
	};

	(void)snprintf(key, sizeof(key), "k%u", ++number);
	assert_int_equal(commit_queue_submit(e->commits, &put), COMMIT_PENDING);
}

static int on_api(sd_event_source *source, void *userdata)
{
	(void)userdata;
	if (coming > 0) {
		coming--;
		submit();
	}
	return coming > 0 || busy ? 0 : sd_event_source_set_enabled(source, SD_EVENT_OFF);
}

static int on_turn(sd_event_source *source, void *userdata)
{
	(void)source;
	elector_commit_pump(userdata);
	return 0;
}

static void api_has(unsigned changes, bool something_else)
{
	coming = changes;
	busy = something_else;
	assert_return_code(sd_event_source_set_enabled(api, SD_EVENT_ON), 0);
}

static void turns(unsigned n)
{
	while (n-- > 0)
		assert_return_code(sd_event_run(e->event, 0), 0);
}

/* Until nothing is left to do. */
static void turns_until_idle(void)
{
	for (unsigned i = 0; sd_event_run(e->event, 0) > 0; i++)
		assert_true(i < 1000);
}

static void finish_commit(void)
{
	store_answers(NULL);
	elector_commit_pump(e);
	zookeeper_answers();
	elector_commit_pump(e);
}

static int setup(void **state)
{
	const struct commit_register mark = { .epoch = { 7 }, .latch = "latch", .version = 1 };
	const struct log_position opened = { .epoch = 7, .segment = 1, .offset = 128 };

	(void)state;
	now = USEC_PER_SEC;
	appends = answers = number = coming = 0;
	busy = false;
	stored = NULL;
	written = NULL;
	e = calloc(1, sizeof(*e));
	assert_non_null(e);
	e->core.owns = true;
	e->session = (struct session *)e; /* never looked into */
	e->map = pointer_map_new();
	e->commits = commit_queue_new(e->map);
	assert_return_code(sd_event_new(&e->event), 0);
	assert_return_code(sd_event_add_defer(e->event, &api, on_api, NULL), 0);
	assert_return_code(sd_event_source_set_priority(api, SD_EVENT_PRIORITY_NORMAL + 10), 0);
	assert_return_code(sd_event_source_set_enabled(api, SD_EVENT_OFF), 0);
	assert_return_code(sd_event_add_post(e->event, &e->turn, on_turn, e), 0);
	assert_return_code(elector_commit_wire(e), 0);
	assert_int_equal(commit_queue_begin(e->commits, &mark), 0);
	elector_commit_pump(e);
	store_answers(&opened);
	turns_until_idle();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(stored ? stored_for : NULL);
	free(written ? written_for : NULL);
	api = sd_event_source_disable_unref(api);
	e->turn = sd_event_source_disable_unref(e->turn);
	e->gathered = sd_event_source_disable_unref(e->gathered);
	sd_event_unref(e->event);
	commit_queue_free(e->commits);
	pointer_map_free(e->map);
	register_done(&e->reg);
	free(e);
	return 0;
}

/* ---- tests */

static void what_comes_in_neighbouring_turns_shares_a_commit(void **state)
{
	(void)state;
	for (unsigned round = 1; round <= 3; round++) { /* the source fires once, each time */
		api_has(5, false);
		turns_until_idle();
		assert_int_equal(appends, round);
		finish_commit();
		assert_int_equal(answers, round * 5);
		assert_int_equal(answered, COMMIT_DONE);
	}
}

/* A loop that never gets idle, and writers that come one by one. */
static void nothing_is_held_for_more_than_20_ms(void **state)
{
	(void)state;
	for (unsigned round = 1; round <= 3; round++) {
		for (unsigned ms = 0; ms < 20; ms++) {
			api_has(1, true);
			turns(4);
			assert_int_equal(appends, round - 1);
			now += 1000;
		}
		turns(2);
		assert_int_equal(appends, round);
		finish_commit();
		assert_int_equal(answers, round * 20);
	}
}

/* Else each writer would wait for 20 ms as long as there are enough who only read. */
static void nothing_is_held_for_long_when_no_further_change_comes(void **state)
{
	(void)state;
	for (unsigned round = 1; round <= 3; round++) {
		api_has(2, true);
		turns(20);
		now += 2 * 1000 - 1;
		turns(20);
		assert_int_equal(appends, round - 1);
		now += 1;
		turns(2);
		assert_int_equal(appends, round);
		finish_commit();
		assert_int_equal(answers, round * 2);
	}
}

/* What was held and began because there was enough of it leaves no deadline to the next. */
static void each_holding_has_its_own_20_ms(void **state)
{
	(void)state;
	api_has(COMMIT_MAX_CHANGES, true);
	turns(2 * COMMIT_MAX_CHANGES + 2);
	assert_int_equal(appends, 1); /* full: at once */
	now += 30 * 1000;
	finish_commit();
	assert_int_equal(answers, COMMIT_MAX_CHANGES);
	api_has(2, true);
	turns(10);
	assert_int_equal(appends, 1);
	now += 2 * 1000;
	turns(2);
	assert_int_equal(appends, 2);
	finish_commit();
	assert_int_equal(answers, COMMIT_MAX_CHANGES + 2);
}

static void a_term_that_ends_answers_what_is_held(void **state)
{
	(void)state;
	api_has(2, true);
	turns(10);
	assert_int_equal(answers, 0);
	e->core.owns = false;
	turns(2);
	assert_int_equal(answers, 2);
	assert_int_equal(answered, COMMIT_ABORTED);
	assert_int_equal(appends, 0);
	busy = false;
	turns_until_idle();
	assert_int_equal(appends, 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(what_comes_in_neighbouring_turns_shares_a_commit),
		T(nothing_is_held_for_more_than_20_ms),
		T(nothing_is_held_for_long_when_no_further_change_comes),
		T(each_holding_has_its_own_20_ms),
		T(a_term_that_ends_answers_what_is_held),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
