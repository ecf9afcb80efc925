/* SPDX-License-Identifier: Apache-2.0 */
#include "readiness/utf8.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { REPLACEMENT = 0xfffd };

static bool continues(const char *bytes, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		if (((unsigned char)bytes[i] & 0xc0) != 0x80)
			return false;
	return true;
}

size_t utf8_character(const char *bytes, size_t size)
{
	const unsigned char a = size > 0 ? (unsigned char)bytes[0] : 0;
	const unsigned char b = size > 1 ? (unsigned char)bytes[1] : 0;
	size_t n = 0;

	if (a > 0 && a < 0x80)
		return 1;
	if (a >= 0xc2 && a <= 0xdf)
		n = 2;
	else if (a >= 0xe0 && a <= 0xef)
		n = 3;
	else if (a >= 0xf0 && a <= 0xf4)
		n = 4;
	if (n == 0 || n > size || !continues(bytes, 1, n))
		return 0;
	/* Longer than needed, a surrogate, or past the last character. */
	if ((a == 0xe0 && b < 0xa0) || (a == 0xed && b > 0x9f) || (a == 0xf0 && b < 0x90) ||
	    (a == 0xf4 && b > 0x8f))
		return 0;
	return n;
}

void utf8_clean(char *text)
{
	size_t left = strlen(text);

	while (left > 0) {
		size_t n = utf8_character(text, left);

		if (n == 0) {
			*text = '?';
			n = 1;
		}
		text += n;
		left -= n;
	}
}

/* ---- Java's: each half of a pair by itself, in three bytes; NUL perhaps in two */

static uint32_t take_unit(const struct input_text *text, size_t *at)
{
	const uint8_t *b = (const uint8_t *)text->bytes + *at;
	size_t left = text->size - *at;

	if (b[0] >= 0xe0 && left >= 3) {
		*at += 3;
		return (b[0] & 0xfu) << 12 | (b[1] & 0x3fu) << 6 | (b[2] & 0x3fu);
	}
	if (b[0] >= 0xc0 && left >= 2) {
		*at += 2;
		return (b[0] & 0x1fu) << 6 | (b[1] & 0x3fu);
	}
	*at += 1;
	return b[0];
}

static uint32_t take_character(const struct input_text *text, size_t *at, bool *exact)
{
	uint32_t high = take_unit(text, at), low;
	size_t behind = *at;

	if (high >= 0xd800 && high <= 0xdbff && behind < text->size) {
		low = take_unit(text, &behind);
		if (low >= 0xdc00 && low <= 0xdfff) {
			*at = behind;
			return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
		}
	}
	if (high != 0 && (high < 0xd800 || high > 0xdfff))
		return high;
	*exact = false;
	return REPLACEMENT;
}

static char *put(char *to, uint32_t c)
{
	if (c < 0x80) {
		*to++ = (char)c;
		return to;
	}
	if (c < 0x800) {
		*to++ = (char)(0xc0 | c >> 6);
	} else {
		if (c < 0x10000) {
			*to++ = (char)(0xe0 | c >> 12);
		} else {
			*to++ = (char)(0xf0 | c >> 18);
			*to++ = (char)(0x80 | (c >> 12 & 0x3f));
		}
		*to++ = (char)(0x80 | (c >> 6 & 0x3f));
	}
	*to++ = (char)(0x80 | (c & 0x3f));
	return to;
}

/* How many bytes mean the same in both. */
static size_t count_plain(const struct input_text *text)
{
	size_t n = 0;

	while (n < text->size && (unsigned char)text->bytes[n] - 1u < 0x7f)
		n++;
	return n;
}

char *utf8_of_java(struct input_text text, bool *ret_exact)
{
	char *ret = malloc(3 * text.size + 1), *to = ret; /* a NUL becomes three bytes */
	const size_t plain = count_plain(&text);
	bool exact = true;

	if (!ret)
		return NULL;
	if (plain > 0) /* mostly all of it */
		memcpy(to, text.bytes, plain);
	to += plain;
	for (size_t at = plain; at < text.size;)
		to = put(to, take_character(&text, &at, &exact));
	*to = '\0';
	*ret_exact = exact;
	return ret;
}
