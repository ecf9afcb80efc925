/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/api_json.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"

bool api_json_set(json_t *o, const char *key, json_t *value)
{
	/* Takes the value, fails when either is NULL. */
	return json_object_set_new(o, key, value) == 0;
}

static json_t *text_json(const char *text)
{
	json_t *v = json_string(text);
	char *copy;

	if (v)
		return v;
	/* Not UTF-8 (a path may be anything) or no memory. */
	copy = strdup(text);
	if (!copy)
		return NULL;
	for (char *c = copy; *c; c++)
		if ((unsigned char)*c >= 0x80)
			*c = '?';
	v = json_string(copy);
	free(copy);
	return v;
}

bool api_json_text(json_t *o, const char *key, const char *text)
{
	return api_json_set(o, key, text ? text_json(text) : json_null());
}

bool api_json_number(json_t *o, const char *key, uint64_t n)
{
	return api_json_set(o, key, json_integer((json_int_t)n));
}

bool api_json_bool(json_t *o, const char *key, bool value)
{
	return api_json_set(o, key, json_boolean(value));
}

bool api_json_ms(json_t *o, const char *key, usec_t duration)
{
	if (duration == USEC_INFINITY)
		return api_json_set(o, key, json_null());
	return api_json_number(o, key, usec_to_ms(duration));
}

bool api_json_fine_ms(json_t *o, const char *key, usec_t duration)
{
	if (duration == USEC_INFINITY)
		return api_json_set(o, key, json_null());
	return api_json_set(o, key, json_real((double)duration / (double)USEC_PER_MSEC));
}

bool api_json_time(json_t *o, const char *key, usec_t wall_clock)
{
	char text[64];
	size_t n;
	struct tm tm;
	time_t seconds = (time_t)(wall_clock / USEC_PER_SEC);

	if (wall_clock == 0 || wall_clock == USEC_INFINITY || !gmtime_r(&seconds, &tm))
		return api_json_set(o, key, json_null());
	n = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	(void)snprintf(text + n, sizeof(text) - n, ".%03uZ",
	               (unsigned)(usec_to_ms(wall_clock) % 1000));
	return api_json_text(o, key, text);
}

bool api_json_reasons(json_t *o, const char *key, const struct reason_list *reasons)
{
	json_t *a = json_array();

	for (unsigned i = 0; i < reasons->n; i++)
		if (json_array_append_new(a, text_json(reasons->code[i])) < 0) {
			json_decref(a);
			return false;
		}
	return api_json_set(o, key, a);
}

bool api_json_leader(json_t *o, const char *key, const struct leader_view *leader)
{
	json_t *l;

	if (!leader->member)
		return api_json_set(o, key, json_null());
	l = json_object();
	if (!api_json_text(l, "member", leader->member) ||
	    !api_json_number(l, "epoch", leader->epoch.v) ||
	    (!leader->self && !api_json_ms(l, "age_ms", leader->age))) {
		json_decref(l);
		return false;
	}
	return api_json_set(o, key, l);
}

bool api_json_transition(json_t *o, const struct transition *t)
{
	return api_json_text(o, "from", t->from) && api_json_text(o, "to", t->to) &&
	       api_json_text(o, "cause", t->cause) && api_json_number(o, "epoch", t->epoch.v) &&
	       api_json_time(o, "at", t->at) && api_json_fine_ms(o, "detect_ms", t->detect) &&
	       api_json_fine_ms(o, "claim_ms", t->claim) &&
	       api_json_fine_ms(o, "grant_ms", t->grant);
}

char *api_json_line(const json_t *o, size_t *ret_size)
{
	const size_t flags = JSON_COMPACT | JSON_REAL_PRECISION(12);
	CLEANUP(freep) char *text = json_dumps(o, flags);
	char *line;
	size_t n;

	if (!text)
		return NULL;
	n = strlen(text);
	line = realloc(text, n + 2);
	if (!line)
		return NULL;
	TAKE_PTR(text);
	line[n] = '\n';
	line[n + 1] = '\0';
	*ret_size = n + 1;
	return line;
}
