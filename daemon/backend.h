/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the API may ask of the elector, in plain C types: the API knows no election and the elector
 * no JSON and no HTTP.  The elector fills a struct backend, a test fills another.
 *
 * Owner: every string, value and array that the backend hands out stays the backend's and is valid
 * until the loop is entered again; the API copies at once what it needs longer.  Every pointer
 * handed *to* the backend is valid during the call only.  Codes are the stable words of PROTOCOL
 * section 5 (reason_code(), cause_code(), core_state_name()), never NULL unless it says so.
 * Threads: all calls and callbacks on the loop's thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/epoch.h"
#include "base/usec.h"
#include "daemon/api_error.h"
#include "daemon/lateness.h"

enum { BACKEND_MAX_REASONS = 24, BACKEND_MAX_DAMAGED = 8, BACKEND_MAX_PARKED = 16 };

/* Why a member is not eligible; n = 0: it is. */
struct reason_list {
	unsigned n;
	const char *code[BACKEND_MAX_REASONS];
};

/* The leader as the register names it (DESIGN 8, below the table of states). */
struct leader_view {
	const char *member; /* NULL: released, never granted, or its latch is gone */
	struct epoch epoch;
	bool self;  /* then `age` is not shown */
	usec_t age; /* since the question of this answer was asked */
};

struct transition {
	const char *from, *to; /* states */
	const char *cause;
	struct epoch epoch;
	usec_t at;                   /* wall clock */
	usec_t detect, claim, grant; /* durations; USEC_INFINITY = does not apply, shown as null */
};

/* A job that the JobManager left out.  A list tells it of the first BACKEND_MAX_TOLD: reading the
 * records of thousands would keep the elector from its heartbeat. */
enum { BACKEND_MAX_TOLD = 1000 };
struct parked_job {
	const char *jobid;
	const char *why; /* NULL: not told */
	usec_t since;    /* wall clock */
};

typedef void (*backend_parked_cb)(void *cookie, const struct parked_job *job);

/* GET /v1/status.  Durations are usec and shown as whole milliseconds. */
struct status {
	const char *cluster, *member, *role, *state;
	struct epoch epoch; /* of the register as last read */
	struct leader_view leader;
	usec_t lease; /* what is left of it at this moment; 0 unless state is "leader" (P5) */
	bool eligible;
	struct reason_list reasons;
	usec_t tolerance;
	/* The arithmetic of the lease: PROTOCOL A1, D9. */
	struct {
		usec_t session; /* T of the session, or of the last one, or as asked for */
		usec_t tick, heartbeat, jitter, margin; /* k, h, J, M = k + J */
		usec_t stop, revoke, answer;            /* D_stop, revoke_ms (hot), A */
		usec_t length;                          /* when it has just been renewed */
		const char *chain;                      /* "none", "tentative", "valid" */
	} arithmetic;
	const char *waits_for;    /* core_wait_code() */
	usec_t waits_left;        /* USEC_INFINITY = no time is known, shown as null */
	int rank;                 /* latches before the own; -1 = none, shown as null */
	bool maintenance;         /* paused; then the three below are shown */
	usec_t maintenance_until; /* wall clock */
	const char *maintenance_by, *maintenance_why;
	const char *watchdog;           /* "systemd" or "none" */
	struct reason_list guard_lacks; /* A8: protection that the guard was not allowed to take */
	struct {
		bool connected;
		const char *server; /* "10.0.0.1:2181", NULL when not connected */
		usec_t session;     /* T, as negotiated; 0 = no session */
		usec_t last_ack;  /* since the last answer; USEC_INFINITY = none yet, shown as null
		                   */
		unsigned servers; /* that zookeeper.servers names */
	} zookeeper;
	struct {
		const char *mode, *state;
		int pid; /* 0 = none, shown as null */
		unsigned restarts;
		int foreign_pid; /* hot: another process asks for the leadership; 0 = none */
		struct {
			bool asked;        /* else shown as null */
			bool ok;           /* the last answer was */
			unsigned failures; /* in a row */
			const char *last;  /* "200", or what went wrong; NULL = no answer yet */
		} health;
	} jobmanager;
	struct {
		uint64_t sequence, pointers;
		const char *path, *state;                 /* "ok" or a reason */
		const char *error;                        /* which file, why; NULL when ok */
		uint64_t n_damaged;                       /* all of them */
		const char *damaged[BACKEND_MAX_DAMAGED]; /* the first keys, NULL behind the last */
		uint64_t snapshot; /* what the newest one has: up to this sequence; 0 = none */
		const char *snapshot_error; /* why this leader's last one was not made, or NULL */
		const char *log_error;      /* what was done to a log file in this term, or NULL */
		unsigned n_unseen; /* members whose writing is not to be seen in the storage here */
	} store;
	uint64_t n_parked;                            /* all of them */
	struct parked_job parked[BACKEND_MAX_PARKED]; /* the first, jobid NULL behind the last */
	bool has_transition;
	struct transition last_transition;
};

