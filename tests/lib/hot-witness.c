/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hot JobManager that only bears witness: it follows GET /v1/leadership, says each second what it
 * does, and while an epoch is granted to it appends lines as tests/lib/witness does,
 *
 *	epoch pid.epoch time-in-ms member
 *
 * The second field names the grant, not the process: the same process leads more than once.
 *
 *	hot-witness FILE [REVOKE-MS]     time from a revoke to its confirmation (0)
 *
 * SIGUSR1: from now on it goes on leading whatever it is asked (the daemon has to kill it).
 * SIGUSR2: it gives the epoch back by itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

enum { LINE_MS = 5, SAY_MS = 1000, RECONNECT_MS = 50, HALT = 70 };

static const char *member, *socket_path;
static int out_fd;
static long revoke_ms;

/* Shared with the thread that writes. */
static atomic_ulong leading; /* epoch, 0 = none */
static atomic_long heard_at; /* the stream's last byte */
static atomic_long halt_after;
static atomic_ulong writes; /* odd = a line is being written */

static unsigned long led; /* the last epoch */
static volatile sig_atomic_t stubborn, give_back;

static long now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void nap(long ms)
{
	const struct timespec pause = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	(void)nanosleep(&pause, NULL);
}

/* ---- the writer ---- */

static void write_line(unsigned long epoch)
{
	char line[256];
	int n = snprintf(line, sizeof(line), "%lu %ld.%lu %ld %s\n", epoch, (long)getpid(), epoch,
	                 now_ms(), member);

	if (n < 0 || (size_t)n >= sizeof(line) || write(out_fd, line, (size_t)n) != n)
		_exit(1);
}

static void *write_lines(void *nothing)
{
	for (;; nap(LINE_MS)) {
		unsigned long epoch;

		if (leading != 0 && now_ms() - heard_at > halt_after)
			_exit(HALT); /* paused, or the daemon is gone */
		writes++;
		epoch = leading;
		if (epoch != 0)
			write_line(epoch);
		writes++;
	}
	return nothing;
}

/* No line of the epoch is written after this returns. */
static void stop_leading(void)
{
	leading = 0;
	while (writes % 2 != 0)
		nap(0);
}

/* ---- HTTP ---- */

static int dial(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const struct timeval patience = { .tv_sec = 2 };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", socket_path);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (fd >= 0 && connect(fd, (const void *)&address, sizeof(address)) == 0)
		return fd;
	if (fd >= 0)
		(void)close(fd);
	return -1;
}

/* The HTTP status, 0 = no answer. */
static int say(const char *state, unsigned long epoch)
{
	char body[128], text[512], answer[512] = "";
	int fd = dial(), status = 0, n;

	if (fd < 0)
		return 0;
	n = snprintf(body, sizeof(body), "{\"epoch\":%lu,\"state\":\"%s\"}", epoch, state);
	n = snprintf(text, sizeof(text),
	             "PUT /v1/leadership HTTP/1.1\r\nHost: jmha\r\nConnection: close\r\n"
	             "Content-Length: %d\r\n\r\n%s",
	             n, body);
	if (send(fd, text, (size_t)n, MSG_NOSIGNAL) == n &&
	    recv(fd, answer, sizeof(answer) - 1, 0) > 0)
		(void)sscanf(answer, "HTTP/1.1 %d", &status);
	(void)close(fd);
	if (status == 412)
		_exit(HALT);
	return status;
}

static void say_now(void)
{
	unsigned long epoch = leading;

	(void)say(epoch != 0 ? "leading" : "waiting", epoch != 0 ? epoch : led);
}

/* ---- what it is told ---- */

static void lead(unsigned long epoch)
{
	if (epoch <= led)
		return; /* the same again */
	led = epoch;
	leading = epoch;
	say_now();
}

static void give_up(void)
{
	if (leading == 0 || stubborn)
		return;
	stop_leading();
	nap(revoke_ms);
	while (say("revoked", led) != 200)
		nap(RECONNECT_MS);
	say_now();
}

static void on_line(const char *line, size_t size)
{
	json_t *o = json_loadb(line, size, 0, NULL);
	const char *type = json_string_value(json_object_get(o, "type"));
	unsigned long epoch = (unsigned long)json_integer_value(json_object_get(o, "epoch"));

	if (type && strcmp(type, "state") == 0) {
		halt_after = (long)json_integer_value(json_object_get(o, "halt_after_ms"));
		if (json_is_true(json_object_get(o, "granted")))
			lead(epoch);
		else
			give_up();
	} else if (type && strcmp(type, "grant") == 0) {
		lead(epoch);
	} else if (type && strcmp(type, "revoke") == 0) {
		give_up();
	}
	json_decref(o);
}

/* Lines of JSON within chunks: what is no object is the chunks' business. */
static size_t take_lines(char *buf, size_t size)
{
	char *line = buf, *end;

	while ((end = memchr(line, '\n', size - (size_t)(line - buf)))) {
		if (line[0] == '{')
			on_line(line, (size_t)(end - line));
		line = end + 1;
	}
	size -= (size_t)(line - buf);
	memmove(buf, line, size);
	return size;
}

static void follow(int fd)
{
	static const char request[] = "GET /v1/leadership HTTP/1.1\r\nHost: jmha\r\n\r\n";
	char buf[65536];
	size_t used = 0;
	long said = now_ms();

	if (send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL) < 0)
		return;
	say_now();
	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		long left = said + SAY_MS - now_ms();
		ssize_t n;

		if (give_back) {
			give_back = 0;
			give_up();
		}
		if (left <= 0) {
			said = now_ms();
			say_now();
			continue;
		}
		if (poll(&p, 1, (int)left) <= 0)
			continue;
		n = recv(fd, buf + used, sizeof(buf) - used, 0);
		if (n <= 0 || used + (size_t)n == sizeof(buf))
			return;
		heard_at = now_ms();
		used = take_lines(buf, used + (size_t)n);
	}
}

static void on_signal(int sig)
{
	if (sig == SIGUSR1)
		stubborn = 1;
	else
		give_back = 1;
}

int main(int argc, char **argv)
{
	struct sigaction sa = { .sa_handler = on_signal };
	pthread_t writer;

	member = getenv("JMHA_MEMBER");
	socket_path = getenv("JMHA_SOCKET");
	if (argc < 2 || !member || !socket_path || getenv("JMHA_EPOCH")) {
		(void)fprintf(stderr, "usage: hot-witness FILE [REVOKE-MS], with JMHA_MEMBER and "
		                      "JMHA_SOCKET, without JMHA_EPOCH\n");
		return 2;
	}
	revoke_ms = argc > 2 ? strtol(argv[2], NULL, 10) : 0;
	halt_after = 3600000;
	heard_at = now_ms();
	out_fd = open(argv[1], O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
	if (out_fd < 0 || sigaction(SIGUSR1, &sa, NULL) < 0 || sigaction(SIGUSR2, &sa, NULL) < 0 ||
	    pthread_create(&writer, NULL, write_lines, NULL) != 0) {
		perror(argv[1]);
		return 1;
	}
	for (;; nap(RECONNECT_MS)) {
		int fd = dial();

		if (fd >= 0) {
			follow(fd);
			(void)close(fd);
		}
	}
}
