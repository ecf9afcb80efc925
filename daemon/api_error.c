/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/api_error.h"

#include <assert.h>
#include <string.h>

/* DESIGN section 8, the table of errors. */
static const struct {
	const char *code;
	unsigned http;
	int exit;
	const char *text;
} errors[API_N_ERRORS_] = {
	[API_OK] = { "ok", 200, 0, "done" },
	[API_BAD_REQUEST] = { "bad-request", 400, 2, "the request is malformed" },
	[API_FORBIDDEN] = { "forbidden", 403, 1, "not permitted" },
	[API_NOT_FOUND] = { "not-found", 404, 1, "there is no such thing" },
	[API_METHOD_NOT_ALLOWED] = { "method-not-allowed", 405, 1, "no such method here" },
	[API_CONDITION_FAILED] = { "condition-failed", 409, 1,
	                           "the pointer is not at the asked revision; nothing was "
	                           "changed" },
	[API_NOT_LEADER] = { "not-leader", 409, 6,
	                     "this member does not lead; ask the leader, nothing was changed" },
	[API_NOT_ELIGIBLE] = { "not-eligible", 409, 4, "the member may not lead; see its reasons" },
	[API_UNSAFE] = { "unsafe", 409, 4, "refused as unsafe; \"force\": true does it anyway" },
	[API_DAMAGED] = { "damaged", 410, 1,
	                  "the key is known, but its value is damaged; a copy is in quarantine" },
	[API_FENCED] = { "fenced", 412, 1,
	                 "Jmha-Epoch is not the current epoch; nothing was changed" },
	[API_TOO_LARGE] = { "too-large", 413, 2, "the value or request is too large" },
	[API_EPOCH_REQUIRED] = { "epoch-required", 428, 2, "the header Jmha-Epoch is missing" },
	[API_BUSY] = { "busy", 429, 1, "a limit was reached; try again later" },
	[API_INTERNAL] = { "internal", 500, 1, "internal error; see the daemon's messages" },
	[API_NO_LEADER] = { "no-leader", 503, 6, "nobody leads at the moment; try again" },
	[API_ABORTED] = { "aborted", 503, 6, "the leader changed; ask the new one" },
	[API_STORAGE_FAILED] = { "storage-failed", 503, 1,
	                         "the storage failed; nothing was changed" },
	[API_NOT_READY] = { "not-ready", 503, 1,
	                    "not ready yet; nothing was done, try again in a moment" },
	[API_DISCONNECTED] = { "disconnected", 503, 3, "this member cannot reach ZooKeeper" },
	[API_OUTCOME_UNKNOWN] = { "outcome-unknown", 504, 5,
	                          "no answer in time: it may have been done; ask again" },
	[API_STORAGE_FULL] = { "storage-full", 507, 1, "the storage is full; nothing was changed" },
};

const char *api_error_code(enum api_error error)
{
	assert(error < API_N_ERRORS_);
	return errors[error].code;
}

const char *api_error_text(enum api_error error)
{
	assert(error < API_N_ERRORS_);
	return errors[error].text;
}

unsigned api_error_http(enum api_error error)
{
	assert(error < API_N_ERRORS_);
	return errors[error].http;
}

int api_error_exit(enum api_error error)
{
	assert(error < API_N_ERRORS_);
	return errors[error].exit;
}

enum api_error api_error_parse(const char *code)
{
	for (unsigned i = 0; i < API_N_ERRORS_; i++)
		if (strcmp(errors[i].code, code) == 0)
			return (enum api_error)i;
	return API_N_ERRORS_;
}
