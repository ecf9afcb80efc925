/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A simulated cluster: three members with the real core, their guards and JobManagers, an ensemble
 * of three ZooKeeper servers, network and clocks.  One seed is one run; no thread, no real time, no
 * allocation, so that a run can be repeated.
 *
 *   queue.c     time and chance          ensemble.c  ZooKeeper's servers, sessions and their end
 *   znodes.c    what writes do           look.c      what reads show
 *   network.c   connections, requests    shell.c     the elector's shell: commands and answers
 *   host.c      guard, JobManager        jobmanager.c  a hot JobManager, as its library acts
 *   oracle.c    what must always hold    leadership.c  what elector and hot JobManager tell
 *   faults.c    what goes wrong          cases.c     the model's counterexamples
 *   storage.h   shared storage and log, by the real code of storage/
 *   coverage.c  whether all of it happened
 *   plan.c      what a run is about       minimise.c  what of it matters
 *   sim.c       one run after the other
 *
 * One run, a schedule, is one cluster from its start until a leader has stayed for T after the
 * faults: on the mean 1,800 events, 470 steps of the three cores, 3 faults, 19 simulated seconds
 * with 16 commits (the last line that sim prints has the figures of its runs).
 *
 * Each member is cold or hot.  A cold JobManager acts from its start to its death; a hot one from
 * the moment a grant reaches it until it has revoked, halted or died.
 *
 * Times are true time unless a name ends in _local: then of that member's CLOCK_BOOTTIME.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "daemon/lease_page.h"
#include "election/core.h"
#include "tests/sim/storage.h"

enum {
	N_MEMBERS = 3,
	N_SERVERS = 3,
	N_CLIENTS = 2 * N_MEMBERS, /* electors, then releasers */
	MAX_SESSIONS = 96,
	MAX_LATCHES = 96,
	MAX_REQUESTS = 192,
	MAX_CONNECTIONS = 64,
	MAX_EVENTS = 1024,
	MAX_TIMEOUTS = 512,
	MAX_INBOX = 64,
	MAX_FAULTS = 24,
};

#define MS(n) ((usec_t)(n)*1000)

/* ---- queue.c ---- */

enum world_event_type {
	EV_ARRIVE,  /* request reaches its server */
	EV_COMMIT,  /* .. and the ensemble's order of writes */
	EV_ANSWER,  /* .. and its answer the client */
	EV_TIMEOUT, /* of a client that was stopped when it came */
	EV_BROKEN,  /* a client notices that its connection is gone */
	EV_CONNECT, /* a client tries the next server */
	EV_PING,
	EV_WATCH,
	EV_RELAY,   /* a server tells the leader what was touched */
	EV_EXPIRER, /* a bucket of sessions is due */
	EV_CLOSE,   /* a session of the bucket is closed */
	EV_LOCAL,   /* something without ZooKeeper is answered to the core */
	EV_CLIENT,
	EV_STORE_RUN, /* a job of the storage thread */
	EV_STORE_DONE,
	EV_STORE_LATE,
	EV_STORE_LANDS,
	EV_ELECTOR_START,
	EV_ELECTOR_STALE, /* the guard misses its heartbeat */
	EV_CONTINUE,
	EV_JOBMANAGER_KILL, /* stop_ms are over */
	EV_JOBMANAGER_DEAD,
	EV_JOBMANAGER_REAPED,
	EV_PROCESS_START, /* hot: the guard reads the elector's START */
	EV_PROCESS_UP,
	EV_PROCESS_TIMER, /* it says what it does */
	EV_PROCESS_CONNECT,
	EV_PROCESS_LINE,    /* of its stream */
	EV_PROCESS_REVOKED, /* nothing of it acts any more */
	EV_PROCESS_ANSWER,
	EV_SAID, /* its word reaches the elector */
	EV_TELL, /* the elector's turn ends */
	EV_BEAT, /* .. and a second of its stream */
	EV_GUARD_START,
	EV_RELEASER,     /* --release begins */
	EV_RELEASER_END, /* its ten seconds are over */
	EV_FAULT,
	EV_FAULT_OVER,
};

struct world_event {
	enum world_event_type type;
	int who;
	uint32_t generation;
	uint64_t arg, arg2;
};

struct due {
	usec_t at;
	uint64_t order; /* of those at the same time; then its place */
};

