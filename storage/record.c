/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/record.h"

#include <assert.h>
#include <errno.h>
#include <openssl/evp.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/crc32c.h"

#define MAGIC_FAMILY 7 /* bytes of the magic before its version digit */

static const char log_magic[8] = { 'J', 'M', 'H', 'A', 'L', 'O', 'G', '1' };
static const char snapshot_magic[8] = { 'J', 'M', 'H', 'A', 'S', 'N', 'P', '1' };
static const char record_magic[4] = { 'J', 'R', 'E', 'C' };
static const char trailer_magic[4] = { 'J', 'E', 'N', 'D' };

/* Integers in files are little-endian, whatever the host is. */
static void put_le(uint8_t *b, unsigned size, uint64_t v)
{
	for (unsigned i = 0; i < size; i++)
		b[i] = (uint8_t)(v >> (8 * i));
}

static uint64_t get_le(const uint8_t *b, unsigned size)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < size; i++)
		v |= (uint64_t)b[i] << (8 * i);
	return v;
}

static uint32_t get_le32(const uint8_t *b)
{
	return (uint32_t)get_le(b, 4);
}

static size_t pad8(size_t size)
{
	return (size + 7) & ~(size_t)7;
}

static bool all_zero(const uint8_t *b, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (b[i] != 0)
			return false;
	return true;
}

const char *record_error_text(enum record_error error)
{
	switch (error) {
	case RECORD_OK:
		return "valid";
	case RECORD_TRUNCATED:
		return "shorter than it says";
	case RECORD_FOREIGN:
		return "not a file of jmha";
	case RECORD_VERSION:
		return "written by a later version of jmha";
	case RECORD_HEADER_DAMAGED:
		return "its header is damaged";
	case RECORD_OTHER_CLUSTER:
		return "belongs to another cluster";
	case RECORD_N_ERRORS_:
		break;
	}
	return "unknown";
}

void record_file_header_encode(const struct record_file_header *header,
                               uint8_t ret_bytes[RECORD_FILE_HEADER_SIZE])
{
	uint8_t *b = ret_bytes;

	memset(b, 0, RECORD_FILE_HEADER_SIZE);
	memcpy(b, header->kind == RECORD_FILE_LOG ? log_magic : snapshot_magic, 8);
	put_le(b + 8, 4, RECORD_FILE_HEADER_SIZE);
	memcpy(b + 16, header->cluster_id, RECORD_CLUSTER_ID_SIZE);
	put_le(b + 32, 8, header->epoch);
	put_le(b + 40, 8, header->number);
	put_le(b + 48, 8, header->created_ms);
	put_le(b + 56, 8, header->before.epoch);
	put_le(b + 64, 8, header->before.segment);
	put_le(b + 72, 8, header->before.offset);
	put_le(b + 80, 8, header->before.sequence);
	memcpy(b + 88, header->before.digest, LOG_DIGEST_SIZE);
	put_le(b + 12, 4, crc32c(0, b + 16, RECORD_FILE_HEADER_SIZE - 16));
}

/* Of which kind, or why it is none. */
static enum record_error file_kind(const uint8_t *b, enum record_file_kind *ret)
{
	enum record_file_kind kind;

	if (memcmp(b, log_magic, MAGIC_FAMILY) == 0)
		kind = RECORD_FILE_LOG;
	else if (memcmp(b, snapshot_magic, MAGIC_FAMILY) == 0)
		kind = RECORD_FILE_SNAPSHOT;
	else
		return RECORD_FOREIGN;
	if (b[MAGIC_FAMILY] != '1')
		return b[MAGIC_FAMILY] > '1' && b[MAGIC_FAMILY] <= '9' ? RECORD_VERSION
		                                                       : RECORD_FOREIGN;
	*ret = kind;
	return RECORD_OK;
}

enum record_error record_file_header_decode(const uint8_t *bytes, size_t size,
                                            const uint8_t *cluster_id,
                                            struct record_file_header *ret)
{
	struct record_file_header h = { 0 };
	const uint8_t *b = bytes;
	enum record_error e;

	if (size < RECORD_FILE_HEADER_SIZE)
		return RECORD_TRUNCATED;
	e = file_kind(b, &h.kind);
	if (e != RECORD_OK)
		return e;
	if (get_le32(b + 8) != RECORD_FILE_HEADER_SIZE ||
	    get_le32(b + 12) != crc32c(0, b + 16, RECORD_FILE_HEADER_SIZE - 16))
		return RECORD_HEADER_DAMAGED;
	memcpy(h.cluster_id, b + 16, RECORD_CLUSTER_ID_SIZE);
	h.epoch = get_le(b + 32, 8);
	h.number = get_le(b + 40, 8);
	h.created_ms = get_le(b + 48, 8);
	h.before.epoch = get_le(b + 56, 8);
	h.before.segment = get_le(b + 64, 8);
	h.before.offset = get_le(b + 72, 8);
	h.before.sequence = get_le(b + 80, 8);
	memcpy(h.before.digest, b + 88, LOG_DIGEST_SIZE);
	*ret = h;
	if (cluster_id && memcmp(cluster_id, h.cluster_id, RECORD_CLUSTER_ID_SIZE) != 0)
		return RECORD_OTHER_CLUSTER;
	return RECORD_OK;
}

