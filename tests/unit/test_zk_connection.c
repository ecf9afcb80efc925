/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What libzookeeper does with names, sockets, time and handshakes, and that the adapter lives with
 * it.  Each case fails when its workaround in election/session.c is taken out;
 * docs/failure-model.md has the list.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "tests/unit/zk_world.h"

/* ---- what would block */

static void names_are_looked_up_by_another_thread(void **state)
{
	static const char *const servers[] = { "localhost:9", NULL };

	(void)state;
	atomic_store(&zk_seams.name_service_hangs, true);
	open_on(servers, NULL, NULL);
	UNTIL(atomic_load(&zk_seams.looked_up_elsewhere));
	for (unsigned i = 0; i < 10; i++) /* the loop goes on meanwhile */
		world_turn();
	assert_int_equal(zk_seams.connects, 0);
	atomic_store(&zk_seams.name_service_hangs, false);
	UNTIL(zk_seams.connects > 0);
	assert_int_equal(zk_seams.names, 0);
}

static void nothing_is_looked_up_while_connected(void **state)
{
	(void)state;
	(void)connected();
	zk_seams.lookups = 0; /* ZOOKEEPER-1998: once in each zookeeper_interest() */
	for (unsigned i = 0; i < 20; i++)
		world_turn();
	assert_int_equal(zk_seams.lookups, 0);
}

static void the_name_service_is_not_asked_who_we_are(void **state)
{
	(void)state;
	(void)connected();
	assert_int_equal(zk_seams.identities, 0);
}

static void closing_never_waits_for_a_silent_server(void **state)
{
	(void)state;
	(void)connected();
	zk_seams.waits = 0; /* ZOOKEEPER-1105: 3 s to send, 1.5 s for an answer */
	session_close(one.s, false);
	one.s = NULL;
	assert_int_equal(zk_seams.waits, 0);
}

static void dropping_never_waits_for_a_silent_server(void **state)
{
	struct zk_fake *f = connected();

	(void)state;
	zk_seams.waits = 0;
	session_drop(one.s);
	assert_int_equal(zk_seams.waits, 0);
	UNTIL(one.connected == 2);
	/* The session was not closed behind our back. */
	assert_int_equal(zk_fake_count(f, ZK_CLOSE), 0);
	assert_true(f->asked_session != 0);
}

/* ---- what would be told to others */

static void the_library_writes_no_log(void **state)
{
	int saved = dup(STDERR_FILENO), r;
	FILE *log = tmpfile();
	char text[256] = "";

	(void)state;
	assert_non_null(log);
	(void)fflush(stderr);
	assert_true(dup2(fileno(log), STDERR_FILENO) >= 0);
	(void)connected(); /* it would say the id and the password's owner */
	session_drop(one.s);
	(void)fflush(stderr);
	r = dup2(saved, STDERR_FILENO);
	(void)close(saved);
	assert_true(r >= 0);
	rewind(log);
	(void)!fread(text, 1, sizeof(text) - 1, log);
	(void)fclose(log);
	assert_string_equal(text, "");
}

static void every_socket_is_closed_on_exec(void **state)
{
	(void)state;
	(void)connected();
	for (unsigned i = 2; i < 5; i++) {
		assert_true((fcntl(session_fd(one.s), F_GETFD) & FD_CLOEXEC) != 0);
		session_drop(one.s);
		UNTIL(one.connected == i);
	}
}

static void every_socket_has_a_generation_though_numbers_repeat(void **state)
{
	uint64_t generation;
	bool repeated = false;
	int fd;

	(void)state;
	(void)connected();
	for (unsigned i = 2; i < 6; i++) {
		fd = session_fd(one.s);
		generation = session_generation(one.s);
		session_drop(one.s);
		UNTIL(one.connected == i);
		repeated = repeated || session_fd(one.s) == fd;
		assert_true(session_generation(one.s) != generation);
	}
	assert_true(repeated);
}

/* ---- which server */

static void every_server_of_an_even_list_is_tried(void **state)
{
	/* ZOOKEEPER-2466: the library's own list would skip every second one for ever. */
	struct zk_fake *good = add_fake("127.0.0.4");
	const char *servers[] = { "127.0.0.1:9", "127.0.0.2:9", "127.0.0.3:9", good->address,
		                  NULL };

	(void)state;
	open_on(servers, NULL, NULL);
	for (unsigned i = 1; i <= 4; i++) {
		UNTIL(one.connected == i);
		session_drop(one.s);
	}
	assert_int_equal(good->connections, 4);
}

static void a_round_without_success_is_followed_by_a_pause(void **state)
{
	static const char *const servers[] = { "127.0.0.1:9", "127.0.0.2:9", NULL };

	(void)state;
	zk_seams.connect_error = ENETUNREACH;
	zk_seams_freeze();
	open_on(servers, NULL, NULL);
	for (unsigned i = 0; i < 100; i++)
		session_dispatch(one.s);
	assert_int_equal(zk_seams.connects, 2);
	zk_seams.skew += 20 * 1000; /* the first pause is 50 ms */
	session_dispatch(one.s);
	assert_int_equal(zk_seams.connects, 2);
	zk_seams.skew += 40 * 1000;
	session_dispatch(one.s);
	assert_int_equal(zk_seams.connects, 3);
}

