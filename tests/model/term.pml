/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two members and what they write in ZooKeeper: sessions, latches, member nodes, register (A2, A3, A3b, A4, A5's
 * claim, A6, A9, A10, A12, C4, C7; promises 1, 2, 9): election/core_*.c, handover.c, daemon/elector_zk.c, release.c.
 *
 * Phases, commands and answers have the names of core.h.  Each request travels: it lands at some time (or never), its
 * answer may be lost, and the sender may be dead when it lands.  Two claims of a member may be on their way, a latch
 * may be created after its elector has died.  A look is two reads: first the register, later latches and members; what
 * it showed may be old when it is acted on.
 *
 * No time: lease.pml has shown that a JobManager acts only while its lease runs, and a lease under a latch ends before
 * the session of that latch, and before T has passed since the latch was gone.  So here
 *
 *	lease[m] = the latch under whose heartbeats the lease of m runs (0 = none)
 *	it may end at any moment when no JobManager acts under an armed page: the guard kills first
 *	a session may expire when no lease runs under its latch;   A4's wait of T is over when the lease of the owner's
 *	latch has ended
 *
 * Latches are numbers, in the order of their creation; a session is one of two slots of its member, the file says
 * which.  Member 0 has the faults and the lossy network, member 1 none: it takes over as early as it may.  A cold
 * JobManager: hot ones differ on the host alone (page.pml).  SETTLING is skipped: a leader's write that may still land
 * is `commit`, the register's version is what counts of it.
 *
 * A claim does not need the lowest latch here: whose turn it is (A5) is elect.pml's, and nothing of promise 1 rests on
 * it.  The owner is looked at by its latch.
 *
 * ending: what ends the session of the file was sent.  No elector looks at it; that it never stands beside an armed
 * page is what makes a mark in the file redundant (A3, C4).
 *
 * Limits: two members, `latches` latches and `epochs` epochs in a run, two sessions of a member at a time.
 */
#include "parameters.pml"

#define BROKEN_relatch 1          /* A2: a new latch while a claim's outcome is unknown, own mark by epoch alone */
#define BROKEN_beat_after_read 2  /* A2: no heartbeat on the latch is needed after a claim was resolved by reading */
#define BROKEN_session_kept 3     /* A3: the session is used on after an unknown outcome of the release: passes, the register's
                                   * version and A4's wait are enough, since this release leaves the member node */
#define BROKEN_no_c4 4            /* C4: a start without armed page goes on with the session it finds */
#define BROKEN_missing_is_proof 5 /* A3b: the multi that failed at the member node is taken for proof */
#define BROKEN_naive_stop 6       /* A4: "granted epoch 0" counts as stopped */
#define BROKEN_no_owner_wait 7    /* A4: claims without waiting for the owner */
#define BROKEN_beat_latch_only 8  /* A4: the heartbeat does not check the member node */
#define BROKEN_grant_unclaimed 9  /* A6: granted before the claim is answered */
#define BROKEN_release_running 10 /* A12: --release while the JobManager runs */
#define BROKEN_release_early 11   /* A6: released while the JobManager is dying */
#define BROKEN_naive_resume 12    /* C4: leads on and extends the page before latch and register were looked at */
#define BROKEN_same_epoch 13      /* A10: the JobManager is restarted under its epoch */
#define BROKEN_no_version 14      /* A5: the claim does not expect a version */
#define BROKEN_no_check 15        /* A5: the claim does not check the latch: passes, the version protects the register */
#define BROKEN_expired_believed 16 /* C7: EXPIRED is believed, the old session not ended: passes, the member node of the
                                    * old session keeps the name taken until it has ended; it costs T (promise 9) */
#define BROKEN_owner_by_time 17    /* A4, A5: the owner is waited for by T though its latch lives */

byte latches, epochs, losses, expiries;
byte crashes, guard_crashes, exits, gives_up, by_hand, members_by_hand, closes, lies, stops, commits;
bool reach;

/* ---- ZooKeeper.  Session = 2 * member + slot */
bool alive[4];
#define MAX_LATCHES 7
bool there[MAX_LATCHES]; byte of_session[MAX_LATCHES]; byte last_latch; /* latches from 1 */
byte version = 1, r_epoch, r_owner; bool released = 1;  /* register */
byte holder[2] = 9; byte said_stopped[2];               /* member node: its session (9 = not there) */

/* ---- requests on their way */
bool claim_sent[4]; byte claim_version[4], claim_epoch[4], claim_latch[4];   /* two of a member */
byte awaited[2];                                                               /* whose answer is still wanted */
bool enter_sent[2]; byte enter_session[2];
bool release_sent[4]; byte release_version[4], release_latch[4]; bool release_member[4]; byte release_session[4];
bool commit_sent[2]; byte commit_version[2], commit_latch[2];
bool close_sent[2]; byte close_session[2];

mtype:answer = { NO_ANSWER, WAITING, OK, UNKNOWN, LATCH_GONE, MEMBER_GONE, BAD_VERSION };
mtype:answer claimed[2], entered[2], released_[2]; byte made[2]; /* released_: of the own release, or of END_OLD's */

