/* SPDX-License-Identifier: Apache-2.0 */
/* Runs seeds, one run each.  The first that fails is minimised and told in full. */
#include "tests/sim/world.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Longest way to a leader once nothing goes wrong: session and owner's wait, a takeover that hangs,
 * the longest pause (D19), and what is tried again after seconds. */
static usec_t bound(const struct world *w)
{
	return 2 * w->T + 4 * w->k + w->takeover + 2 * w->ready + MS(80000);
}

static void request_event(struct world *w, const struct world_event *ev)
{
	struct request *r = &w->request[ev->who];

	if (!r->used)
		return;
	switch ((int)ev->type) {
	case EV_ARRIVE:
		network_arrive(w, r);
		break;
	case EV_COMMIT:
		network_commit(w, r);
		break;
	case EV_ANSWER:
		network_answer(w, r);
		break;
	default:
		network_timeout(w, r);
	}
}

static void close_session(struct world *w, const struct world_event *ev)
{
	const struct sim_session *s = &w->zk.session[ev->who];

	if (!s->doomed || ev->generation != w->zk.term)
		return;
	if (!ensemble_has_quorum(w))
		at(w, w->now + MS(10), *ev);
	else
		ensemble_close_session(w, ev->who);
}

static void connection_event(struct world *w, const struct world_event *ev)
{
	const struct connection *c = connection_get(w, ev->arg);
	usec_t when;

	if (c == NULL || w->client[c->client].connection != c->id || !network_reaches(w, c, &when))
		return;
	if (when > w->now) {
		at(w, when, *ev);
		return;
	}
	if (ev->type == EV_WATCH)
		shell_changed(w, c->client);
	else if (w->host[client_member(c->client)].stopped && !is_releaser(c->client))
		at(w, w->now + MS(20), *ev);
	else
		client_break(w, c->client);
}

static void host_event(struct world *w, const struct world_event *ev)
{
	struct host *h = &w->host[ev->who % N_MEMBERS];

	switch ((int)ev->type) {
	case EV_ELECTOR_START:
		host_elector_start(w, ev->who);
		break;
	case EV_ELECTOR_STALE:
		if (h->stopped && h->incarnation == ev->generation)
			host_elector_died(w, ev->who);
		break;
	case EV_CONTINUE:
		if (h->stopped && h->incarnation == ev->generation)
			shell_continue(w, ev->who);
		break;
	case EV_JOBMANAGER_KILL:
		if (h->jobmanager == JM_TERMINATING && h->jobmanager_generation == ev->generation)
			host_stop_jobmanager_now(w, ev->who);
		break;
	case EV_JOBMANAGER_DEAD:
		if (ev->arg == 0)
			host_jobmanager_dead(w, ev->who, ev->generation);
		else if (h->jobmanager_generation == ev->generation)
			host_jobmanager_dies(w, ev->who, true);
		break;
	case EV_JOBMANAGER_REAPED:
		host_jobmanager_reaped(w, ev->who, ev->generation, ev->arg != 0);
		break;
	case EV_PROCESS_START:
		if (!h->guard_up || h->guard_generation != ev->generation)
			break;
		if (h->hot)
			host_process_starts(w, ev->who, (struct epoch){ ev->arg });
		else
			host_granted(w, ev->who, (struct epoch){ ev->arg });
		break;
	case EV_GUARD_START:
		host_guard_start(w, ev->who);
		break;
	case EV_RELEASER:
		if (!h->guard_up) /* else the lock is held */
			host_release_begin(w, ev->who);
		break;
	case EV_RELEASER_END:
		if (h->incarnation == ev->generation)
			host_release_done(w, ev->who);
		break;
	default:
		break;
	}
}

static void storage_event(struct world *w, const struct world_event *ev)
{
	if (ev->type == EV_STORE_RUN)
		storage_run(w, ev->who, ev->generation);
	else if (ev->type == EV_STORE_DONE)
		storage_done(w, ev->who, ev->generation);
	else if (ev->type == EV_STORE_LATE)
		storage_late(w, ev->who, ev->generation);
	else
		storage_lands(w, (unsigned)ev->who);
}

