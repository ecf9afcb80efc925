/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/store.h"

#include <assert.h>
#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "storage/store_ops.h"
#include "storage/store_thread.h"

struct store {
	struct store_thread *thread;
};

void store_keep_at_exit(void)
{
	(void)OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL);
}

int store_new(const struct store_config *config, struct store **ret)
{
	struct store_place *place = calloc(1, sizeof(*place));
	struct store *s = calloc(1, sizeof(*s));
	int r = -ENOMEM;

	if (!place || !s)
		goto fail;
	place->path = strdup(config->path);
	place->cluster = strdup(config->cluster);
	place->member = strdup(config->member);
	place->io_usec = config->io_usec;
	if (asprintf(&place->cluster_path, "%s/%s", config->path, config->cluster) < 0)
		place->cluster_path = NULL;
	if (!place->path || !place->cluster || !place->member || !place->cluster_path)
		goto fail;
	r = store_thread_new(place, &s->thread);
	place = NULL; /* taken over */
	if (r < 0)
		goto fail;
	*ret = s;
	return 0;
fail:
	if (place) {
		free(place->path);
		free(place->cluster);
		free(place->member);
		free(place->cluster_path);
	}
	free(place);
	free(s);
	return r;
}

void store_free(struct store *s)
{
	if (!s)
		return;
	store_thread_free(s->thread);
	free(s);
}

void store_freep(struct store **s)
{
	store_free(*s);
}

int store_fd(const struct store *s)
{
	return store_thread_fd(s->thread);
}

usec_t store_next_deadline(const struct store *s)
{
	return store_thread_next_deadline(s->thread);
}

/* The loop's map changes here and nowhere else on the way in. */
static void merge(struct store_job *job)
{
	struct pointer_map *delta = job->follow.delta;
	const struct log_position *at = pointer_map_position(job->map);
	int r = 0;

	if (at->epoch != job->from.epoch || at->segment != job->from.segment ||
	    at->offset != job->from.offset || at->sequence != job->from.sequence)
		r = -ESTALE;
	if (r == 0 && job->follow.restarted)
		r = pointer_map_replace(job->map, delta, job->on_change, job->userdata);
	else if (r == 0)
		r = pointer_map_merge(job->map, delta, job->on_change, job->userdata);
	if (r < 0)
		store_ops_fail(job, r, "cannot use what was read of", "/log");
	pointer_map_free(delta);
	job->follow.delta = NULL;
}

static void finish(struct store_job *job)
{
	job->result.follow = &job->follow;
	frozen_map_free(TAKE_PTR(job->frozen));
	if (job->result.op == STORE_FOLLOW && job->result.state == STORE_OK)
		merge(job);
	job->done(&job->result, job->userdata);
}

void store_dispatch(struct store *s, usec_t now)
{
	store_thread_dispatch(s->thread, now, finish);
}

static struct store_job *job_new(const struct store *s, enum store_op op, store_done_t done,
                                 void *userdata)
{
	struct store_job *job = calloc(1, sizeof(*job));

	if (!job)
		return NULL;
	job->result.op = op;
	job->done = done;
	job->userdata = userdata;
	job->place = store_thread_place(s->thread);
	return job;
}

static int submit(struct store *s, struct store_job *job)
{
	if (!job)
		return -ENOMEM;
	store_thread_submit(s->thread, job);
	return 0;
}

/* With a copy of bytes. */
static int submit_bytes(struct store *s, struct store_job *job, const void *bytes, size_t size)
{
	if (!job)
		return -ENOMEM;
	job->bytes = malloc(size > 0 ? size : 1);
	if (!job->bytes) {
		store_job_free(job);
		return -ENOMEM;
	}
	if (size > 0) /* else there need not be any */
		memcpy(job->bytes, bytes, size);
	job->size = size;
	return submit(s, job);
}

int store_check(struct store *s, store_done_t done, void *userdata)
{
	return submit(s, job_new(s, STORE_CHECK, done, userdata));
}

