/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decides whether this member may lead.  Pure: no I/O, no clock, no allocation, no logging.  Same
 * events in, same commands out, on every machine.  The rules are those of PROTOCOL.md; comments
 * name them (A1 .. D19).
 *
 * Owner: the elector embeds struct core; nothing here keeps a caller's pointer.  Threads: none.
 *
 * A command that asks for something is answered by exactly one event of the same name, however
 * often the connection is lost in between (outcome UNKNOWN); at most one of each kind is
 * outstanding.  Commands without an answer say so; two answers also come unasked and say so.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/epoch.h"
#include "base/usec.h"
#include "election/cause.h"
#include "election/latch_name.h"
#include "election/lease.h"
#include "election/reason.h"

/*
 * What a member is doing.  One phase at a time; core_state() folds them into the seven states that
 * status, logs and documents speak of.
 *
 *   DETACHED -> ENDING -> JOINING -> IDLE <-> ENTERING -> QUEUED -> CLAIMING -> LOADING -> LEADING
 *      |  (old session)     |                    ^          |  ^       |           |          |
 *      |                    |                    |          |  +-------+-----------+          v
 *      +-> RESUMING --------+--------------------|----------|-------------------------->  REVOKING
 *                                                |          v                                 |
 *                                                +----- RELEASING <---- SETTLING <------------+
 */
enum core_phase {
	CORE_DETACHED, /* no session yet: connecting to a new one */
	CORE_RESUMING, /* re-attaching to the session of a dead elector whose page is armed (C4) */
	CORE_ENDING,  /* an earlier session of this member is being ended from this one (A3, A3b) */
	CORE_JOINING, /* making members/<name> */
	CORE_IDLE,    /* joined, no latch: observer, not eligible, or about to enter */
	CORE_ENTERING,   /* making a latch */
	CORE_QUEUED,     /* has a latch, runs its chain */
	CORE_CLAIMING,   /* claim sent, or its outcome being resolved */
	CORE_LOADING,    /* claimed: the log is read to its end, the first segment opened */
	CORE_LEADING,    /* page armed, JobManager granted */
	CORE_REVOKING,   /* JobManager being stopped */
	CORE_RESTARTING, /* JobManager gone, nobody to hand over to: about to claim again (A10) */
	CORE_SETTLING,   /* pending commit of the term being settled (D7) */
	CORE_RELEASING,  /* release, or latch being given up */
	CORE_EXITED,     /* orderly stop done */
	CORE_N_PHASES_
};

/* The states of GET /v1/status (DESIGN section 8). */
enum core_state {
	CORE_STATE_STARTING,
	CORE_STATE_STANDBY,
	CORE_STATE_CLAIMING,
	CORE_STATE_LEADER,
	CORE_STATE_STOPPING,
	CORE_STATE_OBSERVER,
	CORE_STATE_DISCONNECTED,
	CORE_N_STATES_
};

/* Outcome of a request to ZooKeeper or to the store. */
enum core_result {
	CORE_OK,
	CORE_UNKNOWN,     /* no answer: may or may not have happened, may happen later */
	CORE_LATCH_GONE,  /* the check of the own latch failed: nothing was done */
	CORE_MEMBER_GONE, /* the member node is missing: nothing was done */
	CORE_BAD_VERSION, /* the register moved on: nothing was done */
	CORE_NO_REGISTER, /* the register is missing: nothing was done */
	CORE_NAME_TAKEN,  /* another session holds members/<name> (D3) */
	CORE_FAILED,      /* certainly not done, for a reason that the adapter has logged */
	CORE_N_RESULTS_
};

/* One consistent look: sync, then register, latches and members, in one batch (A11, C5). */
struct core_view {
	usec_t asked; /* when the batch was sent */
	bool has_register;
	int32_t version; /* of the register znode */
	struct epoch epoch;
	bool released;
	enum cause released_as;       /* why, when released */
	struct latch_name owner;      /* none: never granted */
	usec_t owner_session;         /* T of the owner's session */
	bool owner_alive;             /* the owner's latch is there */
	bool owner_member;            /* members/<owner> is there, with the nonce of that latch */
	struct epoch owner_stopped;   /* what that node reports */
	struct latch_name designated; /* none: anyone */
	bool designated_alive;
	struct latch_name
	        own;         /* lowest latch with our nonce and of our session; none = not there */
	bool own_extra;      /* there is more than one */
	int rank;            /* of `own`; 0 = lowest, -1 = not there */
	unsigned successors; /* latches of other members that are eligible */
	bool rolled_back;    /* A11: storage knows of a later epoch or commit than the register */
};

