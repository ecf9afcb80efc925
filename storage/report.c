/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int report_damage(struct report *report, const struct damage *damage, const char *key,
                  size_t key_size)
{
	struct damage *more;
	char *name = NULL;

	more = reallocarray(report->damage, report->n_damage + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	report->damage = more;
	if (key && !(name = strndup(key, key_size)))
		return -ENOMEM;
	more[report->n_damage] = *damage;
	more[report->n_damage++].key = name;
	return 0;
}

static bool same_damage(const struct damage *x, const struct damage *y)
{
	return x->kind == y->kind && x->epoch == y->epoch && x->number == y->number &&
	       x->offset == y->offset && x->records == y->records && !x->key == !y->key &&
	       (!x->key || strcmp(x->key, y->key) == 0);
}

bool report_same(const struct report *a, const struct report *b)
{
	if (a->n_damage != b->n_damage || a->state != b->state)
		return false;
	for (size_t i = 0; i < a->n_damage; i++)
		if (!same_damage(&a->damage[i], &b->damage[i]))
			return false;
	return true;
}

bool report_suspicious(const struct report *report)
{
	return report->n_damage > 0 || report->state == STORE_DIGEST_MISMATCH ||
	       report->state == STORE_FOREIGN || report->state == STORE_VERSION;
}

void report_clear(struct report *report)
{
	for (size_t i = 0; i < report->n_damage; i++)
		free(report->damage[i].key);
	free(report->damage);
	*report = (struct report){ .state = STORE_OK };
}
