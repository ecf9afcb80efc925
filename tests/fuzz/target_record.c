/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes of the shared log (storage/record.h): whoever may write there may write anything.
 *
 * The first byte says what is done with the rest: looked at as it is; with right checksums, which
 * no fuzzer guesses, of the headers or of the values, too; or taken for changes to be encoded.
 */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/crc32c.h"
#include "storage/record.h"
#include "tests/fuzz/fuzz.h"

enum { AS_IT_IS, HEADERS_MENDED, ALL_MENDED, CHANGES, N_WAYS };

static uint32_t get32(const uint8_t *b)
{
	return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static void put32(uint8_t *b, uint32_t v)
{
	for (unsigned i = 0; i < 4; i++)
		b[i] = (uint8_t)(v >> (8 * i));
}

/* ---- right checksums */

static void mend_values(uint8_t *b, size_t header, size_t size)
{
	size_t at = RECORD_HEADER_MIN, value = header;

	for (uint32_t n = get32(b + 32); n > 0 && at + RECORD_CHANGE_FIXED <= header; n--) {
		size_t value_size = get32(b + at + 4);

		if (value_size > size - value)
			return;
		put32(b + at + 8, crc32c(0, b + value, value_size));
		value += value_size;
		at += RECORD_CHANGE_FIXED + (size_t)(b[at + 2] | b[at + 3] << 8);
	}
}

static void mend_record(uint8_t *b, size_t size, bool values)
{
	size_t header;

	if (size < RECORD_HEADER_MIN || memcmp(b, "JREC", 4) != 0)
		return;
	header = get32(b + 8);
	if (header < RECORD_HEADER_MIN || header > size)
		return;
	if (values)
		mend_values(b, header, size);
	put32(b + 4, crc32c(0, b + 8, header - 8));
}

static void mend(uint8_t *b, size_t size, bool values)
{
	if (size >= RECORD_FILE_HEADER_SIZE && memcmp(b, "JMHA", 4) == 0)
		put32(b + 12, crc32c(0, b + 16, RECORD_FILE_HEADER_SIZE - 16));
	for (size_t at = 0; at < size; at += 8)
		mend_record(b + at, size - at, values);
}

/* ---- what holds of anything that is read */

static void check_change(const struct record *r, const struct record_change *c)
{
	const uint8_t *end = r->bytes + r->size;

	HOLDS(c->op >= RECORD_PUT && c->op <= RECORD_LOST);
	HOLDS(c->key_size >= 1 && c->key_size <= RECORD_KEY_MAX);
	HOLDS(!memchr(c->key, 0, c->key_size));
	HOLDS((const uint8_t *)c->key > r->bytes && (const uint8_t *)c->key + c->key_size <= end);
	HOLDS(c->value_size <= RECORD_VALUE_MAX);
	HOLDS(c->op == RECORD_PUT || c->value_size == 0);
	HOLDS(c->value > r->bytes && c->value_size <= (size_t)(end - c->value));
}

/* What the writer would have made of it; the zeros that the reader does not insist on are made. */
static void check_again(const struct record *r, const struct record_change *changes, size_t n)
{
	CLEANUP(freep) uint8_t *written = malloc(r->size), *read = malloc(r->size);
	size_t at = RECORD_HEADER_MIN;

	HOLDS(written && read);
	HOLDS(record_size(changes, n) == r->size);
	record_encode(r->sequence, r->committed, changes, n, written);
	memcpy(read, r->bytes, r->size);
	memset(read + 36, 0, 4);
	for (size_t i = 0; i < n; i++) {
		read[at + 1] = 0;
		at += RECORD_CHANGE_FIXED + (size_t)changes[i].key_size;
	}
	memset(read + at, 0, r->header_size - at);
	memset(read + r->header_size + r->values_size, 0,
	       r->size - r->header_size - r->values_size);
	mend_record(read, r->size, false);
	HOLDS(memcmp(written, read, r->size) == 0);
}

static size_t look_at_record(const uint8_t *bytes, size_t size)
{
	struct record r = { 0 };
	struct record_cursor cursor = { .record = &r };
	CLEANUP(freep) struct record_change *changes = NULL;
	enum record_error e = record_decode(bytes, size, &r);
	bool damaged = false;
	size_t n = 0;

	HOLDS(e == RECORD_OK || e == RECORD_TRUNCATED || e == RECORD_HEADER_DAMAGED);
	HOLDS(record_error_text(e)[0] != '\0');
	if (e != RECORD_OK)
		return 0;
	HOLDS(r.size >= RECORD_HEADER_MIN && r.size % 8 == 0);
	HOLDS(r.size <= RECORD_MAX && r.size <= size);
	HOLDS(r.n_changes <= r.size / RECORD_CHANGE_FIXED);
	changes = calloc(r.n_changes + 1, sizeof(*changes));
	HOLDS(changes);
	while (record_next(&cursor, &changes[n])) {
		check_change(&r, &changes[n]);
		damaged |= changes[n++].damaged;
	}
	HOLDS(n == r.n_changes);
	(void)record_padding_damaged(&r);
	if (!damaged)
		check_again(&r, changes, n);
	return r.size;
}

static void look_at_file_header(const uint8_t *bytes, size_t size)
{
	struct record_file_header h, again;
	uint8_t written[RECORD_FILE_HEADER_SIZE];
	enum record_error e = record_file_header_decode(bytes, size, NULL, &h);

	HOLDS(e < RECORD_N_ERRORS_ && e != RECORD_OTHER_CLUSTER);
	HOLDS(record_error_text(e)[0] != '\0');
	if (e != RECORD_OK)
		return;
	record_file_header_encode(&h, written);
	HOLDS(memcmp(written, bytes, 12) == 0);
	HOLDS(memcmp(written + 16, bytes + 16, RECORD_FILE_HEADER_SIZE - 16 - 8) == 0);
	HOLDS(record_file_header_decode(written, sizeof(written), h.cluster_id, &again) ==
	      RECORD_OK);
	written[16] ^= 1;
	HOLDS(record_file_header_decode(written, sizeof(written), NULL, &again) ==
	      RECORD_HEADER_DAMAGED);
	h.cluster_id[0] ^= 1;
	HOLDS(record_file_header_decode(bytes, size, h.cluster_id, &again) == RECORD_OTHER_CLUSTER);
}

/* The first place at all, compared with a look at every one. */
static void look_for_next(const uint8_t *bytes, size_t from, size_t size, uint64_t after,
                          uint64_t last)
{
	size_t at = record_resync(bytes, from, size, after, last), i = (from + 7) & ~(size_t)7;
	struct record r;

	HOLDS(at <= size);
	for (; i < size; i += 8)
		if (record_decode(bytes + i, size - i, &r) == RECORD_OK && r.sequence > after &&
		    r.sequence <= last)
			break;
	HOLDS(at == (i < size ? i : size));
}

static void look(const uint8_t *bytes, size_t size)
{
	size_t at = 0, n = 0;

	look_at_file_header(bytes, size);
	if (size > RECORD_FILE_HEADER_SIZE && memcmp(bytes, "JMHA", 4) == 0)
		at = RECORD_FILE_HEADER_SIZE;
	do {
		n = look_at_record(bytes + at, size - at);
		at += n;
	} while (n > 0);
	look_for_next(bytes, at + 1, size, 0, UINT64_MAX);
	look_for_next(bytes, size / 2, size, 4, 9);
}

/* ---- any changes can be read as they were written */

static size_t take_changes(const uint8_t *data, size_t size, struct record_change *ret, size_t most)
{
	size_t n = 0;

	/* operation and sizes, then key and value */
	while (n < most && size >= 4) {
		struct record_change *c = &ret[n];

		c->op = (enum record_op)(RECORD_PUT + data[0] % 3);
		c->key_size = data[1];
		c->value_size = c->op == RECORD_PUT ? (uint32_t)(data[2] << 8 | data[3]) : 0;
		data += 4;
		size -= 4;
		if (c->key_size == 0 || c->key_size + c->value_size > size ||
		    memchr(data, 0, c->key_size))
			return n;
		c->key = (const char *)data;
		c->value = data + c->key_size;
		data += c->key_size + c->value_size;
		size -= c->key_size + c->value_size;
		n++;
	}
	return n;
}

static void write_changes(const uint8_t *data, size_t size)
{
	struct record_change changes[64];
	size_t n = take_changes(data, size, changes, N_ELEMENTS(changes));
	size_t need = record_size(changes, n);
	CLEANUP(freep) uint8_t *bytes = malloc(need + 1);
	struct record r;

	HOLDS(bytes && need >= RECORD_HEADER_MIN && need <= RECORD_MAX);
	record_encode(7, 6, changes, n, bytes);
	HOLDS(look_at_record(bytes, need) == need);
	HOLDS(record_decode(bytes, need - 1, &r) == RECORD_TRUNCATED);
	HOLDS(record_decode(bytes, need, &r) == RECORD_OK && r.n_changes == n);
	HOLDS(r.sequence == 7 && r.committed == 6 && !record_padding_damaged(&r));
}

static void run(const uint8_t *data, size_t size)
{
	unsigned way = size > 0 ? data[0] % N_WAYS : AS_IT_IS;
	CLEANUP(freep) uint8_t *bytes = NULL;

	if (size == 0)
		return;
	if (way == CHANGES) {
		write_changes(data + 1, size - 1);
		return;
	}
	bytes = malloc(size);
	HOLDS(bytes);
	memcpy(bytes, data + 1, size - 1);
	if (way != AS_IT_IS)
		mend(bytes, size - 1, way == ALL_MENDED);
	look(bytes, size - 1);
}
FUZZ_TARGET(record, run)