/* ---- elector: struct core */
mtype:phase = { DOWN, DETACHED, RESUMING, ENDING, JOINING, IDLE, ENTERING, QUEUED, CLAIMING, LOADING, LEADING, REVOKING,
	RELEASING };
mtype:phase phase[2]; byte slot[2]; bool old_session[2];
byte latch[2], lease[2], epoch[2], stopped_owed[2]; bool owns[2], beat_owed[2];
/* the look */
mtype:look = { NOTHING, REGISTER, ALL };
mtype:look look[2]; byte v_version[2], v_epoch[2], v_owner[2]; bool v_released[2];
bool v_own[2]; mtype:wait = { NO_WAIT, T_OR_STOPPED, LIVES }; mtype:wait v_wait[2];

/* ---- host */
bool guard[2] = true; bool armed[2]; byte page_epoch[2];
mtype:jobmanager = { NONE, ACTS, DYING }; mtype:jobmanager jobmanager[2];
bool file[2]; byte file_slot[2], file_latch[2], file_epoch[2]; bool ending[2];
bool need_release[2]; byte ending_of[2]; /* END_OLD: the session (slot) being ended */
bool closed[2];
byte highest; /* granted */

#define S(m) (2 * (m) + slot[m])
#define LOSSY(m) ((m) == 0)
#define UP(m) (guard[m] && phase[m] != DOWN)
#define ACTING(m) (jobmanager[m] != NONE)
#define OURS(l, s) ((l) > 0 && there[l] && of_session[l] == (s))
#define NONCE(k, s) (there[k] && of_session[k] == (s))
#define FIND(s) (NONCE(1, s) -> 1 : (NONCE(2, s) -> 2 : (NONCE(3, s) -> 3 : (NONCE(4, s) -> 4 : (NONCE(5, s) -> 5 : (NONCE(6, s) -> 6 : 0))))))
#define LEASED(s) (lease[s / 2] > 0 && of_session[lease[s / 2]] == (s))
#define OWN_MARK(m) ((v_owner[m] == latch[m] || broken == BROKEN_relatch && v_owner[m] > 0 && of_session[v_owner[m]] == S(m)) && \
	v_epoch[m] == epoch[m] && !v_released[m])
#define UNRESOLVED(m) (claimed[m] == WAITING || released_[m] == WAITING)

inline promise_1()
{
	assert(!(ACTING(0) && ACTING(1)));
	assert(!(ending[0] && armed[0]) && !(ending[1] && armed[1]) || broken == BROKEN_no_c4) /* A3 */
}

inline drop_latch_node(l)
{
	there[l] = false
}
inline drop_session(s)
{
	alive[s] = false;
	n = 1;
	do
	:: n < MAX_LATCHES ->
		if
		:: there[n] && of_session[n] == s -> drop_latch_node(n)
		:: else
		fi;
		n++
	:: else -> break
	od;
	n = 0;
	if
	:: holder[s / 2] == s -> holder[s / 2] = 9; said_stopped[s / 2] = 0
	:: else
	fi
}
inline forget_look(m)
{
	look[m] = NOTHING; v_version[m] = 0; v_epoch[m] = 0; v_owner[m] = 0; v_released[m] = 0; v_own[m] = 0; v_wait[m] = NO_WAIT
}
inline forget_term(m) { epoch[m] = 0; owns[m] = false; beat_owed[m] = false }
inline drop_latch(m) { latch[m] = 0 }
inline forget_core(m) /* the process is gone */
{
	forget_look(m); forget_term(m); drop_latch(m); stopped_owed[m] = 0; old_session[m] = false; slot[m] = 0;
	claimed[m] = NO_ANSWER; entered[m] = NO_ANSWER; made[m] = 0; released_[m] = NO_ANSWER; ending_of[m] = 0; closed[m] = false
}
/* core_leave_session() */
inline leave_session(m)
{
	old_session[m] = true; drop_latch(m); forget_term(m); stopped_owed[m] = 0; forget_look(m); phase[m] = DETACHED
}
inline kill_jobmanager(m)
{
	if
	:: jobmanager[m] == ACTS -> jobmanager[m] = DYING
	:: else
	fi
}
inline revoke(m) { phase[m] = REVOKING; kill_jobmanager(m) }
inline latch_gone(m) /* core_latch_gone() */
{
	drop_latch(m);
	if
	:: phase[m] == LEADING || phase[m] == RESUMING || phase[m] == REVOKING -> revoke(m)
	:: else ->
		if
		:: epoch[m] > 0 -> stopped_owed[m] = epoch[m]
		:: else
		fi;
		armed[m] = false; forget_term(m); phase[m] = IDLE; forget_look(m)
	fi
}
inline set_released() { released = true; version++ }