/* GET /v1/cluster */
struct cluster_view {
	const char *cluster;
	struct epoch epoch;
	struct leader_view leader;
	const char *released; /* cause of the last release, NULL when the register has an owner */
	usec_t age;           /* of what is shown of the others */
};

struct cluster_member {
	const char *member, *host, *role;
	const char *state; /* "leader", "standby", "observer"; its own word for the member asked */
	bool eligible;
	struct reason_list reasons;
	uint64_t sequence;
	struct epoch stopped;
	const char *jmha; /* release */
	const char *api;  /* address of its TCP listener, NULL = none */
	const char *sees; /* whose writing it sees in the storage: names with a space between; NULL
	                     = not told */
	bool self;
};

typedef void (*backend_member_cb)(void *cookie, const struct cluster_member *member);

/* GET /v1/history, oldest first */
struct term {
	struct epoch epoch;
	const char *leader;
	usec_t start, end;             /* wall clock; end USEC_INFINITY = goes on, shown as null */
	const char *cause;             /* why it began: how the term before it ended */
	usec_t detect, fence, recover; /* USEC_INFINITY = not known, shown as null */
};

typedef void (*backend_term_cb)(void *cookie, const struct term *term);

/* One live pointer. */
struct pointer_view {
	const char *key;
	const void *value; /* NULL when damaged */
	size_t size;
	uint64_t revision;
	bool damaged; /* the value is lost: named, not served (410) */
};

/* false: enough. */
typedef bool (*backend_pointer_cb)(void *cookie, const struct pointer_view *pointer);

/* PUT and DELETE.  At most one of the two conditions. */
struct pointer_change {
	bool remove; /* DELETE: value is unused */
	const char *key;
	const void *value;
	size_t size;
	bool if_absent;   /* If-None-Match: * */
	bool if_revision; /* If-Match: "<revision>" */
	uint64_t revision;
	struct epoch epoch; /* Jmha-Epoch; 0 = not given: no fence asked for */
};

struct pointer_result {
	enum api_error error; /* API_OK: durable and fenced */
	const char *message;  /* for people; NULL = the error's own text */
	uint64_t revision;  /* OK: of the change (DELETE: of what it removed); CONDITION_FAILED: the
	                     * present one, 0 = absent */
	struct epoch epoch; /* OK: under which it was written */
	const void *value;  /* OK of a DELETE: what it removed */
	size_t size;
	const char *leader; /* NOT_LEADER: who is; NULL = unknown */
};

typedef void (*backend_pointer_done)(void *cookie, const struct pointer_result *result);

/* GET /v1/leadership: what the daemon's own hot JobManager is granted. */
struct leadership {
	bool settled; /* false: a resumed elector has not verified its term yet, nothing is told */
	struct epoch epoch; /* granted; 0 = none */
	char leader_id[37]; /* "" = none */
	bool superseded;    /* it has to halt */
	usec_t halt_after;  /* leading, and nothing heard for so long: it has to halt */
	usec_t lease;       /* left; with a heartbeat */
	const char *cluster, *member;
};

/* PUT /v1/leadership: what it says of itself. */
enum leadership_word { LEADERSHIP_WAITING, LEADERSHIP_LEADING, LEADERSHIP_REVOKED };
/* ---- endpoints, counters, parked jobs: what a JobManager says and asks.  Each change has the
 * epoch it was made under: it is the backend's to refuse another one. */

struct endpoints_view {
	struct epoch epoch;    /* 0: nobody has led yet */
	const char *leader_id; /* NULL with epoch 0 */
	usec_t age;            /* since this member last heard of ZooKeeper */
	bool stale;            /* for longer than a session lasts */
	size_t n;
};

struct endpoint_view {
	const char *component, *address; /* address NULL: removed (in changes) */
};

typedef void (*backend_endpoint_cb)(void *cookie, const struct endpoint_view *endpoint);

enum counter_op { COUNTER_NEXT, COUNTER_SET, COUNTER_DELETE };

struct counter_view {
	const char *key;
	int64_t next; /* what COUNTER_NEXT would hand out */
	bool damaged; /* its value is lost */
};

typedef void (*backend_counter_cb)(void *cookie, const struct counter_view *counter);

enum job_op { JOB_PARK, JOB_UNPARK, JOB_RECOVER };

/* Of any of these changes. */
struct change_result {
	enum api_error error; /* API_OK: durable and fenced */
	const char *message;  /* for people; NULL = the error's own text */
	struct epoch epoch;   /* OK: under which it was done */
	bool has_value;       /* OK of a counter that was not removed: */
	int64_t value;        /* handed out, or set */
	const char *leader;   /* NOT_LEADER: who is; NULL = unknown */
};

typedef void (*backend_change_done)(void *cookie, const struct change_result *result);

enum operator_verb { OPERATOR_SWITCHOVER, OPERATOR_STEP_DOWN };

struct operator_request {
	enum operator_verb verb;
	const char *to;  /* member; NULL = any eligible one */
	const char *by;  /* who asks, e.g. "uid 0" or what the request says */
	const char *why; /* NULL = not said */
	bool force;
};

