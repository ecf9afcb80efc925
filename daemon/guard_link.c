/* SPDX-License-Identifier: Apache-2.0 */
/* One datagram per message, with at most one descriptor beside it. */
#include "daemon/guard_link.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"

/* CMSG_SPACE() of one descriptor has room for a second one: both would be received. */
union control { /* aligned for struct cmsghdr */
	char bytes[CMSG_SPACE(sizeof(int))];
	struct cmsghdr header;
};

int guard_link_pair(int ret_ends[2])
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ret_ends) < 0)
		return -errno;
	return 0;
}

int guard_link_send(int fd, const struct guard_message *message, int pidfd)
{
	struct guard_message copy = *message;
	struct iovec iov = { .iov_base = &copy, .iov_len = sizeof(copy) };
	union control control = { .bytes = { 0 } };
	struct msghdr header = { .msg_iov = &iov, .msg_iovlen = 1 };

	copy.version = GUARD_LINK_VERSION;
	if (pidfd >= 0) {
		control.header = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int)),
			                           .cmsg_level = SOL_SOCKET,
			                           .cmsg_type = SCM_RIGHTS };
		memcpy(CMSG_DATA(&control.header), &pidfd, sizeof(int));
		header.msg_control = &control;
		header.msg_controllen = sizeof(control.bytes);
	}
	if (sendmsg(fd, &header, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return errno == ECONNRESET ? -EPIPE : -errno;
	return 0;
}

/* -1: none.  -EPROTO: more than there may be, and none is kept open. */
static int passed_fd(struct msghdr *header)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(header);
	int fds[(CMSG_SPACE(sizeof(int)) - CMSG_LEN(0)) / sizeof(int)];
	size_t size;

	if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
		return -1;
	size = c->cmsg_len - CMSG_LEN(0);
	memcpy(fds, CMSG_DATA(c), size);
	if (size == sizeof(int))
		return fds[0];
	for (size_t i = 0; i < size / sizeof(int); i++)
		(void)close(fds[i]);
	return -EPROTO;
}

int guard_link_receive(int fd, struct guard_message *ret, int *ret_pidfd)
{
	struct guard_message m;
	struct iovec iov = { .iov_base = &m, .iov_len = sizeof(m) };
	union control control = { .bytes = { 0 } };
	struct msghdr header = { .msg_iov = &iov,
		                 .msg_iovlen = 1,
		                 .msg_control = &control,
		                 .msg_controllen = sizeof(control.bytes) };
	CLEANUP(closep) int passed = -1;
	ssize_t n;

	n = recvmsg(fd, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0
		       : errno == ECONNRESET             ? -EPIPE
		                                         : -errno;
	passed = passed_fd(&header);
	if (n == 0)
		return -EPIPE;
	if (passed == -EPROTO || n != sizeof(m) || header.msg_flags & (MSG_TRUNC | MSG_CTRUNC) ||
	    m.version != GUARD_LINK_VERSION)
		return -EPROTO;
	if (m.type == GUARD_MESSAGE_STATUS)
		m.text[sizeof(m.text) - 1] = '\0';
	if (m.type == GUARD_MESSAGE_START)
		m.start.leader_id[sizeof(m.start.leader_id) - 1] = '\0';
	*ret = m;
	*ret_pidfd = TAKE_FD(passed);
	return 1;
}

static int is_link(int fd)
{
	int type;
	socklen_t len = sizeof(type);

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) < 0 || type != SOCK_SEQPACKET)
		return -EBADF;
	return 0;
}

int guard_link_inherited(struct elector_fds *ret)
{
	struct elector_fds fds = { ELECTOR_FD_LINK, ELECTOR_FD_PAGE, ELECTOR_FD_LOCK,
		                   ELECTOR_FD_API_UNIX, ELECTOR_FD_API_TCP };

	if (is_link(ELECTOR_FD_LINK) < 0)
		return -EBADF;
	for (int fd = ELECTOR_FD_LINK; fd <= ELECTOR_FD_API_TCP; fd++) {
		if (fcntl(fd, F_SETFD, FD_CLOEXEC) == 0)
			continue;
		if (fd != ELECTOR_FD_API_TCP)
			return -EBADF;
		fds.api_tcp = -1;
	}
	*ret = fds;
	return 0;
}
