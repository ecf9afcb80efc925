/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/api_peer.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"

int api_admins_load(const char *group, struct api_admins *ret)
{
	struct api_admins a = { .own = geteuid() };
	const struct group *g;

	if (group && group[0] != '\0') {
		errno = 0;
		g = getgrnam(group);
		if (!g)
			return errno > 0 && errno != ESRCH ? -errno : -ENOENT;
		a.has_group = true;
		a.group = g->gr_gid;
	}
	*ret = a;
	return 0;
}

int api_peer_get(int fd, struct api_peer *ret)
{
	struct ucred cred;
	socklen_t size = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &size) < 0)
		return -errno;
	if (size != sizeof(cred) || cred.uid == (uid_t)-1)
		return -ENODATA; /* not a Unix socket */
	*ret = (struct api_peer){ cred.uid, cred.gid, cred.pid };
	return 0;
}

bool api_peer_is_admin(const struct api_peer *peer, const gid_t *groups, size_t n,
                       const struct api_admins *admins)
{
	if (peer->uid == 0 || peer->uid == admins->own)
		return true;
	if (!admins->has_group)
		return false;
	if (peer->gid == admins->group)
		return true;
	for (size_t i = 0; i < n; i++)
		if (groups[i] == admins->group)
			return true;
	return false;
}

bool api_peer_may_write(int fd, const struct api_peer *peer, const struct api_admins *admins)
{
	CLEANUP(freep) gid_t *groups = NULL;
	socklen_t size = 0;

	if (api_peer_is_admin(peer, NULL, 0, admins))
		return true;
	if (!admins->has_group)
		return false;
	/* The first call tells the size: -ERANGE with it. */
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &size) == 0 || errno != ERANGE)
		return false;
	groups = malloc(size);
	if (!groups || getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) < 0)
		return false;
	return api_peer_is_admin(peer, groups, size / sizeof(gid_t), admins);
}
