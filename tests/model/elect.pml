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
 * Others hold back for a designated one for T at most.  That T is longer than what one needs that can claim, so here it
 * passes only when it cannot: it hangs, is not eligible, or `old`.
 *
 * old: a bit for each member of before this rule, which claims as the lowest only, and steps back behind another one
 * that is designated, once for each version of the register: a cluster that is being upgraded.
 *
 * Limits: budgets of `toggles` of eligibility, hand-overs, hangs, losses, restarts in place; looks are atomic here
 * (term.pml's are not).
 */
#include "parameters.pml"

#define BROKEN_no_give_up 1       /* C1: who hangs keeps its latch */
#define BROKEN_give_up_always 2   /* C2: a leader that is not eligible hands over to nobody */
#define BROKEN_out_of_order 3     /* A5: the lowest claims too, and waits for the owner by T, not by its latch */
#define BROKEN_hold_for_ever 4    /* A5: others hold back without end */
#define BROKEN_never_hold 5       /* A5: `designated` is ignored by others */
#define BROKEN_by_member 6        /* A5: `designated` names a member, not a latch */
#define BROKEN_lowest_gives_up 7  /* C1: only the lowest gives up: passes, T ends the holding back as well */
#define BROKEN_owner_ignored 8    /* A4: the owner is not looked at by its latch */
#define BROKEN_owner_queues 9     /* A10: the owner, which need not be the lowest, waits for its turn to claim again */

#define NOBODY 3
bool reach, target;
byte old, toggles, handovers, hangs, losses, restarts;

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

#define OLD(m) ((old & (1 << (m))) != 0)

/* A4: the owner cannot act */
#define OWNER_GONE(m) (released || !owner_alive || owner == (m) || broken == BROKEN_owner_ignored || broken == BROKEN_out_of_order)
/* A5: whose turn it is */
#define CAN(d) (eligible[d] && !hangs_now[d] && !(OLD(d) && rank[d] != 1) || broken == BROKEN_hold_for_ever)
#define HOLDS(m) (OTHER_TARGET(m) && CAN(designated) && broken != BROKEN_never_hold && broken != BROKEN_out_of_order)
#define OWNS(m) (owner == (m) && owner_alive && !released && broken != BROKEN_owner_queues)
#define TURN(m) (OLD(m) -> rank[m] == 1 : OWNS(m) || designated == (m) || rank[m] == 1 && !HOLDS(m))
#define STEPS_BACK(m) (OLD(m) && OTHER_TARGET(m) && stepped_back[m] != version)
#define FREE(m) (rank[m] > 0 && OWNER_GONE(m) && TURN(m))
#define GIVES_UP(m) (FREE(m) && !(broken == BROKEN_lowest_gives_up && rank[m] != 1))

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
	:: atomic { phase[m] == CLAIMING && rank[m] > 0 && sent_version[m] == version ->
		assert(!target || !(LIVES(designated) && designated != m && eligible[designated] && !hangs_now[designated]));
		owner = m; owner_alive = true; released = false; designated = NOBODY; version++; phase[m] = LOADING; sent_version[m] = 0; SAY("> the claim of %d lands\n", m) }
	:: atomic { phase[m] == CLAIMING && !(rank[m] > 0 && sent_version[m] == version) -> sent_version[m] = 0;
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
	:: atomic { restarts > 0 && LEADS(m) && !SUCCESSOR(m) -> restarts--; phase[m] = QUEUED; SAY("> %d: its JobManager is dead, nobody else can\n", m) } /* A10 */
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
			now.restarts = parameter("RESTARTS", 0);
			now.old = parameter("OLD", 0);
			now.target = parameter("TARGET", 0);
			now.reach = parameter("REACH", 0);
		};
		phase[0] = IDLE; phase[1] = IDLE; phase[2] = IDLE;
		run member(0); run member(1); run member(2); run faults()
	}
}

#define someone (eligible[0] || eligible[1] || eligible[2])
ltl progress { [] (([] someone) -> <> leader) }
