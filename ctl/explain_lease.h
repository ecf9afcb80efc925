/* SPDX-License-Identifier: Apache-2.0 */
/* The part of `explain` with numbers: the lease's arithmetic, and what is waited for.  Pure but for
 * the FILE. */
#pragma once

#include <jansson.h>
#include <stdio.h>

__attribute__((format(printf, 2, 3))) void explain_say(FILE *f, const char *format, ...);

/* Both say nothing when the daemon is older and does not tell. */
void explain_lease(FILE *f, const json_t *status);
void explain_waits(FILE *f, const json_t *status);

/* The meaning of a code; NULL when it is not known here. */
const char *explain_wait(const char *code);
