/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/api.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "daemon/api_counters.h"
#include "daemon/api_endpoints.h"
#include "daemon/api_http.h"
#include "daemon/api_jobs.h"
#include "daemon/api_leadership.h"
#include "daemon/api_metrics.h"
#include "daemon/api_operator.h"
#include "daemon/api_peer.h"
#include "daemon/api_pointers.h"
#include "daemon/api_request.h"
#include "daemon/api_status.h"
#include "daemon/api_stream.h"

struct api {
	struct api_context context;
	struct api_admins admins;
	struct api_http *http;
};

enum { TCP = 1, WRITE = 2, STREAM = 4, HEAVY = 8 };

static const struct api_route {
	/* "/v1/pointers/": what follows the slash is the tail; one part of the path that is "*":
	 * that part is. */
	const char *method, *path;
	unsigned flags; /* TCP: served there, too.  WRITE: root, our own user or admin_group */
	void (*handler)(const struct api_request *req, struct api_reply *reply);
	const char *help;
} routes[] = {
	{ "GET", "/v1/status", TCP, api_status_get,
	  "role, state, epoch, lease left of this member" },
	{ "GET", "/v1/cluster", TCP, api_status_cluster, "all members and the leader" },
	{ "GET", "/v1/events", STREAM, api_stream_events,
	  "stream: the state, then each transition and pointer change, one JSON object a line" },
	{ "GET", "/v1/history", TCP, api_status_history,
	  "terms: epoch, leader, start, end, cause" },
	{ "GET", "/v1/leadership", STREAM, api_leadership_get,
	  "stream for the daemon's own hot JobManager: what it is granted" },
	{ "PUT", "/v1/leadership", 0, api_leadership_put,
	  "the same JobManager says what it does: waiting, leading or revoked" },
	{ "GET", "/v1/pointers", HEAVY, api_pointers_list, "all pointers, or those with ?prefix=" },
	{ "GET", "/v1/pointers/", 0, api_pointers_get, "the value of one pointer, as it was sent" },
	{ "PUT", "/v1/pointers/", WRITE, api_pointers_put, "create or replace one pointer" },
	{ "DELETE", "/v1/pointers/", WRITE, api_pointers_delete, "remove one pointer" },
	{ "GET", "/v1/endpoints", TCP | HEAVY, api_endpoints_get,
	  "addresses of the leading JobManager; ?follow=1: a stream of them and their changes" },
	{ "PUT", "/v1/endpoints/", WRITE, api_endpoints_put,
	  "publish the {\"address\"} of a component" },
	{ "DELETE", "/v1/endpoints/", WRITE, api_endpoints_delete, "the component is gone" },
	{ "GET", "/v1/counters", HEAVY, api_counters_list, "all counters" },
	{ "GET", "/v1/counters/", 0, api_counters_get, "the number that the next POST hands out" },
	{ "POST", "/v1/counters/", WRITE, api_counters_post, "hand out the next number" },
	{ "PUT", "/v1/counters/", WRITE, api_counters_put, "the next POST hands out {\"value\"}" },
	{ "DELETE", "/v1/counters/", WRITE, api_counters_delete, "remove a counter" },
	{ "GET", "/v1/jobs/parked", HEAVY, api_jobs_parked,
	  "jobs that the JobManager left out, and why" },
	{ "POST", "/v1/jobs/*/parked", WRITE, api_jobs_park,
	  "the JobManager left this job out: {\"why\"}" },
	{ "DELETE", "/v1/jobs/*/parked", WRITE, api_jobs_unpark, "the job is back" },
	{ "POST", "/v1/jobs/*/recover", WRITE, api_jobs_recover,
	  "tell the leading JobManager to try a parked job again" },
	{ "POST", "/v1/switchover", WRITE, api_operator_switchover,
	  "hand over to {\"to\"}, or to any eligible member" },
	{ "POST", "/v1/step-down", WRITE, api_operator_step_down, "hand over, stay a contender" },
	{ "GET", "/v1/requests/", 0, api_operator_request, "the result of an operator's request" },
	{ "GET", "/leader", TCP, api_status_leader, "200 while this member leads, else 503" },
	{ "GET", "/standby", TCP, api_status_standby,
	  "200 while this member is a standby, else 503" },
	{ "GET", "/healthz", TCP, api_status_health,
	  "503 while starting or disconnected, else 200" },
	{ "GET", "/metrics", TCP, api_metrics_get, "numbers for Prometheus" },
};

