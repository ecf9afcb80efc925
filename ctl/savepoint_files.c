/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/savepoint_files.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "ctl/field.h"
#include "ctl/json_out.h"
#include "ctl/state_file.h"
#include "readiness/utf8.h"

/* One of them, looked at. */
struct look {
	char *name; /* as in the file */
	char *path; /* NULL: elsewhere */
	char scheme[STATE_FILE_SCHEME_SIZE];
	enum state_file_state state;
	int64_t has; /* -1: not known */
	const char *why;
};

static void look_done(struct look *look)
{
	free(look->name);
	free(look->path);
}

/* Where it is.  -1: not enough memory. */
static int place(const struct savepoint_input *in, const struct savepoint_file *file,
                 struct look *look)
{
	bool exact;

	look->name = utf8_of_java(file->name, &exact);
	if (!look->name)
		return -1;
	if (!exact) {
		look->why = "its name cannot be written here";
		return 0;
	}
	if (file->location == METADATA_RELATIVE) {
		if (asprintf(&look->path, "%s/%s", in->directory, look->name) < 0)
			look->path = NULL;
		return look->path ? 0 : -1;
	}
	if (state_file_local(look->name)) {
		look->path = strdup(state_file_local(look->name));
		return look->path ? 0 : -1;
	}
	if (!state_file_scheme(look->name, look->scheme))
		(void)snprintf(look->scheme, sizeof(look->scheme), "no scheme");
	return 0;
}

static int look_at(const struct savepoint_input *in, const struct savepoint_file *file,
                   struct look *ret)
{
	int error = 0, r;

	*ret = (struct look){ .state = STATE_FILE_NOT_LOOKED_AT, .has = -1 };
	r = place(in, file, ret);
	if (r < 0 || !ret->path)
		return r;
	ret->state = state_file_look(ret->path, file->size, &ret->has, &error);
	if (error != 0)
		ret->why = strerror(error);
	return 0;
}

/* ---- JSON */

static int add_one(json_t *o, const char *key)
{
	return json_object_set_new(o, key, json_integer(json_integer_value(field(o, key)) + 1));
}

static int count(json_t *counts, const struct look *look)
{
	static const char *const keys[] = { "there", "missing", "short", "not_looked_at" };

	if (*look->scheme)
		return add_one(json_object_get(counts, "elsewhere"), look->scheme);
	return add_one(counts, keys[look->state]);
}

static json_t *file_json(const struct savepoint_file *file, const struct look *look)
{
	return json_pack("{s:s, s:s, s:o, s:s, s:I, s:o, s:I, s:s?}", "name", look->name,
	                 "location", metadata_location_code(file->location), "path",
	                 json_out_text(look->path), "state", state_file_code(look->state), "bytes",
	                 (json_int_t)file->size, "has",
	                 look->has < 0 ? json_null() : json_integer(look->has), "states",
	                 (json_int_t)file->n_states, "why", look->why);
}

static int add(const struct savepoint_input *in, const struct savepoint_file *file, bool all,
               json_t *files)
{
	CLEANUP(look_done) struct look look;
	bool fine;

	if (look_at(in, file, &look) < 0 || count(files, &look) < 0)
		return -1;
	fine = look.state == STATE_FILE_THERE || *look.scheme;
	if (fine && !all)
		return 0;
	return json_array_append_new(json_object_get(files, "list"), file_json(file, &look));
}

/* No overflow: a sum past 64 bits was refused, but two pieces of a file may be counted once here
 * and the file by its end. */
static int64_t add_up(const struct savepoint *s)
{
	int64_t bytes = 0;

	for (size_t i = 0; i < s->n_files; i++)
		bytes = s->files[i].size > INT64_MAX - bytes ? INT64_MAX : bytes + s->files[i].size;
	return bytes;
}

json_t *savepoint_files_json(const struct savepoint_input *in, bool all)
{
	const struct savepoint *s = &in->savepoint;
	json_t *files = json_pack("{s:I, s:I, s:i, s:i, s:i, s:{}, s:i, s:b, s:[]}", "needed",
	                          (json_int_t)s->n_files, "bytes", (json_int_t)add_up(s), "there",
	                          0, "missing", 0, "short", 0, "elsewhere", "not_looked_at", 0,
	                          "all", (int)all, "list");

	for (size_t i = 0; files && i < s->n_files; i++) {
		if (add(in, &s->files[i], all, files) == 0)
			continue;
		json_decref(files);
		return NULL;
	}
	return files;
}

bool savepoint_files_whole(const json_t *files)
{
	return field_int(files, "missing") == 0 && field_int(files, "short") == 0 &&
	       field_int(files, "not_looked_at") == 0;
}
