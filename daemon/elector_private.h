/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the elector share; nobody else includes it.
 *
 *	elector.c          the loop: feeds the core, runs its commands in order, keeps the timers
 *	elector_zk.c       session, claim, release
 *	elector_member.c   member node, latch, heartbeat
 *	elector_look.c     looks at register, latches and members
 *	elector_conf.c     is tick_ms the ensemble's?
 *	elector_store.c    is the store usable; following, loading
 *	elector_own_log.c  is what a leader leads by still there? (own_log.c decides)
 *	elector_signs.c    do all members write into the same storage?
 *	elector_commit.c   what the commit queue wants done
 *	elector_guard.c    page and messages between guard and elector
 *	elector_health.c   asks a JobManager whether it still answers
 *	elector_leadership.c   the stream of a hot JobManager, and what it says
 *	elector_status.c   what the API may ask
 *	elector_requests.c operator requests through requests/ (D6), where they are made
 *	elector_serve.c    .. and at the leader
 *	elector_history.c  terms and transitions
 *	elector_endpoints.c  reads, serves and writes the endpoints (B10)
 *	elector_counters.c   numbers that are handed out once
 *	elector_jobs.c       parked jobs
 */
#pragma once

#include <jansson.h>
#include <sys/queue.h>
#include <systemd/sd-event.h>

#include "base/usec.h"
#include "daemon/api.h"
#include "daemon/config.h"
#include "daemon/elector.h"
#include "daemon/health.h"
#include "daemon/lease_page.h"
#include "daemon/own_log.h"
#include "daemon/session_file.h"
#include "election/core.h"
#include "election/endpoint_book.h"
#include "election/handover.h"
#include "election/observe.h"
#include "election/session.h"
#include "election/signs.h"
#include "storage/commit_queue.h"
#include "storage/store.h"

enum { ELECTOR_MAX_EVENTS = 64, ELECTOR_MAX_REQUESTS = 100 };
enum { ELECTOR_MAX_SET_ASIDE = 16 };

/* A session in the loop: its socket changes with each connection. */
struct wired_session {
	sd_event_source *io, *timer;
	int fd;
	uint64_t generation;
};

/* The timings of a transition that are known where it happens; USEC_INFINITY = not known. */
struct elector_transition {
	enum core_state from, to;
	enum cause cause;
	struct epoch epoch;
	uint64_t at_ms; /* wall clock */
	usec_t detect, claim, grant;
};

/* An operator request that came in here (D6). */
struct elector_request {
	struct elector *e;
	bool used;
	char name[32]; /* "q-NNNNNNNNNN"; "" = not made yet */
	enum operator_verb verb;
	backend_operator_cb progress; /* NULL: told for the last time */
	void *cookie;
	usec_t asked;
	bool reading;
	bool judging;             /* by us, the leader, after the next look */
	struct request_node node; /* as last read */
	bool done;
	int error;                          /* enum api_error, with done */
	char from[MEMBER_NAME_MAX + 1];     /* who led when it was asked */
	char leader[MEMBER_NAME_MAX + 1];   /* who leads, with done */
	usec_t stop, release, grant, total; /* durations; USEC_INFINITY = not known */
};

struct elector_counter_change;
struct elector_endpoint_node;

struct elector {
	struct config *config;
	struct elector_fds fds;
	sd_event *event;
	int exit_code;

	/* core and loop */
	struct core core;
	struct core_event queue[ELECTOR_MAX_EVENTS];
	unsigned queued;
	bool feeding;
	enum core_state state; /* as last told */
	bool ready;            /* READY was sent */
	sd_event_source *tick, *beat, *stream, *second, *link, *store_io, *store_timer, *turn,
	        *gathered;

	/* guard */
	struct lease_page page;
	struct guard_message hello;
	int pidfd;   /* of the JobManager; -1 */
	int kill_fd; /* of its cgroup; negative = it has none */
	int jobmanager_pid;
	struct epoch process; /* the JobManager's name between us and the guard: guard_link.h */
	struct leadership leadership; /* hot: as last told */
	pid_t foreign_pid;            /* the last one that asked for it and is not ours; 0 = none */
	usec_t foreign_at, foreign_told;
	unsigned restarts;
	bool jobmanager_starting;
	bool jobmanager_hung;              /* and is being killed for that */
	bool jobmanager_spoke;             /* hot: at least once since it was started */
	bool shutdown_early, reload_early; /* asked for before the loop ran */
	char status_text[GUARD_LINK_STATUS_SIZE];
	struct health health;
	struct health_probe *probe; /* NULL: nothing was asked yet */
	sd_event_source *probe_io, *probe_timer;

