/* SPDX-License-Identifier: Apache-2.0 */
/* A backend for tests of the API: answers from plain fields, keeps what it was asked. */
#pragma once

#include "daemon/api_request.h"
#include "daemon/backend.h"

enum { FAKE_MAX_WAITING = 512 };

struct fake {
	struct status status;
	struct cluster_view cluster;
	struct cluster_member members[4];
	unsigned n_members;
	struct term terms[4];
	unsigned n_terms;
	const struct pointer_view *pointers; /* ordered */
	unsigned n_pointers;
	uint64_t sequence;
	enum api_error read_error; /* of pointer_get and pointer_list */
	unsigned n_listed;         /* calls of pointer_list */
	struct counters counters;
	pid_t jobmanager; /* who may speak for the leadership; 0 = nobody, the mode is cold */
	struct leadership leadership;
	enum leadership_word said; /* the last word, and its epoch */
	struct epoch said_epoch;
	unsigned n_said;
	struct operator_result request; /* of request_get; id NULL = none */

	/* pointer_submit: answered at once with this when `at_once`, else kept waiting */
	bool at_once;
	struct pointer_result result;
	struct pointer_change change; /* the last one; strings copied below */
	char key[300];
	char value[70000];
	unsigned n_submitted;
	backend_pointer_done done[FAKE_MAX_WAITING];
	void *cookies[FAKE_MAX_WAITING];
	unsigned n_waiting;

	/* operator_submit: always kept */
	struct operator_request asked;
	char to[80], by[210], why[210];
	backend_operator_cb progress;
	void *progress_cookie;

	/* endpoints, counters, parked jobs */
	struct endpoints_view endpoints;
	struct endpoint_view endpoint[4]; /* the first endpoints.n .. */
	const struct endpoint_view *many; /* .. or of these */
	const struct counter_view *counter_views;
	unsigned n_counter_views;
	const struct parked_job *parked;
	unsigned n_parked;
	/* *_submit: answered at once with `changed` when `at_once`, else kept: one at a time */
	struct change_result changed;
	struct {
		char what[16]; /* "endpoint", "counter", "job" */
		struct epoch epoch;
		int op;
		char key[300], text[1100]; /* address or why; "" = NULL */
		bool has_text;
		int64_t value;
	} submitted;
	backend_change_done change_done;
	void *change_cookie;
};

/* A leader "jm-a" of "orders", epoch 7, with two terms, two members and no pointers. */
void fake_init(struct fake *f);

/* A context without loop and streams, for handlers called directly. */
void fake_context(struct fake *f, struct api_context *ret);

/* Answers the endpoint, counter or job that waits. */
void fake_change(struct fake *f, const struct change_result *result);

/* Answers all that wait. */
void fake_complete(struct fake *f, const struct pointer_result *result);

extern const struct backend_ops fake_ops;

/* GET of a path by root on the Unix socket; fill in the rest. */
struct api_request fake_request(struct api_context *context, const char *method, const char *path);

/* The reply's body as JSON; fails the test when it is none. */
json_t *fake_json(const struct api_reply *reply);

/* The "error" of the reply, "" if it is none. */
const char *fake_error(const struct api_reply *reply, json_t **ret_owner);