static void servers_of_one_address_are_told_apart_by_port(void **state)
{
	/* N4: for the library these are the same list. */
	struct zk_fake *a = add_fake("127.0.0.1"), *b = add_fake("127.0.0.1");
	const char *first[] = { a->address, NULL }, *second[] = { b->address, NULL };

	(void)state;
	open_on(first, NULL, NULL);
	UNTIL(one.connected == 1);
	assert_int_equal(session_set_servers(one.s, second), 0);
	session_drop(one.s);
	UNTIL(one.connected == 2);
	assert_string_equal(one.server, b->address);
	assert_int_equal(b->connections, 1);
}

static void new_servers_wait_for_the_next_connect(void **state)
{
	/* N3: the library would close the socket under whatever is on its way. */
	struct zk_fake *a = add_fake("127.0.0.1"), *b = add_fake("127.0.0.2");
	const char *first[] = { a->address, NULL }, *second[] = { b->address, NULL };
	struct answer sync = { .came = false };

	(void)state;
	open_on(first, NULL, NULL);
	UNTIL(one.connected == 1);
	assert_int_equal(session_sync(one.s, on_answer, &sync), 0);
	assert_int_equal(session_set_servers(one.s, second), 0);
	UNTIL(zk_fake_last(a, ZK_SYNC) != NULL);
	for (unsigned i = 0; i < 10; i++)
		world_turn();
	assert_true(session_connected(one.s));
	assert_int_equal(b->connections, 0);
	assert_false(sync.came);
}

static void new_servers_need_no_look_up_of_the_old_ones(void **state)
{
	/* A reload that gives addresses, since names are not answered for. */
	static const char *const names[] = { "localhost:9", NULL };
	struct zk_fake *a = add_fake("127.0.0.1");
	const char *servers[] = { a->address, NULL };
	uint64_t generation;
	int fd;

	(void)state;
	atomic_store(&zk_seams.name_service_hangs, true);
	zk_seams_freeze(); /* nothing comes by waiting */
	open_on(names, NULL, NULL);
	UNTIL(atomic_load(&zk_seams.looked_up_elsewhere));
	world_turn();
	fd = session_fd(one.s);
	generation = session_generation(one.s);
	assert_int_equal(session_set_servers(one.s, servers), 0);
	assert_true(session_fd(one.s) == fd || session_generation(one.s) != generation);
	UNTIL(one.connected == 1);
	atomic_store(&zk_seams.name_service_hangs, false);
}

/* ---- time */

static void a_silent_connect_is_given_up_after_the_answer_time(void **state)
{
	struct zk_fake *silent = add_fake("127.0.0.1");
	const char *servers[] = { silent->address, NULL };

	(void)state;
	silent->mute = true;
	zk_seams_freeze();
	open_on(servers, NULL, NULL);
	UNTIL(silent->connections == 1 && silent->greeted);
	zk_seams.skew += (int64_t)world_answer; /* the library would wait for 2T/3 */
	world_turn();
	zk_seams.skew += 100 * 1000; /* and the pause, as there is no other */
	UNTIL(silent->connections == 2);
}

static void a_request_without_answer_costs_the_answer_time(void **state)
{
	struct answer sync = { .came = false };

	(void)state;
	(void)connected();
	zk_seams_freeze(); /* so that the library's 2T/3 never come */
	assert_int_equal(session_sync(one.s, on_answer, &sync), 0);
	for (unsigned i = 0; i < 10; i++)
		world_turn();
	assert_int_equal(one.disconnected, 0);
	zk_seams.skew += (int64_t)world_answer;
	UNTIL(sync.came);
	assert_int_equal(sync.r.outcome, ZK_UNKNOWN);
	assert_int_equal(one.disconnected, 1);
	assert_int_equal(one.last.error, -ETIMEDOUT);
}

static void a_server_that_says_nothing_is_left_by_the_library(void **state)
{
	struct zk_fake *f = connected();

	(void)state;
	/* No request is outstanding: 2T/3 without any word.  It leaves the closed fd where the next
	 * one belongs. */
	zk_seams.skew += (int64_t)world_session * 2 / 3 + 1000;
	session_dispatch(one.s);
	assert_int_equal(one.disconnected, 1);
	assert_int_equal(one.last.error, -ETIMEDOUT);
	assert_int_equal(session_fd(one.s), -1);
	UNTIL(one.connected == 2);
	assert_int_equal(f->connections, 2);
}

