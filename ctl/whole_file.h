/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file read into memory, whole or not at all.  Nothing but a regular file of at most so many
 * bytes, so that none can hang, fill the memory, or end the process when it is cut short.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

enum { WHOLE_FILE_ERROR_SIZE = 1024 };

/* For messages that end at `reterr`; returns r. */
int whole_file_fail(char reterr[WHOLE_FILE_ERROR_SIZE], int r, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/* A descriptor, also of what is no regular file, or a negative errno.  Does not wait for anybody.
 */
int whole_file_open(const char *path, struct stat *ret);

/* What whole_file_open() gave; closes nothing.  0, or a negative errno and `reterr` says what is
 * wrong with `path`.  On success *ret is to be freed. */
int whole_file_read(int fd, const struct stat *st, const char *path, int64_t most, void **ret,
                    size_t *ret_size, char reterr[WHOLE_FILE_ERROR_SIZE]);
