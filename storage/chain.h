/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One reading of the store, from where it begins to the committed end, along the chain of headers
 * (PROTOCOL section 5 "The map is read back", A11, B5-B7, C5).  The follower decides where it
 * begins and how often it is repeated.
 *
 * Storage threads only; blocks.
 */
#pragma once

#include <stdbool.h>

#include "base/log_position.h"
#include "storage/follower.h"

/* Where a reading begins. */
struct chain_base {
	struct log_position at;              /* all zeros: at the beginning of the log */
	const struct log_snapshot *snapshot; /* NULL: not with one */
	bool known;                          /* what is there is in the reader's map */
};

/*
 * Fills out, whose report tells of failures, and what the reader does not yet have in out->delta.
 * again: a reading after the first, past the cache (B5).  0, -EBADMSG: failed; -EAGAIN: the log
 * does not lead on from what is known, or no longer, and nothing is reported.
 */
int chain_read(const struct follower_request *request, const struct chain_base *base,
               struct follower_result *out, bool again);

/* Whether the files are all there that lead from the request's snapshot, itself one of them, or the
 * beginning, to its end: by their headers and sizes.  0, or -EBADMSG: reported. */
int chain_look(const struct follower_request *request, struct report *report);
