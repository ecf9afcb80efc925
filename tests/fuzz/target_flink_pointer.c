/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of Flink's own znodes (migrate/flink_pointer.h), each read as everything it may be. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "migrate/flink_pointer.h"
#include "tests/fuzz/fuzz.h"

enum { AT_BYTES = 291, AT_LENGTH = 428, AT_TARGET = 430 };

static bool inside(const uint8_t *data, size_t size, const char *part, size_t part_size)
{
	const uint8_t *p = (const uint8_t *)part;

	return p >= data && p <= data + size && part_size <= (size_t)(data + size - p);
}

static void check_error(int r, const struct flink_error *e, size_t size)
{
	HOLDS(r == -EBADMSG);
	HOLDS(e->what && e->what[0] != '\0' && e->offset <= size);
}

/* Both variable parts as they stand; nothing before, between and behind them is another one. */
static void check_pointer(const uint8_t *data, size_t size)
{
	struct flink_pointer p = { 0 }, other;
	struct flink_error e = { 0 };
	CLEANUP(freep) uint8_t *copy = NULL;
	uint64_t bytes = 0;
	int r = flink_pointer_parse(data, size, &p, &e);

	if (r < 0) {
		check_error(r, &e, size);
		return;
	}
	HOLDS(size == AT_TARGET + p.target_size + 1 && p.target_size > 0);
	HOLDS(p.target == (const char *)data + AT_TARGET);
	HOLDS(!memchr(p.target, 0, p.target_size));
	for (unsigned i = 0; i < 8; i++)
		bytes = bytes << 8 | data[AT_BYTES + i];
	HOLDS(p.bytes == bytes && p.bytes <= INT64_MAX);
	copy = malloc(size);
	HOLDS(copy);
	memcpy(copy, data, size);
	for (size_t i = 0; i < AT_TARGET; i += 1 + i / 64) {
		if (i >= AT_BYTES && i < AT_BYTES + 8)
			continue;
		copy[i] ^= 0x10;
		r = flink_pointer_parse(copy, size, &other, &e);
		check_error(r, &e, size);
		copy[i] ^= 0x10;
	}
	r = flink_pointer_parse(data, size - 1, &other, &e);
	check_error(r, &e, size - 1);
}

static void check_counter(const uint8_t *data, size_t size)
{
	struct flink_error e = { 0 };
	uint64_t n = 0;
	int r = flink_counter_parse(data, size, &n, &e);

	if (r < 0)
		check_error(r, &e, size);
	else
		HOLDS(size == 4 && n >= 1 && n <= INT32_MAX && (n & 0xff) == data[3]);
}

static void check_address(const uint8_t *data, size_t size)
{
	const char *address = NULL;
	size_t n = 0;
	int r = flink_address_parse(data, size, &address, &n);

	HOLDS(r == 0 || r == -EBADMSG);
	if (r == 0)
		HOLDS(n > 0 && inside(data, size, address, n) && !memchr(address, 0, n));
}

static void check_names(const uint8_t *data, size_t size)
{
	CLEANUP(freep) char *name = malloc(size + 1);
	uint64_t id = 0;
	int r;

	HOLDS(name);
	memcpy(name, data, size);
	name[size] = '\0';
	r = flink_checkpoint_parse(name, &id);
	HOLDS(r == 0 || r == -EINVAL);
	HOLDS(r < 0 || (strlen(name) == FLINK_CHECKPOINT_LENGTH && id >= 1 && id < INT64_MAX));
	r = flink_job_id_check(name);
	HOLDS(r == 0 || r == -EINVAL);
	HOLDS(r < 0 || strspn(name, "0123456789abcdef") == FLINK_JOB_ID_LENGTH);
}

static void run(const uint8_t *data, size_t size)
{
	check_pointer(data, size);
	check_counter(data, size);
	check_address(data, size);
	check_names(data, size);
}
FUZZ_TARGET(flink_pointer, run)
