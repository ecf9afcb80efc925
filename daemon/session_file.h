/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file `session` in the runtime directory: what a restarted elector needs to go on with a
 * session, and `--release` to end it (PROTOCOL C4, section 5).  Lines `name value`, mode 0600,
 * replaced as a whole by rename.
 *
 * Session id and password are secrets (D14): they are nowhere but in this struct and this file, and
 * no error text repeats what a line says.
 *
 * Owner: the caller.  Threads: one at a time.  Blocks for a local file system's time.
 */
#pragma once

#include <stdint.h>

struct session_file {
	char session[16 + 1];  /* hex, lower case */
	char password[32 + 1]; /* hex, lower case: 16 bytes */
	uint32_t session_ms;   /* T as negotiated; a re-attach asks for this one (A7) */
	char nonce[16 + 1];
	char latch[63 + 1]; /* name of the own latch, "" = not known: it is found by its nonce */
	uint64_t epoch;     /* last claimed here, or 0 */
};

struct session_file_error {
	char text[320]; /* names the file and says what to do */
};

/* 0; -ENOENT: there is none (reterr is filled in all the same); -EBADMSG: damaged or of a newer
 * version; any other errno: cannot be read. */
int session_file_load(const char *runtime_dir, struct session_file *ret,
                      struct session_file_error *reterr);

/* Replaces the file.  On an error the old one is still whole.  -EINVAL: a field that load would
 * refuse. */
int session_file_save(const char *runtime_dir, const struct session_file *file);

/* A7: a smaller T was negotiated; as save.  With a larger one nothing is done: the session's end
 * may still be moved by the smaller. */
int session_file_shorten(const char *runtime_dir, struct session_file *file, uint32_t session_ms);

/* 0 also when there is none. */
int session_file_remove(const char *runtime_dir);
