/* SPDX-License-Identifier: Apache-2.0 */
#include "election/server_conf.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* As ZooKeeper 3.8.0 says it. */
static const char real[] = "clientPort=2181\nsecureClientPort=-1\ndataDir=/x/version-2\n"
                           "tickTime=500\nmaxClientCnxns=60\nminSessionTimeout=1000\n"
                           "maxSessionTimeout=10000\nserverId=1\ninitLimit=20\nsyncLimit=4\n"
                           "electionAlg=3\n";

static void reads_tick_and_sync_limit(void **state)
{
	struct server_conf_answer a;

	(void)state;
	server_conf_parse(real, &a);
	assert_true(a.known);
	assert_int_equal(a.tick, 500000);
	assert_int_equal(a.sync_limit, 4);
}

static void a_refusal_is_not_known(void **state)
{
	static const char *const texts[] = {
		"conf is not executed because it is not in the whitelist.\n",
		"",
		"HTTP/1.1 400 Bad Request\r\n\r\n",
		"tickTime=\n",
		"tickTime=0\n",
		"tickTime=99999999999999999999999\n",
		"xtickTime=500\n",
	};
	struct server_conf_answer a;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		server_conf_parse(texts[i], &a);
		assert_false(a.known);
	}
}

static int listener(char *address, size_t size)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t length = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &length), 0);
	(void)snprintf(address, size, "127.0.0.1:%u", ntohs(at.sin_port));
	return fd;
}

static int turn(struct server_conf *c, struct server_conf_answer *ret)
{
	struct pollfd p = { .fd = server_conf_fd(c), .events = server_conf_events(c) };

	assert_int_equal(poll(&p, 1, 10000), 1);
	return server_conf_dispatch(c, ret);
}

static void asks_and_reads_an_answer_in_pieces(void **state)
{
	struct server_conf_answer a = { 0 };
	struct server_conf *c;
	char address[64], question[5] = "";
	int fd = listener(address, sizeof(address)), peer;

	(void)state;
	assert_int_equal(server_conf_start(address, &c), 0);
	assert_int_equal(turn(c, &a), 0);
	peer = accept(fd, NULL, NULL);
	assert_int_equal(recv(peer, question, 4, MSG_WAITALL), 4);
	assert_string_equal(question, "conf");
	assert_int_equal(send(peer, real, 60, 0), 60);
	assert_int_equal(turn(c, &a), 0);
	assert_true(send(peer, real + 60, strlen(real) - 60, 0) > 0);
	assert_int_equal(close(peer), 0);
	while (turn(c, &a) == 0)
		;
	assert_true(a.known);
	assert_int_equal(a.tick, 500000);
	server_conf_free(c);
	(void)close(fd);
}

static void a_server_that_goes_away_is_not_known(void **state)
{
	struct server_conf_answer a = { .known = true };
	struct server_conf *c;
	char address[64];
	int fd = listener(address, sizeof(address));

	(void)state;
	assert_int_equal(server_conf_start(address, &c), 0);
	assert_int_equal(turn(c, &a), 0);
	(void)close(accept(fd, NULL, NULL));
	while (turn(c, &a) == 0)
		;
	assert_false(a.known);
	server_conf_free(c);
	(void)close(fd);
}

static void takes_numeric_addresses_only(void **state)
{
	struct server_conf *c;

	(void)state;
	assert_int_equal(server_conf_start("zk1:2181", &c), -EINVAL);
	assert_int_equal(server_conf_start("127.0.0.1", &c), -EINVAL);
	assert_int_equal(server_conf_start("", &c), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_tick_and_sync_limit),
		cmocka_unit_test(a_refusal_is_not_known),
		cmocka_unit_test(asks_and_reads_an_answer_in_pieces),
		cmocka_unit_test(a_server_that_goes_away_is_not_known),
		cmocka_unit_test(takes_numeric_addresses_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