int store_init(struct store *s, const uint8_t cluster_id[RECORD_CLUSTER_ID_SIZE], store_done_t done,
               void *userdata)
{
	struct store_job *job = job_new(s, STORE_INIT, done, userdata);

	if (job)
		memcpy(job->cluster_id, cluster_id, RECORD_CLUSTER_ID_SIZE);
	return submit(s, job);
}

int store_list(struct store *s, store_done_t done, void *userdata)
{
	return submit(s, job_new(s, STORE_LIST, done, userdata));
}

int store_follow(struct store *s, const struct store_follow *follow, store_done_t done,
                 void *userdata)
{
	struct store_job *job = job_new(s, STORE_FOLLOW, done, userdata);

	if (!job)
		return -ENOMEM;
	memcpy(job->cluster_id, follow->cluster_id, RECORD_CLUSTER_ID_SIZE);
	job->map = follow->map;
	job->on_change = follow->on_change;
	job->from = *pointer_map_position(follow->map);
	job->to = follow->to;
	job->snapshot = follow->snapshot;
	job->previous = follow->previous;
	job->anew = follow->anew;
	return submit(s, job);
}

int store_look(struct store *s, const struct store_look *look, store_done_t done, void *userdata)
{
	struct store_job *job = job_new(s, STORE_LOOK, done, userdata);

	if (job) {
		memcpy(job->cluster_id, look->cluster_id, RECORD_CLUSTER_ID_SIZE);
		job->to = look->to;
		job->snapshot = look->snapshot;
	}
	return submit(s, job);
}

int store_open_segment(struct store *s, const struct store_segment *segment, store_done_t done,
                       void *userdata)
{
	struct store_job *job = job_new(s, STORE_OPEN_SEGMENT, done, userdata);

	if (job)
		job->segment = *segment;
	return submit(s, job);
}

int store_append(struct store *s, const void *bytes, size_t size, store_done_t done, void *userdata)
{
	return submit_bytes(s, job_new(s, STORE_APPEND, done, userdata), bytes, size);
}

int store_probe(struct store *s, store_done_t done, void *userdata)
{
	return submit(s, job_new(s, STORE_PROBE, done, userdata));
}

int store_quarantine(struct store *s, const struct store_file *file, const char *reason,
                     store_done_t done, void *userdata)
{
	struct store_job *job = job_new(s, STORE_QUARANTINE, done, userdata);

	if (job) {
		job->kind = file->kind;
		job->segment.epoch.v = file->epoch;
		job->segment.number = file->number;
	}
	return submit_bytes(s, job, reason, strlen(reason) + 1);
}

int store_snapshot(struct store *s, const struct store_snapshot *snapshot, store_done_t done,
                   void *userdata)
{
	struct store_job *job = job_new(s, STORE_SNAPSHOT, done, userdata);

	if (!job) {
		frozen_map_free(snapshot->frozen);
		return -ENOMEM;
	}
	memcpy(job->cluster_id, snapshot->cluster_id, RECORD_CLUSTER_ID_SIZE);
	job->segment.epoch = snapshot->epoch;
	job->segment.created_ms = snapshot->created_ms;
	job->discard = snapshot->discard;
	job->frozen = snapshot->frozen;
	return submit(s, job);
}

int store_clean(struct store *s, const struct store_clean *clean, store_done_t done, void *userdata)
{
	struct store_job *job = job_new(s, STORE_CLEAN, done, userdata);

	if (job) {
		memcpy(job->cluster_id, clean->cluster_id, RECORD_CLUSTER_ID_SIZE);
		job->segment.epoch = clean->epoch;
		job->previous = clean->previous;
	}
	return submit(s, job);
}

int store_signs(struct store *s, const struct store_signs *signs, store_done_t done, void *userdata)
{
	struct store_job *job = job_new(s, STORE_SIGNS, done, userdata);

	assert(signs->n_others <= STORE_MAX_SIGNS);
	if (job) {
		memcpy(job->cluster_id, signs->cluster_id, RECORD_CLUSTER_ID_SIZE);
		(void)text_format(job->own_sign, sizeof(job->own_sign), "%s",
		                  signs->own ? signs->own : "");
	}
	return submit_bytes(s, job, signs->others, signs->n_others * sizeof(*signs->others));
}
