/* SPDX-License-Identifier: Apache-2.0 */
#include "readiness/job_rest.h"

#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "readiness/key_group.h"

static int refuse(char reterr[JOB_REST_ERROR_SIZE], const char *format, ...)
        __attribute__((format(printf, 2, 3)));

static int refuse(char reterr[JOB_REST_ERROR_SIZE], const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(reterr, JOB_REST_ERROR_SIZE, format, ap);
	va_end(ap);
	text_one_line(reterr);
	return -EBADMSG;
}

static int load(const char *json, size_t size, json_t **ret, char reterr[JOB_REST_ERROR_SIZE])
{
	json_error_t error;

	*ret = json_loadb(json, size, 0, &error);
	if (!*ret && json_error_code(&error) == json_error_out_of_memory)
		return -ENOMEM;
	if (!*ret)
		return refuse(reterr, "no JSON: %s, at byte %d", error.text, error.position);
	if (!json_is_object(*ret))
		return refuse(reterr, "JSON, but no object");
	return 0;
}

/* ---- fields */

/* A copy; *ret stays as it is where there is none. */
static int take_text(const json_t *o, const char *key, char **ret)
{
	const char *text = json_string_value(json_object_get(o, key));
	char *copy;

	if (!text)
		return 0;
	copy = strdup(text);
	if (!copy)
		return -ENOMEM;
	free(*ret);
	*ret = copy;
	return 0;
}

static int take_id(const json_t *o, const char *key, uint8_t ret[JOB_ID_SIZE],
                   char reterr[JOB_REST_ERROR_SIZE])
{
	const char *text = json_string_value(json_object_get(o, key));

	if (!text)
		return refuse(reterr, "there is no \"%s\"; is that Flink's REST API?", key);
	if (text_unhex(text, ret, JOB_ID_SIZE) < 0)
		return refuse(reterr, "\"%s\" is no ID of 32 hex digits: %.64s", key, text);
	return 0;
}

/* What is below 1 or absent: 0.  Flink says -1 before it knows. */
static int take_parallelism(const json_t *o, const char *key, int32_t *ret,
                            char reterr[JOB_REST_ERROR_SIZE])
{
	json_int_t n = json_integer_value(json_object_get(o, key));

	if (n > KEY_GROUP_MAX)
		return refuse(reterr,
		              "\"%s\" is %" JSON_INTEGER_FORMAT ", and Flink has %d at most", key,
		              n, KEY_GROUP_MAX);
	*ret = n < 1 ? 0 : (int32_t)n;
	return 0;
}

static int64_t positive(const json_t *o, const char *key)
{
	json_int_t n = json_integer_value(json_object_get(o, key));

	return n > 0 ? n : 0;
}

static enum job_truth truth(const json_t *value)
{
	if (!json_is_boolean(value))
		return JOB_NOT_KNOWN;
	return json_is_true(value) ? JOB_YES : JOB_NO;
}

/* ---- the job */

static int read_vertex(const json_t *o, const struct job *j, struct job_vertex *v,
                       char reterr[JOB_REST_ERROR_SIZE])
{
	int r = take_id(o, "id", v->id, reterr);

	if (r == 0)
		r = take_parallelism(o, "parallelism", &v->parallelism, reterr);
	if (r == 0)
		r = take_parallelism(o, "maxParallelism", &v->max_parallelism, reterr);
	if (r == 0)
		r = take_text(o, "name", &v->name);
	if (r == 0 && v->max_parallelism > 0 && v->parallelism > v->max_parallelism)
		return refuse(reterr, "a vertex has parallelism %d and a maximum of %d",
		              v->parallelism, v->max_parallelism);
	if (r == 0)
		v->max = job_guess_max(j, v);
	return r;
}

/* The first operator of its chain: it has the vertex's ID. */
static int add_head(struct job *j, size_t vertex)
{
	const struct job_vertex *v = &j->vertices[vertex];
	struct job_operator *op = &j->operators[j->n_operators++];

	memcpy(op->id, v->id, JOB_ID_SIZE);
	op->vertex = (int32_t)vertex;
	if (!v->name)
		return 0;
	op->name = strdup(v->name);
	return op->name ? 0 : -ENOMEM;
}