	/* ZooKeeper */
	struct session *session;
	struct wired_session wired, wired_second;
	struct observe *observe;
	struct handover *handover;
	char *auth;
	struct server_conf *conf; /* the question for the server's tickTime */
	sd_event_source *conf_source;
	bool tick_differs;
	unsigned sync_limit;      /* of the last server that told; 0 = none */
	struct session_file file; /* of our session, or of the one to be ended */
	bool joined;              /* file is of our own session */
	struct nonce nonce;
	struct latch_node latch_node;
	struct member_node member;
	int32_t member_version;
	bool member_writing, member_dirty;
	bool member_unsure;          /* of its version */
	struct epoch report_stopped; /* in the write under way */
	bool report_asked;
	struct core_command release; /* the one under way */

	/* the register as last read or written, and the last look */
	bool has_register;
	struct register_node reg;
	int32_t reg_version;
	int64_t reg_mzxid;            /* of the newest read on this connection */
	char reg_error[200];          /* damaged or of a higher version; "" = fine */
	struct register_node claimed; /* by the claim under way */
	bool looking;                 /* observe_look() is under way */
	bool looked;
	bool config_differs;     /* from another member's: said once */
	struct observation view; /* a copy; view.reg is not owned: see reg */
	bool auth_refused;       /* ZooKeeper does not let us have our znodes */
	uint64_t listed_epoch;   /* highest epoch of any file, as listed before the look */
	uint64_t listed_segment; /* .. and the last number of it */
	bool rolled_back;        /* A11: two looks in a row at the same register say so */
	int32_t rolled_back_at;  /* version of the last one that did; -1 = it did not */
	bool register_reading, register_again; /* a standby's reading of the register alone */
	enum cause released_as;                /* how the term before ours ended, for the history */

	/* store */
	struct store *store;
	struct pointer_map *map;
	struct commit_queue *commits;
	bool store_checking, store_checked, has_cluster_id, store_has_files, store_initialising;
	bool checked_since; /* checked since a register was seen */
	bool creating_register, probing;
	uint8_t cluster_id[RECORD_CLUSTER_ID_SIZE];
	enum store_state store_state, probe_state; /* of check and follow; of the probe */
	char store_text[STORE_TEXT_SIZE], probe_text[STORE_TEXT_SIZE];
	bool following, caught_up;
	bool loading, load_followed; /* LOAD under way; its one reading was done */
	bool load_opened;            /* .. and its segment; now a snapshot is awaited (B5) */
	struct epoch load_epoch;
	uint64_t load_ticket; /* of the segment that is being opened for it */
	bool commit_read_wanted, commit_reading, commit_synced;
	uint64_t commit_read_ticket;
	usec_t commit_read_at;                /* not sooner */
	usec_t gathering_until;               /* 0: no change is held back */
	usec_t gathering_pause;               /* .. nor longer, unless further ones come */
	size_t held;                          /* as of the last turn */
	struct latch_name commit_latch;       /* of the term, checked by each of its commits */
	uint64_t committed_seen;              /* A11: by a record past the register's end */
	struct log_snapshot followed;         /* what the register named when the reading began */
	char snapshot_error[STORE_TEXT_SIZE]; /* why the last one was not made; "" = it was */
	struct own_log own_log;               /* of the term that is led */
	usec_t probe_at, check_at;
	struct {
		bool asking;
		struct epoch epoch;       /* whose log the look under way is at */
		struct log_snapshot from; /* .. and from where on */
	} look;
	uint64_t damage_at; /* B5: a snapshot of so many changes has left all damage behind; 0 =
	                       none */
	uint64_t n_gaps; /* B6: in what was read: of changes of which not even the keys are known */
	struct store_file set_aside[ELECTOR_MAX_SET_ASIDE]; /* damaged; no copy was made yet */
	unsigned n_set_aside;

	struct {
		struct signs known;
		struct member_sign told[SIGNS_MAX]; /* those that are looked for */
		bool asking, writes;
		usec_t look_at;         /* not sooner, unless there is news */
		enum store_state state; /* of the last answer */
		unsigned n_unseen;
		char unseen[ZNODE_SEES_MAX + 1]; /* as last logged */
	} signs;

