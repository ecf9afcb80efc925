/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/store_look.h"

#include <string.h>

#include "base/cleanup.h"
#include "ctl/field.h"
#include "ctl/json_out.h"
#include "ctl/say.h"
#include "ctl/store_place.h"
#include "ctl/store_views.h"
#include "ctl/target_file.h"
#include "repair/store_json.h"
#include "repair/store_targets.h"

/* Without ZooKeeper the files are still worth a look: says so, and goes on. */
static enum exit_code look(const struct options *o, struct store_place *place,
                           struct store_facts *ret)
{
	CLEANUP(zk_calls_closep) struct zk_calls *z = NULL;
	enum exit_code code = store_place_find(o, place);

	if (code != EXIT_DONE)
		return code;
	if (place->config && !o->offline)
		code = store_place_open_zookeeper(o, place, &z);
	if (code == EXIT_UNREACHABLE)
		say_line("going on with the files alone: what is committed is not known then");
	else if (code != EXIT_DONE)
		return code;
	return store_place_look(place, z, false, ret);
}

static enum exit_code no_memory(void)
{
	say_line("not enough memory");
	return EXIT_FAILED;
}

enum exit_code store_show_run(const struct options *o)
{
	CLEANUP(store_place_done) struct store_place place = { .path = NULL };
	CLEANUP(store_facts_done) struct store_facts facts = { .looked = false };
	json_auto_t *json = NULL;
	enum exit_code code = look(o, &place, &facts);

	if (code != EXIT_DONE)
		return code;
	if (facts.files.report.state != STORE_OK) {
		say_line("%s", facts.files.report.text);
		return EXIT_FAILED;
	}
	json = store_json_show(&facts, place.cluster, place.path);
	if (!json)
		return no_memory();
	json_out(o->json, json, store_view_show);
	return EXIT_DONE;
}

/* ---- verify */

struct targets {
	json_t *findings;
	json_int_t looked_at, bad;
	bool ok;
};

static void on_target(void *userdata, const struct store_target *target)
{
	struct targets *t = userdata;
	uint64_t has = 0;

	switch (target_look(target->uri, target->bytes, &has)) {
	case TARGET_NOT_LOOKED_AT:
		return;
	case TARGET_THERE:
		break;
	case TARGET_ABSENT:
		t->bad++;
		t->ok = t->ok && store_json_add(t->findings, "error", target->key,
		                                "points to %s, which is not there", target->uri);
		break;
	case TARGET_OTHER_SIZE:
		t->bad++;
		t->ok = t->ok &&
		        store_json_add(t->findings, "error", target->key,
		                       "points to %s, which has %llu bytes and should have %llu",
		                       target->uri, (unsigned long long)has,
		                       (unsigned long long)target->bytes);
		break;
	}
	t->looked_at++;
}

/* Adds what is wrong to the JSON of `show`; -1: not enough memory. */
static int add_findings(const struct store_facts *facts, json_t *json)
{
	const struct log_position *at = NULL;
	const struct pointer_map *map = store_facts_pointers(facts, &at);
	struct targets t = { .findings = store_json_findings(facts), .ok = true };
	size_t named = 0;

	if (!t.findings)
		return -1;
	if (map)
		named = store_targets_each(map, on_target, &t);
	if (!t.ok || json_object_set_new(json, "targets",
	                                 json_pack("{s:I, s:I, s:I}", "named", (json_int_t)named,
	                                           "looked_at", t.looked_at, "bad", t.bad)) < 0) {
		json_decref(t.findings);
		return -1;
	}
	return json_object_set_new(json, "findings", t.findings);
}

static size_t count_errors(const json_t *json)
{
	const json_t *finding;
	size_t i, n = 0;

	json_array_foreach(field(json, "findings"), i, finding) n +=
	        strcmp(field_text(finding, "severity"), "error") == 0;
	return n;
}

enum exit_code store_verify_run(const struct options *o)
{
	CLEANUP(store_place_done) struct store_place place = { .path = NULL };
	CLEANUP(store_facts_done) struct store_facts facts = { .looked = false };
	json_auto_t *json = NULL;
	enum exit_code code = look(o, &place, &facts);

	if (code != EXIT_DONE)
		return code;
	json = store_json_show(&facts, place.cluster, place.path);
	if (!json || add_findings(&facts, json) < 0)
		return no_memory();
	json_out(o->json, json, store_view_verify);
	return count_errors(json) > 0 ? EXIT_FAILED : EXIT_DONE;
}
