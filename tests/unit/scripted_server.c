/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/scripted_server.h"

#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { MOST = 256 * 1024 };

/* Touched by the server, read by the test. */
struct scripted_account {
	size_t n_asked;
	char asked[SCRIPT_MAX_CALLS][MOST];
};

/* Head and, by Content-Length, body. */
static void read_request(int fd, char text[static MOST])
{
	size_t len = 0, whole = SIZE_MAX;
	ssize_t n;

	while (len < whole && (n = read(fd, text + len, MOST - 1 - len)) > 0) {
		const char *end, *length;

		len += (size_t)n;
		end = strstr(text, "\r\n\r\n");
		if (!end)
			continue;
		length = strcasestr(text, "Content-Length: ");
		whole = (size_t)(end - text) + 4 +
		        (length ? (size_t)strtoul(length + 16, NULL, 10) : 0);
	}
}

static void say(int fd, const char *text)
{
	if (send(fd, text, strlen(text), MSG_NOSIGNAL) < 0)
		perror("send");
}

static void wait_for_leave(int fd)
{
	char byte;

	while (read(fd, &byte, 1) > 0)
		;
}

static void serve(const struct scripted_server *s)
{
	struct scripted_account *account = s->account;

	for (size_t i = 0; i < s->n_script; i++) {
		int fd = accept(s->fd, NULL, NULL);
		const char *answer = s->script[i];

		if (fd < 0)
			return;
		read_request(fd, account->asked[i]);
		__atomic_store_n(&account->n_asked, i + 1, __ATOMIC_RELEASE);
		if (answer)
			say(fd, *answer == STALL ? answer + 1 : answer);
		if (answer && (*answer == '\0' || *answer == STALL))
			wait_for_leave(fd);
		close(fd);
	}
}

static void serve_at(struct scripted_server *s, int family, const void *address, socklen_t size)
{
	s->fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(s->fd >= 0);
	assert_int_equal(bind(s->fd, address, size), 0);
	assert_int_equal(listen(s->fd, 8), 0);
	s->account = mmap(NULL, sizeof(*s->account), PROT_READ | PROT_WRITE,
	                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(s->account, MAP_FAILED);
	for (size_t i = 0; i < s->n_script; i++)
		s->asked[i] = s->account->asked[i];
	(void)fflush(NULL);
	s->pid = fork();
	assert_true(s->pid >= 0);
	if (s->pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		serve(s);
		_exit(0);
	}
}

void scripted_server_start(struct scripted_server *s, const char *const *script, size_t n)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };

	*s = (struct scripted_server){ .script = script, .n_script = n };
	assert_true(n <= SCRIPT_MAX_CALLS);
	strcpy(s->dir, "/tmp/jmha-ctl-XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	(void)snprintf(s->socket, sizeof(s->socket), "%s/api.sock", s->dir);
	strcpy(sun.sun_path, s->socket);
	serve_at(s, AF_UNIX, &sun, sizeof(sun));
}

void scripted_server_start_tcp(struct scripted_server *s, const char *const *script, size_t n)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
		                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(sin);

	*s = (struct scripted_server){ .script = script, .n_script = n };
	assert_true(n <= SCRIPT_MAX_CALLS);
	serve_at(s, AF_INET, &sin, size);
	assert_int_equal(getsockname(s->fd, (struct sockaddr *)&sin, &size), 0);
	s->port = ntohs(sin.sin_port);
}

void scripted_server_finish(struct scripted_server *s)
{
	if (s->fd < 0)
		return;
	/* What was not asked will not be: wake accept(). */
	(void)shutdown(s->fd, SHUT_RDWR);
	assert_int_equal(waitpid(s->pid, NULL, 0), s->pid);
	close(s->fd);
	s->fd = -1;
	s->n_asked = scripted_server_asked(s);
	if (!s->dir[0])
		return;
	(void)unlink(s->socket);
	(void)rmdir(s->dir);
}

size_t scripted_server_asked(const struct scripted_server *s)
{
	return __atomic_load_n(&s->account->n_asked, __ATOMIC_ACQUIRE);
}

void scripted_server_done(struct scripted_server *s)
{
	scripted_server_finish(s);
	(void)munmap(s->account, sizeof(*s->account));
}
