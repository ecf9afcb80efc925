/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why does this member lead, or why does it not?  In sentences, made of the daemon's status and
 * cluster; for whoever looks at three in the morning.  Pure but for the FILE.
 */
#pragma once

#include <jansson.h>
#include <stdio.h>

/* `cluster` may be NULL when it could not be had. */
void explain(FILE *f, const json_t *status, const json_t *cluster);

/* What a reason code means and what to do; NULL when it is not known here. */
const char *explain_reason(const char *code);
