/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A backup that somebody hands in (repair/backup.h), which may be anything.
 *
 * The first byte says whether the rest is read as it is, or as the lines before the last one, which
 * is made: a right sum no fuzzer guesses.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "election/znode_json.h"
#include "repair/backup.h"
#include "storage/record.h"
#include "tests/fuzz/fuzz.h"

enum { MOST = 8192 };

static int read_bytes(const char *bytes, size_t size, struct backup *ret,
                      char text[BACKUP_TEXT_SIZE])
{
	FILE *f = fmemopen((void *)(uintptr_t)bytes, size, "r");
	int r;

	HOLDS(f);
	r = backup_read(f, ret, text);
	(void)fclose(f);
	return r;
}

/* ---- an end that fits */

/* Of all lines but the first: how many are pointers, how many counters, by their first letters. */
static void count_lines(const char *bytes, size_t size, size_t *ret_pointers, size_t *ret_counters)
{
	const char *line = bytes, *end = bytes + size;

	*ret_pointers = *ret_counters = 0;
	for (bool first = true; line < end; first = false) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));

		stop = stop ? stop : end;
		if (!first && memmem(line, (size_t)(stop - line), "\"counter\"", 9))
			(*ret_counters)++;
		else if (!first)
			(*ret_pointers)++;
		line = stop + 1;
	}
}

static size_t add_end(char bytes[2 * MOST], size_t size)
{
	char hex[2 * RECORD_SUM_SIZE + 1];
	uint8_t sum[RECORD_SUM_SIZE];
	struct record_sum s;
	size_t pointers, counters;
	int n;

	count_lines(bytes, size, &pointers, &counters);
	HOLDS(record_sum_begin(&s) == 0 && record_sum_add(&s, bytes, size) == 0);
	HOLDS(record_sum_end(&s, sum) == 0);
	record_sum_done(&s);
	text_hex(sum, sizeof(sum), hex);
	n = snprintf(bytes + size, 2 * MOST - size,
	             "{\"end\":true,\"pointers\":%zu,\"counters\":%zu,\"sha256\":\"%s\"}\n",
	             pointers, counters, hex);
	HOLDS(n > 0);
	return size + (size_t)n;
}

/* ---- what holds of anything that is taken */

static int check_pointer(const struct pointer *p, void *userdata)
{
	size_t *n = userdata;

	HOLDS(pointer_key_valid(p->key, strlen(p->key)));
	HOLDS(p->value_size <= RECORD_VALUE_MAX);
	(*n)++;
	return 0;
}

static int check_counter(const struct pointer *p, void *userdata)
{
	size_t *n = userdata;

	HOLDS(pointer_key_valid(p->key + strlen(BACKUP_COUNTER_PREFIX),
	                        strlen(p->key) - strlen(BACKUP_COUNTER_PREFIX)));
	HOLDS(!p->damaged && p->value_size >= 1 && pointer_value(p)[0] != '-');
	(*n)++;
	return 0;
}

static void check(const struct backup *b)
{
	size_t n_pointers = 0, n_counters = 0;

	HOLDS(znode_json_valid_name(b->cluster));
	HOLDS(b->cluster_id[0] == '\0' || strlen(b->cluster_id) == BACKUP_ID_SIZE - 1);
	HOLDS(pointer_map_list(b->map, "", check_pointer, &n_pointers) == 0);
	HOLDS(pointer_map_list(b->map, BACKUP_COUNTER_PREFIX, check_counter, &n_counters) == 0);
	HOLDS(n_pointers == b->n_pointers && n_counters == b->n_counters);
}

static int same(const struct pointer *p, void *userdata)
{
	const struct pointer *other = pointer_map_get(userdata, p->key);

	HOLDS(other && other->damaged == p->damaged && other->revision == p->revision);
	HOLDS(p->damaged || (other->value_size == p->value_size &&
	                     memcmp(pointer_value(other), pointer_value(p), p->value_size) == 0));
	return 0;
}

/* What is written from it says the same. */
static void check_again(struct backup *b)
{
	CLEANUP(backup_done) struct backup again = { .map = NULL };
	CLEANUP(freep) char *text = NULL;
	char said[BACKUP_TEXT_SIZE];
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	HOLDS(f && backup_write(f, b) == 0 && fclose(f) == 0);
	HOLDS(read_bytes(text, size, &again, said) == 0);
	HOLDS(strcmp(again.cluster, b->cluster) == 0 && again.sequence == b->sequence);
	HOLDS(again.n_pointers == b->n_pointers && again.n_counters == b->n_counters);
	HOLDS(again.n_damaged == b->n_damaged);
	HOLDS(pointer_map_list(b->map, "", same, again.map) == 0);
	HOLDS(pointer_map_list(b->map, BACKUP_COUNTER_PREFIX, same, again.map) == 0);
}

static void run(const uint8_t *data, size_t size)
{
	CLEANUP(backup_done) struct backup b = { .map = NULL };
	char bytes[2 * MOST], text[BACKUP_TEXT_SIZE] = "";
	bool made;
	int r;

	if (size < 2 || size > MOST)
		return;
	made = data[0] % 2 == 1;
	memcpy(bytes, data + 1, --size);
	if (made)
		size = add_end(bytes, size);
	r = read_bytes(bytes, size, &b, text);
	HOLDS(r == 0 || r == -EBADMSG);
	if (r < 0) {
		HOLDS(strncmp(text, "line ", 5) == 0);
		return;
	}
	check(&b);
	check_again(&b);
}
FUZZ_TARGET(backup, run)
