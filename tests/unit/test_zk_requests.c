/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What libzookeeper does with requests, multis and watches, and that the adapter lives with it.
 * Each case fails when its workaround in election/ is taken out; docs/failure-model.md has the
 * list.
 */
#include <errno.h>

#include "election/latch.h"
#include "tests/unit/zk_world.h"

enum { NO_NODE = -101, NOT_TRIED = -2, CHECK = 13, SET = 5 };

static const struct zk_op two_checks[] = {
	{ .type = ZK_OP_CHECK, .path = "latch/own", .version = -1 },
	{ .type = ZK_OP_CHECK, .path = "members/a", .version = -1 },
};

static void answer_sync(struct zk_fake *f)
{
	struct zk_body path = { .size = 0 };

	zk_body_text(&path, "/jmha/orders");
	zk_fake_answer(f, zk_fake_last(f, ZK_SYNC)->xid, 0, &path);
}

/* ---- sending */

static void after_a_failed_send_nothing_goes_out_on_the_next_connection(void **state)
{
	struct zk_fake *f = connected();
	struct answer lost = { .came = false }, next = { .came = false };

	(void)state;
	/* N1: the library closes the socket without a word, connects again by itself and sends
	 * there what it had: a write, long after it was decided. */
	zk_seams.sends_left = 1; /* the length goes out, the request does not */
	assert_int_equal(session_write(one.s, two_checks, 2, on_answer, &lost), 0);
	zk_seams.sends_left = -1;
	assert_false(session_connected(one.s));
	assert_int_equal(session_sync(one.s, on_answer, &next), -ENOTCONN);
	UNTIL(one.disconnected == 1);
	assert_true(lost.came);
	assert_int_equal(lost.r.outcome, ZK_UNKNOWN);
	UNTIL(one.connected == 2);
	assert_int_equal(f->connections, 2);
	assert_int_equal(session_sync(one.s, on_answer, &next), 0);
	UNTIL(zk_fake_last(f, ZK_SYNC) != NULL);
	assert_int_equal(zk_fake_count(f, ZK_MULTI), 0);
	answer_sync(f);
	UNTIL(next.came);
	assert_int_equal(next.r.outcome, ZK_DONE);
	assert_int_equal(one.disconnected, 1);
}

static void nothing_is_queued_for_a_later_connection(void **state)
{
	struct zk_fake *f = add_fake("127.0.0.1");
	const char *servers[] = { f->address, NULL };
	struct answer a[3] = { { .came = false } };

	(void)state;
	open_on(servers, NULL, NULL);
	assert_int_equal(session_write(one.s, two_checks, 2, on_answer, &a[0]), -ENOTCONN);
	session_dispatch(one.s); /* connecting now: the library would take it */
	assert_int_equal(session_write(one.s, two_checks, 2, on_answer, &a[1]), -ENOTCONN);
	UNTIL(one.connected == 1);
	assert_int_equal(session_sync(one.s, on_answer, &a[2]), 0);
	UNTIL(zk_fake_last(f, ZK_SYNC) != NULL);
	assert_int_equal(f->n, 1);
}

static void a_path_that_the_library_would_refuse_never_reaches_a_multi(void **state)
{
	static char own[] = "register";
	struct zk_op bad[] = { { .type = ZK_OP_CHECK, .path = "latch//own", .version = -1 },
		               { .type = ZK_OP_CHECK, .path = own, .version = -1 } };
	struct answer a = { .came = false };

	(void)state;
	(void)connected();
	/* N2: it would free() the path of the other one. */
	assert_int_equal(session_write(one.s, bad, 2, on_answer, &a), -EINVAL);
	bad[0].path = "latch/../own";
	assert_int_equal(session_write(one.s, bad, 2, on_answer, &a), -EINVAL);
	bad[0].path = "latch/";
	assert_int_equal(session_write(one.s, bad, 2, on_answer, &a), -EINVAL);
	assert_true(session_connected(one.s));
}

static void a_multi_on_a_dead_session_is_refused(void **state)
{
	struct zk_fake *f = connected();
	struct answer a = { .came = false };

	(void)state;
	f->expire = true;
	session_drop(one.s);
	UNTIL(one.expired == 1);
	/* N2: the library would abort. */
	assert_int_equal(session_write(one.s, two_checks, 2, on_answer, &a), -ENOTCONN);
	assert_false(a.came);
}