static int read_vertices(const json_t *all, struct job *j, char reterr[JOB_REST_ERROR_SIZE])
{
	size_t n = json_array_size(all);
	int r = 0;

	if (n == 0)
		return refuse(reterr, "the job has no \"vertices\"");
	if (n > JOB_REST_MOST_VERTICES)
		return refuse(reterr, "the job has %zu vertices, and %d are the most that are read",
		              n, JOB_REST_MOST_VERTICES);
	j->vertices = calloc(n, sizeof(*j->vertices));
	j->operators = calloc(n, sizeof(*j->operators));
	if (!j->vertices || !j->operators)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < n; i++) {
		r = read_vertex(json_array_get(all, i), j, &j->vertices[j->n_vertices++], reterr);
		if (r == 0)
			r = add_head(j, i);
	}
	return r;
}

/* Those that the plan shows without any input; what it shows otherwise says nothing. */
static void read_plan(const json_t *plan, struct job *j)
{
	const json_t *node;
	size_t i;

	json_array_foreach(json_object_get(plan, "nodes"), i, node)
	{
		const char *id = json_string_value(json_object_get(node, "id"));
		uint8_t bytes[JOB_ID_SIZE];

		if (!id || text_unhex(id, bytes, JOB_ID_SIZE) < 0 ||
		    json_array_size(json_object_get(node, "inputs")) > 0)
			continue;
		for (size_t k = 0; k < j->n_vertices; k++)
			if (memcmp(j->vertices[k].id, bytes, JOB_ID_SIZE) == 0)
				j->vertices[k].is_source = true;
	}
}

int job_rest_read(const char *json, size_t size, struct job *ret, char reterr[JOB_REST_ERROR_SIZE])
{
	json_auto_t *o = NULL;
	const json_t *max;
	int r;

	*ret = (struct job){ .name = NULL };
	r = load(json, size, &o, reterr);
	if (r < 0)
		return r;
	r = take_id(o, "jid", ret->id, reterr);
	if (r == 0)
		r = take_text(o, "name", &ret->name);
	if (r == 0)
		r = take_text(o, "state", &ret->state);
	if (r == 0)
		r = take_parallelism(o, "maxParallelism", &ret->max_parallelism, reterr);
	max = json_object_get(o, "maxParallelism");
	if (r == 0 && json_is_integer(max) && json_integer_value(max) < 0)
		ret->max_parallelism = -1;
	if (r == 0)
		r = read_vertices(json_object_get(o, "vertices"), ret, reterr);
	if (r == 0)
		read_plan(json_object_get(o, "plan"), ret);
	return r;
}

/* ---- checkpoints */

/* Only a URI says where; "<checkpoint-not-externally-addressable>" is none. */
static int take_path(const json_t *o, char **ret)
{
	const char *text = json_string_value(json_object_get(o, "external_path"));

	return text && text[0] != '<' && strchr(text, '/') ? take_text(o, "external_path", ret) : 0;
}

/* DIR/<job>/chk-7 -> DIR; one that does not look like it says nothing. */
static int take_dir(const char *path, char **ret)
{
	const char *end = strrchr(path, '/');

	if (!end || strncmp(end, "/chk-", 5) != 0 || end == path)
		return 0;
	end = memrchr(path, '/', (size_t)(end - path));
	if (!end || end == path)
		return 0;
	free(*ret);
	*ret = strndup(path, (size_t)(end - path));
	return *ret ? 0 : -ENOMEM;
}

