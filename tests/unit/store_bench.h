/* SPDX-License-Identifier: Apache-2.0 */
/* For the tests of the store: one on files of its own, and a loop that waits for its answers. */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "storage/store.h"
#include "tests/unit/storage_files.h"

static const struct log_position nothing;
static const uint8_t id[RECORD_CLUSTER_ID_SIZE] = "fedcba987654321";

static struct files f;
static struct store *s;
static struct store_result last;
static unsigned answers;

static inline usec_t now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_BOOTTIME, &ts);
	return (usec_t)ts.tv_sec * USEC_PER_SEC + (usec_t)ts.tv_nsec / NSEC_PER_USEC;
}

static inline void on_done(const struct store_result *result, void *userdata)
{
	last = *result;
	assert_ptr_equal(userdata, &f);

	answers++;
}

/* Runs the loop until n more answers have come. */
static inline void wait_for(unsigned n)
{
	usec_t give_up = now() + 30 * USEC_PER_SEC;

	n += answers;
	while (answers < n) {
		struct pollfd p = { .fd = store_fd(s), .events = POLLIN };
		usec_t deadline = store_next_deadline(s);
		usec_t left = usec_sub(deadline < give_up ? deadline : give_up, now());

		(void)poll(&p, 1, (int)(left / USEC_PER_MSEC) + 1);
		store_dispatch(s, now());
		assert_true(now() < give_up);
	}
}

static inline void open_store(const char *path, usec_t io_usec)
{
	struct store_config config = {
		.path = path, .cluster = "c", .member = "jm-a", .io_usec = io_usec
	};

	assert_int_equal(store_new(&config, &s), 0);
	answers = 0;
}

static inline int setup(void **state)
{
	(void)state;
	files_setup(&f);
	memcpy(f.id, id, sizeof(id));
	open_store(f.path, 20 * USEC_PER_SEC);
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	store_free(s);
	files_teardown(&f);
	return 0;
}

static inline void path_name(const char *name, char ret[160])
{
	(void)snprintf(ret, 160, "%s/%s", f.cluster, name);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
