/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The adapter against real servers: what the library and the ensemble really do.  Started by
 * zookeeper_adapter.t, which gives the servers and the script that kills, stops and starts them.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "election/fence.h"
#include "election/handover.h"
#include "election/latch.h"
#include "election/observe.h"
#include "tests/cluster/zk_client.h"

struct client clients[MAX_CLIENTS];

static char server_text[256];
static const char *servers[8]; /* NULL-terminated */
static char base[64];          /* a tree for each test */
static unsigned n_tests;

static const char cluster_id[] = "000102030405060708090a0b0c0d0e0f";
static const usec_t session_time = 4 * USEC_PER_SEC;
static const usec_t answer_time = 1500 * USEC_PER_MSEC; /* above the worst fsync of a busy disk */

/* ---- helpers */

static void ensemble(const char *verb, unsigned server)
{
	char command[512];

	(void)snprintf(command, sizeof(command), "'%s' %s '%s' %u", getenv("ZK_ENSEMBLE"), verb,
	               getenv("ZK_DIR"), server);
	assert_int_equal(system(command), 0);
}

static struct session_config defaults(struct client *c)
{
	return (struct session_config){ .servers = servers,
		                        .base = base,
		                        .timeout = session_time,
		                        .answer_timeout = answer_time,
		                        .on_event = on_event,
		                        .userdata = c };
}

static void open_with(struct client *c, const struct session_config *config)
{
	memset(c, 0, sizeof(*c));
	assert_int_equal(session_new(config, &c->s), 0);
}

static void open_client(struct client *c)
{
	const struct session_config config = defaults(c);

	open_with(c, &config);
	WAIT(c->connected == 1);
}

static void close_client(struct client *c)
{
	session_close(c->s, true);
	c->s = NULL;
}

/* Leaves the session behind, as a killed process does. */
static void kill_client(struct client *c)
{
	session_close(c->s, false);
	c->s = NULL;
}

static int setup(void **state)
{
	(void)state;
	(void)snprintf(base, sizeof(base), "/adapter-%u/test-%u", (unsigned)getpid(), ++n_tests);
	memset(clients, 0, sizeof(clients));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	for (unsigned i = 0; i < MAX_CLIENTS; i++)
		session_close(clients[i].s, true);
	memset(clients, 0, sizeof(clients));
	return 0;
}

static struct nonce nonce_of(unsigned i)
{
	struct nonce n;

	(void)snprintf(n.s, sizeof(n.s), "%016x", i);
	return n;
}

static struct member_node member_of(const char *name, unsigned nonce)
{
	struct member_node m = { .nonce = nonce_of(nonce), .jmha = "0.1.0", .config = "00000000" };

	(void)snprintf(m.member, sizeof(m.member), "%s", name);
	(void)snprintf(m.host, sizeof(m.host), "host-of-%s", name);
	return m;
}

static struct zk_result expect(struct answer *a, enum zk_outcome outcome, int error)
{
	WAIT(a->came);
	assert_int_equal(a->r.error, error);
	assert_int_equal(a->r.outcome, outcome);
	return a->r;
}

static void join(struct client *c, const struct member_node *m)
{
	struct answer a = { .came = false };

	assert_int_equal(latch_join(c->s, m, on_answer, &a), 0);
	(void)expect(&a, ZK_DONE, 0);
}

static struct latch_name enter(struct client *c, unsigned nonce)
{
	const struct latch_node content = { .member = "m", .host = "h", .started_ms = 1 };
	const struct nonce n = nonce_of(nonce);
	struct answer a = { .came = false };
	struct latch_name latch;

	assert_int_equal(latch_enter(c->s, &n, &content, on_answer, &a), 0);
	(void)expect(&a, ZK_DONE, 0);
	assert_true(latch_name_parse(a.name, &latch));
	return latch;
}

static void create_register(struct client *c)
{
	struct register_node r;
	struct answer a = { .came = false };

	register_init_new(&r, cluster_id);
	assert_int_equal(fence_create_register(c->s, &r, on_answer, &a), 0);
	(void)expect(&a, ZK_DONE, 0);
}

static struct register_node claimed_by(const char *member, const struct latch_name *latch)
{
	struct register_node r;
	const struct register_claim claim = {
		.member = member, .latch = *latch, .session = session_time, .at_ms = 1
	};

	register_init_new(&r, cluster_id);
	register_claim(&r, &claim);
	return r;
}

static void claim(struct client *c, const char *member, const struct latch_name *latch)
{
	const struct register_node r = claimed_by(member, latch);
	struct answer a = { .came = false };

	assert_int_equal(fence_claim(c->s, &r, 0, on_answer, &a), 0);
	assert_int_equal(expect(&a, ZK_DONE, 0).version, 1);
}

static struct register_node read_register(struct client *c, int32_t *version)
{
	struct answer a = { .came = false };
	struct register_node r;

