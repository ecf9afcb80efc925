/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lease against the session (A1, A6 in part, A7, D9; promises 1 and 7): election/lease.c, core_events.c.
 *
 * One member and the ensemble that keeps its session.  Nothing else is needed: as long as a JobManager acts only
 * while its session lives, no other member can be lowest (term.pml takes that from here).  So the promise is
 *
 *	the JobManager acts, or is dying  ->  the session has not ended.
 *
 * Time is counted in ticks of k/4 = J, each timer is a countdown, and a tick may not pass while something is due
 * that the design bounds by "at once" (DUE).  What ZooKeeper does, from its source:
 *
 *   - a follower notes the touch of a request (`noted`) and relays it to ZooKeeper's leader with the next ping, k/2
 *     apart; the server may be lost before;  handshakes touch at the leader directly
 *   - a touch sets the session's end to now + T, *earlier* ones too (ExpiryQueue.update; A7)
 *   - the expirer takes the bucket that is due (`doomed`), then walks it: touches in between are accepted and void
 *
 * The member: heartbeats one outstanding, h apart or later; at once after a connect.  The lease's arithmetic is that
 * of lease.c.  The page is atomic here (page.pml takes it apart), the elector may crash and resume.
 *
 * Three worlds:
 *
 *	                 heartbeats at any time, h apart or more;  the touch of one is relayed before the next is served
 *	regular = 1      every h while connected, served at once;  touches are relayed k/2 + J later
 *	overlap = 1      at any time, served late;                 touches are relayed k/2 + J later
 *
 * In the third two heartbeats may be served within one ping: the last touch that ZooKeeper's leader knows is then as
 * old as the *gap before the first of them*.  So M does not count from the answered heartbeat before, but from the last
 * touch that is known to have been relayed (run count-gap).
 *
 * T_small: a server with a smaller maxSessionTimeout.  A touch with the smaller T may still be relayed by the server of
 * before, and moves the end of the session back: so no T grows within a chain (run grow-at-once).
 *
 * leaders: changes of ZooKeeper's leader.  The new one gives the session the T that it was made with, `made`, whatever
 * was negotiated since: so no T grows within a session (run grow-after-break).
 *
 * steady = 1: heartbeats every h, answered at once, but for outages of `outage` ticks, two heartbeats apart: a
 * promise about progress.  Then nothing is ever killed (promise 7), and the chain is valid k + h after the connect
 * ("a takeover never waits for it", A1).
 *
 * Limits: one session; T of 16 ticks; an answer overtaken by a lost connection is lost for good; a resumed elector
 * has one connect that is sent and served in the same tick.
 */
#include "parameters.pml"

/* what is left out */
#define BROKEN_first_answer 1    /* A1: any ZOK begins a valid chain */
#define BROKEN_two_quick 2       /* A1: the second may follow at once */
#define BROKEN_second_any_time 3 /* A1: .. or after the tentative deadline */
#define BROKEN_any_connection 4  /* A1: a tentative chain outlives its connection */
#define BROKEN_gap_fixed 5       /* A1: M is k + J, however far apart the heartbeats were */
#define BROKEN_count_gap 6       /* A1: .. or k/2 + J + the gap before the heartbeat */
#define BROKEN_no_relay 7        /* A1: a touch counts as relayed when it is answered */
#define BROKEN_late_renewal 8    /* A8: an answer after the old deadline extends it */
#define BROKEN_ask_smaller 9     /* A7: the re-attach asks for a smaller T .. */
#define BROKEN_keep_deadline 10  /* A7: .. and the deadline is not lowered */
#define BROKEN_no_stop 11        /* D13: the time that a kill takes is not set aside */
#define BROKEN_grow_at_once 12   /* A7: a larger T is believed at once */
#define BROKEN_T_forgotten 13    /* A7: .. or by the next elector, which does not know of the smaller one */
#define BROKEN_grow_after_break 14 /* A7: .. or with a new chain */

#define H 2 /* ticks */
#define K 4
#define J 1
#define A 1
byte T, stop; /* session timeout asked for, D_stop */
byte T_small; /* a second server's maxSessionTimeout; 0 = all are alike */
byte made;    /* T that the session was made with */
byte leaders; /* so often ZooKeeper changes its leader */
byte outage;  /* steady: longest outage */
bool steady, regular, overlap, reach;
byte crashes; /* of the elector, while it leads */

/* ---- ZooKeeper */
bool alive = true, doomed;
byte ends;                 /* ticks until its bucket is due */
bool noted; byte noted_for; /* a touch that the server has not relayed yet, and since when */
byte asks;                 /* the timeout that the member asks for */
byte noted_T, served_T;    /* .. that a noted touch will set, and with which this server notes it */

