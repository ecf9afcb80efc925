/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In place of storage/store_thread.c: jobs in order, one at a time, in simulated time; snapshots
 * and cleaning beside them.  A job that misses its deadline is answered and left to itself; so is,
 * at times, one whose elector dies.
 */
#include "tests/sim/world.h"

#include "storage/store_thread.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct lane {
	struct store_job *head, **tail;
	bool busy, ran;
	uint32_t serial;
	struct store_job *late; /* a stand-in */
};

enum { FIRST, BESIDE, N_LANES };

struct store_thread {
	struct store_place *place;
	int member;
	struct lane lane[N_LANES];
	struct lane *turn;       /* that is dispatched */
	struct segment *segment; /* of the first one */
};

/* Whose run this is; which elector asks. */
static struct world *world;
static int asking;

static struct store_thread *thread[SIM_HOSTS];
static struct late_job late[MAX_LATE];

/* Of a late job: its thread's own lives as long in the daemon. */
static char shared[] = "/shared", cluster_path[] = "/shared/c", cluster[] = "c", some[] = "m";
static struct store_place place_of_all = { shared, cluster_path, cluster, some, 0 };

void storage_begin(struct world *w)
{
	world = w;
	place_of_all.io_usec = w->io;
}

static void land(struct world *w, struct late_job *l, bool torn)
{
	files_enter(w, l->host, torn);
	store_ops_run(l->job, &l->segment);
	segment_close(l->segment);
	(void)files_leave();
	store_job_free(l->job);
	*l = (struct late_job){ 0 };
}

void storage_lands(struct world *w, unsigned i)
{
	if (late[i].job == NULL)
		return;
	note(w, late[i].host, "a late %s lands",
	     late[i].job->result.op == STORE_APPEND ? "append" : "operation of the store");
	land(w, &late[i], percent(w, 20));
}

static void forget(struct late_job *l)
{
	segment_close(l->segment);
	store_job_free(l->job);
	*l = (struct late_job){ 0 };
}

void storage_end(void)
{
	for (unsigned i = 0; i < MAX_LATE; i++)
		forget(&late[i]);
	files_free();
}

void storage_host_lost(struct world *w, int host)
{
	for (unsigned i = 0; i < MAX_LATE; i++)
		if (late[i].job != NULL && late[i].host == host)
			forget(&late[i]);
	files_host_lost(w, host);
}

static struct segment *take_segment(struct store_thread *t, const struct lane *lane)
{
	struct segment *s = lane == &t->lane[FIRST] ? t->segment : NULL;

	if (s != NULL)
		t->segment = NULL;
	return s;
}

/* The thread keeps what it holds, and ends when it returns. */
static void leave(struct store_thread *t, const struct lane *lane, struct store_job *job,
                  usec_t when)
{
	for (unsigned i = 0; i < MAX_LATE; i++)
		if (late[i].job == NULL) {
			job->place = &place_of_all;
			late[i] = (struct late_job){ job, take_segment(t, lane), t->member };
			at(world, when,
			   (struct world_event){ .type = EV_STORE_LANDS, .who = (int)i });
			return;
		}
	violated(world, "more than %d late operations", (int)MAX_LATE);
	store_job_free(job);
}

/* ---- what storage/store.c asks for ---- */

void storage_asks(int member)
{
	asking = member;
}

int store_thread_new(struct store_place *place, struct store_thread **ret)
{
	struct store_thread *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return -ENOMEM;
	t->place = place;
	t->member = asking;
	for (unsigned i = 0; i < N_LANES; i++) {
		t->lane[i].tail = &t->lane[i].head;
		t->lane[i].serial = (world->host[asking].incarnation << 12) + (i << 11);
	}
	*ret = thread[asking] = t;
	return 0;
}

static struct store_job *pop(struct lane *lane)
{
	struct store_job *job = lane->head;

	lane->head = job->next;
	if (lane->head == NULL)
		lane->tail = &lane->head;
	return job;
}

/* SIGKILL: what is under way may have reached the storage, in part or later. */
static void kill_lane(struct store_thread *t, struct lane *lane)
{
	struct world *w = world;
	bool lost = w->host[t->member].lost;

	if (lane->busy && !lane->ran && !w->ended && percent(w, 60)) {
		struct store_job *job = pop(lane);

		if (lost || percent(w, 50)) {
			struct late_job l = { job, take_segment(t, lane), t->member };

			land(w, &l, true);
		} else {
			leave(t, lane, job,
			      w->now + between(w, MS(1), percent(w, 80) ? MS(100) : w->T));
		}
	}
	while (lane->head != NULL)
		store_job_free(pop(lane));
}

