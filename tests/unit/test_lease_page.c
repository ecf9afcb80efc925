/* SPDX-License-Identifier: Apache-2.0 */
/* A8's page: who wins when guard and elector change the word, as sequences. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "daemon/lease_page.h"

#define MS(n) usec_from_ms(n)

static const struct epoch seven = { 7 }, eight = { 8 };

/* Guard and elector map the same page, each for itself. */
struct sides {
	struct lease_page guard, elector;
};

static void open_sides(struct sides *s, const struct lease_page *old)
{
	int fd;

	assert_int_equal(lease_page_create(old, &s->guard), 0);
	fd = dup(s->guard.fd);
	assert_int_equal(lease_page_adopt(fd, &s->elector), 0);
}

static void close_sides(struct sides *s)
{
	lease_page_close(&s->guard);
	lease_page_close(&s->elector);
}

static void a_fresh_page_was_never_armed(void **state)
{
	struct sides s;

	(void)state;
	open_sides(&s, NULL);
	assert_int_equal(lease_page_read(&s.elector).state, LEASE_PAGE_NEVER);
	assert_false(lease_page_leads(&s.elector, 0));
	assert_false(lease_page_expire(&s.guard, MS(1000000)));
	assert_int_equal(lease_page_heartbeat(&s.guard), 0);
	close_sides(&s);
}

static void armed_leads_until_the_deadline_and_no_longer(void **state)
{
	struct lease_page_lease l;
	struct sides s;

	(void)state;
	open_sides(&s, NULL);
	assert_int_equal(lease_page_arm(&s.elector, seven, MS(2000) + 999, MS(1000)), 0);
	l = lease_page_read(&s.guard);
	assert_int_equal(l.state, LEASE_PAGE_ARMED);
	assert_true(lease_page_is_of(&l, seven));
	assert_false(lease_page_is_of(&l, eight));
	assert_int_equal(l.deadline, MS(2000)); /* rounded down: never later than promised */
	assert_true(lease_page_leads(&s.elector, MS(2000) - 1));
	assert_false(lease_page_leads(&s.elector, MS(2000)));
	assert_false(lease_page_expire(&s.guard, MS(2000) - 1));
	assert_true(lease_page_expire(&s.guard, MS(2000)));
	close_sides(&s);
}

static void the_elector_cannot_extend_what_the_guard_ended(void **state)
{
	struct sides s;

	(void)state;
	open_sides(&s, NULL);
	assert_int_equal(lease_page_arm(&s.elector, seven, MS(2000), MS(1000)), 0);
	assert_true(lease_page_expire(&s.guard, MS(2000)));
	/* It was stopped before its answer came, and still believes in 1990. */
	assert_int_equal(lease_page_extend(&s.elector, seven, MS(9000), MS(1990)), -ESTALE);
	assert_int_equal(lease_page_arm(&s.elector, seven, MS(9000), MS(1990)), -EEXIST);
	assert_false(lease_page_leads(&s.elector, MS(1990)));
	close_sides(&s);
}

static void the_guard_does_not_end_what_was_extended(void **state)
{
	struct sides s;

	(void)state;
	open_sides(&s, NULL);
	assert_int_equal(lease_page_arm(&s.elector, seven, MS(2000), MS(1000)), 0);
	assert_int_equal(lease_page_extend(&s.elector, seven, MS(3000), MS(1999)), 0);
	assert_false(lease_page_expire(&s.guard, MS(2000)));
	assert_true(lease_page_leads(&s.guard, MS(2999)));
	close_sides(&s);
}

static void an_extension_after_the_old_deadline_is_refused(void **state)
{
	struct sides s;

	(void)state;
	open_sides(&s, NULL);
	assert_int_equal(lease_page_arm(&s.elector, seven, MS(2000), MS(1000)), 0);
	/* The guard was late; the lease is over all the same. */
	assert_int_equal(lease_page_extend(&s.elector, seven, MS(3000), MS(2000)), -ESTALE);
	assert_true(lease_page_expire(&s.guard, MS(2001)));
	close_sides(&s);
}

