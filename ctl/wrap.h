/* SPDX-License-Identifier: Apache-2.0 */
/* Text in lines that fit a terminal.  Pure but for the FILE, and for what wrap_width() asks. */
#pragma once

#include <stddef.h>
#include <stdio.h>

/* Columns of the terminal that `f` is, at most 120; 100 when it is none. */
size_t wrap_width(FILE *f);

/* Words of `text` and a newline; the line has `used` columns already, further ones are indented.  A
 * word that is longer than a line stands alone.  Control characters become "?". */
void wrap_print(FILE *f, const char *text, size_t used, size_t indent, size_t width);
