/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A network cable for tests and demo: listens on each LISTEN address and forwards to its TARGET.
 *
 *	tcp-link [-c FIFO] LISTEN=TARGET...      addresses are "ip:port"
 *
 * SIGUSR1 cuts the cable: nothing moves in either direction, connections stay open, new ones are
 * accepted by the kernel and never answered - what a host sees whose switch has died.  SIGUSR2
 * plugs it in again; what was on its way goes on.  TCP_LINK_DELAY_MS=N in the environment: whatever
 * passes waits so long in each direction, as over a long or busy way.  Prints "ready" when it
 * listens.
 *
 * With -c it makes FIFO and takes commands there, one a line: "SERIAL VERB LINK WAY [N]".  LINK is
 * the number of a LISTEN=TARGET, from 1, or "all"; WAY is "up" (to the target), "down" or "both".
 * Each is answered with its SERIAL on a line of standard output; an unknown one ends the program.
 *
 *	cut       what is sent this way waits, as under SIGUSR1
 *	swallow   what is sent this way is lost, and nobody is told
 *	delay N   it arrives N milliseconds later
 *	limit N   N bytes a second
 *	heal      none of these any more
 *	refuse    connections, old and new, are reset, until heal (WAY does not matter)
 *	reset     connections are reset once
 *	half      the target's side of each connection is gone, the other one is not told
 */
#include "tests/lib/queue.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_LINKS = 16, MAX_PAIRS = 512 };
enum { UP, DOWN }; /* from fd[0], the client, to fd[1], the target; and back */

struct link {
	int fd;
	struct sockaddr_in target;
	struct way way[2];
	bool refuse;
};

struct pair {
	int fd[2]; /* client, server; both -1 = free; the server alone = half open */
	struct link *link;
	struct queue queue[2];
	bool ended[2]; /* nothing more comes from fd[n] */
};

static struct link links[MAX_LINKS];
static struct pair pairs[MAX_PAIRS];
static unsigned n_links;
static struct way whole; /* how a link is that nobody has disturbed */
static int control = -1;
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

/* ---- start */

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

static void usage(void)
{
	(void)fprintf(stderr, "usage: tcp-link [-c FIFO] LISTEN=TARGET...\n");
	exit(2);
}

static void add_link(char *argument)
{
	struct sockaddr_in at;
	struct link *l = &links[n_links];
	char *equals = strchr(argument, '=');
	int one = 1;

	l->way[UP] = l->way[DOWN] = whole;
	if (!equals || n_links == MAX_LINKS)
		usage();
	*equals = '\0';
	if (!parse(argument, &at) || !parse(equals + 1, &l->target))
		usage();
	l->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->fd < 0 || setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
	    bind(l->fd, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(l->fd, 64) < 0)
		die(argument);
	n_links++;
}

/* ---- connections */

static void drop(struct pair *p, bool reset)
{
	struct linger now = { .l_onoff = 1, .l_linger = 0 };

	for (unsigned side = 0; side < 2; side++) {
		if (p->fd[side] >= 0 && reset)
			(void)setsockopt(p->fd[side], SOL_SOCKET, SO_LINGER, &now, sizeof(now));
		if (p->fd[side] >= 0)
			(void)close(p->fd[side]);
		queue_clear(&p->queue[side]);
	}
	*p = (struct pair){ .fd = { -1, -1 } };
}

static struct pair *free_pair(void)
{
	for (unsigned i = 0; i < MAX_PAIRS; i++)
		if (pairs[i].fd[0] < 0)
			return &pairs[i];
	return NULL;
}

static void take(struct link *l)
{
	int client = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC);
	int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct pair *p = free_pair(), pair = { { client, server }, .link = l };
	int one = 1;

	/* Else Nagle's algorithm adds 40 ms to what passes. */
	(void)setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	(void)setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (client < 0 || server < 0 || !p || l->refuse ||
	    connect(server, (const struct sockaddr *)&l->target, sizeof(l->target)) < 0) {
		drop(&pair, l->refuse);
		return;
	}
	(void)fcntl(client, F_SETFL, O_NONBLOCK);
	(void)fcntl(server, F_SETFL, O_NONBLOCK);
	*p = pair;
}

static void read_side(struct pair *p, unsigned way, int64_t now)
{
	char buffer[QUEUE_CHUNK];
	ssize_t n = read(p->fd[way], buffer, sizeof(buffer));

	if (n > 0 && !p->link->way[way].swallow)
		queue_add(&p->queue[way], &p->link->way[way], buffer, (size_t)n, now);
	else if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		p->ended[way] = true;
}

static void write_side(struct pair *p, unsigned way, int64_t now)
{
	if (!queue_send(&p->queue[way], p->fd[!way], now))
		p->ended[way] = true, queue_clear(&p->queue[way]);
}

/* ---- commands */

static void disturb(struct link *l, const char *verb, unsigned way, long n)
{
	struct way *w = &l->way[way];

	if (!strcmp(verb, "cut"))
		w->cut = true;
	else if (!strcmp(verb, "swallow"))
		w->swallow = true;
	else if (!strcmp(verb, "delay"))
		w->delay_ms = n;
	else if (!strcmp(verb, "limit"))
		w->rate = n;
	else if (!strcmp(verb, "heal"))
		*w = whole, l->refuse = false;
	else if (!strcmp(verb, "refuse"))
		l->refuse = true;
	else if (strcmp(verb, "reset") != 0 && strcmp(verb, "half") != 0)
		usage();
}