static void a_smaller_timeout_lowers_the_deadline(void **state)
{
	struct sides s;

	(void)state;
	open_sides(&s, NULL);
	assert_int_equal(lease_page_arm(&s.elector, seven, MS(5000), MS(1000)), 0);
	assert_int_equal(lease_page_extend(&s.elector, seven, MS(1500), MS(1100)), 0);
	assert_true(lease_page_expire(&s.guard, MS(1500)));
	close_sides(&s);
}

static void ended_is_final_for_its_epoch_and_lower_ones(void **state)
{
	struct sides s;

	(void)state;
	open_sides(&s, NULL);
	assert_int_equal(lease_page_arm(&s.elector, eight, MS(2000), MS(1000)), 0);
	assert_int_equal(lease_page_arm(&s.elector, (struct epoch){ 9 }, MS(2000), MS(1000)),
	                 -EEXIST); /* still armed */
	assert_int_equal(lease_page_end(&s.elector, seven), -ESTALE);
	assert_int_equal(lease_page_end(&s.elector, eight), 0);
	assert_int_equal(lease_page_end(&s.elector, eight), 0);
	assert_int_equal(lease_page_read(&s.guard).state, LEASE_PAGE_ENDED);
	assert_int_equal(lease_page_arm(&s.elector, seven, MS(3000), MS(1000)), -EEXIST);
	assert_int_equal(lease_page_arm(&s.elector, eight, MS(3000), MS(1000)), -EEXIST);
	assert_int_equal(lease_page_arm(&s.elector, (struct epoch){ 9 }, MS(3000), MS(1000)), 0);
	close_sides(&s);
}

static void epochs_are_compared_over_the_edge_of_their_low_bits(void **state)
{
	const struct epoch last = { 0x5ffffff }, zero = { 0x6000000 }, next = { 0x6000001 };
	struct sides s;

	(void)state;
	open_sides(&s, NULL);
	assert_int_equal(lease_page_arm(&s.elector, last, MS(2000), MS(1000)), 0);
	assert_true(lease_page_expire(&s.guard, MS(2000)));
	assert_int_equal(lease_page_arm(&s.elector, zero, MS(3000), MS(1000)), -EINVAL);
	assert_int_equal(lease_page_arm(&s.elector, next, MS(3000), MS(1000)), 0);
	close_sides(&s);
}

static void arming_in_the_past_is_refused(void **state)
{
	struct sides s;

	(void)state;
	open_sides(&s, NULL);
	assert_int_equal(lease_page_arm(&s.elector, seven, MS(1000), MS(1000)), -EINVAL);
	assert_int_equal(lease_page_arm(&s.elector, (struct epoch){ 0 }, MS(9000), MS(1000)),
	                 -EINVAL);
	assert_int_equal(lease_page_read(&s.guard).state, LEASE_PAGE_NEVER);
	close_sides(&s);
}

/* 40 bits of milliseconds: 34 years after the boot. */
static void a_deadline_that_does_not_fit_is_refused(void **state)
{
	usec_t too_late = MS((usec_t)1 << 40);
	struct sides s;

	(void)state;
	open_sides(&s, NULL);
	assert_int_equal(lease_page_arm(&s.elector, seven, too_late, MS(1000)), -EINVAL);
	assert_int_equal(lease_page_arm(&s.elector, seven, too_late - MS(1), MS(1000)), 0);
	assert_int_equal(lease_page_extend(&s.elector, seven, too_late, MS(1000)), -EINVAL);
	close_sides(&s);
}

static void what_the_elector_says_beside_the_word_is_read_by_the_guard(void **state)
{
	struct sides s;

	(void)state;
	open_sides(&s, NULL);
	lease_page_beat(&s.elector, MS(77));
	lease_page_set_claiming(&s.elector, MS(55));
	assert_int_equal(lease_page_heartbeat(&s.guard), MS(77));
	assert_int_equal(lease_page_claiming_since(&s.guard), MS(55));
	lease_page_set_claiming(&s.elector, 0);
	assert_int_equal(lease_page_claiming_since(&s.guard), 0);
	close_sides(&s);
}

static void a_closed_page_is_closed_once(void **state)
{
	struct lease_page page;
	int fd;

	(void)state;
	assert_int_equal(lease_page_create(NULL, &page), 0);
	fd = page.fd;
	lease_page_close(&page);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	assert_int_equal(page.fd, -1);
	lease_page_close(&page);
}

