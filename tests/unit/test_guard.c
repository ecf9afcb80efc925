/* SPDX-License-Identifier: Apache-2.0 */
/* The guard with real processes, and a cold JobManager. */
#include "tests/unit/guard_world.h"

static void a_hung_electors_jobmanager_dies_at_the_deadline_not_before(void **state)
{
	struct world *w = *state;
	uint64_t deadline;
	char rest[128];
	pid_t main_pid;

	w->options.patience = 60 * USEC_PER_SEC; /* nobody replaces it */
	write_script(w, "script", "arm 7 3000\nstart 7\nawait started\nhang\n");
	lead(w);
	main_pid = pid_in(w, "main");
	wait_until(seen(w, "hanging deadline=", rest, sizeof(rest)));
	deadline = strtoull(rest, NULL, 10);
	wait_until(is_dead(main_pid));
	assert_true(clock_boottime() >= deadline);
	wait_until(is_dead(pid_in(w, "child")) && is_dead(pid_in(w, "stray")));
}

static void a_stopped_elector_cannot_keep_its_jobmanager(void **state)
{
	struct world *w = *state;
	pid_t main_pid;

	write_script(w, "script", "arm 7 2000\nstart 7\nawait started\nfreeze\n");
	w->options.patience = 60 * USEC_PER_SEC;
	lead(w);
	main_pid = pid_in(w, "main");
	wait_until(is_dead(main_pid));
	assert_false(happened(w, "release")); /* it lives: its own business */
}

static void a_lapsed_lease_is_told_to_the_elector_once_all_are_gone(void **state)
{
	struct world *w = *state;

	write_script(w, "script", "arm 7 2000\nstart 7\nawait started\nlapse\nawait exited\n");
	lead(w);
	wait_until(happened(w, "exited 7 signal=9 error=0 requested=1 deadline=1 pause=0"));
	assert_nothing_left(w);
}

static void a_dead_elector_is_replaced_and_the_jobmanager_untouched(void **state)
{
	struct world *w = *state;
	pid_t main_pid;

	write_script(w, "script-0", "arm 7 20000\nstart 7\nawait started\ndie\n");
	write_script(w, "script-1", "");
	lead(w);
	main_pid = pid_in(w, "main");
	wait_until(happened(w, "hello 1 running=1 epoch=7 pidfd=1 page=1"));
	assert_false(is_dead(main_pid));
	assert_false(happened(w, "exited"));
}

static void a_hung_elector_is_replaced_and_the_jobmanager_untouched(void **state)
{
	struct world *w = *state;
	pid_t main_pid;

	write_script(w, "script-0", "arm 7 60000\nstart 7\nawait started\nhang\n");
	write_script(w, "script-1", "");
	lead(w);
	main_pid = pid_in(w, "main");
	wait_until(happened(w, "hello 1 running=1 epoch=7 pidfd=1 page=1"));
	assert_false(is_dead(main_pid));
}

static void five_deaths_without_renewal_give_the_lease_up_and_release(void **state)
{
	struct world *w = *state;

	write_script(w, "script-0", "arm 7 60000\nstart 7\nawait started\nuntil main\ndie\n");
	/* Does not reach an extension: dies at once. */
	write_script(w, "script", "die\n");
	write_script(w, "script-5", "");
	lead(w);
	wait_until(happened(w, "release lock=1"));
	assert_nothing_left(w);
	wait_until(happened(w, "hello 5 running=0 epoch=7 pidfd=0 page=2"));
	assert_false(happened(w, "hello 6"));
}

static void a_lease_lost_without_an_elector_is_released_before_starting_over(void **state)
{
	struct world *w = *state;
	char events[4096];

	/* Dead with a deadline so near that no successor can help: it is armed, and hangs. */
	write_script(w, "script-0", "arm 7 1500\nstart 7\nawait started\nuntil main\ndie\n");
	write_script(w, "script", "die\n");
	write_script(w, "script-6", "");
	lead(w);
	wait_until(happened(w, "release"));
	assert_nothing_left(w);
	read_all(w, "events", events, sizeof(events));
	assert_null(strstr(strstr(events, "release") + 1, "release"));
}

static void a_dead_guard_leaves_nothing_that_release_does_not_end(void **state)
{
	struct world *w = *state;
	struct jobmanager_error error = { .text = "" };
	int lock;

	write_script(w, "script", "arm 7 60000\nstart 7\nawait started\n");
	/* Without the stray: what leaves the group is caught by a living guard only. */
	(void)snprintf(w->script, sizeof(w->script),
	               "cd %s; sleep 1000 & echo $! >child; echo $$ >main; exec sleep 1000",
	               w->dir);
	lead(w);
	assert_int_equal(guard_try_lock(w->dir, &lock), -EBUSY);
	assert_int_equal(kill(w->guard, SIGKILL), 0);
	assert_int_equal(wait_guard(w), -SIGKILL);
	/* Main process and elector die with it; then the lock is free. */
	wait_until(guard_try_lock(w->dir, &lock) == 0);
	wait_until(is_dead(pid_in(w, "main")));
	assert_false(is_dead(pid_in(w, "child")));
	assert_int_equal(
	        jobmanager_reap_recorded(w->dir, clock_boottime() + 20 * USEC_PER_SEC, &error), 0);
	assert_true(is_dead(pid_in(w, "child")));
	close(lock);
}

