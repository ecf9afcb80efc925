/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/store_thread.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"

enum { STACK_SIZE = 256 * 1024 };

struct queue {
	struct store_job *head, **tail;
};

/* Operations that wait for each other, and for nobody else. */
struct lane {
	pthread_cond_t work;
	struct queue todo;
	struct worker *worker; /* NULL: none could be started, or was needed yet */
	unsigned stuck, max_stuck;
};

enum { LANE_FIRST, LANE_BESIDE, N_LANES };

/* One thread and what is its own.  Freed by itself when abandoned, else by the loop. */
struct worker {
	struct store_thread *owner;
	struct lane *lane;
	pthread_t thread;
	struct store_job *job; /* under way; NULL = waits */
	bool abandoned;
};

/* Lives until the loop and the last stuck worker have left it.  lock guards all but place and
 * event_fd, which never change. */
struct store_thread {
	pthread_mutex_t lock;
	struct store_place *place;
	int event_fd;
	struct lane lane[N_LANES];
	struct queue done;
	unsigned refs;
	bool stop;
};

static usec_t boottime(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_BOOTTIME, &ts);
	return (usec_t)ts.tv_sec * USEC_PER_SEC + (usec_t)ts.tv_nsec / NSEC_PER_USEC;
}

static void queue_init(struct queue *q)
{
	q->head = NULL;
	q->tail = &q->head;
}

static void queue_push(struct queue *q, struct store_job *job)
{
	job->next = NULL;
	*q->tail = job;
	q->tail = &job->next;
}

static struct store_job *queue_pop(struct queue *q)
{
	struct store_job *job = q->head;

	if (job)
		q->head = job->next;
	if (!q->head)
		q->tail = &q->head;
	return job;
}

static void queue_free(struct queue *q)
{
	struct store_job *job;

	while ((job = queue_pop(q)))
		store_job_free(job);
}

static void place_free(struct store_place *place)
{
	if (!place)
		return;
	free(place->path);
	free(place->cluster_path);
	free(place->cluster);
	free(place->member);
	free(place);
}

/* Called with the lock held, which is gone afterwards. */
static void unref_unlock(struct store_thread *t)
{
	bool last = --t->refs == 0;

	(void)pthread_mutex_unlock(&t->lock);
	if (!last)
		return;
	for (unsigned i = 0; i < N_LANES; i++) {
		queue_free(&t->lane[i].todo);
		(void)pthread_cond_destroy(&t->lane[i].work);
	}
	queue_free(&t->done);
	(void)close(t->event_fd);
	(void)pthread_mutex_destroy(&t->lock);
	place_free(t->place);
	free(t);
}

/* An eventfd takes more than can ever be added here, so this cannot fail or block. */
static void wake_loop(const struct store_thread *t)
{
	uint64_t one = 1;

	if (write(t->event_fd, &one, sizeof(one)) < 0)
		return;
}

/* Runs jobs until told to stop, or abandoned.  Returns with the lock held. */
static void work(struct worker *w, struct segment **segment)
{
	struct store_thread *t = w->owner;

	(void)pthread_mutex_lock(&t->lock);
	while (!w->abandoned) {
		struct store_job *job = t->stop ? NULL : queue_pop(&w->lane->todo);

		if (!job && t->stop)
			return;
		if (!job) {
			(void)pthread_cond_wait(&w->lane->work, &t->lock);
			continue;
		}
		job->started = boottime();
		w->job = job;
		(void)pthread_mutex_unlock(&t->lock);
		store_ops_run(job, segment);
		(void)pthread_mutex_lock(&t->lock);
		w->job = NULL;
		job->answered = w->abandoned; /* long ago */
		if (job->answered && (t->stop || !job->frozen)) {
			store_job_free(job);
			return;
		}
		queue_push(&t->done, job);
		wake_loop(t);
	}
}