/* A heap of when; the events themselves stay where they are. */
struct world_queue {
	unsigned n, n_free, most;
	uint64_t order;
	struct due when[MAX_EVENTS];
	uint16_t free[MAX_EVENTS];
	struct world_event event[MAX_EVENTS];
};

struct world;

void at(struct world *w, usec_t when, struct world_event ev);
bool queue_pop(struct world *w, struct world_event *ret);
usec_t queue_next(const struct world *w);

/* ---- ensemble.c ---- */

struct sim_session {
	bool alive, doomed;
	int client;
	struct nonce nonce;
	usec_t made_with; /* T of the write that made it: what a new leader gives it */
	usec_t expires;
	int server;
	uint64_t connection; /* the last one that was made for it */
};

struct sim_latch {
	bool alive;
	bool late; /* made by a connection whose session had gone on to another */
	struct latch_name name;
	int session;
	usec_t made;
};

struct sim_member {
	bool exists, eligible;
	int session;
	uint64_t stopped;
};

struct sim_register {
	bool exists, released;
	int32_t version;
	struct epoch epoch;
	struct latch_name owner, designated;
	usec_t owner_session;
	enum cause cause;
	usec_t released_at;
	struct log_position log;
	struct log_snapshot snapshot, previous;
};

struct sim_tree {
	unsigned n_latches;
	struct sim_latch latch[MAX_LATCHES];
	struct sim_member member[N_MEMBERS];
	struct sim_register reg;
};

struct sim_server {
	usec_t lags_until, lag; /* learns late what is committed */
	usec_t down_until;      /* refuses connections */
	usec_t alone_until;     /* cut off from the others: answers nothing */
	uint32_t generation;
	usec_t touched[MAX_SESSIONS]; /* T of the last touch that was not relayed; 0 = none */
	usec_t min_session, max_session;
};

struct ensemble {
	int leader;
	uint32_t term;
	usec_t electing_until;
	uint32_t sequence;
	unsigned n_sessions;
	struct sim_session session[MAX_SESSIONS];
	struct sim_tree tree;
	struct sim_server server[N_SERVERS];
	/* What a leader that is cut off from the others still shows, sync or not, for so long. */
	struct sim_tree old;
	int old_leader;
	usec_t old_until;
};

/* ---- network.c ---- */

enum request_kind { REQ_CONNECT, REQ_PING, REQ_CORE, REQ_COMMIT, REQ_READ, REQ_CLOSE, REQ_DELETE };

struct request {
	bool used, answered, told, again, landed;
	usec_t touched; /* a handshake: when it reached the leader */
	enum request_kind kind;
	int client;
	uint32_t handle;
	uint64_t connection;
	uint32_t number; /* on its connection */
	int step;
	usec_t sent, sent_local;
	struct core_command cmd;
	reasons_t reasons;
	/* CONNECT; END_OLD: the session to be ended, -1 = none */
	int session;
	struct nonce nonce;
	usec_t timeout; /* CONNECT: T; CLAIM: as the register shall name it */
	usec_t hold;    /* CLAIM: for how long its elector lets a designated one claim (A5) */
	/* answer */
	enum core_result result;
	bool expired;
	struct core_view view;
	struct latch_name latch;
	int32_t version;
	/* as read, or as it is to be */
	struct log_position log;
	struct log_snapshot snapshot, previous;
	uint64_t ticket;  /* COMMIT */
	uint64_t excused; /* .. what its snapshot may lack, as the damage that was named says */
};

struct connection {
	uint64_t id;
	bool alive;
	int client, server, session;
	usec_t timeout; /* T as this handshake negotiated it: that of each touch by it */
	uint32_t handle, server_generation;
	uint32_t n_sent, land; /* after its end: how many of those sent still land */
	bool delayed;          /* .. and later than they were sent */
	bool stuck;            /* something got lost, and holds up all behind it */
	usec_t last_up, last_commit, last_down;
	/* what the last look left watches on */
	bool watch_register, watch_members;
	struct latch_name watch_latch[2];
};

struct client {
	bool open, dead;
	uint32_t handle;
	int session; /* -1: none yet */
	bool connecting;
	uint64_t connection; /* 0: none */
	int server;
	usec_t asked;
	struct nonce nonce;
};

/* ---- host.c, shell.c ---- */

