/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages to the guard (daemon/guard_link.h) and the page beside it (daemon/lease_page.h) from an
 * elector gone mad: the guard has to outlive it.  The first byte is the number of descriptors that
 * go with the message; the rest is the message, and the page.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "daemon/guard_link.h"
#include "daemon/lease_page.h"
#include "tests/fuzz/fuzz.h"

enum { MOST_FDS = 4 };

static void send_raw(int to, const uint8_t *data, size_t size, size_t n_fds)
{
	union {
		char bytes[CMSG_SPACE(MOST_FDS * sizeof(int))];
		struct cmsghdr header;
	} control = { .bytes = { 0 } };
	uint8_t copy[4096];
	struct iovec iov = { .iov_base = copy, .iov_len = size };
	struct msghdr header = { .msg_iov = &iov, .msg_iovlen = 1 };
	int fds[MOST_FDS];

	memcpy(copy, data, size);
	for (size_t i = 0; i < n_fds; i++)
		fds[i] = to;
	if (n_fds > 0) {
		control.header.cmsg_len = CMSG_LEN(n_fds * sizeof(int));
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		memcpy(CMSG_DATA(&control.header), fds, n_fds * sizeof(int));
		header.msg_control = &control;
		header.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
	}
	HOLDS(sendmsg(to, &header, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)size);
}

/* The lowest number that is free. */
static int next_fd(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	HOLDS(fd >= 0 && close(fd) == 0);
	return fd;
}

/* Nothing was opened from `fd` on, and left open. */
static void check_closed(int fd)
{
	for (int i = 0; i < 2 + MOST_FDS; i++)
		HOLDS(fcntl(fd + i, F_GETFD) < 0 && errno == EBADF);
}

static void receive(int from, const uint8_t *data, size_t size)
{
	struct guard_message m = { .type = 0 };
	int pidfd = -1, r = guard_link_receive(from, &m, &pidfd);

	HOLDS(r == 1 || r == -EPROTO || (r == -EPIPE && size == 0));
	if (r < 0) {
		HOLDS(pidfd == -1);
		return;
	}
	HOLDS(size == sizeof(m) && m.version == GUARD_LINK_VERSION);
	HOLDS(memcmp(&m, data, 8) == 0);
	if (m.type == GUARD_MESSAGE_STATUS)
		HOLDS(memchr(m.text, 0, sizeof(m.text)));
	if (m.type == GUARD_MESSAGE_START)
		HOLDS(memchr(m.start.leader_id, 0, sizeof(m.start.leader_id)));
	HOLDS(pidfd < 0 || fcntl(pidfd, F_GETFD) == FD_CLOEXEC);
	closep(&pidfd);
}

static void exchange(const uint8_t *data, size_t size, size_t n_fds)
{
	int ends[2], before = next_fd();

	HOLDS(guard_link_pair(ends) == 0);
	send_raw(ends[0], data, size, n_fds);
	receive(ends[1], data, size);
	HOLDS(close(ends[0]) == 0 && close(ends[1]) == 0);
	check_closed(before);
}

/* ---- the page */

static void check_page(struct lease_page *p)
{
	const usec_t now = usec_from_ms(5000);
	struct lease_page_lease l = lease_page_read(p);
	const struct epoch epoch = { l.epoch }, next = { l.epoch + 1 };
	bool leads = lease_page_leads(p, now);

	HOLDS(l.epoch <= LEASE_PAGE_EPOCH_MASK);
	HOLDS(!leads || (l.state == LEASE_PAGE_ARMED && l.deadline > now));
	(void)lease_page_heartbeat(p);
	(void)lease_page_claiming_since(p);
	/* A8: an armed page is never armed for another one. */
	if (lease_page_arm(p, next, usec_from_ms(9000), now) == 0)
		HOLDS(l.state != LEASE_PAGE_ARMED);
	else
		HOLDS(lease_page_extend(p, epoch, usec_from_ms(9000), now) == 0 ? leads : true);
	HOLDS(!lease_page_expire(p, now) || !leads);
	lease_page_end_any(p);
	HOLDS(!lease_page_leads(p, 0));
}

static void adopt(const uint8_t *data, size_t size)
{
	CLEANUP(closep) int fd = memfd_create("page", MFD_CLOEXEC);
	struct lease_page page = { .fd = -1 };

	HOLDS(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	if (lease_page_adopt(fd, &page) < 0)
		return;
	HOLDS(size == sizeof(struct lease_page_memory) && memcmp(data, "JMHAPG01", 8) == 0);
	check_page(&page);
	page.fd = -1; /* closed above */
	lease_page_close(&page);
}

static void run(const uint8_t *data, size_t size)
{
	if (size < 1 || size > 1024)
		return;
	exchange(data + 1, size - 1, data[0] % (MOST_FDS + 1));
	adopt(data + 1, size - 1);
}
FUZZ_TARGET(guard_link, run)