void store_thread_free(struct store_thread *t)
{
	for (unsigned i = 0; i < N_LANES; i++)
		kill_lane(t, &t->lane[i]);
	segment_close(t->segment);
	thread[t->member] = NULL;
	free(t->place->path);
	free(t->place->cluster_path);
	free(t->place->cluster);
	free(t->place->member);
	free(t->place);
	free(t);
}

const struct store_place *store_thread_place(const struct store_thread *t)
{
	return t->place;
}

int store_thread_fd(const struct store_thread *t)
{
	(void)t;
	return -1;
}

usec_t store_thread_next_deadline(struct store_thread *t)
{
	(void)t;
	return USEC_INFINITY;
}

static void event(const struct store_thread *t, const struct lane *lane, usec_t when,
                  enum world_event_type type)
{
	at(world, when,
	   (struct world_event){ .type = type, .who = t->member, .generation = lane->serial });
}

static void begin(struct store_thread *t, struct lane *lane)
{
	struct world *w = world;
	const struct host *h = &w->host[t->member];
	unsigned quick = lane == &t->lane[FIRST] ? 95 : 60;
	usec_t takes = between(w, 100, percent(w, quick) ? MS(2) : MS(300));

	if (lane->busy || lane->head == NULL)
		return;
	lane->busy = true;
	lane->ran = false;
	lane->serial++;
	event(t, lane, w->now + takes, EV_STORE_RUN);
	if (w->now + takes < h->storage_hangs_until)
		event(t, lane, w->now + t->place->io_usec, EV_STORE_LATE);
}

void store_thread_submit(struct store_thread *t, struct store_job *job)
{
	bool beside = job->result.op == STORE_SNAPSHOT || job->result.op == STORE_CLEAN;
	struct lane *lane = &t->lane[beside ? BESIDE : FIRST];

	job->next = NULL;
	*lane->tail = job;
	lane->tail = &job->next;
	begin(t, lane);
}

static struct lane *current(int member, uint32_t serial)
{
	struct store_thread *t = thread[member];

	for (unsigned i = 0; t != NULL && i < N_LANES; i++)
		if (t->lane[i].busy && t->lane[i].serial == serial)
			return &t->lane[i];
	return NULL;
}

/* A stopped process has no thread that runs, and no loop that is told. */
static bool stopped(struct world *w, int member, const struct lane *lane,
                    enum world_event_type type)
{
	if (!w->host[member].stopped)
		return false;
	event(thread[member], lane, w->now + MS(10), type);
	return true;
}

void storage_run(struct world *w, int member, uint32_t serial)
{
	struct lane *lane = current(member, serial);
	struct store_thread *t = thread[member];
	usec_t slept;

	if (lane == NULL || lane->ran || stopped(w, member, lane, EV_STORE_RUN))
		return;
	if (w->now < w->host[member].storage_hangs_until) {
		event(t, lane, w->host[member].storage_hangs_until, EV_STORE_RUN);
		return;
	}
	files_enter(w, member, false);
	store_ops_run(lane->head, &t->segment);
	if (lane == &t->lane[FIRST])
		w->host[member].committer.troubled = files_troubled();
	slept = files_leave();
	lane->ran = true;
	event(t, lane, w->now + slept + between(w, 10, MS(1)), EV_STORE_DONE);
}

static void dispatch(struct world *w, int member, struct lane *lane)
{
	thread[member]->turn = lane;
	store_dispatch(w->host[member].committer.store, w->now);
	committer_pump(w, member);
}

void storage_done(struct world *w, int member, uint32_t serial)
{
	struct lane *lane = current(member, serial);

	if (lane == NULL || stopped(w, member, lane, EV_STORE_DONE))
		return;
	dispatch(w, member, lane);
}

void storage_late(struct world *w, int member, uint32_t serial)
{
	struct lane *lane = current(member, serial);
	struct store_thread *t = thread[member];
	struct store_job stand_in = { 0 }, *job;

	if (lane == NULL || lane->ran || stopped(w, member, lane, EV_STORE_LATE))
		return;
	job = pop(lane);
	stand_in.done = job->done;
	stand_in.userdata = job->userdata;
	stand_in.place = t->place;
	stand_in.result.op = job->result.op;
	store_ops_fail(&stand_in, -ETIMEDOUT, "waited in vain for", "");
	leave(t, lane, job, w->host[member].storage_hangs_until + between(w, 0, MS(500)));
	lane->late = &stand_in;
	dispatch(w, member, lane);
}

void store_thread_dispatch(struct store_thread *t, usec_t now,
                           void (*on_done)(struct store_job *job))
{
	struct lane *lane = t->turn;
	struct store_job *job = lane->late != NULL ? lane->late : pop(lane);
	bool is_late = lane->late != NULL;

	(void)now;
	lane->late = NULL;
	lane->busy = false;
	on_done(job);
	if (!is_late)
		store_job_free(job);
	begin(t, lane);
}
