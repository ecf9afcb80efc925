/* SPDX-License-Identifier: Apache-2.0 */
#include "repair/store_json.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

static json_t *number(uint64_t n)
{
	return json_integer((json_int_t)n);
}

static json_t *text_or_null(const char *text)
{
	return text[0] ? json_string(text) : json_null();
}

static json_t *position_json(const struct log_position *at)
{
	char digest[2 * LOG_DIGEST_SIZE + 1];

	text_hex(at->digest, LOG_DIGEST_SIZE, digest);
	return json_pack("{s:o, s:o, s:o, s:o, s:s}", "epoch", number(at->epoch), "segment",
	                 number(at->segment), "offset", number(at->offset), "sequence",
	                 number(at->sequence), "digest", digest);
}

static json_t *snapshot_json(const struct log_snapshot *s)
{
	if (s->epoch == 0)
		return json_null();
	return json_pack("{s:o, s:o}", "epoch", number(s->epoch), "sequence",
	                 number(s->at.sequence));
}

/* ---- show */

static json_t *register_json(const struct store_facts *f)
{
	const struct register_node *reg = &f->look.reg;

	if (!f->looked || !cluster_look_has_register(&f->look))
		return json_null();
	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:b, s:b}", "cluster_id", reg->cluster_id,
	                 "epoch", number(reg->epoch.v), "owner", text_or_null(reg->owner.member),
	                 "position", position_json(&reg->log), "snapshot",
	                 snapshot_json(&reg->snapshot), "previous", snapshot_json(&reg->previous),
	                 "readable", store_facts_readable(f), "rolled_back",
	                 store_facts_rolled_back(f));
}

static json_t *members_json(const struct store_facts *f)
{
	json_t *array = json_array();

	for (unsigned i = 0; array && f->looked && i < f->look.n_members; i++) {
		const struct member_node *m = &f->look.member[i];

		(void)json_array_append_new(array,
		                            json_pack("{s:s, s:s, s:b}", "member", m->member,
		                                      "host", m->host, "eligible", m->eligible));
	}
	return array;
}

static json_t *file_json(const struct inspected_file *f)
{
	bool log = f->kind == RECORD_FILE_LOG, header = f->scan.header_error == RECORD_OK;

	return json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "kind",
	                 log ? "log" : "snapshot", "name", f->name, "state",
	                 inspected_state_code(f->state), "text", text_or_null(f->text), "bytes",
	                 number(f->scan.size), "epoch", number(f->epoch),
	                 log ? "segment" : "sequence", number(f->number), "created_ms",
	                 header && f->named ? number(f->scan.header.created_ms) : json_null(),
	                 "records", number(f->scan.n_records), "first", number(f->scan.first),
	                 "last", number(f->scan.last));
}

static json_t *files_json(const struct inspection *files)
{
	json_t *array = json_array();

	for (size_t i = 0; array && i < files->n_files; i++)
		if (json_array_append_new(array, file_json(&files->file[i])) < 0) {
			json_decref(array);
			return NULL;
		}
	return array;
}

static int count_key(const struct pointer *p, void *userdata)
{
	(void)p;
	(*(uint64_t *)userdata)++;
	return 0;
}

static void set_pointers(json_t *o, const struct pointer_map *map)
{
	uint64_t own = 0;

	(void)pointer_map_list(map, "~", count_key, &own);
	(void)json_object_set_new(o, "pointers", number(pointer_map_count(map)));
	(void)json_object_set_new(o, "own_keys", number(own));
	(void)json_object_set_new(o, "damaged_keys", number(pointer_map_count_damaged(map)));
	(void)json_object_set_new(o, "pointer_bytes", number(pointer_map_bytes(map)));
}

/* Of the file where the log ends: what was appended behind that, and is whole. */
static uint64_t count_behind(const struct store_facts *f, const struct log_position *at)
{
	for (size_t i = 0; i < f->files.n_files; i++) {
		const struct inspected_file *file = &f->files.file[i];

		if (file->kind == RECORD_FILE_LOG && file->named && file->epoch == at->epoch &&
		    file->number == at->segment && file->scan.end.sequence > at->sequence)
			return file->scan.end.sequence - at->sequence;
	}
	return 0;
}