enum operator_state { OPERATOR_NEW, OPERATOR_TAKEN, OPERATOR_DONE };

struct operator_result {
	enum operator_state state;
	const char *id;   /* for GET /v1/requests/<id>: "q-0000000012"; NULL = not made yet */
	const char *verb; /* "switchover", "step-down" */
	/* the rest with OPERATOR_DONE */
	enum api_error error;
	const char *message; /* NULL = the error's own text */
	const char *leader;  /* new leader, or of NOT_LEADER */
	const char *from;    /* old leader */
	struct epoch epoch;
	usec_t stop, release, grant, total; /* USEC_INFINITY = not known, shown as null */
};

/* May come several times; the one with OPERATOR_DONE is the last and always comes. */
typedef void (*backend_operator_cb)(void *cookie, const struct operator_result *result);

/* For /metrics; what status has is taken from there. */
struct counters {
	uint64_t commits;        /* acknowledged group commits (moves of the register) */
	uint64_t changes;        /* acknowledged pointer changes */
	uint64_t transitions;    /* changes of state */
	uint64_t heartbeats;     /* answered lease heartbeats */
	uint64_t connections;    /* handshakes with a ZooKeeper server */
	uint64_t storage_errors; /* failed or late I/O */
	uint64_t log_lost;       /* lines of the elector's log that nobody took */
	/* Answered heartbeats of this member's terms: g - h (PROTOCOL A1), from send to send. */
	struct lateness late;
};

struct backend_ops {
	void (*status)(void *userdata, struct status *ret);

	/* Calls `each` once for every member, itself included. */
	void (*cluster)(void *userdata, struct cluster_view *ret, backend_member_cb each,
	                void *cookie);

	void (*history)(void *userdata, backend_term_cb each, void *cookie);

	/* API_OK (also when ret->damaged), API_NOT_FOUND, API_NOT_READY (store not read yet). */
	enum api_error (*pointer_get)(void *userdata, const char *key, struct pointer_view *ret);

	/* The pointers whose key begins with `prefix` and comes after `after` ("" = all), in the
	 * order of their keys; API_NOT_READY. */
	enum api_error (*pointer_list)(void *userdata, const char *prefix, const char *after,
	                               backend_pointer_cb each, void *cookie);

	/* Of the last record applied here (Jmha-Sequence). */
	uint64_t (*sequence)(void *userdata);

	/*
	 * Each submit is answered by `done` exactly once (operator: see backend_operator_cb), now,
	 * from within the call, or later from the loop.  A `cookie` stays valid until then, whether
	 * the client is still there or not; api_free() ends all of them.  Key, sizes and syntax
	 * were checked by the API; leadership, fence, conditions and limits are the backend's.
	 */
	void (*pointer_submit)(void *userdata, const struct pointer_change *change,
	                       backend_pointer_done done, void *cookie);
	void (*operator_submit)(void *userdata, const struct operator_request *request,
	                        backend_operator_cb progress, void *cookie);

	/* A request of this member; false: not known (any more). */
	bool (*request_get)(void *userdata, const char *id, struct operator_result *ret);

	/* May this process have and say that?  API_FORBIDDEN: not the daemon's own JobManager;
	 * API_NOT_FOUND: none, the mode is cold. */
	enum api_error (*leadership_may)(void *userdata, pid_t pid);
	void (*leadership)(void *userdata, pid_t pid, struct leadership *ret); /* for it */
	/* API_OK; API_FENCED: it leads what is not granted to it, and has to halt. */
	enum api_error (*leadership_say)(void *userdata, pid_t pid, enum leadership_word word,
	                                 struct epoch epoch);

	void (*counters)(void *userdata, struct counters *ret);

	/* Calls `each` (may be NULL) for every published address. */
	void (*endpoints)(void *userdata, struct endpoints_view *ret, backend_endpoint_cb each,
	                  void *cookie);

	/* Numbers that are handed out once.  API_OK also for one that is not there yet, and when
	 * ret->damaged; API_NOT_READY. */
	enum api_error (*counter_get)(void *userdata, const char *key, struct counter_view *ret);
	enum api_error (*counter_list)(void *userdata, backend_counter_cb each, void *cookie);

	/* API_NOT_READY */
	enum api_error (*parked_list)(void *userdata, backend_parked_cb each, void *cookie);

	/* Answered once, like pointer_submit.  address NULL: remove; `value` with COUNTER_SET
	 * alone; `why` with JOB_PARK alone; JOB_RECOVER takes no epoch. */
	void (*endpoint_submit)(void *userdata, struct epoch epoch, const char *component,
	                        const char *address, backend_change_done done, void *cookie);
	void (*counter_submit)(void *userdata, struct epoch epoch, enum counter_op op,
	                       const char *key, int64_t value, backend_change_done done,
	                       void *cookie);
	void (*job_submit)(void *userdata, struct epoch epoch, enum job_op op, const char *jobid,
	                   const char *why, backend_change_done done, void *cookie);
};

struct backend {
	const struct backend_ops *ops;
	void *userdata;
};
