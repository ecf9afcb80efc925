/* SPDX-License-Identifier: Apache-2.0 */
/* Who is asked for his health, when, and what counts as an answer: daemon/health.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
/* after the above */
#include <cmocka.h>

#include "base/cleanup.h"
#include "daemon/health.h"

#define S USEC_PER_SEC

static const struct health_rule rule = { .interval = S, .ready = 60 * S, .failures = 3 };

#define LEADER(e)                  \
	(&(struct health_subject){ \
	        .role = HEALTH_LEADER, .process = { .v = 1 }, .epoch = { .v = (uint64_t)(e) } })
#define STANDBY(p) \
	(&(struct health_subject){ .role = HEALTH_STANDBY, .process = { .v = (uint64_t)(p) } })
#define NOBODY(p) (&(struct health_subject){ .process = { .v = (uint64_t)(p) } })

static const struct health_answer fine = { .http = 200, .whole = true, .text = "200" };
static const struct health_answer broken = { .http = 503, .whole = true, .text = "503" };
static const struct health_answer cut_off = { .http = 200, .text = "its answer did not end" };
static const struct health_answer refused = { .text = "Connection refused" };
static const struct health_answer unasked = { .unasked = true, .text = "no such name" };

/* Asks at `now` and is answered at once. */
static enum health_news ask(struct health *h, const struct health_answer *a, usec_t now)
{
	health_asked(h, &rule, now);
	return health_answered(h, &rule, a, now);
}

static void nobody_is_asked_when_nobody_leads_or_waits(void **state)
{
	struct health h = { 0 };

	(void)state;
	assert_true(health_next(&h, &rule) == USEC_INFINITY);
	health_look(&h, LEADER(7), 10 * S);
	health_look(&h, NOBODY(1), 20 * S);
	assert_true(health_next(&h, &rule) == USEC_INFINITY);
}

static void a_leader_is_asked_once_ready_then_each_interval(void **state)
{
	struct health h = { 0 };

	(void)state;
	health_look(&h, LEADER(7), 10 * S);
	assert_true(health_next(&h, &rule) == 70 * S);
	health_asked(&h, &rule, 70 * S);
	assert_true(health_next(&h, &rule) == USEC_INFINITY); /* one at a time */
	assert_int_equal(health_answered(&h, &rule, &fine, 70 * S + 5), HEALTH_NO_NEWS);
	assert_true(health_next(&h, &rule) == 71 * S);
	assert_true(h.good);
	assert_string_equal(h.last, "200");
}

static void a_leader_hangs_after_so_many_failures_in_a_row(void **state)
{
	struct health h = { 0 };

	(void)state;
	health_look(&h, LEADER(7), 0);
	assert_int_equal(ask(&h, &broken, 60 * S), HEALTH_FAILS);
	assert_int_equal(ask(&h, &broken, 61 * S), HEALTH_NO_NEWS); /* said already */
	assert_int_equal(h.failures, 2);
	assert_int_equal(ask(&h, &fine, 62 * S), HEALTH_ANSWERS_AGAIN);
	assert_int_equal(h.failures, 0);
	assert_int_equal(ask(&h, &refused, 63 * S), HEALTH_FAILS);
	assert_int_equal(ask(&h, &broken, 64 * S), HEALTH_FAILS); /* another reason */
	assert_int_equal(ask(&h, &cut_off, 65 * S), HEALTH_HANGS);
	assert_int_equal(h.failures, 0); /* anew */
	assert_false(h.good);
}

static void a_leader_has_to_answer_with_a_whole_200(void **state)
{
	static const struct health_answer *const bad[] = { &broken, &cut_off, &refused };

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
		struct health h = { 0 };

		health_look(&h, LEADER(7), 0);
		assert_int_equal(ask(&h, bad[i], 60 * S), HEALTH_FAILS);
	}
}

static void a_standby_may_answer_anything(void **state)
{
	struct health h = { 0 };

	(void)state;
	health_look(&h, STANDBY(1), 0);
	assert_true(health_next(&h, &rule) == 0);
	assert_int_equal(ask(&h, &broken, 0), HEALTH_NO_NEWS);
	assert_int_equal(ask(&h, &cut_off, S), HEALTH_NO_NEWS);
	assert_true(h.good);
	/* It has answered once: from now on silence counts. */
	assert_int_equal(ask(&h, &refused, 2 * S), HEALTH_FAILS);
	assert_int_equal(ask(&h, &refused, 3 * S), HEALTH_NO_NEWS);
	assert_int_equal(ask(&h, &refused, 4 * S), HEALTH_HANGS);
}

