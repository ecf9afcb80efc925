/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/store_views.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "ctl/field.h"
#include "ctl/table.h"

enum { MOST_SHOWN = 100 }; /* findings */

void store_view_bytes(long long bytes, char *ret, size_t size)
{
	static const char *const unit[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	double n = (double)bytes;
	size_t i = 0;

	for (; n >= 1024.0 && i + 1 < N_ELEMENTS(unit); i++)
		n /= 1024.0;
	(void)snprintf(ret, size, i == 0 ? "%.0f %s" : "%.1f %s", n, unit[i]);
}

void store_view_time(long long ms, char ret[32])
{
	time_t t = (time_t)(ms / 1000);
	struct tm tm;

	ret[0] = '\0';
	if (ms > 0 && gmtime_r(&t, &tm))
		(void)strftime(ret, 32, "%Y-%m-%d %H:%M:%SZ", &tm);
}

/* ---- show */

static void add_file(struct table *t, const json_t *file)
{
	bool log = strcmp(field_text(file, "kind"), "log") == 0;
	long long first = field_int(file, "first");
	char epoch[24], number[24], bytes[24], changes[48] = "", made[32];

	(void)snprintf(epoch, sizeof(epoch), "%lld", field_int(file, "epoch"));
	(void)snprintf(number, sizeof(number), "%lld",
	               field_int(file, log ? "segment" : "sequence"));
	store_view_bytes(field_int(file, "bytes"), bytes, sizeof(bytes));
	if (first > 0)
		(void)snprintf(changes, sizeof(changes), "%lld to %lld", first,
		               field_int(file, "last"));
	store_view_time(field_int(file, "created_ms"), made);
	const char *const cells[] = {
		field_text(file, "kind"),
		epoch,
		log ? number : "",
		log ? "" : number,
		bytes,
		changes,
		made,
		field_text(file, "state"),
		field_text(file, "text"),
	};
	(void)table_add(t, cells);
}

static void print_files(FILE *f, const json_t *store)
{
	static const char *const headings[] = { "Kind",   ">Epoch", ">Segment",
		                                ">Up to", ">Bytes", "Changes",
		                                "Begun",  "State",  "What is wrong" };
	CLEANUP(table_freep) struct table *t = table_new(headings, N_ELEMENTS(headings));
	const json_t *file;
	size_t i;

	json_array_foreach(field(store, "files"), i, file) if (t) add_file(t, file);
	if (t && json_array_size(field(store, "files")) > 0)
		table_print(t, f);
}

/* What is there, in two or three lines. */
static void print_sum(FILE *f, const json_t *store)
{
	const json_t *at = field(store, "position"), *reg = field(store, "register");
	bool by_register = json_is_object(reg) && field_true(reg, "readable") &&
	                   !field_true(reg, "rolled_back");
	char bytes[24], pointers[24];

	store_view_bytes(field_int(store, "bytes"), bytes, sizeof(bytes));
	(void)fprintf(f, "%zu files, %s\n", json_array_size(field(store, "files")), bytes);
	if (!json_is_object(at)) {
		(void)fprintf(f, "The pointers cannot be read: see `jmhactl store verify`\n");
		return;
	}
	(void)fprintf(f, "%s at sequence %lld: epoch %lld, segment %lld, byte %lld%s\n",
	              by_register ? "Committed" : "Ends", field_int(at, "sequence"),
	              field_int(at, "epoch"), field_int(at, "segment"), field_int(at, "offset"),
	              by_register ? "" : ", by the files alone");
	store_view_bytes(field_int(store, "pointer_bytes"), pointers, sizeof(pointers));
	(void)fprintf(f, "%lld pointers and %lld keys of jmha's own, %s",
	              field_int(store, "pointers"), field_int(store, "own_keys"), pointers);
	if (field_int(store, "damaged_keys") > 0)
		(void)fprintf(f, "; %lld of them damaged", field_int(store, "damaged_keys"));
	(void)fputc('\n', f);
	if (field_int(store, "behind") > 0)
		(void)fprintf(f, "%lld changes behind the end that were never acknowledged\n",
		              field_int(store, "behind"));
}

static void print_title(FILE *f, const json_t *store)
{
	(void)fputs("Store ", f);
	table_print_text(f, field_text(store, "path"));
	(void)fputs(", cluster id ", f);
	table_print_text(f, field_text(store, "cluster_id")[0] ? field_text(store, "cluster_id")
	                                                       : "unknown");
	(void)fputc('\n', f);
}

void store_view_show(FILE *f, const json_t *store)
{
	print_title(f, store);
	print_files(f, store);
	print_sum(f, store);
}

/* ---- verify */

static void print_finding(FILE *f, const json_t *finding)
{
	(void)fputs(field_text(finding, "severity"), f);
	(void)fputc(' ', f);
	table_print_text(f, field_text(finding, "object"));
	if (json_is_integer(field(finding, "offset")))
		(void)fprintf(f, ", byte %lld", field_int(finding, "offset"));
	(void)fputs(": ", f);
	table_print_text(f, field_text(finding, "text"));
	(void)fputc('\n', f);
}

void store_view_verify(FILE *f, const json_t *store)
{
	const json_t *findings = field(store, "findings"), *targets = field(store, "targets");
	const json_t *finding;
	size_t i, errors = 0;

	print_title(f, store);
	json_array_foreach(findings, i, finding)
	{
		if (i < MOST_SHOWN)
			print_finding(f, finding);
		errors += strcmp(field_text(finding, "severity"), "error") == 0;
	}
	if (i > MOST_SHOWN)
		(void)fprintf(f, "and %zu more: --json shows all\n", i - MOST_SHOWN);
	print_sum(f, store);
	if (field_int(targets, "named") > 0)
		(void)fprintf(f, "%lld pointers name a target, %lld files were looked at\n",
		              field_int(targets, "named"), field_int(targets, "looked_at"));
	if (!json_is_object(field(store, "register")) && !field_true(store, "zookeeper"))
		(void)fprintf(f, "ZooKeeper was not asked: whether this is all, only its register "
		                 "tells\n");
	if (errors == 0)
		(void)fprintf(f, "No error found\n");
	else
		(void)fprintf(f, "%zu error%s\n", errors, errors == 1 ? "" : "s");
}

/* ---- recover */

/* "change 7", "changes 7 to 9" */
static const char *changes(const json_t *range, char ret[64])
{
	long long first = field_int(range, "first"), last = field_int(range, "last");

	if (first == last)
		(void)snprintf(ret, 64, "change %lld", first);
	else
		(void)snprintf(ret, 64, "changes %lld to %lld", first, last);
	return ret;
}

static void print_changes(FILE *f, const json_t *plan)
{
	const json_t *missing = field(plan, "missing"), *unsure = field(plan, "unsure");
	char text[64];

	if (json_is_object(missing))
		(void)fprintf(f, "Missing: acknowledged %s, not in the store\n",
		              changes(missing, text));
	if (field_true(plan, "missing_unknown"))
		(void)fprintf(f, "Missing: how many acknowledged changes %s, nobody can tell\n",
		              json_is_object(missing) ? "more" : "are lost");
	if (json_is_object(unsure))
		(void)fprintf(f, "Kept: %s, perhaps never acknowledged\n", changes(unsure, text));
}

static void print_register(FILE *f, const json_t *plan)
{
	const json_t *at = field(plan, "position");

	if (!json_is_object(at))
		return;
	(void)fprintf(f,
	              "To be written: a register of epoch %lld, committed to sequence %lld (epoch "
	              "%lld, segment %lld,\nbyte %lld), without an owner\n",
	              field_int(plan, "epoch"), field_int(at, "sequence"), field_int(at, "epoch"),
	              field_int(at, "segment"), field_int(at, "offset"));
}

static void print_members(FILE *f, const json_t *store)
{
	const json_t *members = field(store, "members"), *m;
	size_t i;

	(void)fputs("Members that are connected:", f);
	json_array_foreach(members, i, m)
	{
		(void)fputc(' ', f);
		table_print_text(f, field_text(m, "member"));
	}
	(void)fputs(json_array_size(members) > 0 ? "\n" : " none\n", f);
}

void store_view_plan(FILE *f, const json_t *store, const json_t *plan)
{
	print_title(f, store);
	print_files(f, store);
	print_sum(f, store);
	print_members(f, store);
	(void)fputs("Found: ", f);
	table_print_text(f, field_text(plan, "why"));
	(void)fputc('\n', f);
	print_changes(f, plan);
	if (*field_text(plan, "todo")) {
		(void)fputs("What to do: ", f);
		table_print_text(f, field_text(plan, "todo"));
		(void)fputc('\n', f);
	}
	if (*field_text(plan, "doubt")) {
		(void)fputs("Not known: ", f);
		table_print_text(f, field_text(plan, "doubt"));
		(void)fputc('\n', f);
	}
	print_register(f, plan);
}
