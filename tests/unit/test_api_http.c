/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/api_http.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "daemon/api.h"
#include "tests/unit/api_fake.h"

/* The API on real sockets, in this process's loop; clients are raw bytes. */
static struct fake fake;
static sd_event *loop;
static struct api *api;
static unsigned most_listed; /* lists made in one turn of the loop */
static int unix_fd = -1, tcp_fd = -1;
static char folder[] = "/tmp/jmha-test-XXXXXX";
static struct sockaddr_un unix_address = { .sun_family = AF_UNIX };
static struct sockaddr_in tcp_address = { .sin_family = AF_INET };

static const struct pointer_view one = { "jobs/a", "alpha", 5, 11, false };
static const struct pointer_result accepted = { .revision = 100, .epoch = { 7 } };

static int setup(void **state)
{
	const struct backend backend = { &fake_ops, &fake };
	struct api_listen listening = { 0 };
	socklen_t size = sizeof(tcp_address);

	(void)state;
	fake_init(&fake);
	most_listed = 0;
	fake.pointers = &one;
	fake.n_pointers = 1;
	unix_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	(void)unlink(unix_address.sun_path);
	assert_int_equal(bind(unix_fd, (struct sockaddr *)&unix_address, sizeof(unix_address)), 0);
	assert_int_equal(listen(unix_fd, 128), 0);
	tcp_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	tcp_address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	tcp_address.sin_port = 0;
	assert_int_equal(bind(tcp_fd, (struct sockaddr *)&tcp_address, sizeof(tcp_address)), 0);
	assert_int_equal(listen(tcp_fd, 128), 0);
	assert_int_equal(getsockname(tcp_fd, (struct sockaddr *)&tcp_address, &size), 0);
	assert_int_equal(sd_event_new(&loop), 0);
	listening = (struct api_listen){ unix_fd, tcp_fd, NULL };
	assert_int_equal(api_new(loop, &listening, &backend, &api), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	api_free(api);
	api = NULL;
	loop = sd_event_unref(loop);
	close(unix_fd);
	close(tcp_fd);
	return 0;
}

static int group_setup(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(folder));
	(void)snprintf(unix_address.sun_path, sizeof(unix_address.sun_path), "%s/s", folder);
	return 0;
}

static int group_teardown(void **state)
{
	(void)state;
	(void)unlink(unix_address.sun_path);
	return rmdir(folder);
}

static int client(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&unix_address, sizeof(unix_address)), 0);
	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	return fd;
}

static time_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

/* One turn of the loop, at most 20 ms. */
static void turn(void)
{
	unsigned before = fake.n_listed;

	assert_true(sd_event_run(loop, 20000) >= 0);
	if (fake.n_listed - before > most_listed)
		most_listed = fake.n_listed - before;
}

/* As much as the socket takes; the loop runs so that it takes all. */
static void put(int fd, const char *data, size_t size)
{
	time_t deadline = now() + 20;

	while (size > 0) {
		ssize_t n = send(fd, data, size, MSG_NOSIGNAL);

		if (n < 0 && errno != EAGAIN)
			return; /* refused in between: what matters is the answer */
		if (n > 0) {
			data += n;
			size -= (size_t)n;
		}
		assert_true(now() < deadline);
		turn();
	}
}

static void say(int fd, const char *text)
{
	put(fd, text, strlen(text));
}

static char got[1 << 20];
static size_t n_got;

/* Reads on until `text` came or (text NULL) the connection ended. */
static void hear(int fd, const char *text)
{
	time_t deadline = now() + 20;

	n_got = 0;
	got[0] = '\0';
	for (;;) {
		ssize_t n = recv(fd, got + n_got, sizeof(got) - 1 - n_got, 0);

		if (n == 0 || (n < 0 && errno != EAGAIN)) {
			if (text)
				fail_msg("ended after: %s", got);
			return;
		}
		if (n > 0) {
			n_got += (size_t)n;
			got[n_got] = '\0';
			if (text && strstr(got, text))
				return;
			continue;
		}
		if (now() >= deadline)
			fail_msg("no %s in: %s", text ? text : "end", got);
		turn();
	}
}

static void expect(const char *text)
{
	if (!strstr(got, text))
		fail_msg("no %s in: %s", text, got);
}

/* The daemon still answers others. */
static void expect_alive(void)
{
	int fd = client();

	say(fd, "GET /leader HTTP/1.1\r\nHost: x\r\n\r\n");
	hear(fd, "\"state\":\"leader\"");
	expect("HTTP/1.1 200 ");
	close(fd);
}

static void wait_for(const unsigned *counter, unsigned value)
{
	time_t deadline = now() + 20;

	while (*counter != value) {
		assert_true(now() < deadline);
		turn();
	}
}

static void headers_carry_revision_and_sequence(void **state)
{
	int fd = client();

	(void)state;
	say(fd, "GET /v1/pointers/jobs/a HTTP/1.1\r\nHost: x\r\n\r\n");
	hear(fd, "\r\n\r\nalpha");
	expect("HTTP/1.1 200 ");
	expect("ETag: \"11\"\r\n");
	expect("Jmha-Sequence: 99\r\n");
	expect("Content-Type: application/octet-stream\r\n");
	close(fd);
}