/* multi[check(latch), set(register), delete(latch), delete(member node)], in slot `rq` (m: own, 2 + m: END_OLD's) */
inline land_release(rq, who)
{
	release_sent[rq] = false;
	n = released_[who];
	if
	:: !there[release_latch[rq]] -> n = LATCH_GONE
	:: there[release_latch[rq]] && release_version[rq] > 0 && release_version[rq] != version -> n = BAD_VERSION
	:: there[release_latch[rq]] && !(release_version[rq] > 0 && release_version[rq] != version) && release_member[rq] && holder[who] == 9 -> n = MEMBER_GONE
	:: else -> n = OK;
		if
		:: release_version[rq] > 0 -> set_released()
		:: else
		fi;
		drop_latch_node(release_latch[rq]);
		if
		:: release_member[rq] -> holder[who] = 9; said_stopped[who] = 0
		:: else
		fi
	fi;
	if
	:: released_[who] == WAITING && (rq < 2 && phase[who] == RELEASING || rq >= 2 && phase[who] == ENDING) -> released_[who] = n
	:: else
	fi;
	n = 0; release_latch[rq] = 0; release_version[rq] = 0; release_member[rq] = false; release_session[rq] = 0
}
inline land_claim(rq, who)
{
	claim_sent[rq] = false;
	if
	:: !(there[claim_latch[rq]] || broken == BROKEN_no_check) ->
		if
		:: claimed[who] == WAITING && awaited[who] == rq -> claimed[who] = LATCH_GONE
		:: else
		fi
	:: (there[claim_latch[rq]] || broken == BROKEN_no_check) && claim_version[rq] != version && broken != BROKEN_no_version ->
		if
		:: claimed[who] == WAITING && awaited[who] == rq -> claimed[who] = BAD_VERSION
		:: else
		fi
	:: else -> version++; r_epoch = claim_epoch[rq]; r_owner = claim_latch[rq]; released = false;
		if
		:: claimed[who] == WAITING && awaited[who] == rq -> claimed[who] = OK
		:: else
		fi
	fi;
	claim_version[rq] = 0; claim_epoch[rq] = 0; claim_latch[rq] = 0
}
inline send_claim(who, rq)
{
	claim_sent[rq] = true; claim_version[rq] = v_version[who]; claim_epoch[rq] = epoch[who]; claim_latch[rq] = latch[who]; claimed[who] = WAITING; awaited[who] = rq
}
#define MAY_SEND_CLAIM(m) (!claim_sent[2 * (m)] || !claim_sent[2 * (m) + 1])

