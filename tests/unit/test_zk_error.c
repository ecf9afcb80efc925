/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <zookeeper/zookeeper.h>
/* after the above */
#include <cmocka.h>

#include "base/cleanup.h"
#include "election/zk_error.h"

/* All codes of zookeeper.h: a new one in a later release shows up here as "unknown". */
static void every_code_of_the_library_is_in_the_table(void **state)
{
	unsigned known = 0;

	(void)state;
	for (int code = 0; code >= -200; code--) {
		if (strcmp(zerror(code), "unknown error") == 0)
			continue;
		known++;
		if (strcmp(zk_error_text(code), "unknown ZooKeeper error") == 0)
			fail_msg("code %d (%s) is not in the table", code, zerror(code));
		assert_true(code == ZOK ? zk_error_errno(code) == 0 : zk_error_errno(code) < 0);
	}
	assert_true(known > 20); /* the walk saw them */
}

static void only_ok_is_done(void **state)
{
	(void)state;
	assert_int_equal(zk_error_outcome(ZOK), ZK_DONE);
	for (int code = -1; code >= -200; code--)
		assert_int_not_equal(zk_error_outcome(code), ZK_DONE);
}

static void a_refusal_of_the_server_is_certainly_not_done(void **state)
{
	static const int refused[] = { ZNONODE,       ZNOAUTH,      ZBADVERSION,
		                       ZNODEEXISTS,   ZNOTEMPTY,    ZNOCHILDRENFOREPHEMERALS,
		                       ZBADARGUMENTS, ZNOTREADONLY, ZTHROTTLEDOP };

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(refused); i++)
		assert_int_equal(zk_error_outcome(refused[i]), ZK_NOT_DONE);
}

static void whatever_may_have_travelled_is_unknown(void **state)
{
	static const int unknown[] = { ZCONNECTIONLOSS,
		                       ZOPERATIONTIMEOUT,
		                       ZRUNTIMEINCONSISTENCY,
		                       ZSESSIONEXPIRED,
		                       ZSESSIONMOVED,
		                       ZCLOSING,
		                       ZINVALIDSTATE,
		                       ZMARSHALLINGERROR,
		                       ZAUTHFAILED,
		                       -9999,
		                       7 };

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(unknown); i++)
		assert_int_equal(zk_error_outcome(unknown[i]), ZK_UNKNOWN);
}

static void callers_can_tell_what_they_act_upon(void **state)
{
	(void)state;
	assert_int_equal(zk_error_errno(ZNONODE), -ENOENT);
	assert_int_equal(zk_error_errno(ZNODEEXISTS), -EEXIST);
	assert_int_equal(zk_error_errno(ZBADVERSION), -ESTALE);
	assert_int_equal(zk_error_errno(ZNOAUTH), -EACCES);
	assert_int_equal(zk_error_errno(ZCONNECTIONLOSS), -ECONNRESET);
	assert_int_equal(zk_error_errno(ZOPERATIONTIMEOUT), -ETIMEDOUT);
	assert_int_equal(zk_error_errno(ZSESSIONEXPIRED), -EOWNERDEAD);
	assert_int_equal(zk_error_errno(-9999), -EIO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_of_the_library_is_in_the_table),
		cmocka_unit_test(only_ok_is_done),
		cmocka_unit_test(a_refusal_of_the_server_is_certainly_not_done),
		cmocka_unit_test(whatever_may_have_travelled_is_unknown),
		cmocka_unit_test(callers_can_tell_what_they_act_upon),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
