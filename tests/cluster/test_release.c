/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `jmhad --release` against real servers: what a dead jmhad left behind is handed over, and
 * nothing is done without the lock.  Started by release.t.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "daemon/config.h"
#include "daemon/log.h"
#include "daemon/release.h"
#include "daemon/session_file.h"
#include "election/fence.h"
#include "election/latch.h"
#include "tests/cluster/zk_client.h"

struct client clients[MAX_CLIENTS];

static char server_text[256], runtime_dir[128], cluster[32], base[64];
static char *servers[8];
static char nowhere[] = "127.0.0.8:9";
static unsigned n_tests;

static const char cluster_id[] = "000102030405060708090a0b0c0d0e0f";
static const struct nonce nonce = { "00000000000000aa" };

static struct config configured(void)
{
	static char member[] = "jm-a", root[] = "/release";

	return (struct config){ .cluster = cluster,
		                .member = member,
		                .runtime_dir = runtime_dir,
		                .servers = servers,
		                .root = root,
		                .session_usec = 4 * USEC_PER_SEC,
		                .tick_usec = 500 * USEC_PER_MSEC,
		                .stop_usec = 500 * USEC_PER_MSEC };
}

static void open_client(struct client *c)
{
	const struct session_config config = { .servers = (const char *const *)servers,
		                               .base = base,
		                               .timeout = 4 * USEC_PER_SEC,
		                               .answer_timeout = USEC_PER_SEC,
		                               .on_event = on_event,
		                               .userdata = c };

	memset(c, 0, sizeof(*c));
	assert_int_equal(session_new(&config, &c->s), 0);
	WAIT(c->connected == 1);
}

static void expect(struct answer *a)
{
	WAIT(a->came);
	assert_int_equal(a->r.error, 0);
}

/* A leader of epoch 1, then its end without a word.  Its session file says what it knew. */
static struct latch_name leave_a_leader(bool with_latch)
{
	struct member_node m = { .member = "jm-a", .nonce = nonce };
	const struct latch_node content = { .member = "jm-a", .host = "h" };
	struct session_file file = { .session_ms = 4000, .epoch = 1 };
	struct client *c = &clients[0];
	struct answer a[4] = { { .came = false } };
	struct register_claim claim = { .member = "jm-a", .session = 4 * USEC_PER_SEC };
	struct session_identity id;
	struct register_node r;

	open_client(c);
	assert_int_equal(latch_join(c->s, &m, on_answer, &a[0]), 0);
	expect(&a[0]);
	register_init_new(&r, cluster_id);
	assert_int_equal(fence_create_register(c->s, &r, on_answer, &a[1]), 0);
	assert_int_equal(latch_enter(c->s, &nonce, &content, on_answer, &a[2]), 0);
	expect(&a[2]);
	assert_true(latch_name_parse(a[2].name, &claim.latch));
	register_claim(&r, &claim);
	assert_int_equal(fence_claim(c->s, &r, 0, on_answer, &a[3]), 0);
	expect(&a[3]);

	assert_int_equal(session_identity(c->s, &id), 0);
	assert_true(text_format(file.session, sizeof(file.session), "%016llx",
	                        (unsigned long long)id.id) > 0);
	text_hex(id.password, sizeof(id.password), file.password);
	memcpy(file.nonce, nonce.s, sizeof(nonce.s));
	if (with_latch)
		memcpy(file.latch, claim.latch.s, sizeof(claim.latch.s));
	assert_int_equal(session_file_save(runtime_dir, &file), 0);
	session_close(c->s, false);
	c->s = NULL;
	return claim.latch;
}

/* What stands on ZooKeeper afterwards. */
static bool is_there(const char *path, struct register_node *ret)
{
	struct client *c = &clients[1];
	struct answer s = { .came = false }, a = { .came = false };

	open_client(c);
	assert_int_equal(session_sync(c->s, on_answer, &s), 0);
	assert_int_equal(session_get(c->s, path, NULL, NULL, on_answer, &a), 0);
	WAIT(a.came && s.came);
	session_close(c->s, true);
	c->s = NULL;
	if (ret != NULL && a.r.error == 0)
		assert_int_equal(register_decode(a.data, strlen(a.data), ret, NULL), 0);
	return a.r.error == 0;
}

static bool latch_is_there(const struct latch_name *latch)
{
	char path[64];

	assert_true(text_format(path, sizeof(path), "latch/%s", latch->s) > 0);
	return is_there(path, NULL);
}

static bool has_session_file(struct session_file *ret)
{
	struct session_file_error error;

	return session_file_load(runtime_dir, ret, &error) == 0;
}

