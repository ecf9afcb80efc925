/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/api_change.h"

#include <string.h>

#include "base/parse.h"
#include "daemon/api_json.h"

bool api_change_epoch(const struct api_request *req, struct epoch *ret, struct api_reply *reply)
{
	if (!req->jmha_epoch) {
		api_reply_error(reply, API_EPOCH_REQUIRED,
		                "the header Jmha-Epoch is missing: say under which epoch this "
		                "JobManager leads");
		return false;
	}
	if (parse_uint64(req->jmha_epoch, 1, INT64_MAX, &ret->v) == 0)
		return true;
	api_reply_error(reply, API_BAD_REQUEST, "Jmha-Epoch must be a number from 1");
	return false;
}

json_t *api_change_body(const struct api_request *req, struct api_reply *reply)
{
	json_error_t error = { .text = "it is empty" };
	json_t *o = req->size > 0 ? json_loadb(req->body, req->size, JSON_REJECT_DUPLICATES, &error)
	                          : NULL;

	if (json_is_object(o))
		return o;
	api_reply_errorf(reply, API_BAD_REQUEST, "the body must be a JSON object%s%s",
	                 o ? "" : ": ", o ? "" : error.text);
	json_decref(o);
	return NULL;
}

struct api_pending *api_change_begin(const struct api_request *req, struct api_reply *reply)
{
	struct api_pending *p = api_pending_new(req->api);

	if (!p)
		api_reply_error(reply, API_INTERNAL, NULL);
	reply->pending = p;
	return p;
}

static void reply_change(struct api_reply *reply, const struct change_result *r)
{
	json_t *o = json_object();

	if (!api_json_number(o, "version", 1) || !api_json_number(o, "epoch", r->epoch.v) ||
	    (r->has_value && !api_json_number(o, "value", (uint64_t)r->value))) {
		json_decref(o);
		o = NULL;
	}
	reply->epoch = r->epoch.v;
	api_reply_json(reply, o);
}

void api_change_done(void *cookie, const struct change_result *result)
{
	struct api_pending *p = cookie;
	json_t *extra = NULL;

	if (api_pending_wanted(p)) {
		if (result->error == API_OK) {
			reply_change(&p->reply, result);
		} else {
			if (result->error == API_NOT_LEADER) {
				extra = json_object();
				(void)api_json_text(extra, "leader", result->leader);
			}
			api_reply_error_with(&p->reply, result->error, result->message, extra);
		}
		api_pending_answer(p);
	}
	api_pending_backend_done(p);
}

bool api_change_jobid(const char *jobid, struct api_reply *reply)
{
	if (strspn(jobid, "0123456789abcdef") == 32 && jobid[32] == '\0')
		return true;
	api_reply_error(reply, API_BAD_REQUEST, "a job's id has 32 hex digits (0-9 a-f)");
	return false;
}
