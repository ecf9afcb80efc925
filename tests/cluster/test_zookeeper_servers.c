/* SPDX-License-Identifier: Apache-2.0 */
/* Which server a session goes to, and what it does when one dies, hangs or is none. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/cluster/zookeeper_adapter.h"

/* A listener that accepts nothing, or one that answers HTTP. */
static int listener(char address[32], int backlog)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000009) };
	socklen_t size = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(fd, backlog), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &size), 0);
	(void)snprintf(address, 32, "127.0.0.9:%u", ntohs(a.sin_port));
	return fd;
}

static void dropping_keeps_the_session_and_goes_to_the_next_server(void **state)
{
	struct client *c = &clients[0];
	char first[64];

	(void)state;
	open_client(c);
	memcpy(first, c->server, sizeof(first));
	session_drop(c->s);
	assert_int_equal(c->disconnected, 1);
	WAIT(c->connected == 2);
	assert_true(c->last.resumed);
	assert_string_not_equal(c->server, first);
}

static void an_even_list_finds_the_only_server_alive(void **state)
{
	/* ZOOKEEPER-2466: the library would try every second address only. */
	static const char *const even[] = { "127.0.0.4:9", "127.0.0.5:9", "127.0.0.6:9", NULL,
		                            NULL };
	const char *list[N_ELEMENTS(even)];
	struct client *c = &clients[0];
	struct session_config config = defaults(c);

	(void)state;
	memcpy(list, even, sizeof(list));
	list[3] = servers[0];
	config.servers = list;
	open_with(c, &config);
	for (unsigned i = 1; i <= 4; i++) {
		WAIT(c->connected == i);
		session_drop(c->s);
	}
}

static void a_silent_server_costs_no_more_than_the_answer_time(void **state)
{
	char address[32];
	int fd = listener(address, 8), r;
	const char *list[] = { address, servers[0], NULL };
	struct client *c = &clients[0];
	struct session_config config = defaults(c);
	usec_t begin;

	(void)state;
	config.servers = list;
	open_with(c, &config);
	WAIT(c->connected == 1);
	session_drop(c->s); /* now the silent one comes first, if it did not already */
	begin = session_clock();
	WAIT(c->connected == 2);
	assert_true(session_clock() - begin < session_time / 2);
	r = close(fd);
	assert_int_equal(r, 0);
}

static void *speak_http(void *arg)
{
	/* The 41 bytes that the library takes for a handshake; the last one says "not read-only".
	 */
	static const char text[41] = "HTTP/1.1 400 Bad Request\r\nServer: oldone";
	int fd = *(int *)arg, peer;
	char buffer[256];

	while ((peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		(void)!read(peer, buffer, sizeof(buffer));
		(void)!write(peer, text, sizeof(text));
		(void)close(peer);
	}
	return NULL;
}

static void an_http_server_is_no_session(void **state)
{
	char address[32];
	int fd = listener(address, 8);
	const char *list[] = { address, NULL };
	struct client *c = &clients[0];
	struct session_config config = defaults(c);
	pthread_t thread;
	usec_t end = session_clock() + 500 * USEC_PER_MSEC;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, speak_http, &fd), 0);
	config.servers = list;
	open_with(c, &config);
	while (session_clock() < end)
		pump(NULL);
	assert_int_equal(c->connected, 0);
	assert_int_equal(c->expired, 0);
	list[0] = servers[0];
	assert_int_equal(session_set_servers(c->s, list), 0);
	WAIT(c->connected == 1);
	(void)shutdown(fd, SHUT_RDWR);
	(void)pthread_join(thread, NULL);
	(void)close(fd);
}

static void ensemble(const char *verb, unsigned server)
{
	char command[512];

	(void)snprintf(command, sizeof(command), "'%s' %s '%s' %u", getenv("ZK_ENSEMBLE"), verb,
	               getenv("ZK_DIR"), server);
	assert_int_equal(system(command), 0);
}

static void a_server_killed_under_a_write_means_unknown_and_reading_tells(void **state)
{
	const struct member_node m = member_of("a", 1);
	struct client *c = &clients[0];
	struct answer a = { .came = false };
	struct register_node r;
	struct latch_name latch;
	int32_t version, after;
	unsigned server;

	(void)state;
	open_client(c);
	latch = lead_as(c, &m);
	r = read_register(c, &version);
	server = (unsigned)(c->server[8] - '0'); /* 127.0.0.N:port */
	r.log.sequence = 42;
	ensemble("pause-one", server); /* takes the request, does not answer */
	assert_int_equal(fence_set_register(c->s, &latch, &r, version, on_answer, &a), 0);
	ensemble("kill-one", server);
	WAIT(a.came);
	assert_int_equal(a.r.outcome, ZK_UNKNOWN);
	WAIT(c->connected == 2);
	assert_true(c->last.resumed);
	r = read_register(c, &after);
	assert_true(after == version ? r.log.sequence == 0 : r.log.sequence == 42);
	assert_true(latch_exists(c, &latch));
	ensemble("start-one", server);
}

static void a_hung_server_is_left_after_the_answer_time(void **state)
{
	struct client *c = &clients[0];
	struct answer a = { .came = false };
	usec_t begin;
	unsigned server;

	(void)state;
	open_client(c);
	server = (unsigned)(c->server[8] - '0');
	ensemble("pause-one", server);
	begin = session_clock();
	assert_int_equal(session_sync(c->s, on_answer, &a), 0);
	WAIT(a.came);
	assert_int_equal(a.r.outcome, ZK_UNKNOWN);
	assert_true(session_clock() - begin < session_time * 2 / 3);
	assert_int_equal(c->last.error, -ETIMEDOUT);
	/* Closing never waits for a hung server. */
	WAIT(c->connected == 2);
	ensemble("resume-one", server);
}

static void the_first_server_may_die_after_a_first_connect(void **state)
{
	const char *list[3] = { NULL };
	struct client *c = &clients[0];
	struct session_config config = defaults(c);
	unsigned server;

	(void)state;
	list[0] = servers[0];
	list[1] = servers[1];
	config.servers = list;
	open_with(c, &config);
	WAIT(c->connected == 1);
	server = (unsigned)(c->server[8] - '0');
	ensemble("kill-one", server);
	WAIT(c->connected == 2);
	assert_true(c->last.resumed);
	ensemble("start-one", server);
}

const struct CMUnitTest servers_cases[] = {
	/* With two servers of three: not behind one that has hung, and may not be back yet. */
	TEST(the_first_server_may_die_after_a_first_connect),
	TEST(dropping_keeps_the_session_and_goes_to_the_next_server),
	TEST(an_even_list_finds_the_only_server_alive),
	TEST(a_silent_server_costs_no_more_than_the_answer_time),
	TEST(an_http_server_is_no_session),
	TEST(a_server_killed_under_a_write_means_unknown_and_reading_tells),
	TEST(a_hung_server_is_left_after_the_answer_time),
	{ .name = NULL },
};