json_t *store_json_show(const struct store_facts *facts, const char *cluster, const char *path)
{
	const struct log_position *at = NULL;
	const struct pointer_map *map = store_facts_pointers(facts, &at);
	const struct cluster_file *c = &facts->files.cluster;
	char id[CLUSTER_ID_LEN + 1] = "";
	json_t *o;

	if (c->found)
		text_hex(c->id, RECORD_CLUSTER_ID_SIZE, id);
	o = json_pack("{s:i, s:s, s:s, s:o, s:b, s:o, s:o, s:o, s:o, s:o, s:o}", "version", 1,
	              "cluster", cluster, "path", path, "cluster_id", text_or_null(id), "zookeeper",
	              facts->looked, "register", register_json(facts), "members",
	              members_json(facts), "files", files_json(&facts->files), "bytes",
	              number(facts->files.bytes), "highest_epoch",
	              number(facts->files.highest_epoch), "position",
	              map ? position_json(at) : json_null());
	if (o && map) {
		set_pointers(o, map);
		(void)json_object_set_new(o, "behind", number(count_behind(facts, at)));
	}
	return o;
}

/* ---- findings */

bool store_json_add(json_t *findings, const char *severity, const char *object, const char *format,
                    ...)
{
	CLEANUP(freep) char *text = NULL;
	va_list ap;
	int n;

	va_start(ap, format);
	n = vasprintf(&text, format, ap);
	va_end(ap);
	if (n < 0) {
		text = NULL;
		return false;
	}
	return json_array_append_new(findings, json_pack("{s:s, s:s, s:s}", "severity", severity,
	                                                 "object", object, "text", text)) == 0;
}

static const char *file_path(const struct inspected_file *f, char ret[128])
{
	(void)text_format(ret, 128, "%s/%s", f->kind == RECORD_FILE_LOG ? "log" : "snapshot",
	                  f->name);
	return ret;
}

static bool add_file(json_t *findings, const struct inspected_file *f)
{
	char path[128];

	switch (f->state) {
	case INSPECTED_OK:
		return true;
	case INSPECTED_UNUSED:
	case INSPECTED_TORN:
		return store_json_add(findings, "note", file_path(f, path), "%s", f->text);
	case INSPECTED_DAMAGED:
	case INSPECTED_FOREIGN:
	case INSPECTED_MISNAMED:
	case INSPECTED_VERSION:
	case INSPECTED_FAILED:
	case INSPECTED_N_STATES_:
		break;
	}
	return store_json_add(findings, "error", file_path(f, path), "%s", f->text);
}

static bool add_damage(json_t *findings, const struct damage *d)
{
	bool log = d->kind == RECORD_FILE_LOG;
	json_t *o;
	char object[128], text[STORE_TEXT_SIZE];

	(void)text_format(object, sizeof(object), "%s/%020llu-%020llu.%s", log ? "log" : "snapshot",
	                  (unsigned long long)d->epoch, (unsigned long long)d->number,
	                  log ? "log" : "snap");
	if (d->key)
		(void)text_format(text, sizeof(text), "the value of %s is damaged", d->key);
	else if (d->records > 0)
		(void)text_format(text, sizeof(text), "%llu changes of unknown keys are lost",
		                  (unsigned long long)d->records);
	else
		(void)text_format(text, sizeof(text), "padding is damaged, nothing is lost");
	o = json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:s}", "severity", "error", "object", object,
	              "offset", number(d->offset), "sequence", number(d->sequence), "key",
	              d->key ? json_string(d->key) : json_null(), "records", number(d->records),
	              "text", text);
	return json_array_append_new(findings, o) == 0;
}

static bool same_place(const struct damage *a, const struct damage *b)
{
	return a->kind == b->kind && a->epoch == b->epoch && a->number == b->number &&
	       a->offset == b->offset && !a->key == !b->key &&
	       (!a->key || strcmp(a->key, b->key) == 0);
}

/* Up to the register's end all was committed: what looks torn to a file is damage there. */
static bool add_read_damage(json_t *findings, const struct store_facts *f)
{
	const struct report *files = &f->files.report, *read = &f->read.report;

	for (size_t i = 0; f->has_read && i < read->n_damage; i++) {
		bool known = false;

		for (size_t k = 0; k < files->n_damage && !known; k++)
			known = same_place(&read->damage[i], &files->damage[k]);
		if (!known && !add_damage(findings, &read->damage[i]))
			return false;
	}
	return true;
}