	assert_int_equal(session_get(c->s, "register", NULL, NULL, on_answer, &a), 0);
	*version = expect(&a, ZK_DONE, 0).version;
	assert_int_equal(register_decode(a.data, strlen(a.data), &r, NULL), 0);
	return r;
}

static bool exists(struct client *c, const char *path)
{
	struct answer s = { .came = false }, a = { .came = false };

	assert_int_equal(session_sync(c->s, on_answer, &s), 0);
	assert_int_equal(session_get(c->s, path, NULL, NULL, on_answer, &a), 0);
	WAIT(a.came && s.came);
	assert_true(a.r.error == 0 || a.r.error == -ENOENT);
	return a.r.error == 0;
}

static bool latch_exists(struct client *c, const struct latch_name *latch)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "latch/%s", latch->s);
	return exists(c, path);
}

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

/* ---- connecting */

static void connects_and_tells_what_was_negotiated(void **state)
{
	struct client *c = &clients[0];
	struct session_identity id;
	const struct session_config config = defaults(c);
	usec_t before = session_clock();

	(void)state;
	open_with(c, &config);
	assert_int_equal(session_identity(c->s, &id), -ENOTCONN);
	WAIT(c->connected == 1);
	assert_int_equal(c->last.timeout, session_time);
	assert_false(c->last.resumed);
	assert_true(c->last.connect_sent >= before && c->last.connect_sent <= session_clock());
	assert_int_equal(session_identity(c->s, &id), 0);
	assert_true(session_owns(c->s, id.id));
	assert_true((fcntl(session_fd(c->s), F_GETFD) & FD_CLOEXEC) != 0);
}