static const char *who(const struct api_route *route)
{
	if (route->flags & WRITE)
		return "admin";
	return route->flags & TCP ? "everybody,tcp" : "everybody";
}

void api_print_routes(FILE *f)
{
	for (unsigned i = 0; i < N_ELEMENTS(routes); i++)
		fprintf(f, "%s\t%s\t%s\t%s\n", routes[i].method, routes[i].path, who(&routes[i]),
		        routes[i].help);
}

/* A part of the path, or what follows it.  False: another path. */
static bool match_path(const struct api_route *route, const char *path, char *ret_tail, size_t size)
{
	size_t n = strcspn(route->path, "*"), tail;
	const char *rest = route->path + n;

	ret_tail[0] = '\0';
	if (strncmp(path, route->path, n) != 0)
		return false;
	if (*rest == '\0' && route->path[n - 1] != '/')
		return path[n] == '\0';
	tail = *rest == '*' ? strcspn(path + n, "/") : strlen(path + n);
	if (*rest == '*' && strcmp(path + n + tail, rest + 1) != 0)
		return false;
	(void)snprintf(ret_tail, size, "%.*s", (int)tail, path + n);
	return true;
}

static bool is_path_of(const struct api_route *route, const char *path)
{
	char tail[API_MAX_KEY + 2];

	return match_path(route, path, tail, sizeof(tail));
}

/* A load balancer may ask by HEAD; the transport leaves the body out. */
static bool match_method(const struct api_route *route, const char *method)
{
	if (strcmp(method, route->method) == 0)
		return true;
	return strcmp(method, "HEAD") == 0 && strcmp(route->method, "GET") == 0 &&
	       !(route->flags & STREAM);
}

static void append(char *buf, size_t size, const char *a, const char *b)
{
	size_t n = strlen(buf);

	(void)snprintf(buf + n, size - n, "%s%s%s", n > 0 ? ", " : "", a, b);
}

static void reply_not_found(const struct api_request *req, struct api_reply *reply)
{
	char list[1000] = "";
	const char *last = "";

	for (unsigned i = 0; i < N_ELEMENTS(routes); i++) {
		if (strcmp(routes[i].path, last) == 0 || (req->tcp && !(routes[i].flags & TCP)))
			continue;
		last = routes[i].path;
		append(list, sizeof(list), last, last[strlen(last) - 1] == '/' ? "<name>" : "");
	}
	api_reply_errorf(reply, API_NOT_FOUND, "there is no such path here; there are %s", list);
}

static void reply_not_allowed(const char *path, struct api_reply *reply)
{
	char list[sizeof(reply->allow)] = "";

	for (unsigned i = 0; i < N_ELEMENTS(routes); i++)
		if (is_path_of(&routes[i], path))
			append(list, sizeof(list), routes[i].method, "");
	api_reply_errorf(reply, API_METHOD_NOT_ALLOWED, "this path knows %s only", list);
	memcpy(reply->allow, list, sizeof(list));
}

static void reply_forbidden(const struct api_request *req, struct api_reply *reply)
{
	const char *group = req->api->admin_group;

	api_reply_errorf(reply, API_FORBIDDEN,
	                 "%s may not do this: it is for root, the daemon's user%s%s", req->by,
	                 group[0] ? " and members of the group " : "; no admin_group is configured",
	                 group);
}

