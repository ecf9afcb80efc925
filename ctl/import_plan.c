/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/import_plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "ctl/field.h"

enum { MAX_KEY = 255 };

/* ---- values */

static char *make_value(const struct flink_file *file)
{
	json_auto_t *o =
	        json_pack("{s:s, s:I}", "target", file->target, "bytes", (json_int_t)file->bytes);

	return o ? json_dumps(o, JSON_COMPACT) : NULL;
}

static char *base64(const char *text)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	                             "0123456789+/";
	size_t len = strlen(text);
	char *out = malloc((len + 2) / 3 * 4 + 1), *to = out;

	if (!out)
		return NULL;
	for (size_t i = 0; i < len; i += 3) {
		size_t left = len - i;
		unsigned v = (unsigned)(unsigned char)text[i] << 16;

		if (left > 1)
			v |= (unsigned)(unsigned char)text[i + 1] << 8;
		if (left > 2)
			v |= (unsigned)(unsigned char)text[i + 2];
		*to++ = digits[v >> 18 & 63];
		*to++ = digits[v >> 12 & 63];
		*to++ = left > 1 ? digits[v >> 6 & 63] : '=';
		*to++ = left > 2 ? digits[v & 63] : '=';
	}
	*to = '\0';
	return out;
}

/* ---- what stands in the store */

int import_plan_index(json_t *index, const json_t *list)
{
	const json_t *p;
	size_t i;

	json_array_foreach(field(list, "pointers"), i, p)
	{
		json_t *value = json_object_get(p, "value");

		if (json_object_set_new(index, field_text(p, "key"),
		                        value ? json_incref(value) : json_null()) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int compare_item(const json_t *index, struct import_item *item)
{
	const json_t *there = json_object_get(index, item->key);
	CLEANUP(freep) char *ours = NULL;

	item->state = IMPORT_NEW;
	if (!there)
		return 0;
	ours = base64(item->value);
	if (!ours)
		return -ENOMEM;
	item->state = json_is_string(there) && strcmp(json_string_value(there), ours) == 0
	                      ? IMPORT_SAME
	                      : IMPORT_OTHER;
	return 0;
}

/* The job has run under jmha: its checkpoints went on. */
static int find_foreign(json_t *index, struct import_job *j)
{
	char prefix[64];
	const char *key;
	json_t *value;
	int n = snprintf(prefix, sizeof(prefix), "checkpoints/%s/", j->job->id);

	json_object_foreach(index, key, value)
	{
		bool ours = false;

		if (strncmp(key, prefix, (size_t)n) != 0)
			continue;
		for (size_t i = 0; i < j->n_items; i++)
			ours = ours || strcmp(j->items[i].key, key) == 0;
		if (ours)
			continue;
		j->foreign = strdup(key);
		return j->foreign ? 0 : -ENOMEM;
	}
	return 0;
}

/* ---- the plan */

static int add_item(struct import_job *j, const struct flink_file *file, const json_t *index)
{
	struct import_item *item = &j->items[j->n_items];
	int n;

	if (*file->name)
		n = asprintf(&item->key, "checkpoints/%s/%s", j->job->id, file->name);
	else
		n = asprintf(&item->key, "jobs/%s", j->job->id);
	if (n < 0) {
		item->key = NULL;
		return -ENOMEM;
	}
	j->n_items++;
	item->file = file;
	item->value = make_value(file);
	return item->value ? compare_item(index, item) : -ENOMEM;
}

static int plan_job(struct import_plan *plan, const struct flink_job *job, const json_t *jobs,
                    json_t *checkpoints)
{
	struct import_job *j = &plan->jobs[plan->n_jobs++];
	int r = 0;

	j->job = job;
	j->items = calloc(job->n_checkpoints + 1, sizeof(*j->items));
	if (!j->items)
		return -ENOMEM;
	for (size_t i = 0; i < job->n_checkpoints && r == 0; i++)
		r = add_item(j, &job->checkpoints[i], checkpoints);
	if (r == 0)
		r = add_item(j, &job->plan, jobs);
	if (r == 0)
		r = find_foreign(checkpoints, j);
	for (size_t i = 0; i < j->n_items; i++) {
		plan->n_new += j->items[i].state == IMPORT_NEW;
		plan->n_same += j->items[i].state == IMPORT_SAME;
		plan->n_other += j->items[i].state == IMPORT_OTHER;
	}
	plan->n_other += j->foreign != NULL;
	return r;
}

/* "/flink/default" -> "imported/flink/default", in the letters that a key may have. */
static char *make_marker(const char *path)
{
	char *key;

	if (asprintf(&key, "imported%.*s", MAX_KEY - 8, path) < 0)
		return NULL;
	for (char *c = key; *c; c++)
		if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._/-",
		            *c))
			*c = '_';
	return key;
}

int import_plan_make(const struct flink_tree *tree, const char *path, const json_t *jobs,
                     json_t *checkpoints, const json_t *marks, struct import_plan **ret)
{
	CLEANUP(import_plan_freep) struct import_plan *plan = calloc(1, sizeof(*plan));
	int r = 0;

	if (!plan)
		return -ENOMEM;
	plan->jobs = calloc(tree->n_jobs + 1, sizeof(*plan->jobs));
	plan->marker = make_marker(path);
	if (!plan->jobs || !plan->marker)
		return -ENOMEM;
	plan->marked = json_object_get(marks, plan->marker) != NULL;
	for (size_t i = 0; i < tree->n_jobs && r == 0; i++)
		r = plan_job(plan, &tree->jobs[i], jobs, checkpoints);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(plan);
	return 0;
}

struct import_plan *import_plan_free(struct import_plan *plan)
{
	if (!plan)
		return NULL;
	for (size_t i = 0; i < plan->n_jobs; i++) {
		struct import_job *j = &plan->jobs[i];

		for (size_t k = 0; k < j->n_items; k++) {
			free(j->items[k].key);
			free(j->items[k].value);
		}
		free(j->items);
		free(j->foreign);
	}
	free(plan->jobs);
	free(plan->marker);
	free(plan);
	return NULL;
}