struct session_file {
	bool exists;
	bool ending; /* what ends it was sent; for the oracle alone */
	int session;
	struct nonce nonce;
	usec_t timeout;
	struct latch_name latch;
};

enum page_state { PAGE_NEVER, PAGE_ARMED, PAGE_ENDED };

/* As last read from the word (daemon/lease_page.c), which decides. */
struct page {
	enum page_state state;
	struct epoch epoch;
	usec_t deadline_local;
};

enum jobmanager_state { JM_NONE, JM_RUNNING, JM_TERMINATING, JM_KILLED };

/* What gets through: all, all but what comes back, only handshakes and pings, those and heartbeats.
 */
enum wire { WIRE_WHOLE, WIRE_DEAF, WIRE_HANDSHAKES, WIRE_HEARTBEATS };

/* A hot JobManager; it acts while it leads. */
struct process {
	bool up, leads, revoking;
	bool fickle;          /* gives each grant back at once */
	bool owes;            /* it has revoked `led` and was not heard yet */
	struct epoch led;     /* leads, or led last */
	usec_t stopped_until; /* USEC_INFINITY: it hangs for ever */
	usec_t heard_at;
	uint32_t stream; /* incarnation of the elector that it follows; 0 = none */
	uint64_t timer;
	usec_t last_line, last_said;
};

struct host {
	/* what is looked at after each event */
	bool hot, running, stopped;
	bool says_leader; /* as of its last step: time alone makes no leader */
	usec_t paused_until;
	/* It woke when its lease was over: until one of guard and elector has run and killed, no
	 * promise but P2 holds (the limits in docs/failure-model.md). */
	usec_t overslept_until;
	enum jobmanager_state jobmanager;
	struct process process;
	int64_t offset, ppm;
	usec_t cut_until;    /* from the network */
	int cut_server;      /* from this one only; -1 = from all */
	bool up_ok, down_ok; /* one direction works */
	bool slow;
	enum wire wire; /* for ever */
	/* guard */
	bool guard_up, lost, was_lost;
	usec_t guard_paused_until;
	struct lease_page_memory memory;
	struct page page;
	unsigned deaths;
	bool elector_wanted, releasing;
	struct epoch jobmanager_epoch; /* hot: the number of the process */
	uint32_t jobmanager_generation, guard_generation;
	bool unreaped;                    /* dead, and the guard has not looked */
	bool failed;                      /* killed since it hangs: counts as an exit */
	bool need_release;                /* before the next elector */
	bool start_pending, stop_pending; /* messages that a stopped guard has not read */
	unsigned restarts;
	struct session_file file;
	/* elector */
	bool exiting;
	uint32_t incarnation;
	struct core core;
	struct epoch number; /* hot: of the process that it knows */
	bool told_settled, tell_pending;
	struct epoch told; /* over the stream */
	usec_t word_at;    /* the last word that was taken, or the last grant told */
	bool unhealthy;    /* its probe fails */
	unsigned n_spins;  /* wakings in a row by which nothing came to be due */
	usec_t spun_at;
	unsigned n_inbox;
	struct core_event inbox[MAX_INBOX];
	reasons_t reasons;
	bool storage_bad;
	usec_t storage_hangs_until;
	struct committer committer;
	unsigned n_own;
	struct latch_name own[8];
};

enum fault_type {
	FAULT_NONE,
	FAULT_BREAK,
	FAULT_CUT,
	FAULT_SLOW,
	FAULT_SERVER_DOWN,
	FAULT_SERVER_ALONE,
	FAULT_SERVER_LAGS,
	FAULT_LEADER_CHANGE,
	FAULT_OUTAGE,
	FAULT_ELECTOR_CRASH,
	FAULT_ELECTOR_STOP,
	FAULT_ELECTOR_LOOP,
	FAULT_GUARD_CRASH,
	FAULT_GUARD_PAUSE,
	FAULT_JOBMANAGER_EXIT,
	FAULT_JOBMANAGER_STOP,
	FAULT_JOBMANAGER_HANGS,
	FAULT_JOBMANAGER_GIVES_UP,
	FAULT_UNHEALTHY,
	FAULT_STREAM_LOST,
	FAULT_HOST_LOST,
	FAULT_HOST_PAUSED, /* all of it stands still, and its clock shows it afterwards */
	FAULT_LATCH_REMOVED,
	FAULT_MEMBER_REMOVED,
	FAULT_FALSE_EXPIRED,
	FAULT_STORAGE_BAD,
	FAULT_STORAGE_HANGS,
	FAULT_NOT_ELIGIBLE,
	FAULT_SWITCHOVER,
	FAULT_STEP_DOWN,
	FAULT_SHUTDOWN,
	FAULT_SWALLOWED, /* its server loses what it had not relayed, and it is cut off */
	FAULT_DEAF,      /* these two are not mended (C7) */
	FAULT_SMALL_ONLY,
	FAULT_DAMAGE, /* bytes of the store change by themselves */
	FAULT_N_
};

