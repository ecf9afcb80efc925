/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of others as UTF-8: what Java wrote in its own form of it, and what may be none at all. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "readiness/input.h"

/* Bytes of the character that begins there; 0: none does, or no NUL-free UTF-8. */
size_t utf8_character(const char *bytes, size_t size);

/* Bytes that belong to no character become "?". */
void utf8_clean(char *text);

/* A text of input_take_text(), to be freed; NULL: not enough memory.  What UTF-8 or a C string
 * cannot hold, lone surrogates and NUL, becomes U+FFFD, and *ret_exact false. */
char *utf8_of_java(struct input_text text, bool *ret_exact);
