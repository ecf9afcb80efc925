/* SPDX-License-Identifier: Apache-2.0 */
#include "election/resolve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/cleanup.h"

struct server {
	char host[256];
	char port[6];
	bool literal;
};

/* What owner and thread share; the last of the two frees it. */
struct job {
	atomic_int refs;
	atomic_bool ended;
	int fd; /* owned by the job: an orphaned thread may still write to it */
	struct server server;
	unsigned n;
	struct ensemble_address address[ENSEMBLE_MAX];
};

/* One name hangs and the others do not: each has its own look-up. */
struct name {
	struct server server;
	struct job *job; /* running or ended, not yet taken; or NULL */
	unsigned n;      /* addresses, of the last look-up that knew any */
	struct ensemble_address *address;
};

struct resolve {
	int fd;
	unsigned n_names;
	struct name name[ENSEMBLE_MAX];
};

static bool is_literal(const char *host)
{
	struct in6_addr any;

	return inet_pton(AF_INET, host, &any) == 1 || inet_pton(AF_INET6, host, &any) == 1;
}

/* "host:port" or "[v6]:port". */
static int parse_server(const char *text, struct server *ret)
{
	struct server s = { .literal = false };
	const char *colon = strrchr(text, ':'), *host = text, *end;
	unsigned port = 0;

	if (colon == NULL)
		return -EINVAL;
	end = colon;
	if (*text == '[') {
		host = text + 1;
		end = colon - 1;
		if (end <= host || *end != ']')
			return -EINVAL;
	}
	if (end <= host || (size_t)(end - host) >= sizeof(s.host) || strlen(colon + 1) > 5)
		return -EINVAL;
	memcpy(s.host, host, (size_t)(end - host));
	for (const char *c = s.host; *c != '\0'; c++)
		if (strchr(" \t\r\n,/[]", *c) != NULL || (*c == ':' && *text != '['))
			return -EINVAL;
	for (const char *c = colon + 1; *c != '\0'; c++) {
		if (*c < '0' || *c > '9')
			return -EINVAL;
		port = port * 10 + (unsigned)(*c - '0');
	}
	if (port < 1 || port > 65535)
		return -EINVAL;
	(void)snprintf(s.port, sizeof(s.port), "%u", port & 0xffffu);
	s.literal = is_literal(s.host);
	if (*text == '[' && !s.literal)
		return -EINVAL;
	*ret = s;
	return 0;
}

bool resolve_valid_server(const char *server)
{
	struct server s;

	return parse_server(server, &s) == 0;
}

static void add(struct ensemble_address *list, unsigned *n, const char *host, const char *port)
{
	int r;

	if (*n >= ENSEMBLE_MAX)
		return;
	if (strchr(host, ':') != NULL)
		r = snprintf(list[*n].s, sizeof(list[*n].s), "[%s]:%s", host, port);
	else
		r = snprintf(list[*n].s, sizeof(list[*n].s), "%s:%s", host, port);
	if (r > 0 && (size_t)r < sizeof(list[*n].s))
		(*n)++;
}

static void job_unref(struct job *job)
{
	if (job == NULL || atomic_fetch_sub(&job->refs, 1) > 1)
		return;
	(void)close(job->fd);
	free(job);
}

static void look_up(struct job *job)
{
	const struct server *s = &job->server;
	const struct addrinfo hints = { .ai_family = AF_UNSPEC,
		                        .ai_socktype = SOCK_STREAM,
		                        .ai_flags = AI_ADDRCONFIG };
	struct addrinfo *list;

	if (getaddrinfo(s->host, s->port, &hints, &list) != 0)
		return; /* the others may do; the caller sees how many there are */
	for (const struct addrinfo *a = list; a != NULL; a = a->ai_next) {
		char host[INET6_ADDRSTRLEN];

		if (getnameinfo(a->ai_addr, a->ai_addrlen, host, sizeof(host), NULL, 0,
		                NI_NUMERICHOST) == 0)
			add(job->address, &job->n, host, s->port);
	}
	freeaddrinfo(list);
}

static void *run(void *arg)
{
	struct job *job = arg;
	uint64_t one = 1;

	look_up(job);
	atomic_store(&job->ended, true);
	(void)!write(job->fd, &one, sizeof(one)); /* cannot fail: one write per look-up */
	job_unref(job);
	return NULL;
}

