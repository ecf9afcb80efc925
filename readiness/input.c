/* SPDX-License-Identifier: Apache-2.0 */
#include "readiness/input.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

void input_fail(struct input *in, size_t at, const char *format, ...)
{
	va_list ap;

	if (in->result != 0)
		return;
	in->result = -EBADMSG;
	in->error->offset = at;
	va_start(ap, format);
	(void)vsnprintf(in->error->text, sizeof(in->error->text), format, ap);
	va_end(ap);
}

void input_stop(struct input *in, int result)
{
	if (result < 0 && in->result == 0)
		in->result = result;
}

const uint8_t *input_take_bytes(struct input *in, uint64_t n, const char *what)
{
	const uint8_t *b = in->bytes + in->at;

	if (in->result != 0)
		return NULL;
	if (n > in->size - in->at) {
		input_fail(in, in->at,
		           "the file ends within %s: %" PRIu64 " bytes expected, %zu are left",
		           what, n, in->size - in->at);
		return NULL;
	}
	in->at += (size_t)n;
	return b;
}

uint64_t input_take_number(struct input *in, size_t n, const char *what)
{
	const uint8_t *b = input_take_bytes(in, n, what);
	uint64_t v = 0;

	for (size_t i = 0; b && i < n; i++)
		v = v << 8 | b[i];
	return v;
}

uint8_t input_take_byte(struct input *in, const char *what)
{
	return (uint8_t)input_take_number(in, 1, what);
}

int32_t input_take_int(struct input *in, const char *what)
{
	return (int32_t)(uint32_t)input_take_number(in, 4, what);
}

int64_t input_take_long(struct input *in, const char *what)
{
	return (int64_t)input_take_number(in, 8, what);
}

int32_t input_take_count(struct input *in, size_t each, const char *what)
{
	size_t at = in->at;
	int32_t n = input_take_int(in, what);

	if (in->result != 0)
		return 0;
	if (n < 0)
		input_fail(in, at, "number of %s is negative: %d", what, n);
	else if ((uint64_t)n * each > in->size - in->at)
		input_fail(in, at, "%d %s do not fit into the %zu bytes that are left", n, what,
		           in->size - in->at);
	return in->result == 0 ? n : 0;
}

int64_t input_take_size(struct input *in, const char *what)
{
	size_t at = in->at;
	int64_t n = input_take_long(in, what);

	if (n >= 0)
		return n;
	input_fail(in, at, "%s is negative: %" PRId64, what, n);
	return 0;
}

/* Java's DataInput#readUTF; like it accepts NUL and lone surrogates. */
static bool is_utf(const uint8_t *b, size_t size)
{
	for (size_t i = 0; i < size;) {
		size_t n = b[i] < 0x80             ? 1
		           : (b[i] & 0xe0) == 0xc0 ? 2
		           : (b[i] & 0xf0) == 0xe0 ? 3
		                                   : 0;

		if (n == 0 || n > size - i)
			return false;
		for (size_t k = 1; k < n; k++)
			if ((b[i + k] & 0xc0) != 0x80)
				return false;
		i += n;
	}
	return true;
}

struct input_text input_take_text(struct input *in, const char *what)
{
	size_t at = in->at;
	size_t n = (size_t)input_take_number(in, 2, what);
	const uint8_t *b = input_take_bytes(in, n, what);

	if (!b)
		return (struct input_text){ "", 0 };
	if (!is_utf(b, n))
		input_fail(in, at, "%s is no text", what);
	return (struct input_text){ (const char *)b, n };
}
