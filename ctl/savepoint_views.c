/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/savepoint_views.h"

#include <stdint.h>
#include <string.h>

#include "base/cleanup.h"
#include "ctl/field.h"
#include "ctl/store_views.h"
#include "ctl/table.h"

enum { MOST_OPERATORS = 500, MOST_FILES = 20, BYTES = 24 };

static const char *plural(long long n)
{
	return n == 1 ? "" : "s";
}

/* ---- head */

void savepoint_view_title(FILE *f, const json_t *savepoint)
{
	static const struct {
		const char *code, *text;
	} kinds[] = { { "checkpoint", "Checkpoint" },
		      { "savepoint-canonical", "Canonical savepoint" },
		      { "savepoint-native", "Native savepoint" },
		      { "savepoint", "Savepoint" } };
	const char *kind = field_text(savepoint, "kind");
	const char *text = "Checkpoint or savepoint"; /* versions 2 and 3 do not tell */
	char bytes[BYTES];

	for (size_t i = 0; i < N_ELEMENTS(kinds); i++)
		if (strcmp(kind, kinds[i].code) == 0)
			text = kinds[i].text;
	store_view_bytes(field_int(savepoint, "file_bytes"), bytes, sizeof(bytes));
	(void)fprintf(f, "%s %lld (format version %lld, %s): ", text,
	              field_int(savepoint, "checkpoint_id"), field_int(savepoint, "version"),
	              bytes);
	table_print_text(f, field_text(savepoint, "path"));
}

/* ---- operators */

/* "" for nothing. */
static void put_bytes(long long bytes, char ret[BYTES])
{
	ret[0] = '\0';
	if (bytes > 0)
		store_view_bytes(bytes, ret, BYTES);
}

static void put_finished(const json_t *op, char ret[48])
{
	long long n = field_int(op, "finished_subtasks");

	ret[0] = '\0';
	if (field_true(op, "finished"))
		(void)snprintf(ret, 48, "all");
	else if (n > 0)
		(void)snprintf(ret, 48, "%lld of %lld", n, field_int(op, "parallelism"));
}

static void put_backend(const json_t *o, char ret[64])
{
	bool keyed = strcmp(field_text(o, "backend"), "none") != 0;

	(void)snprintf(ret, 64, "%s%s", keyed ? field_text(o, "backend_text") : "",
	               field_true(o, "changelog") &&
	                               strcmp(field_text(o, "backend"), "changelog") != 0
	                       ? ", with a changelog"
	                       : "");
}

static void add_operator(struct table *t, const json_t *op)
{
	const json_t *state = field(op, "state");
	char parallelism[16], maximum[16], finished[48], backend[64];
	char operator[BYTES], keyed[BYTES], channels[BYTES], coordinator[BYTES], all[BYTES];

	(void)snprintf(parallelism, sizeof(parallelism), "%lld", field_int(op, "parallelism"));
	(void)snprintf(maximum, sizeof(maximum), "%lld", field_int(op, "max_parallelism"));
	put_bytes(field_int(state, "operator") + field_int(state, "operator_raw"), operator);
	put_bytes(field_int(state, "keyed") + field_int(state, "keyed_raw"), keyed);
	put_bytes(field_int(state, "input_channels") + field_int(state, "output_channels"),
	          channels);
	put_bytes(field_int(state, "coordinator"), coordinator);
	store_view_bytes(field_int(op, "state_bytes"), all, sizeof(all));
	put_finished(op, finished);
	put_backend(op, backend);
	const char *const cells[] = {
		field_text(op, "id"),
		field_text(op, "uid"),
		field_text(op, "name"),
		parallelism,
		maximum,
		operator,
		keyed,
		channels,
		coordinator,
		field_true(op, "has_state") ? all : "none",
		backend,
		finished,
	};
	(void)table_add(t, cells);
}

