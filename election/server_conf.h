/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks a ZooKeeper server for its settings with the four letter word `conf` (DESIGN 5: tick_ms must
 * be the ensemble's; a client cannot learn it otherwise).  Non-blocking, one question at a time.
 * Many ensembles do not allow `conf`: then nothing is known, which is no error.
 *
 * Owner: whoever started it.  Threads: the owner's.  The owner polls server_conf_fd() for
 * server_conf_events() and then calls server_conf_dispatch().  Decides nothing.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/usec.h"

struct server_conf_answer {
	bool known;          /* the server told; else all below is 0 */
	usec_t tick;         /* tickTime */
	unsigned sync_limit; /* in ticks; 0 = a standalone server */
};

/* What a server says; pure.  `known` needs a tickTime in 1..3600000 ms. */
void server_conf_parse(const char *text, struct server_conf_answer *ret);

struct server_conf;

/* address: "ip:port" or "[v6]:port".  -EINVAL: not numeric; other errors of socket(2). */
int server_conf_start(const char *address, struct server_conf **ret);
void server_conf_free(struct server_conf *c);

int server_conf_fd(const struct server_conf *c);
short server_conf_events(const struct server_conf *c);

/* 1: finished, *ret is set (unknown when the server refused or went away); 0: go on waiting. */
int server_conf_dispatch(struct server_conf *c, struct server_conf_answer *ret);
