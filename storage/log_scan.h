/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One log file by itself: which records it holds, where they end, what of it is damaged.  What of
 * it is committed, and which file comes before it, is for others to know (storage/inspect.h).
 *
 * Blocks.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/log_position.h"
#include "storage/reading.h"
#include "storage/record.h"

struct log_scan {
	uint64_t size;                    /* of the file */
	enum record_error header_error;   /* RECORD_OK: there is a header: */
	struct record_file_header header; /* any cluster's, any kind */
	uint64_t n_records, first, last;  /* valid ones, their sequences; 0 = none */
	uint64_t committed;               /* the highest that a valid record names (A11) */
	struct log_position end;          /* behind the last one; with a header only */
	bool torn;                        /* behind `end` lie bytes that are no record */
};

/*
 * Reads <epoch>-<segment>.log.  `known`: a sequence known as committed.  Where bytes are no record,
 * and the file itself or `known` says that what stood there was committed, that is damage: it is
 * added to in->report and read over (B6).  Else the log ends there.
 *
 * 0; -ENOENT: gone; -EBADMSG: could not be read, and in->report says why; -ENOMEM.
 */
int log_scan(struct reading *in, uint64_t epoch, uint64_t segment, uint64_t known,
             struct log_scan *ret);
