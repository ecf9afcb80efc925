/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/savepoint_names.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "ctl/json_out.h"
#include "ctl/say.h"
#include "ctl/whole_file.h"
#include "readiness/utf8.h"

enum { LIST_MOST = 16 << 20 };

enum exit_code savepoint_names_load(const char *path, struct savepoint_names *ret)
{
	CLEANUP(closep) int fd = -EBADF;
	CLEANUP(freep) void *bytes = NULL;
	char wrong[WHOLE_FILE_ERROR_SIZE];
	struct uid_names_error error;
	struct stat st;
	size_t size;
	int r;

	*ret = (struct savepoint_names){ .path = path };
	if (!path)
		return EXIT_DONE;
	fd = whole_file_open(path, &st);
	if (fd < 0) {
		say_line("cannot read %s: %s", path, strerror(-fd));
		return EXIT_FAILED;
	}
	r = whole_file_read(fd, &st, path, LIST_MOST, &bytes, &size, wrong);
	if (r < 0) {
		say_line("%s", wrong);
		return EXIT_FAILED;
	}
	r = uid_names_read(bytes, size, &ret->list, &error);
	if (r == -EBADMSG)
		say_line("%s, line %zu: %s", path, error.line, error.text);
	else if (r < 0)
		say_line("not enough memory");
	return r < 0 ? EXIT_FAILED : EXIT_DONE;
}

void savepoint_names_done(struct savepoint_names *names)
{
	uid_names_done(&names->list);
}

const char *savepoint_names_of(void *userdata, const struct savepoint_operator *op)
{
	const struct savepoint_names *names = userdata;
	const struct uid_name *found = uid_names_find(&names->list, op->id);

	if (!found)
		return NULL;
	return found->name ? found->name : found->uid;
}

/* ---- what the list has and should not */

/* Says it, and adds it. */
static int warn(json_t *array, const char *path, const struct uid_name *item, const char *what)
{
	CLEANUP(freep) char *text = NULL;

	if (asprintf(&text, "%s, line %zu: %s %s", path, item->line, what, item->uid) < 0) {
		text = NULL;
		return -1;
	}
	say_line("%s", text);
	return json_array_append_new(array, json_out_text(text));
}

json_t *savepoint_names_warn(const struct savepoint_names *names,
                             const struct savepoint *const *savepoints, size_t n)
{
	json_t *array = json_array();
	int r = array ? 0 : -1;

	for (size_t i = 0; r == 0 && i < names->list.n; i++) {
		const struct uid_name *item = &names->list.item[i];
		bool found = false;

		for (size_t k = 0; k < n && !found; k++)
			found = savepoint_find(savepoints[k], item->id) != NULL;
		if (item->before > 0)
			r = warn(array, names->path, item, "the list has this uid already:");
		else if (!found)
			r = warn(array, names->path, item, "no operator has the uid");
	}
	if (r == 0)
		return array;
	json_decref(array);
	return NULL;
}

/* ---- JSON */

/* null for an empty one; NULL: not enough memory. */
static json_t *text_or_null(struct input_text text)
{
	CLEANUP(freep) char *utf8 = NULL;
	bool exact;

	if (text.size == 0)
		return json_null();
	utf8 = utf8_of_java(text, &exact);
	return utf8 ? json_string(utf8) : NULL;
}

json_t *savepoint_names_json(const struct savepoint_names *names,
                             const struct savepoint_operator *op)
{
	const struct uid_name *found = uid_names_find(&names->list, op->id);
	const char *from = op->uid.size > 0 ? "file" : found ? "list" : NULL;
	char id[2 * METADATA_ID_SIZE + 1];
	json_t *uid, *name;

	text_hex(op->id, METADATA_ID_SIZE, id);
	uid = op->uid.size == 0 && found ? json_string(found->uid) : text_or_null(op->uid);
	name = found && found->name ? json_string(found->name) : text_or_null(op->name);
	return json_pack("{s:s, s:o, s:s?, s:o}", "id", id, "uid", uid, "uid_from", from, "name",
	                 name);
}
