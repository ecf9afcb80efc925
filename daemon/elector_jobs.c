/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parked jobs: those that the JobManager left out because a file of theirs is gone or short, as it
 * reports them.  Records `~parked/<jobid>` of the log, so that every later leader knows them.
 */
#include "daemon/elector_private.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "daemon/clock.h"

#define PREFIX "~parked/"

/* ---- reading ---- */

/* A reference to the record's text, which holds what *ret points to; NULL: it cannot be read, and
 * the job is named all the same. */
static json_t *decode(const struct pointer *p, struct parked_job *ret)
{
	json_t *o = p->damaged ? NULL
	                       : json_loadb((const char *)pointer_value(p), p->value_size, 0, NULL);
	const char *why = json_string_value(json_object_get(o, "why"));
	json_int_t since = json_integer_value(json_object_get(o, "since_ms"));

	*ret = (struct parked_job){ .jobid = p->key + strlen(PREFIX),
		                    .why = why ? why : "the record of it is damaged",
		                    .since = since > 0 ? usec_from_ms((uint64_t)since) : 0 };
	return o;
}

static void forget_shown(struct elector *e)
{
	for (unsigned i = 0; i < BACKEND_MAX_PARKED; i++)
		json_decref(TAKE_PTR(e->parked_shown[i]));
}

struct status_filling {
	struct elector *e;
	struct status *status;
};

static int on_shown(const struct pointer *p, void *userdata)
{
	const struct status_filling *f = userdata;
	uint64_t i = f->status->n_parked++;

	if (i < BACKEND_MAX_PARKED)
		f->e->parked_shown[i] = decode(p, &f->status->parked[i]);
	return 0;
}

void elector_jobs_status(struct elector *e, struct status *ret)
{
	struct status_filling f = { e, ret };

	forget_shown(e); /* what was handed out before is not valid any more */
	(void)pointer_map_list(e->map, PREFIX, on_shown, &f);
}

struct listing {
	backend_parked_cb each;
	void *cookie;
	unsigned n_told;
};

/* Whoever reads thousands of whys?  But a name that is left out would never be taken back. */
static int on_listed(const struct pointer *p, void *userdata)
{
	struct listing *l = userdata;
	struct parked_job job = { .jobid = p->key + strlen(PREFIX) };
	json_t *o = l->n_told < BACKEND_MAX_TOLD ? decode(p, &job) : NULL;

	l->n_told += l->n_told < BACKEND_MAX_TOLD;
	l->each(l->cookie, &job);
	json_decref(o);
	return 0;
}

enum api_error elector_jobs_list(struct elector *e, backend_parked_cb each, void *cookie)
{
	struct listing l = { each, cookie, 0 };

	if (!elector_status_store_read(e))
		return API_NOT_READY;
	(void)pointer_map_list(e->map, PREFIX, on_listed, &l);
	return API_OK;
}

/* ---- changes ---- */

struct job_change { /* from submit to reply */
	backend_change_done done;
	void *cookie;
};

static void on_done(void *cookie, const struct pointer_result *r)
{
	CLEANUP(freep) struct job_change *c = cookie;
	struct change_result result = {
		.error = r->error, .message = r->message, .epoch = r->epoch, .leader = r->leader
	};

	if (r->error == API_NOT_FOUND)
		result.message = "this job is not parked";
	c->done(c->cookie, &result);
}

static void submit(struct elector *e, struct commit_request *request, backend_change_done done,
                   void *cookie)
{
	struct job_change *c = malloc(sizeof(*c));

	if (!c) {
		done(cookie, &(struct change_result){ .error = API_INTERNAL });
		return;
	}
	*c = (struct job_change){ done, cookie };
	request->own = true;
	elector_status_submit(e, request, on_done, c);
}

/* Told again it keeps the time of the first report. */
static void park(struct elector *e, struct commit_request *request, const char *why,
                 backend_change_done done, void *cookie)
{
	const struct pointer *now = pointer_map_get(e->map, request->key);
	struct parked_job known = { .since = 0 };
	json_t *old = now ? decode(now, &known) : NULL;
	json_int_t since =
	        known.since ? (json_int_t)usec_to_ms(known.since) : (json_int_t)clock_realtime_ms();
	json_t *o = json_pack("{si ss sI}", "version", 1, "why", why, "since_ms", since);
	CLEANUP(freep) char *text = o ? json_dumps(o, JSON_COMPACT) : NULL;

	json_decref(old);
	json_decref(o);
	if (!text) {
		done(cookie, &(struct change_result){ .error = API_INTERNAL });
		return;
	}
	request->op = COMMIT_PUT;
	request->value = text;
	request->value_size = strlen(text);
	submit(e, request, done, cookie);
}

/* An operator's word to the JobManager that leads. */
static void recover(struct elector *e, const char *jobid, backend_change_done done, void *cookie)
{
	struct change_result result = { .leader = elector_status_leader(e) };

	if (core_state(&e->core, clock_boottime()) != CORE_STATE_LEADER) {
		result.error = result.leader ? API_NOT_LEADER : API_NO_LEADER;
	} else if (!e->config->hot) {
		result.error = API_NOT_FOUND;
		result.message = "jobmanager.mode is \"cold\": nobody can be told, a JobManager "
		                 "started anew (jmhactl switchover) tries all its jobs";
	} else if (elector_leadership_recover(e, jobid)) {
		result.epoch = e->core.epoch;
	} else {
		result.error = API_NOT_READY;
		result.message = "the JobManager is not connected to its daemon at the moment; "
		                 "nothing was done, try again";
	}
	done(cookie, &result);
}

void elector_jobs_submit(struct elector *e, struct epoch epoch, enum job_op op, const char *jobid,
                         const char *why, backend_change_done done, void *cookie)
{
	char key[64];
	struct commit_request request = { .op = COMMIT_DELETE, .key = key, .fence = epoch };

	(void)text_format(key, sizeof(key), PREFIX "%s", jobid);
	switch (op) {
	case JOB_PARK:
		park(e, &request, why, done, cookie);
		break;
	case JOB_UNPARK:
		submit(e, &request, done, cookie);
		break;
	case JOB_RECOVER:
		recover(e, jobid, done, cookie);
		break;
	}
}

void elector_jobs_done(struct elector *e)
{
	forget_shown(e);
}