static void a_standby_that_never_answered_has_time_to_get_ready(void **state)
{
	struct health h = { 0 };

	(void)state;
	health_look(&h, STANDBY(1), S);
	for (usec_t t = S; t < 61 * S; t += S)
		assert_int_equal(ask(&h, &refused, t), HEALTH_NO_NEWS);
	assert_int_equal(h.failures, 0);
	assert_false(h.good);
	/* Once for each process: silent for a while, it gets no new time. */
	health_look(&h, NOBODY(1), 61 * S);
	health_look(&h, STANDBY(1), 62 * S);
	assert_int_equal(ask(&h, &refused, 62 * S), HEALTH_FAILS);
	health_look(&h, STANDBY(2), 63 * S);
	assert_int_equal(ask(&h, &refused, 64 * S), HEALTH_NO_NEWS);
}

static void another_role_process_or_epoch_is_counted_anew(void **state)
{
	const struct health_subject *const others[] = {
		LEADER(8), STANDBY(1), NOBODY(1),
		&(struct health_subject){ .role = HEALTH_LEADER, .process = { 2 }, .epoch = { 7 } }
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(others); i++) {
		struct health h = { 0 };

		health_look(&h, LEADER(7), 0);
		(void)ask(&h, &refused, 60 * S);
		(void)ask(&h, &refused, 61 * S);
		assert_int_equal(h.failures, 2);
		health_look(&h, LEADER(7), 61 * S); /* no change */
		assert_int_equal(h.failures, 2);
		health_look(&h, others[i], 62 * S);
		assert_int_equal(h.failures, 0);
		assert_string_equal(h.last, "");
	}
}

static void an_answer_of_the_one_before_is_nobodys(void **state)
{
	struct health h = { 0 };

	(void)state;
	health_look(&h, LEADER(7), 0);
	health_asked(&h, &rule, 60 * S);
	health_look(&h, LEADER(8), 61 * S);
	assert_true(health_next(&h, &rule) == USEC_INFINITY); /* still one at a time */
	assert_int_equal(health_answered(&h, &rule, &refused, 130 * S), HEALTH_NO_NEWS);
	assert_int_equal(h.failures, 0);
	assert_string_equal(h.last, "");
	assert_true(health_next(&h, &rule) == 121 * S);
	assert_int_equal(ask(&h, &refused, 130 * S), HEALTH_FAILS);
}

static void another_url_is_counted_anew(void **state)
{
	struct health h = { 0 };

	(void)state;
	health_look(&h, STANDBY(1), 0);
	(void)ask(&h, &fine, S);
	(void)ask(&h, &refused, 2 * S);
	health_forget(&h, 3 * S);
	assert_int_equal(h.failures, 0);
	assert_int_equal(ask(&h, &refused, 3 * S), HEALTH_NO_NEWS); /* it never answered there */
}

static void who_cannot_be_asked_is_not_hung(void **state)
{
	struct health h = { 0 };

	(void)state;
	health_look(&h, LEADER(7), 0);
	(void)ask(&h, &refused, 60 * S);
	(void)ask(&h, &refused, 61 * S);
	assert_int_equal(ask(&h, &unasked, 62 * S), HEALTH_CANNOT_BE_ASKED);
	assert_int_equal(ask(&h, &unasked, 63 * S), HEALTH_NO_NEWS);
	assert_false(h.good);
	assert_int_equal(h.failures, 2);
	assert_int_equal(ask(&h, &fine, 64 * S), HEALTH_ANSWERS_AGAIN);
}

static void a_url_is_shown_without_its_password(void **state)
{
	static const char *const cases[][2] = {
		{ "http://127.0.0.1:8081/overview", "http://127.0.0.1:8081/overview" },
		{ "https://eve:pa/overview", "https://eve:pa/overview" }, /* a port, if a bad one */
		{ "https://eve:s3cret@h:1/o?a=b@c", "https://h:1/o?a=b@c" },
		{ "http://a@b@h/", "http://h/" },
	};
	char shown[64];

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		health_show_url(cases[i][0], shown, sizeof(shown));
		assert_string_equal(shown, cases[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_is_asked_when_nobody_leads_or_waits),
		cmocka_unit_test(a_leader_is_asked_once_ready_then_each_interval),
		cmocka_unit_test(a_leader_hangs_after_so_many_failures_in_a_row),
		cmocka_unit_test(a_leader_has_to_answer_with_a_whole_200),
		cmocka_unit_test(a_standby_may_answer_anything),
		cmocka_unit_test(a_standby_that_never_answered_has_time_to_get_ready),
		cmocka_unit_test(another_role_process_or_epoch_is_counted_anew),
		cmocka_unit_test(an_answer_of_the_one_before_is_nobodys),
		cmocka_unit_test(another_url_is_counted_anew),
		cmocka_unit_test(who_cannot_be_asked_is_not_hung),
		cmocka_unit_test(a_url_is_shown_without_its_password),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