static void answers_that_lie_in_the_socket_count_after_a_stall(void **state)
{
	struct zk_fake *f = connected();
	struct answer sync = { .came = false };
	struct zk_body path = { .size = 0 };

	(void)state;
	assert_int_equal(session_sync(one.s, on_answer, &sync), 0);
	UNTIL(zk_fake_last(f, ZK_SYNC) != NULL);
	zk_body_text(&path, "/jmha/orders");
	zk_fake_answer(f, zk_fake_last(f, ZK_SYNC)->xid, 0, &path);
	/* The loop was not scheduled: longer than A, and than the library's 2T/3. */
	zk_seams.skew += (int64_t)world_session;
	session_dispatch(one.s);
	assert_true(sync.came);
	assert_int_equal(sync.r.outcome, ZK_DONE);
	assert_int_equal(one.disconnected, 0);
}

/* ---- handshakes */

static void a_server_that_is_cut_off_from_the_others_is_left(void **state)
{
	struct zk_fake *cut_off = add_fake("127.0.0.1"), *good = add_fake("127.0.0.2");
	const char *first[] = { cut_off->address, NULL }, *second[] = { good->address, NULL };

	(void)state;
	cut_off->read_only = true;
	open_on(first, NULL, NULL);
	UNTIL(cut_off->connections == 3);
	assert_int_equal(one.connected, 0);
	assert_int_equal(cut_off->asked_read_only, 0);
	/* The library would ask the next server in line for its state, by a connect and an answer
	 * that it waits for. */
	assert_int_equal(zk_seams.received_waiting, 0);
	assert_int_equal(session_set_servers(one.s, second), 0);
	UNTIL(one.connected == 1);
	assert_string_equal(one.server, good->address);
}

/* The 41 bytes that the library takes for a handshake (N5). */
static const char http[] = "HTTP/1.1 400 Bad Request\r\nServer: oldone\r\n\r\n";

static void a_new_session_is_not_made_by_a_web_server(void **state)
{
	struct zk_fake *web = add_fake("127.0.0.1");
	const char *servers[] = { web->address, NULL };

	(void)state;
	web->instead = http;
	open_on(servers, NULL, NULL);
	UNTIL(web->connections == 3);
	assert_int_equal(one.connected, 0);
	assert_int_equal(one.expired, 0);
	web->instead = NULL;
	UNTIL(one.connected == 1);
}

static void a_session_does_not_expire_by_the_word_of_a_web_server(void **state)
{
	struct zk_fake *f = connected();

	(void)state;
	f->instead = http;
	session_drop(one.s);
	UNTIL(f->connections == 3);
	assert_int_equal(one.expired, 0);
	f->instead = NULL;
	UNTIL(one.connected == 2);
	assert_true(one.last.resumed);
}

static void a_session_expires_by_the_word_of_a_server(void **state)
{
	struct zk_fake *f = connected();
	struct answer sync = { .came = false };

	(void)state;
	f->expire = true;
	session_drop(one.s);
	UNTIL(one.expired == 1);
	assert_true(session_dead(one.s));
	assert_int_equal(session_sync(one.s, on_answer, &sync), -ENOTCONN);
	assert_int_equal(session_timeout(one.s), USEC_INFINITY);
}

static void credentials_go_first_on_every_connection(void **state)
{
	struct zk_fake *f = add_fake("127.0.0.1");
	const char *servers[] = { f->address, NULL };
	struct answer sync[3] = { { .came = false } };

	(void)state;
	open_on(servers, NULL, "jmha:secret");
	for (unsigned i = 1; i <= 3; i++) {
		/* N8: after a loss the library would refuse them. */
		UNTIL(one.connected == i);
		assert_int_equal(session_sync(one.s, on_answer, &sync[i - 1]), 0);
		UNTIL(zk_fake_count(f, ZK_SYNC) == i);
		assert_int_equal(zk_fake_count(f, ZK_AUTH), i);
		assert_int_equal(f->frame[f->n - 1].type, ZK_SYNC);
		assert_int_equal(f->frame[f->n - 2].type, ZK_AUTH);
		session_drop(one.s);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(names_are_looked_up_by_another_thread),
		TEST(nothing_is_looked_up_while_connected),
		TEST(the_name_service_is_not_asked_who_we_are),
		TEST(closing_never_waits_for_a_silent_server),
		TEST(dropping_never_waits_for_a_silent_server),
		TEST(the_library_writes_no_log),
		TEST(every_socket_is_closed_on_exec),
		TEST(every_socket_has_a_generation_though_numbers_repeat),
		TEST(every_server_of_an_even_list_is_tried),
		TEST(a_round_without_success_is_followed_by_a_pause),
		TEST(servers_of_one_address_are_told_apart_by_port),
		TEST(new_servers_wait_for_the_next_connect),
		TEST(new_servers_need_no_look_up_of_the_old_ones),
		TEST(a_silent_connect_is_given_up_after_the_answer_time),
		TEST(a_request_without_answer_costs_the_answer_time),
		TEST(a_server_that_says_nothing_is_left_by_the_library),
		TEST(answers_that_lie_in_the_socket_count_after_a_stall),
		TEST(a_server_that_is_cut_off_from_the_others_is_left),
		TEST(a_new_session_is_not_made_by_a_web_server),
		TEST(a_session_does_not_expire_by_the_word_of_a_web_server),
		TEST(a_session_expires_by_the_word_of_a_server),
		TEST(credentials_go_first_on_every_connection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
