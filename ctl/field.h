/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fields of the daemon's JSON.  A newer or older daemon may leave one out: then "" or 0 or NULL,
 * never a failure.  Texts are borrowed from the object.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

static inline const char *field_text(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text ? text : "";
}

static inline long long field_int(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	return json_is_real(v) ? (long long)json_real_value(v) : json_integer_value(v);
}

/* Negative when it is not there or null. */
static inline double field_ms(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	return json_is_number(v) ? json_number_value(v) : -1.0;
}

static inline bool field_true(const json_t *o, const char *key)
{
	return json_is_true(json_object_get(o, key));
}

static inline const json_t *field(const json_t *o, const char *key)
{
	return json_object_get(o, key);
}