/* What a hot JobManager says of itself, each second and at each change (PUT /v1/leadership). */
enum core_word {
	CORE_WAITING, /* up, leads nothing */
	CORE_LEADS,   /* the grant of that epoch has reached it, and is not fully revoked */
	CORE_REVOKED, /* nothing of it acts under that epoch any more */
};

enum core_event_type {
	CORE_EV_TICK,      /* core_next_tick() has come, or anything else: always allowed */
	CORE_EV_CONNECTED, /* handshake done: .connected */
	CORE_EV_DISCONNECTED,
	CORE_EV_EXPIRED,     /* the server said that the session is gone */
	CORE_EV_AUTH_FAILED, /* terminal for this session */
	CORE_EV_CHANGED,     /* a watch fired: what was observed may be old */
	CORE_EV_ELIGIBLE,    /* .reasons of the shell (storage, configuration ..) changed */
	CORE_EV_STOP,        /* .stop: switchover, step-down or shutdown */
	CORE_EV_PAGE_ENDED,  /* the guard has ended the page: it kills, or has killed */
	CORE_EV_EXITED,    /* .exited: the JobManager (cold: of this epoch) is proven dead (A12) */
	CORE_EV_SAID,      /* .said: hot, by the process that runs; but see core_superseded() */
	CORE_EV_UNHEALTHY, /* its health probe has failed often enough */
	/* answers */
	CORE_EV_ENDED_OLD, /* .result: CORE_OK = a session other than the old one saw its latch gone
	                    */
	CORE_EV_JOINED,    /* .result */
	CORE_EV_ENTERED,   /* .entered */
	CORE_EV_HEARTBEAT, /* .heartbeat */
	CORE_EV_LISTED,    /* of OBSERVE with .list_log: log/ is listed, ZooKeeper is asked now */
	CORE_EV_OBSERVED,  /* .observed */
	CORE_EV_CLAIMED,   /* .claimed */
	CORE_EV_LOADED,    /* .result; FAILED also unasked: the store can be written no more */
	CORE_EV_SETTLED,
	CORE_EV_RELEASED, /* .result */
	CORE_EV_REPORTED, /* .result; MEMBER_GONE also unasked, when any write found it so */
	CORE_N_EVENTS_
};

struct core_event {
	enum core_event_type type;
	usec_t now; /* CLOCK_BOOTTIME; never goes back */
	union {
		enum core_result result;
		struct {
			usec_t sent;    /* when the connect was sent */
			usec_t session; /* T, as negotiated */
		} connected;
		struct {
			enum core_result result;
			struct latch_name latch;
		} entered;
		struct {
			enum core_result result;
			usec_t sent;
		} heartbeat;
		struct {
			enum core_result result; /* CORE_OK: view is valid */
			struct core_view view;
		} observed;
		struct {
			enum core_result result;
			usec_t sent;
			int32_t version; /* the register's new version */
		} claimed;
		struct {
			struct epoch epoch;
			usec_t pause; /* before the next start here (restart policy) */
		} exited;
		struct {
			enum core_word word;
			struct epoch epoch; /* WAITING: the last one it led, 0 = none */
			int by;             /* which of its processes; 0 = not known */
		} said;
		struct {
			enum cause cause;     /* SWITCHOVER, STEP_DOWN or SHUTDOWN */
			struct latch_name to; /* whom to designate; none = anyone */
		} stop;
		reasons_t reasons;
	};
};

