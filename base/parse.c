/* SPDX-License-Identifier: Apache-2.0 */
#include "base/parse.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

int parse_uint64_n(const char *text, size_t size, uint64_t min, uint64_t max, uint64_t *ret)
{
	uint64_t v = 0;
	bool over = false;

	if (size == 0)
		return -EINVAL;
	for (size_t i = 0; i < size; i++) {
		uint64_t d;

		if (text[i] < '0' || text[i] > '9')
			return -EINVAL;
		d = (uint64_t)(text[i] - '0');
		if (v > (UINT64_MAX - d) / 10)
			over = true; /* but junk behind it is still junk */
		else
			v = v * 10 + d;
	}
	if (over || v < min || v > max)
		return -ERANGE;
	*ret = v;
	return 0;
}

int parse_uint64(const char *text, uint64_t min, uint64_t max, uint64_t *ret)
{
	return parse_uint64_n(text, strlen(text), min, max, ret);
}