static bool add_register(json_t *findings, const struct store_facts *f)
{
	const struct cluster_look *look = &f->look;

	if (!f->looked || (look->register_error == -ENOENT && f->files.highest_epoch == 0))
		return true;
	if (look->register_error == -ENOENT)
		return store_json_add(findings, "error", "register",
		                      "ZooKeeper has none, and there is a log: see `jmhactl store "
		                      "recover`");
	if (!cluster_look_has_register(look))
		return store_json_add(findings, "error", "register", "%s",
		                      look->register_text.text);
	if (!f->has_read)
		return store_json_add(findings, "error", "register",
		                      "it belongs to another cluster: %s", look->reg.cluster_id);
	if (store_facts_rolled_back(f))
		return store_json_add(findings, "error", "register",
		                      "it is older than the store: see `jmhactl store recover`");
	if (f->read.passed_over[0] &&
	    !store_json_add(findings, "error", "snapshot", "%s", f->read.passed_over))
		return false;
	if (f->read.report.state != STORE_OK)
		return store_json_add(findings, "error", "register",
		                      "the store does not have what it says: %s",
		                      f->read.report.text);
	return true;
}

static bool add_end(json_t *findings, const struct store_facts *f)
{
	const struct inspected_end *end = &f->end;

	if (!f->has_end || f->files.highest_epoch == 0)
		return true;
	if (!end->found)
		return store_json_add(findings, "error", "log", "%s", end->read.report.text);
	if (end->passed_over &&
	    !store_json_add(findings, "error", "log", "not used: %s", end->passed_over_why))
		return false;
	if (end->known_committed > end->at.sequence)
		return store_json_add(findings, "error", "log",
		                      "ends at sequence %llu, but %llu was committed: the changes "
		                      "between are missing",
		                      (unsigned long long)end->at.sequence,
		                      (unsigned long long)end->known_committed);
	return true;
}

json_t *store_json_findings(const struct store_facts *facts)
{
	const struct inspection *files = &facts->files;
	json_t *findings = json_array();
	bool ok = findings != NULL;

	if (ok && files->report.state != STORE_OK)
		ok = store_json_add(findings, "error", "directory", "%s", files->report.text);
	else if (ok && files->cluster.state != STORE_OK)
		ok = store_json_add(findings, "error", "CLUSTER", "%s", files->cluster.text);
	else if (ok && !files->cluster.found)
		ok = store_json_add(findings, "error", "CLUSTER",
		                    "is not there: is the right directory mounted?");
	for (size_t i = 0; i < files->n_files && ok; i++)
		ok = add_file(findings, &files->file[i]);
	for (size_t i = 0; i < files->report.n_damage && ok; i++)
		ok = add_damage(findings, &files->report.damage[i]);
	ok = ok && add_read_damage(findings, facts) && add_register(findings, facts) &&
	     add_end(findings, facts);
	if (ok)
		return findings;
	json_decref(findings);
	return NULL;
}

/* ---- plan */

static json_t *range_json(uint64_t first, uint64_t last)
{
	if (last == 0)
		return json_null();
	return json_pack("{s:o, s:o}", "first", number(first), "last", number(last));
}

json_t *store_json_plan(const struct recover_plan *plan)
{
	bool writes = plan->verdict == RECOVER_READY || plan->verdict == RECOVER_LOSS;
	json_t *o = json_pack("{s:s, s:s, s:o, s:o, s:o, s:b, s:o}", "verdict",
	                      recover_verdict_code(plan->verdict), "why", plan->why, "todo",
	                      text_or_null(plan->todo), "doubt", text_or_null(plan->doubt),
	                      "missing", range_json(plan->missing_first, plan->missing_last),
	                      "missing_unknown", plan->missing_unknown, "unsure",
	                      range_json(plan->unsure_first, plan->unsure_last));

	if (!o || !writes)
		return o;
	(void)json_object_set_new(o, "epoch", number(plan->reg.epoch.v));
	(void)json_object_set_new(o, "position", position_json(&plan->reg.log));
	(void)json_object_set_new(o, "snapshot", snapshot_json(&plan->reg.snapshot));
	return o;
}