int resolve_new(const char *const *servers, struct resolve **ret)
{
	CLEANUP(resolve_freep) struct resolve *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return -ENOMEM;
	r->fd = -1;
	for (; *servers != NULL; servers++) {
		if (r->n_names == ENSEMBLE_MAX ||
		    parse_server(*servers, &r->name[r->n_names].server) < 0)
			return -EINVAL;
		r->n_names++;
	}
	if (r->n_names == 0)
		return -EINVAL;
	r->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (r->fd < 0)
		return -errno;
	*ret = TAKE_PTR(r);
	return 0;
}

void resolve_free(struct resolve *r)
{
	if (r == NULL)
		return;
	for (unsigned i = 0; i < r->n_names; i++) {
		job_unref(r->name[i].job);
		free(r->name[i].address);
	}
	closep(&r->fd);
	free(r);
}

void resolve_freep(struct resolve **r)
{
	resolve_free(*r);
}

static int start_thread(struct job *job)
{
	sigset_t all, before;
	pthread_attr_t attr;
	pthread_t thread;
	int r;

	r = pthread_attr_init(&attr);
	if (r != 0)
		return -r;
	(void)pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	(void)pthread_attr_setstacksize(&attr, 256 * 1024);
	(void)sigfillset(&all); /* signals belong to the loop's thread */
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(&thread, &attr, run, job);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	(void)pthread_attr_destroy(&attr);
	return -r;
}

static int start(struct resolve *r, struct name *name)
{
	struct job *job = calloc(1, sizeof(*job));
	int error;

	if (job == NULL)
		return -ENOMEM;
	job->fd = fcntl(r->fd, F_DUPFD_CLOEXEC, 0);
	if (job->fd < 0) {
		error = -errno;
		free(job);
		return error;
	}
	atomic_init(&job->refs, 2);
	job->server = name->server;
	error = start_thread(job);
	if (error < 0) {
		atomic_store(&job->refs, 1);
		job_unref(job);
		return error;
	}
	name->job = job;
	return 0;
}

int resolve_start(struct resolve *r)
{
	int error = 0;

	for (unsigned i = 0; i < r->n_names; i++) {
		struct name *name = &r->name[i];
		int e = name->server.literal || name->job != NULL ? 0 : start(r, name);

		error = error < 0 ? error : e;
	}
	return error;
}

int resolve_fd(const struct resolve *r)
{
	return r->fd;
}

/* What one look-up has found; one that found nothing takes nothing away. */
static bool take(struct name *name)
{
	struct job *job = name->job;
	struct ensemble_address *copy;

	if (job == NULL || !atomic_load(&job->ended))
		return false;
	copy = job->n > 0 ? calloc(job->n, sizeof(*copy)) : NULL;
	if (copy != NULL) {
		memcpy(copy, job->address, job->n * sizeof(*copy));
		free(name->address);
		name->address = copy;
		name->n = job->n;
	}
	job_unref(job);
	name->job = NULL;
	return true;
}

static void add_name(struct ensemble_address *list, unsigned *n, const struct name *name)
{
	if (name->server.literal)
		add(list, n, name->server.host, name->server.port);
	for (unsigned i = 0; i < name->n && *n < ENSEMBLE_MAX; i++)
		list[(*n)++] = name->address[i];
}

int resolve_take(struct resolve *r, struct ensemble_address ret[ENSEMBLE_MAX])
{
	bool any = false;
	uint64_t count;
	unsigned n = 0;

	/* Emptied in any case: the thread may write after we have seen its result. */
	(void)!read(r->fd, &count, sizeof(count));
	for (unsigned i = 0; i < r->n_names; i++)
		any |= take(&r->name[i]);
	if (!any)
		return -EAGAIN;
	for (unsigned i = 0; i < r->n_names; i++)
		add_name(ret, &n, &r->name[i]);
	return (int)n;
}

int resolve_literals(const struct resolve *r, struct ensemble_address ret[ENSEMBLE_MAX])
{
	unsigned n = 0;

	for (unsigned i = 0; i < r->n_names; i++)
		if (r->name[i].server.literal)
			add(ret, &n, r->name[i].server.host, r->name[i].server.port);
	return (int)n;
}

bool resolve_all_literal(const struct resolve *r)
{
	for (unsigned i = 0; i < r->n_names; i++)
		if (!r->name[i].server.literal)
			return false;
	return true;
}
