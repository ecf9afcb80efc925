/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files by the names that Flink gives them in checkpoints, and at its REST API: "file:/a/b",
 * "s3://bucket/a".  Such a name is no URI to be decoded: "%20" stands for itself.
 *
 * Looks at this host alone, and opens nothing.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { STATE_FILE_SCHEME_SIZE = 24 };

/* "s3" of "s3://bucket/a", cut when it is very long; false: the name has none. */
bool state_file_scheme(const char *name, char ret[STATE_FILE_SCHEME_SIZE]);

/* "/a/b" of "file:/a/b", "file:///a/b" and "file://localhost/a/b": within `name`.  NULL: another
 * scheme or another host. */
const char *state_file_local(const char *name);

enum state_file_state {
	STATE_FILE_THERE,
	STATE_FILE_MISSING, /* not there, or no regular file */
	STATE_FILE_SHORT,   /* there, with fewer bytes than it has to have */
	STATE_FILE_NOT_LOOKED_AT,
	STATE_FILE_N_STATES_
};

/* A path of this host.  ret_has: bytes of one that is there, or short.  NOT_LOOKED_AT: *ret_error
 * is the errno of stat(). */
enum state_file_state state_file_look(const char *path, int64_t bytes, int64_t *ret_has,
                                      int *ret_error);

/* A word for scripts: "there", "missing", "short", "not-looked-at". */
const char *state_file_code(enum state_file_state state);
