/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guard and a hot JobManager, which outlives terms: started while the page is not armed, killed
 * with a page that the elector has not ended.  Here 1, 2 .. number its processes, 7 is an epoch.
 */
#include "tests/unit/guard_world.h"

static int make_hot_world(void **state)
{
	struct world *w;

	if (make_world(state) < 0)
		return -1;
	w = *state;
	w->config.hot = true;
	w->config.revoke_usec = USEC_PER_SEC;
	return 0;
}

/* Its first process is fully there. */
static void run(struct world *w)
{
	start_guard(w);
	wait_until(happened(w, "started 1"));
	wait_until(pid_in(w, "main") > 0);
}

static void starts_without_a_page_and_lives_on_when_the_elector_ends_it(void **state)
{
	struct world *w = *state;
	pid_t main_pid;

	write_script(w, "script-0",
	             "start 1\nawait started\narm 7 60000\nend 7\narm 8 60000\nend 8\n"
	             "lapse\nawait reload\nready\ndie\n");
	run(w);
	main_pid = pid_in(w, "main");
	wait_until(happened(w, "lapsing"));
	assert_int_equal(kill(w->guard, SIGHUP), 0);
	wait_until(happened(w, "hello 1 running=1 epoch=1 pidfd=1 page=2"));
	assert_false(is_dead(main_pid));
	assert_false(happened(w, "exited"));
}

static void dies_with_a_lease_that_passes(void **state)
{
	struct world *w = *state;

	write_script(w, "script",
	             "start 1\nawait started\narm 7 1500\nlapse\nawait exited\nready\n");
	run(w);
	wait_until(happened(w, "exited 1 signal=9 error=0 requested=1 deadline=1 pause=0"));
	assert_nothing_left(w);
}

static void dies_with_the_fifth_elector_that_does_not_renew_its_lease(void **state)
{
	struct world *w = *state;

	write_script(w, "script-0", "start 1\nawait started\narm 7 60000\ndie\n");
	write_script(w, "script", "die\n");
	write_script(w, "script-5", "");
	start_guard(w); /* it may be killed before it has said anything */
	wait_until(happened(w, "release lock=1"));
	assert_nothing_left(w);
}

static void is_untouched_while_the_elector_is_replaced(void **state)
{
	struct world *w = *state;

	write_script(w, "script-0", "start 1\nawait started\narm 7 60000\ndie\n");
	write_script(w, "script-1", "");
	run(w);
	wait_until(happened(w, "hello 1 running=1 epoch=1 pidfd=1 page=1"));
	assert_false(is_dead(pid_in(w, "main")));
}

/* A10: it would be taken for the one that was granted. */
static void does_not_start_while_the_page_is_armed(void **state)
{
	struct world *w = *state;
	char expected[64];

	write_script(w, "script",
	             "start 1\nawait started\narm 7 60000\nkill 1\nawait exited\n"
	             "start 2\nawait exited\nend 7\nstart 2\nawait started\nready\n");
	run(w);
	(void)snprintf(expected, sizeof(expected), "exited 2 signal=0 error=%d", EPERM);
	wait_until(happened(w, expected));
	wait_until(happened(w, "started 2"));
}

/* A12: the next elector would end the session of what may still run. */
static void no_elector_starts_beside_one_that_is_being_killed(void **state)
{
	struct world *w = *state;

	write_script(w, "script-0", "start 1\nawait started\narm 7 60000\nend 7\nkill 1\ndie\n");
	write_script(w, "script-1", "ready\n");
	start_guard(w);
	wait_until(count(w, "hello ") == 2);
	assert_true(happened(w, "hello 1 running=0 epoch=1 pidfd=0 page=2"));
}

static void its_death_is_told_again_to_an_elector_that_holds_its_page(void **state)
{
	struct world *w = *state;

	write_script(w, "script-0", "start 1\nawait started\narm 7 60000\nawait exited\ndie\n");
	write_script(w, "script-1", "await exited\nready\n");
	run(w);
	assert_int_equal(kill(pid_in(w, "main"), SIGKILL), 0);
	wait_until(happened(w, "hello 1 running=0 epoch=1 pidfd=0 page=1"));
	wait_until(count(w, "exited 1") == 2);
}

/* C2: one that hangs is killed, and counts as one that failed. */
static void one_that_hangs_counts_as_a_failure(void **state)
{
	struct world *w = *state;

	write_script(w, "script",
	             "start 1\nawait started\nfail 1\nawait exited\n"
	             "start 2\nawait started\nfail 2\nawait exited\nready\n");
	start_guard(w);
	wait_until(happened(w, "exited 1 signal=9 error=0 requested=0 deadline=0 pause=0"));
	wait_until(happened(w, "exited 2 signal=9 error=0 requested=0 deadline=0 pause=1"));
}

static void is_told_no_epoch_at_its_start(void **state)
{
	struct world *w = *state;
	char text[PATH_MAX], expected[PATH_MAX];

	assert_int_equal(setenv("JMHA_EPOCH", "99", 1), 0);
	write_script(w, "script", "start 1\n");
	run(w);
	assert_int_equal(unsetenv("JMHA_EPOCH"), 0);
	read_all(w, "environment", text, sizeof(text));
	(void)snprintf(expected, sizeof(expected), "orders jm-a %s/api.sock  \n", w->dir);
	assert_string_equal(text, expected);
}

#define in_a_hot_world(test) cmocka_unit_test_setup_teardown(test, make_hot_world, end_world)

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_a_hot_world(starts_without_a_page_and_lives_on_when_the_elector_ends_it),
		in_a_hot_world(dies_with_a_lease_that_passes),
		in_a_hot_world(dies_with_the_fifth_elector_that_does_not_renew_its_lease),
		in_a_hot_world(is_untouched_while_the_elector_is_replaced),
		in_a_hot_world(does_not_start_while_the_page_is_armed),
		in_a_hot_world(no_elector_starts_beside_one_that_is_being_killed),
		in_a_hot_world(its_death_is_told_again_to_an_elector_that_holds_its_page),
		in_a_hot_world(one_that_hangs_counts_as_a_failure),
		in_a_hot_world(is_told_no_epoch_at_its_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