/* ---- member: struct lease */
mtype:chain = { NONE, TENTATIVE, VALID };
mtype:chain chain = NONE;
byte lease_T, deadline, first_answered; /* ticks since the first answer */
/* the last touch that has been relayed for certain (a handshake's has), and two after it; ticks since */
bool relayed, recent, latest; byte relayed_sent, recent_sent, recent_answered, latest_sent, latest_answered;
byte previous_sent; /* for BROKEN_count_gap */

mtype:beat = { NO_BEAT, SENT, SERVED };
mtype:beat beat = NO_BEAT;
byte beat_sent, beat_gap; /* ticks since; gap before it, for BROKEN_count_gap */
byte beat_certain;        /* how many touches were relayed for certain when it was sent */
bool connected, crashed, expired;
bool leads; byte page;    /* page armed and JobManager granted; ticks to its deadline */
bool dying; byte die_left;

/* ---- steady */
byte since_beat, since_connect, outage_left, away;
byte was_out; /* answers to come until the next outage */

#define DUE (doomed || (alive && ends == 0) || (noted && noted_for >= K / 2 + J) || \
	(leads && page == 0) || (dying && die_left == 0) || STEADY_DUE)
#define STEADY_DUE ((steady || regular) && alive && !expired && !crashed && \
	((connected && beat == NO_BEAT && since_beat >= H) || beat != NO_BEAT) || steady && alive && !expired && (\
	(!connected && outage_left == 0 && away >= A) || \
	(chain == VALID && !leads && !dying)))

#define MAX(a, b) ((a) > (b) -> (a) : (b))
#define EPSILON 1 /* 0.1 % of T: set aside, so that no session ends at that very time */
#define M_REGULAR (K + J)
#define M_FIRST (J + K + K / 2)
#define STOP (broken == BROKEN_no_stop -> 0 : stop)
#define LENGTH(t, m) ((t) > (m) + STOP -> (t) - (m) - STOP : 0)
#define DEADLINE(m, age) (LENGTH(lease_T, m) > (age) -> LENGTH(lease_T, m) - (age) : 0) /* sent `age` ticks ago */
/* .. of a heartbeat that was sent `age` ticks ago, the relayed touch longer ago */
#define COUNT_GAP(age) MAX(M_REGULAR, K / 2 + J + beat_gap)
#define COUNT_RELAYED(age) (relayed -> MAX(M_REGULAR, relayed_sent - (age) + EPSILON) : (broken == BROKEN_two_quick -> M_REGULAR : T))
#define M(age) (broken == BROKEN_gap_fixed -> M_REGULAR : (broken == BROKEN_count_gap -> COUNT_GAP(age) : COUNT_RELAYED(age)))
/* a touch is relayed for certain when its heartbeat was answered so long before the next one was sent */
#define CERTAIN(answered) (broken == BROKEN_no_relay || (answered) > K / 2 + J)

inline promise_1() { assert(alive || !(leads || dying)) }

inline forget_touches()
{
	relayed = false; relayed_sent = 0; recent = false; recent_sent = 0; recent_answered = 0;
	latest = false; latest_sent = 0; latest_answered = 0
}
inline lease_break()
{
	chain = NONE; deadline = 0; first_answered = 0; previous_sent = 0; forget_touches()
}
inline touch(t) /* at ZooKeeper's leader */
{
	if
	:: doomed
	:: else -> ends = t
	fi
}
inline kill_jobmanager()
{
	leads = false; page = 0; dying = true; die_left = stop
}
inline extend_page() /* CORE_CMD_EXTEND: later, or (A7) earlier */
{
	if
	:: leads -> page = deadline
	:: else
	fi
}

/* .. the first was answered */
#define SENT_K_AFTER(age) (first_answered >= K + (age))

inline note_touch(age)
{
	do
	:: beat_certain > 0 -> beat_certain--; relayed = true; relayed_sent = recent_sent;
		recent = latest; recent_sent = latest_sent; recent_answered = latest_answered;
		latest = false; latest_sent = 0; latest_answered = 0
	:: else -> break
	od;
	if
	:: !recent -> recent = true; recent_sent = age; recent_answered = 0
	:: recent && !latest -> latest = true; latest_sent = age; latest_answered = 0
	:: else
	fi
}
/* begin(): `age` = since the heartbeat was sent */
inline begin(age)
{
	lease_break(); beat_certain = 0;
	deadline = DEADLINE(M_FIRST, age); previous_sent = age;
	if
	:: deadline > 0 -> chain = (broken == BROKEN_first_answer -> VALID : TENTATIVE); note_touch(age)
	:: else -> lease_break()
	fi
}

