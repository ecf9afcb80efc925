/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of the cluster's directory that are read and written as a whole: CLUSTER, probes, signs.
 *
 * Blocks.
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

/* Up to `size` bytes from the beginning: how many, or a negative errno. */
ssize_t small_file_read(int fd, char *ret, size_t size);

/* Made or overwritten, and durable.  Never waits for a pipe's reader, follows no link.  0 or a
 * negative errno; then a part of it may be there. */
int small_file_write(int dir_fd, const char *name, const void *bytes, size_t size);
