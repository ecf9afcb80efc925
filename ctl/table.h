/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Boxed tables for people.  Pure but for the FILE it prints to: no JSON, no terminal, no width of a
 * screen.  What comes from elsewhere is made harmless: control characters become "?".
 *
 * Owner: the caller.  Threads: none.  Texts are copied.
 */
#pragma once

#include <stddef.h>
#include <stdio.h>

enum { TABLE_MAX_COLUMNS = 12 };

struct table;

/* Headings are borrowed until table_free(); one that begins with '>' stands to the right, without
 * the sign, for numbers.  NULL when memory ran out. */
struct table *table_new(const char *const *headings, size_t n);
struct table *table_free(struct table *t); /* takes NULL; returns NULL */

static inline void table_freep(struct table **t)
{
	*t = table_free(*t);
}

/* One cell a column; NULL = empty.  -ENOMEM, and no row was added. */
int table_add(struct table *t, const char *const *cells);

size_t table_rows(const struct table *t);

/* A column without any text in its rows is left out. */
void table_print(const struct table *t, FILE *f);

/* Prints `text` with control characters as "?". */
void table_print_text(FILE *f, const char *text);
