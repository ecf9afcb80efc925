/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server that does as it is told: answers each connection on a Unix socket, or on a port of the
 * loopback, with the next line of a script, and keeps what it was asked.  It is a process, as a
 * test forks while it runs: the child of a process with threads may find the locks of a sanitizer
 * held for ever.
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

enum { SCRIPT_MAX_CALLS = 16 };

/* What a connection gets; the request is read whole first.  NULL = close without a word. */
struct scripted_server {
	char dir[64], socket[96]; /* Unix; dir is "" with TCP */
	unsigned port;            /* TCP, on 127.0.0.1 */
	const char *const *script;
	size_t n_script;
	char *asked[SCRIPT_MAX_CALLS];    /* whole requests, until _done */
	size_t n_asked;                   /* how many; set by _finish */
	struct scripted_account *account; /* shared with the process */
	int fd;
	pid_t pid;
};

#define HTTP(status, body)                                                               \
	"HTTP/1.1 " status "\r\nContent-Type: application/json\r\nConnection: close\r\n" \
	"ETag: \"7\"\r\n\r\n" body
#define SILENCE       "" /* read the request and never answer, until the client goes away */
#define STALL         '\1'
#define STALLED(text) "\1" text /* answer with text, then say no more, until it goes away */

void scripted_server_start(struct scripted_server *s, const char *const *script, size_t n);

void scripted_server_start_tcp(struct scripted_server *s, const char *const *script, size_t n);

/* Waits until the script has been played; then nobody listens. */
void scripted_server_finish(struct scripted_server *s);

/* How many were asked so far. */
size_t scripted_server_asked(const struct scripted_server *s);

/* Finishes, and forgets what was asked. */
void scripted_server_done(struct scripted_server *s);