/* On which host; -1: on none. */
static int host_of(struct world *w, const struct world_event *ev)
{
	const struct connection *c;

	switch ((int)ev->type) {
	case EV_ANSWER:
	case EV_TIMEOUT:
		return client_member(w->request[ev->who].client);
	case EV_BROKEN:
	case EV_WATCH:
		c = connection_get(w, ev->arg);
		return c != NULL ? client_member(c->client) : -1;
	case EV_CONNECT:
	case EV_PING:
		return client_member(ev->who);
	case EV_ARRIVE:
	case EV_COMMIT:
	case EV_RELAY:
	case EV_EXPIRER:
	case EV_CLOSE:
	case EV_STORE_LANDS:
	case EV_FAULT:
		return -1;
	default:
		return ev->who % N_MEMBERS;
	}
}

static bool waits_for_its_host(struct world *w, const struct world_event *ev)
{
	int m = w->now < w->paused_until ? host_of(w, ev) : -1;

	if (m < 0 || !is_paused(w, &w->host[m]))
		return false;
	at(w, w->host[m].paused_until, *ev);
	return true;
}

static void happen(struct world *w, const struct world_event *ev)
{
	switch (ev->type) {
	case EV_ARRIVE:
	case EV_COMMIT:
	case EV_ANSWER:
	case EV_TIMEOUT:
		request_event(w, ev);
		break;
	case EV_BROKEN:
	case EV_WATCH:
		connection_event(w, ev);
		break;
	case EV_CONNECT:
		if (w->client[ev->who].handle == ev->generation)
			client_try(w, ev->who);
		break;
	case EV_PING:
		client_ping(w, ev->who, ev->generation);
		break;
	case EV_RELAY:
		ensemble_relay(w, ev->who);
		break;
	case EV_EXPIRER:
		ensemble_expire_due(w);
		break;
	case EV_CLOSE:
		close_session(w, ev);
		break;
	case EV_LOCAL:
		shell_local(w, ev);
		break;
	case EV_CLIENT:
		clients_ask(w, ev->who, ev->generation);
		break;
	case EV_STORE_RUN:
	case EV_STORE_DONE:
	case EV_STORE_LATE:
	case EV_STORE_LANDS:
		storage_event(w, ev);
		break;
	case EV_PROCESS_UP:
	case EV_PROCESS_TIMER:
	case EV_PROCESS_CONNECT:
	case EV_PROCESS_LINE:
	case EV_PROCESS_REVOKED:
	case EV_PROCESS_ANSWER:
		process_event(w, ev);
		break;
	case EV_SAID:
		leadership_said(w, ev);
		break;
	case EV_TELL:
		leadership_tell(w, ev->who, ev->generation);
		break;
	case EV_BEAT:
		leadership_beat(w, ev->who, ev->generation);
		break;
	case EV_FAULT:
		faults_strike(w, (unsigned)ev->who);
		break;
	case EV_FAULT_OVER:
		if (!w->healed || (enum fault_type)ev->arg == FAULT_SHUTDOWN)
			faults_over(w, (enum fault_type)ev->arg, ev->who);
		break;
	case EV_ELECTOR_START:
	case EV_ELECTOR_STALE:
	case EV_CONTINUE:
	case EV_JOBMANAGER_KILL:
	case EV_JOBMANAGER_DEAD:
	case EV_JOBMANAGER_REAPED:
	case EV_PROCESS_START:
	case EV_GUARD_START:
	case EV_RELEASER:
	case EV_RELEASER_END:
		host_event(w, ev);
		break;
	}
}