static void refuses_requests_while_not_connected(void **state)
{
	struct client *c = &clients[0];
	const struct session_config config = defaults(c);
	struct answer a = { .came = false };

	(void)state;
	open_with(c, &config);
	assert_int_equal(session_sync(c->s, on_answer, &a), -ENOTCONN);
	WAIT(c->connected == 1);
	assert_int_equal(session_sync(c->s, on_answer, &a), 0);
	(void)expect(&a, ZK_DONE, 0);
	session_drop(c->s);
	memset(&a, 0, sizeof(a));
	assert_int_equal(session_sync(c->s, on_answer, &a), -ENOTCONN);
	assert_false(a.came);
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

static void an_expired_session_says_so_and_refuses_all(void **state)
{
	struct client *c = &clients[0], *d = &clients[1];
	struct session_identity id;
	struct session_config config;
	struct answer a = { .came = false };

	(void)state;
	open_client(c);
	assert_int_equal(session_identity(c->s, &id), 0);
	close_client(c);
	config = defaults(d);
	config.resume = &id;
	open_with(d, &config);
	WAIT(d->expired == 1);
	assert_int_equal(d->connected, 0);
	assert_true(session_dead(d->s));
	assert_int_equal(session_sync(d->s, on_answer, &a), -ENOTCONN);
	assert_int_equal(session_timeout(d->s), USEC_INFINITY);
}

static void a_saved_session_is_resumed_with_its_ephemerals(void **state)
{
	const struct member_node m = member_of("a", 1);
	struct client *c = &clients[0], *d = &clients[1];
	struct session_identity id;
	struct session_config config;
	struct latch_name latch;

	(void)state;
	open_client(c);
	join(c, &m);
	latch = enter(c, 1);
	assert_int_equal(session_identity(c->s, &id), 0);
	kill_client(c);
	config = defaults(d);
	config.resume = &id;
	open_with(d, &config);
	WAIT(d->connected == 1);
	assert_true(d->last.resumed);
	assert_true(latch_exists(d, &latch));
}

static void wrong_lists_and_bases_are_refused(void **state)
{
	static const char *const bad[] = { "zk1", NULL };
	struct client *c = &clients[0];
	struct session_config config = defaults(c);
	struct session *s = NULL;

	(void)state;
	config.servers = bad;
	assert_int_equal(session_new(&config, &s), -EINVAL);
	config = defaults(c);
	config.base = "/jmha//x";
	assert_int_equal(session_new(&config, &s), -EINVAL);
	assert_null(s);
}

/* ---- member, latch, heartbeat */

static void joining_twice_is_fine_and_a_taken_name_is_told(void **state)
{
	const struct member_node m = member_of("a", 1);
	struct client *c = &clients[0], *d = &clients[1];
	struct answer a = { .came = false };

	(void)state;
	open_client(c);
	open_client(d);
	join(c, &m);
	join(c, &m);
	assert_int_equal(latch_join(d->s, &m, on_answer, &a), 0);
	(void)expect(&a, ZK_NOT_DONE, -EEXIST);
}

static void heartbeat_tells_latch_gone_from_member_gone(void **state)
{
	const struct member_node m = member_of("a", 1);
	struct client *c = &clients[0];
	struct answer a[7] = { { .came = false } };
	const struct zk_op drop = { .type = ZK_OP_DELETE, .path = "members/a", .version = -1 };
	struct latch_name latch;

	(void)state;
	open_client(c);
	join(c, &m);
	latch = enter(c, 1);
	assert_int_equal(latch_heartbeat(c->s, &latch, "a", on_answer, &a[0]), 0);
	(void)expect(&a[0], ZK_DONE, 0);

	assert_int_equal(session_write(c->s, &drop, 1, on_answer, &a[1]), 0);
	(void)expect(&a[1], ZK_DONE, 0);
	assert_int_equal(latch_heartbeat(c->s, &latch, "a", on_answer, &a[2]), 0);
	assert_int_equal(expect(&a[2], ZK_NOT_DONE, -ENOENT).failed_op, 1);

	assert_int_equal(latch_rejoin(c->s, &latch, &m, on_answer, &a[3]), 0);
	assert_int_equal(expect(&a[3], ZK_DONE, 0).version, 0);

	assert_int_equal(latch_delete(c->s, &latch, on_answer, &a[4]), 0);
	(void)expect(&a[4], ZK_DONE, 0);
	assert_int_equal(latch_heartbeat(c->s, &latch, "a", on_answer, &a[5]), 0);
	assert_int_equal(expect(&a[5], ZK_NOT_DONE, -ENOENT).failed_op, 0);
	assert_int_equal(latch_rejoin(c->s, &latch, &m, on_answer, &a[6]), 0);
	assert_int_equal(expect(&a[6], ZK_NOT_DONE, -ENOENT).failed_op, 0);
}

static struct latch_found found;
static bool found_any;
static int found_error;

static void on_found(void *userdata, const struct zk_result *result, const struct latch_found *f)
{
	(void)userdata;
	found_any = true;
	found_error = result->error;
	if (f != NULL)
		found = *f;
}

/* Takes what the server has answered out of the socket, so that nobody ever hears of it. */
static void lose_answer(struct client *c)
{
	struct pollfd p = { .fd = session_fd(c->s), .events = POLLIN };
	char buffer[4096];

	assert_int_equal(poll(&p, 1, 10000), 1);
	assert_true(recv(p.fd, buffer, sizeof(buffer), MSG_DONTWAIT) > 0);
}

static void an_unanswered_latch_is_found_by_its_nonce(void **state)
{
	const struct member_node m = member_of("a", 1);
	const struct latch_node content = { .member = "a", .host = "h" };
	const struct nonce n = nonce_of(1);
	struct client *c = &clients[0], *d = &clients[1];
	struct answer a = { .came = false };

	(void)state;
	open_client(c);
	open_client(d);
	join(c, &m);
	(void)enter(d, 1); /* the same nonce by another session: not ours (CURATOR-696) */
	assert_int_equal(latch_enter(c->s, &n, &content, on_answer, &a), 0);
	lose_answer(c); /* as a process that is killed between the two */
	session_drop(c->s);
	WAIT(a.came);
	assert_int_equal(a.r.outcome, ZK_UNKNOWN);
	WAIT(c->connected == 2);
	found_any = false;
	assert_int_equal(latch_find(c->s, &n, on_found, NULL), 0);
	WAIT(found_any);
	assert_int_equal(found_error, 0);
	assert_int_equal(found.n, 1);
	assert_true(latch_name_has_nonce(&found.latch[0], &n));
}

/* ---- the fence */

static void a_claim_is_fenced_by_latch_and_version(void **state)
{
	const struct member_node m = member_of("a", 1);
	struct client *c = &clients[0];
	struct answer a[5] = { { .came = false } };
	struct register_node r;
	struct latch_name latch, none;
	int32_t version;

	(void)state;
	open_client(c);
	join(c, &m);
	latch = enter(c, 1);
	r = claimed_by("a", &latch);
	assert_int_equal(fence_claim(c->s, &r, 0, on_answer, &a[0]), 0);
	assert_int_equal(expect(&a[0], ZK_NOT_DONE, -ENOENT).failed_op, FENCE_OP_REGISTER);
	create_register(c);
	assert_int_equal(fence_claim(c->s, &r, 5, on_answer, &a[1]), 0);
	assert_int_equal(expect(&a[1], ZK_NOT_DONE, -ESTALE).failed_op, FENCE_OP_REGISTER);
	none = latch;
	none.s[LATCH_NAME_LEN - 1] = none.s[LATCH_NAME_LEN - 1] == '9' ? '8' : '9';
	r.owner.latch = none;
	assert_int_equal(fence_claim(c->s, &r, 0, on_answer, &a[2]), 0);
	assert_int_equal(expect(&a[2], ZK_NOT_DONE, -ENOENT).failed_op, FENCE_OP_LATCH);
	claim(c, "a", &latch);
	r = read_register(c, &version);
	assert_true(register_is_term(&r, (struct epoch){ 1 }, &latch));

	r.log.sequence = 7;
	assert_int_equal(fence_set_register(c->s, &latch, &r, version, on_answer, &a[3]), 0);
	assert_int_equal(expect(&a[3], ZK_DONE, 0).version, version + 1);
	assert_int_equal(fence_set_register(c->s, &latch, &r, version, on_answer, &a[4]), 0);
	assert_int_equal(expect(&a[4], ZK_NOT_DONE, -ESTALE).failed_op, FENCE_OP_REGISTER);
}

static void endpoints_are_fenced_by_latch_and_version(void **state)
{
	static const char text[] = "{\"version\":1,\"epoch\":1,\"components\":{}}";
	const struct member_node m = member_of("a", 1);
	struct client *c = &clients[0];
	struct answer a[6] = { { .came = false } };
	struct latch_name latch, none;

	(void)state;
	open_client(c);
	join(c, &m);
	latch = enter(c, 1);
	create_register(c);
	claim(c, "a", &latch);
	none = latch;
	none.s[LATCH_NAME_LEN - 1] = none.s[LATCH_NAME_LEN - 1] == '9' ? '8' : '9';
	assert_int_equal(fence_write_endpoints(c->s, &none, 10, text, -1, on_answer, &a[0]), 0);
	assert_int_equal(expect(&a[0], ZK_NOT_DONE, -ENOENT).failed_op, FENCE_OP_LATCH);
	assert_int_equal(fence_write_endpoints(c->s, &latch, 10, text, 0, on_answer, &a[1]), 0);
	assert_int_equal(expect(&a[1], ZK_NOT_DONE, -ENOENT).failed_op, 1);
	assert_int_equal(fence_write_endpoints(c->s, &latch, 10, text, -1, on_answer, &a[2]), 0);
	assert_int_equal(expect(&a[2], ZK_DONE, 0).version, 0);
	assert_int_equal(fence_write_endpoints(c->s, &latch, 10, text, -1, on_answer, &a[3]), 0);
	assert_int_equal(expect(&a[3], ZK_NOT_DONE, -EEXIST).failed_op, 1);
	assert_int_equal(fence_write_endpoints(c->s, &latch, 10, text, 0, on_answer, &a[4]), 0);
	assert_int_equal(expect(&a[4], ZK_DONE, 0).version, 1);
	assert_int_equal(fence_write_endpoints(c->s, &latch, 10, text, 0, on_answer, &a[5]), 0);
	assert_int_equal(expect(&a[5], ZK_NOT_DONE, -ESTALE).failed_op, 1);
}

static void a_release_is_all_or_nothing(void **state)
{
	const struct member_node m = member_of("a", 1);
	const struct latch_name anyone = { .s = "" };
	struct client *c = &clients[0];
	struct answer a[3] = { { .came = false } };
	struct register_node r;
	struct latch_name latch;
	int32_t version;

	(void)state;
	open_client(c);
	join(c, &m);
	latch = enter(c, 1);
	create_register(c);
	claim(c, "a", &latch);
	r = read_register(c, &version);
	register_release(&r, CAUSE_SHUTDOWN, &anyone);

	assert_int_equal(fence_release(c->s, &latch, &r, version, "nobody", on_answer, &a[0]), 0);
	assert_int_equal(expect(&a[0], ZK_NOT_DONE, -ENOENT).failed_op,
	                 fence_release_member_op(true));
	assert_true(latch_exists(c, &latch));
	assert_int_equal(fence_release(c->s, &latch, &r, version, "a", on_answer, &a[1]), 0);
	(void)expect(&a[1], ZK_DONE, 0);
	assert_false(latch_exists(c, &latch));
	assert_false(exists(c, "members/a"));
	r = read_register(c, &version);
	assert_int_equal(r.released, CAUSE_SHUTDOWN);
	assert_int_equal(fence_release(c->s, &latch, NULL, 0, NULL, on_answer, &a[2]), 0);
	assert_int_equal(expect(&a[2], ZK_NOT_DONE, -ENOENT).failed_op, FENCE_OP_LATCH);
}

static void too_large_a_write_is_not_sent(void **state)
{
	struct client *c = &clients[0];
	struct answer a = { .came = false };
	static char big[SESSION_MAX_REQUEST];
	const struct zk_op op = {
		.type = ZK_OP_CREATE, .path = "/big", .data = big, .size = sizeof(big)
	};

	(void)state;
	open_client(c);
	assert_int_equal(session_write(c->s, &op, 1, on_answer, &a), -EMSGSIZE);
	assert_int_equal(session_sync(c->s, on_answer, &a), 0);
	(void)expect(&a, ZK_DONE, 0);
	assert_int_equal(c->disconnected, 0);
}

static void bad_paths_are_refused_before_the_library_sees_them(void **state)
{
	struct client *c = &clients[0];
	struct answer a = { .came = false };
	struct zk_op op[2] = { { .type = ZK_OP_CHECK, .path = "a//b", .version = -1 },
		               { .type = ZK_OP_CHECK, .path = "register", .version = -1 } };

	(void)state;
	open_client(c);
	assert_int_equal(session_write(c->s, op, 2, on_answer, &a), -EINVAL);
	op[0].path = "../x";
	assert_int_equal(session_write(c->s, op, 2, on_answer, &a), -EINVAL);
	assert_int_equal(session_get(c->s, "register/", NULL, NULL, on_answer, &a), -EINVAL);
	assert_false(a.came);
}

static void requests_travel_from_member_to_leader_and_back(void **state)
{
	const struct member_node m = member_of("a", 1);
	struct request_node q = { .verb = "switchover", .by = "root", .member = "b" }, got;
	struct client *c = &clients[0], *d = &clients[1];
	struct answer a[6] = { { .came = false } };
	struct latch_name latch;

	(void)state;
	open_client(c);
	open_client(d);
	join(c, &m);
	latch = enter(c, 1);
	assert_int_equal(fence_request_create(d->s, NULL, &q, on_answer, &a[0]), 0);
	(void)expect(&a[0], ZK_DONE, 0);
	assert_int_equal(session_sync(c->s, on_answer, &a[5]), 0);
	assert_int_equal(fence_request_list(c->s, NULL, NULL, on_answer, &a[1]), 0);
	(void)expect(&a[1], ZK_DONE, 0);
	assert_int_equal(a[1].n_children, 1);
	assert_string_equal(a[1].child[0], a[0].name);
	assert_int_equal(fence_request_get(c->s, a[0].name, NULL, NULL, on_answer, &a[2]), 0);
	assert_true(expect(&a[2], ZK_DONE, 0).czxid > 0);
	assert_int_equal(znode_json_decode_request(a[2].data, strlen(a[2].data), &got), 0);
	assert_string_equal(got.verb, "switchover");
	got.state = REQUEST_DONE;
	got.epoch.v = 3;
	assert_int_equal(fence_request_set(c->s, &latch, a[0].name, &got, 0, on_answer, &a[3]), 0);
	(void)expect(&a[3], ZK_DONE, 0);
	assert_int_equal(fence_request_delete(d->s, a[0].name, on_answer, &a[4]), 0);
	(void)expect(&a[4], ZK_DONE, 0);
}

static void a_leader_takes_a_request_only_while_its_latch_lives(void **state)
{
	const struct member_node m = member_of("a", 1);
	struct request_node q = { .verb = "switchover", .by = "root", .member = "a" };
	struct client *c = &clients[0];
	struct answer a[3] = { { .came = false } };
	struct latch_name latch;

	(void)state;
	q.state = REQUEST_TAKEN;
	open_client(c);
	join(c, &m);
	latch = enter(c, 1);
	assert_int_equal(fence_request_create(c->s, &latch, &q, on_answer, &a[0]), 0);
	(void)expect(&a[0], ZK_DONE, 0);
	assert_int_equal(strncmp(a[0].name, "q-", 2), 0);
	assert_int_equal(latch_delete(c->s, &latch, on_answer, &a[1]), 0);
	(void)expect(&a[1], ZK_DONE, 0);
	assert_int_equal(fence_request_create(c->s, &latch, &q, on_answer, &a[2]), 0);
	assert_int_equal(expect(&a[2], ZK_NOT_DONE, -ENOENT).failed_op, FENCE_OP_LATCH);
}

/* ---- observing */

static struct observation seen;
static bool looked;
static int look_error;
static unsigned changes, change_calls;

static void on_look(void *userdata, const struct zk_result *result, const struct observation *view)
{
	(void)userdata;
	looked = true;
	look_error = result->error;
	if (view != NULL)
		seen = *view; /* reg.extra is not used */
}

static void on_changed(void *userdata, unsigned changed)
{
	(void)userdata;
	changes |= changed;
	change_calls++;
}

static void look(struct observe *o, unsigned watches)
{
	looked = false;
	assert_int_equal(observe_look(o, watches, on_look, NULL), 0);
	assert_int_equal(observe_look(o, watches, on_look, NULL), -EALREADY);
	WAIT(looked);
	assert_int_equal(look_error, 0);
}

static void a_look_shows_register_latches_and_members(void **state)
{
	const struct member_node m = member_of("a", 1), n = member_of("b", 2);
	const struct nonce own = nonce_of(1);
	struct client *c = &clients[0], *d = &clients[1];
	CLEANUP(observe_freep) struct observe *o = NULL;
	struct latch_name mine, other;

	(void)state;
	open_client(c);
	open_client(d);
	assert_int_equal(observe_new(c->s, &own, on_changed, NULL, &o), 0);
	look(o, OBSERVE_ALL); /* nothing is there yet */
	assert_int_equal(seen.register_error, -ENOENT);
	assert_int_equal(seen.n_latches, 0);
	join(c, &m);
	join(d, &n);
	other = enter(d, 2);
	mine = enter(c, 1);
	create_register(c);
	look(o, OBSERVE_ALL);
	assert_int_equal(seen.register_error, 0);
	assert_int_equal(seen.version, 0);
	assert_string_equal(seen.reg.cluster_id, cluster_id);
	assert_int_equal(seen.n_latches, 2);
	assert_true(latch_name_equal(&seen.own, &mine));
	assert_int_equal(seen.rank, 1);
	assert_int_equal(seen.n_own, 1);
	assert_int_equal(seen.n_members, 2);
	assert_true(observation_member(&seen, "a")->own);
	assert_false(observation_member(&seen, "b")->own);
	assert_string_equal(observation_holder(&seen, &other)->node.member, "b");
	assert_int_equal(seen.maintenance_version, -1);
	assert_true(seen.asked > 0);
}

static void the_end_of_the_predecessor_wakes_only_its_successor(void **state)
{
	const struct member_node m[3] = { member_of("a", 1), member_of("b", 2), member_of("c", 3) };
	const struct nonce b = nonce_of(2), third = nonce_of(3);
	struct client *c = clients;
	CLEANUP(observe_freep) struct observe *o = NULL;
	CLEANUP(observe_freep) struct observe *p = NULL;
	unsigned before;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		open_client(&c[i]);
		join(&c[i], &m[i]);
		(void)enter(&c[i], i + 1);
	}
	assert_int_equal(observe_new(c[1].s, &b, on_changed, NULL, &o), 0);
	assert_int_equal(observe_new(c[2].s, &third, on_changed, NULL, &p), 0);
	look(o, OBSERVE_LATCHES);
	look(p, OBSERVE_LATCHES);
	for (unsigned i = 0; i < 3; i++) /* looking again adds no watch */
		look(o, OBSERVE_LATCHES);
	assert_int_equal(seen.rank, 1);
	changes = change_calls = 0;
	close_client(&c[0]);
	WAIT(changes == OBSERVE_LATCHES);
	before = change_calls;
	look(o, OBSERVE_LATCHES);
	assert_int_equal(seen.rank, 0);
	for (unsigned i = 0; i < 10; i++)
		pump(NULL);
	assert_int_equal(before, 1);
	assert_int_equal(change_calls, 1); /* the third slept on */
}

