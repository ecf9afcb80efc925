/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ZooKeeper's result codes as errno and as one of three outcomes.  One table, so that no adapter
 * invents its own reading.  No I/O, no state.
 */
#pragma once

enum zk_outcome {
	ZK_DONE,     /* applied */
	ZK_NOT_DONE, /* certainly not applied, and never will be */
	ZK_UNKNOWN,  /* may or may not be applied, perhaps later */
};

/* What the code of an answer, or of a request that lost its connection, says.  A code that is not
 * known is ZK_UNKNOWN, -EIO: the lease goes on until its deadline, nothing is assumed. */
enum zk_outcome zk_error_outcome(int code);

/*
 * 0 for ZOK, else a negative errno.  Those that callers act upon:
 *   -ENOENT no such node     -EEXIST node exists        -ESTALE version differs
 *   -ENOTEMPTY has children  -EACCES no right to it     -EKEYREJECTED credentials refused
 *   -EOWNERDEAD session expired  -ECONNRESET connection lost  -ETIMEDOUT no answer
 */
int zk_error_errno(int code);

/* "node exists"; never NULL. */
const char *zk_error_text(int code);
