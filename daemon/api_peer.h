/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is at the other end of a Unix socket, as the kernel saw it at connect(2), and whether that
 * user may write.  No name service is asked per request: groups come from the kernel, too.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

struct api_peer {
	uid_t uid;
	gid_t gid;
	pid_t pid;
};

struct api_admins {
	uid_t own; /* the daemon's user */
	bool has_group;
	gid_t group;
};

/* The daemon's user and the group of that name ("" or NULL = none).  -ENOENT: there is none.
 * May ask a name service: at start and at reload only. */
int api_admins_load(const char *group, struct api_admins *ret);

/* SO_PEERCRED.  Negative errno. */
int api_peer_get(int fd, struct api_peer *ret);

/* Root, the daemon's user, or a member of the admin group, be it a supplementary one. */
bool api_peer_may_write(int fd, const struct api_peer *peer, const struct api_admins *admins);

/* The decision alone: `groups` are the supplementary ones. */
bool api_peer_is_admin(const struct api_peer *peer, const gid_t *groups, size_t n,
                       const struct api_admins *admins);