static void a_dead_electors_late_write_reaches_nobody(void **state)
{
	struct sides first, second;

	(void)state;
	open_sides(&first, NULL);
	assert_int_equal(lease_page_arm(&first.elector, seven, MS(2000), MS(1000)), 0);
	lease_page_beat(&first.elector, MS(1500));
	lease_page_set_claiming(&first.elector, MS(1400));
	open_sides(&second, &first.guard);
	/* The successor finds the word, and neither heartbeat nor claim. */
	assert_true(lease_page_leads(&second.elector, MS(1999)));
	assert_int_equal(lease_page_heartbeat(&second.guard), 0);
	assert_int_equal(lease_page_claiming_since(&second.guard), 0);
	/* It was only stopped, and wakes. */
	assert_int_equal(lease_page_extend(&first.elector, seven, MS(90000), MS(1600)), 0);
	assert_int_equal(lease_page_read(&second.guard).deadline, MS(2000));
	assert_true(lease_page_expire(&second.guard, MS(2000)));
	close_sides(&first);
	close_sides(&second);
}

static void the_guard_ends_whatever_is_there(void **state)
{
	struct lease_page_lease l;
	struct sides s;

	(void)state;
	open_sides(&s, NULL);
	assert_int_equal(lease_page_arm(&s.elector, seven, MS(2000), MS(1000)), 0);
	lease_page_end_any(&s.guard);
	l = lease_page_read(&s.elector);
	assert_int_equal(l.state, LEASE_PAGE_ENDED);
	assert_true(lease_page_is_of(&l, seven));
	close_sides(&s);
}

static void what_is_no_page_is_refused(void **state)
{
	struct lease_page p;
	int fd = memfd_create("test", MFD_CLOEXEC);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(lease_page_adopt(fd, &p), -EPROTO);
	assert_int_equal(ftruncate(fd, sizeof(struct lease_page_memory)), 0);
	assert_int_equal(lease_page_adopt(fd, &p), -EPROTO);
	assert_int_equal(pwrite(fd, "JMHAPG02", 8, 0), 8);
	assert_int_equal(lease_page_adopt(fd, &p), -EPROTO);
	assert_int_equal(pwrite(fd, "JMHAPG01", 8, 0), 8);
	assert_int_equal(lease_page_adopt(fd, &p), 0);
	lease_page_close(&p);
}

static void an_elector_cannot_shrink_the_page_under_the_guard(void **state)
{
	struct sides s;

	(void)state;
	open_sides(&s, NULL);
	assert_int_equal(ftruncate(s.elector.fd, 0), -1);
	close_sides(&s);
}

static void patience_is_a_quarter_of_the_lease_and_at_most_a_second(void **state)
{
	(void)state;
	assert_int_equal(lease_page_patience(MS(2000)), MS(500));
	assert_int_equal(lease_page_patience(MS(6990)), MS(1000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fresh_page_was_never_armed),
		cmocka_unit_test(armed_leads_until_the_deadline_and_no_longer),
		cmocka_unit_test(the_elector_cannot_extend_what_the_guard_ended),
		cmocka_unit_test(the_guard_does_not_end_what_was_extended),
		cmocka_unit_test(an_extension_after_the_old_deadline_is_refused),
		cmocka_unit_test(a_smaller_timeout_lowers_the_deadline),
		cmocka_unit_test(ended_is_final_for_its_epoch_and_lower_ones),
		cmocka_unit_test(epochs_are_compared_over_the_edge_of_their_low_bits),
		cmocka_unit_test(arming_in_the_past_is_refused),
		cmocka_unit_test(a_deadline_that_does_not_fit_is_refused),
		cmocka_unit_test(what_the_elector_says_beside_the_word_is_read_by_the_guard),
		cmocka_unit_test(a_closed_page_is_closed_once),
		cmocka_unit_test(a_dead_electors_late_write_reaches_nobody),
		cmocka_unit_test(the_guard_ends_whatever_is_there),
		cmocka_unit_test(what_is_no_page_is_refused),
		cmocka_unit_test(an_elector_cannot_shrink_the_page_under_the_guard),
		cmocka_unit_test(patience_is_a_quarter_of_the_lease_and_at_most_a_second),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