static void too_large_a_request_is_not_sent(void **state)
{
	static char big[SESSION_MAX_REQUEST];
	const struct zk_op op = {
		.type = ZK_OP_SET, .path = "register", .data = big, .size = sizeof(big)
	};
	struct zk_fake *f = connected();
	struct answer a = { .came = false };

	(void)state;
	/* The server would close the connection, and again at each try. */
	assert_int_equal(session_write(one.s, &op, 1, on_answer, &a), -EMSGSIZE);
	for (unsigned i = 0; i < 5; i++)
		world_turn();
	assert_int_equal(f->n, 0);
	assert_int_equal(one.disconnected, 0);
}

/* ---- answers */

static void all_answers_in_the_socket_are_told_in_one_turn(void **state)
{
	struct zk_fake *f = connected();
	struct answer a[3] = { { .came = false } };
	struct zk_body path = { .size = 0 };

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(session_sync(one.s, on_answer, &a[i]), 0);
	UNTIL(zk_fake_count(f, ZK_SYNC) == 3);
	zk_body_text(&path, "/jmha/orders");
	for (unsigned i = 0; i < 3; i++)
		zk_fake_answer(f, f->frame[i].xid, 0, &path);
	session_dispatch(one.s); /* the library takes one a call */
	assert_true(a[0].came && a[1].came && a[2].came);
}

/* What the owner sees: the requests' ends, then the loss; and nothing can be asked meanwhile. */
static unsigned answered_before_loss;

static void on_answer_ask_again(void *userdata, const struct zk_result *result)
{
	static struct answer ignored;

	(void)userdata;
	assert_int_equal(result->outcome, ZK_UNKNOWN);
	assert_false(session_connected(one.s));
	assert_int_equal(session_sync(one.s, on_answer, &ignored), -ENOTCONN);
	answered_before_loss += one.disconnected == 0;
}

static void a_loss_is_told_after_the_ends_of_its_requests(void **state)
{
	struct zk_fake *f = connected();

	(void)state;
	answered_before_loss = 0;
	/* The library tells the loss first, and says CONNECTED when asked then. */
	assert_int_equal(session_sync(one.s, on_answer_ask_again, NULL), 0);
	assert_int_equal(session_sync(one.s, on_answer_ask_again, NULL), 0);
	UNTIL(zk_fake_count(f, ZK_SYNC) == 2);
	zk_fake_hang_up(f);
	UNTIL(one.disconnected == 1);
	assert_int_equal(answered_before_loss, 2);
}

static void an_answer_out_of_step_leaves_all_outcomes_open(void **state)
{
	struct zk_fake *f = connected();
	struct answer a[2] = { { .came = false } };

	(void)state;
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(session_write(one.s, two_checks, 2, on_answer, &a[i]), 0);
	UNTIL(zk_fake_count(f, ZK_MULTI) == 2);
	zk_fake_answer(f, f->frame[1].xid, 0, NULL); /* the second first */
	UNTIL(one.disconnected == 1);
	for (unsigned i = 0; i < 2; i++) {
		assert_true(a[i].came);
		assert_int_equal(a[i].r.outcome, ZK_UNKNOWN);
	}
	UNTIL(one.connected == 2);
}

static void the_op_that_failed_is_found_among_those_not_tried(void **state)
{
	struct zk_fake *f = connected();
	struct answer a[2] = { { .came = false } };
	struct zk_body first = { .size = 0 }, second = { .size = 0 };

	(void)state;
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(session_write(one.s, two_checks, 2, on_answer, &a[i]), 0);
	UNTIL(zk_fake_count(f, ZK_MULTI) == 2);
	zk_body_error(&first, NO_NODE);
	zk_body_error(&first, NOT_TRIED);
	zk_body_end(&first);
	zk_body_error(&second, NOT_TRIED); /* N2b: 0 by today's servers */
	zk_body_error(&second, NO_NODE);
	zk_body_end(&second);
	zk_fake_answer(f, f->frame[0].xid, 0, &first);
	zk_fake_answer(f, f->frame[1].xid, 0, &second);
	UNTIL(a[0].came && a[1].came);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(a[i].r.outcome, ZK_NOT_DONE);
		assert_int_equal(a[i].r.error, -ENOENT);
		assert_int_equal(a[i].r.failed_op, i);
	}
}

