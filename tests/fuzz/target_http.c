/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests as bytes (daemon/api_http.h): the API as the daemon runs it, on listening sockets, with
 *a backend that answers from fields (tests/unit/api_fake.h).  The first byte is the listener, `t`
 *for TCP, else the Unix socket, where the sender may do anything.  All other bytes are sent, but
 *for:
 *
 *	1e      the loop runs before the rest is sent
 *	1d      .. and the backend answers what waits
 *	1f n    n times 1 KiB of `v`
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "daemon/api.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/api_fake.h"

enum { RUN = 0x1e, ANSWER = 0x1d, FILL = 0x1f, KIB = 1024, MOST_SENT = 2 << 20 };
enum { MOST_TURNS = 20000, MOST_HEARD = 4 << 20 };

static struct fake fake;
static sd_event *loop;
static size_t sent, heard;
static char answer[64 * KIB]; /* its beginning */

static const struct pointer_view one = { "jobs/a", "alpha", 5, 11, false };
static const struct counter_view counter = { "c", 4, false };

/* ---- the daemon's side */

/* Until nothing is left to do: then nothing may turn the loop.  A head that leaves a byte of the
 * connection's pool has libmicrohttpd read its body byte by byte: each is a turn at most. */
static void settle(void)
{
	size_t turns = 0;

	while (sd_event_run(loop, 0) > 0)
		HOLDS(++turns < MOST_TURNS + sent);
}

static int listen_unix(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX }; /* abstract, chosen by the kernel */
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	HOLDS(fd >= 0);
	HOLDS(bind(fd, (struct sockaddr *)&address, sizeof(sa_family_t)) == 0);
	HOLDS(listen(fd, 8) == 0);
	return fd;
}

