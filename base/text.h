/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes as lower-case hex digits and back, snprintf that tells when it did not fit, and texts of
 * others in messages of ours. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Writes 2 * size digits and a NUL. */
void text_hex(const void *bytes, size_t size, char *ret_text);

/* Exactly 2 * size lower-case digits and then the end of the string; else -EINVAL, nothing written.
 */
int text_unhex(const char *text, void *ret_bytes, size_t size);

/* Returns the length, or -ENOBUFS when `size` bytes do not hold it (then cut, but terminated). */
int text_format(char *ret_text, size_t size, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/* Control characters become "?": what somebody wrote into a value must not end a line of ours. */
void text_one_line(char *text);

enum { TEXT_BYTES_SIZE = 16 };

/* "17 bytes", "1.5 KiB", "20 GiB" */
void text_bytes(uint64_t n, char ret[TEXT_BYTES_SIZE]);
