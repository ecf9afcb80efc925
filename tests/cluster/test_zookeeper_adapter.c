/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The adapter against real servers: what the library and the ensemble really do.  Started by
 * zookeeper_adapter.t, which gives the servers and the script that kills, stops and starts them.
 */
#include <assert.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/cluster/zookeeper_adapter.h"

struct client clients[MAX_CLIENTS];
const char *servers[8];

static char server_text[256];
static char base[64];
static unsigned n_tests;

/* ---- clients */

struct session_config defaults(struct client *c)
{
	return (struct session_config){ .servers = servers,
		                        .base = base,
		                        .timeout = session_time,
		                        .answer_timeout = answer_time,
		                        .on_event = on_event,
		                        .userdata = c };
}

void open_with(struct client *c, const struct session_config *config)
{
	memset(c, 0, sizeof(*c));
	assert_int_equal(session_new(config, &c->s), 0);
}

void open_client(struct client *c)
{
	const struct session_config config = defaults(c);

	open_with(c, &config);
	WAIT(c->connected == 1);
}

void close_client(struct client *c)
{
	session_close(c->s, true);
	c->s = NULL;
}

void kill_client(struct client *c)
{
	session_close(c->s, false);
	c->s = NULL;
}

void lose_answer(struct client *c)
{
	struct pollfd p = { .fd = session_fd(c->s), .events = POLLIN };
	char buffer[4096];

	assert_int_equal(poll(&p, 1, 10000), 1);
	assert_true(recv(p.fd, buffer, sizeof(buffer), MSG_DONTWAIT) > 0);
}

int adapter_setup(void **state)
{
	(void)state;
	(void)snprintf(base, sizeof(base), "/adapter-%u/test-%u", (unsigned)getpid(), ++n_tests);
	memset(clients, 0, sizeof(clients));
	return 0;
}

int adapter_teardown(void **state)
{
	(void)state;
	for (unsigned i = 0; i < MAX_CLIENTS; i++)
		session_close(clients[i].s, true);
	memset(clients, 0, sizeof(clients));
	return 0;
}

/* ---- nodes */

struct nonce nonce_of(unsigned i)
{
	struct nonce n;

	(void)snprintf(n.s, sizeof(n.s), "%016x", i);
	return n;
}

struct member_node member_of(const char *name, unsigned nonce)
{
	struct member_node m = { .nonce = nonce_of(nonce), .jmha = "0.1.0", .config = "00000000" };

	(void)snprintf(m.member, sizeof(m.member), "%s", name);
	(void)snprintf(m.host, sizeof(m.host), "host-of-%s", name);
	return m;
}

struct zk_result expect(struct answer *a, enum zk_outcome outcome, int error)
{
	WAIT(a->came);
	assert_int_equal(a->r.error, error);
	assert_int_equal(a->r.outcome, outcome);
	return a->r;
}

void join(struct client *c, const struct member_node *m)
{
	struct answer a = { .came = false };

	assert_int_equal(latch_join(c->s, m, on_answer, &a), 0);
	(void)expect(&a, ZK_DONE, 0);
}

struct latch_name enter(struct client *c, unsigned nonce)
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

void create_register(struct client *c)
{
	struct register_node r;
	struct answer a = { .came = false };

	register_init_new(&r, cluster_id);
	assert_int_equal(fence_create_register(c->s, &r, on_answer, &a), 0);
	(void)expect(&a, ZK_DONE, 0);
}

struct register_node claimed_by(const char *member, const struct latch_name *latch)
{
	struct register_node r;
	const struct register_claim claim = {
		.member = member, .latch = *latch, .session = session_time, .at_ms = 1
	};

	register_init_new(&r, cluster_id);
	register_claim(&r, &claim);
	return r;
}

void claim(struct client *c, const char *member, const struct latch_name *latch)
{
	const struct register_node r = claimed_by(member, latch);
	struct answer a = { .came = false };

	assert_int_equal(fence_claim(c->s, &r, 0, on_answer, &a), 0);
	assert_int_equal(expect(&a, ZK_DONE, 0).version, 1);
}

struct latch_name lead_as(struct client *c, const struct member_node *m)
{
	struct latch_name latch;

	join(c, m);
	latch = enter(c, 1);
	create_register(c);
	claim(c, m->member, &latch);
	return latch;
}

struct register_node read_register(struct client *c, int32_t *version)
{
	struct answer a = { .came = false };
	struct register_node r;

	assert_int_equal(session_get(c->s, "register", NULL, NULL, on_answer, &a), 0);
	*version = expect(&a, ZK_DONE, 0).version;
	assert_int_equal(register_decode(a.data, strlen(a.data), &r, NULL), 0);
	return r;
}

bool exists(struct client *c, const char *path)
{
	struct answer s = { .came = false }, a = { .came = false };

	assert_int_equal(session_sync(c->s, on_answer, &s), 0);
	assert_int_equal(session_get(c->s, path, NULL, NULL, on_answer, &a), 0);
	WAIT(a.came && s.came);
	assert_true(a.r.error == 0 || a.r.error == -ENOENT);
	return a.r.error == 0;
}

bool latch_exists(struct client *c, const struct latch_name *latch)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "latch/%s", latch->s);
	return exists(c, path);
}

static const struct CMUnitTest *const sources[] = {
	session_cases, latch_cases,    fence_cases,
	observe_cases, handover_cases, servers_cases, /* last: these kill servers */
};

int main(void)
{
	struct CMUnitTest tests[64];
	size_t n_cases = 0;
	unsigned n = 0;

	if (getenv("ZK_CONNECT") == NULL) {
		(void)fputs("started by zookeeper_adapter.t\n", stderr);
		return 77;
	}
	(void)snprintf(server_text, sizeof(server_text), "%s", getenv("ZK_CONNECT"));
	for (char *save = NULL, *word = strtok_r(server_text, ",", &save); word != NULL && n < 7;
	     word = strtok_r(NULL, ",", &save))
		servers[n++] = word;
	for (unsigned i = 0; i < N_ELEMENTS(sources); i++)
		for (const struct CMUnitTest *t = sources[i]; t->name != NULL; t++) {
			assert(n_cases < N_ELEMENTS(tests));
			tests[n_cases++] = *t;
		}
	return _cmocka_run_group_tests("tests", tests, n_cases, NULL, NULL);
}
