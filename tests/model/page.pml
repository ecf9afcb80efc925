/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One host: guard, electors, JobManager, and the page between them (A6, A8, A10, C4; promises 1, 5, 9):
 * daemon/lease_page.c, guard_lease.c, guard_replace.c, elector_guard.c.
 *
 * What ZooKeeper grants is one countdown here, `right`: a heartbeat that is answered renews it, as long as it has not
 * run out (lease.pml).  The page's word is (state, epoch, ticks to its deadline); reading it and swapping it are two
 * steps, for the guard and for each elector, with everything in between.  Promises, checked at each step:
 *
 *	1  no tick passes while a JobManager acts without `right`; it is dead D_stop after it was killed
 *	2  an epoch is granted to one process, once (A10)
 *	5  a word that has ended is never armed again for its epoch: nobody reads "leader" of a killed JobManager
 *	9  (nobody = 1) an elector that extends a lease has a JobManager, or will hear that it has not
 *
 * Guard or elector is scheduled within a tick (A8): time stands while one that is not stopped has a deadline to keep.
 * Hot: the process waits, is granted over its stream and says when it has revoked.  Cold: started for an armed page.
 * An elector may die between any two steps, or be stopped (SIGSTOP) and killed for it, or go on.
 *
 * An elector that dies between arming the page and sending START leaves an armed page, and nothing that runs.  Cold, the
 * next one does not resume then (run resume-nobody): nobody would ever tell it to start one.  Hot, what waits is told (D1).
 *
 * Limits: two epochs, two electors at a time, one message of each kind in the link; a hot process is dead or alive.
 */
#include "parameters.pml"

#define BROKEN_grant_first 1     /* A6: hot, the grant is sent before the page is armed */
#define BROKEN_start_unseen 2    /* A6: cold, the guard does not compare page and JobManager */
#define BROKEN_end_first 3       /* A6: the page is ended before the revoke is confirmed */
#define BROKEN_store 4           /* A8: extending stores, instead of swapping */
#define BROKEN_kill_anyway 5     /* A8: the guard kills although its swap has failed */
#define BROKEN_late_extension 6  /* A8: extends although the page's deadline has passed: passes, since the answer came in
                                  * time (lease.pml), and the guard has not decided */
#define BROKEN_no_second_line 7  /* A8: the elector does not kill at the deadline */
#define BROKEN_one_page 8        /* A8: all electors have one page, and the guard does not reap the one before */
#define BROKEN_not_reaped 9      /* A8: .. a page each, but not reaped: it says "leader" of a killed JobManager */
#define BROKEN_start_armed 10    /* A10: hot, a process is started while the page is armed */
#define BROKEN_resume_ended 14   /* C4, A8: resumes although the page has ended, and arms it again */
#define BROKEN_same_again 13     /* A10: the library takes the grant of an epoch that it has revoked */
#define BROKEN_resume_nobody 11  /* A6, C4: cold, resumes although no JobManager of that epoch was ever started */
#define BROKEN_not_told_again 12 /* A10: the next elector is not told of an exit */

#define LEASE 2
#define D 1
bool hot, nobody, reach;
byte epochs, dies, stops, guard_stops, exits, revokes;

mtype:word = { NEVER, ARMED, ENDED };
mtype:word state[2]; byte whose[2], left[2]; /* two pages: the guard's, and that of an elector it has given up */
bool page;                                /* which one is the guard's */

byte right; byte epoch; /* the newest one claimed */

/* ---- guard */
bool guard_stopped, swapping, replacing;
mtype:word g_state; byte g_of, g_left; /* the word as it was read */

/* ---- electors: two, the current one and one that is dead, or that nobody reaped */
mtype:elector = { GONE, BEGUN, IDLE, CLAIMED, ARMING, GRANTING, LEADS, EXTENDING, REVOKING, ENDING };
mtype:elector at[2]; bool stopped[2], mine[2]; /* mine: its page */
byte term[2];
mtype:word r_state[2]; byte r_of[2], r_left[2]; bool in_time[2]; /* in_time: read before its deadline */
bool now; /* the current one */
byte file; /* epoch in the session file */

/* ---- link, JobManager */
byte start, exited; /* messages: an epoch each, 0 = none */
bool ask;           /* cold: STOP; hot: revoke */
mtype:jobmanager = { NONE, WAITS, ACTS, DYING };
mtype:jobmanager jobmanager = NONE;
byte jm_epoch, die_left, told; /* told: of which epoch was an exit reported */
bool granted[4], ended[4];

#define RESUMABLE(e) (state[mine[e]] == ARMED && whose[mine[e]] == file && right > 0 && \
	(hot || jobmanager != NONE || jm_epoch == file || broken == BROKEN_resume_nobody))
