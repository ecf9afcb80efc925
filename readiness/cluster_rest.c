/* SPDX-License-Identifier: Apache-2.0 */
#include "readiness/cluster_rest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

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

static void take_number(const json_t *o, const char *key, int64_t *ret)
{
	const json_t *v = json_object_get(o, key);

	if (json_is_integer(v))
		*ret = json_integer_value(v);
}

static bool text_is(const json_t *o, const char *key, const char *text)
{
	const char *is = json_string_value(json_object_get(o, key));

	return is && strcmp(is, text) == 0;
}

int cluster_rest_status(const json_t *status, struct cluster_facts *c)
{
	const json_t *lease = json_object_get(status, "lease");

	take_number(json_object_get(status, "zookeeper"), "servers", &c->servers);
	take_number(lease, "session_ms", &c->session_ms);
	take_number(lease, "tick_ms", &c->tick_ms);
	take_number(lease, "length_ms", &c->length_ms);
	take_number(status, "tolerance_ms", &c->tolerance_ms);
	return take_text(status, "cluster", &c->name);
}

/* ---- members */

static int take_sees(const json_t *sees, struct cluster_fact_member *m)
{
	size_t n = json_array_size(sees);

	if (!json_is_array(sees))
		return 0;
	m->sees_known = true;
	m->sees = calloc(n + 1, sizeof(*m->sees));
	if (!m->sees)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const char *name = json_string_value(json_array_get(sees, i));

		if (!name)
			continue;
		m->sees[m->n_sees] = strdup(name);
		if (!m->sees[m->n_sees])
			return -ENOMEM;
		m->n_sees++;
	}
	return 0;
}

int cluster_rest_members(const json_t *cluster, struct cluster_facts *c)
{
	const json_t *all = json_object_get(cluster, "members"), *o;
	size_t i;
	int r;

	if (!json_is_array(all))
		return 0;
	c->members = calloc(json_array_size(all) + 1, sizeof(*c->members));
	if (!c->members)
		return -ENOMEM;
	c->members_known = true;
	json_array_foreach(all, i, o)
	{
		struct cluster_fact_member *m = &c->members[c->n_members++];

		m->contender = !text_is(o, "role", "observer");
		m->eligible = json_is_true(json_object_get(o, "eligible")) ||
		              text_is(o, "state", "leader");
		r = take_text(o, "member", &m->name);
		if (r == 0)
			r = take_text(o, "host", &m->host);
		if (r == 0)
			r = take_sees(json_object_get(o, "sees"), m);
		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- history */

static double time_of(const json_t *term, const char *key)
{
	const json_t *v = json_object_get(term, key);

	return json_is_number(v) ? json_number_value(v) : 0;
}

/* The last term that another one led than the term before; NULL: none. */
static const json_t *last_hand_over(const json_t *terms)
{
	for (size_t i = json_array_size(terms); i > 1; i--) {
		const json_t *term = json_array_get(terms, i - 1);
		const char *before =
		        json_string_value(json_object_get(json_array_get(terms, i - 2), "leader"));

		if (before && json_object_get(term, "leader") && !text_is(term, "leader", before))
			return term;
	}
	return NULL;
}

int cluster_rest_history(const json_t *history, struct cluster_facts *c)
{
	const json_t *terms = json_object_get(history, "terms"), *last;
	double ms;
	int r;

	if (!json_is_array(terms))
		return 0;
	c->n_terms = (int64_t)json_array_size(terms);
	last = last_hand_over(terms);
	if (!last)
		return 0;
	r = take_text(last, "leader", &c->last_leader);
	if (r == 0)
		r = take_text(last, "start", &c->last_start);
	if (r == 0)
		r = take_text(last, "cause", &c->last_cause);
	ms = time_of(last, "detect_ms") + time_of(last, "fence_ms") + time_of(last, "recover_ms");
	if (ms > 0 && ms < 1e12)
		c->last_ms = (int64_t)(ms + 0.5);
	return r;
}
