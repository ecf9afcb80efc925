/* SPDX-License-Identifier: Apache-2.0 */
#include "readiness/cluster_checks.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum { OBJECT_SIZE = 160 };

const struct cluster_facts cluster_facts_none = {
	.servers = CLUSTER_NOT_KNOWN,
	.session_ms = CLUSTER_NOT_KNOWN,
	.tick_ms = CLUSTER_NOT_KNOWN,
	.length_ms = CLUSTER_NOT_KNOWN,
	.tolerance_ms = CLUSTER_NOT_KNOWN,
	.n_terms = CLUSTER_NOT_KNOWN,
	.last_ms = CLUSTER_NOT_KNOWN,
};

void cluster_facts_done(struct cluster_facts *c)
{
	for (size_t i = 0; i < c->n_members; i++) {
		struct cluster_fact_member *m = &c->members[i];

		for (size_t k = 0; k < m->n_sees; k++)
			free(m->sees[k]);
		free(m->sees);
		free(m->name);
		free(m->host);
	}
	free(c->members);
	free(c->name);
	free(c->last_leader);
	free(c->last_start);
	free(c->last_cause);
	*c = cluster_facts_none;
}

static void write_object(const struct cluster_facts *c, char ret[OBJECT_SIZE])
{
	(void)snprintf(ret, OBJECT_SIZE, "cluster %.140s", c->name ? c->name : "?");
	text_one_line(ret);
}

/* ---- members */

static const struct finding_kind too_few = {
	FINDING_ERROR, FINDING_AVAILABILITY, "members-eligible",
	"when this one ends, no other takes over",
	"start a second member on another host; `jmhactl explain` says why one that runs may not"
};
static const struct finding_kind one_host = { FINDING_WARNING, FINDING_AVAILABILITY,
	                                      "members-eligible",
	                                      "they end together with their host",
	                                      "start a member on another host" };
static const struct finding_kind members_fine = { FINDING_FINE, FINDING_AVAILABILITY,
	                                          "members-fine", NULL, NULL };

static bool is_first_of_host(const struct cluster_facts *c, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (c->members[k].contender && c->members[k].host && c->members[i].host &&
		    strcmp(c->members[k].host, c->members[i].host) == 0)
			return false;
	return true;
}

size_t cluster_hosts(const struct cluster_facts *c)
{
	size_t n = 0;

	for (size_t i = 0; c->members_known && i < c->n_members; i++)
		n += c->members[i].contender && is_first_of_host(c, i);
	return n;
}

static void check_members(const struct cluster_facts *c, const char *object, struct findings *f)
{
	size_t eligible = 0, contenders = 0, hosts = cluster_hosts(c);

	if (!c->members_known)
		return;
	for (size_t i = 0; i < c->n_members; i++) {
		contenders += c->members[i].contender;
		eligible += c->members[i].contender && c->members[i].eligible;
	}
	if (eligible < 2)
		findings_add(f, &too_few, object, "%zu of %zu members may lead", eligible,
		             contenders);
	else if (hosts < 2)
		findings_add(f, &one_host, object, "%zu members may lead, all on the same host",
		             eligible);
	else
		findings_add(f, &members_fine, object, "%zu members may lead, on %zu hosts",
		             eligible, hosts);
}

/* ---- storage */

static const struct finding_kind not_shared = {
	FINDING_ERROR, FINDING_AVAILABILITY, "storage-not-shared",
	"each member writes a sign into the storage that all others have to find there: who does "
	"not see it looks at another directory, and would lead without what was stored",
	"mount the same directory at storage.path on both hosts, and without long caching of "
	"attributes"
};
static const struct finding_kind sharing_unknown = {
	FINDING_ADVICE, FINDING_AVAILABILITY, "storage-sharing-not-known",
	"members say whose signs they see in the storage, and these do not",
	"upgrade all members; a daemon that was just started needs some seconds"
};
static const struct finding_kind shared_fine = { FINDING_FINE, FINDING_AVAILABILITY,
	                                         "storage-shared-fine", NULL, NULL };

static bool sees(const struct cluster_fact_member *m, const char *other)
{
	for (size_t i = 0; i < m->n_sees; i++)
		if (strcmp(m->sees[i], other) == 0)
			return true;
	return false;
}

/* Pairs that should see each other; those that do not are told.  Who does not say whom it sees has
 * perhaps no sign either: an earlier release, or it cannot write there. */
static size_t check_sees(const struct cluster_facts *c, const struct cluster_fact_member *m,
                         struct findings *f)
{
	char object[OBJECT_SIZE];
	size_t n = 0;

	for (size_t i = 0; i < c->n_members; i++) {
		const struct cluster_fact_member *other = &c->members[i];

		if (other == m || !other->contender || !other->name || !other->sees_known)
			continue;
		n++;
		if (sees(m, other->name))
			continue;
		(void)snprintf(object, sizeof(object), "member %.140s", m->name ? m->name : "?");
		findings_add(f, &not_shared, object,
		             "it does not see the sign of %.140s in the storage", other->name);
	}
	return n;
}