#define E_DUE(e) (at[e] != GONE && at[e] != IDLE && !stopped[e] && jobmanager == ACTS && right == 0 && e == now && \
	broken != BROKEN_no_second_line && at[e] != BEGUN)
#define G_DUE (!guard_stopped && (swapping || replacing || (state[page] == ARMED && left[page] == 0) || start > 0 || \
	COLD_DUE))
#define COLD_DUE (!guard_stopped && !hot && jobmanager == ACTS && !(state[page] == ARMED && whose[page] == jm_epoch) && \
	broken != BROKEN_start_unseen)
#define DUE (G_DUE || E_DUE(0) || E_DUE(1) || (jobmanager == DYING && die_left == 0))
#define SAME(p, s, o, l) (state[p] == s && whose[p] == o && (s != ARMED || left[p] == l))

inline kill_jobmanager()
{
	if
	:: jobmanager == ACTS || jobmanager == WAITS -> jobmanager = DYING; die_left = D
	:: else
	fi
}
inline set_word(pg, st, ep, lf)
{
	assert(!(st == ARMED && ended[ep]));                            /* promise 5 */
	if
	:: st == ENDED -> ended[ep] = true
	:: else
	fi;
	state[pg] = st; whose[pg] = ep; left[pg] = (st == ARMED -> lf : 0)
}
inline give(ep)
{
	assert(!granted[ep]); granted[ep] = true; jobmanager = ACTS; jm_epoch = ep /* promise 2 */
}
inline read_word(e) { r_state[e] = state[mine[e]]; r_of[e] = whose[mine[e]]; r_left[e] = left[mine[e]]; in_time[e] = (left[mine[e]] > 0) }
inline forget_word(e) { r_state[e] = NEVER; r_of[e] = 0; r_left[e] = 0; in_time[e] = false }
inline end_word(pg1)
{
	if
	:: state[pg1] == ARMED -> set_word(pg1, ENDED, whose[pg1], 0)
	:: else
	fi
}