/* A5: it has no predecessor, and waits for the owner, or for the one that is designated. */
static void the_lowest_is_woken_by_the_latch_that_it_waits_for(void **state)
{
	const struct member_node m[3] = { member_of("a", 1), member_of("b", 2), member_of("c", 3) };
	const struct nonce lowest = nonce_of(1);
	struct client *c = clients;
	CLEANUP(observe_freep) struct observe *o = NULL;
	struct answer a = { .came = false };
	struct latch_name latch[3];
	struct register_node r;
	int32_t version;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		open_client(&c[i]);
		join(&c[i], &m[i]);
		latch[i] = enter(&c[i], i + 1);
	}
	create_register(&c[1]);
	claim(&c[1], "b", &latch[1]);
	assert_int_equal(observe_new(c[0].s, &lowest, on_changed, NULL, &o), 0);
	look(o, OBSERVE_LATCHES);
	assert_int_equal(seen.rank, 0);

	changes = 0;
	r = read_register(&c[1], &version);
	register_release(&r, CAUSE_SWITCHOVER, &latch[2]);
	assert_int_equal(fence_release(c[1].s, &latch[1], &r, version, NULL, on_answer, &a), 0);
	(void)expect(&a, ZK_DONE, 0);
	WAIT(changes == OBSERVE_LATCHES);
	look(o, OBSERVE_LATCHES);
	assert_true(latch_name_equal(&seen.reg.designated, &latch[2]));

	changes = 0;
	close_client(&c[2]);
	WAIT(changes == OBSERVE_LATCHES);
}