/* What happens at once to connections that are open. */
static void disturb_pairs(struct link *l, const char *verb)
{
	for (unsigned i = 0; i < MAX_PAIRS; i++) {
		struct pair *p = &pairs[i];

		if (p->fd[0] < 0 || p->link != l)
			continue;
		if (!strcmp(verb, "reset") || !strcmp(verb, "refuse")) {
			drop(p, true);
		} else if (!strcmp(verb, "half") && p->fd[1] >= 0) {
			(void)close(p->fd[1]);
			p->fd[1] = -1;
		}
	}
}

static void obey(const char *line)
{
	char serial[32], verb[16], which[16], way[16];
	long n = 0;
	int fields = sscanf(line, "%31s %15s %15s %15s %ld", serial, verb, which, way, &n);
	unsigned one = fields >= 4 ? (unsigned)strtoul(which, NULL, 10) : 0;
	bool up = fields >= 4 && strcmp(way, "down") != 0;
	bool down = fields >= 4 && strcmp(way, "up") != 0;

	if (fields < 4 || (one == 0 && strcmp(which, "all") != 0) || one > n_links)
		usage();
	for (unsigned i = 0; i < n_links; i++) {
		if (one != 0 && one != i + 1)
			continue;
		if (up)
			disturb(&links[i], verb, UP, n);
		if (down)
			disturb(&links[i], verb, DOWN, n);
		disturb_pairs(&links[i], verb);
	}
	(void)puts(serial);
	(void)fflush(stdout);
}

/* Commands are short and come in one write: no line is cut in two. */
static void take_commands(void)
{
	char buffer[4096], *line, *rest = NULL;
	ssize_t n = read(control, buffer, sizeof(buffer) - 1);

	buffer[n > 0 ? n : 0] = '\0';
	for (line = strtok_r(buffer, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		obey(line);
}

/* ---- the loop */

/* What is not waited for has fd -1: poll would tell of its end again and again. */
static struct pollfd want(int fd, short events)
{
	return (struct pollfd){ .fd = events ? fd : -1, .events = events };
}

static nfds_t wanted(struct pollfd *set, int64_t now, int64_t *wake)
{
	nfds_t n = 0;

	set[n++] = want(control, POLLIN);
	for (unsigned i = 0; i < n_links; i++)
		set[n++] = want(links[i].fd, cut || links[i].way[UP].cut ? 0 : POLLIN);
	for (unsigned i = 0; i < MAX_PAIRS; i++)
		for (unsigned way = 0; way < 2; way++) {
			struct pair *p = &pairs[i];
			bool still = p->fd[0] < 0 || p->fd[1] < 0 || cut || p->link->way[way].cut;
			bool reads = !still && !p->ended[way] && queue_has_room(&p->queue[way]);
			bool writes = !still && queue_is_due(&p->queue[way], now, wake);

			set[n++] = want(p->fd[way], reads ? POLLIN : 0);
			set[n++] = want(p->fd[!way], writes ? POLLOUT : 0);
		}
	return n;
}

static void turn(const sigset_t *mask)
{
	static struct pollfd set[1 + MAX_LINKS + 4 * MAX_PAIRS];
	int64_t now = queue_now(), wake = now + 1000;
	nfds_t n = wanted(set, now, &wake), at = 1;
	struct timespec pause = { .tv_sec = (wake - now) / 1000,
		                  .tv_nsec = (wake - now) % 1000 * 1000000 };

	if (ppoll(set, n, &pause, mask) < 0)
		return;
	now = queue_now();
	if (set[0].revents)
		take_commands();
	for (unsigned i = 0; i < MAX_PAIRS; i++) {
		struct pair *p = &pairs[i];

		at = 1 + n_links + 4 * i;
		for (unsigned way = 0; way < 2; way++, at += 2) {
			if (set[at].revents && p->fd[way] >= 0)
				read_side(p, way, now);
			if ((set[at].revents || set[at + 1].revents) && p->fd[!way] >= 0)
				write_side(p, way, now);
			if (p->fd[1] >= 0 && p->ended[way] && queue_is_empty(&p->queue[way]))
				drop(p, false);
		}
	}
	for (unsigned i = 0; i < n_links; i++)
		if (set[1 + i].revents)
			take(&links[i]);
}

static void listen_to(const char *path)
{
	if (mkfifo(path, 0600) < 0 && errno != EEXIST)
		die(path);
	control = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (control < 0)
		die(path);
}

int main(int argc, char *argv[])
{
	struct sigaction action = { .sa_handler = on_signal };
	const char *delay = getenv("TCP_LINK_DELAY_MS");
	sigset_t both, none;
	int option;

	if (delay)
		whole.delay_ms = strtol(delay, NULL, 10);

	for (unsigned i = 0; i < MAX_PAIRS; i++)
		pairs[i].fd[0] = pairs[i].fd[1] = -1;
	while ((option = getopt(argc, argv, "c:")) != -1) {
		if (option != 'c')
			usage();
		listen_to(optarg);
	}
	if (optind == argc)
		usage();
	for (int i = optind; i < argc; i++)
		add_link(argv[i]);
	(void)sigemptyset(&both);
	(void)sigaddset(&both, SIGUSR1);
	(void)sigaddset(&both, SIGUSR2);
	(void)sigprocmask(SIG_BLOCK, &both, &none);
	if (sigaction(SIGUSR1, &action, NULL) < 0 || sigaction(SIGUSR2, &action, NULL) < 0)
		die("sigaction");
	(void)puts("ready");
	(void)fflush(stdout);
	for (;;)
		turn(&none);
}
