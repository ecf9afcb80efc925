/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is next: three members, the queue of latches, `designated`, eligibility, hand-over, members that hang or are
 * lost (A5, C1, C2; promises 1 and 6): election/core_takeover.c, core_drive.c, daemon/guard_replace.c.
 *
 * No time: a wait that the design bounds (takeover_ms, T) is a step that may be taken at any moment, and that weak
 * fairness takes in the end.  That a leader's latch goes only when nobody acts under it any more is term.pml's.
 *
 *	always       at most one member leads
 *	target       who claims is the designated one, as long as that lives, is eligible and does not hang
 *	progress     [] (for ever somebody eligible -> <> somebody leads): promise 6
 *
 * A claim is sent with the version that a look showed and lands later.  A member that hangs does so before its claim
 * or after (LOADING); its elector then gives the latch up, or its guard kills it (C1), and it pauses (C2).
 *
 * hold = 1, simplification b: no latch is made anew.  While the designated latch lives and the register is unchanged
 * all others hold back, and it claims from any rank; "lowest and free" becomes "lowest, or designated, and the owner's
 * latch is gone or the term released".
 *
 * Limits: budgets of `toggles` of eligibility, hand-overs, hangs, losses; looks are atomic here (term.pml's are not).
 */
#include "parameters.pml"

#define BROKEN_no_give_up 1       /* C1: who hangs keeps its latch */
#define BROKEN_give_up_always 2   /* C2: a leader that is not eligible hands over to nobody */
#define BROKEN_out_of_order 3     /* A5: designated claims from behind, and the lowest waits for the owner by T */
#define BROKEN_step_back_always 4 /* A5: not once for each version of the register */
#define BROKEN_never_step_back 5  /* A5: designated is ignored */
#define BROKEN_by_member 6        /* A5: `designated` names a member, not a latch */
#define BROKEN_lowest_gives_up 7  /* C1, hold: only the lowest gives up */
#define BROKEN_lowest_leads 8     /* hold: the owner is not looked at by its latch */
#define BROKEN_no_version 9       /* A5: the claim does not expect a version */

#define NOBODY 3
bool hold, reach, target;
byte toggles, handovers, hangs, losses;

byte rank[3];                                    /* 0 no latch, 1 the lowest */
bool eligible[3] = true; bool hangs_now[3];
mtype = { IDLE, QUEUED, CLAIMING, LOADING, LEADING };
mtype phase[3]; byte sent_version[3]; byte stepped_back[3];
/* register */
byte version = 1, owner = NOBODY, designated = NOBODY; bool released = true, owner_alive;

#define LAST ((rank[0] > 0) + (rank[1] > 0) + (rank[2] > 0))
#define LEADS(m) (phase[m] == LEADING)
#define leader (LEADS(0) || LEADS(1) || LEADS(2))
#define LIVES(d) ((d) != NOBODY && rank[d] > 0)
#define OTHER_TARGET(m) (LIVES(designated) && designated != (m))
#define SUCCESSOR(m) ((m) != 0 && rank[0] > 0 && eligible[0] || (m) != 1 && rank[1] > 0 && eligible[1] || \
	(m) != 2 && rank[2] > 0 && eligible[2])

/* A4: the owner cannot act */
#define OWNER_GONE(m) (released || !owner_alive || owner == (m) || broken == BROKEN_lowest_leads || broken == BROKEN_out_of_order)
/* whose turn it is */
#define TURN(m) (hold || broken == BROKEN_out_of_order -> (LIVES(designated) -> designated == (m) || broken == BROKEN_out_of_order && rank[m] == 1 : rank[m] == 1) : rank[m] == 1)
#define STEPS_BACK(m) (!hold && broken != BROKEN_out_of_order && broken != BROKEN_never_step_back && OTHER_TARGET(m) && \
	(stepped_back[m] != version || broken == BROKEN_step_back_always))
#define FREE(m) (rank[m] > 0 && OWNER_GONE(m) && TURN(m))
#define GIVES_UP(m) (broken == BROKEN_lowest_gives_up -> rank[m] == 1 && OWNER_GONE(m) : FREE(m))

inline drop(d)
{
	if
	:: rank[0] > rank[d] && rank[d] > 0 -> rank[0]--
	:: else
	fi;
	if
	:: rank[1] > rank[d] && rank[d] > 0 -> rank[1]--
	:: else
	fi;
	if
	:: rank[2] > rank[d] && rank[d] > 0 -> rank[2]--
	:: else
	fi;
	rank[d] = 0;
	if
	:: owner == d -> owner_alive = false
	:: else
	fi;
	if
	:: designated == d && broken != BROKEN_by_member -> designated = NOBODY /* a latch's name never comes back */
	:: else
	fi
}
inline release(m, to) { released = true; designated = to; version++; phase[m] = IDLE; drop(m); SAY("> %d releases, designated %d\n", m, to) }
inline join(m) { rank[m] = LAST + 1; stepped_back[m] = 0 }