inline lease_answered(age)
{
	if
	:: chain == NONE || (deadline == 0 && broken != BROKEN_late_renewal && broken != BROKEN_second_any_time) -> begin(age)
	:: else ->
		note_touch(age); previous_sent = age;
		if
		:: chain == TENTATIVE && !SENT_K_AFTER(age) && broken != BROKEN_two_quick -> skip
		:: chain == TENTATIVE && (SENT_K_AFTER(age) || broken == BROKEN_two_quick) ->
			if
			:: DEADLINE(M(age), age) > 0 -> chain = VALID; deadline = DEADLINE(M(age), age)
			:: else
			fi
		:: chain == VALID ->
			deadline = MAX(deadline, DEADLINE(M(age), age));
			if
			:: leads -> extend_page()
			:: else
			fi
		fi
	fi
}

/* lease_connected(): the handshake's touch reaches ZooKeeper's leader itself */
inline lease_connected(t)
{
	if
	:: t < lease_T && chain != NONE && broken != BROKEN_keep_deadline && LENGTH(t, M_REGULAR) < deadline ->
		deadline = LENGTH(t, M_REGULAR); lease_T = t; extend_page()
	:: t > lease_T && broken != BROKEN_grow_at_once && (chain != NONE || broken != BROKEN_grow_after_break)
	:: else -> lease_T = t
	fi;
	forget_touches(); relayed = true
}

inline lose_connection()
{
	connected = false; beat = NO_BEAT; beat_sent = 0; beat_gap = 0; beat_certain = 0;
	if /* lease_disconnected() */
	:: chain == TENTATIVE && broken != BROKEN_any_connection -> lease_break()
	:: else
	fi
}

