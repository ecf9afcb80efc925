/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/unseen.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "ctl/field.h"

static bool has_name(const json_t *names, const char *name)
{
	const json_t *n;
	size_t i;

	json_array_foreach(names, i, n)
	{
		if (json_is_string(n) && strcmp(json_string_value(n), name) == 0)
			return true;
	}
	return false;
}

size_t unseen_by(const json_t *members, const json_t *m, char *ret, size_t size)
{
	const char *self = field_text(m, "member");
	const json_t *sees = field(m, "sees"), *other;
	size_t i, n = 0;

	ret[0] = '\0';
	if (!json_is_array(sees))
		return 0;
	json_array_foreach(members, i, other)
	{
		const char *name = field_text(other, "member");
		size_t len = strlen(ret);

		if (strcmp(name, self) == 0 || !json_is_array(field(other, "sees")) ||
		    strcmp(field_text(other, "role"), "observer") == 0 || has_name(sees, name))
			continue;
		(void)snprintf(ret + len, size - len, "%s%s", n > 0 ? ", " : "", name);
		n++;
	}
	return n;
}
