/* SPDX-License-Identifier: Apache-2.0 */
/* What a leader makes of the looks at its own files. */
#include "daemon/own_log.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct own_log l;

static int setup(void **state)
{
	(void)state;
	l = (struct own_log){ .look_at = 0 };
	return 0;
}

static usec_t seconds(unsigned n)
{
	return n * (usec_t)USEC_PER_SEC;
}

static struct own_log_verdict error_at(unsigned s, const char *text)
{
	return own_log_looked(&l, STORE_FAILED, -EIO, text, seconds(s));
}

static void it_looks_each_ten_seconds(void **state)
{
	(void)state;
	assert_true(own_log_due(&l, seconds(1)));
	own_log_asked(&l, seconds(1));
	assert_false(own_log_due(&l, seconds(11) - 1));
	assert_true(own_log_due(&l, seconds(11)));
}

static void a_touched_file_is_told_once_and_made_good_each_time(void **state)
{
	static const enum store_state states[] = { STORE_LOG_MISSING, STORE_DIGEST_MISMATCH,
		                                   STORE_FOREIGN };
	struct own_log_verdict v;

	(void)state;
	assert_null(own_log_error(&l));
	for (unsigned i = 0; i < 3; i++) {
		v = own_log_looked(&l, states[i], 0, i == 0 ? "a is gone" : "b is another",
		                   seconds(i));
		assert_int_equal(v.news, i < 2 ? OWN_LOG_TOUCHED : OWN_LOG_NO_NEWS);
		assert_true(v.want_snapshot);
	}
	v = own_log_looked(&l, STORE_FAILED, -EINVAL, "c is a pipe", seconds(3)); /* stays */
	assert_int_equal(v.news, OWN_LOG_TOUCHED);
	assert_true(v.want_snapshot);
	v = own_log_looked(&l, STORE_OK, 0, "", seconds(4));
	assert_int_equal(v.news, OWN_LOG_NO_NEWS);
	assert_false(v.want_snapshot);
	assert_string_equal(own_log_error(&l), "c is a pipe"); /* of the term */
	own_log_found_touched(&l, "d was cut");
	assert_string_equal(own_log_error(&l), "d was cut");
}

static void an_error_is_told_while_it_lasts(void **state)
{
	struct own_log_verdict v;

	(void)state;
	own_log_found_touched(&l, "a was cut");
	assert_int_equal(error_at(1, "b: EIO").news, OWN_LOG_UNREADABLE);
	assert_int_equal(error_at(2, "b: EIO").news, OWN_LOG_NO_NEWS);
	assert_string_equal(own_log_error(&l), "b: EIO");
	v = own_log_looked(&l, STORE_OK, 0, "", seconds(3));
	assert_int_equal(v.news, OWN_LOG_NO_NEWS);
	assert_string_equal(own_log_error(&l), "a was cut");
}

/* Where nothing can be read, the snapshot cannot be read either. */
static void snapshots_of_what_cannot_be_read_become_rare(void **state)
{
	unsigned first_hour = 0, second_hour = 0;

	(void)state;
	for (unsigned s = 0; s < 7200; s += 10)
		if (error_at(s, "EIO").want_snapshot)
			*(s < 3600 ? &first_hour : &second_hour) += 1;
	assert_in_range(first_hour, 8, 12);
	assert_in_range(second_hour, 5, 6);
	assert_true(error_at(20000, "EIO").want_snapshot); /* another time */
	assert_false(error_at(20009, "EIO").want_snapshot);
	assert_true(error_at(20010, "EIO").want_snapshot);
}

#define T(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(it_looks_each_ten_seconds),
		T(a_touched_file_is_told_once_and_made_good_each_time),
		T(an_error_is_told_while_it_lasts),
		T(snapshots_of_what_cannot_be_read_become_rare),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
