/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The API on real sockets, in this process's loop, in front of a backend that does as it is told
 * (api_fake.h).  Clients are raw bytes; a test waits by condition, at most 20 s.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "daemon/api.h"
#include "tests/unit/api_fake.h"

static struct fake fake;
static sd_event *loop;
static struct api *api;
static unsigned most_listed; /* lists made in one turn of the loop */
static int unix_fd = -1, tcp_fd = -1;
static char folder[] = "/tmp/jmha-test-XXXXXX";
static struct sockaddr_un unix_address = { .sun_family = AF_UNIX };
static struct sockaddr_in tcp_address = { .sin_family = AF_INET };

static const struct pointer_view one = { "jobs/a", "alpha", 5, 11, false };

static inline int setup(void **state)
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

static inline int teardown(void **state)
{
	(void)state;
	api_free(api);
	api = NULL;
	loop = sd_event_unref(loop);
	close(unix_fd);
	close(tcp_fd);
	return 0;
}

static inline int group_setup(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(folder));
	(void)snprintf(unix_address.sun_path, sizeof(unix_address.sun_path), "%s/s", folder);
	return 0;
}

static inline int group_teardown(void **state)
{
	(void)state;
	(void)unlink(unix_address.sun_path);
	return rmdir(folder);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

static inline int client(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&unix_address, sizeof(unix_address)), 0);
	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	return fd;
}

static inline time_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

/* One turn of the loop, at most 20 ms. */
static inline void turn(void)
{
	unsigned before = fake.n_listed;

	assert_true(sd_event_run(loop, 20000) >= 0);
	if (fake.n_listed - before > most_listed)
		most_listed = fake.n_listed - before;
}

/* As much as the socket takes; the loop runs so that it takes all. */
static inline void put(int fd, const char *data, size_t size)
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

static inline void say(int fd, const char *text)
{
	put(fd, text, strlen(text));
}

static char got[1 << 20];
static size_t n_got;

/* Reads on until `text` came or (text NULL) the connection ended. */
static inline void hear(int fd, const char *text)
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

static inline void expect(const char *text)
{
	if (!strstr(got, text))
		fail_msg("no %s in: %s", text, got);
}

/* The daemon still answers others. */
static inline void expect_alive(void)
{
	int fd = client();

	say(fd, "GET /leader HTTP/1.1\r\nHost: x\r\n\r\n");
	hear(fd, "\"state\":\"leader\"");
	expect("HTTP/1.1 200 ");
	close(fd);
}

static inline void wait_for(const unsigned *counter, unsigned value)
{
	time_t deadline = now() + 20;

	while (*counter != value) {
		assert_true(now() < deadline);
		turn();
	}
}
