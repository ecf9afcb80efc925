/* SPDX-License-Identifier: Apache-2.0 */
/* The parked jobs of an elector, as records of its map tell them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/elector_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MANY = BACKEND_MAX_TOLD + 500 };

static struct elector *e;
static bool read_once;
static struct {
	unsigned n, n_told;
	char last[33], why[64];
	usec_t since;
} listed;

bool elector_status_store_read(const struct elector *elector)
{
	(void)elector;
	return read_once;
}

const char *elector_status_leader(const struct elector *elector)
{
	(void)elector;
	return NULL;
}

void elector_status_submit(struct elector *elector, const struct commit_request *request,
                           backend_pointer_done done, void *cookie)
{
	(void)elector;
	(void)request;
	(void)done;
	(void)cookie;
	fail();
}

bool elector_leadership_recover(struct elector *elector, const char *jobid)
{
	(void)elector;
	(void)jobid;
	return false;
}

static int setup(void **state)
{
	(void)state;
	read_once = true;
	memset(&listed, 0, sizeof(listed));
	e = calloc(1, sizeof(*e));
	assert_non_null(e);
	e->map = pointer_map_new();
	assert_non_null(e->map);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	elector_jobs_done(e);
	pointer_map_free(e->map);
	free(e);
	return 0;
}

static void record(unsigned number, const char *value)
{
	char key[64];
	int n = snprintf(key, sizeof(key), "~parked/%032x", number);
	const struct record_change change = {
		.op = RECORD_PUT,
		.key = key,
		.key_size = (uint8_t)n,
		.value = (const uint8_t *)value,
		.value_size = (uint32_t)strlen(value),
	};

	assert_int_equal(pointer_map_apply(e->map, &change, number, false), 0);
}

static void on_parked(void *cookie, const struct parked_job *job)
{
	(void)cookie;
	listed.n++;
	(void)snprintf(listed.last, sizeof(listed.last), "%s", job->jobid);
	if (!job->why)
		return;
	listed.n_told++;
	(void)snprintf(listed.why, sizeof(listed.why), "%s", job->why);
	listed.since = job->since;
}

static void a_list_names_all_and_tells_why_of_the_first(void **state)
{
	char last[33];

	(void)state;
	for (unsigned i = 1; i <= MANY; i++)
		record(i, "{\"version\":1,\"why\":\"gone\",\"since_ms\":1700000000000}");
	assert_int_equal(elector_jobs_list(e, on_parked, NULL), API_OK);
	assert_int_equal(listed.n, MANY);
	assert_int_equal(listed.n_told, BACKEND_MAX_TOLD);
	assert_string_equal(listed.why, "gone");
	assert_true(listed.since == usec_from_ms(1700000000000));
	(void)snprintf(last, sizeof(last), "%032x", MANY);
	assert_string_equal(listed.last, last);
}

static void a_record_that_cannot_be_read_is_named(void **state)
{
	(void)state;
	record(1, "{\"version\":1,");
	assert_int_equal(elector_jobs_list(e, on_parked, NULL), API_OK);
	assert_int_equal(listed.n, 1);
	assert_string_equal(listed.why, "the record of it is damaged");
}

static void nothing_is_listed_before_the_store_was_read(void **state)
{
	(void)state;
	read_once = false;
	record(1, "{}");
	assert_int_equal(elector_jobs_list(e, on_parked, NULL), API_NOT_READY);
	assert_int_equal(listed.n, 0);
}

static void status_counts_all_and_shows_the_first(void **state)
{
	struct status status = { 0 };

	(void)state;
	for (unsigned i = 1; i <= MANY; i++)
		record(i, "{\"version\":1,\"why\":\"gone\",\"since_ms\":1700000000000}");
	elector_jobs_status(e, &status);
	memset(&status, 0, sizeof(status));
	elector_jobs_status(e, &status); /* what the one before held is let go */
	assert_int_equal(status.n_parked, MANY);
	for (unsigned i = 0; i < BACKEND_MAX_PARKED; i++)
		assert_string_equal(status.parked[i].why, "gone");
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_list_names_all_and_tells_why_of_the_first),
		T(a_record_that_cannot_be_read_is_named),
		T(nothing_is_listed_before_the_store_was_read),
		T(status_counts_all_and_shows_the_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