	/* API, history, requests */
	struct api *api;
	struct elector_transition last;
	bool has_transition;
	struct counters counters;
	usec_t beat_sent; /* of the answered heartbeat before, of this term; 0 = none */
	struct elector_request requests[ELECTOR_MAX_REQUESTS];
	bool request_list_under_way, request_list_again;
	bool request_listed;   /* in this term and on this connection, so the watch is there */
	char request_seen[32]; /* the newest that was read in this term */
	char request_met[32];  /* the newest that was judged, and when for the first time */
	usec_t request_met_at;
	int64_t claim_zxid;   /* D6: requests made later are ours to take; 0 = not known yet */
	bool request_looking; /* somebody is not refused before the next look */
	usec_t stop_asked, stop_done, release_done;

	/* endpoints, counters, parked jobs */
	struct {
		struct endpoint_book *book;
		struct elector_endpoint_node *nodes; /* whom answers and watches are for */
		bool syncing, connected;             /* a sync was answered on this connection */
		usec_t contact; /* when what is served was last known to be so */
		usec_t look_at; /* at all of them */
	} endpoints;
	STAILQ_HEAD(, elector_counter_change) counter_changes;
	bool counters_running;
	json_t *parked_shown[BACKEND_MAX_PARKED]; /* by the last status */
};

/* ---- elector.c */

/* Hand a fact to the core, now or, from within a command, right after it. */
void elector_feed(struct elector *e, const struct core_event *ev);
void elector_feed_type(struct elector *e, enum core_event_type type);
void elector_feed_result(struct elector *e, enum core_event_type type, enum core_result result);
void elector_wire_session(struct elector *e, struct wired_session *w, struct session *s);
void elector_configure_core(struct elector *e); /* after a reload */

/* ---- elector_zk.c */

int elector_zk_init(struct elector *e);
void elector_zk_done(struct elector *e);
void elector_zk_close(struct elector *e, bool orderly);
void elector_zk_run(struct elector *e, const struct core_command *cmd);
enum core_result elector_zk_result(const struct zk_result *r);
/* Of a multi whose first op checks the own latch; member_op: index of the member node's, or -1. */
enum core_result elector_zk_multi_result(const struct zk_result *r, int member_op);
int elector_zk_save_file(struct elector *e); /* the session file */
void elector_zk_log_refused(const char *what, const struct zk_result *r);
void elector_zk_note_access(struct elector *e, const struct zk_result *r); /* zookeeper-auth */
/* False: it could not even be sent, and was answered as if its connection had been lost. */
bool elector_zk_sent(struct elector *e, int r, enum core_event_type type);

/* ---- elector_member.c */

void elector_member_run(struct elector *e, const struct core_command *cmd);
void elector_publish_member(struct elector *e);

/* ---- elector_look.c */

void elector_look(struct elector *e, bool list_log); /* -> OBSERVED */
void elector_follow_register(struct elector *e);     /* a standby's watch on it has fired */
/* Takes the bytes of a register znode for the newest known; false when they are not one. */
bool elector_take_register(struct elector *e, const void *data, size_t size, int32_t version);

/* ---- elector_conf.c */

void elector_conf_ask(struct elector *e, const char *server);
void elector_conf_drop(struct elector *e);

/* ---- elector_store.c */

int elector_store_init(struct elector *e);
void elector_store_done(struct elector *e);
void elector_store_look_at(struct elector *e); /* register or time has moved on */
void elector_own_log_look(struct elector *e);  /* each second */
void elector_signs_look(struct elector *e);    /* each second */
void elector_store_read(struct elector *e, const struct follower_result *f); /* B6: as a leader */
void elector_store_load(struct elector *e, struct epoch epoch);
void elector_store_opened(struct elector *e, bool well);               /* .. its segment */
void elector_store_pump(struct elector *e);                            /* .. and what follows */
void elector_store_loaded(struct elector *e, enum core_result result); /* its end */
/* All that the shell knows against leading. */
reasons_t elector_store_reasons(const struct elector *e);
void elector_store_tell_reasons(struct elector *e);
/* Of the two, what to show. */
enum store_state elector_store_state(const struct elector *e);
void elector_store_on_change(const struct pointer *p, void *elector); /* for events */

/* ---- elector_commit.c */

int elector_commit_wire(struct elector *e);  /* changes are held back from now on */
void elector_commit_pump(struct elector *e); /* what the queue wants done */
void elector_commit_settle(struct elector *e);
void elector_commit_abort(struct elector *e);