/* An elector's steps: core, and elector_guard.c */
inline elector(e)
{
	if
	/* C4: only an armed page resumes, with the session file of its epoch */
	:: !stopped[e] && at[e] == BEGUN && (RESUMABLE(e) || broken == BROKEN_resume_ended && state[mine[e]] == ENDED && whose[mine[e]] == file && right > 0) ->
		term[e] = file;
		if
		:: broken == BROKEN_resume_ended -> at[e] = ARMING; read_word(e)
		:: else -> at[e] = LEADS
		fi;
		SAY("> elector %d resumes epoch %d\n", e, term[e])
	:: !stopped[e] && at[e] == BEGUN && !RESUMABLE(e) && (jobmanager == NONE || hot && jobmanager == WAITS) ->
		end_word(mine[e]); at[e] = IDLE; SAY("> elector %d begins\n", e)
	:: !stopped[e] && at[e] == BEGUN && !RESUMABLE(e) && jobmanager == ACTS && !(hot && state[mine[e]] != ARMED) ->
		kill_jobmanager(); SAY("> elector %d stops what runs\n", e)
	/* takeover: claim, page, grant */
	:: !stopped[e] && at[e] == IDLE && e == now && epoch < epochs && exited == 0 && start == 0 && state[mine[e]] != ARMED && (hot && jobmanager == WAITS || !hot && jobmanager == NONE) ->
		epoch++; term[e] = epoch; file = epoch; right = LEASE; at[e] = CLAIMED; SAY("> elector %d claims epoch %d\n", e, epoch)
	:: !stopped[e] && at[e] == CLAIMED && broken != BROKEN_grant_first -> read_word(e); at[e] = ARMING
	:: !stopped[e] && at[e] == CLAIMED && broken == BROKEN_grant_first && jobmanager == WAITS -> give(term[e]); read_word(e); at[e] = ARMING; SAY("> granted epoch %d\n", term[e])
	:: !stopped[e] && at[e] == ARMING ->
		if
		:: right > 0 && SAME(mine[e], r_state[e], r_of[e], r_left[e]) &&
		   (r_state[e] == NEVER || r_state[e] == ENDED && (term[e] > r_of[e] || broken == BROKEN_resume_ended)) ->
			set_word(mine[e], ARMED, term[e], right); at[e] = (broken == BROKEN_grant_first -> LEADS : GRANTING); SAY("> page %d armed, epoch %d\n", mine[e], term[e])
		:: else -> at[e] = REVOKING; kill_jobmanager(); SAY("> page cannot be armed\n")
		fi;
		forget_word(e)
	:: !stopped[e] && at[e] == GRANTING && !hot -> start = term[e]; at[e] = LEADS; SAY("> START epoch %d\n", term[e])
	:: !stopped[e] && at[e] == GRANTING && hot ->
		if
		:: jobmanager == WAITS -> give(term[e]); at[e] = LEADS; SAY("> granted epoch %d\n", term[e])
		:: else -> at[e] = LEADS
		fi
	/* heartbeat answered, before the old deadline: extend */
	:: !stopped[e] && at[e] == LEADS && e == now && right > 0 && start == 0 -> right = LEASE; read_word(e); at[e] = EXTENDING;
		assert(!nobody || jobmanager != NONE || exited == term[e]);    /* promise 9 */
		SAY("> heartbeat answered\n");
		/* hot, resumed: the one that waits is told (D1), but for one that has revoked this epoch */
		if
		:: hot && jobmanager == WAITS && (jm_epoch != term[e] || broken == BROKEN_same_again) -> give(term[e]); SAY("> told, epoch %d\n", term[e])
		:: hot && jobmanager == WAITS && jm_epoch == term[e] && broken != BROKEN_same_again -> at[e] = ENDING; SAY("> it says that it has revoked epoch %d\n", term[e])
		:: else
		fi
	/* .. one that was given up works on with what it had */
	:: !stopped[e] && at[e] == LEADS && e != now -> read_word(e); at[e] = EXTENDING
	:: !stopped[e] && at[e] == EXTENDING ->
		if
		:: broken == BROKEN_store -> set_word(mine[e], ARMED, term[e], LEASE); at[e] = LEADS
		:: broken != BROKEN_store && r_state[e] == ARMED && r_of[e] == term[e] && (in_time[e] || broken == BROKEN_late_extension) ->
			if
			:: SAME(mine[e], r_state[e], r_of[e], r_left[e]) -> at[e] = LEADS; SAY("> page %d extended\n", mine[e]);
				if
				:: e == now -> set_word(mine[e], ARMED, term[e], right)
				:: else -> set_word(mine[e], ARMED, term[e], LEASE)
				fi
			:: else -> read_word(e) /* the loop of the swap */
			fi
		:: else -> at[e] = REVOKING; SAY("> the page has ended\n");
			if
			:: e == now -> kill_jobmanager()
			:: else
			fi
		fi
	/* second line: at the deadline the elector kills, too */
	:: E_DUE(e) -> kill_jobmanager(); at[e] = REVOKING; SAY("> the elector kills at the deadline\n")
	/* revoke, exit, end */
	:: !stopped[e] && at[e] == LEADS && e == now && revokes > 0 && jobmanager == ACTS -> revokes--; ask = true; at[e] = (broken == BROKEN_end_first -> ENDING : REVOKING); SAY("> revoke\n")
	:: !stopped[e] && (at[e] == LEADS || at[e] == REVOKING) && e == now && exited > 0 -> at[e] = (exited == term[e] -> ENDING : at[e]); exited = 0; SAY("> EXITED\n")
	:: !stopped[e] && at[e] == REVOKING && e == now && hot && jobmanager == WAITS -> at[e] = ENDING
	:: !stopped[e] && at[e] == REVOKING && e == now && jobmanager == NONE && exited == 0 && start == 0 && told == term[e] -> at[e] = ENDING
	:: !stopped[e] && at[e] == ENDING -> 
		if
		:: state[mine[e]] == ARMED && whose[mine[e]] == term[e] -> set_word(mine[e], ENDED, term[e], 0); SAY("> page %d ended\n", mine[e])
		:: else
		fi;
		at[e] = (broken == BROKEN_end_first && jobmanager == ACTS -> REVOKING : IDLE)
	fi
}

