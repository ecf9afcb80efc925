/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole store looked at from outside, without a daemon and without its register: which files
 * there are, what is wrong with them, and where the log ends when nothing but the files can tell
 * (PROTOCOL A11, B6, D11).  What is committed up to a known position is read by storage/follower.h
 * as ever.
 *
 * Opens for reading only, writes nothing, and may run beside a daemon: a file that is cleaned away
 * meanwhile is left out, one that grows ends where it ended.
 *
 * Owner: the caller.  Threads: none; blocks.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log_position.h"
#include "storage/cluster_file.h"
#include "storage/follower.h"
#include "storage/log_scan.h"
#include "storage/record.h"
#include "storage/report.h"

enum inspected_state {
	INSPECTED_OK,
	INSPECTED_UNUSED,  /* begun, and its writer came no further: holds nothing */
	INSPECTED_TORN,    /* ends with bytes that are no record: an append that was not finished */
	INSPECTED_DAMAGED, /* see damage, or text */
	INSPECTED_FOREIGN, /* of another cluster, or nothing of ours */
	INSPECTED_MISNAMED, /* holds another file than its name says: a copy */
	INSPECTED_VERSION,  /* of a later jmha */
	INSPECTED_FAILED,   /* could not be read */
	INSPECTED_N_STATES_
};

/* One word for it, stable: scripts may rely on it. */
const char *inspected_state_code(enum inspected_state state);

struct inspected_file {
	enum record_file_kind kind; /* by its folder */
	char *name;                 /* below log/ or snapshot/ */
	bool named;                 /* its name is one of ours: */
	uint64_t epoch, number;     /* segment, or a snapshot's sequence */
	enum inspected_state state;
	char text[STORE_TEXT_SIZE]; /* unless OK: what is wrong */
	/* Of a snapshot: size, header_error, header, and as its end the position that it is of. */
	struct log_scan scan;
};

struct inspect_request {
	const char *path; /* of the cluster's directory */
	/* Called after each file, with bytes; may be NULL. */
	void (*on_progress)(void *userdata, uint64_t done, uint64_t all);
	void *userdata;
};

struct inspection {
	struct cluster_file cluster;
	struct inspected_file *file; /* logs, then snapshots; each oldest first */
	size_t n_files;
	uint64_t bytes;
	struct report report;   /* all damage of all files; a state that is not OK: of the
	                         * directory, and nothing else is of use */
	int64_t written_ms;     /* when a log file of ours was last written to, by its times; for
	                         * people.  0 = none */
	uint64_t highest_epoch; /* in any name or header of a log or snapshot; 0 = none */
};

/* Fills ret always.  0, or -ENOMEM. */
int inspect_store(const struct inspect_request *request, struct inspection *ret);
void inspection_done(struct inspection *inspection);

/* A log file whose records are part of the log, or might be. */
bool inspected_usable(const struct inspected_file *f);

/* 1: a log file was made, is gone, or has another length since; 0: none; else a negative errno.
 * Somebody writes to the store, whatever ZooKeeper says of that. */
int inspect_changed(const struct inspect_request *request, const struct inspection *inspection);

/* ---- where the log ends, by the files alone (D11) */

/*
 * What the files of the epochs from `epoch` on know as committed: the highest sequence that one of
 * their headers, records or snapshots names.
 */
uint64_t inspection_committed(const struct inspection *inspection, uint64_t epoch);

struct inspected_end {
	bool found;
	struct log_position at;
	/* A sequence.  Below that of `at`: what lies between may never have been acknowledged.
	 * Above: acknowledged changes are missing. */
	uint64_t known_committed;
	bool passed_over; /* a later file could not be used, and what it held is not known */
	char passed_over_why[STORE_TEXT_SIZE];
	struct log_snapshot snapshot; /* what a register should name; epoch 0: none */
	struct follower_result read;  /* the pointers at `at`, when found */
};

/*
 * Finds the newest end to which all can be read.  In a store without any log file that was used it
 * is the beginning: found, and all zeros.  Not found: the reason is in read.report.  0, or -ENOMEM.
 */
int inspect_find_end(const struct inspect_request *request, const struct inspection *inspection,
                     struct inspected_end *ret);
void inspected_end_done(struct inspected_end *end);

/* ---- what a snapshot tells by itself */

/* The newest whole one, or the newest whole one of that sequence (0: any).  NULL: none.  An epoch's
 * are newer than those of any before it: sequences begin again at a lower one where a loss was
 * accepted. */
const struct inspected_file *inspection_snapshot(const struct inspection *inspection,
                                                 uint64_t sequence);

/* The pointers in it.  0; -EBADMSG and -EIO: ret_report says why not; -ENOMEM. */
int inspect_read_snapshot(const struct inspect_request *request, const struct inspected_file *file,
                          struct report *ret_report, struct pointer_map **ret);

/* What a follower has read from nothing is a delta, which remembers deletions: makes it the
 * pointers that there are.  Done for inspect_find_end(). -ENOMEM. */
int inspect_settle(struct follower_result *read);