static void print_operators(FILE *f, const json_t *operators)
{
	static const char *const headings[] = { "Operator",     "Uid",       "Name",
		                                ">Parallelism", ">Maximum",  ">Operator state",
		                                ">Keyed state", ">Channels", ">Coordinator",
		                                ">All state",   "Backend",   "Finished" };
	CLEANUP(table_freep) struct table *t = table_new(headings, N_ELEMENTS(headings));
	const size_t n = json_array_size(operators);
	const json_t *op;
	size_t i;

	if (!t || n == 0)
		return;
	json_array_foreach(operators, i, op) if (i < MOST_OPERATORS) add_operator(t, op);
	table_print(t, f);
	if (n > MOST_OPERATORS)
		(void)fprintf(f, "and %zu more: --json shows all\n", n - MOST_OPERATORS);
}

static void print_sum(FILE *f, const json_t *savepoint)
{
	const size_t n = json_array_size(field(savepoint, "operators"));
	const long long masters = field_int(savepoint, "master_states");
	char all[BYTES], inlined[BYTES], backend[64];

	store_view_bytes(field_int(savepoint, "state_bytes"), all, sizeof(all));
	store_view_bytes(field_int(savepoint, "inline_bytes"), inlined, sizeof(inlined));
	put_backend(savepoint, backend);
	(void)fprintf(f, "%zu operator%s, %s of state, %s of it in the file itself\n", n,
	              plural((long long)n), all, inlined);
	(void)fprintf(f, "State backend: %s\n", *backend ? backend : "no keyed state");
	if (masters > 0)
		(void)fprintf(f, "%lld state%s of master hooks\n", masters, plural(masters));
}

/* ---- files */

static void add_file(struct table *t, const json_t *file)
{
	const char *path = field_text(file, "path");
	char needs[BYTES], has[BYTES] = "";

	store_view_bytes(field_int(file, "bytes"), needs, sizeof(needs));
	if (json_is_integer(field(file, "has")))
		store_view_bytes(field_int(file, "has"), has, sizeof(has));
	const char *const cells[] = { *path ? path : field_text(file, "name"),
		                      field_text(file, "state"), needs, has,
		                      field_text(file, "why") };
	(void)table_add(t, cells);
}

/* most: of the list. */
static void print_list(FILE *f, const json_t *list, size_t most)
{
	static const char *const headings[] = { "File", "State", ">Needs", ">Has", "Why" };
	CLEANUP(table_freep) struct table *t = table_new(headings, N_ELEMENTS(headings));
	const size_t n = json_array_size(list);
	const json_t *file;
	size_t i;

	if (!t || n == 0)
		return;
	json_array_foreach(list, i, file) if (i < most) add_file(t, file);
	table_print(t, f);
	if (n > most)
		(void)fprintf(f, "and %zu more: --files or --json shows all\n", n - most);
}

/* ", 3 missing" */
static void print_count(FILE *f, long long n, const char *what)
{
	if (n > 0)
		(void)fprintf(f, ", %lld %s", n, what);
}

/* ", 80 not looked at (s3)" */
static void print_elsewhere(FILE *f, json_t *elsewhere)
{
	const char *scheme;
	json_t *n;

	json_object_foreach(elsewhere, scheme, n)
	{
		(void)fprintf(f, ", %lld not looked at (", (long long)json_integer_value(n));
		table_print_text(f, scheme);
		(void)fputc(')', f);
	}
}

static void print_files(FILE *f, const json_t *savepoint)
{
	const json_t *files = field(savepoint, "files");
	const long long needed = field_int(files, "needed");
	char bytes[BYTES];

	if (needed == 0) {
		(void)fputs("Needs no other file\n", f);
		return;
	}
	store_view_bytes(field_int(files, "bytes"), bytes, sizeof(bytes));
	(void)fprintf(f, "Needs %lld other file%s, %s: %lld there", needed, plural(needed), bytes,
	              field_int(files, "there"));
	print_count(f, field_int(files, "missing"), "missing");
	print_count(f, field_int(files, "short"), "shorter than needed");
	print_count(f, field_int(files, "not_looked_at"), "that could not be looked at");
	print_elsewhere(f, json_object_get(files, "elsewhere"));
	(void)fputc('\n', f);
	print_list(f, field(files, "list"), field_true(files, "all") ? SIZE_MAX : MOST_FILES);
}

void savepoint_view_show(FILE *f, const json_t *savepoint)
{
	savepoint_view_title(f, savepoint);
	(void)fputc('\n', f);
	print_operators(f, field(savepoint, "operators"));
	print_sum(f, savepoint);
	print_files(f, savepoint);
}
