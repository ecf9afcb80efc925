/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file system that a path of this host lies on, by the table of mounts: which kind, and how it
 * is mounted.  By the path as it is written: links are not followed.
 *
 * Threads: none of its own.  Keeps nothing.
 */
#pragma once

#include <stdbool.h>

#define MOUNT_TABLE "/proc/self/mounts"

enum { MOUNT_TYPE_SIZE = 32 };

enum mount_kind {
	MOUNT_NOT_KNOWN, /* a type that may be either: FUSE, say */
	MOUNT_LOCAL,     /* other hosts see another one at that path */
	MOUNT_SHARED,    /* made for several hosts */
};

/* `ret_type`: "ext4"; "" when it could not be found. */
enum mount_kind mount_kind(const char *table, const char *path, char ret_type[MOUNT_TYPE_SIZE]);

bool mount_has_option(const char *table, const char *path, const char *option);