static void conditions_and_fence_come_from_headers(void **state)
{
	int fd = client();

	(void)state;
	fake.at_once = true;
	fake.result = accepted;
	say(fd, "PUT /v1/pointers/jobs%2Fa HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n"
	        "If-Match: \"11\"\r\nJmha-Epoch: 7\r\n\r\nomega");
	hear(fd, "\"revision\":100");
	expect("ETag: \"100\"\r\n");
	expect("Jmha-Epoch: 7\r\n");
	assert_string_equal(fake.key, "jobs/a");
	assert_memory_equal(fake.value, "omega", 5);
	assert_true(fake.change.if_revision);
	assert_int_equal(fake.change.revision, 11);
	assert_int_equal(fake.change.epoch.v, 7);
	close(fd);
}

static void an_encoded_nul_does_not_cut_the_key_short(void **state)
{
	int fd = client();

	(void)state;
	say(fd, "DELETE /v1/pointers/jobs/a%00b HTTP/1.1\r\nHost: x\r\n\r\n");
	hear(fd, "bad-request");
	assert_int_equal(fake.n_submitted, 0);
	close(fd);
}

static void many_that_wait_are_answered_together(void **state)
{
	enum { N = 64 };
	int fd[N];

	(void)state;
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < N; i++) {
			if (round == 0)
				fd[i] = client();
			say(fd[i], "PUT /v1/pointers/k HTTP/1.1\r\nHost: x\r\n"
			           "Content-Length: 1\r\n\r\nv");
		}
		wait_for(&fake.n_waiting, N);
		fake_complete(&fake, &accepted);
		for (unsigned i = 0; i < N; i++)
			hear(fd[i], "\"revision\":100"); /* and the connection is kept */
	}
	assert_int_equal(fake.n_submitted, 3 * N);
	for (unsigned i = 0; i < N; i++)
		close(fd[i]);
}

static void a_client_may_be_gone_before_its_answer(void **state)
{
	int fd = client();

	(void)state;
	say(fd, "PUT /v1/pointers/k HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nv");
	wait_for(&fake.n_waiting, 1);
	close(fd);
	for (unsigned i = 0; i < 5; i++)
		turn();
	fake_complete(&fake, &accepted);
	expect_alive();
}

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