static void every_kind_of_change_is_told(void **state)
{
	struct member_node m = member_of("a", 1), n = member_of("b", 2);
	struct maintenance_node pause = { .until_ms = 1, .by = "root", .why = "test" };
	const struct nonce own = nonce_of(1);
	struct client *c = &clients[0], *d = &clients[1];
	CLEANUP(observe_freep) struct observe *o = NULL;
	struct answer a[4] = { { .came = false } };
	struct latch_name latch;

	(void)state;
	open_client(c);
	open_client(d);
	join(c, &m);
	latch = enter(c, 1);
	assert_int_equal(observe_new(c->s, &own, on_changed, NULL, &o), 0);
	look(o, OBSERVE_ALL);
	changes = 0;
	create_register(d); /* was not there at the look */
	WAIT((changes & OBSERVE_REGISTER) != 0);
	look(o, OBSERVE_ALL);
	changes = 0;
	join(d, &n);
	WAIT((changes & OBSERVE_MEMBERS) != 0);
	look(o, OBSERVE_ALL);
	changes = 0;
	n.sequence = 5;
	assert_int_equal(latch_set_member(d->s, &n, 0, on_answer, &a[0]), 0);
	(void)expect(&a[0], ZK_DONE, 0);
	WAIT((changes & OBSERVE_MEMBERS) != 0);
	look(o, OBSERVE_ALL);
	assert_int_equal(observation_member(&seen, "b")->node.sequence, 5);
	changes = 0;
	assert_int_equal(fence_set_maintenance(d->s, &pause, -1, on_answer, &a[1]), 0);
	WAIT((changes & OBSERVE_MAINTENANCE) != 0);
	look(o, OBSERVE_ALL);
	assert_int_equal(seen.maintenance.until_ms, 1);
	changes = 0;
	assert_int_equal(latch_delete(d->s, &latch, on_answer, &a[2]), 0); /* by hand */
	WAIT((changes & OBSERVE_LATCHES) != 0);
	look(o, OBSERVE_ALL & ~OBSERVE_REGISTER);
	assert_int_equal(seen.rank, -1);
}