enum {
	LEADER = -1, /* or the one that the fault before has struck */
	ANYBODY = -2,
};

struct fault {
	enum fault_type type;
	int who; /* member or server, or one of these */
	usec_t after;
	bool by_command;  /* triggered by the n-th command of this type, else by time */
	unsigned command; /* or action, after those */
	unsigned count;
	usec_t lasts;
	bool follows; /* armed when the fault before has struck; `after` counts from there */
	bool done;
};

/* Commands of the core, then actions of the commit queue. */
enum { N_TRIGGERS = (int)CORE_N_COMMANDS_ + (int)COMMIT_REPLY };

enum run_mode { RUN_FAULTS, RUN_SHORT_OUTAGE, RUN_ELECTOR_CRASHES };

struct world {
	uint64_t random;
	usec_t now;
	usec_t T, k, stop, takeover;
	usec_t revoke, silence, ready; /* hot */
	usec_t io, pace;               /* deadline of the store; between clients, 0 = none */
	struct lease_params lease;
	usec_t expirer_slow; /* percent of slow walks */
	usec_t removed_by_hand[N_MEMBERS];
	struct world_queue queue;
	struct ensemble zk;
	usec_t one_server; /* all members were told of this one only; N_SERVERS: of all */
	usec_t stale;      /* percent of changes of a file that a cache misses */
	usec_t snapshots;  /* 1: one after another; 0: none */
	struct ledger ledger;
	struct client client[N_CLIENTS];
	uint64_t n_connections;
	struct connection connection[MAX_CONNECTIONS];
	struct request request[MAX_REQUESTS];
	unsigned n_requests; /* at a time, so far */
	/* When they are given up: in the order in which they were sent.  Few ever are. */
	unsigned first_timeout, n_timeouts;
	struct {
		usec_t at;
		unsigned of;
	} timeout[MAX_TIMEOUTS];
	struct host host[N_MEMBERS];
	usec_t tick[N_MEMBERS];      /* of an elector that runs */
	usec_t guard_due[N_MEMBERS]; /* when it looks at the page again */
	/* schedule */
	enum run_mode mode;
	usec_t faults_end, healed_at, led_since;
	int leader;
	unsigned n_faults;
	struct fault fault[MAX_FAULTS];
	bool healed, ended;
	usec_t paused_until; /* the last of the hosts */
	/* oracle */
	bool failed, refused; /* what is left of the store is not served */
	char why[160];
	uint64_t seed;
	struct epoch granted, claimed, acted, wrote;
	unsigned n_grants, n_stops, n_steps, n_events, n_struck;
	uint64_t trace_hash;
	bool verbose;
};