proctype member(byte m)
{
	byte n;

end:	do
	:: atomic {
	if
	/* ================ ZooKeeper */
	:: expiries > 0 && LOSSY(m) && alive[2 * m] && !LEASED(2 * m) -> expiries--; drop_session(2 * m); SAY("> session %d ends\n", 2 * m)
	:: expiries > 0 && LOSSY(m) && alive[2 * m + 1] && !LEASED(2 * m + 1) -> expiries--; drop_session(2 * m + 1); SAY("> session %d ends\n", 2 * m + 1)
	:: claim_sent[2 * m] -> SAY("> a claim of %d lands: epoch %d, version %d\n", m, claim_epoch[2 * m], claim_version[2 * m]); land_claim(2 * m, m)
	:: claim_sent[2 * m + 1] -> SAY("> a claim of %d lands: epoch %d, version %d\n", m, claim_epoch[2 * m + 1], claim_version[2 * m + 1]); land_claim(2 * m + 1, m)
	:: release_sent[m] -> SAY("> the release of %d lands\n", m); land_release(m, m)
	:: release_sent[2 + m] -> SAY("> END_OLD of %d lands\n", m); land_release(2 + m, m)
	:: enter_sent[m] && last_latch < latches -> enter_sent[m] = false;
		if
		:: alive[enter_session[m]] -> last_latch++; there[last_latch] = true; of_session[last_latch] = enter_session[m]; SAY("> latch %d of %d is made\n", last_latch, m);
			if
			:: entered[m] == WAITING -> entered[m] = OK; made[m] = last_latch
			:: else
			fi
		:: else -> entered[m] = (entered[m] == WAITING -> UNKNOWN : entered[m])
		fi;
		enter_session[m] = 0
	:: commit_sent[m] -> commit_sent[m] = false;
		if
		:: there[commit_latch[m]] && commit_version[m] == version -> version++; SAY("> a commit of %d lands\n", m)
		:: else
		fi;
		commit_version[m] = 0; commit_latch[m] = 0
	:: close_sent[m] -> close_sent[m] = false;
		if
		:: alive[close_session[m]] -> SAY("> session %d is closed\n", close_session[m]); drop_session(close_session[m])
		:: else
		fi;
		close_session[m] = 0
	/* ---- answers are lost; a request may never land */
	:: LOSSY(m) && losses > 0 && (claimed[m] == WAITING || claimed[m] == OK) -> losses--; claimed[m] = UNKNOWN
	:: LOSSY(m) && losses > 0 && (entered[m] == WAITING || entered[m] == OK) -> losses--; entered[m] = UNKNOWN; made[m] = 0
	:: LOSSY(m) && losses > 0 && (released_[m] == WAITING || released_[m] == OK || released_[m] == LATCH_GONE) -> losses--; released_[m] = UNKNOWN
	:: LOSSY(m) && enter_sent[m] && entered[m] != WAITING -> enter_sent[m] = false; enter_session[m] = 0

	/* ================ elector: session, member node, latch */
	:: UP(m) && phase[m] == DETACHED && !alive[2 * m] || UP(m) && phase[m] == DETACHED && !alive[2 * m + 1] && !enter_sent[m] ->
		if
		:: !alive[2 * m] -> slot[m] = 0
		:: else -> slot[m] = 1
		fi;
		alive[S(m)] = true;
		if
		:: old_session[m] && broken != BROKEN_expired_believed -> phase[m] = ENDING; ending_of[m] = 2 * m + file_slot[m]
		:: else -> phase[m] = JOINING
		fi;
		SAY("> %d opens session %d\n", m, S(m))
	:: UP(m) && (phase[m] == JOINING || phase[m] == IDLE && holder[m] != S(m)) && holder[m] == 9 && alive[S(m)] -> /* save_identity(), JOIN */
		if
		:: phase[m] == JOINING -> file[m] = true; file_slot[m] = slot[m]; file_latch[m] = 0; file_epoch[m] = 0; ending[m] = false
		:: else
		fi;
		holder[m] = S(m); said_stopped[m] = 0; phase[m] = IDLE
	:: UP(m) && phase[m] == IDLE && holder[m] == S(m) && stopped_owed[m] > 0 -> said_stopped[m] = stopped_owed[m]; stopped_owed[m] = 0; SAY("> %d says stopped: %d\n", m, said_stopped[m])
	:: UP(m) && phase[m] == IDLE && holder[m] == S(m) && stopped_owed[m] == 0 && alive[S(m)] && !ACTING(m) && !enter_sent[m] && last_latch < latches &&
	   !UNRESOLVED(m) ->
		forget_look(m);
		if
		:: LOSSY(m) -> file_latch[m] = 0; enter_sent[m] = true; enter_session[m] = S(m); entered[m] = WAITING; phase[m] = ENTERING
		:: else -> last_latch++; there[last_latch] = true; of_session[last_latch] = S(m); latch[m] = last_latch; file_latch[m] = last_latch;
			phase[m] = QUEUED; SAY("> latch %d of %d is made\n", last_latch, m)
		fi
	:: UP(m) && phase[m] == ENTERING && entered[m] == OK -> entered[m] = NO_ANSWER; latch[m] = made[m]; file_latch[m] = made[m]; made[m] = 0; phase[m] = QUEUED; forget_look(m)
	:: UP(m) && phase[m] == ENTERING && entered[m] == UNKNOWN && look[m] == ALL -> entered[m] = NO_ANSWER; /* found, or not */
		latch[m] = FIND(S(m)); phase[m] = (latch[m] > 0 -> QUEUED : IDLE); forget_look(m)
	:: UP(m) && (phase[m] == IDLE || phase[m] >= 1) && look[m] == ALL && phase[m] != ENTERING && alive[S(m)] && FIND(S(m)) > 0 && FIND(S(m)) != latch[m] && phase[m] != RESUMING && phase[m] != ENDING && phase[m] != DETACHED ->
		n = FIND(S(m)); drop_latch_node(n); n = 0; SAY("> %d deletes an extra latch\n", m)  /* DELETE_EXTRA */
	/* ---- heartbeat */
	:: UP(m) && latch[m] > 0 && phase[m] != RELEASING && phase[m] != RESUMING && !(phase[m] == REVOKING && !owns[m]) && there[latch[m]] && (holder[m] == S(m) || broken == BROKEN_beat_latch_only) &&
	   (lease[m] != latch[m] || beat_owed[m]) && (!armed[m] || lease[m] == latch[m] || broken == BROKEN_relatch || broken == BROKEN_naive_resume) -> lease[m] = latch[m]; beat_owed[m] = false; SAY("> %d: heartbeat on latch %d\n", m, latch[m])
	:: UP(m) && latch[m] > 0 && phase[m] != RELEASING && !there[latch[m]] && released_[m] != WAITING -> SAY("> %d sees its latch %d gone\n", m, latch[m]); latch_gone(m)
	:: UP(m) && latch[m] > 0 && there[latch[m]] && holder[m] == 9 && phase[m] != RELEASING && phase[m] != RESUMING -> holder[m] = S(m); said_stopped[m] = 0 /* REJOIN */
	:: lease[m] > 0 && jobmanager[m] != DYING && !(jobmanager[m] == ACTS && armed[m]) && (LOSSY(m) || !there[lease[m]]) -> lease[m] = 0; SAY("> the lease of %d ends\n", m);
		if /* START comes too late: the guard refuses it */
		:: armed[m] && jobmanager[m] == NONE -> armed[m] = false; need_release[m] = (phase[m] == DOWN);
			if
			:: phase[m] == LOADING -> phase[m] = REVOKING
			:: else
			fi
		:: else
		fi
	/* ---- session lost, or said to be */
	:: UP(m) && (phase[m] == IDLE || phase[m] == ENTERING || phase[m] == QUEUED || phase[m] == CLAIMING || phase[m] == LOADING || phase[m] == JOINING || phase[m] == RELEASING) && !alive[S(m)] ->
		armed[m] = false; claimed[m] = NO_ANSWER; entered[m] = NO_ANSWER; made[m] = 0; released_[m] = NO_ANSWER; leave_session(m); SAY("> EXPIRED, says ZooKeeper to %d\n", m)
	:: UP(m) && phase[m] == ENDING && !alive[S(m)] -> released_[m] = NO_ANSWER; phase[m] = DETACHED; old_session[m] = true
	:: UP(m) && lies > 0 && (phase[m] == QUEUED || phase[m] == LOADING) && LOSSY(m) -> lies--; armed[m] = false; leave_session(m); SAY("> EXPIRED, and it is a lie\n")

	/* ================ looks: sync and register, then latches and members */
	:: UP(m) && look[m] == NOTHING && alive[S(m)] && (phase[m] == QUEUED || phase[m] == CLAIMING && claimed[m] != WAITING || phase[m] == LEADING || phase[m] == RESUMING ||
	   phase[m] == ENTERING && entered[m] == UNKNOWN || phase[m] == RELEASING && !owns[m] && released_[m] == NO_ANSWER) ->
		look[m] = REGISTER; v_version[m] = version; v_epoch[m] = r_epoch; v_owner[m] = r_owner; v_released[m] = released
	:: UP(m) && look[m] == REGISTER -> look[m] = ALL; /* LOOK_2 */
		v_own[m] = latch[m] > 0 && there[latch[m]];
		if
		:: v_released[m] || v_owner[m] == 0 || v_owner[m] == latch[m] -> v_wait[m] = NO_WAIT
		:: else ->
			if
			:: broken == BROKEN_no_owner_wait -> v_wait[m] = NO_WAIT
			:: broken != BROKEN_no_owner_wait && there[v_owner[m]] -> v_wait[m] = (broken == BROKEN_owner_by_time -> T_OR_STOPPED : LIVES)
			:: broken != BROKEN_no_owner_wait && !there[v_owner[m]] && holder[1 - m] == of_session[v_owner[m]] && of_session[v_owner[m]] / 2 == 1 - m &&
			   !(said_stopped[1 - m] >= v_epoch[m] || broken == BROKEN_naive_stop && said_stopped[1 - m] == 0) -> v_wait[m] = T_OR_STOPPED
			:: else -> v_wait[m] = NO_WAIT
			fi
		fi
	:: UP(m) && look[m] == ALL && (phase[m] == QUEUED || phase[m] == LEADING) && LOSSY(m) -> forget_look(m)          /* CHANGED */
	:: UP(m) && look[m] == ALL && phase[m] == QUEUED && !LOSSY(m) && (v_version[m] != version || v_wait[m] == LIVES && !there[v_owner[m]] || v_wait[m] == T_OR_STOPPED && (holder[1 - m] != of_session[v_owner[m]] || said_stopped[1 - m] >= v_epoch[m])) -> forget_look(m)

	/* ================ takeover */
	:: UP(m) && phase[m] == QUEUED && look[m] == ALL && v_own[m] && lease[m] == latch[m] && MAY_SEND_CLAIM(m) && v_epoch[m] < epochs &&
	   (v_wait[m] == NO_WAIT || v_wait[m] == T_OR_STOPPED && lease[1 - m] != v_owner[m] || broken == BROKEN_owner_by_time && v_wait[m] == T_OR_STOPPED) && !ACTING(m) ->
		phase[m] = CLAIMING; epoch[m] = v_epoch[m] + 1; owns[m] = false; file_epoch[m] = epoch[m]; file_latch[m] = latch[m];
		SAY("> %d claims epoch %d with latch %d, version %d\n", m, epoch[m], latch[m], v_version[m]);
		if
		:: !LOSSY(m) -> send_claim(m, 2 * m); land_claim(2 * m, m)
		:: LOSSY(m) && !claim_sent[2 * m] -> send_claim(m, 2 * m)
		:: LOSSY(m) && claim_sent[2 * m] -> send_claim(m, 2 * m + 1)
		fi;
		if
		:: broken == BROKEN_grant_unclaimed -> armed[m] = true; page_epoch[m] = epoch[m]; jobmanager[m] = ACTS; phase[m] = LEADING; owns[m] = true; claimed[m] = NO_ANSWER
		:: else
		fi
	:: UP(m) && phase[m] == CLAIMING && claimed[m] == OK -> claimed[m] = NO_ANSWER; owns[m] = true; phase[m] = LOADING; forget_look(m)
	:: UP(m) && phase[m] == CLAIMING && claimed[m] == LATCH_GONE -> claimed[m] = NO_ANSWER; latch_gone(m)
	:: UP(m) && phase[m] == CLAIMING && (claimed[m] == UNKNOWN || claimed[m] == BAD_VERSION) -> n = v_version[m]; forget_look(m); v_version[m] = n; n = 0; claimed[m] = NO_ANSWER
	:: UP(m) && (phase[m] == IDLE || phase[m] == RELEASING) && claimed[m] != NO_ANSWER && claimed[m] != WAITING ->
		if
		:: phase[m] == RELEASING -> owns[m] = (claimed[m] == OK); forget_look(m)
		:: else
		fi;
		claimed[m] = NO_ANSWER
	/* core_resolve_claim() */
	:: UP(m) && phase[m] == CLAIMING && claimed[m] == NO_ANSWER && look[m] == ALL ->
		if
		:: !v_own[m] -> latch_gone(m)
		:: v_own[m] && OWN_MARK(m) -> owns[m] = true; beat_owed[m] = (broken != BROKEN_beat_after_read); phase[m] = LOADING; forget_look(m); SAY("> %d: the register is ours\n", m)
		:: v_own[m] && !OWN_MARK(m) && v_epoch[m] + 1 == epoch[m] && lease[m] == latch[m] && MAY_SEND_CLAIM(m) && v_wait[m] != LIVES -> /* the same version: sent again */
			SAY("> %d sends its claim again\n", m);
			if
			:: !claim_sent[2 * m] -> send_claim(m, 2 * m)
			:: else -> send_claim(m, 2 * m + 1)
			fi
		:: else -> forget_term(m); phase[m] = QUEUED; forget_look(m)
		fi
	:: broken == BROKEN_relatch && UP(m) && phase[m] == CLAIMING && latch[m] > 0 && !there[latch[m]] && alive[S(m)] && last_latch < latches ->
		last_latch++; there[last_latch] = true; of_session[last_latch] = S(m); latch[m] = last_latch; claimed[m] = NO_ANSWER; SAY("> %d, claiming, makes latch %d\n", m, last_latch)
	:: UP(m) && phase[m] == LOADING && lease[m] == latch[m] && !beat_owed[m] && !armed[m] && !ACTING(m) -> armed[m] = true; page_epoch[m] = epoch[m]; SAY("> %d arms its page, epoch %d\n", m, epoch[m])
	:: UP(m) && phase[m] == LOADING && armed[m] && !ACTING(m) ->
		assert(epoch[m] > highest); highest = epoch[m]; jobmanager[m] = ACTS; phase[m] = LEADING; forget_look(m);
		SAY("> %d GRANTED, epoch %d\n", m, epoch[m]); assert(!(reach && highest == epochs))
	:: UP(m) && gives_up > 0 && LOSSY(m) && (phase[m] == QUEUED || phase[m] == LOADING && !armed[m] || phase[m] == CLAIMING) -> gives_up--; phase[m] = RELEASING; forget_look(m); SAY("> %d gives its latch up\n", m)

	/* ================ the term */
	:: UP(m) && phase[m] == LEADING && look[m] == ALL && (!v_own[m] || !OWN_MARK(m)) -> revoke(m); SAY("> %d sees that the register moved on\n", m);
		if
		:: !v_own[m] -> drop_latch(m)
		:: else
		fi
	:: UP(m) && phase[m] == LEADING && commits > 0 && LOSSY(m) && !commit_sent[m] -> commits--; commit_sent[m] = true; commit_version[m] = version; commit_latch[m] = latch[m]
	:: UP(m) && phase[m] == LEADING && stops > 0 -> stops--; revoke(m); SAY("> %d: step down\n", m)
	:: UP(m) && phase[m] == LEADING && !armed[m] && broken != BROKEN_grant_unclaimed -> revoke(m)                     /* PAGE_ENDED */
	:: UP(m) && phase[m] == LEADING && !alive[S(m)] -> old_session[m] = true; revoke(m)
	:: UP(m) && phase[m] == LEADING && jobmanager[m] != ACTS -> phase[m] = REVOKING
	/* core_stopped() */
	:: UP(m) && phase[m] == REVOKING && (jobmanager[m] == NONE || broken == BROKEN_release_early) && claimed[m] != WAITING -> armed[m] = false; forget_look(m); claimed[m] = NO_ANSWER;
		if
		:: !alive[S(m)] || !owns[m] -> leave_session(m)
		:: alive[S(m)] && owns[m] && latch[m] == 0 -> stopped_owed[m] = epoch[m]; forget_term(m); phase[m] = IDLE
		:: alive[S(m)] && owns[m] && latch[m] > 0 ->
			if
			:: phase[m] = RELEASING
			:: forget_term(m); phase[m] = QUEUED /* RESTARTING: claims again */
			:: broken == BROKEN_same_epoch -> phase[m] = LOADING
			fi
		fi
	/* ---- release */
	:: UP(m) && phase[m] == RELEASING && released_[m] == NO_ANSWER && claimed[m] != WAITING && (owns[m] || look[m] == ALL) && !release_sent[m] ->
		ending[m] = true; released_[m] = WAITING;
		release_sent[m] = true; release_latch[m] = latch[m]; release_session[m] = S(m);
		release_version[m] = (owns[m] -> version : (v_owner[m] == latch[m] && !v_released[m] -> v_version[m] : 0));
		release_version[m] = (owns[m] && (r_owner != latch[m] || released) -> 9 : release_version[m]);
		release_member[m] = false; SAY("> %d releases latch %d\n", m, latch[m])
	:: UP(m) && phase[m] == RELEASING && (released_[m] == OK || released_[m] == LATCH_GONE) ->
		ending[m] = false; file_latch[m] = 0;
		if
		:: released_[m] == LATCH_GONE && epoch[m] > 0 -> stopped_owed[m] = epoch[m]
		:: else
		fi;
		released_[m] = NO_ANSWER; drop_latch(m); forget_term(m); phase[m] = IDLE; forget_look(m)
	:: UP(m) && phase[m] == RELEASING && released_[m] == BAD_VERSION -> released_[m] = NO_ANSWER; owns[m] = false; forget_look(m)
	:: UP(m) && phase[m] == RELEASING && released_[m] == UNKNOWN -> released_[m] = NO_ANSWER;
		if
		:: broken == BROKEN_session_kept -> ending[m] = false; forget_term(m); phase[m] = QUEUED; forget_look(m)
		:: else -> leave_session(m) /* A3 */
		fi

	/* ================ ENDING (A3b): elector at start, or --release, whose guard is dead or has none to start */
	:: phase[m] == ENDING && (!ACTING(m) || broken == BROKEN_release_running) && released_[m] == NO_ANSWER && !release_sent[2 + m] && FIND(ending_of[m]) > 0 ->
		ending[m] = true; released_[m] = WAITING; n = FIND(ending_of[m]);
		if
		:: r_owner > 0 && there[r_owner] && of_session[r_owner] == ending_of[m] -> n = r_owner
		:: else
		fi;
		release_sent[2 + m] = true; release_latch[2 + m] = n; release_session[2 + m] = ending_of[m];
		release_version[2 + m] = (r_owner == n && !released -> version : 0); n = 0;
		release_member[2 + m] = (holder[m] == ending_of[m]); SAY("> %d ends session %d\n", m, ending_of[m])
	:: phase[m] == ENDING && released_[m] != NO_ANSWER && released_[m] != WAITING && !(broken == BROKEN_missing_is_proof && released_[m] == MEMBER_GONE) -> released_[m] = NO_ANSWER
	/* no latch left: proven, if its name was known; else the old session is closed first, and then looked again */
	:: phase[m] == ENDING && (!ACTING(m) || broken == BROKEN_release_running) && released_[m] == NO_ANSWER && FIND(ending_of[m]) == 0 && file_latch[m] == 0 && !closed[m] && !close_sent[m] ->
		ending[m] = true; closed[m] = true; drop_session(ending_of[m]); SAY("> %d closes session %d\n", m, ending_of[m])
	:: phase[m] == ENDING && (!ACTING(m) || broken == BROKEN_release_running) && (released_[m] == NO_ANSWER && FIND(ending_of[m]) == 0 && (file_latch[m] > 0 || closed[m]) ||
	   broken == BROKEN_missing_is_proof && released_[m] == MEMBER_GONE) ->
		assert(FIND(ending_of[m]) == 0); /* A3b: what is proven */
		released_[m] = NO_ANSWER; closed[m] = false; file[m] = false; ending[m] = false; file_latch[m] = 0; file_epoch[m] = 0; need_release[m] = false;
		if
		:: holder[m] == ending_of[m] -> holder[m] = 9; said_stopped[m] = 0
		:: else
		fi;
		ending_of[m] = 0; old_session[m] = false; SAY("> %d: the old session is ended\n", m);
		if
		:: guard[m] && alive[S(m)] -> phase[m] = JOINING
		:: guard[m] && !alive[S(m)] -> phase[m] = DETACHED
		:: !guard[m] -> phase[m] = DOWN
		fi
	:: phase[m] == ENDING && !guard[m] -> forget_core(m); phase[m] = DOWN; SAY("> --release gives up after 10 s\n")

	/* ================ start of an elector: C4 */
	:: guard[m] && phase[m] == DOWN && (!need_release[m] || !file[m]) ->
		need_release[m] = false;
		if
		:: (armed[m] && file[m] && file_latch[m] > 0 && file_epoch[m] == page_epoch[m]) -> forget_core(m); slot[m] = file_slot[m]; latch[m] = file_latch[m]; epoch[m] = page_epoch[m];
			if
			:: broken == BROKEN_naive_resume -> owns[m] = true; phase[m] = LEADING; lease[m] = 0 /* the page is extended, and no heartbeat was answered */
			:: else -> phase[m] = RESUMING
			fi;
			SAY("> %d: the next elector resumes epoch %d\n", m, epoch[m])
		:: else -> forget_core(m); kill_jobmanager(m);
			if
			:: broken == BROKEN_no_c4 && !armed[m] && jobmanager[m] == NONE && file[m] && file_latch[m] > 0 && OURS(file_latch[m], 2 * m + file_slot[m]) ->
				slot[m] = file_slot[m]; latch[m] = file_latch[m]; phase[m] = QUEUED; SAY("> %d: the next elector goes on with the session it finds\n", m)
			:: else -> slot[m] = file_slot[m]; old_session[m] = file[m]; phase[m] = DETACHED; SAY("> %d: the next elector\n", m)
			fi
		fi
	/* verify_resumed() */
	:: UP(m) && phase[m] == RESUMING && look[m] == ALL ->
		if
		:: v_own[m] && OWN_MARK(m) && alive[S(m)] && armed[m] -> owns[m] = true; phase[m] = LEADING; forget_look(m); SAY("> %d leads on\n", m)
		:: else -> old_session[m] = true; revoke(m); forget_look(m); SAY("> %d has nothing to resume\n", m)
		fi
	:: UP(m) && phase[m] == RESUMING && (!alive[S(m)] || !armed[m]) -> old_session[m] = true; owns[m] = false; revoke(m); forget_look(m)

	/* ================ guard, JobManager */
	:: guard[m] && armed[m] && jobmanager[m] == ACTS && LOSSY(m) -> armed[m] = false; jobmanager[m] = DYING; need_release[m] = (phase[m] == DOWN); SAY("> deadline: the guard of %d kills\n", m)
	:: guard[m] && armed[m] && jobmanager[m] == NONE && phase[m] == DOWN -> armed[m] = false; need_release[m] = true  /* five deaths, deadline */
	:: jobmanager[m] == DYING -> jobmanager[m] = NONE; SAY("> the JobManager of %d is dead\n", m)
	:: exits > 0 && jobmanager[m] == ACTS && LOSSY(m) -> exits--; jobmanager[m] = NONE; SAY("> the JobManager of %d exits\n", m)
	:: guard[m] && phase[m] == DOWN && need_release[m] && file[m] && (jobmanager[m] == NONE || broken == BROKEN_release_running) -> forget_core(m); slot[m] = 1 - file_slot[m]; phase[m] = ENDING; ending_of[m] = 2 * m + file_slot[m]; SAY("> %d: --release\n", m)
	:: !guard[m] && phase[m] == DOWN && file[m] && !release_sent[2 + m] && (jobmanager[m] == NONE || broken == BROKEN_release_running) -> phase[m] = ENDING; ending_of[m] = 2 * m + file_slot[m]; SAY("> %d: --release\n", m)
	:: !guard[m] && phase[m] == DOWN && jobmanager[m] == NONE -> guard[m] = true; armed[m] = false; SAY("> the unit of %d starts again\n", m)

	/* ================ faults */
	:: crashes > 0 && UP(m) && LOSSY(m) && phase[m] != DETACHED -> crashes--; forget_core(m); phase[m] = DOWN; SAY("> the elector of %d dies\n", m)
	:: guard_crashes > 0 && guard[m] && LOSSY(m) -> guard_crashes--; guard[m] = false; armed[m] = false; forget_core(m); kill_jobmanager(m); /* PDEATHSIG */ phase[m] = DOWN; need_release[m] = false; SAY("> the guard of %d dies\n", m)
	:: by_hand > 0 && LOSSY(m) && latch[m] > 0 && there[latch[m]] && holder[m] != 9 -> by_hand--; drop_latch_node(latch[m]); SAY("> latch %d is removed by hand\n", latch[m])
	:: members_by_hand > 0 && LOSSY(m) && holder[m] != 9 && !ACTING(m) -> members_by_hand--; holder[m] = 9; said_stopped[m] = 0; SAY("> member node of %d is removed by hand\n", m)
	:: closes > 0 && LOSSY(m) && alive[S(m)] -> closes--; drop_session(S(m)); SAY("> session %d is closed by hand\n", S(m))
	fi	;
	promise_1()
	   }
	od
}