active proctype host()
{
	d_step {
		c_code {
			now.broken = parameter("BROKEN", 0);
			now.hot = parameter("HOT", 0);
			now.nobody = parameter("NOBODY", 0);
			now.epochs = parameter("EPOCHS", 2);
			now.dies = parameter("DIES", 0);
			now.stops = parameter("STOPS", 0);
			now.guard_stops = parameter("GUARD_STOPS", 0);
			now.exits = parameter("EXITS", 0);
			now.revokes = parameter("REVOKES", 0);
			now.reach = parameter("REACH", 0);
		};
		state[0] = NEVER; state[1] = NEVER; g_state = NEVER; r_state[0] = NEVER; r_state[1] = NEVER;
		at[0] = BEGUN; at[1] = GONE
	};
end:	do
	:: atomic { elector(0) }
	:: atomic { elector(1) }
	:: atomic {
		if
		/* ---- guard: the lease */
		:: !guard_stopped && !swapping && state[page] == ARMED && left[page] == 0 ->
			g_state = state[page]; g_of = whose[page]; g_left = left[page]; swapping = true
		:: !guard_stopped && swapping -> swapping = false;
			if
			:: SAME(page, g_state, g_of, g_left) && left[page] == 0 -> set_word(page, ENDED, g_of, 0); kill_jobmanager(); SAY("> the guard ends the page and kills\n")
			:: !(SAME(page, g_state, g_of, g_left) && left[page] == 0) && broken == BROKEN_kill_anyway ->
				kill_jobmanager(); ended[g_of] = true; SAY("> the guard kills\n")
			:: else -> SAY("> extended meanwhile\n")
			fi;
			g_state = NEVER; g_of = 0; g_left = 0
		:: COLD_DUE -> kill_jobmanager(); SAY("> the guard kills: the page is not armed for it\n")
		/* ---- guard: START */
		:: !guard_stopped && start > 0 ->
			if
			:: broken == BROKEN_start_unseen || state[page] == ARMED && whose[page] == start && left[page] > 0 && jobmanager == NONE && start > jm_epoch ->
				give(start); SAY("> JobManager started, epoch %d\n", start)
			:: else -> exited = start; told = start; SAY("> START refused\n")
			fi;
			start = 0
		:: !guard_stopped && hot && jobmanager == NONE && (at[now] == IDLE && state[page] != ARMED || broken == BROKEN_start_armed && at[now] != GONE && at[now] != BEGUN && exited == 0) -> jobmanager = WAITS; SAY("> a hot process waits\n")
		/* ---- JobManager */
		:: jobmanager == ACTS && ask -> ask = false;
			if
			:: hot -> jobmanager = WAITS; SAY("> revoked\n")
			:: !hot -> jobmanager = DYING; die_left = D
			fi
		:: jobmanager == DYING -> jobmanager = NONE; die_left = 0; ask = false; told = jm_epoch;
			exited = (at[now] == GONE -> 0 : jm_epoch); SAY("> dead, and reaped\n")
		:: exits > 0 && jobmanager == ACTS -> exits--; jobmanager = DYING; die_left = 0; SAY("> the JobManager exits\n")

		/* ---- guard: the elector's life */
		:: dies > 0 && at[now] != GONE -> dies--; at[now] = GONE; stopped[now] = false; exited = 0; ask = false; forget_word(now); SAY("> elector %d dies\n", now)
		:: stops > 0 && at[now] != GONE && !stopped[now] -> stops--; stopped[now] = true; SAY("> elector %d is stopped\n", now)
		:: stopped[0] && (now == 0 || broken == BROKEN_one_page || broken == BROKEN_not_reaped) -> stopped[0] = false; SAY("> elector 0 goes on\n")
		:: stopped[1] && (now == 1 || broken == BROKEN_one_page || broken == BROKEN_not_reaped) -> stopped[1] = false; SAY("> elector 1 goes on\n")
		:: !guard_stopped && stopped[now] && at[1 - now] == GONE && broken != BROKEN_one_page && broken != BROKEN_not_reaped ->
			at[now] = GONE; stopped[now] = false; exited = 0; ask = false; forget_word(now); SAY("> no heartbeat: elector %d is killed\n", now)
		:: !guard_stopped && (at[now] == GONE && start == 0 || stopped[now] && (broken == BROKEN_one_page || broken == BROKEN_not_reaped)) && at[1 - now] == GONE && !swapping ->
			/* a fresh page, into which the word is copied */
			if
			:: broken == BROKEN_one_page -> skip
			:: else -> page = 1 - page; state[page] = state[1 - page]; whose[page] = whose[1 - page]; left[page] = left[1 - page];
				if
				:: at[now] == GONE -> state[1 - page] = NEVER; whose[1 - page] = 0; left[1 - page] = 0
				:: else
				fi
			fi;
			now = 1 - now; at[now] = BEGUN; mine[now] = page; exited = 0; ask = false;
			/* HELLO, and what the one before may not have heard */
			if
			:: jobmanager == NONE && state[page] == ARMED && told == whose[page] && broken != BROKEN_not_told_again -> exited = told
			:: else
			fi;
			SAY("> elector %d is started\n", now)
		:: !guard_stopped && at[now] == GONE && state[page] == ARMED && !swapping -> /* five deaths */
			end_word(page); kill_jobmanager(); SAY("> given up: the guard ends the page and kills\n")
		:: guard_stops > 0 && !guard_stopped -> guard_stops--; guard_stopped = true; SAY("> the guard is stopped\n")
		:: guard_stopped -> guard_stopped = false; SAY("> the guard goes on\n")
		fi
	   }
	od
}

active proctype clock()
{
end:	do
	:: d_step {
		!(DUE) ->
		assert(!(jobmanager == ACTS && right == 0)); /* promise 1 */
		assert(!(reach && jobmanager == ACTS && jm_epoch == epochs));
		down(right); down(left[0]); down(left[1]); down(g_left); down(r_left[0]); down(r_left[1]); down(die_left);
		SAY(">   tick\n")
	   }
	od
}