static void *worker_main(void *userdata)
{
	struct worker *w = userdata;
	struct store_thread *t = w->owner;
	struct segment *segment = NULL;
	bool abandoned;

	work(w, &segment);
	abandoned = w->abandoned;
	if (abandoned)
		w->lane->stuck--;
	(void)pthread_mutex_unlock(&t->lock);
	segment_close(segment); /* may block, too */
	if (abandoned)
		free(w);
	(void)pthread_mutex_lock(&t->lock);
	unref_unlock(t);
	return NULL;
}

/* With all signals blocked: they are the loop's. */
static int start_thread(struct worker *w)
{
	sigset_t all, before;
	pthread_attr_t attr;
	int r;

	r = pthread_attr_init(&attr);
	if (r != 0)
		return -r;
	(void)pthread_attr_setstacksize(&attr, STACK_SIZE);
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(&w->thread, &attr, worker_main, w);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	(void)pthread_attr_destroy(&attr);
	return -r;
}

/* With the lock held. */
static int start_worker(struct store_thread *t, struct lane *lane)
{
	struct worker *w;
	int r;

	if (lane->worker)
		return 0;
	if (lane->stuck >= lane->max_stuck)
		return -EBUSY;
	w = calloc(1, sizeof(*w));
	if (!w)
		return -ENOMEM;
	w->owner = t;
	w->lane = lane;
	r = start_thread(w);
	if (r < 0) {
		free(w);
		return r;
	}
	lane->worker = w;
	t->refs++;
	return 0;
}

int store_thread_new(struct store_place *place, struct store_thread **ret)
{
	struct store_thread *t = calloc(1, sizeof(*t));
	int r;

	if (!t) {
		place_free(place);
		return -ENOMEM;
	}
	(void)pthread_mutex_init(&t->lock, NULL);
	for (unsigned i = 0; i < N_LANES; i++) {
		(void)pthread_cond_init(&t->lane[i].work, NULL);
		queue_init(&t->lane[i].todo);
	}
	t->lane[LANE_FIRST].max_stuck = STORE_MAX_STUCK;
	t->lane[LANE_BESIDE].max_stuck = 1;
	t->place = place;
	t->refs = 1;
	queue_init(&t->done);
	t->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r = t->event_fd < 0 ? -errno : 0;
	(void)pthread_mutex_lock(&t->lock);
	if (r == 0)
		r = start_worker(t, &t->lane[LANE_FIRST]);
	if (r < 0) {
		unref_unlock(t);
		return r;
	}
	(void)pthread_mutex_unlock(&t->lock);
	*ret = t;
	return 0;
}

/* With the lock held, which is given up while the thread ends. */
static void end_worker(struct store_thread *t, struct lane *lane)
{
	struct worker *w = TAKE_PTR(lane->worker);

	if (!w)
		return;
	(void)pthread_cond_signal(&lane->work);
	if (w->job) { /* nobody waits for storage; it frees itself when it returns */
		w->abandoned = true;
		lane->stuck++;
		(void)pthread_detach(w->thread);
		return;
	}
	(void)pthread_mutex_unlock(&t->lock);
	(void)pthread_join(w->thread, NULL);
	free(w);
	(void)pthread_mutex_lock(&t->lock);
}

void store_thread_free(struct store_thread *t)
{
	if (!t)
		return;
	(void)pthread_mutex_lock(&t->lock);
	t->stop = true;
	for (unsigned i = 0; i < N_LANES; i++)
		end_worker(t, &t->lane[i]);
	unref_unlock(t);
}

const struct store_place *store_thread_place(const struct store_thread *t)
{
	return t->place;
}

int store_thread_fd(const struct store_thread *t)
{
	return t->event_fd;
}