/* Header and values of a record, with padding; false when a limit is broken. */
static bool measure(const struct record_change *changes, size_t n, size_t *ret_header,
                    size_t *ret_values)
{
	size_t header = RECORD_HEADER_MIN, values = 0;

	if (n > RECORD_MAX / RECORD_CHANGE_FIXED)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (changes[i].key_size == 0 || changes[i].key_size > RECORD_KEY_MAX ||
		    changes[i].value_size > RECORD_VALUE_MAX ||
		    (changes[i].op != RECORD_PUT && changes[i].value_size > 0))
			return false;
		header += RECORD_CHANGE_FIXED + changes[i].key_size;
		values += changes[i].value_size;
	}
	*ret_header = pad8(header);
	*ret_values = values;
	return pad8(header) + pad8(values) <= RECORD_MAX;
}

size_t record_size(const struct record_change *changes, size_t n_changes)
{
	size_t header, values;

	return measure(changes, n_changes, &header, &values) ? header + pad8(values) : 0;
}

void record_encode(uint64_t sequence, uint64_t committed, const struct record_change *changes,
                   size_t n_changes, uint8_t *ret_bytes)
{
	size_t header = 0, values = 0, key_at = RECORD_HEADER_MIN, value_at;
	uint8_t *b = ret_bytes;
	bool fits;

	fits = measure(changes, n_changes, &header, &values);
	assert(fits);
	memset(b, 0, header + pad8(values));
	memcpy(b, record_magic, 4);
	put_le(b + 8, 4, header);
	put_le(b + 12, 4, values);
	put_le(b + 16, 8, sequence);
	put_le(b + 24, 8, committed);
	put_le(b + 32, 4, n_changes);
	value_at = header;
	for (size_t i = 0; i < n_changes; i++) {
		const struct record_change *c = &changes[i];

		b[key_at] = (uint8_t)c->op;
		put_le(b + key_at + 2, 2, c->key_size);
		put_le(b + key_at + 4, 4, c->value_size);
		put_le(b + key_at + 8, 4, crc32c(0, c->value, c->value_size));
		memcpy(b + key_at + RECORD_CHANGE_FIXED, c->key, c->key_size);
		if (c->value_size > 0)
			memcpy(b + value_at, c->value, c->value_size);
		key_at += RECORD_CHANGE_FIXED + c->key_size;
		value_at += c->value_size;
	}
	put_le(b + 4, 4, crc32c(0, b + 8, header - 8));
}

/* The checksum holds, so what contradicts itself here was never written by jmha; yet nothing that
 * a file says may lead out of its bytes. */
static bool changes_fit(const struct record *r)
{
	size_t at = RECORD_HEADER_MIN, values = 0;

	for (uint32_t i = 0; i < r->n_changes; i++) {
		const uint8_t *c = r->bytes + at;
		size_t key_size;

		if (r->header_size - at < RECORD_CHANGE_FIXED)
			return false;
		key_size = get_le(c + 2, 2);
		if (c[0] < RECORD_PUT || c[0] > RECORD_LOST || key_size == 0 ||
		    key_size > RECORD_KEY_MAX || get_le32(c + 4) > RECORD_VALUE_MAX ||
		    (c[0] != RECORD_PUT && get_le32(c + 4) > 0) ||
		    r->header_size - at - RECORD_CHANGE_FIXED < key_size ||
		    memchr(c + RECORD_CHANGE_FIXED, 0, key_size))
			return false;
		at += RECORD_CHANGE_FIXED + key_size;
		values += get_le32(c + 4);
	}
	return pad8(at) == r->header_size && values == r->values_size;
}

enum record_error record_decode(const uint8_t *bytes, size_t size, struct record *ret)
{
	struct record r = { .bytes = bytes };

