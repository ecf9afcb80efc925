/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Findings for people and for programs: what all verbs that check something print, and what exit
 * code they end with.  Knows nothing of what was checked.
 *
 * Pure but for the FILE.  Threads: none.  Keeps nothing.
 */
#pragma once

#include <jansson.h>
#include <stdio.h>

#include "ctl/exit_code.h"
#include "readiness/findings.h"

/* A table for each severity, the worst first; below it, once for each kind, why it matters and what
 * to do.  `least`: FINDING_FINE shows also what is as it should be.  Says nothing when there is
 * nothing to show.  Of very many only the first are shown, and how many more there are. */
void findings_view_tables(FILE *f, const struct findings *findings, enum finding_severity least);

/* "2 errors, 1 warning, 3 pieces of advice", or "nothing found"; without a newline. */
void findings_view_sum(FILE *f, const struct findings *findings);

/* An array, in the order they were found:
 *   {"severity": "error", "step": 1, "code": .., "object": .., "seen": .., "why": .., "advice": ..}
 * why and advice are null where there is nothing to add.  NULL: not enough memory. */
json_t *findings_view_json(const struct findings *findings);

/* EXIT_FAILED when one is as bad as `fail_on`, or worse (FINDING_FINE counts as ADVICE). */
enum exit_code findings_view_exit(const struct findings *findings, enum finding_severity fail_on);