enum core_command_type {
	CORE_CMD_CONNECT_NEW,    /* open a new session; no answer but the session's events */
	CORE_CMD_CONNECT_RESUME, /* re-attach to the session in the session file, with its T (A7) */
	CORE_CMD_END_OLD,        /* A3b for the session in the session file -> ENDED_OLD */
	CORE_CMD_JOIN,   /* write the session file (C4), make parents and member node -> JOINED */
	CORE_CMD_REJOIN, /* member node vanished: multi[check(latch), create] -> JOINED */
	CORE_CMD_ENTER,  /* make a latch, record its name -> ENTERED */
	CORE_CMD_DELETE_EXTRA, /* delete own latches but .latch; no answer */
	CORE_CMD_HEARTBEAT,    /* multi[check(.latch), check(member node)] -> HEARTBEAT */
	CORE_CMD_OBSERVE,      /* list log/ first when .list_log -> LISTED; one batch -> OBSERVED */
	CORE_CMD_CLAIM,  /* A5: .epoch, .version, .cause (how the last term ended) -> CLAIMED */
	CORE_CMD_LOAD,   /* follower to the committed end, first segment of .epoch -> LOADED */
	CORE_CMD_ARM,    /* page: .epoch until .deadline; no answer (PAGE_ENDED if it fails) */
	CORE_CMD_EXTEND, /* page: .deadline, later or (A7) earlier; no answer */
	CORE_CMD_DISARM, /* page: ENDED; no answer */
	CORE_CMD_START,  /* hot: start the JobManager, which is to wait -> SAID, later EXITED */
	CORE_CMD_GRANT,  /* cold: start the JobManager with .epoch -> later EXITED.  Hot: tell the
	                  * one that waits -> SAID */
	CORE_CMD_REVOKE, /* cold: as TERMINATE.  Hot: ask it to revoke .epoch -> SAID */
	CORE_CMD_TERMINATE, /* hot: SIGTERM, then SIGKILL after stop_ms -> EXITED */
	CORE_CMD_KILL,      /* SIGKILL now -> EXITED.  .failed: a failure of the JobManager's own */
	CORE_CMD_SETTLE,    /* refuse new writes, resolve the pending commit (B2) -> SETTLED */
	CORE_CMD_RELEASE,   /* with the page off (A3): A3b's multi with the own .latch -> RELEASED.
	                     * With .with_register also: released = .cause, .designated, expecting
	                     * the register's newest version that the shell knows */
	CORE_CMD_REPORT_STOPPED, /* A4: members/<name>.stopped = .epoch -> REPORTED */
	CORE_CMD_PUBLISH,        /* core_reasons() changed: write the member node; no answer */
	CORE_CMD_EXIT,           /* orderly stop done: close the session and leave; no answer */
	CORE_N_COMMANDS_
};

struct core_command {
	enum core_command_type type;
	struct epoch epoch;
	int32_t version;
	usec_t deadline;
	struct latch_name latch, designated;
	enum cause cause;
	bool list_log, with_member, with_register, failed;
};

enum { CORE_MAX_COMMANDS = 8 };

struct core_out {
	unsigned n;
	struct core_command cmd[CORE_MAX_COMMANDS];
};

struct core_config {
	struct lease_params lease; /* .session is what will be asked for */
	usec_t takeover;           /* C1 */
	bool observer;
	bool hot;       /* the JobManager outlives terms: core_hot.c */
	usec_t silence; /* hot: without a word for so long it hangs */
	usec_t ready;   /* hot: without one since its start, or for so long: started anew */
	/* What the elector found at its start: */
	bool resume; /* the guard holds an armed page (C4): the four fields below are its own */
	struct epoch page_epoch;
	usec_t page_deadline;
	struct latch_name latch; /* from the session file */
	struct nonce nonce;      /* of the session file */
	bool old_session;        /* a session file is there, but nothing to resume: end it first */
	bool process;            /* hot: a JobManager runs */
};

struct core {
	struct core_config config;
	usec_t now;
	enum core_phase phase;
	enum cause cause;       /* of the last or current transition */
	enum cause predecessor; /* how the term ended that our claim follows */
	reasons_t reasons;      /* the shell's */
	reasons_t own_reasons, published;

	/* session and connection */
	bool connected;
	bool has_session; /* a handle was opened and its session not declared gone */
	bool old_session; /* the session file names one that may only be ended (A3) */
	bool member;      /* the own member node was made in this session */
	usec_t disconnected_since;
	usec_t no_room_since; /* T leaves no room for a lease; 0 = it does */
	usec_t leaving_since; /* settling and releasing */

