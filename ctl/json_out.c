/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/json_out.h"

#include <string.h>

#include "base/cleanup.h"
#include "readiness/utf8.h"

void json_out(bool as_json, const json_t *json, void (*view)(FILE *f, const json_t *json))
{
	if (!as_json) {
		view(stdout, json);
		return;
	}
	(void)json_dumpf(json, stdout, JSON_INDENT(1));
	(void)putchar('\n');
}

json_t *json_out_text(const char *text)
{
	CLEANUP(freep) char *copy = NULL;

	if (!text)
		return json_null();
	copy = strdup(text);
	if (!copy)
		return NULL;
	utf8_clean(copy);
	return json_string(copy);
}