proctype member(byte m)
{
end:	do
	:: atomic { eligible[m] && phase[m] == IDLE && !hangs_now[m] -> join(m); phase[m] = QUEUED; SAY("> %d enters, rank %d\n", m, rank[m]) }
	:: atomic { !eligible[m] && phase[m] == QUEUED && !hangs_now[m] -> drop(m); phase[m] = IDLE; SAY("> %d is not eligible, gives its latch up\n", m) }
	/* core_consider_claim() */
	:: atomic { eligible[m] && phase[m] == QUEUED && !hangs_now[m] && FREE(m) && !STEPS_BACK(m) -> phase[m] = CLAIMING; sent_version[m] = version; SAY("> %d claims, rank %d\n", m, rank[m]) }
	:: atomic { eligible[m] && phase[m] == QUEUED && !hangs_now[m] && FREE(m) && STEPS_BACK(m) -> drop(m); join(m); stepped_back[m] = version; SAY("> %d steps back\n", m) }
	:: atomic { phase[m] == CLAIMING && rank[m] > 0 && (sent_version[m] == version || broken == BROKEN_no_version) ->
		assert(!target || !(LIVES(designated) && designated != m && eligible[designated] && !hangs_now[designated]));
		owner = m; owner_alive = true; released = false; designated = NOBODY; version++; phase[m] = LOADING; sent_version[m] = 0; SAY("> the claim of %d lands\n", m) }
	:: atomic { phase[m] == CLAIMING && !(rank[m] > 0 && (sent_version[m] == version || broken == BROKEN_no_version)) -> sent_version[m] = 0;
		phase[m] = (rank[m] > 0 -> QUEUED : IDLE); SAY("> the claim of %d is refused\n", m) }
	:: atomic { phase[m] == LOADING && !hangs_now[m] && rank[m] > 0 -> phase[m] = LEADING; SAY("> %d LEADS\n", m);
		assert(LEADS(0) + LEADS(1) + LEADS(2) == 1); assert(!reach || version < 5) }
	:: atomic { phase[m] == LOADING && rank[m] == 0 -> phase[m] = IDLE }
	/* C1: the elector's own clock, or the guard's; C2: not eligible for a pause */
	:: atomic { hangs_now[m] && broken != BROKEN_no_give_up && (phase[m] == QUEUED && GIVES_UP(m) || phase[m] == LOADING && owner == m && owner_alive) ->
		hangs_now[m] = false; eligible[m] = false;
		if
		:: phase[m] == LOADING -> release(m, NOBODY)
		:: else -> drop(m); phase[m] = IDLE
		fi;
		SAY("> %d hangs: gives up\n", m) }
	/* C2: a leader hands over only when somebody else can */
	:: atomic { !eligible[m] && LEADS(m) && (SUCCESSOR(m) || broken == BROKEN_give_up_always) ->
		assert(SUCCESSOR(m)); release(m, NOBODY) }
	od
}

proctype faults()
{
	byte m;

end:	do
	:: atomic { toggles > 0 -> toggles--; select(m : 0 .. 2); eligible[m] = !eligible[m]; SAY("> eligible: %d %d %d\n", eligible[0], eligible[1], eligible[2]); m = 0 }
	:: atomic { handovers > 0 && leader -> handovers--;
		if
		:: LEADS(0) -> m = 0
		:: LEADS(1) -> m = 1
		:: LEADS(2) -> m = 2
		fi;
		if
		:: release(m, NOBODY)
		:: LIVES((m + 1) % 3) -> release(m, (m + 1) % 3)
		:: LIVES((m + 2) % 3) -> release(m, (m + 2) % 3)
		fi;
		m = 0 }
	:: atomic { hangs > 0 -> hangs--; select(m : 0 .. 2);
		if
		:: rank[m] > 0 && (phase[m] == QUEUED || phase[m] == LOADING || phase[m] == CLAIMING) -> hangs_now[m] = true; SAY("> %d hangs\n", m)
		:: else
		fi;
		m = 0 }
	/* the session ends, with what leads under it; it comes back */
	:: atomic { losses > 0 -> losses--; select(m : 0 .. 2); drop(m); phase[m] = (phase[m] == CLAIMING -> CLAIMING : IDLE); hangs_now[m] = false; stepped_back[m] = 0; SAY("> %d is lost\n", m); m = 0 }
	od
}

init
{
	atomic {
		c_code {
			now.broken = parameter("BROKEN", 0);
			now.toggles = parameter("TOGGLES", 0);
			now.handovers = parameter("HANDOVERS", 0);
			now.hangs = parameter("HANGS", 0);
			now.losses = parameter("LOSSES", 0);
			now.hold = parameter("HOLD", 0);
			now.target = parameter("TARGET", 0);
			now.reach = parameter("REACH", 0);
		};
		phase[0] = IDLE; phase[1] = IDLE; phase[2] = IDLE;
		run member(0); run member(1); run member(2); run faults()
	}
}

#define someone (eligible[0] || eligible[1] || eligible[2])
ltl progress { [] (([] someone) -> <> leader) }
