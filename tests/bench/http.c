/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/http.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"

enum { ANSWER_MAX = 64 * 1024 };

int http_connect(const char *socket_path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	CLEANUP(closep) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (strlen(socket_path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, socket_path, strlen(socket_path) + 1);
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	return TAKE_FD(fd);
}

int http_send(int fd, const char *method, const char *path, const void *body, size_t size)
{
	char head[512];
	struct iovec iov[2];
	struct msghdr message = { .msg_iov = iov, .msg_iovlen = 2 };
	ssize_t n;
	int length = snprintf(head, sizeof(head),
	                      "%s %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %zu\r\n\r\n",
	                      method, path, size);

	if (length < 0 || (size_t)length >= sizeof(head))
		return -EMSGSIZE;
	iov[0] = (struct iovec){ head, (size_t)length };
	iov[1] = (struct iovec){ (void *)(uintptr_t)body, size };
	n = sendmsg(fd, &message, MSG_NOSIGNAL);
	if (n < 0)
		return -errno;
	return (size_t)n == (size_t)length + size ? 0 : -EIO; /* small: whole or not at all */
}

size_t http_answer_size(const char *text, size_t size, int *ret_status)
{
	const char *end = memmem(text, size, "\r\n\r\n", 4);
	const char *length;
	size_t head, body = 0;

	if (!end)
		return 0;
	head = (size_t)(end - text) + 4;
	length = memmem(text, head, "\r\nContent-Length: ", 18);
	if (length)
		body = (size_t)strtoul(length + 18, NULL, 10);
	if (size < head + body)
		return 0;
	*ret_status = size > 12 ? (int)strtol(text + 9, NULL, 10) : 0;
	return head + body;
}

/* The whole answer into text; its status, and where its body is. */
static int receive(int fd, char *text, size_t most, const char **ret_body, size_t *ret_size)
{
	size_t size = 0, whole = 0;
	int status = 0;

	while (whole == 0) {
		ssize_t n = recv(fd, text + size, most - 1 - size, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -ECONNRESET;
		size += (size_t)n;
		text[size] = '\0';
		whole = http_answer_size(text, size, &status);
	}
	*ret_body = strstr(text, "\r\n\r\n") + 4;
	*ret_size = whole - (size_t)(*ret_body - text);
	return status;
}

int http_receive(int fd, json_t **ret_json)
{
	CLEANUP(freep) char *text = malloc(ANSWER_MAX);
	const char *body;
	size_t size;
	int status;

	if (!text)
		return -ENOMEM;
	status = receive(fd, text, ANSWER_MAX, &body, &size);
	if (status >= 0 && ret_json)
		*ret_json = json_loadb(body, size, 0, NULL);
	return status;
}

int http_get_text(const char *socket_path, const char *path, char *ret, size_t size)
{
	CLEANUP(closep) int fd = http_connect(socket_path);
	int r = fd < 0 ? fd : http_send(fd, "GET", path, "", 0);
	const char *body;
	size_t n;

	if (r >= 0)
		r = receive(fd, ret, size, &body, &n);
	if (r >= 0)
		memmove(ret, body, n + 1);
	return r;
}

int http_get(const char *socket_path, const char *path, json_t **ret_json)
{
	CLEANUP(closep) int fd = http_connect(socket_path);
	int r = fd < 0 ? fd : http_send(fd, "GET", path, "", 0);

	return r < 0 ? r : http_receive(fd, ret_json);
}
