/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/savepoint_show.h"

#include <jansson.h>

#include "base/cleanup.h"
#include "ctl/field.h"
#include "ctl/json_out.h"
#include "ctl/savepoint_files.h"
#include "ctl/savepoint_json.h"
#include "ctl/savepoint_views.h"
#include "ctl/say.h"

static enum exit_code no_memory(void)
{
	say_line("not enough memory");
	return EXIT_FAILED;
}

/* -1: not enough memory. */
static int add(json_t *json, const char *key, json_t *value)
{
	return json_object_set_new(json, key, value);
}

static int gather(const struct savepoint_input *in, const struct savepoint_names *names, bool all,
                  json_t *json)
{
	const struct savepoint *const one[] = { &in->savepoint };

	if (add(json, "warnings", savepoint_names_warn(names, one, 1)) < 0 ||
	    add(json, "operators", savepoint_json_operators(in, names)) < 0)
		return -1;
	return add(json, "files", savepoint_files_json(in, all));
}

enum exit_code savepoint_show_run(const struct options *o)
{
	CLEANUP(savepoint_names_done) struct savepoint_names names = { .path = NULL };
	CLEANUP(savepoint_input_done) struct savepoint_input in = { .path = NULL };
	json_auto_t *json = NULL;
	enum exit_code code = savepoint_input_take(o->args[0], &in);

	if (code == EXIT_DONE)
		code = savepoint_names_load(o->uids, &names);
	if (code != EXIT_DONE)
		return code;
	json = savepoint_json_head(&in);
	if (!json || gather(&in, &names, o->files, json) < 0)
		return no_memory();
	json_out(o->json, json, savepoint_view_show);
	return savepoint_files_whole(field(json, "files")) ? EXIT_DONE : EXIT_FAILED;
}