static void a_follower_sees_each_commit_by_one_read(void **state)
{
	const struct member_node m = member_of("a", 1);
	const struct nonce other = nonce_of(2);
	struct client *c = &clients[0], *d = &clients[1];
	CLEANUP(observe_freep) struct observe *o = NULL;
	struct answer a[3] = { { .came = false } };
	struct register_node r;
	struct latch_name latch;
	int32_t version;

	(void)state;
	open_client(c);
	open_client(d);
	join(c, &m);
	latch = enter(c, 1);
	create_register(c);
	claim(c, "a", &latch);
	r = read_register(c, &version);
	assert_int_equal(observe_new(d->s, &other, on_changed, NULL, &o), 0);
	looked = false;
	assert_int_equal(observe_register(o, on_look, NULL), 0);
	WAIT(looked);
	for (unsigned i = 0; i < 3; i++) {
		changes = 0;
		r.log.sequence++;
		assert_int_equal(fence_set_register(c->s, &latch, &r, version++, on_answer, &a[i]),
		                 0);
		WAIT(changes == OBSERVE_REGISTER);
		looked = false;
		assert_int_equal(observe_register(o, on_look, NULL), 0);
		WAIT(looked);
		assert_int_equal(seen.reg.log.sequence, r.log.sequence);
		assert_int_equal(seen.version, version);
	}
}