/* ---- elector_guard.c */

int elector_guard_init(struct elector *e, bool *ret_resume, struct core_config *core);
void elector_guard_run(struct elector *e, const struct core_command *cmd);
void elector_guard_tell(struct elector *e); /* STATUS=, claiming since */
void elector_guard_bye(struct elector *e);
void elector_guard_lacks(const struct elector *e, struct reason_list *ret);
void elector_shut_down(struct elector *e);
void elector_reload(struct elector *e);

/* ---- elector_health.c */

usec_t elector_health_look(struct elector *e); /* after each turn; when to ask next */
void elector_health_ask(struct elector *e);
void elector_health_reload(struct elector *e, const struct config *old);
void elector_health_done(struct elector *e);

/* ---- elector_leadership.c */

enum api_error elector_leadership_may(struct elector *e, pid_t pid);
enum api_error elector_leadership_say(struct elector *e, pid_t pid, enum leadership_word word,
                                      struct epoch epoch);
void elector_leadership_now(const struct elector *e, struct leadership *ret);
/* As it is for this process of the JobManager. */
void elector_leadership_for(const struct elector *e, pid_t pid, struct leadership *ret);
void elector_leadership_tell(struct elector *e);         /* what has changed, after each turn */
usec_t elector_leadership_beat(struct elector *e);       /* returns when the next is due */
int elector_leadership_foreign(const struct elector *e); /* 0 = none lately */
/* False: nothing is granted, or its JobManager does not follow now. */
bool elector_leadership_recover(struct elector *e, const char *jobid);

/* ---- elector_status.c */

extern const struct backend_ops elector_backend_ops;
void elector_status_reply(struct elector *e, const struct commit_action *reply);
/* A change of the log for a client: leads, and is ready?  Then through the queue.  The request's
 * cookie is not the caller's. */
void elector_status_submit(struct elector *e, const struct commit_request *request,
                           backend_pointer_done done, void *cookie);
bool elector_status_store_read(const struct elector *e);
/* Who leads, as others are told; NULL = nobody known. */
const char *elector_status_leader(const struct elector *e);

/* ---- elector_endpoints.c */

int elector_endpoints_init(struct elector *e);
void elector_endpoints_end(struct elector *e); /* whoever waits is told */
void elector_endpoints_done(struct elector *e);
void elector_endpoints_connected(struct elector *e);
void elector_endpoints_disconnected(struct elector *e); /* or the session is about to be closed */
void elector_endpoints_second(struct elector *e);
void elector_endpoints_pump(struct elector *e); /* what the book wants done */
void elector_endpoints_show(struct elector *e, struct endpoints_view *ret, backend_endpoint_cb each,
                            void *cookie);
void elector_endpoints_submit(struct elector *e, struct epoch epoch, const char *component,
                              const char *address, backend_change_done done, void *cookie);

/* ---- elector_counters.c */

void elector_counters_init(struct elector *e);
void elector_counters_done(struct elector *e);
enum api_error elector_counters_get(struct elector *e, const char *key, struct counter_view *ret);
enum api_error elector_counters_list(struct elector *e, backend_counter_cb each, void *cookie);
void elector_counters_submit(struct elector *e, struct epoch epoch, enum counter_op op,
                             const char *key, int64_t value, backend_change_done done,
                             void *cookie);

/* ---- elector_jobs.c */

void elector_jobs_done(struct elector *e);
void elector_jobs_status(struct elector *e, struct status *ret);
enum api_error elector_jobs_list(struct elector *e, backend_parked_cb each, void *cookie);
void elector_jobs_submit(struct elector *e, struct epoch epoch, enum job_op op, const char *jobid,
                         const char *why, backend_change_done done, void *cookie);

/* ---- elector_requests.c */

void elector_requests_submit(struct elector *e, const struct operator_request *request,
                             backend_operator_cb progress, void *cookie);
bool elector_requests_get(struct elector *e, const char *id, struct operator_result *ret);
void elector_requests_looked(struct elector *e); /* after each look */
void elector_requests_disconnected(struct elector *e);
void elector_requests_sweep(struct elector *e); /* once a second */

/* ---- elector_history.c */

/* After each step: tells log, guard, API and, at a grant, the history of what changed. */
void elector_history_note(struct elector *e);
/* As the API shows it. */
void elector_history_show(const struct elector_transition *t, struct transition *ret);
void elector_history_list(struct elector *e, backend_term_cb each, void *cookie);
