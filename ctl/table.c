/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/table.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct row {
	char *cells[TABLE_MAX_COLUMNS]; /* NULL = empty */
};

struct table {
	const char *headings[TABLE_MAX_COLUMNS];
	bool right[TABLE_MAX_COLUMNS];
	size_t n_columns;
	struct row *rows;
	size_t n_rows, space;
};

struct table *table_new(const char *const *headings, size_t n)
{
	struct table *t = calloc(1, sizeof(*t));

	if (!t || n > TABLE_MAX_COLUMNS)
		return table_free(t);
	t->n_columns = n;
	for (size_t i = 0; i < n; i++) {
		t->right[i] = headings[i][0] == '>';
		t->headings[i] = headings[i] + (t->right[i] ? 1 : 0);
	}
	return t;
}

static void free_row(struct row *row)
{
	for (size_t i = 0; i < TABLE_MAX_COLUMNS; i++)
		free(row->cells[i]);
}

struct table *table_free(struct table *t)
{
	if (!t)
		return NULL;
	for (size_t i = 0; i < t->n_rows; i++)
		free_row(&t->rows[i]);
	free(t->rows);
	free(t);
	return NULL;
}

/* By doubling: a table may have a million rows. */
static int make_room(struct table *t)
{
	size_t space = t->space ? 2 * t->space : 16;
	struct row *rows;

	if (t->n_rows < t->space)
		return 0;
	rows = reallocarray(t->rows, space, sizeof(*rows));
	if (!rows)
		return -ENOMEM;
	t->rows = rows;
	t->space = space;
	return 0;
}

int table_add(struct table *t, const char *const *cells)
{
	struct row row = { { NULL } };

	if (make_room(t) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < t->n_columns; i++) {
		if (!cells[i] || !*cells[i])
			continue;
		row.cells[i] = strdup(cells[i]);
		if (!row.cells[i]) {
			free_row(&row);
			return -ENOMEM;
		}
	}
	t->rows[t->n_rows++] = row;
	return 0;
}

size_t table_rows(const struct table *t)
{
	return t->n_rows;
}

static bool is_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
}

void table_print_text(FILE *f, const char *text)
{
	for (; *text; text++)
		(void)fputc(is_control(*text) ? '?' : *text, f);
}

/* Characters, not bytes: a byte that continues one does not count. */
static size_t width(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

/* 0 = left out. */
static void measure(const struct table *t, size_t widths[TABLE_MAX_COLUMNS])
{
	for (size_t c = 0; c < t->n_columns; c++) {
		bool used = t->n_rows == 0;

		widths[c] = width(t->headings[c]);
		for (size_t r = 0; r < t->n_rows; r++) {
			const char *cell = t->rows[r].cells[c];

			if (!cell)
				continue;
			used = true;
			if (width(cell) > widths[c])
				widths[c] = width(cell);
		}
		if (!used)
			widths[c] = 0;
	}
}

static void print_many(FILE *f, char c, size_t n)
{
	for (; n > 0; n--)
		(void)fputc(c, f);
}

static void print_line(const struct table *t, FILE *f, const size_t *widths)
{
	for (size_t c = 0; c < t->n_columns; c++) {
		if (widths[c] == 0)
			continue;
		(void)fputc('+', f);
		print_many(f, '-', widths[c] + 2);
	}
	(void)fputs("+\n", f);
}

static void print_row(const struct table *t, FILE *f, const size_t *widths,
                      const char *const *cells)
{
	for (size_t c = 0; c < t->n_columns; c++) {
		const char *cell = cells[c] ? cells[c] : "";
		size_t blanks;

		if (widths[c] == 0)
			continue;
		blanks = widths[c] - width(cell);
		(void)fputs("| ", f);
		print_many(f, ' ', t->right[c] ? blanks : 0);
		table_print_text(f, cell);
		print_many(f, ' ', t->right[c] ? 1 : blanks + 1);
	}
	(void)fputs("|\n", f);
}

void table_print(const struct table *t, FILE *f)
{
	size_t widths[TABLE_MAX_COLUMNS];

	measure(t, widths);
	print_line(t, f, widths);
	print_row(t, f, widths, t->headings);
	print_line(t, f, widths);
	for (size_t r = 0; r < t->n_rows; r++)
		print_row(t, f, widths, (const char *const *)t->rows[r].cells);
	if (t->n_rows > 0)
		print_line(t, f, widths);
}