	if (size < RECORD_HEADER_MIN)
		return RECORD_TRUNCATED;
	if (memcmp(bytes, record_magic, 4) != 0)
		return RECORD_HEADER_DAMAGED;
	r.header_size = get_le32(bytes + 8);
	r.values_size = get_le32(bytes + 12);
	if (r.header_size < RECORD_HEADER_MIN || r.header_size % 8 != 0 ||
	    r.header_size > RECORD_MAX || r.values_size > RECORD_MAX ||
	    r.header_size + pad8(r.values_size) > RECORD_MAX)
		return RECORD_HEADER_DAMAGED;
	if (r.header_size > size)
		return RECORD_TRUNCATED;
	if (get_le32(bytes + 4) != crc32c(0, bytes + 8, r.header_size - 8))
		return RECORD_HEADER_DAMAGED;
	r.sequence = get_le(bytes + 16, 8);
	r.committed = get_le(bytes + 24, 8);
	r.n_changes = get_le32(bytes + 32);
	r.size = r.header_size + pad8(r.values_size);
	if (!changes_fit(&r))
		return RECORD_HEADER_DAMAGED;
	if (r.size > size)
		return RECORD_TRUNCATED;
	*ret = r;
	return RECORD_OK;
}

bool record_padding_damaged(const struct record *record)
{
	size_t end = (size_t)record->header_size + record->values_size;

	return !all_zero(record->bytes + end, record->size - end);
}

bool record_next(struct record_cursor *cursor, struct record_change *ret)
{
	const struct record *r = cursor->record;
	const uint8_t *c;

	if (cursor->index == r->n_changes)
		return false;
	if (cursor->index == 0) {
		cursor->key_at = RECORD_HEADER_MIN;
		cursor->value_at = r->header_size;
	}
	c = r->bytes + cursor->key_at;
	*ret = (struct record_change){
		.op = (enum record_op)c[0],
		.key_size = (uint16_t)get_le(c + 2, 2),
		.value_size = get_le32(c + 4),
		.key = (const char *)c + RECORD_CHANGE_FIXED,
		.value = r->bytes + cursor->value_at,
	};
	ret->damaged = crc32c(0, ret->value, ret->value_size) != get_le32(c + 8);
	cursor->index++;
	cursor->key_at += RECORD_CHANGE_FIXED + (size_t)ret->key_size;
	cursor->value_at += ret->value_size;
	return true;
}

size_t record_resync(const uint8_t *bytes, size_t from, size_t size, uint64_t after, uint64_t last)
{
	struct record r;

	for (size_t at = pad8(from); at < size && size - at >= RECORD_HEADER_MIN; at += 8)
		if (memcmp(bytes + at, record_magic, 4) == 0 &&
		    record_decode(bytes + at, size - at, &r) == RECORD_OK && r.sequence > after &&
		    r.sequence <= last)
			return at;
	return size;
}

void record_trailer_encode(uint64_t n_records,
                           uint8_t ret_bytes[RECORD_TRAILER_SIZE - RECORD_SUM_SIZE])
{
	memcpy(ret_bytes, trailer_magic, 4);
	memset(ret_bytes + 4, 0, 4);
	put_le(ret_bytes + 8, 8, n_records);
}

bool record_trailer_decode(const uint8_t bytes[RECORD_TRAILER_SIZE - RECORD_SUM_SIZE],
                           uint64_t *ret_n_records)
{
	if (memcmp(bytes, trailer_magic, 4) != 0 || !all_zero(bytes + 4, 4))
		return false;
	*ret_n_records = get_le(bytes + 8, 8);
	return true;
}

int record_sum_begin(struct record_sum *sum)
{
	sum->context = EVP_MD_CTX_new();
	if (sum->context && EVP_DigestInit_ex(sum->context, EVP_sha256(), NULL) == 1)
		return 0;
	record_sum_done(sum);
	return -ENOMEM;
}

int record_sum_add(struct record_sum *sum, const void *bytes, size_t size)
{
	if (!sum->context || EVP_DigestUpdate(sum->context, bytes, size) != 1)
		return -ENOMEM;
	return 0;
}

int record_sum_end(struct record_sum *sum, uint8_t ret[RECORD_SUM_SIZE])
{
	if (!sum->context || EVP_DigestFinal_ex(sum->context, ret, NULL) != 1)
		return -ENOMEM;
	return 0;
}

void record_sum_done(struct record_sum *sum)
{
	EVP_MD_CTX_free(sum->context);
	sum->context = NULL;
}

int record_digest(uint8_t digest[LOG_DIGEST_SIZE], const void *bytes, size_t size)
{
	CLEANUP(record_sum_done) struct record_sum sum = { 0 };
	int r;

	r = record_sum_begin(&sum);
	if (r == 0)
		r = record_sum_add(&sum, digest, LOG_DIGEST_SIZE);
	if (r == 0)
		r = record_sum_add(&sum, bytes, size);
	if (r == 0)
		r = record_sum_end(&sum, digest);
	return r;
}
