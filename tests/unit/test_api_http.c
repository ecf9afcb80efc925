/* SPDX-License-Identifier: Apache-2.0 */
/* Clients and what they may take: connections, streams, large answers, the loop's time. */
#include <sys/stat.h>

#include "tests/unit/api_wire.h"

static void waiting_requests_do_not_keep_the_api_from_ending(void **state)
{
	int fd = client(), stream = client();

	(void)state;
	say(fd, "PUT /v1/pointers/k HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nv");
	wait_for(&fake.n_waiting, 1);
	say(stream, "GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n");
	hear(stream, "\"type\":\"state\"");
	api_free(api);
	api = NULL;
	hear(fd, NULL);
	assert_int_equal(n_got, 0);
	close(fd);
	close(stream);
	/* The listening socket still takes clients, for the next elector. */
	close(client());
}

static void tcp_reads_status_but_no_pointers(void **state)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)state;
	assert_int_equal(connect(fd, (struct sockaddr *)&tcp_address, sizeof(tcp_address)), 0);
	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	say(fd, "GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n");
	hear(fd, "\"state\":\"leader\"");
	say(fd, "GET /v1/pointers/jobs/a HTTP/1.1\r\nHost: x\r\n\r\n");
	hear(fd, "forbidden");
	say(fd, "PUT /v1/pointers/jobs/a HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nv");
	hear(fd, "forbidden");
	assert_int_equal(fake.n_submitted, 0);
	close(fd);
}

static const struct api_event change = {
	.type = API_EVENT_POINTER,
	.pointer = { "jobs/a", 12, { 7 }, false },
};

static void a_stream_brings_the_state_and_then_what_happens(void **state)
{
	int fd = client();

	(void)state;
	say(fd, "GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n");
	hear(fd, "\"type\":\"state\"");
	expect("Content-Type: application/x-ndjson\r\n");
	for (unsigned i = 0; i < 5; i++)
		turn(); /* nothing to say: the connection sleeps */
	api_publish(api, &change);
	hear(fd, "\"key\":\"jobs/a\",\"revision\":12");
	for (unsigned i = 0; i < 5; i++)
		turn();
	api_publish(api, &change);
	hear(fd, "\"key\":\"jobs/a\",\"revision\":12");
	close(fd);
}