void api_dispatch(const struct api_request *req, struct api_reply *reply)
{
	const struct api_route *route = NULL;
	struct api_request r = *req;
	char tail[API_MAX_KEY + 2]; /* one more than any may have: that is still too long */
	bool found = false;

	r.tail = tail;
	for (unsigned i = 0; i < N_ELEMENTS(routes) && !route; i++) {
		if (!match_path(&routes[i], req->path, tail, sizeof(tail)))
			continue;
		found = true;
		if (match_method(&routes[i], req->method))
			route = &routes[i];
	}
	if (!found)
		reply_not_found(req, reply);
	else if (!route)
		reply_not_allowed(req->path, reply);
	else if (req->tcp && !(route->flags & TCP))
		api_reply_error(reply, API_FORBIDDEN,
		                "not served over TCP: use the Unix socket of the member's host");
	else if ((route->flags & WRITE) && !req->privileged)
		reply_forbidden(req, reply);
	else if (req->unknown_query && strncmp(req->path, "/v1/", 4) == 0)
		api_reply_error(
		        reply, API_BAD_REQUEST,
		        "a parameter behind the '?' is not known; there are prefix and after (list "
		        "of pointers), follow (endpoints) and wait_ms (switchover, step-down)");
	else
		route->handler(&r, reply);
}

bool api_is_heavy(const char *path)
{
	for (unsigned i = 0; i < N_ELEMENTS(routes); i++)
		if ((routes[i].flags & HEAVY) && is_path_of(&routes[i], path))
			return true;
	return false;
}

static void set_group(struct api *api, const char *group)
{
	(void)snprintf(api->context.admin_group, sizeof(api->context.admin_group), "%s",
	               group ? group : "");
}

int api_new(sd_event *event, const struct api_listen *listen, const struct backend *backend,
            struct api **ret)
{
	CLEANUP(api_freep) struct api *api = calloc(1, sizeof(*api));
	int r;

	if (!api)
		return -ENOMEM;
	LIST_INIT(&api->context.pending);
	api->context.backend = *backend;
	api->context.event = sd_event_ref(event);
	r = api_admins_load(listen->admin_group, &api->admins);
	if (r < 0)
		return r;
	set_group(api, listen->admin_group);
	r = api_hub_new_events(event, &api->context.hub);
	if (r >= 0)
		r = api_endpoints_hub_new(&api->context, &api->context.followers);
	if (r >= 0)
		r = api_leadership_hub_new(&api->context.leadership);
	if (r < 0)
		return r;
	r = api_http_new(&api->context, &api->admins, listen, &api->http);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(api);
	return 0;
}

void api_free(struct api *api)
{
	if (!api)
		return;
	api_http_free(api->http); /* ends connections, hence streams */
	api_pending_end_all(&api->context);
	api_hub_free(api->context.hub);
	api_hub_free(api->context.leadership);
	api_hub_free(api->context.followers);
	sd_event_unref(api->context.event);
	free(api);
}

void api_freep(struct api **api)
{
	api_free(*api);
}

void api_publish(struct api *api, const struct api_event *event)
{
	api_hub_publish(api->context.hub, event);
}

bool api_leadership_publish(struct api *api, enum leadership_line line, const struct leadership *l,
                            const char *jobid)
{
	if (api_hub_n_streams(api->context.leadership) == 0)
		return false;
	api_hub_publish_json(api->context.leadership, api_leadership_line(line, l, jobid));
	return true;
}

void api_publish_endpoints(struct api *api, const struct endpoint_view *changes, size_t n)
{
	api_endpoints_publish(&api->context, changes, n);
}

int api_reload(struct api *api, const char *admin_group)
{
	struct api_admins admins;
	int r = api_admins_load(admin_group, &admins);

	if (r < 0)
		return r;
	api->admins = admins;
	set_group(api, admin_group);
	return 0;
}
