/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/load_plan.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/parse.h"

struct comparison {
	const struct backup *backup;
	const struct backup *there; /* what the store has, in the same form */
	struct load_plan *out;
};

static int add(struct comparison *c, struct load_item item)
{
	struct load_plan *p = c->out;

	p->item[p->n_items++] = item;
	p->n[item.state]++;
	return 0;
}

/* ---- counters: a number is never handed out twice, so one never goes back */

static uint64_t next_of(const struct pointer *p)
{
	uint64_t next = 0;

	if (p)
		(void)parse_uint64_n((const char *)pointer_value(p), p->value_size, 1, INT64_MAX,
		                     &next);
	return next;
}

static int on_counter(const struct pointer *p, void *userdata)
{
	struct comparison *c = userdata;
	const struct pointer *there = pointer_map_get(c->there->map, p->key);

	return add(c, (struct load_item){ .pointer = p,
	                                  .counter = true,
	                                  .state = next_of(there) >= next_of(p) ? LOAD_SAME
	                                                                        : LOAD_NEW });
}

/* ---- pointers */

static int on_pointer(const struct pointer *p, void *userdata)
{
	struct comparison *c = userdata;
	const struct pointer *there = pointer_map_get(c->there->map, p->key);
	struct load_item item = { .pointer = p, .state = LOAD_NEW };

	if (p->damaged)
		return 0;
	if (there) {
		item.revision = there->revision;
		if (there->damaged)
			item.state = LOAD_LOST;
		else if (there->value_size == p->value_size &&
		         memcmp(pointer_value(there), pointer_value(p), p->value_size) == 0)
			item.state = LOAD_SAME;
		else
			item.state = LOAD_OTHER;
	}
	return add(c, item);
}

static int on_there(const struct pointer *p, void *userdata)
{
	struct comparison *c = userdata;

	c->out->n_more += !pointer_map_get(c->backup->map, p->key);
	return 0;
}

int load_plan_make(const struct backup *backup, const struct backup *there, struct load_plan *ret)
{
	struct comparison c = { .backup = backup, .there = there, .out = ret };
	size_t most = backup->n_pointers + backup->n_counters;
	int r;

	*ret = (struct load_plan){ .item = calloc(most + 1, sizeof(*ret->item)) };
	if (!ret->item)
		return -ENOMEM;
	r = pointer_map_list(backup->map, BACKUP_COUNTER_PREFIX, on_counter, &c);
	if (r == 0)
		r = pointer_map_list(backup->map, "", on_pointer, &c);
	if (r == 0)
		r = pointer_map_list(there->map, "", on_there, &c);
	return r;
}

void load_plan_done(struct load_plan *plan)
{
	free(plan->item);
	*plan = (struct load_plan){ .item = NULL };
}
