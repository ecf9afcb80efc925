/* SPDX-License-Identifier: Apache-2.0 */
/* What the stream of a hot JobManager gets from an elector whose core does nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/elector_private.h"

#include <stdlib.h>

#include "daemon/clock.h"

static struct elector *e;
static struct config configuration;
static unsigned n_beats;

bool api_leadership_publish(struct api *api, enum leadership_line line, const struct leadership *l,
                            const char *jobid)
{
	(void)api;
	(void)l;
	(void)jobid;
	n_beats += line == LEADERSHIP_HEARTBEAT;
	return true;
}

void elector_feed(struct elector *elector, const struct core_event *ev)
{
	(void)elector;
	(void)ev;
	fail();
}

static int setup(void **state)
{
	(void)state;
	n_beats = 0;
	configuration = (struct config){ .hot = true };
	e = calloc(1, sizeof(*e));
	assert_non_null(e);
	e->config = &configuration;
	e->leadership.settled = true;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(e);
	return 0;
}

/* From one heartbeat to the next, with a session of so many milliseconds. */
static usec_t period(uint64_t session, uint64_t tick, uint64_t stop)
{
	usec_t before = clock_boottime(), next;

	e->core.lease.params = (struct lease_params){ .session = usec_from_ms(session),
		                                      .tick = usec_from_ms(tick),
		                                      .stop = usec_from_ms(stop) };
	next = elector_leadership_beat(e);
	assert_true(next > before);
	return next - clock_boottime();
}

static void some_heartbeats_fit_into_every_lease(void **state)
{
	(void)state;
	assert_in_range(period(10000, 2000, 500), 1, USEC_PER_SEC);
	/* The shortest that a configuration may have: 700 ms. */
	assert_in_range(period(2000, 200, 898), 1, usec_from_ms(700 / 4));
	assert_int_equal(n_beats, 2);
	/* T as a server may negotiate it: no lease, and no busy loop. */
	assert_in_range(period(500, 2000, 500), usec_from_ms(10), USEC_PER_SEC);
}

static void nothing_is_said_before_the_term_is_verified(void **state)
{
	(void)state;
	e->leadership.settled = false;
	assert_in_range(period(10000, 2000, 500), 1, USEC_PER_SEC);
	assert_int_equal(n_beats, 0);
}

static void a_cold_one_has_no_stream(void **state)
{
	(void)state;
	configuration.hot = false;
	assert_true(elector_leadership_beat(e) == USEC_INFINITY);
	assert_int_equal(n_beats, 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(some_heartbeats_fit_into_every_lease),
		T(nothing_is_said_before_the_term_is_verified),
		T(a_cold_one_has_no_stream),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
