/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/pointer_map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"

static void apply(struct pointer_map *map, const char *key, const char *value, uint64_t sequence,
                  bool delta)
{
	struct record_change c = { .op = value ? RECORD_PUT : RECORD_DELETE,
		                   .key = key,
		                   .key_size = (uint16_t)strlen(key),
		                   .value = (const uint8_t *)value,
		                   .value_size = value ? (uint32_t)strlen(value) : 0 };

	assert_int_equal(pointer_map_apply(map, &c, sequence, delta), 0);
}

static int collect(const struct pointer *p, void *userdata)
{
	char *text = userdata;

	(void)strncat(text, p->key, 255);
	(void)strncat(text, " ", 2);
	return strcmp(p->key, "stop") == 0 ? 7 : 0;
}

static void holds_the_last_value_and_its_revision(void **state)
{
	CLEANUP(pointer_map_freep) struct pointer_map *map = pointer_map_new();
	const struct pointer *p;

	(void)state;
	apply(map, "a", "one", 1, false);
	apply(map, "a", "second", 2, false);
	p = pointer_map_get(map, "a");
	assert_non_null(p);
	assert_true(p->revision == 2 && p->value_size == 6);
	assert_memory_equal(pointer_value(p), "second", 6);
	assert_int_equal(pointer_map_bytes(map), 7);
	apply(map, "a", NULL, 3, false);
	assert_null(pointer_map_get(map, "a"));
	assert_int_equal(pointer_map_count(map), 0);
	assert_int_equal(pointer_map_bytes(map), 0);
}

static void lists_by_prefix_in_order_without_reserved_keys(void **state)
{
	static const char *const keys[] = {
		"jobs/b", "~term/1", "jobs", "jobs/a", "x", "jobs/a/c"
	};
	CLEANUP(pointer_map_freep) struct pointer_map *map = pointer_map_new();
	char text[256] = "";

	(void)state;
	for (unsigned i = 0; i < 6; i++)
		apply(map, keys[i], "v", i + 1, false);
	assert_int_equal(pointer_map_list(map, "jobs/", collect, text), 0);
	assert_string_equal(text, "jobs/a jobs/a/c jobs/b ");
	text[0] = '\0';
	assert_int_equal(pointer_map_list(map, "", collect, text), 0);
	assert_string_equal(text, "jobs jobs/a jobs/a/c jobs/b x ");
	text[0] = '\0';
	assert_int_equal(pointer_map_list(map, "~term/", collect, text), 0);
	assert_string_equal(text, "~term/1 ");
	assert_int_equal(pointer_map_count(map), 5);
	apply(map, "stop", "v", 9, false);
	assert_int_equal(pointer_map_list(map, "s", collect, text), 7);
}

static void a_list_goes_on_after_a_key(void **state)
{
	static const char *const keys[] = { "jobs/b", "jobs", "jobs/a", "x", "jobs/a/c", "a" };
	static const struct {
		const char *prefix, *after, *list;
	} asked[] = {
		{ "jobs/", "jobs/a", "jobs/a/c jobs/b " },
		{ "jobs/", "jobs/a/b", "jobs/a/c jobs/b " }, /* that is not there any more */
		{ "jobs/", "a", "jobs/a jobs/a/c jobs/b " },
		{ "jobs/", "jobs/b", "" },
		{ "jobs/", "x", "" },
		{ "", "a", "jobs jobs/a jobs/a/c jobs/b x " },
		{ "", "", "a jobs jobs/a jobs/a/c jobs/b x " },
	};
	CLEANUP(pointer_map_freep) struct pointer_map *map = pointer_map_new();

	(void)state;
	for (unsigned i = 0; i < 6; i++)
		apply(map, keys[i], "v", i + 1, false);
	for (unsigned i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		char text[256] = "";

		assert_int_equal(
		        pointer_map_list_after(map, asked[i].prefix, asked[i].after, collect, text),
		        0);
		assert_string_equal(text, asked[i].list);
	}
}

