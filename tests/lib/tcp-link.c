/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A network cable for tests and demo: listens on each LISTEN address and forwards to its TARGET.
 *
 *	tcp-link LISTEN=TARGET...      addresses are "ip:port"
 *
 * SIGUSR1 cuts the cable: nothing moves in either direction, connections stay open, new ones are
 * accepted by the kernel and never answered - what a host sees whose switch has died.  SIGUSR2
 * plugs it in again; what was on its way goes on.  TCP_LINK_DELAY_MS=N in the environment: whatever
 * passes waits so long in each direction, as over a long or busy way.  Prints "ready" when it
 * listens.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MAX_LINKS = 16, MAX_PAIRS = 256, BUFFER = 65536 };

struct link {
	int fd;
	struct sockaddr_in target;
};

struct pair {
	int fd[2]; /* client, server; -1 = free */
};

static struct link links[MAX_LINKS];
static struct pair pairs[MAX_PAIRS];
static unsigned n_links;
static struct timespec delay;
static volatile sig_atomic_t cut;

static void on_signal(int number)
{
	cut = number == SIGUSR1;
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static bool parse(char *text, struct sockaddr_in *ret)
{
	char *colon = strrchr(text, ':');
	char *end;
	long port;

	if (!colon)
		return false;
	*colon = '\0';
	port = strtol(colon + 1, &end, 10);
	*ret = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	return *end == '\0' && port > 0 && port < 65536 &&
	       inet_pton(AF_INET, text, &ret->sin_addr) == 1;
}

static void add_link(char *argument)
{
	struct sockaddr_in at;
	struct link *l = &links[n_links++];
	char *equals = strchr(argument, '=');
	int one = 1;

	if (!equals)
		goto bad;
	*equals = '\0';
	if (!parse(argument, &at) || !parse(equals + 1, &l->target))
		goto bad;
	l->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (l->fd < 0 || setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
	    bind(l->fd, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(l->fd, 64) < 0)
		die(argument);
	return;
bad:
	(void)fprintf(stderr, "usage: tcp-link LISTEN=TARGET...\n");
	exit(2);
}

static void drop(struct pair *p)
{
	(void)close(p->fd[0]);
	(void)close(p->fd[1]);
	p->fd[0] = p->fd[1] = -1;
}

static void take(const struct link *l)
{
	int client = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC);
	int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int one = 1;

	/* Else Nagle's algorithm adds 40 ms to what passes. */
	(void)setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	(void)setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	for (unsigned i = 0; client >= 0 && server >= 0 && i < MAX_PAIRS; i++) {
		if (pairs[i].fd[0] >= 0)
			continue;
		if (connect(server, (const struct sockaddr *)&l->target, sizeof(l->target)) < 0)
			break;
		pairs[i] = (struct pair){ { client, server } };
		return;
	}
	(void)close(client);
	(void)close(server);
}

static void move_bytes(struct pair *p, unsigned from)
{
	char buffer[BUFFER];
	ssize_t n = read(p->fd[from], buffer, sizeof(buffer)), at = 0;

	(void)nanosleep(&delay, NULL);
	while (at < n) {
		ssize_t w = send(p->fd[!from], buffer + at, (size_t)(n - at), MSG_NOSIGNAL);

		if (w < 0 && errno != EINTR)
			break;
		at += w > 0 ? w : 0;
	}
	if (n <= 0 || at < n)
		drop(p);
}

static void turn(void)
{
	struct pollfd set[MAX_LINKS + 2 * MAX_PAIRS];
	nfds_t n = 0;

	for (unsigned i = 0; i < n_links; i++)
		set[n++] = (struct pollfd){ .fd = links[i].fd, .events = POLLIN };
	for (unsigned i = 0; i < MAX_PAIRS; i++)
		for (unsigned side = 0; side < 2; side++)
			set[n++] = (struct pollfd){ .fd = pairs[i].fd[side], .events = POLLIN };
	if (poll(set, n, -1) < 0 || cut)
		return;
	for (unsigned i = 0; i < n_links; i++)
		if (set[i].revents)
			take(&links[i]);
	for (unsigned i = 0; i < 2 * MAX_PAIRS; i++)
		if (set[n_links + i].revents && pairs[i / 2].fd[0] >= 0)
			move_bytes(&pairs[i / 2], i % 2);
}

int main(int argc, char *argv[])
{
	struct sigaction action = { .sa_handler = on_signal };
	sigset_t both, none;
	const char *ms = getenv("TCP_LINK_DELAY_MS");

	delay.tv_nsec = (ms ? strtol(ms, NULL, 10) : 0) % 1000 * 1000000;
	if (argc < 2 || argc > MAX_LINKS)
		add_link(argv[0]);
	for (unsigned i = 0; i < MAX_PAIRS; i++)
		pairs[i].fd[0] = pairs[i].fd[1] = -1;
	for (int i = 1; i < argc; i++)
		add_link(argv[i]);
	(void)sigemptyset(&both);
	(void)sigaddset(&both, SIGUSR1);
	(void)sigaddset(&both, SIGUSR2);
	(void)sigprocmask(SIG_BLOCK, &both, &none);
	if (sigaction(SIGUSR1, &action, NULL) < 0 || sigaction(SIGUSR2, &action, NULL) < 0)
		die("sigaction");
	(void)puts("ready");
	(void)fflush(stdout);
	for (;;) {
		while (cut)
			(void)sigsuspend(&none); /* USR2 ends this */
		(void)sigprocmask(SIG_UNBLOCK, &both, NULL);
		turn();
		(void)sigprocmask(SIG_BLOCK, &both, NULL);
	}
}
