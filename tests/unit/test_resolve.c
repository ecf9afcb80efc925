/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
/* after the above */
#include <cmocka.h>

#include "base/cleanup.h"
#include "election/resolve.h"

static void servers_need_host_and_port(void **state)
{
	static const char *const good[] = { "zk1:2181", "10.0.0.1:1", "[::1]:65535",
		                            "zk.example.org:2181" };
	static const char *const bad[] = { "",           "zk1",        "zk1:",      "zk1:0",
		                           "zk1:65536",  "zk1:21x",    ":2181",     "[::1]2181",
		                           "::1:2181",   "[zk1]:2181", "a b:2181",  "a,b:2181",
		                           "zk1:2181/x", "[::1:2181",  "zk1:+2181", "zk1: 2181",
		                           "[]:2181",    "zk1:000001" };

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(good); i++)
		if (!resolve_valid_server(good[i]))
			fail_msg("refused: %s", good[i]);
	for (size_t i = 0; i < N_ELEMENTS(bad); i++)
		if (resolve_valid_server(bad[i]))
			fail_msg("accepted: %s", bad[i]);
}

static void a_bad_or_empty_list_is_refused(void **state)
{
	static const char *const bad[] = { "10.0.0.1:2181", "zk1", NULL };
	static const char *const none[] = { NULL };
	struct resolve *r = NULL;

	(void)state;
	assert_int_equal(resolve_new(bad, &r), -EINVAL);
	assert_int_equal(resolve_new(none, &r), -EINVAL);
	assert_null(r);
}

static void literals_need_no_look_up(void **state)
{
	static const char *const list[] = { "10.0.0.1:2181", "[2001:DB8::1]:2182", NULL };
	struct ensemble_address address[ENSEMBLE_MAX];
	CLEANUP(resolve_freep) struct resolve *r = NULL;

	(void)state;
	assert_int_equal(resolve_new(list, &r), 0);
	assert_true(resolve_all_literal(r));
	assert_int_equal(resolve_literals(r, address), 2);
	assert_string_equal(address[0].s, "10.0.0.1:2181");
	assert_string_equal(address[1].s, "[2001:DB8::1]:2182");
	assert_int_equal(resolve_take(r, address), -EAGAIN);
}

/* "localhost" is known without a network. */
static void names_are_looked_up_on_a_thread(void **state)
{
	static const char *const list[] = { "10.0.0.1:2181", "localhost:2182", NULL };
	struct ensemble_address address[ENSEMBLE_MAX];
	CLEANUP(resolve_freep) struct resolve *r = NULL;
	struct pollfd p = { .events = POLLIN };
	int n;

	(void)state;
	assert_int_equal(resolve_new(list, &r), 0);
	assert_false(resolve_all_literal(r));
	assert_int_equal(resolve_literals(r, address), 1);
	p.fd = resolve_fd(r);
	for (unsigned i = 0; i < 2; i++) { /* can be repeated */
		assert_int_equal(resolve_start(r), 0);
		assert_int_equal(resolve_start(r), 0); /* one at a time */
		do
			assert_int_equal(poll(&p, 1, 10000), 1);
		while ((n = resolve_take(r, address)) == -EAGAIN);
		assert_true(n >= 2);
		assert_string_equal(address[0].s, "10.0.0.1:2181");
		for (int j = 1; j < n; j++)
			assert_non_null(strstr(address[j].s, ":2182"));
		assert_int_equal(resolve_take(r, address), -EAGAIN);
	}
}

/* A seam instead of a name service: getaddrinfo() of one name waits until it is told. */
static atomic_bool answers;

int __wrap_getaddrinfo(const char *host, const char *port, const struct addrinfo *hints,
                       struct addrinfo **ret);
int __real_getaddrinfo(const char *host, const char *port, const struct addrinfo *hints,
                       struct addrinfo **ret);

int __wrap_getaddrinfo(const char *host, const char *port, const struct addrinfo *hints,
                       struct addrinfo **ret)
{
	if (strcmp(host, "hangs.invalid") != 0)
		return __real_getaddrinfo(host, port, hints, ret);
	while (!atomic_load(&answers))
		(void)poll(NULL, 0, 1);
	return EAI_AGAIN;
}

static void a_name_that_hangs_keeps_no_other_from_being_used(void **state)
{
	static const char *const list[] = { "hangs.invalid:2181", "localhost:2182", NULL };
	struct ensemble_address address[ENSEMBLE_MAX];
	CLEANUP(resolve_freep) struct resolve *r = NULL;
	struct pollfd p = { .events = POLLIN };
	int n;

	(void)state;
	assert_int_equal(resolve_new(list, &r), 0);
	assert_int_equal(resolve_start(r), 0);
	p.fd = resolve_fd(r);
	do
		assert_int_equal(poll(&p, 1, 10000), 1);
	while ((n = resolve_take(r, address)) == -EAGAIN);
	assert_true(n >= 1);
	assert_non_null(strstr(address[0].s, ":2182"));
	atomic_store(&answers, true);
	do
		assert_int_equal(poll(&p, 1, 10000), 1);
	while (resolve_take(r, address) == -EAGAIN);
	assert_non_null(strstr(address[0].s, ":2182")); /* it took nothing away */
}

static void an_owner_that_goes_away_does_not_wait(void **state)
{
	static const char *const list[] = { "localhost:2182", NULL };
	struct resolve *r = NULL;

	(void)state;
	assert_int_equal(resolve_new(list, &r), 0);
	assert_int_equal(resolve_start(r), 0);
	resolve_free(r); /* the thread frees what it still needs */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(servers_need_host_and_port),
		cmocka_unit_test(a_bad_or_empty_list_is_refused),
		cmocka_unit_test(literals_need_no_look_up),
		cmocka_unit_test(names_are_looked_up_on_a_thread),
		cmocka_unit_test(a_name_that_hangs_keeps_no_other_from_being_used),
		cmocka_unit_test(an_owner_that_goes_away_does_not_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
