/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/api_metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "daemon/api_stream.h"

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "unknown"
#endif

static void head(FILE *f, const char *name, const char *type, const char *help)
{
	fprintf(f, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void gauge(FILE *f, const char *name, uint64_t value, const char *help)
{
	head(f, name, "gauge", help);
	fprintf(f, "%s %" PRIu64 "\n", name, value);
}

static void counter(FILE *f, const char *name, uint64_t value, const char *help)
{
	head(f, name, "counter", help);
	fprintf(f, "%s %" PRIu64 "\n", name, value);
}

static void seconds(FILE *f, const char *name, usec_t value, const char *help)
{
	head(f, name, "gauge", help);
	fprintf(f, "%s %" PRIu64 ".%06u\n", name, value / USEC_PER_SEC,
	        (unsigned)(value % USEC_PER_SEC));
}

/* A label's value: backslash, quote and line's end are escaped. */
static void label(FILE *f, const char *name, const char *value)
{
	fprintf(f, "%s=\"", name);
	for (; *value; value++) {
		if (*value == '\\' || *value == '"')
			fputc('\\', f);
		if (*value == '\n')
			fputs("\\n", f);
		else
			fputc(*value, f);
	}
	fputc('"', f);
}

static void print_status(FILE *f, const struct status *s)
{
	head(f, "jmha_info", "gauge", "Who this is; always 1.");
	fputs("jmha_info{", f);
	label(f, "cluster", s->cluster);
	fputc(',', f);
	label(f, "member", s->member);
	fputc(',', f);
	label(f, "role", s->role);
	fputc(',', f);
	label(f, "version", PACKAGE_VERSION);
	fputs("} 1\n", f);

	head(f, "jmha_state", "gauge", "The state this member is in; always 1.");
	fputs("jmha_state{", f);
	label(f, "state", s->state);
	fputs("} 1\n", f);

	gauge(f, "jmha_leader", strcmp(s->state, "leader") == 0, "1 while this member leads.");
	gauge(f, "jmha_epoch", s->epoch.v, "Epoch of the register as last read.");
	seconds(f, "jmha_lease_seconds", s->lease, "What is left of the lease; 0 on others.");
	seconds(f, "jmha_tolerance_seconds", s->tolerance,
	        "A ZooKeeper outage shorter than this changes nothing.");
	gauge(f, "jmha_eligible", s->eligible, "1 while this member may lead.");

	head(f, "jmha_not_eligible", "gauge", "1 for each reason why this member may not lead.");
	for (unsigned i = 0; i < s->reasons.n; i++) {
		fputs("jmha_not_eligible{", f);
		label(f, "reason", s->reasons.code[i]);
		fputs("} 1\n", f);
	}

	gauge(f, "jmha_zookeeper_connected", s->zookeeper.connected,
	      "1 while connected to a ZooKeeper server.");
	gauge(f, "jmha_jobmanager_running", s->jobmanager.pid > 0,
	      "1 while this host's JobManager runs.");
	counter(f, "jmha_jobmanager_restarts_total", s->jobmanager.restarts,
	        "JobManagers that ended without having been asked to.");
	gauge(f, "jmha_sequence", s->store.sequence, "Sequence of the last record applied here.");
	gauge(f, "jmha_snapshot_sequence", s->store.snapshot,
	      "Sequence of the last record in the newest snapshot; 0: there is none.");
	gauge(f, "jmha_snapshot_failed", s->store.snapshot_error != NULL,
	      "1 when this leader's last snapshot was not made: the log grows.");
	gauge(f, "jmha_pointers", s->store.pointers, "Pointers in the store.");
	gauge(f, "jmha_pointers_damaged", s->store.n_damaged, "Pointers whose value is lost.");
	gauge(f, "jmha_parked_jobs", s->n_parked, "Jobs that the JobManager left out.");
	gauge(f, "jmha_storage_unseen_members", s->store.n_unseen,
	      "Members whose writing is not to be seen in this one's storage.");
	gauge(f, "jmha_store_ok", strcmp(s->store.state, "ok") == 0,
	      "1 while the storage does what it should.");
}

static void print_lateness(FILE *f, const struct lateness *l)
{
	static const char name[] = "jmha_heartbeat_late_seconds";

	head(f, name, "histogram",
	     "How much later than half a tick after the one before the leader's heartbeats were "
	     "sent.");
	for (unsigned i = 0; i < LATENESS_N_BOUNDS; i++)
		fprintf(f, "%s_bucket{le=\"%u.%03u\"} %" PRIu64 "\n", name,
		        lateness_bound_ms[i] / 1000, lateness_bound_ms[i] % 1000, l->within[i]);
	fprintf(f, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n", name, l->n);
	fprintf(f, "%s_sum %" PRIu64 ".%06u\n", name, l->sum / USEC_PER_SEC,
	        (unsigned)(l->sum % USEC_PER_SEC));
	fprintf(f, "%s_count %" PRIu64 "\n", name, l->n);
}

static void print_counters(FILE *f, const struct counters *c)
{
	counter(f, "jmha_commits_total", c->commits, "Acknowledged group commits.");
	counter(f, "jmha_changes_total", c->changes, "Acknowledged pointer changes.");
	counter(f, "jmha_transitions_total", c->transitions, "Changes of this member's state.");
	counter(f, "jmha_heartbeats_total", c->heartbeats, "Answered lease heartbeats.");
	counter(f, "jmha_zookeeper_connections_total", c->connections,
	        "Handshakes with a ZooKeeper server.");
	counter(f, "jmha_storage_errors_total", c->storage_errors, "Failed or late I/O.");
	counter(f, "jmha_log_lines_lost_total", c->log_lost,
	        "Lines of the log that could not be written: its disk is full, or nobody reads.");
	print_lateness(f, &c->late);
}

static void print_endpoints(FILE *f, const struct endpoints_view *v)
{
	gauge(f, "jmha_endpoints", v->n, "Published addresses.");
	gauge(f, "jmha_endpoints_epoch", v->epoch.v, "Epoch of the published addresses.");
	seconds(f, "jmha_endpoints_age_seconds", v->age,
	        "Since this member last heard of ZooKeeper.");
	gauge(f, "jmha_endpoints_stale", v->stale, "1 when that is longer than a session lasts.");
}

static void print_api(FILE *f, const struct api_context *api)
{
	head(f, "jmha_api_requests_total", "counter", "Answered requests by HTTP status.");
	for (unsigned code = 0; code < sizeof(api->replies) / sizeof(api->replies[0]); code++)
		if (api->replies[code] > 0)
			fprintf(f, "jmha_api_requests_total{code=\"%u\"} %" PRIu64 "\n", code,
			        api->replies[code]);
	gauge(f, "jmha_api_clients", api->n_clients, "Open connections.");
	gauge(f, "jmha_api_streams", api->hub ? api_hub_n_streams(api->hub) : 0,
	      "Open streams of events.");
	gauge(f, "jmha_api_followers", api->followers ? api_hub_n_streams(api->followers) : 0,
	      "Open streams of the endpoints.");
}

void api_metrics_get(const struct api_request *req, struct api_reply *reply)
{
	const struct backend *b = &req->api->backend;
	struct status s = { 0 };
	struct counters c = { 0 };
	struct endpoints_view e = { .epoch = { 0 } };
	CLEANUP(freep) char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);
	bool failed;

	if (!f) {
		api_reply_error(reply, API_INTERNAL, NULL);
		return;
	}
	/* One after the other: what status hands out is valid until the next question. */
	b->ops->status(b->userdata, &s);
	print_status(f, &s);
	b->ops->counters(b->userdata, &c);
	print_counters(f, &c);
	b->ops->endpoints(b->userdata, &e, NULL, NULL);
	print_endpoints(f, &e);
	print_api(f, req->api);
	failed = ferror(f);
	if (fclose(f) != 0 || failed) {
		api_reply_error(reply, API_INTERNAL, NULL);
		return;
	}
	api_reply_take(reply, "text/plain; version=0.0.4; charset=utf-8", TAKE_PTR(text), size);
}
