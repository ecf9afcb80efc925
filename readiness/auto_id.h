/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Has Flink made up an operator's ID itself?  Then it has no uid, also where nobody writes uids
 * down (checkpoints of Flink 1.x).  Flink makes such an ID of the operator's number in the job, of
 * how many operators are chained behind it and of the IDs in front of it (StreamGraphHasherV2); an
 * ID of 128 bits that comes out the same is no accident.
 *
 * Which one of two is in front of the other cannot be seen from their IDs, as the last step is an
 * exclusive or: so it begins with sources, and goes on from what is settled alone.
 *
 * Pure, allocates nothing.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "readiness/uid_hash.h"

enum { AUTO_ID_MOST = 256, AUTO_ID_MOST_IN_PAIRS = 64, AUTO_ID_MOST_CHAINED = 8 };

struct auto_id {
	uint8_t id[UID_HASH_SIZE];
	bool settled; /* a source, or it has a uid: its ID was made of none of the others */
	bool made;    /* by Flink */
};

/* Sets `made` where it is certain, and `settled` with it.  Of more than AUTO_ID_MOST only the first
 * are tried, of more than AUTO_ID_MOST_IN_PAIRS none as one of two inputs. */
void auto_id_find(struct auto_id *ids, size_t n);
