/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file that jmhactl writes: whole under its name or not at all, 0600, as values may be anything.
 * Until then it has a name of its own beside it, which is taken away again when writing fails and
 * when a signal ends the process; only kill -9 and the loss of the host leave it there.
 *
 * Owner: the caller; one at a time, as there is one set of signal handlers.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

struct output_file {
	const char *path; /* NULL: standard output */
	FILE *f;          /* once open */
	char *temporary;
};

/* 0, or a negative errno. */
int output_file_open(struct output_file *o);

/* Durable, and under its name.  replace: in place of what has that name, if it may; a symbolic link
 * is replaced, not followed.  0; -EEXIST, or another errno. */
int output_file_publish(struct output_file *o, bool replace);

void output_file_done(struct output_file *o);
