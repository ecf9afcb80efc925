/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads znodes one after the other, for a program that has nothing else to do: waits for each
 * answer, and connects again within its time.  Writes nothing.
 *
 * Owner: the caller.  Threads: one, the caller's; election/session may use one to look names up.
 */
#pragma once

#include "base/usec.h"
#include "migrate/flink_tree.h"

struct zk_reader;

struct zk_reader_config {
	const char *servers; /* "host:port,host:port" */
	const char *path;    /* absolute, not "/" alone: what the other servers' writes are
	                      * waited for with */
	const char *auth;    /* "user:password" or NULL */
	usec_t timeout;      /* of connecting, and of each answer */
};

/* Connected when it returns 0.  -EINVAL: a server, the path or the credentials have no such form;
 * -ETIMEDOUT: none of the servers answered; -EKEYREJECTED: they refuse the credentials;
 * -EOWNERDEAD: that is no ZooKeeper. */
int zk_reader_open(const struct zk_reader_config *config, struct zk_reader **ret);
struct zk_reader *zk_reader_close(struct zk_reader *z); /* takes NULL; returns NULL */

static inline void zk_reader_closep(struct zk_reader **z)
{
	*z = zk_reader_close(*z);
}

/* Borrowed from `z`.  -EACCES: the node may not be read with these credentials. */
struct znode_reader zk_reader_get(struct zk_reader *z);
