/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bad line between two network namespaces, packet by packet, for kernels without tc netem:
 * forwards what one side's TUN device sends to the other's.
 *
 *	ip-link DEVICE PID DEVICE PID FILE
 *
 * makes DEVICE in the network namespace of process PID, twice; addresses are up to the caller.
 * Prints "ready".  FILE holds six numbers, looked at again for each packet; no file = a good line:
 *
 *	loss% duplicate% late% late-ms mtu deaf
 *
 * lost, sent twice, sent late-ms later than others (so overtaken); larger than mtu bytes and lost
 * without a word (0 = none); deaf 1, 2 or 3: nothing goes to the first, the second, to either side.
 * Seeded by JMHA_TEST_SEED.  Root only.
 */
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MAX_PACKET = 65536, MAX_LATE = 512 };

struct line {
	unsigned loss, duplicate, late, late_ms, mtu, deaf;
};

struct packet {
	int64_t due; /* 0 = free */
	int to;
	size_t size;
	char *data;
};

static struct packet waiting[MAX_LATE];
static unsigned seed;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int64_t now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int open_device(const char *name, const char *pid)
{
	struct ifreq request = { .ifr_flags = IFF_TUN | IFF_NO_PI };
	char path[64];
	int ns, fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);

	(void)snprintf(path, sizeof(path), "/proc/%s/ns/net", pid);
	ns = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || ns < 0 || setns(ns, CLONE_NEWNET) < 0)
		die(fd < 0 ? "/dev/net/tun" : path);
	(void)close(ns);
	(void)close(fd); /* the device belongs to the namespace it was opened in */
	fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	(void)snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &request) < 0)
		die(name);
	return fd;
}

static struct line read_line(const char *path)
{
	struct line l = { 0 };
	FILE *f = fopen(path, "re");

	if (!f)
		return l;
	if (fscanf(f, "%u %u %u %u %u %u", &l.loss, &l.duplicate, &l.late, &l.late_ms, &l.mtu,
	           &l.deaf) != 6)
		l = (struct line){ 0 };
	(void)fclose(f);
	return l;
}

static bool dice(unsigned percent)
{
	return (unsigned)rand_r(&seed) % 100 < percent;
}

static void keep(int to, const char *data, size_t size, int64_t due)
{
	for (unsigned i = 0; i < MAX_LATE; i++) {
		struct packet *p = &waiting[i];

		if (p->due)
			continue;
		p->data = malloc(size);
		if (!p->data)
			abort();
		memcpy(p->data, data, size);
		p->to = to;
		p->size = size;
		p->due = due;
		return;
	}
}

/* A device that is full loses the packet, as any does. */
static void deliver(int to, const char *data, size_t size)
{
	(void)!write(to, data, size);
}

static void deliver_late(int64_t now)
{
	for (unsigned i = 0; i < MAX_LATE; i++) {
		struct packet *p = &waiting[i];

		if (!p->due || p->due > now)
			continue;
		deliver(p->to, p->data, p->size);
		free(p->data);
		p->due = 0;
	}
}

static void forward(const int fd[2], unsigned from, const char *path, int64_t now)
{
	static char data[MAX_PACKET];
	ssize_t n = read(fd[from], data, sizeof(data));
	struct line l = read_line(path);
	unsigned to = !from;

	if (n <= 0 || (l.deaf & (to + 1)) || (l.mtu && (size_t)n > l.mtu) || dice(l.loss))
		return;
	for (unsigned copies = dice(l.duplicate) ? 2 : 1; copies > 0; copies--) {
		if (dice(l.late))
			keep(fd[to], data, (size_t)n, now + l.late_ms);
		else
			deliver(fd[to], data, (size_t)n);
	}
}

int main(int argc, char *argv[])
{
	const char *text = getenv("JMHA_TEST_SEED");
	int fd[2];

	if (argc != 6) {
		(void)fprintf(stderr, "usage: ip-link DEVICE PID DEVICE PID FILE\n");
		return 2;
	}
	seed = text ? (unsigned)strtoul(text, NULL, 10) : 1;
	fd[0] = open_device(argv[1], argv[2]);
	fd[1] = open_device(argv[3], argv[4]);
	(void)puts("ready");
	(void)fflush(stdout);
	for (;;) {
		struct pollfd set[2] = { { fd[0], POLLIN, 0 }, { fd[1], POLLIN, 0 } };

		if (poll(set, 2, 2) < 0)
			return 1;
		for (unsigned i = 0; i < 2; i++)
			if (set[i].revents & POLLIN)
				forward(fd, i, argv[5], now_ms());
		deliver_late(now_ms());
	}
}