static int setup(void **state)
{
	(void)state;
	++n_tests;
	assert_true(text_format(cluster, sizeof(cluster), "test-%u", n_tests) > 0);
	assert_true(text_format(base, sizeof(base), "/release/%s", cluster) > 0);
	assert_true(text_format(runtime_dir, sizeof(runtime_dir), "%s/run-%u", getenv("ZK_DIR"),
	                        n_tests) > 0);
	assert_int_equal(mkdir(runtime_dir, 0755), 0);
	return 0;
}

static void a_killed_leader_is_released(void **state)
{
	const struct config config = configured();
	struct session_file file;
	struct register_node r;
	struct latch_name latch = leave_a_leader(true);
	usec_t begin = session_clock();

	(void)state;
	assert_int_equal(release_run(&config, -1), 0);
	print_message("# released after %llu us\n", (unsigned long long)(session_clock() - begin));
	assert_false(latch_is_there(&latch));
	assert_false(is_there("members/jm-a", NULL));
	assert_true(is_there("register", &r));
	assert_int_equal(r.released, CAUSE_DAEMON_DIED);
	assert_false(has_session_file(&file));
	assert_int_equal(release_run(&config, -1), 0); /* harmless after that */
}

static void an_unknown_latch_is_released_too(void **state)
{
	const struct config config = configured();
	struct register_node r;
	struct latch_name latch = leave_a_leader(false);

	(void)state;
	assert_int_equal(release_run(&config, -1), 0);
	assert_false(latch_is_there(&latch));
	assert_true(is_there("register", &r));
	assert_int_equal(r.released, CAUSE_DAEMON_DIED);
}

static void nothing_left_behind_is_nothing_to_do(void **state)
{
	struct config config = configured();
	char missing[] = "/nonexistent/jmha";

	(void)state;
	assert_int_equal(release_run(&config, -1), 0);
	config.runtime_dir = missing;
	assert_int_equal(release_run(&config, -1), 0);
}

static void without_the_lock_nothing_is_done(void **state)
{
	const struct config config = configured();
	struct latch_name latch = leave_a_leader(true);
	struct session_file file;
	char path[160];
	int fd;

	(void)state;
	assert_true(text_format(path, sizeof(path), "%s/lock", runtime_dir) > 0);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(release_run(&config, -1), 1);
	assert_true(latch_is_there(&latch));
	assert_true(has_session_file(&file));
	assert_int_equal(release_run(&config, fd), 0); /* inherited */
	assert_false(latch_is_there(&latch));
}

static void a_damaged_session_file_releases_nothing(void **state)
{
	const struct config config = configured();
	struct latch_name latch = leave_a_leader(true);
	char path[160];

	(void)state;
	assert_true(text_format(path, sizeof(path), "%s/session", runtime_dir) > 0);
	assert_int_equal(truncate(path, 20), 0);
	assert_int_equal(release_run(&config, -1), 1);
	assert_true(latch_is_there(&latch));
}

static void without_zookeeper_it_gives_up_and_leaves_the_session_file(void **state)
{
	char *list[] = { nowhere, NULL };
	struct config config = configured();
	struct latch_name latch = leave_a_leader(true);
	struct session_file file;

	(void)state;
	config.servers = list;
	assert_int_equal(release_run(&config, -1), 1);
	assert_true(has_session_file(&file));
	config.servers = servers;
	assert_int_equal(release_run(&config, -1), 0);
	assert_false(latch_is_there(&latch));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_killed_leader_is_released, setup),
		cmocka_unit_test_setup(an_unknown_latch_is_released_too, setup),
		cmocka_unit_test_setup(nothing_left_behind_is_nothing_to_do, setup),
		cmocka_unit_test_setup(without_the_lock_nothing_is_done, setup),
		cmocka_unit_test_setup(a_damaged_session_file_releases_nothing, setup),
		cmocka_unit_test_setup(without_zookeeper_it_gives_up_and_leaves_the_session_file,
		                       setup),
	};
	unsigned n = 0;

	if (getenv("ZK_CONNECT") == NULL) {
		(void)fputs("started by release.t\n", stderr);
		return 77;
	}
	log_setup("release", LOG_LEVEL_INFO);
	assert_true(text_format(server_text, sizeof(server_text), "%s", getenv("ZK_CONNECT")) > 0);
	for (char *save = NULL, *word = strtok_r(server_text, ",", &save); word != NULL && n < 7;
	     word = strtok_r(NULL, ",", &save))
		servers[n++] = word;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
