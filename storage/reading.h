/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One file of the store at a time, read through a window: opened anew by way of its directory for
 * each reading (PROTOCOL B5, C5), never held in memory as a whole.
 *
 * Storage threads only; blocks.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/usec.h"
#include "storage/report.h"

enum { READING_NAME_SIZE = 64 };

struct reading {
	/* the caller's */
	const char *path;      /* of the cluster's directory */
	const char *dir;       /* below it: "log", "snapshot" */
	bool again;            /* a reading after the first: past the cache (B5) */
	atomic_uint *progress; /* raised with each block read; may be NULL */
	struct report *report; /* told of what fails */
	uint64_t limit;        /* what may be read into the window; set after reading_open() */
	uint64_t size;         /* of the file */
	/* private */
	char name[READING_NAME_SIZE];
	uint64_t wanted; /* bytes at least; for how long it is waited for them */
	usec_t retry_usec;
	int dir_fd, fd; /* -EBADF: none */
	uint8_t *window;
	uint64_t window_at;
	size_t window_size;
};

/* -ENOMEM.  reading_done() frees what it holds. */
int reading_init(struct reading *r);
void reading_done(struct reading *r);

/*
 * Opens a file that holds at least `size` bytes; waits up to retry_usec for it.  -ENOENT: absent or
 * short, which is left to the caller to judge; -EBADMSG: failed, and reported.
 */
int reading_open(struct reading *r, const char *name, uint64_t size, usec_t retry_usec);
void reading_close(struct reading *r);

/* What storage/reading opens, and CLUSTER: never waits for who may write to a pipe, and follows no
 * link.  A descriptor; -EINVAL: something else than a file has that name; or another errno. */
int reading_open_file(int dir_fd, const char *name);

/* What is there from `at` (below limit) on: at least a whole record, or up to the limit.  Valid
 * until the next call.  -EBADMSG: reported. */
int reading_look(struct reading *r, uint64_t at, const uint8_t **ret, size_t *ret_size);

/* Reports <path>/<dir>/<name>: what.  -EBADMSG, always. */
int reading_fail(struct reading *r, enum store_state state, int error, const char *what);
int reading_fail_errno(struct reading *r, int error, const char *what);
