/* SPDX-License-Identifier: Apache-2.0 */
/* The ZooKeeper client, turned by hand.  Whatever cannot go on ends the program.  Threads: none. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <zookeeper/zookeeper.h>

zhandle_t *zk_open(const char *servers); /* connected */

/* Sends and receives; waits up to 100 ms for something to do. */
void zk_turn(zhandle_t *zh);

/* Until it is true, at most 10 s. */
void zk_until(zhandle_t *zh, const bool *done);

/* Makes these nodes, with that many bytes each, many at a time; those that are there may stay. */
void zk_make(zhandle_t *zh, unsigned n, void (*path_of)(unsigned i, char *ret, size_t size),
             size_t bytes);

struct zk_stat {
	int version;
	double size;
};
void zk_stat(zhandle_t *zh, const char *path, struct zk_stat *ret);
