/* SPDX-License-Identifier: Apache-2.0 */
#include "repair/store_targets.h"

#include <jansson.h>

struct walk {
	void (*on_target)(void *userdata, const struct store_target *target);
	void *userdata;
	size_t n;
};

static int on_pointer(const struct pointer *p, void *userdata)
{
	struct walk *w = userdata;
	const uint8_t *value = pointer_value(p);
	json_t *o, *uri, *bytes;

	if (p->damaged || p->value_size == 0 || value[0] != '{')
		return 0;
	o = json_loadb((const char *)value, p->value_size, 0, NULL);
	uri = json_object_get(o, "target");
	bytes = json_object_get(o, "bytes");
	if (json_is_string(uri) && json_is_integer(bytes) && json_integer_value(bytes) >= 0) {
		const struct store_target target = { p->key, json_string_value(uri),
			                             (uint64_t)json_integer_value(bytes) };

		w->n++;
		w->on_target(w->userdata, &target);
	}
	json_decref(o);
	return 0;
}

size_t store_targets_each(const struct pointer_map *map,
                          void (*on_target)(void *userdata, const struct store_target *target),
                          void *userdata)
{
	struct walk w = { .on_target = on_target, .userdata = userdata };

	(void)pointer_map_list(map, "", on_pointer, &w);
	return w.n;
}
