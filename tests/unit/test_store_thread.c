/* SPDX-License-Identifier: Apache-2.0 */
/* The threads of the store: what hangs is answered, left to itself and replaced (B4). */
#include "tests/unit/store_bench.h"

#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t goes_on = PTHREAD_COND_INITIALIZER;
static bool hangs;

int __real_openat(int dir_fd, const char *name, int flags, ...);
int __wrap_openat(int dir_fd, const char *name, int flags, ...);

/* Of the storage's code: to open CLUSTER hangs as a dead NFS server does, from hang() to let_go().
 */
int __wrap_openat(int dir_fd, const char *name, int flags, ...)
{
	mode_t mode = 0;
	va_list args;

	if (flags & O_CREAT) {
		va_start(args, flags);
		mode = va_arg(args, mode_t);
		va_end(args);
	}
	(void)pthread_mutex_lock(&lock);
	while (hangs && strcmp(name, "CLUSTER") == 0)
		(void)pthread_cond_wait(&goes_on, &lock);
	(void)pthread_mutex_unlock(&lock);
	return __real_openat(dir_fd, name, flags, mode);
}

static void set_hangs(bool now)
{
	(void)pthread_mutex_lock(&lock);
	hangs = now;
	(void)pthread_cond_broadcast(&goes_on);
	(void)pthread_mutex_unlock(&lock);
}

static void hang(void)
{
	set_hangs(true);
}

static void let_go(void)
{
	set_hangs(false);
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

/* Signs are exchanged beside the changes: when they hang, those do not wait. */
static void signs_that_hang_delay_no_append(void **state)
{
	struct store_segment segment = { .epoch = { 1 }, .number = 1 };
	struct store_signs signs = { .own = "00112233445566778899aabbccddeeff" };

	(void)state;
	assert_int_equal(store_open_segment(s, &segment, on_done, &f), 0);
	wait_for(1);
	hang();
	assert_int_equal(store_signs(s, &signs, on_done, &f), 0);
	assert_int_equal(store_append(s, "x", 1, on_done, &f), 0);
	wait_for(1);
	assert_int_equal(last.op, STORE_APPEND);
	assert_int_equal(last.state, STORE_OK);
	let_go();
	wait_for(1);
	assert_int_equal(last.op, STORE_SIGNS);
	assert_int_equal(last.state, STORE_MISSING); /* files_setup() makes no CLUSTER */
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
	let_go();
	for (usec_t give_up = now() + 20 * USEC_PER_SEC; last.state != STORE_OK;) {
		assert_int_equal(store_list(s, on_done, &f), 0);
		wait_for(1);
		assert_true(now() < give_up);
	}
	assert_int_equal(last.state, STORE_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(late_operation_is_answered_and_its_thread_replaced),
		T(new_thread_has_no_segment),
		T(signs_that_hang_delay_no_append),
		T(number_of_stuck_threads_is_limited),
	};

	store_keep_at_exit();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
