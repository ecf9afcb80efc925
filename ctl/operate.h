/* SPDX-License-Identifier: Apache-2.0 */
/*
 * switchover and step-down: show, ask, order, wait, say what happened; recover: order.
 */
#pragma once

#include "ctl/client.h"
#include "ctl/exit_code.h"
#include "ctl/options.h"

enum exit_code operate_run(struct client *c, const struct options *o);
enum exit_code operate_recover(struct client *c, const struct options *o);

/* "<what> <which>? [y/N]" on stderr; EXIT_DONE = go on.  With --yes nobody is asked; without a
 * terminal to ask on it refuses (EXIT_USAGE); "no" is EXIT_FAILED. */
enum exit_code operate_ask(const struct options *o, const char *what, const char *which);
