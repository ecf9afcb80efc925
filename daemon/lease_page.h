/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The page that guard and elector share (PROTOCOL A8, section 5): until when the JobManager of
 *which epoch may lead, the elector's heartbeat, and since when it is claiming.  One page per
 *elector: what a dead one still writes reaches nobody.
 *
 * The word is `deadline << 24 | epoch & 0xffffff`, deadline in ms of CLOCK_BOOTTIME:
 *
 *	NEVER (0) --arm--> ARMED --extend--> ARMED --end--> ENDED --arm, higher epoch--> ARMED
 *
 * "Am I leader?" is answered from this word and nothing else.  All changes are compare-and-swap, so
 * the guard's end and the elector's extension cannot both win.
 *
 * Owner: each process has its own struct lease_page over the shared memory.  Threads: any
 *(atomics). Does not read the clock: `now` is handed in.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>

#include "base/epoch.h"
#include "base/usec.h"

enum { LEASE_PAGE_EPOCH_MASK = 0xffffff };

struct lease_page_memory { /* the layout both processes agree on, for ever (C8) */
	uint64_t magic;
	_Atomic uint64_t word, heartbeat, claiming_since;
};

struct lease_page {
	int fd; /* memfd */
	struct lease_page_memory *memory;
};

enum lease_page_state { LEASE_PAGE_NEVER, LEASE_PAGE_ARMED, LEASE_PAGE_ENDED };

struct lease_page_lease { /* the word, taken apart at one moment */
	enum lease_page_state state;
	uint32_t epoch;  /* low 24 bits; 0 when NEVER */
	usec_t deadline; /* 0 unless ARMED; full milliseconds */
};

/* Guard: a fresh page, into which the word of `old` (or NULL) is copied; heartbeat and claiming
 * since are 0.  Negative errno when there is no memory. */
int lease_page_create(const struct lease_page *old, struct lease_page *ret);

/* Elector: maps the page that it inherited as `fd` and takes the descriptor over.  -EPROTO when
 * that is not a page of this layout. */
int lease_page_adopt(int fd, struct lease_page *ret);

void lease_page_close(
        struct lease_page *p); /* unmaps, closes; a closed or zeroed-fd=-1 one is fine */

struct lease_page_lease lease_page_read(const struct lease_page *p);

/* Armed, whatever the epoch, and `now` is before the deadline. */
bool lease_page_leads(const struct lease_page *p, usec_t now);

/* Armed or ended for this epoch (its low 24 bits)? */
bool lease_page_is_of(const struct lease_page_lease *lease, struct epoch epoch);

/* Elector.  `deadline` is rounded down to milliseconds.
 *
 * arm: from NEVER, or ENDED of a lower epoch.  -EEXIST: armed, or ended for this or a higher epoch;
 * -EINVAL: epoch 0 or a deadline that is not in the future. */
int lease_page_arm(struct lease_page *p, struct epoch epoch, usec_t deadline, usec_t now);

/* extend (or A7: lower).  -ESTALE: not armed for this epoch, or its deadline has passed at `now`:
 * the guard kills, or has killed. */
int lease_page_extend(struct lease_page *p, struct epoch epoch, usec_t deadline, usec_t now);

/* end for this epoch: the elector after a confirmed revoke or a proven death (A6).  0 also when it
 * was ended already, -ESTALE when the page is not of this epoch. */
int lease_page_end(struct lease_page *p, struct epoch epoch);

/* Guard: ends the page if its deadline has passed at `now`.  True when it was this call that ended
 * it: then, and only then, kill.  False with the lease extended meanwhile, or nothing armed. */
bool lease_page_expire(struct lease_page *p, usec_t now);

/* Guard: ends the page whatever it says. */
void lease_page_end_any(struct lease_page *p);

/* How long a heartbeat may stay away until the guard replaces the elector: min(lease/4, 1 s); the
 * elector beats every quarter of that. */
usec_t lease_page_patience(usec_t lease);

/* The elector beats four times as often as the guard's patience (min(lease/4, 1 s)); 0 = not yet.
 */
void lease_page_beat(struct lease_page *p, usec_t now);
usec_t lease_page_heartbeat(const struct lease_page *p);

/* C1: its turn, and free to claim, since; 0 = not claiming. */
void lease_page_set_claiming(struct lease_page *p, usec_t since);
usec_t lease_page_claiming_since(const struct lease_page *p);