active proctype member()
{
	byte t;

	d_step {
		c_code {
			now.broken = parameter("BROKEN", 0);
			now.T = parameter("T", 16);
			now.stop = parameter("STOP", 1);
			now.T_small = parameter("T_SMALL", 0);
			now.steady = parameter("STEADY", 0);
			now.outage = parameter("OUTAGE", 0);
			now.regular = parameter("REGULAR", 0);
			now.overlap = parameter("OVERLAP", 0);
			now.crashes = parameter("CRASHES", 0);
			now.leaders = parameter("LEADERS", 0);
			now.made = parameter("MADE", now.T);
			now.reach = parameter("REACH", 0);
		};
		lease_T = made; asks = T; served_T = made; ends = made; connected = true; since_beat = H
	};
end:	do
	:: atomic {
		if
		/* ---- ZooKeeper */
		:: alive && ends == 0 && !doomed -> doomed = true; SAY("> the expirer takes the session's bucket\n")
		:: doomed -> doomed = false; alive = false; noted = false; noted_for = 0; noted_T = 0; ends = 0;
			SAY("> the session ends\n")
		:: leaders > 0 && alive -> leaders--; doomed = false; ends = made; noted = false; noted_for = 0; noted_T = 0;
			lose_connection(); SAY("> a new ZooKeeper leader, T = %d\n", made)
		:: noted -> touch(noted_T); noted = false; noted_for = 0; noted_T = 0; SAY("> a touch is relayed\n")
		:: beat == SENT && alive && (overlap || regular || !noted) -> beat = SERVED;
			if
			:: !noted -> noted = true; noted_for = 0; noted_T = served_T
			:: else -> noted_T = served_T
			fi;
			SAY("> heartbeat served, ZOK on its way\n")

		/* ---- network */
		:: connected && beat != NO_BEAT && !alive -> beat = NO_BEAT; connected = false; expired = true;
			SAY("> EXPIRED\n")
		:: connected && !steady ->
			if
			:: SAY("> connection lost\n")
			:: noted = false; noted_for = 0; noted_T = 0; SAY("> server lost, with what it had noted\n")
			fi;
			lose_connection()
		:: steady && connected && leads && outage > 0 && was_out == 0 && beat != SERVED -> was_out = 2;
			connected = false; outage_left = outage; away = 0; beat = NO_BEAT; beat_sent = 0; beat_gap = 0; beat_certain = 0;
			noted = false; noted_for = 0; noted_T = 0; SAY("> ZooKeeper is away\n")
		:: !connected && !crashed && alive && outage_left == 0 && (!steady || away >= A || outage == 0) ->
			connected = true; away = 0; since_beat = H; since_connect = 0;
			t = asks;
			if
			:: T_small > 0 -> t = T_small
			:: skip
			fi;
			touch(t); served_T = t; lease_connected(t); SAY("> connected, T = %d\n", t); t = 0
		:: !connected && !crashed && !alive && !expired -> expired = true; SAY("> EXPIRED\n")

		/* ---- elector */
		:: connected && beat == NO_BEAT && !crashed && since_beat >= H -> beat = SENT; beat_sent = 0;
			beat_gap = previous_sent; since_beat = 0;
			beat_certain = (recent && CERTAIN(recent_answered)) + (latest && CERTAIN(recent_answered) && CERTAIN(latest_answered)); SAY("> heartbeat sent\n")
		:: beat == SERVED && connected && !crashed && !(leads && deadline == 0 && broken != BROKEN_late_renewal) ->
			lease_answered(beat_sent);
			if
			:: chain == NONE -> SAY("> heartbeat answered, too late\n")
			:: chain == TENTATIVE -> SAY("> heartbeat answered: tentative, %d ticks left\n", deadline)
			:: chain == VALID -> SAY("> heartbeat answered: valid, %d ticks left\n", deadline)
			fi;
			beat = NO_BEAT; beat_sent = 0; beat_gap = 0; beat_certain = 0; down(was_out)
		:: leads && deadline == 0 && !crashed && broken != BROKEN_late_renewal -> kill_jobmanager(); lease_break();
			SAY("> the elector kills at the deadline\n"); assert(!steady)
		:: expired && leads && !crashed -> kill_jobmanager(); lease_break(); SAY("> killed: session lost\n")
		:: chain == VALID && deadline > 0 && !leads && !dying && !crashed && !expired -> leads = true; page = deadline;
			SAY("> granted, %d ticks left\n", page); assert(!reach)
		:: crashes > 0 && leads && !crashed -> crashes--; crashed = true; lease_break(); connected = false; beat = NO_BEAT;
			beat_sent = 0; beat_gap = 0; beat_certain = 0;
			if
			:: skip
			:: noted = false; noted_for = 0; noted_T = 0
			fi;
			SAY("> the elector dies\n")
		:: crashed && leads && page > 0 && alive -> crashed = false; /* lease_resume(), and its handshake */
			if
			:: broken == BROKEN_ask_smaller || broken == BROKEN_keep_deadline -> asks = T - 6
			:: else
			fi;
			t = asks;
			if
			:: broken == BROKEN_T_forgotten -> lease_T = T
			:: else
			fi;
			if
			:: T_small > 0 -> t = T_small
			:: skip
			fi;
			connected = true; since_beat = H; chain = VALID; deadline = page; previous_sent = 0;
			touch(t); served_T = t; lease_connected(t);
			SAY("> the next elector re-attaches, T = %d, %d ticks left\n", t, deadline); t = 0
		:: crashed && !leads && !dying -> crashed = false; SAY("> the next elector has nothing to resume\n")

		/* ---- guard */
		:: leads && page == 0 -> kill_jobmanager(); SAY("> the guard kills at the deadline\n"); assert(!steady)
		:: dying -> dying = false; die_left = 0; SAY("> the JobManager is dead\n")
		fi;
		promise_1();
		assert(!steady || expired || leads || dying || since_connect <= K + H)
	   }
	od
}

active proctype clock()
{
end:	do
	:: d_step {
		!(DUE) ->
		down(ends); down(deadline); down(page); down(die_left); down(outage_left);
		if
		:: chain != VALID -> up(first_answered, T)
		:: else -> first_answered = 0
		fi;
		if
		:: chain == TENTATIVE && deadline == 0 && broken != BROKEN_second_any_time -> lease_break()
		:: else
		fi;
		if
		:: broken == BROKEN_count_gap -> up(previous_sent, T)
		:: else -> previous_sent = 0
		fi;
		if
		:: beat != NO_BEAT -> up(beat_sent, T)
		:: else
		fi;
		if
		:: noted -> noted_for++
		:: else
		fi;
		if
		:: steady -> up(since_connect, T);
			if
			:: !connected && outage_left == 0 -> up(away, A)
			:: else
			fi
		:: else
		fi;
		up(since_beat, H);
		if
		:: chain != NONE -> up(relayed_sent, T);
			if
			:: recent -> up(recent_sent, T); up(recent_answered, K / 2 + J + 1)
			:: else
			fi;
			if
			:: latest -> up(latest_sent, T); up(latest_answered, K / 2 + J + 1)
			:: else
			fi
		:: else
		fi;
		SAY(">   tick\n")
	   }
	od
}