static void an_operator_that_waited_enough_gets_202(void **state)
{
	const struct operator_result named = { .state = OPERATOR_NEW,
		                               .id = "q-0000000001",
		                               .verb = "step-down" };
	int fd = client();
	time_t deadline = now() + 20;

	(void)state;
	say(fd, "POST /v1/step-down?wait_ms=1 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
	while (!fake.progress) {
		assert_true(now() < deadline);
		turn();
	}
	fake.progress(fake.progress_cookie, &named);
	hear(fd, "\"id\":\"q-0000000001\"");
	expect("HTTP/1.1 202 ");
	close(fd);
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

static void a_wrong_method_gets_an_allow_header(void **state)
{
	int fd = client();

	(void)state;
	say(fd, "POST /v1/pointers/k HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
	hear(fd, "method-not-allowed");
	expect("HTTP/1.1 405 ");
	expect("Allow: GET, PUT, DELETE\r\n");
	close(fd);
}

static void head_has_headers_only(void **state)
{
	int fd = client();

	(void)state;
	say(fd, "HEAD /leader HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
	hear(fd, NULL);
	expect("HTTP/1.1 200 ");
	assert_null(strchr(got, '{'));
	close(fd);
}

static void requests_may_follow_each_other_without_waiting(void **state)
{
	int fd = client();

	(void)state;
	say(fd, "GET /leader HTTP/1.1\r\nHost: x\r\n\r\nGET /v1/pointers/jobs/a HTTP/1.1\r\n"
	        "Host: x\r\n\r\nGET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n");
	hear(fd, "not-found");
	expect("\"state\":\"leader\"");
	expect("alpha");
	close(fd);
}

static void a_chunked_body_is_put_together(void **state)
{
	int fd = client();

	(void)state;
	fake.at_once = true;
	fake.result = accepted;
	say(fd, "PUT /v1/pointers/k HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
	        "3\r\nabc\r\n");
	turn();
	say(fd, "4\r\ndefg\r\n0\r\n\r\n");
	hear(fd, "\"revision\":100");
	assert_int_equal(fake.change.size, 7);
	assert_memory_equal(fake.value, "abcdefg", 7);
	close(fd);
}

static void a_value_of_64_kib_passes_and_one_byte_more_does_not(void **state)
{
	static char value[API_MAX_VALUE + 1];
	int fd = client();

	(void)state;
	fake.at_once = true;
	fake.result = accepted;
	memset(value, 'v', sizeof(value));
	say(fd, "PUT /v1/pointers/k HTTP/1.1\r\nHost: x\r\nContent-Length: 65536\r\n\r\n");
	put(fd, value, API_MAX_VALUE);
	hear(fd, "\"revision\":100");
	assert_int_equal(fake.change.size, API_MAX_VALUE);
	say(fd, "PUT /v1/pointers/k HTTP/1.1\r\nHost: x\r\nContent-Length: 65537\r\n\r\n");
	put(fd, value, API_MAX_VALUE + 1);
	hear(fd, "too-large");
	expect("HTTP/1.1 413 ");
	assert_int_equal(fake.n_submitted, 1);
	close(fd);
}

static void an_announced_body_over_the_limit_is_refused_unread(void **state)
{
	int fd = client();

	(void)state;
	say(fd, "PUT /v1/pointers/k HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n");
	hear(fd, "too-large");
	expect("HTTP/1.1 413 ");
	hear(fd, NULL);
	close(fd);
	expect_alive();
}

static void a_chunked_body_without_end_is_refused(void **state)
{
	static char chunk[65536 + 10];
	int fd = client();

	(void)state;
	memset(chunk, 'v', sizeof(chunk));
	memcpy(chunk, "10000\r\n", 7);
	memcpy(chunk + 7 + 65536, "\r\n", 2);
	say(fd, "PUT /v1/pointers/k HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
	for (unsigned i = 0; i < 12; i++)
		put(fd, chunk, 7 + 65536 + 2);
	say(fd, "0\r\n\r\n");
	hear(fd, "too-large");
	expect("HTTP/1.1 413 ");
	close(fd);

	fd = client(); /* and one that never ends is cut off */
	say(fd, "PUT /v1/pointers/k HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
	for (unsigned i = 0; i < 80; i++)
		put(fd, chunk, 7 + 65536 + 2);
	hear(fd, NULL);
	close(fd);
	assert_int_equal(fake.n_submitted, 0);
	expect_alive();
}

static void malformed_requests_hurt_nobody_else(void **state)
{
	static const char *const bad[] = {
		"\r\n\r\n\r\n",
		"GET\r\n\r\n",
		"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
		"GET /v1/status HTTP/9.9\r\nHost: x\r\n\r\n",
		"GET /v1/status HTTP/1.1\r\n\r\n",
		"GET /v1/status HTTP/1.1\r\nHost: x\r\nno colon here\r\n\r\n",
		"PUT /v1/pointers/k HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\nabc",
		"PUT /v1/pointers/k HTTP/1.1\r\nHost: x\r\nContent-Length: 5x\r\n\r\nabcde",
		"PUT /v1/pointers/k HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
		"chunked\r\n\r\nzz\r\n",
		"PUT /v1/pointers/k HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
		"FFFFFFFFFFFFFFFFFFFF\r\nabc\r\n",
		"GET /%zz%2 HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET /v1/pointers?prefix=%00&&&=&x HTTP/1.1\r\nHost: x\r\n\r\n",
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		int fd = client();

		say(fd, bad[i]);
		for (unsigned k = 0; k < 3; k++)
			turn();
		expect_alive();
		close(fd);
		turn();
	}
	assert_int_equal(fake.n_submitted, 0);
	assert_int_equal(fake.n_waiting, 0);
}

static void endless_headers_are_refused(void **state)
{
	static char line[4096];
	int fd = client();

	(void)state;
	memset(line, 'h', sizeof(line));
	memcpy(line, "A: ", 3);
	memcpy(line + sizeof(line) - 2, "\r\n", 2);
	say(fd, "GET /v1/status HTTP/1.1\r\nHost: x\r\n");
	for (unsigned i = 0; i < 64; i++)
		put(fd, line, sizeof(line));
	hear(fd, NULL);
	if (n_got > 0)
		expect("HTTP/1.1 431 ");
	close(fd);
	expect_alive();
}

static void half_a_request_holds_up_nobody(void **state)
{
	int half = client(), body = client();

	(void)state;
	say(half, "GET /v1/sta");
	say(body, "PUT /v1/pointers/k HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc");
	expect_alive();
	assert_int_equal(fake.n_submitted, 0);
	say(half, "tus HTTP/1.1\r\nHost: x\r\n\r\n");
	hear(half, "\"version\":1");
	close(half);
	close(body);
	expect_alive();
	assert_int_equal(fake.n_submitted, 0);
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

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(headers_carry_revision_and_sequence),
		T(conditions_and_fence_come_from_headers),
		T(an_encoded_nul_does_not_cut_the_key_short),
		T(many_that_wait_are_answered_together),
		T(a_client_may_be_gone_before_its_answer),
		T(waiting_requests_do_not_keep_the_api_from_ending),
		T(an_operator_that_waited_enough_gets_202),
		T(tcp_reads_status_but_no_pointers),
		T(a_wrong_method_gets_an_allow_header),
		T(head_has_headers_only),
		T(requests_may_follow_each_other_without_waiting),
		T(a_chunked_body_is_put_together),
		T(a_value_of_64_kib_passes_and_one_byte_more_does_not),
		T(an_announced_body_over_the_limit_is_refused_unread),
		T(a_chunked_body_without_end_is_refused),
		T(malformed_requests_hurt_nobody_else),
		T(endless_headers_are_refused),
		T(half_a_request_holds_up_nobody),
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
