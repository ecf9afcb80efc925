/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/load_plan.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/backup_json.h"

static struct backup backup, there;
static struct load_plan plan;

static int setup(void **state)
{
	(void)state;
	plan = (struct load_plan){ .item = NULL };
	return backup_init(&backup);
}

static int teardown(void **state)
{
	(void)state;
	load_plan_done(&plan);
	backup_done(&backup);
	return 0;
}

static void compare(const char *pointers, const char *counters)
{
	json_auto_t *p = json_loads(pointers, 0, NULL);
	json_auto_t *c = json_loads(counters, 0, NULL);

	assert_non_null(p);
	assert_non_null(c);
	assert_int_equal(backup_init(&there), 0);
	assert_int_equal(backup_json_take_pointers(&there, p), 0);
	assert_int_equal(backup_json_take_counters(&there, c), 0);
	assert_int_equal(load_plan_make(&backup, &there, &plan), 0);
	backup_done(&there);
}

static const struct load_item *item(const char *key)
{
	for (size_t i = 0; i < plan.n_items; i++)
		if (strcmp(plan.item[i].pointer->key, key) == 0)
			return &plan.item[i];
	fail_msg("no %s", key);
	return NULL;
}

static void add(const char *key, const char *value)
{
	assert_int_equal(backup_put(&backup, key, 1, value, strlen(value)), 0);
}

#define NO_COUNTERS "{\"counters\":[]}"
#define NO_POINTERS "{\"sequence\":0,\"pointers\":[]}"

static void pointers_are_compared_byte_for_byte(void **state)
{
	(void)state;
	add("a", "same");
	add("b", "other");
	add("c", "new");
	add("d", "lost there");
	assert_int_equal(backup_put(&backup, "e", 1, NULL, 0), 0); /* lost here */
	compare("{\"sequence\":9,\"pointers\":["
	        "{\"key\":\"a\",\"revision\":4,\"value\":\"c2FtZQ==\"},"
	        "{\"key\":\"b\",\"revision\":7,\"value\":\"b3RoZXI/\"},"
	        "{\"key\":\"d\",\"revision\":8,\"value\":null,\"damaged\":true},"
	        "{\"key\":\"x\",\"revision\":9,\"value\":\"\"}]}",
	        NO_COUNTERS);
	assert_int_equal(plan.n_items, 4);
	assert_int_equal(item("a")->state, LOAD_SAME);
	assert_int_equal(item("b")->state, LOAD_OTHER);
	assert_int_equal(item("b")->revision, 7);
	assert_int_equal(item("c")->state, LOAD_NEW);
	assert_int_equal(item("d")->state, LOAD_LOST);
	assert_int_equal(plan.n[LOAD_SAME], 1);
	assert_int_equal(plan.n[LOAD_OTHER], 1);
	assert_int_equal(plan.n_more, 1);
}

static void a_counter_never_goes_back(void **state)
{
	(void)state;
	assert_int_equal(backup_put_counter(&backup, "behind", 9), 0);
	assert_int_equal(backup_put_counter(&backup, "equal", 9), 0);
	assert_int_equal(backup_put_counter(&backup, "ahead", 9), 0);
	assert_int_equal(backup_put_counter(&backup, "absent", 9), 0);
	assert_int_equal(backup_put_counter(&backup, "lost", 9), 0);
	compare(NO_POINTERS, "{\"counters\":[{\"key\":\"behind\",\"value\":10},"
	                     "{\"key\":\"equal\",\"value\":9},{\"key\":\"ahead\",\"value\":8},"
	                     "{\"key\":\"lost\",\"damaged\":true}]}");
	assert_int_equal(item("~counter/behind")->state, LOAD_SAME);
	assert_int_equal(item("~counter/equal")->state, LOAD_SAME);
	assert_int_equal(item("~counter/ahead")->state, LOAD_NEW);
	assert_int_equal(item("~counter/absent")->state, LOAD_NEW);
	assert_int_equal(item("~counter/lost")->state, LOAD_NEW);
}

/* So that a job that can be seen is whole, wherever one stops. */
static void counters_come_first_and_jobs_last(void **state)
{
	(void)state;
	add("jobs/a", "1");
	add("checkpoints/a/1", "2");
	assert_int_equal(backup_put_counter(&backup, "a", 2), 0);
	compare(NO_POINTERS, NO_COUNTERS);
	assert_true(plan.item[0].counter);
	assert_string_equal(plan.item[1].pointer->key, "checkpoints/a/1");
	assert_string_equal(plan.item[2].pointer->key, "jobs/a");
}

static void what_is_no_list_is_refused(void **state)
{
	json_auto_t *o = json_object();

	(void)state;
	assert_int_equal(backup_json_take_pointers(&backup, o), -EINVAL);
	assert_int_equal(backup_json_take_counters(&backup, o), -EINVAL);
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(pointers_are_compared_byte_for_byte),
		TEST(a_counter_never_goes_back),
		TEST(counters_come_first_and_jobs_last),
		TEST(what_is_no_list_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
