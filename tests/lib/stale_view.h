/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a client of a network file system goes by: attributes, absent names and listings as it saw
 * them a while ago.  Any thread.
 */
#pragma once

#include <sys/stat.h>

/* Attributes of path below dir_fd, as seen up to ms ago.  0, or a negative errno. */
int stale_view_stat(int dir_fd, const char *path, long ms, struct stat *ret);

/* The names in it, each with its end, and an empty one: as seen up to ms ago.  To be freed; NULL
 * and errno. */
char *stale_view_list(int dir_fd, const char *path, long ms);

/* Both are looked at anew the next time: an own change, or an opening. */
void stale_view_forget(const char *path);
