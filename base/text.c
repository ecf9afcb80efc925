/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void text_hex(const void *bytes, size_t size, char *ret_text)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *b = bytes;

	for (size_t i = 0; i < size; i++) {
		*ret_text++ = digits[b[i] >> 4];
		*ret_text++ = digits[b[i] & 15];
	}
	*ret_text = '\0';
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

int text_unhex(const char *text, void *ret_bytes, size_t size)
{
	uint8_t *b = ret_bytes;

	if (strlen(text) != 2 * size)
		return -EINVAL;
	for (size_t i = 0; i < 2 * size; i++)
		if (digit(text[i]) < 0)
			return -EINVAL;
	for (size_t i = 0; i < size; i++)
		b[i] = (uint8_t)(digit(text[2 * i]) << 4 | digit(text[2 * i + 1]));
	return 0;
}

int text_format(char *ret_text, size_t size, const char *format, ...)
{
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(ret_text, size, format, ap);
	va_end(ap);
	return n < 0 || (size_t)n >= size ? -ENOBUFS : n;
}

void text_one_line(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = '?';
}

void text_bytes(uint64_t n, char ret[TEXT_BYTES_SIZE])
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	size_t unit = 0;
	double v = (double)n / 1024;

	if (n < 1024) {
		(void)snprintf(ret, TEXT_BYTES_SIZE, "%u bytes", (unsigned)n);
		return;
	}
	for (; v >= 1023.5 && unit + 1 < sizeof(units) / sizeof(units[0]); unit++)
		v /= 1024;
	(void)snprintf(ret, TEXT_BYTES_SIZE, v < 9.95 ? "%.1f %s" : "%.0f %s", v, units[unit]);
}