int job_rest_read_checkpoints(const char *json, size_t size, struct job *j,
                              char reterr[JOB_REST_ERROR_SIZE])
{
	const json_t *counts, *latest, *completed, *restored;
	json_auto_t *o = NULL;
	int r = load(json, size, &o, reterr);

	if (r < 0)
		return r;
	counts = json_object_get(o, "counts");
	latest = json_object_get(o, "latest");
	if (!json_is_object(counts) || !json_is_object(latest))
		return refuse(reterr, "no \"counts\" and \"latest\" of checkpoints");
	restored = json_object_get(latest, "restored");
	completed = json_object_get(latest, "completed");
	j->taken.known = true;
	j->taken.completed = positive(counts, "completed");
	j->taken.failed = positive(counts, "failed");
	j->restored = json_is_object(restored);
	for (size_t i = 0; i < j->n_vertices; i++)
		j->vertices[i].max = job_guess_max(j, &j->vertices[i]);
	if (!json_is_object(completed))
		return 0;
	j->taken.id = positive(completed, "id");
	j->taken.size = positive(completed, "state_size");
	j->taken.is_savepoint = json_is_true(json_object_get(completed, "is_savepoint"));
	r = take_path(completed, &j->taken.path);
	if (r == 0 && j->taken.path && !j->taken.is_savepoint)
		r = take_dir(j->taken.path, &j->checkpointing.dir);
	return r;
}

int job_rest_read_config(const char *json, size_t size, struct job *j,
                         char reterr[JOB_REST_ERROR_SIZE])
{
	struct job_checkpointing *c = &j->checkpointing;
	const json_t *kept, *interval;
	const char *text;
	json_auto_t *o = NULL;
	int r = load(json, size, &o, reterr);

	if (r < 0)
		return r;
	interval = json_object_get(o, "interval");
	if (!json_is_number(interval))
		return refuse(reterr, "no \"interval\" of checkpoints");
	/* Never is the largest number there is. */
	c->enabled = json_number_value(interval) < 9e18 ? JOB_YES : JOB_NO;
	c->interval_ms = c->enabled == JOB_YES ? positive(o, "interval") : 0;
	c->timeout_ms = positive(o, "timeout");
	kept = json_object_get(o, "externalization");
	c->retained = truth(json_object_get(kept, "enabled"));
	if (c->retained == JOB_YES &&
	    truth(json_object_get(kept, "delete_on_cancellation")) == JOB_YES)
		c->retained = JOB_NO;
	text = json_string_value(json_object_get(o, "state_backend"));
	c->backend = job_backend_parse(text ? text : "");
	text = json_string_value(json_object_get(o, "checkpoint_storage"));
	c->storage = job_storage_parse(text ? text : "");
	c->unaligned = truth(json_object_get(o, "unaligned_checkpoints"));
	c->changelog = truth(json_object_get(o, "state_changelog_enabled"));
	return 0;
}

/* ---- all jobs */

int job_rest_read_list(const char *json, size_t size, struct job_list *ret,
                       char reterr[JOB_REST_ERROR_SIZE])
{
	const json_t *all;
	json_auto_t *o = NULL;
	int r;

	*ret = (struct job_list){ .item = NULL };
	r = load(json, size, &o, reterr);
	if (r < 0)
		return r;
	all = json_object_get(o, "jobs");
	if (!json_is_array(all))
		return refuse(reterr, "there is no list \"jobs\"; is that Flink's REST API?");
	if (json_array_size(all) > JOB_REST_MOST_JOBS)
		return refuse(reterr, "%zu jobs, and %d are the most that are read",
		              json_array_size(all), JOB_REST_MOST_JOBS);
	ret->item = calloc(json_array_size(all) + 1, sizeof(*ret->item));
	if (!ret->item)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < json_array_size(all); i++) {
		const json_t *entry = json_array_get(all, i);
		struct job_entry *to = &ret->item[ret->n++];

		r = take_id(entry, "jid", to->id, reterr);
		if (r == 0)
			r = take_text(entry, "name", &to->name);
		if (r == 0)
			r = take_text(entry, "state", &to->state);
	}
	return r;
}

void job_list_done(struct job_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->item[i].name);
		free(l->item[i].state);
	}
	free(l->item);
	*l = (struct job_list){ .item = NULL };
}