/* ---- ending the term of a dead one */

static bool handed_over;
static int handover_error;

static void on_handover(void *userdata, int error, const char *message)
{
	(void)userdata;
	(void)message;
	handed_over = true;
	handover_error = error;
}

static void run_handover(struct client *c, const struct handover_config *config)
{
	CLEANUP(handover_freep) struct handover *h = NULL;

	handed_over = false;
	assert_int_equal(handover_start(c->s, config, on_handover, NULL, &h), 0);
	WAIT_WITH(handover_second(h), handed_over);
	assert_int_equal(handover_error, 0);
}

static struct handover_config handover_of(const struct session_identity *old)
{
	return (struct handover_config){ .nonce = nonce_of(1),
		                         .old = *old,
		                         .old_timeout = session_time,
		                         .member = "a",
		                         .cause = CAUSE_DAEMON_DIED,
		                         .servers = servers,
		                         .answer_timeout = answer_time };
}

static void a_killed_leader_is_handed_over_in_one_step(void **state)
{
	const struct member_node m = member_of("a", 1);
	struct client *c = &clients[0], *d = &clients[1];
	struct handover_config config;
	struct session_identity id;
	struct register_node r;
	struct latch_name latch;
	int32_t version;

	(void)state;
	open_client(c);
	join(c, &m);
	latch = enter(c, 1);
	create_register(c);
	claim(c, "a", &latch);
	assert_int_equal(session_identity(c->s, &id), 0);
	kill_client(c);
	open_client(d);
	config = handover_of(&id);
	config.latch = latch;
	run_handover(d, &config);
	assert_false(latch_exists(d, &latch));
	assert_false(exists(d, "members/a"));
	r = read_register(d, &version);
	assert_int_equal(r.released, CAUSE_DAEMON_DIED);
	assert_int_equal(version, 2);
	run_handover(d, &config); /* again: nothing to do, proven all the same */
}

static void a_handover_spares_the_member_node_of_another_session(void **state)
{
	const struct member_node m = member_of("a", 1);
	const struct zk_op drop = { .type = ZK_OP_DELETE, .path = "members/a", .version = -1 };
	struct client *c = &clients[0], *d = &clients[1];
	struct answer a = { .came = false };
	struct handover_config config;
	struct session_identity id;

	(void)state;
	open_client(c);
	open_client(d);
	join(c, &m);
	assert_int_equal(session_identity(c->s, &id), 0);
	config = handover_of(&id);
	config.latch = enter(c, 1);
	assert_int_equal(session_write(d->s, &drop, 1, on_answer, &a), 0);
	(void)expect(&a, ZK_DONE, 0);
	join(d, &m);
	kill_client(c);
	run_handover(d, &config);
	assert_false(latch_exists(d, &config.latch));
	assert_true(exists(d, "members/a"));
}

