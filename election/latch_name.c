/* SPDX-License-Identifier: Apache-2.0 */
#include "election/latch_name.h"

#include <string.h>

static bool hex_digits(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!((s[i] >= '0' && s[i] <= '9') || (s[i] >= 'a' && s[i] <= 'f')))
			return false;
	return true;
}

static bool decimal_digits(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] < '0' || s[i] > '9')
			return false;
	return true;
}

bool nonce_parse(const char *text, struct nonce *ret)
{
	if (strnlen(text, NONCE_LEN + 1) != NONCE_LEN || !hex_digits(text, NONCE_LEN))
		return false;
	memcpy(ret->s, text, NONCE_LEN + 1);
	return true;
}

bool latch_name_parse(const char *name, struct latch_name *ret)
{
	if (strnlen(name, LATCH_NAME_LEN + 1) != LATCH_NAME_LEN || memcmp(name, "n-", 2) != 0 ||
	    !hex_digits(name + 2, NONCE_LEN) || name[2 + NONCE_LEN] != '-' ||
	    !decimal_digits(name + 2 + NONCE_LEN + 1, 10))
		return false;
	memcpy(ret->s, name, LATCH_NAME_LEN + 1);
	return true;
}

struct nonce latch_name_nonce(const struct latch_name *name)
{
	struct nonce nonce = { "" };

	if (latch_name_set(name))
		memcpy(nonce.s, name->s + 2, NONCE_LEN);
	return nonce;
}

bool latch_name_has_nonce(const struct latch_name *name, const struct nonce *nonce)
{
	return latch_name_set(name) && memcmp(name->s + 2, nonce->s, NONCE_LEN) == 0;
}

bool latch_name_equal(const struct latch_name *a, const struct latch_name *b)
{
	return strcmp(a->s, b->s) == 0;
}

int latch_name_compare(const void *a, const void *b)
{
	const struct latch_name *x = a, *y = b;

	/* Ten digits, padded: the order of the text is the order of the numbers. */
	return memcmp(x->s + 2 + NONCE_LEN + 1, y->s + 2 + NONCE_LEN + 1, 10);
}

struct latch_rank latch_name_rank(const struct latch_name *sorted, size_t n,
                                  const struct latch_name *own)
{
	struct latch_rank rank = { .index = -1 };

	for (size_t i = 0; latch_name_set(own) && i < n; i++) {
		if (!latch_name_equal(&sorted[i], own))
			continue;
		rank.index = (int)i;
		if (i > 0)
			rank.predecessor = sorted[i - 1];
		break;
	}
	return rank;
}
