/* SPDX-License-Identifier: Apache-2.0 */
#include "election/json_fields.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

int fields_parse(const void *data, size_t size, json_t **ret, struct fields_error *reterr)
{
	json_error_t error;
	json_t *root, *version;

	root = json_loadb(data, size, JSON_REJECT_DUPLICATES, &error);
	if (root == NULL) {
		(void)snprintf(reterr->text, sizeof(reterr->text), "no JSON: %.100s", error.text);
		return json_error_code(&error) == json_error_out_of_memory ? -ENOMEM : -EBADMSG;
	}
	version = json_object_get(root, "version");
	if (!json_is_integer(version) || json_integer_value(version) < 1) {
		(void)snprintf(reterr->text, sizeof(reterr->text), "field version is missing");
		json_decref(root);
		return -EBADMSG;
	}
	if (json_integer_value(version) > 1) {
		(void)snprintf(reterr->text, sizeof(reterr->text),
		               "written by a newer release: version %" JSON_INTEGER_FORMAT
		               ", this one knows 1",
		               json_integer_value(version));
		json_decref(root);
		return -EPROTONOSUPPORT;
	}
	*ret = root;
	return 0;
}

void fields_fail(const struct fields *f, const char *key, const char *what)
{
	if (f->error->bad)
		return;
	f->error->bad = true;
	(void)snprintf(f->error->text, sizeof(f->error->text), "field %s%s %s", f->where, key,
	               what);
}

static json_t *get(const struct fields *f, const char *key)
{
	json_t *value;

	if (f->error->bad)
		return NULL;
	value = json_object_get(f->object, key);
	if (value == NULL)
		fields_fail(f, key, "is missing");
	return value;
}

void fields_string(const struct fields *f, const char *key, char *ret, size_t size, bool nullable)
{
	const json_t *value = get(f, key);
	size_t length;

	if (value == NULL)
		return;
	if (nullable && json_is_null(value)) {
		ret[0] = '\0';
		return;
	}
	if (!json_is_string(value)) {
		fields_fail(f, key, "is no string");
		return;
	}
	length = json_string_length(value);
	if (length >= size || strlen(json_string_value(value)) != length) {
		fields_fail(f, key, "is too long");
		return;
	}
	memcpy(ret, json_string_value(value), length + 1);
}

void fields_uint(const struct fields *f, const char *key, uint64_t max, uint64_t *ret)
{
	const json_t *value = get(f, key);

	if (value == NULL)
		return;
	if (!json_is_integer(value) || json_integer_value(value) < 0 ||
	    (uint64_t)json_integer_value(value) > max)
		fields_fail(f, key, "is no number in range");
	else
		*ret = (uint64_t)json_integer_value(value);
}

void fields_bool(const struct fields *f, const char *key, bool *ret)
{
	const json_t *value = get(f, key);

	if (value == NULL)
		return;
	if (!json_is_boolean(value))
		fields_fail(f, key, "is neither true nor false");
	else
		*ret = json_is_true(value);
}

void fields_hex(const struct fields *f, const char *key, void *ret, size_t size)
{
	char text[2 * 64 + 1];

	fields_string(f, key, text, sizeof(text), false);
	if (!f->error->bad && text_unhex(text, ret, size) < 0)
		fields_fail(f, key, "is not hexadecimal of the right length");
}

void fields_latch(const struct fields *f, const char *key, bool nullable, struct latch_name *ret)
{
	char text[LATCH_NAME_LEN + 1];
	struct latch_name none = { .s = "" };

	fields_string(f, key, text, sizeof(text), nullable);
	if (f->error->bad)
		return;
	if (nullable && text[0] == '\0')
		*ret = none;
	else if (!latch_name_parse(text, ret))
		fields_fail(f, key, "is no name of a latch");
}

void fields_cause(const struct fields *f, const char *key, enum cause *ret)
{
	char text[64];

	fields_string(f, key, text, sizeof(text), true);
	if (f->error->bad)
		return;
	if (text[0] == '\0')
		*ret = CAUSE_NONE;
	else if ((*ret = cause_parse(text)) == CAUSE_NONE)
		fields_fail(f, key, "is no cause");
}

bool fields_object(const struct fields *f, const char *key, const char *where, bool nullable,
                   struct fields *ret)
{
	json_t *value = get(f, key);

	if (value == NULL || (nullable && json_is_null(value)))
		return false;
	if (!json_is_object(value)) {
		fields_fail(f, key, "is no object");
		return false;
	}
	*ret = (struct fields){ .object = value, .where = where, .error = f->error };
	return true;
}
