/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/backup_json.h"

#include <errno.h>

#include "ctl/field.h"

int backup_json_take_pointers(struct backup *b, const json_t *list)
{
	const json_t *array = field(list, "pointers"), *p;
	size_t i;

	if (!json_is_array(array))
		return -EINVAL;
	json_array_foreach(array, i, p)
	{
		const char *value = json_string_value(field(p, "value"));
		const char *key = field_text(p, "key");
		uint64_t revision = (uint64_t)field_int(p, "revision");
		int r = value ? backup_put_base64(b, key, revision, value)
		              : backup_put(b, key, revision, NULL, 0);

		if (r < 0)
			return r;
	}
	return 0;
}

int backup_json_take_counters(struct backup *b, const json_t *list)
{
	const json_t *array = field(list, "counters"), *counter;
	size_t i;

	if (!json_is_array(array))
		return -EINVAL;
	json_array_foreach(array, i, counter)
	{
		int r;

		if (field_true(counter, "damaged"))
			continue;
		r = backup_put_counter(b, field_text(counter, "key"), field_int(counter, "value"));
		if (r < 0)
			return r;
	}
	return 0;
}