/* B6: never the older value. */
static void damaged_value_replaces_the_older_one(void **state)
{
	CLEANUP(pointer_map_freep) struct pointer_map *map = pointer_map_new();
	struct record_change c = { .op = RECORD_PUT,
		                   .key = "a",
		                   .key_size = 1,
		                   .value = (const uint8_t *)"junk",
		                   .value_size = 4,
		                   .damaged = true };
	const struct pointer *p;

	(void)state;
	apply(map, "a", "old", 1, false);
	assert_int_equal(pointer_map_apply(map, &c, 2, false), 0);
	p = pointer_map_get(map, "a");
	assert_non_null(p);
	assert_true(p->damaged && p->value_size == 0 && p->revision == 2);
	assert_int_equal(pointer_map_count_damaged(map), 1);
	apply(map, "a", "new", 3, false);
	assert_int_equal(pointer_map_count_damaged(map), 0);
	c = (struct record_change){ .op = RECORD_LOST, .key = "a", .key_size = 1 };
	assert_int_equal(pointer_map_apply(map, &c, 4, false), 0);
	assert_true(pointer_map_get(map, "a")->damaged);
}

static void note(const struct pointer *p, void *userdata)
{
	(void)strncat(userdata, p->deleted ? "-" : "+", 2);
	(void)strncat(userdata, p->key, 255);
}

static void delta_carries_puts_and_deletions_over(void **state)
{
	CLEANUP(pointer_map_freep) struct pointer_map *map = pointer_map_new();
	CLEANUP(pointer_map_freep) struct pointer_map *delta = pointer_map_new();
	struct log_position at = { 3, 2, 1000, 12, "d" };
	char text[64] = "";

	(void)state;
	apply(map, "gone", "v", 1, false);
	apply(map, "kept", "v", 2, false);
	apply(delta, "gone", NULL, 10, true);
	apply(delta, "new", "v", 11, true);
	apply(delta, "never", NULL, 12, true);
	pointer_map_set_position(delta, &at);
	assert_int_equal(pointer_map_merge(map, delta, note, text), 0);
	assert_string_equal(text, "-gone-never+new");
	assert_null(pointer_map_get(map, "gone"));
	assert_null(pointer_map_get(map, "never"));
	assert_non_null(pointer_map_get(map, "kept"));
	assert_non_null(pointer_map_get(map, "new"));
	assert_int_equal(pointer_map_count(map), 2);
	assert_true(pointer_map_position(map)->sequence == 12);
	assert_int_equal(pointer_map_count(delta), 0);
}

/* Who missed the deletion of a key hears of it all the same, and of nothing that is as it was. */
static void what_replaces_the_map_is_told_by_its_differences(void **state)
{
	CLEANUP(pointer_map_freep) struct pointer_map *map = pointer_map_new();
	CLEANUP(pointer_map_freep) struct pointer_map *whole = pointer_map_new();
	struct log_position at = { 3, 2, 1000, 12, "d" };
	struct frozen_map *frozen;
	char text[64] = "";

	(void)state;
	apply(map, "a-gone", "v", 1, false);
	apply(map, "b-same", "v", 2, false);
	apply(map, "c-new", "v", 3, false);
	apply(map, "d-other", "v", 4, false);
	apply(map, "e-deleted", "v", 5, false);
	apply(map, "~z-gone", "v", 6, false);
	pointer_map_set_position(map, &(struct log_position){ 1, 1, 600, 6, "" });
	frozen = pointer_map_freeze(map);
	apply(whole, "b-same", "v", 2, true);
	apply(whole, "c-new", "v", 11, true);
	apply(whole, "d-other", "w", 4, true);
	apply(whole, "e-deleted", NULL, 12, true);
	apply(whole, "f-added", "v", 8, true);
	apply(whole, "g-never", NULL, 9, true);
	pointer_map_set_position(whole, &at);
	assert_int_equal(pointer_map_replace(map, whole, note, text), 0);
	assert_string_equal(text, "-a-gone+c-new+d-other-e-deleted+f-added-~z-gone");
	assert_int_equal(pointer_map_count(map), 4);
	assert_int_equal(pointer_map_bytes(map), 6 + 5 + 7 + 7 + 4);
	assert_true(pointer_map_get(map, "c-new")->revision == 11);
	assert_null(pointer_map_get(map, "e-deleted"));
	assert_null(pointer_map_get(map, "~z-gone"));
	assert_memory_equal(pointer_map_position(map), &at, sizeof(at));
	assert_int_equal(pointer_map_count(whole), 0);
	assert_string_equal(frozen->entry[0]->key, "a-gone"); /* as it was */
	frozen_map_free(frozen);
	apply(map, "more", "v", 13, false); /* and it goes on */
	assert_int_equal(pointer_map_count(map), 5);
}