/* Everything that was given lives in here, and no longer. */
static void write_from_a_frame_that_ends(struct answer *a, unsigned member)
{
	char path[32], data[32];
	const struct zk_op op = {
		.type = ZK_OP_SET, .path = path, .data = data, .size = sizeof(data), .version = -1
	};

	(void)snprintf(path, sizeof(path), "members/%u", member);
	(void)snprintf(data, sizeof(data), "content of %u", member);
	assert_int_equal(session_write(one.s, &op, 1, on_answer, a), 0);
	memset(path, 'x', sizeof(path) - 1);
	memset(data, 'x', sizeof(data));
}

static void results_of_two_multis_have_a_place_of_their_own(void **state)
{
	struct zk_fake *f = connected();
	struct answer a[2] = { { .came = false } };

	(void)state;
	/* N2b: the library writes results and versions where it was told to, when they come. */
	for (unsigned i = 0; i < 2; i++)
		write_from_a_frame_that_ends(&a[i], i);
	UNTIL(zk_fake_count(f, ZK_MULTI) == 2);
	for (unsigned i = 0; i < 2; i++) {
		struct zk_body body = { .size = 0 };

		zk_body_done(&body, SET);
		zk_body_stat(&body, 40 + (int32_t)i, 0);
		zk_body_end(&body);
		zk_fake_answer(f, f->frame[i].xid, 0, &body);
	}
	UNTIL(a[0].came && a[1].came);
	assert_int_equal(a[0].r.version, 40);
	assert_int_equal(a[1].r.version, 41);
	assert_non_null(memmem(f->frame[0].body, f->frame[0].size, "/jmha/orders/members/0", 22));
	assert_non_null(memmem(f->frame[1].body, f->frame[1].size, "content of 1", 12));
}

static void on_answer_close(void *userdata, const struct zk_result *result)
{
	struct answer *more = userdata;

	assert_int_equal(result->outcome, ZK_DONE);
	session_close(one.s, false);
	assert_int_equal(session_sync(one.s, on_answer, more), -ENOTCONN);
}

static void a_callback_may_close_the_session(void **state)
{
	struct zk_fake *f = connected();
	struct answer never = { .came = false }, pending = { .came = false };

	(void)state;
	assert_int_equal(session_sync(one.s, on_answer_close, &never), 0);
	assert_int_equal(session_write(one.s, two_checks, 2, on_answer, &pending), 0);
	UNTIL(zk_fake_last(f, ZK_MULTI) != NULL);
	answer_sync(f);
	session_dispatch(one.s); /* frees it */
	one.s = NULL;
	assert_false(never.came);
	assert_true(pending.came);
	assert_int_equal(pending.r.outcome, ZK_UNKNOWN);
}

/* ---- watches */

static unsigned fired;

static void on_fired(void *userdata)
{
	(void)userdata;
	fired++;
}

static void read_with_watch(struct zk_fake *f, int32_t error)
{
	struct answer a = { .came = false };
	struct zk_body body = { .size = 0 };
	unsigned before = zk_fake_count(f, ZK_GET);

	assert_int_equal(session_get(one.s, "register", on_fired, NULL, on_answer, &a), 0);
	UNTIL(zk_fake_count(f, ZK_GET) == before + 1);
	if (error == 0) {
		zk_body_text(&body, "{}");
		zk_body_stat(&body, 3, 0);
	}
	zk_fake_answer(f, zk_fake_last(f, ZK_GET)->xid, error, error == 0 ? &body : NULL);
	UNTIL(a.came);
}

static void no_watch_outlives_its_connection(void **state)
{
	struct zk_fake *f = connected();
	struct answer sync = { .came = false };

	(void)state;
	fired = 0;
	read_with_watch(f, 0);
	zk_fake_hang_up(f);
	UNTIL(one.connected == 2);
	/* A loss is no change, though the library tells every watch of it. */
	assert_int_equal(fired, 0);
	assert_int_equal(session_sync(one.s, on_answer, &sync), 0);
	UNTIL(zk_fake_last(f, ZK_SYNC) != NULL);
	/* ZOOKEEPER-706: the watches of before in one packet, which may be too large. */
	assert_int_equal(zk_fake_count(f, ZK_SET_WATCHES), 0);
}

static void a_session_event_fires_no_watch(void **state)
{
	struct zk_fake *f = connected();

	(void)state;
	fired = 0;
	read_with_watch(f, 0);
	zk_fake_watch_fired(f, -1, "/jmha/orders/register"); /* as the library's own */
	for (unsigned i = 0; i < 5; i++)
		world_turn();
	assert_int_equal(fired, 0);
	zk_fake_watch_fired(f, 3, "/jmha/orders/register");
	UNTIL(fired == 1);
}