/* One thing: the next event, an elector's timer, or a guard's deadline. */
static void advance(struct world *w)
{
	usec_t next = queue_next(w);
	int timer = -1, guard = -1;
	struct world_event ev;
	usec_t timeout;

	for (int m = 0; m < N_MEMBERS; m++) {
		if (w->tick[m] < next) {
			next = w->tick[m];
			timer = m;
		}
	}
	for (int m = 0; m < N_MEMBERS; m++) {
		if (w->guard_due[m] < next) {
			next = w->guard_due[m];
			guard = m;
		}
	}
	timeout = network_next_timeout(w);
	if (timeout < next)
		next = timeout;
	if (next > w->now)
		w->now = next;
	if (timeout == next && timeout != USEC_INFINITY) {
		network_first_timeout(w);
	} else if (guard >= 0) {
		host_guard_looks(w, guard);
	} else if (timer >= 0) {
		w->tick[timer] = USEC_INFINITY;
		shell_tick(w, timer);
	} else if (queue_pop(w, &ev) && !waits_for_its_host(w, &ev)) {
		happen(w, &ev);
	}
}

/* P7, P9: in runs with nothing but a short outage, or crashed electors, nobody else leads. */
static void nothing_changed(struct world *w)
{
	if (w->mode != RUN_FAULTS && (w->n_grants > 1 || w->n_stops > 0))
		violated(w, "promise %d: %u grants, %u stops", w->mode == RUN_SHORT_OUTAGE ? 7 : 9,
		         w->n_grants, w->n_stops);
}

/* C2: however a JobManager behaves, its member takes its time. */
static void takes_its_time(struct world *w)
{
	if (w->n_grants > 40)
		violated(w, "rule C2: %u grants in %.1f s", w->n_grants, (double)w->now / 1e6);
}

/* .. with a log that it can write: a leader whose storage failed opens it again. */
static bool writes(const struct world *w, int leader)
{
	const struct host *h = &w->host[leader];

	return committer_loaded(&h->committer, h->core.epoch) && w->ledger.after_faults;
}

/* P6: after the faults there is a leader, and it stays; and the others wait for their turn. */
static bool settled(struct world *w)
{
	int leader = oracle_leader(w), stuck = oracle_stuck(w);

	if (leader < 0 || leader != w->leader) {
		w->leader = leader;
		w->led_since = w->now;
	}
	if (w->now >= w->healed_at + 3 * w->T && damage_refused_by_all(w))
		return true; /* nobody leads, or who does cannot read its own log any more */
	if (leader >= 0 && stuck < 0 && writes(w, leader) && w->now >= w->led_since + w->T &&
	    w->now >= w->healed_at + w->T)
		return true;
	if (w->now <= w->healed_at + bound(w))
		return false;
	if (leader >= 0 && stuck >= 0)
		violated(w, "promise 6: %c never waits for its turn", 'a' + stuck);
	else if (leader >= 0)
		violated(w, "promise 6: %c leads and cannot write", 'a' + leader);
	else
		violated(w, "promise 6: no leader that stays");
	return false;
}

enum { MANY_EVENTS = 400000 }; /* a thousand are usual */

struct options {
	int only_case; /* -1: any */
	enum jobmanager_modes modes;
	const struct world *plan; /* NULL: drawn by the seed */
	bool verbose, keep_on;
};

/* What the run of this seed is about. */
static void choose_plan(struct world *w, uint64_t seed, const struct options *o)
{
	if (o->plan != NULL) {
		memcpy(w, o->plan, sizeof(*w));
	} else {
		memset(w, 0, sizeof(*w));
		w->random = seed;
		plan_draw(w, o->only_case, o->modes);
	}
	w->seed = seed;
}

static void begin(struct world *w, uint64_t seed, bool verbose)
{
	w->random = seed ^ 0x6a6d6861;
	(void)chance(w);
	w->verbose = verbose;
	w->leader = -1;
	for (int m = 0; m < N_MEMBERS; m++)
		w->tick[m] = w->guard_due[m] = USEC_INFINITY;
	if (verbose)
		plan_write(w, stdout);
	storage_begin(w);
	ensemble_init(w);
	faults_arm(w);
	for (int m = 0; m < N_MEMBERS; m++)
		at(w, between(w, 0, MS(300)),
		   (struct world_event){ .type = EV_GUARD_START, .who = m });
}