static void keys_are_checked(void **state)
{
	char long_key[257];

	(void)state;
	memset(long_key, 'a', sizeof(long_key));
	assert_true(pointer_key_valid(long_key, 255));
	assert_false(pointer_key_valid(long_key, 256));
	assert_false(pointer_key_valid("", 0));
	assert_true(pointer_key_valid("Jobs/a-z_0.9", 12));
	assert_false(pointer_key_valid("~a", 2));
	assert_false(pointer_key_valid("a b", 3));
	assert_false(pointer_key_valid("a\0b", 3));
	assert_false(pointer_key_valid("\xc3\xa4", 2));
	assert_true(pointer_key_reserved("~term/1"));
	assert_false(pointer_key_reserved("term"));
}

enum { KEYS = 3000 };

/* What a map should hold, and the walk that compares. */
struct expected {
	bool there[KEYS];
	unsigned next;
};

static int is_next(const struct pointer *p, void *userdata)
{
	struct expected *e = userdata;
	char key[32];

	while (e->next < KEYS && !e->there[e->next])
		e->next++;
	(void)snprintf(key, sizeof(key), "jobs/%09u", e->next++);
	assert_string_equal(p->key, key);
	return 0;
}

static void holds_in_order(const struct pointer_map *map, struct expected *e)
{
	size_t n = 0;

	for (unsigned i = 0; i < KEYS; i++) {
		char key[32];

		n += e->there[i];
		(void)snprintf(key, sizeof(key), "jobs/%09u", i);
		assert_int_equal(pointer_map_get(map, key) != NULL, e->there[i]);
	}
	assert_int_equal(pointer_map_count(map), n);
	e->next = 0;
	assert_int_equal(pointer_map_list(map, "", is_next, e), 0);
}

static unsigned draw(uint32_t *state)
{
	*state = *state * 1664525U + 1013904223U;
	return *state >> 8;
}

/* More are put than removed, then less, down to nothing: chunks are split, joined and given back.
 */
static void thousands_come_and_go_in_any_order(void **state)
{
	CLEANUP(pointer_map_freep) struct pointer_map *map = pointer_map_new();
	struct expected e = { .next = 0 };
	uint32_t random = 1;

	(void)state;
	for (unsigned round = 0; round < 30; round++) {
		for (unsigned i = 0; i < 1000; i++) {
			unsigned number = draw(&random) % KEYS;
			bool put = round < 28 && draw(&random) % 30 > round;
			char key[32];

			(void)snprintf(key, sizeof(key), "jobs/%09u", number);
			apply(map, key, put ? key : NULL, round * 1000 + i + 1, false);
			e.there[number] = put;
		}
		holds_in_order(map, &e);
	}
	for (unsigned i = 0; i < KEYS; i++) {
		char key[32];

		(void)snprintf(key, sizeof(key), "jobs/%09u", i);
		pointer_free(pointer_map_take(map, key));
		e.there[i] = false;
	}
	holds_in_order(map, &e);
	assert_int_equal(pointer_map_bytes(map), 0);
	apply(map, "jobs/000001", "v", 1, false);
	assert_non_null(pointer_map_get(map, "jobs/000001"));
}