usec_t store_thread_next_deadline(struct store_thread *t)
{
	usec_t deadline = USEC_INFINITY;

	(void)pthread_mutex_lock(&t->lock);
	for (unsigned i = 0; i < N_LANES; i++) {
		const struct worker *w = t->lane[i].worker;
		usec_t started = USEC_INFINITY;

		if (w && w->job)
			started = w->job->started;
		else if (t->lane[i].todo.head) /* about to be taken: look again then */
			started = boottime();
		if (usec_add(started, t->place->io_usec) < deadline)
			deadline = usec_add(started, t->place->io_usec);
	}
	(void)pthread_mutex_unlock(&t->lock);
	return deadline;
}

static struct lane *lane_of(struct store_thread *t, const struct store_job *job)
{
	enum store_op op = job->result.op;
	bool beside =
	        op == STORE_SNAPSHOT || op == STORE_CLEAN || op == STORE_LOOK || op == STORE_SIGNS;

	return &t->lane[beside ? LANE_BESIDE : LANE_FIRST];
}

/* With the lock held: no thread can be had for what waits. */
static void refuse_all(struct store_thread *t, struct lane *lane)
{
	struct store_job *job;

	while ((job = queue_pop(&lane->todo))) {
		store_ops_fail(job, -EBUSY, "earlier operations still hang in", "");
		queue_push(&t->done, job);
		wake_loop(t);
	}
}

void store_thread_submit(struct store_thread *t, struct store_job *job)
{
	struct lane *lane = lane_of(t, job);

	(void)pthread_mutex_lock(&t->lock);
	queue_push(&lane->todo, job);
	if (start_worker(t, lane) < 0)
		refuse_all(t, lane);
	else
		(void)pthread_cond_signal(&lane->work);
	(void)pthread_mutex_unlock(&t->lock);
}

/* B4: leaves a late job to its thread and puts a new one in its place.  Fills the stand-in. */
static bool abandon_late(struct store_thread *t, struct lane *lane, usec_t now,
                         struct store_job *ret_late)
{
	struct worker *w = lane->worker;
	struct store_job *job = w ? w->job : NULL;
	unsigned progress;

	if (!job || now < usec_add(job->started, t->place->io_usec))
		return false;
	progress = atomic_load(&job->progress);
	if (progress != job->progress_seen) { /* long, but not stuck */
		job->progress_seen = progress;
		job->started = now;
		return false;
	}
	ret_late->done = job->done;
	ret_late->userdata = job->userdata;
	ret_late->place = t->place;
	ret_late->result.op = job->result.op; /* the rest is the thread's */
	store_ops_fail(ret_late, -ETIMEDOUT, "waited in vain for", "");
	w->abandoned = true;
	(void)pthread_detach(w->thread);
	lane->worker = NULL;
	lane->stuck++;
	if (start_worker(t, lane) < 0)
		refuse_all(t, lane);
	return true;
}

void store_thread_dispatch(struct store_thread *t, usec_t now,
                           void (*on_done)(struct store_job *job))
{
	struct store_job late[N_LANES] = { 0 };
	bool is_late[N_LANES];
	struct queue done;
	struct store_job *job;
	uint64_t n;

	if (read(t->event_fd, &n, sizeof(n)) < 0 && errno != EAGAIN)
		return;
	(void)pthread_mutex_lock(&t->lock);
	for (unsigned i = 0; i < N_LANES; i++)
		is_late[i] = abandon_late(t, &t->lane[i], now, &late[i]);
	queue_init(&done);
	while ((job = queue_pop(&t->done)))
		queue_push(&done, job);
	(void)pthread_mutex_unlock(&t->lock);

	/* What was refused comes after the late one it waited for. */
	while ((job = queue_pop(&done))) {
		unsigned i = (unsigned)(lane_of(t, job) - t->lane);

		if (is_late[i] && job->result.error == -EBUSY) {
			is_late[i] = false;
			on_done(&late[i]);
		}
		if (!job->answered)
			on_done(job);
		store_job_free(job);
	}
	for (unsigned i = 0; i < N_LANES; i++)
		if (is_late[i])
			on_done(&late[i]);
}