	/* requests */
	uint32_t outstanding; /* one bit for each kind */
	bool observe_again;   /* something changed while a look was under way */
	usec_t retry_at;      /* what failed is not sent again before */
	usec_t observe_at;    /* backstop for lost watches */

	/* what the last look showed */
	bool seen, ever_seen; /* view is valid; was, once */
	struct core_view view;
	usec_t listing_since; /* the look waits for the store, not yet for ZooKeeper; 0 = no */
	usec_t seen_at; /* the view was valid, a look answered, or none needed; the store's time
	                 * does not count */

	/* latch and lease */
	struct latch_name latch; /* own; none */
	struct lease lease;
	struct latch_name heartbeat_latch; /* which one the outstanding heartbeat checks */
	usec_t heartbeat_at;               /* next one due */
	usec_t heartbeat_after; /* A2: grant needs a heartbeat sent after this; 0 = none owed */

	/* takeover */
	struct latch_name gone; /* A4: the owner's latch whose end we wait out .. */
	usec_t gone_since;      /* .. and when it was seen gone */
	int32_t hold_version;   /* A5: for whom this register designates others hold back .. */
	usec_t hold_until;      /* .. until then */
	usec_t takeover_since;  /* C1: our turn, and free to claim since; 0 = not */
	int32_t claim_version;  /* expected by the claim sent last */
	usec_t pause_until;     /* C2 */
	unsigned failures;      /* C2: takeovers given up lately */
	usec_t last_failure;

	/* the term */
	struct epoch epoch;      /* claimed or asked for; 0 = none */
	bool owns;               /* the claim of `epoch` is known to have happened */
	bool armed;              /* the page says `epoch` until the lease's deadline */
	bool loaded;             /* the store is open for writing under `epoch` */
	struct epoch load_epoch; /* what the outstanding LOAD was sent for */
	bool jobmanager;  /* granted; neither proven dead nor (hot) revoked by its own word */
	bool killed;      /* KILL was ordered for it */
	bool shutdown;    /* an orderly stop of the member was asked for */
	bool with_member; /* the release takes the member node along */
	struct latch_name designate;
	struct epoch stopped_owed; /* A4: to be reported before a new latch; 0 = nothing */
	usec_t restart_at;
	usec_t revoke_until; /* hot, REVOKING: then it is killed, or at the deadline before */

	/* hot: the process */
	bool process;    /* started and not proven dead */
	bool waiting;    /* can be granted */
	bool ended;      /* TERMINATE or KILL was ordered */
	int speaker;     /* A10: who said that it waits, and is granted; 0 = not known */
	usec_t heard_at; /* its last word; before the first: its start, or its grant; later by
	                  * as much as we stood still since */
	usec_t start_at; /* not started before (restart policy) */

	/* timings of the last takeover, for status and history */
	usec_t changed, detected, claim_sent, claimed, granted;
};

void core_init(struct core *c, const struct core_config *config, usec_t now,
               struct core_out *ret_out);

/* Advance by one event.  Carry out ret_out->cmd[0..n) in order before the next call.  Answers come
 * back as events, never from within a command. */
void core_step(struct core *c, const struct core_event *ev, struct core_out *ret_out);

/* When core_step() must next see a TICK, or USEC_INFINITY. */
usec_t core_next_tick(const struct core *c);

/* What status says.  P5: never CORE_STATE_LEADER at or past the deadline. */
enum core_state core_state(const struct core *c, usec_t now);
const char *core_state_name(enum core_state state);

/* What is left of the lease; 0 unless core_state() is CORE_STATE_LEADER. */
usec_t core_lease_left(const struct core *c, usec_t now);

/* All reasons why this member may not claim; 0 = eligible. */
reasons_t core_reasons(const struct core *c);

/* Hot: the epoch that is granted and not asked back; 0 = none.  A resumed elector tells nobody
 * before it has verified its term (D1): core_settled(). */
struct epoch core_granted(const struct core *c);
/* A10: a JobManager that forks has several processes; another one than that is granted nothing. */
struct epoch core_granted_to(const struct core *c, int process);
bool core_settled(const struct core *c);

/* Hot: who says that it leads `epoch` must not (any more): it has to halt (412). */
bool core_superseded(const struct core *c, enum core_word word, struct epoch epoch, int by);

/* An answer to status is possible: register and store were read once. */
bool core_started(const struct core *c);