static void put_reserved(struct pointer_map *map, unsigned number)
{
	struct pointer *p;
	char key[32];

	(void)snprintf(key, sizeof(key), "jobs/%09u", number);
	p = pointer_new(key, strlen(key), "v", 1);
	assert_non_null(p);
	pointer_map_put_adopt(map, p);
}

/* Keys in order fill what holds them; then each of those is split by one put, and the last twice.
 */
static void reserved_room_is_enough_for_the_worst_keys(void **state)
{
	(void)state;
	for (unsigned n = 1; n <= 600; n += 37) {
		CLEANUP(pointer_map_freep) struct pointer_map *map = pointer_map_new();
		unsigned full = 128 * 20;

		for (unsigned i = 0; i < full; i++) { /* one by one: nothing is left over */
			assert_int_equal(pointer_map_reserve(map, 1), 0);
			put_reserved(map, 1000 * i);
		}
		assert_int_equal(pointer_map_reserve(map, n), 0);
		put_reserved(map, 1000 * full);
		for (unsigned i = 1; i < n; i++)
			put_reserved(map, 1000 * ((i * 128 + 5) % full) + i);
		assert_int_equal(pointer_map_count(map), full + n);
	}
}

static void a_whole_map_is_taken_over_without_its_deletions(void **state)
{
	CLEANUP(pointer_map_freep) struct pointer_map *map = pointer_map_new();
	CLEANUP(pointer_map_freep) struct pointer_map *whole = pointer_map_new();
	struct expected e = { .next = 0 };

	(void)state;
	for (unsigned i = 0; i < KEYS; i++) {
		char key[32];

		(void)snprintf(key, sizeof(key), "jobs/%09u", i);
		e.there[i] = i % 300 == 0 || i > 2500;
		apply(whole, key, e.there[i] ? key : NULL, i + 1, true);
	}
	assert_int_equal(pointer_map_replace(map, whole, NULL, NULL), 0);
	holds_in_order(map, &e);
	assert_int_equal(pointer_map_count(whole), 0);
	for (unsigned i = 0; i < 300; i++) {
		char key[32];

		(void)snprintf(key, sizeof(key), "jobs/%09u", i);
		apply(map, key, key, KEYS + i + 1, false);
		e.there[i] = true;
	}
	holds_in_order(map, &e);
}

/* ---- frozen maps */

static void put(struct pointer_map *map, const char *key, const char *value)
{
	struct log_position at = *pointer_map_position(map);

	at.sequence++;
	apply(map, key, value, at.sequence, false);
	pointer_map_set_position(map, &at);
}

/* "key=value key=? " as a frozen shows it; ? = damaged. */
static const char *show(const struct frozen_map *frozen)
{
	static char text[256];
	size_t at = 0;

	text[0] = '\0';
	for (size_t i = 0; i < frozen->n; i++) {
		const struct pointer *p = frozen->entry[i];

		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s=%.*s ", p->key,
		                       p->damaged ? 1 : (int)p->value_size,
		                       p->damaged ? "?" : (const char *)pointer_value(p));
	}
	return text;
}

