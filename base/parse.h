/* SPDX-License-Identifier: Apache-2.0 */
/* The one number parser: decimal digits and nothing else, within a stated range. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* -EINVAL: not a plain decimal number (sign, space, empty, junk behind it); -ERANGE: it is, but
 * outside min..max.  Leading zeros are allowed. */
int parse_uint64(const char *text, uint64_t min, uint64_t max, uint64_t *ret);

/* The same for the first `size` bytes of text that has no NUL. */
int parse_uint64_n(const char *text, size_t size, uint64_t min, uint64_t max, uint64_t *ret);