void sim_run(struct world *w, uint64_t seed, bool verbose)
{
	begin(w, seed, verbose);
	while (!w->failed) {
		advance(w);
		oracle_check(w);
		if (++w->n_events == MANY_EVENTS)
			violated(w, "comes to no end");
		if (!w->healed && w->now >= w->faults_end)
			faults_heal(w);
		if (w->healed && settled(w))
			break;
	}
	if (!w->failed && w->leader >= 0)
		oracle_latches(w);
	if (!w->failed && w->leader >= 0 && !damage_refuses(w, w->leader))
		ledger_check_map(w, w->leader, w->host[w->leader].committer.map);
	nothing_changed(w);
	takes_its_time(w);
	w->refused = w->leader < 0 || damage_refuses(w, w->leader);
	w->ended = true;
	for (int m = 0; m < N_MEMBERS; m++)
		committer_end(w, m);
	storage_end();
}

/* ---- command line ---- */

static struct world world, planned; /* 200 KiB: too much for some stacks */

static void on_abort(int sig)
{
	char text[80];
	int n = snprintf(text, sizeof(text), "assertion in seed %llu\n",
	                 (unsigned long long)world.seed);

	(void)sig;
	if (n > 0)
		(void)!write(STDERR_FILENO, text, (size_t)n);
	fflush(stdout);
	_exit(1);
}

static bool number(const char *text, uint64_t *ret)
{
	char *end;

	errno = 0;
	*ret = strtoull(text, &end, 10);
	return errno == 0 && end != text && *end == '\0' && *text != '-';
}

static bool modes(const char *text, enum jobmanager_modes *ret)
{
	static const char *const names[] = { "any", "cold", "hot", "mixed" };

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(text, names[i]) == 0) {
			*ret = (enum jobmanager_modes)i;
			return true;
		}
	return false;
}

static bool read_plan(const char *name, struct world *ret)
{
	FILE *f = fopen(name, "re");
	bool good = f != NULL && plan_read(ret, f);

	if (!good)
		fprintf(stderr, "sim: %s: no plan of a run\n", name);
	if (f != NULL)
		(void)fclose(f);
	return good;
}

static int usage(void)
{
	fputs("usage: sim [-s SEED] [-n RUNS] [-c CASE | -f PLAN | -a] [-j JOBMANAGERS] [-v] [-k] "
	      "[-t] "
	      "[-l]\n"
	      "  -j  any, cold, hot, mixed\n"
	      "  -f  runs of the plan in this file, as a failure prints it\n"
	      "  -a  and a twentieth as many of each case\n"
	      "  -t  tell what happened, and fail unless everything did\n"
	      "  -v  tell each run   -k  go on after a failure   -l  list the cases\n",
	      stderr);
	return 2;
}

static int list_cases(void)
{
	for (unsigned i = 0; case_name(i) != NULL; i++)
		puts(case_name(i));
	return 0;
}

struct totals {
	uint64_t runs, failed, steps, grants, hash, commits, acknowledged, unknown, never;
	uint64_t events, faults, simulated, snapshots, deleted;
	uint64_t harmed, lost, refused;
	usec_t slowest;
};

static void add(struct totals *t, const struct world *w)
{
	t->runs++;
	t->failed += w->failed;
	t->steps += w->n_steps;
	t->grants += w->n_grants;
	t->hash ^= w->trace_hash;
	t->events += w->n_events;
	t->faults += w->n_struck;
	t->simulated += w->now;
	t->commits += w->ledger.committed;
	t->acknowledged += w->ledger.n_done;
	t->unknown += w->ledger.n_unknown;
	t->never += w->ledger.n_never;
	t->snapshots += w->ledger.n_snapshots;
	t->deleted += w->ledger.n_deleted;
	t->harmed += w->ledger.n_harms;
	t->lost += w->ledger.n_lost;
	t->refused += !w->failed && w->refused;
	if (!w->failed && w->led_since > w->healed_at && w->led_since - w->healed_at > t->slowest)
		t->slowest = w->led_since - w->healed_at;
}

