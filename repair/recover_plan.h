/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether the register of a cluster may be written anew from its store, and with what (PROTOCOL
 * D11): when ZooKeeper's data is gone, or older than the store, or the store is older than they.
 * Decides only: no I/O, no clock, no logging; allocates.
 *
 * Owner: the caller.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "election/register.h"
#include "repair/store_facts.h"

enum recover_verdict {
	RECOVER_NOT_NEEDED,
	RECOVER_READY,
	RECOVER_LOSS, /* acknowledged changes are missing, or may be: only when that is accepted */
	RECOVER_LIVING,  /* a member leads, or could at any moment */
	RECOVER_REFUSED, /* something else has to be put right first */
	RECOVER_N_VERDICTS_
};

/* Stable, for programs: "not-needed", "ready", "loss", "living", "refused". */
const char *recover_verdict_code(enum recover_verdict verdict);

enum { RECOVER_TEXT_SIZE = 1000 };

/*
 * Where nothing but the files and who is connected can tell which epochs were granted, and the
 * files may be an old backup: the new epoch is at least the minutes since this time.  So it is
 * above all, unless terms have begun each minute since the last recovery; but no more than so far
 * above the known ones, as guards compare 24 bits of it (PROTOCOL A8).
 */
#define RECOVER_EPOCH_BEGIN_MS INT64_C(1767225600000) /* 2026-01-01 00:00 UTC */
#define RECOVER_EPOCH_MOST     (UINT64_C(1) << 22)

struct recover_plan {
	enum recover_verdict verdict;
	char why[RECOVER_TEXT_SIZE];  /* what was found */
	char todo[RECOVER_TEXT_SIZE]; /* what to do about it; "" = nothing */
	/* READY: what cannot be known, and only who runs this can judge; "" = nothing. */
	char doubt[RECOVER_TEXT_SIZE];
	/* Sequence numbers of changes; 0 = none. */
	uint64_t missing_first, missing_last; /* acknowledged, and not in the store */
	bool missing_unknown;                 /* there may be more of them, nobody can tell */
	uint64_t unsure_first, unsure_last;   /* in the store, and perhaps never acknowledged */
	/* READY, LOSS: what is to be written. */
	struct register_node reg;
	bool create; /* there is none; else it is to have `version` still */
	int32_t version;
};

/* The facts were gathered with ZooKeeper and with the end by the files.  0, or -ENOMEM. */
int recover_plan_make(const struct store_facts *facts, struct recover_plan *ret);
void recover_plan_done(struct recover_plan *plan);
