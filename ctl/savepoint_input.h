/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A checkpoint or savepoint read from a path of this host: the bytes of its `_metadata` file in
 * memory, and what they say (readiness/savepoint.h).
 *
 * The file is read, not mapped, so that one that is cut short meanwhile is an error and no signal.
 * Owner: the caller.  Threads: none.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "ctl/exit_code.h"
#include "ctl/whole_file.h"
#include "readiness/savepoint.h"

/* A real one has some KiB; with a million files of state some 100 MiB. */
#define SAVEPOINT_INPUT_MOST (INT64_C(1) << 30)

struct savepoint_input {
	char *path;      /* of the file */
	char *directory; /* that holds it: what names are relative to */
	void *bytes;
	size_t size;
	struct savepoint savepoint; /* points into the bytes */
};

/*
 * where: a `_metadata` file, whatever its name, the directory that holds one, or either of them as
 * Flink names it ("file:/checkpoints/.../chk-7").
 *
 * 0; -EPROTONOSUPPORT: a file elsewhere, as "s3://.."; -EBADMSG: it is no `_metadata` file, or it
 * is damaged; else an errno.  Then `reterr` says what is wrong, with which file, and what to do;
 * ret is to be done in any case.
 */
int savepoint_input_open(const char *where, struct savepoint_input *ret,
                         char reterr[WHOLE_FILE_ERROR_SIZE]);
/* The same for a verb: says on standard error what is wrong, and with which code to end. */
enum exit_code savepoint_input_take(const char *where, struct savepoint_input *ret);
void savepoint_input_done(struct savepoint_input *in);