static void wait_for_streams(unsigned n)
{
	char line[64];

	(void)snprintf(line, sizeof(line), "\njmha_api_streams %u\n", n);
	for (time_t deadline = now() + 20;;) {
		int fd = client();

		say(fd, "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
		hear(fd, NULL);
		close(fd);
		if (strstr(got, line))
			return;
		assert_true(now() < deadline);
	}
}

static void a_stream_that_is_not_read_is_dropped(void **state)
{
	int slow = client(), quick = client();
	bool ended = false;
	char key[API_MAX_KEY + 1];
	struct api_event big = change;

	(void)state;
	memset(key, 'k', API_MAX_KEY);
	key[API_MAX_KEY] = '\0';
	big.pointer.key = key;
	say(slow, "GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n");
	say(quick, "GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n");
	hear(quick, "\"type\":\"state\"");
	for (unsigned i = 0; i < 6 * API_STREAM_BACKLOG; i++) {
		api_publish(api, &big);
		if (i % 64 == 63)
			hear(quick, "\"type\":\"pointer\"");
		turn();
	}
	wait_for_streams(1); /* though the slow one still reads nothing */
	/* What was sent before may still be read; then comes the end, not the rest. */
	for (time_t deadline = now() + 20; !ended; turn()) {
		ssize_t n = recv(slow, got, sizeof(got), 0);

		ended = n == 0 || (n < 0 && errno != EAGAIN);
		assert_true(now() < deadline);
	}
	api_publish(api, &change);
	hear(quick, "\"revision\":12");
	close(slow);
	close(quick);
}

static void a_stream_whose_reader_left_is_noticed(void **state)
{
	int fd = client();

	(void)state;
	say(fd, "GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n");
	hear(fd, "\"type\":\"state\"");
	close(fd);
	for (unsigned i = 0; i < 3; i++) {
		api_publish(api, &change); /* as a heartbeat would */
		turn();
	}
	wait_for_streams(0);
}

static void answers_are_counted_by_status(void **state)
{
	int fd = client();

	(void)state;
	say(fd, "GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n");
	hear(fd, "not-found");
	say(fd, "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
	hear(fd, NULL);
	expect("\njmha_api_requests_total{code=\"404\"} 1\n");
	expect("\njmha_api_clients 1\n");
	close(fd);
}

/* Only root can be another user; everybody else shares one limit with the daemon. */
static void one_user_cannot_take_all_connections(void **state)
{
	int fd[API_MAX_CLIENTS_PER_UID + 1];

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(chmod(folder, 0755), 0);
	assert_int_equal(chmod(unix_address.sun_path, 0666), 0);
	assert_int_equal(seteuid(65534), 0);
	for (unsigned i = 0; i <= API_MAX_CLIENTS_PER_UID; i++) {
		fd[i] = client();
		turn();
	}
	assert_int_equal(seteuid(0), 0);
	hear(fd[API_MAX_CLIENTS_PER_UID], NULL);
	expect("HTTP/1.1 429 ");
	expect("close some\"}\n");
	say(fd[0], "GET /leader HTTP/1.1\r\nHost: x\r\n\r\n");
	hear(fd[0], "\"state\":\"leader\"");
	expect_alive();
	for (unsigned i = 0; i <= API_MAX_CLIENTS_PER_UID; i++)
		close(fd[i]);
	expect_alive();
}

static void another_user_reads_but_does_not_write(void **state)
{
	int fd;

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(chmod(folder, 0755), 0);
	assert_int_equal(chmod(unix_address.sun_path, 0666), 0);
	assert_int_equal(seteuid(65534), 0);
	fd = client();
	assert_int_equal(seteuid(0), 0);
	say(fd, "GET /v1/pointers/jobs/a HTTP/1.1\r\nHost: x\r\n\r\n");
	hear(fd, "alpha");
	say(fd, "DELETE /v1/pointers/jobs/a HTTP/1.1\r\nHost: x\r\n\r\n");
	hear(fd, "forbidden");
	expect("uid 65534");
	assert_int_equal(fake.n_submitted, 0);
	close(fd);
}

/* Each list takes milliseconds; whatever else is due in the loop comes in between. */
static void lists_are_made_one_by_one(void **state)
{
	enum { N = 20 };
	static const char ask[] = "GET /v1/pointers HTTP/1.1\r\nHost: x\r\n\r\n";
	int fd[N];

	(void)state;
	for (unsigned i = 0; i < N; i++) {
		fd[i] = client();
		assert_int_equal(send(fd[i], ask, sizeof(ask) - 1, MSG_NOSIGNAL), sizeof(ask) - 1);
	}
	for (unsigned i = 0; i < N; i++)
		hear(fd[i], "\"sequence\":99");
	assert_int_equal(fake.n_listed, N);
	assert_true(most_listed <= 2); /* one that waited and one that came now */
	for (unsigned i = 0; i < N; i++)
		close(fd[i]);
}

static void large_answers_that_nobody_reads_have_a_limit(void **state)
{
	enum { N = 12 };
	static char value[API_MAX_VALUE];
	static struct pointer_view many[100];
	int fd[N];
	bool refused = false;

	(void)state;
	for (unsigned i = 0; i < 100; i++)
		many[i] = (struct pointer_view){ "k", value, sizeof(value), 1, false };
	fake.pointers = many;
	fake.n_pointers = 100;
	for (unsigned i = 0; i < N; i++) {
		char start[13] = "";

		fd[i] = client();
		say(fd[i], "GET /v1/pointers HTTP/1.1\r\nHost: x\r\n\r\n");
		for (time_t deadline = now() + 20; recv(fd[i], start, 12, MSG_PEEK) < 12; turn())
			assert_true(now() < deadline);
		refused |= strcmp(start, "HTTP/1.1 429") == 0;
	}
	assert_true(refused);
	for (unsigned i = 0; i < N; i++)
		close(fd[i]);
	for (unsigned i = 0; i < 5; i++)
		turn();
	fd[0] = client(); /* what they held is free again */
	say(fd[0], "GET /v1/pointers HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
	hear(fd[0], "HTTP/1.1 200 ");
	close(fd[0]);
}

/* Reads so many bytes; the first ones stay in `got`. */
static void swallow(int fd, size_t size)
{
	static char rest[1 << 16];
	time_t deadline = now() + 20;

	hear(fd, "\r\n\r\n");
	for (size_t total = n_got; total < size;) {
		ssize_t n = recv(fd, rest, sizeof(rest), 0);

		assert_true(n > 0 || (n < 0 && errno == EAGAIN && now() < deadline));
		if (n > 0)
			total += (size_t)n;
		else
			turn();
	}
}

/* A follower's first line counts until it was read, not as long as it follows. */
static void many_may_follow_many_endpoints(void **state)
{
	enum { N = 100, JOBS = 700 }; /* 1060 bytes each */
	static char component[JOBS][40], address[API_MAX_ADDRESS + 1];
	static struct endpoint_view many[JOBS];
	int fd[N];

	(void)state;
	memset(address, 'a', API_MAX_ADDRESS);
	for (unsigned i = 0; i < JOBS; i++) {
		(void)snprintf(component[i], sizeof(component[i]), "job-%032x", i);
		many[i] = (struct endpoint_view){ component[i], address };
	}
	fake.many = many;
	fake.endpoints.n = JOBS;
	for (unsigned i = 0; i < N; i++) {
		fd[i] = client();
		say(fd[i], "GET /v1/endpoints?follow=1 HTTP/1.1\r\nHost: x\r\n\r\n");
		swallow(fd[i], (size_t)JOBS * 1060);
		expect("HTTP/1.1 200 ");
	}
	for (unsigned i = 0; i < N; i++)
		close(fd[i]);
}

static void reload_keeps_the_old_group_when_the_new_is_missing(void **state)
{
	(void)state;
	assert_int_equal(api_reload(api, "no-such-group-here"), -ENOENT);
	assert_int_equal(api_reload(api, ""), 0);
	expect_alive();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(waiting_requests_do_not_keep_the_api_from_ending),
		T(tcp_reads_status_but_no_pointers),
		T(a_stream_brings_the_state_and_then_what_happens),
		T(a_stream_that_is_not_read_is_dropped),
		T(a_stream_whose_reader_left_is_noticed),
		T(answers_are_counted_by_status),
		T(one_user_cannot_take_all_connections),
		T(another_user_reads_but_does_not_write),
		T(lists_are_made_one_by_one),
		T(large_answers_that_nobody_reads_have_a_limit),
		T(many_may_follow_many_endpoints),
		T(reload_keeps_the_old_group_when_the_new_is_missing),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