static void check_storage(const struct cluster_facts *c, const char *object, struct findings *f)
{
	size_t before = f->n, pairs = 0, unknown = 0, contenders = 0;

	for (size_t i = 0; i < c->n_members; i++) {
		if (!c->members[i].contender)
			continue;
		contenders++;
		if (c->members[i].sees_known)
			pairs += check_sees(c, &c->members[i], f);
		else
			unknown++;
	}
	if (contenders < 2)
		return;
	if (unknown > 0)
		findings_add(f, &sharing_unknown, object,
		             "%zu of %zu members do not say whom they see", unknown, contenders);
	else if (f->n == before && pairs > 0)
		findings_add(f, &shared_fine, object,
		             "each of %zu members sees the others in the storage", contenders);
}

/* ---- ZooKeeper and the lease */

static const struct finding_kind few_servers = {
	FINDING_WARNING, FINDING_AVAILABILITY, "zookeeper-servers",
	"without a majority of them nobody leads: the loss of one server stops the cluster",
	"run three servers, on three hosts, and name all in zookeeper.servers"
};
static const struct finding_kind even_servers = {
	FINDING_ADVICE, FINDING_AVAILABILITY, "zookeeper-servers",
	"a majority of an even number survives no more losses than that of one less",
	"take an odd number: three survive the loss of one, five of two"
};
static const struct finding_kind servers_fine = { FINDING_FINE, FINDING_AVAILABILITY,
	                                          "zookeeper-servers-fine", NULL, NULL };
static const struct finding_kind short_session = {
	FINDING_WARNING, FINDING_AVAILABILITY, "session-short",
	"a pause of the machine or a slow disk of ZooKeeper's that is longer ends the leader's "
	"session, and so its term",
	"set zookeeper.session_ms to 10000, the default, or more; see `jmhad --check-config`"
};
static const struct finding_kind short_lease = {
	FINDING_WARNING, FINDING_AVAILABILITY, "lease-short",
	"ZooKeeper's own election of a leader takes some hundred milliseconds: one that takes "
	"longer "
	"than this ends the term of jmha's leader, too",
	"raise zookeeper.session_ms, or lower jobmanager.stop_ms; `jmhactl explain` shows the "
	"arithmetic"
};
static const struct finding_kind lease_fine = { FINDING_FINE, FINDING_AVAILABILITY, "lease-fine",
	                                        NULL, NULL };

static void check_servers(const struct cluster_facts *c, const char *object, struct findings *f)
{
	const struct finding_kind *kind = &servers_fine;

	if (c->servers < 1)
		return;
	if (c->servers < CLUSTER_SERVERS_LEAST)
		kind = &few_servers;
	else if (c->servers % 2 == 0)
		kind = &even_servers;
	findings_add(f, kind, object, "%" PRId64 " ZooKeeper server%s", c->servers,
	             c->servers == 1 ? "" : "s");
}

static void check_lease(const struct cluster_facts *c, const char *object, struct findings *f)
{
	size_t before = f->n;

	if (c->session_ms < 1 || c->tolerance_ms < 0)
		return;
	if (c->session_ms < CLUSTER_SESSION_LEAST_MS)
		findings_add(f, &short_session, object,
		             "the session ends after %" PRId64
		             " ms without ZooKeeper, less than %d",
		             c->session_ms, CLUSTER_SESSION_LEAST_MS);
	if (c->tolerance_ms < CLUSTER_TOLERANCE_LEAST_MS)
		findings_add(f, &short_lease, object,
		             "a leader gets over %" PRId64 " ms without ZooKeeper, less than %d",
		             c->tolerance_ms, CLUSTER_TOLERANCE_LEAST_MS);
	if (f->n == before)
		findings_add(f, &lease_fine, object,
		             "session %" PRId64 " ms; a leader gets over %" PRId64
		             " ms without ZooKeeper",
		             c->session_ms, c->tolerance_ms);
}

/* ---- the past */

static const struct finding_kind none_seen = {
	FINDING_ADVICE, FINDING_AVAILABILITY, "no-failover-seen",
	"nobody knows whether a hand-over works here: storage, rights and TaskManagers take part, "
	"too",
	"try it before it is needed: `jmhactl switchover`, then the end of the leader's host"
};
static const struct finding_kind seen = { FINDING_FINE, FINDING_AVAILABILITY, "last-failover", NULL,
	                                  NULL };

static void check_past(const struct cluster_facts *c, const char *object, struct findings *f)
{
	char took[48] = "";

	if (c->n_terms < 0)
		return;
	if (!c->last_leader || !c->last_start) {
		findings_add(f, &none_seen, object, "no member has ever taken over from another");
		return;
	}
	if (c->last_ms >= 0)
		(void)snprintf(took, sizeof(took), ", in %" PRId64 " ms", c->last_ms);
	findings_add(f, &seen, object, "%.140s took over at %.40s (%.80s)%s", c->last_leader,
	             c->last_start, c->last_cause ? c->last_cause : "?", took);
}

void cluster_check(const struct cluster_facts *c, struct findings *f)
{
	char object[OBJECT_SIZE];

	write_object(c, object);
	check_members(c, object, f);
	check_storage(c, object, f);
	check_servers(c, object, f);
	check_lease(c, object, f);
	check_past(c, object, f);
}
