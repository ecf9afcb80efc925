/* SPDX-License-Identifier: Apache-2.0 */
/* What holds the pointers of a map: its size, and that a reserved insertion finds room. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "storage/pointer_chunks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/pointer_map.h"

enum { KEYS = 20000, CHUNK = 128 };

static struct pointer *pointer[KEYS];
static bool there[KEYS];
static struct pointer_chunks chunks;

static int setup(void **state)
{
	(void)state;
	for (unsigned i = 0; i < KEYS; i++) {
		char key[16];
		int n = snprintf(key, sizeof(key), "k%06u", i);

		pointer[i] = pointer_new(key, (size_t)n, "v", 1);
		assert_non_null(pointer[i]);
		there[i] = false;
	}
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	pointer_chunks_free(&chunks);
	for (unsigned i = 0; i < KEYS; i++)
		pointer_free(pointer[i]);
	return 0;
}

static void put(unsigned i)
{
	struct pointer_place at = pointer_chunks_find(&chunks, pointer[i]->key);

	assert_int_equal(pointer_chunks_at(&chunks, at, pointer[i]->key) != NULL, there[i]);
	if (!there[i])
		pointer_chunks_insert(&chunks, at, pointer[i]);
	there[i] = true;
}

static void erase(unsigned i)
{
	struct pointer_place at = pointer_chunks_find(&chunks, pointer[i]->key);

	assert_int_equal(pointer_chunks_at(&chunks, at, pointer[i]->key) != NULL, there[i]);
	if (there[i])
		pointer_chunks_erase(&chunks, at);
	there[i] = false;
}

static bool every_fiftieth(struct pointer *p, void *userdata)
{
	(void)userdata;
	return strtoul(p->key + 1, NULL, 10) % 50 == 0;
}

static void holds_what_it_should(void)
{
	struct pointer_place at = { 0, 0 };
	size_t n = 0;

	for (unsigned i = 0; i < KEYS; i++)
		if (there[i]) {
			assert_ptr_equal(pointer_chunks_step(&chunks, &at), pointer[i]);
			n++;
		}
	assert_null(pointer_chunks_step(&chunks, &at));
	assert_int_equal(chunks.n, n);
	assert_true(chunks.n_chunks <= 2 + n / (CHUNK / 4)); /* 33 bytes for each */
}

static unsigned draw(uint32_t *state)
{
	*state = *state * 1664525U + 1013904223U;
	return *state >> 8;
}

/* Also between insertions, as in the merging of what was read. */
static void erased_ones_give_their_room_back(void **state)
{
	uint32_t random = 1;

	(void)state;
	for (unsigned round = 0; round < 40; round++) {
		unsigned n = 1 + draw(&random) % (round % 4 == 0 ? 5000 : 600);
		bool anywhere = round % 3 != 0;

		pointer_chunks_trim(&chunks);
		assert_int_equal(pointer_chunks_reserve(&chunks, n), 0);
		for (unsigned i = 0, from = draw(&random); i < n; i++) {
			put((anywhere ? draw(&random) : from + i) % KEYS);
			if (round % 2 == 0)
				erase(draw(&random) % KEYS);
		}
		holds_what_it_should();
		for (unsigned i = 0; round % 10 == 9 && i < KEYS; i++)
			if (i % 50 != 0)
				erase(round % 20 == 9 ? i : KEYS - i); /* up, down */
		holds_what_it_should();
	}
}

static void filtered_ones_do_as_well(void **state)
{
	(void)state;
	assert_int_equal(pointer_chunks_reserve(&chunks, KEYS), 0);
	for (unsigned i = 0; i < KEYS; i++)
		put(i);
	pointer_chunks_filter(&chunks, every_fiftieth, NULL);
	assert_int_equal(chunks.n_spare, 0);
	for (unsigned i = 0; i < KEYS; i++)
		there[i] = i % 50 == 0;
	holds_what_it_should();
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(erased_ones_give_their_room_back),
		T(filtered_ones_do_as_well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
