/* SPDX-License-Identifier: Apache-2.0 */
/* Operator requests, at the leader (D6): judges each, takes those made after its own claim and ends
 * its term for them.  Answers for a switchover that its predecessor took. */
#pragma once

#include "daemon/elector_private.h"

const char *elector_serve_verb(enum operator_verb verb);
const struct observed_member *elector_serve_member(const struct elector *e, const char *name);
/* What the leader says to a request.  API_N_ERRORS_: it ends its term for it, in favour of ret_to;
 * elector_serve_end_term(). */
enum api_error elector_serve_judge(const struct elector *e, const struct request_node *node,
                                   struct latch_name *ret_to, const char **ret_message);
/* True: `error` is to be judged again, after the look that elector_requests_looked() tells of. */
bool elector_serve_look_first(struct elector *e, enum api_error error, usec_t met);
void elector_serve_end_term(struct elector *e, const struct request_node *node,
                            const struct latch_name *to);
void elector_serve_changed(struct elector *e); /* children of requests/, or a look was waited for */
void elector_serve_granted(struct elector *e);
void elector_serve_disconnected(struct elector *e);
void elector_serve_sweep(struct elector *e);