static void the_next_guard_ends_what_the_last_one_left(void **state)
{
	struct world *w = *state;
	char path[PATH_MAX];

	write_script(w, "script-0", "arm 7 60000\nstart 7\nawait started\n");
	lead(w);
	assert_int_equal(kill(w->guard, SIGKILL), 0);
	assert_int_equal(wait_guard(w), -SIGKILL);
	assert_false(is_dead(pid_in(w, "child")));
	write_script(w, "script-0", "await reload\n");
	path_of(w, "events", path);
	assert_int_equal(unlink(path), 0);
	start_guard(w);
	wait_until(happened(w, "hello 0 running=0 epoch=0 pidfd=0 page=0"));
	assert_true(is_dead(pid_in(w, "child")));
}

static void an_exit_is_told_when_the_children_are_gone(void **state)
{
	struct world *w = *state;

	write_script(w, "script", "arm 7 60000\nstart 7\nawait exited\n");
	lead(w);
	assert_int_equal(kill(pid_in(w, "main"), SIGKILL), 0);
	wait_until(happened(w, "exited 7 signal=9 error=0 requested=0 deadline=0 pause=0"));
	assert_nothing_left(w);
}

static void an_exit_that_no_elector_heard_of_is_told_again(void **state)
{
	struct world *w = *state;

	write_script(w, "script-0", "arm 7 60000\nstart 7\nawait exited\ndie\n");
	write_script(w, "script-1", "await exited\nready\n");
	lead(w);
	assert_int_equal(kill(pid_in(w, "main"), SIGKILL), 0);
	wait_until(happened(w, "hello 1 running=0 epoch=7"));
	wait_until(happened(w, "exited 7"));
}

static void the_jobmanager_knows_where_it_is(void **state)
{
	struct world *w = *state;
	char text[PATH_MAX], expected[PATH_MAX];

	write_script(w, "script", "arm 7 60000\nstart 7\n");
	lead(w);
	read_all(w, "environment", text, sizeof(text));
	(void)snprintf(expected, sizeof(expected), "orders jm-a %s/api.sock 7 leader-id\n", w->dir);
	assert_string_equal(text, expected);
}

static void a_stop_terminates_and_then_kills(void **state)
{
	struct world *w = *state;

	(void)snprintf(w->script, sizeof(w->script),
	               "trap '' TERM; cd %s; sleep 1000 & echo $! >child; sleep 1000 & "
	               "echo $! >stray; echo $$ >main; wait; wait; wait",
	               w->dir);
	write_script(w, "script", "arm 7 60000\nstart 7\nawait started\nawait reload\nstop 7\n");
	lead(w);
	assert_int_equal(kill(w->guard, SIGHUP), 0);
	wait_until(happened(w, "exited 7 signal=9 error=0 requested=1 deadline=0 pause=0"));
	assert_nothing_left(w);
}

static void a_start_without_an_armed_page_is_refused(void **state)
{
	struct world *w = *state;
	char expected[64];

	write_script(w, "script",
	             "start 7\nawait exited\narm 8 60000\nstart 7\nawait exited\n"
	             "start 8\nawait started\nkill 8\nawait exited\nstart 8\n"
	             "await exited\nready\n");
	start_guard(w);
	(void)snprintf(expected, sizeof(expected), "exited 7 signal=0 error=%d", EPERM);
	wait_until(happened(w, expected));
	wait_until(happened(w, "started 8"));
	/* A10: one epoch, one process. */
	(void)snprintf(expected, sizeof(expected), "exited 8 signal=0 error=%d", EEXIST);
	wait_until(happened(w, expected));
}

static void a_command_that_cannot_run_is_told_with_its_error(void **state)
{
	struct world *w = *state;
	char expected[64];
	static char missing[] = "/nonexistent/jobmanager.sh";

	w->command[0] = missing;
	write_script(w, "script", "arm 7 60000\nstart 7\nawait exited\narm 8 1\n");
	start_guard(w);
	(void)snprintf(expected, sizeof(expected), "exited 7 signal=0 error=%d requested=0",
	               ENOENT);
	wait_until(happened(w, expected));
}

static void an_elector_that_claims_too_long_is_replaced(void **state)
{
	struct world *w = *state;

	w->config.takeover_usec = 1000;
	write_script(w, "script-0", "claiming\n");
	write_script(w, "script-1", "ready\n");
	start_guard(w);
	wait_until(happened(w, "hello 1 running=0 epoch=0 pidfd=0 page=0"));
}

