/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/api_jobs.h"

#include <string.h>

#include "daemon/api.h"
#include "daemon/api_change.h"
#include "daemon/api_json.h"

json_t *api_jobs_json(const struct parked_job *job)
{
	json_t *o = json_object();

	if (api_json_text(o, "jobid", job->jobid) &&
	    (!job->why ||
	     (api_json_text(o, "why", job->why) && api_json_time(o, "since", job->since))))
		return o;
	json_decref(o);
	return NULL;
}

struct listing {
	json_t *array;
	bool ok;
};

static void on_parked(void *cookie, const struct parked_job *job)
{
	struct listing *l = cookie;

	l->ok = json_array_append_new(l->array, api_jobs_json(job)) == 0 && l->ok;
}

void api_jobs_parked(const struct api_request *req, struct api_reply *reply)
{
	const struct backend *b = &req->api->backend;
	struct listing l = { json_array(), true };
	enum api_error error = b->ops->parked_list(b->userdata, on_parked, &l);
	json_t *o = json_object();

	if (!api_json_set(o, "parked", l.array) || !api_json_number(o, "version", 1) || !l.ok) {
		json_decref(o);
		o = NULL;
	}
	if (error == API_OK) {
		api_reply_json(reply, o);
		return;
	}
	json_decref(o);
	api_reply_error(reply, error, NULL);
}

static void submit(const struct api_request *req, struct epoch epoch, enum job_op op,
                   const char *why, struct api_reply *reply)
{
	const struct backend *b = &req->api->backend;
	struct api_pending *p = api_change_begin(req, reply);

	if (p)
		b->ops->job_submit(b->userdata, epoch, op, req->tail, why, api_change_done, p);
}

void api_jobs_park(const struct api_request *req, struct api_reply *reply)
{
	struct epoch epoch = { 0 };
	const char *why;
	json_t *body;

	if (!api_change_jobid(req->tail, reply) || !api_change_epoch(req, &epoch, reply))
		return;
	body = api_change_body(req, reply);
	if (!body)
		return;
	why = json_string_value(json_object_get(body, "why"));
	if (why && *why && strlen(why) <= API_MAX_WHY)
		submit(req, epoch, JOB_PARK, why, reply);
	else
		api_reply_errorf(reply, API_BAD_REQUEST,
		                 "\"why\" must be a text of 1 to %d bytes: what is wrong with the "
		                 "job",
		                 API_MAX_WHY);
	json_decref(body);
}

void api_jobs_unpark(const struct api_request *req, struct api_reply *reply)
{
	struct epoch epoch = { 0 };

	if (api_change_jobid(req->tail, reply) && api_change_epoch(req, &epoch, reply))
		submit(req, epoch, JOB_UNPARK, NULL, reply);
}

/* An operator's: any epoch will do. */
void api_jobs_recover(const struct api_request *req, struct api_reply *reply)
{
	if (api_change_jobid(req->tail, reply))
		submit(req, (struct epoch){ 0 }, JOB_RECOVER, NULL, reply);
}
