/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `jmhactl init`: asks for what the command line did not say, checks it as jmhad does, and writes
 * the files of init_files.  Talks to no daemon.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "ctl/exit_code.h"
#include "ctl/options.h"

/* `in`: where answers come from; NULL = ask nobody. */
enum exit_code init_run(const struct options *o, FILE *in);
