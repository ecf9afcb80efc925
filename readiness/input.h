/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes as Java's DataOutput wrote them, read front to back: big-endian numbers, and "modified
 * UTF-8" behind its length.  They are not trusted: each length is compared with what is left.  The
 * first thing that is wrong is kept with its place; from then on nothing is read, and all is 0.
 *
 * Pure; allocates nothing.  Texts point into the bytes.  `what`: for messages, "size of a file".
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { INPUT_ERROR_SIZE = 240 };

struct input_text { /* checked; not terminated */
	const char *bytes;
	size_t size;
};

struct input_error {
	uint64_t offset;
	char text[INPUT_ERROR_SIZE]; /* what was expected there */
};

struct input {
	const uint8_t *bytes;
	size_t size, at;
	struct input_error *error;
	int result; /* 0: all is well so far; -EBADMSG: see error; or what input_stop() was given */
};

/* Ends the reading: `at` is where the message's thing begins. */
void input_fail(struct input *in, size_t at, const char *format, ...)
        __attribute__((format(printf, 3, 4)));
/* The same with a result of the caller's; 0 and above go on. */
void input_stop(struct input *in, int result);

const uint8_t *input_take_bytes(struct input *in, uint64_t n, const char *what); /* NULL: failed */
uint64_t input_take_number(struct input *in, size_t n, const char *what);        /* of n bytes */
uint8_t input_take_byte(struct input *in, const char *what);
int32_t input_take_int(struct input *in, const char *what);
int64_t input_take_long(struct input *in, const char *what);
int64_t input_take_size(struct input *in, const char *what); /* a long, not negative */
struct input_text input_take_text(struct input *in, const char *what);

/* An int: how many things follow, of which each takes `each` bytes at least.  More than the bytes
 * can hold are found here, and not when they end. */
int32_t input_take_count(struct input *in, size_t each, const char *what);