static void a_stop_of_the_guard_is_orderly(void **state)
{
	struct world *w = *state;

	write_script(w, "script",
	             "arm 7 60000\nstart 7\nawait shutdown\nstop 7\nawait exited\nend 7\nbye\n");
	lead(w);
	assert_int_equal(kill(w->guard, SIGTERM), 0);
	assert_int_equal(wait_guard(w), EXIT_SUCCESS);
	assert_true(happened(w, "exited 7 signal=15 error=0 requested=1 deadline=0"));
	assert_nothing_left(w);
	assert_false(happened(w, "hello 1"));
}

static void a_stop_that_the_elector_ignores_ends_all_the_same(void **state)
{
	struct world *w = *state;

	w->config.stop_usec = 0;
	write_script(w, "script", "arm 7 60000\nstart 7\nawait shutdown\n");
	lead(w);
	assert_int_equal(kill(w->guard, SIGTERM), 0);
	assert_int_equal(wait_guard(w), EXIT_FAILURE);
	assert_nothing_left(w);
}

static void a_later_elector_is_told_of_an_earlier_reload(void **state)
{
	struct world *w = *state;

	write_script(w, "script-0", "await reload\ndie\n");
	write_script(w, "script-1", "await reload\nready\n");
	start_guard(w);
	wait_until(happened(w, "hello 0"));
	assert_int_equal(kill(w->guard, SIGHUP), 0);
	wait_until(happened(w, "hello 1"));
	wait_until(count(w, "reload") == 2);
}

/* Reads what came; has each of the two been among it? */
static bool notified(int fd, bool *ready, bool *status)
{
	static const char expired[] = "STATUS=jm-a: not leader";
	char text[512];
	ssize_t n;

	while ((n = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT)) > 0) {
		text[n] = '\0';
		*ready |= strcmp(text, "READY=1") == 0;
		*status |= strncmp(text, expired, strlen(expired)) == 0;
	}
	return *ready && *status;
}

static void what_systemd_did_not_read_is_told_again(void **state)
{
	struct world *w = *state;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	CLEANUP(closep) int systemd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	CLEANUP(closep) int other = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool ready = false, status = false;

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/notify", w->dir);
	assert_int_equal(bind(systemd, (const void *)&address, sizeof(address)), 0);
	assert_int_equal(connect(other, (const void *)&address, sizeof(address)), 0);
	while (send(other, "X", 1, MSG_DONTWAIT) == 1)
		continue;
	assert_int_equal(setenv("NOTIFY_SOCKET", address.sun_path, 1), 0);
	write_script(w, "script",
	             "ready\narm 7 300\nstart 7\nawait started\nlapse\nawait exited\n");
	start_guard(w);
	assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
	wait_until(happened(w, "exited 7"));
	wait_until(notified(systemd, &ready, &status));
}

static void a_second_guard_is_refused(void **state)
{
	struct world *w = *state;
	struct world second = *w;

	write_script(w, "script", "ready\n");
	start_guard(w);
	wait_until(happened(w, "hello 0"));
	start_guard(&second);
	assert_int_equal(wait_guard(&second), EXIT_FAILURE);
}

static void a_connect_waits_while_no_elector_lives(void **state)
{
	struct world *w = *state;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	CLEANUP(closep) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct stat st;

	write_script(w, "script", "ready\n");
	start_guard(w);
	wait_until(happened(w, "hello 0"));
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/api.sock", w->dir);
	assert_int_equal(stat(address.sun_path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0666);
	/* The fake elector accepts nothing: the connection sits in the guard's backlog. */
	assert_int_equal(connect(fd, (const void *)&address, sizeof(address)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_a_world(a_hung_electors_jobmanager_dies_at_the_deadline_not_before),
		in_a_world(a_stopped_elector_cannot_keep_its_jobmanager),
		in_a_world(a_lapsed_lease_is_told_to_the_elector_once_all_are_gone),
		in_a_world(a_dead_elector_is_replaced_and_the_jobmanager_untouched),
		in_a_world(a_hung_elector_is_replaced_and_the_jobmanager_untouched),
		in_a_world(five_deaths_without_renewal_give_the_lease_up_and_release),
		in_a_world(a_lease_lost_without_an_elector_is_released_before_starting_over),
		in_a_world(a_dead_guard_leaves_nothing_that_release_does_not_end),
		in_a_world(the_next_guard_ends_what_the_last_one_left),
		in_a_world(an_exit_is_told_when_the_children_are_gone),
		in_a_world(an_exit_that_no_elector_heard_of_is_told_again),
		in_a_world(the_jobmanager_knows_where_it_is),
		in_a_world(a_stop_terminates_and_then_kills),
		in_a_world(a_start_without_an_armed_page_is_refused),
		in_a_world(a_command_that_cannot_run_is_told_with_its_error),
		in_a_world(an_elector_that_claims_too_long_is_replaced),
		in_a_world(a_stop_of_the_guard_is_orderly),
		in_a_world(a_stop_that_the_elector_ignores_ends_all_the_same),
		in_a_world(a_later_elector_is_told_of_an_earlier_reload),
		in_a_world(what_systemd_did_not_read_is_told_again),
		in_a_world(a_second_guard_is_refused),
		in_a_world(a_connect_waits_while_no_elector_lives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
