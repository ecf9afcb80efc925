/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/api_leadership.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "daemon/api_json.h"
#include "daemon/api_stream.h"

/* Answers who may not; true: this process is the daemon's own JobManager. */
static bool may(const struct api_request *req, struct api_reply *reply)
{
	const struct backend *b = &req->api->backend;
	struct leadership l;

	switch ((int)b->ops->leadership_may(b->userdata, req->pid)) {
	case API_OK:
		return true;
	case API_NOT_FOUND:
		api_reply_error(reply, API_NOT_FOUND,
		                "this member has no hot JobManager: it is an observer, or "
		                "jobmanager.mode is \"cold\"");
		return false;
	default:
		b->ops->leadership(b->userdata, req->pid, &l);
		api_reply_errorf(
		        reply, API_FORBIDDEN,
		        "process %d is not the JobManager of member %s of cluster %s, "
		        "which the daemon starts itself (jobmanager.command); stop this one",
		        (int)req->pid, l.member, l.cluster);
		return false;
	}
}

static bool add_leader_id(json_t *o, const struct leadership *l)
{
	return api_json_text(o, "leader_id", l->leader_id[0] ? l->leader_id : NULL);
}

json_t *api_leadership_line(enum leadership_line line, const struct leadership *l,
                            const char *jobid)
{
	json_t *o = json_object();
	bool ok = false;

	switch (line) {
	case LEADERSHIP_STATE:
		ok = api_json_text(o, "type", "state") && api_json_number(o, "version", 1) &&
		     api_json_number(o, "epoch", l->epoch.v) &&
		     api_json_bool(o, "granted", l->epoch.v != 0) && add_leader_id(o, l) &&
		     api_json_bool(o, "superseded", l->superseded) &&
		     api_json_ms(o, "halt_after_ms", l->halt_after) &&
		     api_json_text(o, "cluster", l->cluster) &&
		     api_json_text(o, "member", l->member);
		break;
	case LEADERSHIP_GRANT:
		ok = api_json_text(o, "type", "grant") && api_json_number(o, "epoch", l->epoch.v) &&
		     add_leader_id(o, l);
		break;
	case LEADERSHIP_REVOKE:
		ok = api_json_text(o, "type", "revoke") &&
		     api_json_number(o, "epoch", l->epoch.v) &&
		     api_json_bool(o, "superseded", l->superseded);
		break;
	case LEADERSHIP_RECOVER:
		ok = api_json_text(o, "type", "recover") && api_json_text(o, "jobid", jobid);
		break;
	case LEADERSHIP_HEARTBEAT:
		ok = api_json_text(o, "type", "heartbeat") && api_json_ms(o, "lease_ms", l->lease);
		break;
	}
	if (ok)
		return o;
	json_decref(o);
	return NULL;
}

int api_leadership_hub_new(struct api_hub **ret)
{
	/* One, and those that are being ended for it. */
	const struct api_hub_config config = { .max_streams = 4 };

	return api_hub_new(&config, ret);
}

void api_leadership_get(const struct api_request *req, struct api_reply *reply)
{
	const struct backend *b = &req->api->backend;
	struct leadership l;

	if (!may(req, reply))
		return;
	if (req->api->leadership)
		api_hub_drop_all(req->api->leadership);
	b->ops->leadership(b->userdata, req->pid, &l);
	if (l.settled)
		api_reply_json(reply, api_leadership_line(LEADERSHIP_STATE, &l, NULL));
	else /* D1: the first line comes when the term is verified */
		api_reply_take(reply, NULL, calloc(1, 1), 0);
	if (reply->http != 200)
		return;
	reply->type = "application/x-ndjson";
	reply->stream = true;
	reply->hub = req->api->leadership;
}

static bool read_word(const json_t *o, enum leadership_word *ret)
{
	static const char *const words[] = {
		[LEADERSHIP_WAITING] = "waiting",
		[LEADERSHIP_LEADING] = "leading",
		[LEADERSHIP_REVOKED] = "revoked",
	};
	const char *text = json_string_value(json_object_get(o, "state"));

	for (unsigned i = 0; text && i < N_ELEMENTS(words); i++)
		if (strcmp(text, words[i]) == 0) {
			*ret = (enum leadership_word)i;
			return true;
		}
	return false;
}

void api_leadership_put(const struct api_request *req, struct api_reply *reply)
{
	const struct backend *b = &req->api->backend;
	enum leadership_word word = LEADERSHIP_WAITING;
	json_t *body, *epoch, *o;

	if (!may(req, reply))
		return;
	body = json_loadb(req->body, req->size, JSON_REJECT_DUPLICATES, NULL);
	epoch = json_object_get(body, "epoch");
	if (!json_is_integer(epoch) || json_integer_value(epoch) < 0 || !read_word(body, &word)) {
		api_reply_error(reply, API_BAD_REQUEST,
		                "the body must be {\"epoch\": N, \"state\": \"waiting\", "
		                "\"leading\" or \"revoked\"}");
	} else if (b->ops->leadership_say(b->userdata, req->pid, word,
	                                  (struct epoch){ (uint64_t)json_integer_value(epoch) }) !=
	           API_OK) {
		api_reply_errorf(reply, API_FENCED,
		                 "epoch %" JSON_INTEGER_FORMAT " is not granted to this "
		                 "JobManager (any more): it has to halt",
		                 json_integer_value(epoch));
	} else {
		o = json_object();
		if (!api_json_number(o, "version", 1) ||
		    !api_json_number(o, "epoch", (uint64_t)json_integer_value(epoch))) {
			json_decref(o);
			o = NULL;
		}
		api_reply_json(reply, o);
	}
	json_decref(body);
}