/* B9: one position, whatever is committed meanwhile. */
static void frozen_map_stays_as_it_was(void **state)
{
	struct record_change lost = { .op = RECORD_LOST, .key = "d", .key_size = 1 };
	CLEANUP(pointer_map_freep) struct pointer_map *map = pointer_map_new();
	struct frozen_map *frozen;

	(void)state;
	put(map, "a", "1");
	put(map, "b", "1");
	put(map, "c", "1");
	put(map, "~own", "1");
	assert_int_equal(pointer_map_apply(map, &lost, 5, false), 0);
	pointer_map_set_position(map, &(struct log_position){ 1, 1, 500, 5, "" });
	frozen = pointer_map_freeze(map);
	assert_non_null(frozen);
	assert_null(pointer_map_freeze(map));
	put(map, "a", "2"); /* replaced, twice */
	put(map, "a", "3");
	put(map, "b", NULL); /* removed, and there again */
	put(map, "b", "2");
	put(map, "e", "new"); /* comes and goes */
	put(map, "e", NULL);
	assert_string_equal(show(frozen), "a=1 b=1 c=1 d=? ~own=1 ");
	assert_true(frozen->position.sequence == 5 && frozen->position.offset == 500);
	frozen_map_free(frozen);
	assert_int_equal(pointer_map_count(map), 4);
	assert_true(pointer_map_get(map, "b")->revision == 9);
	frozen = pointer_map_freeze(map); /* a second one, of now */
	assert_string_equal(show(frozen), "a=3 b=2 c=1 d=? ~own=1 ");
	frozen_map_free(frozen);
}

/* Who took it away and the frozen may let go of it in either order. */
static void what_was_taken_lives_as_long_as_either_owner(void **state)
{
	CLEANUP(pointer_map_freep) struct pointer_map *map = pointer_map_new();
	struct pointer *first, *second;
	struct frozen_map *frozen;

	(void)state;
	put(map, "a", "1");
	put(map, "b", "1");
	frozen = pointer_map_freeze(map);
	first = pointer_map_take(map, "a");
	second = pointer_map_take(map, "b");
	pointer_free(first);
	assert_string_equal(show(frozen), "a=1 b=1 ");
	frozen_map_free(frozen);
	assert_memory_equal(pointer_value(second), "1", 1);
	pointer_free(second);
}

static void frozen_map_outlives_a_cleared_and_a_freed_map(void **state)
{
	CLEANUP(pointer_map_freep) struct pointer_map *delta = pointer_map_new();
	struct pointer_map *map = pointer_map_new();
	struct frozen_map *frozen;

	(void)state;
	put(map, "a", "1");
	put(map, "b", "1");
	frozen = pointer_map_freeze(map);
	put(map, "b", "2");
	pointer_map_clear(map);
	apply(delta, "a", "0", 1, true); /* read anew: as old as what the frozen shows */
	apply(delta, "b", NULL, 2, true);
	assert_int_equal(pointer_map_merge(map, delta, NULL, NULL), 0);
	put(map, "a", NULL);
	assert_string_equal(show(frozen), "a=1 b=1 ");
	frozen_map_free(frozen);
	put(map, "c", "3");
	frozen = pointer_map_freeze(map);
	pointer_map_free(map);
	assert_string_equal(show(frozen), "c=3 ");
	frozen_map_free(frozen);
}

static void frozen_map_of_nothing_is_empty(void **state)
{
	CLEANUP(pointer_map_freep) struct pointer_map *map = pointer_map_new();
	struct frozen_map *frozen = pointer_map_freeze(map);

	(void)state;
	assert_non_null(frozen);
	put(map, "a", "1");
	assert_string_equal(show(frozen), "");
	frozen_map_free(frozen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holds_the_last_value_and_its_revision),
		cmocka_unit_test(lists_by_prefix_in_order_without_reserved_keys),
		cmocka_unit_test(a_list_goes_on_after_a_key),
		cmocka_unit_test(damaged_value_replaces_the_older_one),
		cmocka_unit_test(delta_carries_puts_and_deletions_over),
		cmocka_unit_test(what_replaces_the_map_is_told_by_its_differences),
		cmocka_unit_test(keys_are_checked),
		cmocka_unit_test(thousands_come_and_go_in_any_order),
		cmocka_unit_test(reserved_room_is_enough_for_the_worst_keys),
		cmocka_unit_test(a_whole_map_is_taken_over_without_its_deletions),
		cmocka_unit_test(frozen_map_stays_as_it_was),
		cmocka_unit_test(what_was_taken_lives_as_long_as_either_owner),
		cmocka_unit_test(frozen_map_outlives_a_cleared_and_a_freed_map),
		cmocka_unit_test(frozen_map_of_nothing_is_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
