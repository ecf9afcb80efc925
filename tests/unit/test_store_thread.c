/* SPDX-License-Identifier: Apache-2.0 */
/* The threads of the store: what hangs is answered, left to itself and replaced (B4). */
#include "tests/unit/store_bench.h"

/* A pipe in place of CLUSTER: opening it hangs as a dead NFS server does, until let_go(). */
static void hang(void)
{
	char path[160];

	path_name("CLUSTER", path);
	assert_int_equal(mkfifo(path, 0600), 0);
}

static void let_go(void)
{
	char path[160];
	int fd;

	path_name("CLUSTER", path);
	fd = open(path, O_RDWR | O_CLOEXEC); /* opens a pipe without waiting */
	assert_true(fd >= 0);
	while (write(fd, "x", 1) < 0 && errno == EINTR)
		;
	/* each reader gets in now; those that wait for data get end of file after the close */
	(void)usleep(1000);
	(void)close(fd);
}

/* B4 */
static void late_operation_is_answered_and_its_thread_replaced(void **state)
{
	(void)state;
	store_free(s);
	open_store(f.path, 500 * USEC_PER_MSEC);
	hang();
	assert_int_equal(store_check(s, on_done, &f), 0);
	assert_int_equal(store_list(s, on_done, &f), 0);
	wait_for(1);
	assert_int_equal(last.op, STORE_CHECK);
	assert_int_equal(last.state, STORE_FAILED);
	assert_int_equal(last.error, -ETIMEDOUT);
	wait_for(1); /* on a new thread */
	assert_int_equal(last.op, STORE_LIST);
	assert_int_equal(last.state, STORE_OK);
	let_go();
}

/* B4: the segment belongs to the thread that hangs, so what comes late cannot touch a live one. */
static void new_thread_has_no_segment(void **state)
{
	struct store_segment segment = { .epoch = { 1 }, .number = 1 };

	(void)state;
	store_free(s);
	open_store(f.path, 500 * USEC_PER_MSEC);
	assert_int_equal(store_open_segment(s, &segment, on_done, &f), 0);
	assert_int_equal(store_append(s, "x", 1, on_done, &f), 0);
	wait_for(2);
	assert_int_equal(last.state, STORE_OK);
	hang();
	assert_int_equal(store_check(s, on_done, &f), 0);
	assert_int_equal(store_append(s, "x", 1, on_done, &f), 0);
	wait_for(2);
	assert_int_equal(last.op, STORE_APPEND);
	assert_int_equal(last.error, -EBADF);
	let_go();
}

/* With too many stuck, what comes is refused at once, until one returns. */
static void number_of_stuck_threads_is_limited(void **state)
{
	(void)state;
	store_free(s);
	open_store(f.path, 100 * USEC_PER_MSEC);
	hang();
	for (unsigned i = 0; i < STORE_MAX_STUCK; i++) {
		assert_int_equal(store_check(s, on_done, &f), 0);
		wait_for(1);
		assert_int_equal(last.error, -ETIMEDOUT);
	}
	assert_int_equal(store_list(s, on_done, &f), 0);
	wait_for(1);
	assert_int_equal(last.error, -EBUSY);
	for (usec_t give_up = now() + 20 * USEC_PER_SEC; last.state != STORE_OK;) {
		let_go();
		assert_int_equal(store_list(s, on_done, &f), 0);
		wait_for(1);
		assert_true(now() < give_up);
	}
	assert_int_equal(last.state, STORE_OK);
	for (unsigned i = 0; i < 20; i++)
		let_go();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(late_operation_is_answered_and_its_thread_replaced),
		T(new_thread_has_no_segment),
		T(number_of_stuck_threads_is_limited),
	};

	store_keep_at_exit();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
