/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/load_write.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "ctl/say.h"
#include "ctl/verbs.h"

/* Connections, each with one request: a commit of the leader takes what has come since the one
 * before.  Few enough to leave the daemon's other clients theirs. */
enum { AT_ONCE = 32 };

/* The first request that failed: nothing new is begun after it. */
struct failure {
	bool failed;
	char path[RECORD_KEY_MAX + 24];
	int r;
	struct client_reply reply;
};

struct writing {
	const char *socket;
	const struct options *o;
	const struct load_plan *plan;
	char epoch[48]; /* the header */
	size_t all;     /* to write */
	/* under lock: */
	pthread_mutex_t lock;
	size_t next, end; /* of the plan's items, those of one group */
	size_t done;
	bool shown;
	struct failure failure;
};

/* ---- one request */

static int put(const struct writing *w, struct client *c, const char *path, const void *value,
               size_t size, const char *condition, struct client_reply *ret)
{
	const struct client_request req = {
		.method = "PUT",
		.path = path,
		.body = size > 0 ? value : "",
		.size = size,
		.header = w->epoch,
		.header2 = condition,
		.timeout = verbs_timeout(w->o, 30),
	};

	return client_call(c, &req, ret);
}

/* What has changed since the comparison is not overwritten. */
static int write_pointer(const struct writing *w, struct client *c, const struct load_item *item,
                         const char *path, struct client_reply *ret)
{
	char condition[64];

	(void)snprintf(condition, sizeof(condition), "If-Match: \"%" PRIu64 "\"", item->revision);
	return put(w, c, path, pointer_value(item->pointer), item->pointer->value_size,
	           item->state == LOAD_NEW     ? "If-None-Match: *"
	           : item->state == LOAD_OTHER ? condition
	                                       : NULL,
	           ret);
}

static int write_counter(const struct writing *w, struct client *c, const struct load_item *item,
                         const char *path, struct client_reply *ret)
{
	const struct pointer *p = item->pointer;
	char body[64];

	(void)snprintf(body, sizeof(body), "{\"value\":%.*s}", (int)p->value_size,
	               (const char *)pointer_value(p));
	return put(w, c, path, body, strlen(body), NULL, ret);
}

static void path_of(const struct load_item *item, char ret[RECORD_KEY_MAX + 24])
{
	const char *key = item->pointer->key;

	if (item->counter)
		(void)snprintf(ret, RECORD_KEY_MAX + 24, "/v1/counters/%s",
		               key + strlen(BACKUP_COUNTER_PREFIX));
	else
		(void)snprintf(ret, RECORD_KEY_MAX + 24, "/v1/pointers/%s", key);
}

/* ---- many of them */

static void show_progress(struct writing *w)
{
	if (!isatty(STDERR_FILENO) || w->all < 100 || (w->done % 100 != 0 && w->done != w->all))
		return;
	(void)fprintf(stderr, "\rWriting: %zu of %zu", w->done, w->all);
	if (w->done == w->all)
		(void)fputs("\r\033[K", stderr);
	w->shown = w->done != w->all;
}

static const struct load_item *take(struct writing *w)
{
	const struct load_item *item = NULL;

	(void)pthread_mutex_lock(&w->lock);
	while (!item && !w->failure.failed && w->next < w->end) {
		item = &w->plan->item[w->next++];
		if (item->state == LOAD_SAME)
			item = NULL;
	}
	(void)pthread_mutex_unlock(&w->lock);
	return item;
}

/* Takes the reply. */
static void note(struct writing *w, const char *path, int r, struct client_reply *reply)
{
	struct failure *f = &w->failure;

	(void)pthread_mutex_lock(&w->lock);
	if (r == 0 && reply->http == 200) {
		w->done++;
		show_progress(w);
	} else if (!f->failed) {
		*f = (struct failure){ .failed = true, .r = r, .reply = *reply };
		(void)snprintf(f->path, sizeof(f->path), "%s", path);
		reply->body = NULL;
	}
	(void)pthread_mutex_unlock(&w->lock);
	client_reply_done(reply);
}

static void *work(void *userdata)
{
	CLEANUP(client_closep) struct client *c = NULL;
	struct writing *w = userdata;
	const struct load_item *item;
	int opened = client_open(w->socket, &c);

	while ((item = take(w)) != NULL) {
		char path[RECORD_KEY_MAX + 24];
		struct client_reply reply = { 0 };
		int r = opened;

		path_of(item, path);
		if (r == 0)
			r = item->counter ? write_counter(w, c, item, path, &reply)
			                  : write_pointer(w, c, item, path, &reply);
		note(w, path, r, &reply);
	}
	return NULL;
}

/* One thread is this one: where no other can be had it writes alone. */
static void write_group(struct writing *w)
{
	pthread_t thread[AT_ONCE - 1];
	size_t n = 0;

	while (n < N_ELEMENTS(thread) && n + 1 < w->end - w->next &&
	       pthread_create(&thread[n], NULL, work, w) == 0)
		n++;
	(void)work(w);
	while (n > 0)
		(void)pthread_join(thread[--n], NULL);
}

/* What may be written in any order: counters, and keys of one folder. */
static bool same_group(const struct load_item *a, const struct load_item *b)
{
	const char *x = a->pointer->key, *y = b->pointer->key;
	size_t n = strcspn(x, "/");

	return a->counter == b->counter &&
	       (a->counter || (n == strcspn(y, "/") && x[n] == y[n] && memcmp(x, y, n) == 0) ||
	        (!strchr(x, '/') && !strchr(y, '/')));
}

static enum exit_code say_failure(const struct writing *w, const struct client *c)
{
	const struct failure *f = &w->failure;
	enum exit_code code;

	if (w->shown)
		(void)fputc('\n', stderr);
	say_line("stopped at %s", f->path);
	code = f->r < 0 ? verbs_say_unreachable(c, f->r, true) : verbs_say_error(&f->reply);
	(void)fprintf(stderr, "Do it again, on the leader's host: what is written stays, and is "
	                      "not written twice\n");
	return code;
}

enum exit_code load_write(struct client *c, const struct options *o, const struct load_plan *plan,
                          uint64_t epoch)
{
	struct writing w = { .socket = client_socket(c),
		             .o = o,
		             .plan = plan,
		             .all = plan->n_items - plan->n[LOAD_SAME],
		             .lock = PTHREAD_MUTEX_INITIALIZER };
	enum exit_code code = EXIT_DONE;

	(void)snprintf(w.epoch, sizeof(w.epoch), "Jmha-Epoch: %" PRIu64, epoch);
	/* Counters come first, then keys in their order: checkpoints/ before jobs/, so that a job
	 * that can be seen has all that belongs to it. */
	while (w.end < plan->n_items && !w.failure.failed) {
		w.next = w.end;
		while (w.end < plan->n_items && same_group(&plan->item[w.next], &plan->item[w.end]))
			w.end++;
		write_group(&w);
	}
	if (w.failure.failed)
		code = say_failure(&w, c);
	else
		(void)printf("Wrote %zu pointers and counters\n", w.done);
	client_reply_done(&w.failure.reply);
	(void)pthread_mutex_destroy(&w.lock);
	return code;
}