/* ---- queue.c ---- */
usec_t true_time(const struct world *w, int member, usec_t local);
void note(struct world *w, int who, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* ---- ensemble.c ---- */
void ensemble_init(struct world *w);
void ensemble_commit(struct world *w, struct request *r, struct connection *c);
bool ensemble_serves(const struct world *w, int server);
bool ensemble_has_quorum(const struct world *w);
void ensemble_touch(struct world *w, int session, int server, usec_t timeout);
void ensemble_heard_timeout(struct world *w, const struct request *r);
void ensemble_relay(struct world *w, int server);
void ensemble_expire_due(struct world *w);
void ensemble_close_session(struct world *w, int session);
void ensemble_server_down(struct world *w, int server, usec_t until);
void ensemble_leader_alone(struct world *w, usec_t until);
void ensemble_elect(struct world *w, usec_t until);

/* ---- znodes.c ---- */
void znodes_request(struct world *w, struct request *r, struct connection *c);
enum core_result znodes_commit(struct world *w, struct request *r);
void znodes_remove_latch(struct world *w, struct sim_latch *l);
struct sim_latch *znodes_latch(struct world *w, const struct latch_name *name);

/* ---- look.c ---- */
void look_step(struct world *w, struct request *r, struct connection *c);
void look_at_register(struct world *w, struct request *r, const struct connection *c);
bool look_is_old(const struct world *w, const struct request *r, const struct connection *c);

/* ---- network.c ---- */
void client_open(struct world *w, int client, int session, const struct nonce *nonce, usec_t T);
void client_close(struct world *w, int client);
void client_break(struct world *w, int client);
void client_try(struct world *w, int client);
struct request *client_ask(struct world *w, int client, enum request_kind kind,
                           const struct core_command *cmd);
void client_ping(struct world *w, int client, uint32_t handle);
bool client_connected(const struct world *w, int client);
bool network_reaches(struct world *w, const struct connection *c, usec_t *ret_when);
void network_arrive(struct world *w, struct request *r);
void network_commit(struct world *w, struct request *r);
void network_answer(struct world *w, struct request *r);
void network_timeout(struct world *w, struct request *r);
usec_t network_next_timeout(struct world *w);
void network_first_timeout(struct world *w);
void network_changed(struct world *w, bool reg, bool members, const struct latch_name *latch);
void network_drop_server(struct world *w, int server, usec_t after);
void network_drop_session(struct world *w, int session);
struct connection *connection_get(struct world *w, uint64_t id);

/* ---- coverage.c ---- */
enum touch {
	TOUCH_SMALLER,   /* re-attached with a smaller T */
	TOUCH_LARGER,    /* .. with a larger one */
	TOUCH_EARLIER,   /* moved the end of its session to an earlier time */
	TOUCH_AT_TWO,    /* not relayed yet by two servers, with two T */
	TOUCH_OF_BEFORE, /* by a connection whose session has moved */
	TOUCH_N_
};

void coverage_touch(enum touch what);
void coverage_lost(const struct request *r, bool landed);
void coverage_struck(enum fault_type type);
bool coverage_tell(void); /* false: something never happened */

/* ---- shell.c ---- */
void shell_start(struct world *w, int member);
void shell_feed(struct world *w, int member, struct core_event ev);
void shell_later(struct world *w, int member, usec_t delay, enum core_event_type type, uint32_t low,
                 uint64_t arg);
void shell_local(struct world *w, const struct world_event *ev);
void shell_answer(struct world *w, int client, struct request *r);
void shell_unknown(struct world *w, const struct request *r);
void shell_session_event(struct world *w, int client, enum core_event_type type, usec_t sent_local);
void shell_changed(struct world *w, int client);
void shell_tick(struct world *w, int member);
void shell_stop(struct world *w, int member, enum cause cause, const struct latch_name *to);
void shell_eligible(struct world *w, int member);
void shell_continue(struct world *w, int member);

/* ---- host.c ---- */
void host_guard_start(struct world *w, int member);
void host_guard_looks(struct world *w, int member);
void host_guard_crash(struct world *w, int member, bool release);
void host_elector_start(struct world *w, int member);
void host_elector_died(struct world *w, int member);
void host_elector_exits(struct world *w, int member);
void host_granted(struct world *w, int member, struct epoch epoch);
void host_grant(struct world *w, int member, struct epoch epoch);
void host_stop_jobmanager(struct world *w, int member, struct epoch epoch, bool kill, bool failed);
void host_jobmanager_dies(struct world *w, int member, bool by_itself);
void host_jobmanager_dead(struct world *w, int member, uint32_t generation);
void host_jobmanager_reaped(struct world *w, int member, uint32_t generation, bool by_itself);
void host_release_done(struct world *w, int member);
void host_release_begin(struct world *w, int member);
void host_lost(struct world *w, int member);
void host_paused(struct world *w, int member, usec_t until);
void host_page_arm(struct world *w, int member, struct epoch epoch, usec_t deadline);
void host_page_extend(struct world *w, int member, usec_t deadline);
void host_page_disarm(struct world *w, int member, struct epoch epoch);
void host_stop_jobmanager_now(struct world *w, int member);
void host_start_process(struct world *w, int member, struct epoch number);
void host_process_starts(struct world *w, int member, struct epoch number);
bool host_has_process(const struct host *h);

/* ---- jobmanager.c ---- */
enum line { LINE_STATE, LINE_GRANT, LINE_REVOKE };
struct line_of_stream {
	enum line type;
	struct epoch epoch; /* STATE: 0 = not granted */
	bool superseded;
};

void process_begin(struct world *w, int member);
void process_event(struct world *w, const struct world_event *ev);
void process_stream_lost(struct world *w, int member);
void process_tell(struct world *w, int member, const struct line_of_stream *line);
void process_answer(struct world *w, int member, enum core_word word, struct epoch epoch,
                    bool halt);
void process_gives_up(struct world *w, int member);

/* ---- leadership.c ---- */
void leadership_look(struct world *w, int member);
void leadership_tell(struct world *w, int member, uint32_t incarnation);
void leadership_beat(struct world *w, int member, uint32_t incarnation);
bool leadership_connect(struct world *w, int member);
void leadership_said(struct world *w, const struct world_event *ev);

/* ---- plan.c ---- */
enum jobmanager_modes { MODES_ANY, MODES_COLD, MODES_HOT, MODES_MIXED };

void plan_draw(struct world *w, int only_case, enum jobmanager_modes modes);
usec_t plan_smaller_session(struct world *w);
void plan_damage(struct world *w);
void plan_write(struct world *w, FILE *to);
bool plan_read(struct world *w, FILE *from);
const char *plan_fault_name(enum fault_type type);

/* ---- sim.c ---- */

/* One run of w's plan, its chances by the seed. */
void sim_run(struct world *w, uint64_t seed, bool verbose);

/* ---- minimise.c ---- */

/* What is left of a plan that fails, so that it still does; and a seed that shows it. */
uint64_t minimise(struct world *w, const struct world *plan, uint64_t seed);

/* ---- faults.c ---- */

void faults_arm(struct world *w);
void faults_strike(struct world *w, unsigned i);
void faults_over(struct world *w, enum fault_type type, int who);
void faults_on_command(struct world *w, int member, enum core_command_type type);
void faults_on_action(struct world *w, int member, enum commit_action_type type);
void faults_heal(struct world *w);

/* ---- cases.c ---- */
const char *case_name(unsigned i); /* NULL: no more */
int case_find(const char *name);
void case_plan(struct world *w, int which); /* -1: any */

/* ---- oracle.c ---- */
void violated(struct world *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
void oracle_check(struct world *w);
void oracle_latches(struct world *w); /* at the end */
void oracle_claimed(struct world *w, struct epoch epoch);
void oracle_granted(struct world *w, int member, struct epoch epoch);
void oracle_acts(struct world *w, int member, struct epoch epoch);
void oracle_follows(struct world *w, const struct sim_register *before,
                    const struct core_command *claim);
void oracle_stops(struct world *w, int member, const struct core_command *cmd);
void oracle_disarmed(struct world *w, int member);
void oracle_hangs(struct world *w, int member);
void oracle_written(struct world *w, struct epoch epoch);
void oracle_commanded(struct world *w, int member, enum core_command_type type);
int oracle_leader(const struct world *w); /* -1: none */
int oracle_stuck(const struct world *w);  /* who neither leads nor waits for its turn; -1: nobody */

/* splitmix64 */
static inline uint64_t chance(struct world *w)
{
	uint64_t z = w->random += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

/* 0 .. n-1 */
static inline uint64_t below(struct world *w, uint64_t n)
{
	return n == 0 ? 0 : chance(w) % n;
}

static inline bool percent(struct world *w, unsigned p)
{
	return below(w, 100) < p;
}

static inline usec_t between(struct world *w, usec_t a, usec_t b)
{
	return b <= a ? a : a + below(w, b - a + 1);
}

static inline usec_t local_time(const struct world *w, int member, usec_t now)
{
	const struct host *h = &w->host[member];

	return (usec_t)((int64_t)now + h->offset + (int64_t)now * h->ppm / 1000000);
}

static inline bool process_acts(const struct host *h)
{
	return h->jobmanager != JM_NONE && h->process.leads;
}

static inline bool is_paused(const struct world *w, const struct host *h)
{
	return w->now < h->paused_until;
}

static inline int client_member(int client)
{
	return client % N_MEMBERS;
}

static inline bool is_releaser(int client)
{
	return client >= N_MEMBERS;
}