static int listen_tcp(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	HOLDS(fd >= 0);
	HOLDS(bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
	HOLDS(listen(fd, 8) == 0);
	return fd;
}

static int connect_to(int listening)
{
	struct sockaddr_storage address;
	socklen_t size = sizeof(address);
	int fd;

	HOLDS(getsockname(listening, (struct sockaddr *)&address, &size) == 0);
	fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	HOLDS(fd >= 0 && connect(fd, (struct sockaddr *)&address, size) == 0);
	HOLDS(fcntl(fd, F_SETFL, O_NONBLOCK) == 0);
	return fd;
}

/* ---- the client's */

/* False: the other side has closed. */
static bool hear(int fd)
{
	char rest[4 * KIB];
	bool keep = heard < sizeof(answer) - 1;
	char *to = keep ? answer + heard : rest;
	size_t room = keep ? sizeof(answer) - 1 - heard : sizeof(rest);
	ssize_t n = recv(fd, to, room, 0);

	if (n < 0)
		return errno == EAGAIN;
	heard += (size_t)n;
	HOLDS(heard < MOST_HEARD);
	return n > 0;
}

/* False: the other side has closed, or takes no more as long as nobody answers. */
static bool say(int fd, const char *data, size_t size)
{
	bool stuck = false;

	while (size > 0 && sent < MOST_SENT) {
		ssize_t n = send(fd, data, size, MSG_NOSIGNAL);

		if (n < 0 && errno != EAGAIN)
			return false; /* refused in between */
		if (n > 0) {
			data += n;
			size -= (size_t)n;
			sent += (size_t)n;
			stuck = false;
			continue;
		}
		settle();
		if (stuck || !hear(fd))
			return false;
		stuck = true;
	}
	return true;
}

static void let_backend_answer(void)
{
	static const struct pointer_result accepted = { .revision = 100, .epoch = { 7 } };
	static const struct operator_result done = { .state = OPERATOR_DONE,
		                                     .id = "q-0000000012",
		                                     .verb = "switchover",
		                                     .leader = "jm-b",
		                                     .epoch = { 8 } };
	backend_operator_cb progress = fake.progress;

	settle();
	fake_complete(&fake, &accepted);
	if (fake.change_done)
		fake_change(&fake, &fake.changed);
	fake.progress = NULL;
	if (progress)
		progress(fake.progress_cookie, &done);
	settle();
}

static bool fill(int fd, unsigned kib)
{
	char v[KIB];

	memset(v, 'v', sizeof(v));
	for (; kib > 0; kib--)
		if (!say(fd, v, sizeof(v)))
			return false;
	return true;
}

/* Plays the input.  The backend takes one change at a time, as told in api_fake.h. */
static void play(int fd, const uint8_t *data, size_t size)
{
	bool open = true;

	for (size_t i = 0, n; open && i < size; i += n) {
		for (n = 0; i + n < size && (data[i + n] < ANSWER || data[i + n] > FILL);)
			n++;
		if (n > 0) {
			open = say(fd, (const char *)data + i, n);
			continue;
		}
		n = 1;
		if (data[i] == FILL && i + 1 < size) {
			open = fill(fd, data[i + 1]);
			n = 2;
		} else if (data[i] == ANSWER) {
			let_backend_answer();
		}
		settle();
		open = open && hear(fd);
	}
	let_backend_answer();
	while (open && hear(fd) && errno != EAGAIN)
		errno = 0;
	(void)shutdown(fd, SHUT_WR);
	settle();
	errno = 0;
	while (hear(fd) && errno != EAGAIN)
		errno = 0;
}

/* ---- what holds */

/* The backend relies on the API for syntax and sizes. */
static void check_submitted(void)
{
	static const char of_keys[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	                              "0123456789._/-";
	size_t n = strlen(fake.key);

	HOLDS(n <= API_MAX_KEY && strspn(fake.key, of_keys) == n);
	HOLDS(fake.change.size <= API_MAX_VALUE);
	HOLDS(!fake.change.if_absent || !fake.change.if_revision);
	n = strlen(fake.submitted.key);
	if (strcmp(fake.submitted.what, "counter") == 0) {
		HOLDS(n >= 1 && n <= API_MAX_COUNTER && strspn(fake.submitted.key, of_keys) == n);
		HOLDS(fake.submitted.value >= 0);
	} else if (strcmp(fake.submitted.what, "job") == 0) {
		HOLDS(n == 32 && strspn(fake.submitted.key, "0123456789abcdef") == n);
		HOLDS(strlen(fake.submitted.text) <= API_MAX_WHY);
	} else if (strcmp(fake.submitted.what, "endpoint") == 0) {
		HOLDS(n <= 36 && strspn(fake.submitted.key, of_keys) + 2 >= n);
		HOLDS(strlen(fake.submitted.text) <= API_MAX_ADDRESS);
	}
}

/* A refusal may quote what was asked. */
static bool says(const uint8_t *data, size_t size, const char *what)
{
	return memmem(data, size, what, strlen(what)) != NULL;
}

static void check_answer(const uint8_t *data, size_t size, bool tcp)
{
	static const char broken[] = "HTTP/1.1 500 ";

	answer[heard < sizeof(answer) ? heard : sizeof(answer) - 1] = '\0';
	HOLDS(heard == 0 || strncmp(answer, "HTTP/1.", 7) == 0);
	HOLDS(!strstr(answer, broken) || says(data, size, broken));
	if (!tcp)
		return;
	/* Read-only, and no values of pointers. */
	HOLDS(fake.n_submitted == 0 && fake.n_said == 0 && fake.n_listed == 0);
	HOLDS(!fake.progress_cookie && !strstr(answer, "alpha"));
}

/* Others are served as before. */
static void check_alive(int listening)
{
	static const char request[] = "GET /leader HTTP/1.1\r\nHost: x\r\n\r\n";
	CLEANUP(closep) int fd = connect_to(listening);
	char text[2048];
	ssize_t n;

	HOLDS(send(fd, request, sizeof(request) - 1, 0) == sizeof(request) - 1);
	settle();
	n = recv(fd, text, sizeof(text) - 1, 0);
	HOLDS(n > 0);
	text[n] = '\0';
	HOLDS(strncmp(text, "HTTP/1.1 200 ", 13) == 0);
}

static void prepare(void)
{
	fake_init(&fake);
	fake.pointers = &one;
	fake.n_pointers = 1;
	fake.counter_views = &counter;
	fake.n_counter_views = 1;
	fake.jobmanager = getpid();
	fake.leadership = (struct leadership){ .settled = true,
		                               .epoch = { 7 },
		                               .leader_id = "6b1f-7",
		                               .cluster = "orders",
		                               .member = "jm-a" };
	fake.request = (struct operator_result){ .state = OPERATOR_TAKEN,
		                                 .id = "q-0000000012",
		                                 .verb = "switchover" };
	sent = heard = 0;
}

static void run(const uint8_t *data, size_t size)
{
	const struct backend backend = { &fake_ops, &fake };
	CLEANUP(closep) int unix_fd = -1;
	CLEANUP(closep) int tcp_fd = -1;
	bool tcp = size > 0 && data[0] == 't';
	struct api *api = NULL;
	int fd;

	if (size == 0)
		return;
	unix_fd = listen_unix();
	tcp_fd = tcp ? listen_tcp() : -1;
	prepare();
	HOLDS(sd_event_new(&loop) == 0);
	HOLDS(api_new(loop, &(const struct api_listen){ unix_fd, tcp_fd, NULL }, &backend, &api) ==
	      0);
	fd = connect_to(tcp ? tcp_fd : unix_fd);
	settle();
	play(fd, data + 1, size - 1);
	check_submitted();
	check_answer(data, size, tcp);
	(void)close(fd);
	settle();
	check_alive(tcp ? tcp_fd : unix_fd);
	api_free(api);
	loop = sd_event_unref(loop);
}
FUZZ_TARGET(http, run)