static void tell_totals(const struct totals *t)
{
	double runs = t->runs > 0 ? (double)t->runs : 1;

	printf("%llu runs, %llu failed, %llu steps, %llu grants, %llu commits, %llu acknowledged, "
	       "%llu unknown, %llu never, slowest leader %.1f s, hash %016llx\n",
	       (unsigned long long)t->runs, (unsigned long long)t->failed,
	       (unsigned long long)t->steps, (unsigned long long)t->grants,
	       (unsigned long long)t->commits, (unsigned long long)t->acknowledged,
	       (unsigned long long)t->unknown, (unsigned long long)t->never,
	       (double)t->slowest / 1e6, (unsigned long long)t->hash);
	printf("a schedule, on the mean: %.0f events, %.0f steps of a core, %.1f faults, %.1f "
	       "grants, "
	       "%.1f commits, %.1f snapshots, %.1f files deleted, %.1f simulated seconds\n",
	       (double)t->events / runs, (double)t->steps / runs, (double)t->faults / runs,
	       (double)t->grants / runs, (double)t->commits / runs, (double)t->snapshots / runs,
	       (double)t->deleted / runs, (double)t->simulated / runs / 1e6);
	printf("bytes damaged %llu times, which was met and named %llu times, and left nothing to "
	       "be served in %llu runs\n",
	       (unsigned long long)t->harmed, (unsigned long long)t->lost,
	       (unsigned long long)t->refused);
}

/* What failed, what of its plan is needed for that, and the story of that run. */
static void tell_failure(struct world *w, uint64_t seed, const struct options *o)
{
	printf("seed %llu: %s\n", (unsigned long long)seed, w->why);
	if (o->keep_on || o->verbose)
		return;
	choose_plan(&planned, seed, o);
	seed = minimise(w, &planned, seed);
	printf("minimised; in a file, for sim -f FILE -s %llu -n 1:\n", (unsigned long long)seed);
	memcpy(&planned, w, sizeof(planned));
	planned.seed = seed;
	sim_run(&planned, seed, true);
}

static void run_seeds(const struct options *o, uint64_t seed, uint64_t runs, struct totals *t)
{
	for (uint64_t i = 0; i < runs; i++) {
		choose_plan(&world, seed + i, o);
		sim_run(&world, seed + i, o->verbose);
		add(t, &world);
		if (!world.failed)
			continue;
		tell_failure(&world, seed + i, o);
		if (!o->keep_on)
			break;
	}
}

int main(int argc, char **argv)
{
	uint64_t seed = 1, runs = 1000;
	struct options o = { .only_case = -1 };
	static struct world plan;
	bool tell = false, all = false;
	struct totals t = { 0 };
	int c;

	while ((c = getopt(argc, argv, "s:n:c:f:j:vklta")) != -1) {
		if (c == 'l')
			return list_cases();
		if (c == 'c' && (o.only_case = case_find(optarg)) < 0)
			return usage();
		if (c == 'j' && !modes(optarg, &o.modes))
			return usage();
		if (c == 'f' && !read_plan(optarg, &plan))
			return 2;
		if (c == 'f')
			o.plan = &plan;
		else if (c == 'v')
			o.verbose = true;
		else if (c == 'k')
			o.keep_on = true;
		else if (c == 't')
			tell = true;
		else if (c == 'a')
			all = true;
		else if (c != 'c' && c != 'j' && (c != 's' || !number(optarg, &seed)) &&
		         (c != 'n' || !number(optarg, &runs)))
			return usage();
	}
	if (optind != argc)
		return usage();
	(void)signal(SIGABRT, on_abort);
	run_seeds(&o, seed, runs, &t);
	for (unsigned i = 0; all && case_name(i) != NULL && (t.failed == 0 || o.keep_on); i++) {
		o.only_case = (int)i;
		run_seeds(&o, seed, runs / 20, &t);
	}
	tell_totals(&t);
	return t.failed > 0 || (tell && !coverage_tell());
}