init
{
	byte n;

	d_step {
		c_code {
			now.broken = parameter("BROKEN", 0);
			now.latches = parameter("LATCHES", 3);
			now.epochs = parameter("EPOCHS", 2);
			now.losses = parameter("LOSSES", 1);
			now.expiries = parameter("EXPIRIES", 1);
			now.crashes = parameter("CRASHES", 0);
			now.guard_crashes = parameter("GUARD_CRASHES", 0);
			now.exits = parameter("EXITS", 0);
			now.gives_up = parameter("GIVES_UP", 0);
			now.by_hand = parameter("BY_HAND", 0);
			now.members_by_hand = parameter("MEMBERS_BY_HAND", 0);
			now.closes = parameter("CLOSES", 0);
			now.lies = parameter("LIES", 0);
			now.stops = parameter("STOPS", 0);
			now.commits = parameter("COMMITS", 0);
			now.reach = parameter("REACH", 0);
		};
		n = 0;
		do
		:: n < 2 ->
			claimed[n] = NO_ANSWER; entered[n] = NO_ANSWER; released_[n] = NO_ANSWER; phase[n] = DETACHED; look[n] = NOTHING;
			v_wait[n] = NO_WAIT; jobmanager[n] = NONE; n++
		:: else -> break
		od;
		n = 0
	};
	atomic { run member(0); run member(1) }
}
