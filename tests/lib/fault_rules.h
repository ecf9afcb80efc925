/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which requests to a file system are to fail, and how: rules in a file that is looked at again
 * before each request, so that they begin and end when it is replaced (by a rename) or removed.
 * The requests that met one are written to FILE.met, "OP HOW PATH" a line.
 *
 * A rule is a line "OP HOW GLOB [FIRST [LAST]]".  The first that fits a request decides; of a rule
 * with numbers those of the requests that it fits, counted from 1 since the file was replaced.
 *
 *	OP     read write fsync open create rename link unlink mkdir readdir getattr statfs, or any
 *	HOW    EIO, ENOSPC ..   the request fails and nothing is done
 *	       short            read, write: of a few bytes less than asked for
 *	       half             write: half of it, then EIO
 *	       drop             write: said to be done, and not: a cache that is never written back
 *	       flip             read: one bit of what is read is wrong
 *	       hang             waits until no rule says so any more
 *	       stale:MS         getattr, readdir: answered with what was seen here up to MS before;
 *	                        opening a file looks at it anew, as a mount of NFS does
 *	       nocto:MS         the same, and opening does not help
 *	GLOB   of the path below the mount point; * goes over slashes
 *
 * Any thread.
 */
#pragma once

enum fault_how {
	FAULT_NONE,
	FAULT_ERROR,
	FAULT_SHORT,
	FAULT_HALF,
	FAULT_DROP,
	FAULT_FLIP,
	FAULT_HANG,
	FAULT_STALE,
	FAULT_NOCTO,
};

struct fault {
	enum fault_how how;
	int error; /* FAULT_ERROR: negative errno */
	long ms;   /* FAULT_STALE, FAULT_NOCTO */
};

/* Once, before any other; file from / on.  -EINVAL, -ENAMETOOLONG. */
int fault_rules_init(const char *file);

/* What is to happen to this request now.  Never FAULT_HANG: that is over when this returns. */
struct fault fault_rules_ask(const char *op, const char *path);