static void an_unknown_latch_is_found_and_the_session_ended(void **state)
{
	const struct member_node m = member_of("a", 1);
	struct client *c = &clients[0], *d = &clients[1], *e = &clients[2];
	struct handover_config config;
	struct session_config again;
	struct session_identity id;
	struct latch_name latch;

	(void)state;
	open_client(c);
	join(c, &m);
	latch = enter(c, 1);
	assert_int_equal(session_identity(c->s, &id), 0);
	kill_client(c);
	open_client(d);
	config = handover_of(&id);
	run_handover(d, &config);
	assert_false(latch_exists(d, &latch));
	assert_false(exists(d, "members/a"));
	again = defaults(e);
	again.resume = &id;
	open_with(e, &again);
	WAIT(e->expired == 1); /* nothing of it can land any more */
}

/* ---- servers that die */

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
	join(c, &m);
	latch = enter(c, 1);
	create_register(c);
	claim(c, "a", &latch);
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

static void closing_answers_what_is_outstanding(void **state)
{
	struct client *c = &clients[0];
	struct answer a = { .came = false };

	(void)state;
	open_client(c);
	assert_int_equal(session_sync(c->s, on_answer, &a), 0);
	lose_answer(c);
	kill_client(c);
	assert_true(a.came);
	assert_int_equal(a.r.outcome, ZK_UNKNOWN);
}

static void credentials_protect_the_tree(void **state)
{
	const struct member_node m = member_of("a", 1);
	struct client *c = &clients[0], *d = &clients[1];
	struct session_config config = defaults(c);
	struct answer a = { .came = false }, b = { .came = false };

	(void)state;
	config.auth = "jmha:secret";
	open_with(c, &config);
	WAIT(c->connected == 1);
	join(c, &m);
	create_register(c);
	open_client(d);
	assert_int_equal(session_sync(d->s, on_answer, &b), 0);
	assert_int_equal(session_get(d->s, "register", NULL, NULL, on_answer, &a), 0);
	(void)expect(&a, ZK_NOT_DONE, -EACCES);
	session_drop(c->s); /* and they go with each new connection */
	WAIT(c->connected == 2);
	assert_true(exists(c, "register"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(connects_and_tells_what_was_negotiated),
		TEST(refuses_requests_while_not_connected),
		TEST(dropping_keeps_the_session_and_goes_to_the_next_server),
		TEST(an_even_list_finds_the_only_server_alive),
		TEST(a_silent_server_costs_no_more_than_the_answer_time),
		TEST(an_http_server_is_no_session),
		TEST(an_expired_session_says_so_and_refuses_all),
		TEST(a_saved_session_is_resumed_with_its_ephemerals),
		TEST(wrong_lists_and_bases_are_refused),
		TEST(joining_twice_is_fine_and_a_taken_name_is_told),
		TEST(heartbeat_tells_latch_gone_from_member_gone),
		TEST(an_unanswered_latch_is_found_by_its_nonce),
		TEST(a_claim_is_fenced_by_latch_and_version),
		TEST(endpoints_are_fenced_by_latch_and_version),
		TEST(a_release_is_all_or_nothing),
		TEST(too_large_a_write_is_not_sent),
		TEST(bad_paths_are_refused_before_the_library_sees_them),
		TEST(requests_travel_from_member_to_leader_and_back),
		TEST(a_leader_takes_a_request_only_while_its_latch_lives),
		TEST(a_look_shows_register_latches_and_members),
		TEST(the_end_of_the_predecessor_wakes_only_its_successor),
		TEST(the_lowest_is_woken_by_the_latch_that_it_waits_for),
		TEST(every_kind_of_change_is_told),
		TEST(a_follower_sees_each_commit_by_one_read),
		TEST(a_killed_leader_is_handed_over_in_one_step),
		TEST(a_handover_spares_the_member_node_of_another_session),
		TEST(an_unknown_latch_is_found_and_the_session_ended),
		TEST(a_server_killed_under_a_write_means_unknown_and_reading_tells),
		TEST(a_hung_server_is_left_after_the_answer_time),
		TEST(the_first_server_may_die_after_a_first_connect),
		TEST(closing_answers_what_is_outstanding),
		TEST(credentials_protect_the_tree),
	};
	unsigned n = 0;

	if (getenv("ZK_CONNECT") == NULL) {
		(void)fputs("started by zookeeper_adapter.t\n", stderr);
		return 77;
	}
	(void)snprintf(server_text, sizeof(server_text), "%s", getenv("ZK_CONNECT"));
	for (char *save = NULL, *word = strtok_r(server_text, ",", &save); word != NULL && n < 7;
	     word = strtok_r(NULL, ",", &save))
		servers[n++] = word;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