static void a_node_that_is_missing_leaves_no_watch(void **state)
{
	struct zk_fake *f = connected();

	(void)state;
	fired = 0;
	for (unsigned i = 0; i < 5; i++)
		read_with_watch(f, NO_NODE);
	zk_fake_watch_fired(f, 1, "/jmha/orders/register"); /* made */
	for (unsigned i = 0; i < 5; i++)
		world_turn();
	assert_int_equal(fired, 0);
	assert_int_equal(zk_fake_count(f, ZK_EXISTS), 0); /* N7: that one's would stay */
}

static void the_same_watch_again_is_told_once(void **state)
{
	struct zk_fake *f = connected();

	(void)state;
	fired = 0;
	for (unsigned i = 0; i < 4; i++)
		read_with_watch(f, 0);
	zk_fake_watch_fired(f, 3, "/jmha/orders/register");
	UNTIL(fired > 0);
	for (unsigned i = 0; i < 5; i++)
		world_turn();
	assert_int_equal(fired, 1);
}

/* ---- the latch whose answer was lost */

static bool found_told;
static struct latch_found found;

static void on_found(void *userdata, const struct zk_result *result, const struct latch_found *f)
{
	(void)userdata;
	(void)result;
	found_told = true;
	if (f != NULL)
		found = *f;
}

static void answer_latches(struct zk_fake *f, const struct zk_frame *list)
{
	/* Ours (CURATOR-696: by nonce *and* session), one that an earlier session left, another's.
	 */
	static const char *const names[] = { "n-00000000000000aa-0000000003",
		                             "n-00000000000000aa-0000000007",
		                             "n-00000000000000bb-0000000001" };
	struct zk_body body = { .size = 0 };

	zk_body_int(&body, 3);
	for (unsigned i = 0; i < 3; i++)
		zk_body_text(&body, names[i]);
	zk_body_stat(&body, 0, 0);
	zk_fake_answer(f, list->xid, 0, &body);
}

static void answer_latch(struct zk_fake *f, const struct zk_frame *list)
{
	struct session_identity own;
	struct zk_body body = { .size = 0 };
	bool ours = memmem(list->body, list->size, "0000000007", 10) != NULL;

	assert_int_equal(session_identity(one.s, &own), 0);
	zk_body_int(&body, 0);
	zk_body_stat(&body, 0, ours ? own.id : 1);
	zk_fake_answer(f, list->xid, 0, &body);
}

static void a_lost_latch_is_looked_for_after_a_sync_and_by_its_owner(void **state)
{
	const struct nonce nonce = { "00000000000000aa" };
	struct zk_fake *f = connected();

	(void)state;
	found_told = false;
	memset(&found, 0, sizeof(found));
	assert_int_equal(latch_find(one.s, &nonce, on_found, NULL), 0);
	UNTIL(f->n == 2);
	/* Else a server that lags would say that there is none. */
	assert_int_equal(f->frame[0].type, ZK_SYNC);
	assert_int_equal(f->frame[1].type, ZK_LIST);
	answer_sync(f);
	answer_latches(f, &f->frame[1]);
	UNTIL(f->n == 4);
	answer_latch(f, &f->frame[2]);
	answer_latch(f, &f->frame[3]);
	UNTIL(found_told);
	assert_int_equal(found.n, 1);
	assert_string_equal(found.latch[0].s, "n-00000000000000aa-0000000007");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(after_a_failed_send_nothing_goes_out_on_the_next_connection),
		TEST(nothing_is_queued_for_a_later_connection),
		TEST(a_path_that_the_library_would_refuse_never_reaches_a_multi),
		TEST(a_multi_on_a_dead_session_is_refused),
		TEST(too_large_a_request_is_not_sent),
		TEST(all_answers_in_the_socket_are_told_in_one_turn),
		TEST(a_loss_is_told_after_the_ends_of_its_requests),
		TEST(an_answer_out_of_step_leaves_all_outcomes_open),
		TEST(the_op_that_failed_is_found_among_those_not_tried),
		TEST(results_of_two_multis_have_a_place_of_their_own),
		TEST(a_callback_may_close_the_session),
		TEST(no_watch_outlives_its_connection),
		TEST(a_session_event_fires_no_watch),
		TEST(a_node_that_is_missing_leaves_no_watch),
		TEST(the_same_watch_again_is_told_once),
		TEST(a_lost_latch_is_looked_for_after_a_sync_and_by_its_owner),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
