/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a program, beside it a process that answers HTTP as a file says:
 *
 *	with-http ADDRESS PORT FILE PROGRAM [ARGUMENT...]
 *
 * FILE holds the status to answer with, or "hang": take the request and say nothing.  Absent: 200.
 * The program is this very process; the one that answers dies with it, and is of its group.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

static int listen_at(const char *address, const char *port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
		                   .sin_port = htons((uint16_t)strtoul(port, NULL, 10)) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	if (fd < 0 || inet_pton(AF_INET, address, &sin.sin_addr) != 1 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
	    bind(fd, (const struct sockaddr *)&sin, sizeof(sin)) < 0 || listen(fd, 64) < 0) {
		perror(address);
		exit(1);
	}
	return fd;
}

static void read_word(const char *path, char *ret, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, ret, size - 1);

	ret[n > 0 ? n : 0] = '\0';
	ret[strcspn(ret, " \n")] = '\0';
	if (fd >= 0)
		(void)close(fd);
}

static void answer(int fd, const char *file)
{
	char request[4096], word[16], reply[128];
	int n;

	if (read(fd, request, sizeof(request)) <= 0) {
		(void)close(fd);
		return;
	}
	read_word(file, word, sizeof(word));
	if (strcmp(word, "hang") == 0)
		return; /* stays open, and silent */
	n = snprintf(reply, sizeof(reply),
	             "HTTP/1.1 %s Said\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}",
	             word[0] ? word : "200");
	(void)!write(fd, reply, (size_t)n);
	(void)close(fd);
}

int main(int argc, char **argv)
{
	int listening;

	if (argc < 5) {
		(void)fprintf(stderr, "usage: with-http ADDRESS PORT FILE PROGRAM [ARGUMENT...]\n");
		return 2;
	}
	listening = listen_at(argv[1], argv[2]);
	(void)signal(SIGPIPE, SIG_IGN);
	switch (fork()) {
	case -1:
		perror("fork");
		return 1;
	case 0:
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;) {
			int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);

			if (fd >= 0)
				answer(fd, argv[3]);
			else if (errno != EINTR && errno != ECONNABORTED)
				return 1;
		}
	default:
		(void)signal(SIGPIPE, SIG_DFL);
		(void)execv(argv[4], argv + 4);
		perror(argv[4]);
		return 1;
	}
}
