/* SPDX-License-Identifier: Apache-2.0 */
#include "readiness/uid_hash.h"

#define C1 0x87c37b91114253d5u
#define C2 0x4cf5ad432745937fu

static uint64_t rotate(uint64_t v, unsigned by)
{
	return v << by | v >> (64 - by);
}

static uint64_t load(const uint8_t *b, size_t size)
{
	uint64_t v = 0;

	for (size_t i = 0; i < size; i++)
		v |= (uint64_t)b[i] << (8 * i);
	return v;
}

static void store(uint8_t *b, uint64_t v)
{
	for (unsigned i = 0; i < 8; i++)
		b[i] = (uint8_t)(v >> (8 * i));
}

static uint64_t mix1(uint64_t k)
{
	return rotate(k * C1, 31) * C2;
}

static uint64_t mix2(uint64_t k)
{
	return rotate(k * C2, 33) * C1;
}

static uint64_t finish(uint64_t k)
{
	k = (k ^ k >> 33) * 0xff51afd7ed558ccdu;
	k = (k ^ k >> 33) * 0xc4ceb9fe1a85ec53u;
	return k ^ k >> 33;
}

void uid_hash(const char *uid, size_t size, uint8_t ret[UID_HASH_SIZE])
{
	const uint8_t *b = (const uint8_t *)uid;
	size_t left = size;
	uint64_t h1 = 0, h2 = 0;

	for (; left >= 16; b += 16, left -= 16) {
		h1 = (rotate(h1 ^ mix1(load(b, 8)), 27) + h2) * 5 + 0x52dce729;
		h2 = (rotate(h2 ^ mix2(load(b + 8, 8)), 31) + h1) * 5 + 0x38495ab5;
	}
	if (left > 8)
		h2 ^= mix2(load(b + 8, left - 8));
	h1 ^= mix1(load(b, left < 8 ? left : 8)); /* nothing left: mix1(0) = 0 */
	h1 ^= size;
	h2 ^= size;
	h1 += h2;
	h2 += h1;
	h1 = finish(h1);
	h2 = finish(h2);
	h1 += h2;
	h2 += h1;
	store(ret, h1);
	store(ret + 8, h2);
}
