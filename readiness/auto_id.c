/* SPDX-License-Identifier: Apache-2.0 */
#include "readiness/auto_id.h"

#include <string.h>

/* Its own part: the number as a little-endian int, once for itself and once for each operator that
 * is chained behind it. */
static void hash_self(uint32_t number, unsigned chained, uint8_t ret[UID_HASH_SIZE])
{
	char bytes[4 * (1 + AUTO_ID_MOST_CHAINED)];

	for (size_t i = 0; i <= chained; i++)
		for (size_t k = 0; k < 4; k++)
			bytes[4 * i + k] = (char)(uint8_t)(number >> (8 * k));
	uid_hash(bytes, 4 * (1 + chained), ret);
}

/* What Flink does with each input; with the result instead of one input it gives that input. */
static void join(const uint8_t hash[UID_HASH_SIZE], const uint8_t other[UID_HASH_SIZE],
                 uint8_t ret[UID_HASH_SIZE])
{
	for (size_t i = 0; i < UID_HASH_SIZE; i++)
		ret[i] = (uint8_t)(hash[i] * 37 ^ other[i]);
}

static bool is_settled(const struct auto_id *ids, size_t n, const uint8_t id[UID_HASH_SIZE])
{
	for (size_t i = 0; i < n; i++)
		if (ids[i].settled && memcmp(ids[i].id, id, UID_HASH_SIZE) == 0)
			return true;
	return false;
}

/* With one input, or two. */
static bool fits(const uint8_t self[UID_HASH_SIZE], const struct auto_id *ids, size_t n,
                 const uint8_t id[UID_HASH_SIZE])
{
	uint8_t wanted[UID_HASH_SIZE], first[UID_HASH_SIZE];

	join(self, id, wanted);
	if (is_settled(ids, n, wanted))
		return true;
	for (size_t i = 0; n <= AUTO_ID_MOST_IN_PAIRS && i < n; i++) {
		if (!ids[i].settled)
			continue;
		join(self, ids[i].id, first);
		join(first, id, wanted);
		if (is_settled(ids, n, wanted))
			return true;
	}
	return false;
}

static bool is_made(const struct auto_id *ids, size_t n, const struct auto_id *one, bool source)
{
	uint8_t self[UID_HASH_SIZE];

	/* Some may not be among those that are known. */
	for (uint32_t number = 0; number < n + 8; number++)
		for (unsigned chained = 0; chained <= AUTO_ID_MOST_CHAINED; chained++) {
			hash_self(number, chained, self);
			if (source ? memcmp(self, one->id, UID_HASH_SIZE) == 0
			           : fits(self, ids, n, one->id))
				return true;
		}
	return false;
}

void auto_id_find(struct auto_id *ids, size_t n)
{
	size_t most = n < AUTO_ID_MOST ? n : AUTO_ID_MOST;
	bool more = true;

	for (size_t i = 0; i < most; i++)
		if (is_made(ids, most, &ids[i], true))
			ids[i].made = ids[i].settled = true;
	while (more) {
		more = false;
		for (size_t i = 0; i < most; i++) {
			if (ids[i].settled || !is_made(ids, most, &ids[i], false))
				continue;
			ids[i].made = ids[i].settled = more = true;
		}
	}
}
