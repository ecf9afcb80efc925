/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/release.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "daemon/clock.h"
#include "daemon/config.h"
#include "daemon/guard_start.h"
#include "daemon/jobmanager.h"
#include "daemon/log.h"
#include "daemon/session_file.h"
#include "election/handover.h"
#include "election/lease.h"
#include "election/session.h"

static const usec_t whole_time = 10 * USEC_PER_SEC; /* A12 */
static const usec_t lock_time = 2 * USEC_PER_SEC;
static const usec_t proof_time = 2 * USEC_PER_SEC;

struct release {
	const struct config *config;
	struct session_file file;
	struct handover_config handover_config;
	struct session *session;
	struct handover *handover;
	usec_t begin;
	bool connected, start; /* `start`: a handover is to begin */
	bool ended;            /* proven, or failed for good */
	int error;
	char message[256];
};

static void end(struct release *r, int error, const char *message)
{
	r->ended = true;
	r->error = error;
	(void)snprintf(r->message, sizeof(r->message), "%s", message);
}

/* ---- ZooKeeper */

static void on_event(void *userdata, const struct session_event *event)
{
	struct release *r = userdata;

	switch (event->type) {
	case SESSION_CONNECTED:
		r->connected = r->start = true;
		break;
	case SESSION_DISCONNECTED:
		r->connected = false;
		break;
	case SESSION_EXPIRED:
		end(r, -EOWNERDEAD, "ZooKeeper ended the session of --release");
		break;
	case SESSION_AUTH_FAILED:
		end(r, -EKEYREJECTED, "ZooKeeper refuses the credentials in zookeeper.auth_file");
		break;
	}
}

static void on_handover(void *userdata, int error, const char *message)
{
	struct release *r = userdata;

	handover_free(r->handover);
	r->handover = NULL;
	if (error != -ENOTCONN)
		end(r, error, message);
	else
		r->start = r->connected; /* else with the next CONNECTED */
}

static int open_session(struct release *r, const char *auth)
{
	struct lease_params params;
	struct session_config config = {
		.servers = (const char *const *)r->config->servers,
		.auth = auth,
		.timeout = r->config->session_usec,
		.on_event = on_event,
		.userdata = r,
	};
	char base[256];
	int error;

	error = text_format(base, sizeof(base), "%s/%s", r->config->root, r->config->cluster);
	if (error < 0)
		return error;
	config_lease_params(r->config, &params);
	config.base = base;
	config.answer_timeout = lease_answer_timeout(&params);
	r->handover_config.servers = config.servers;
	r->handover_config.auth = auth;
	r->handover_config.answer_timeout = config.answer_timeout;
	return session_new(&config, &r->session);
}

static void turn(struct release *r, usec_t deadline)
{
	struct session *s[2] = { r->session, NULL };
	struct pollfd p[2];
	usec_t due = deadline, now;
	nfds_t n = 1;

	if (r->handover != NULL && handover_second(r->handover) != NULL)
		s[n++] = handover_second(r->handover);
	for (nfds_t i = 0; i < n; i++) {
		p[i] = (struct pollfd){ .fd = session_fd(s[i]), .events = session_events(s[i]) };
		if (session_timeout(s[i]) < due)
			due = session_timeout(s[i]);
	}
	now = clock_boottime();
	(void)poll(p, n, due > now ? (int)usec_to_ms(due - now + USEC_PER_MSEC - 1) : 0);
	/* The second may end, and be freed, in its dispatch; the first lives on. */
	if (n > 1)
		session_dispatch(s[1]);
	session_dispatch(r->session);
}

static void hand_over(struct release *r, usec_t deadline)
{
	int error;

	while (!r->ended && clock_boottime() < deadline) {
		turn(r, deadline);
		if (!r->start || r->ended || r->handover != NULL)
			continue;
		r->start = false;
		error = handover_start(r->session, &r->handover_config, on_handover, r,
		                       &r->handover);
		if (error < 0 && error != -ENOTCONN)
			end(r, error, strerror(-error));
	}
	if (!r->ended)
		end(r, -ETIMEDOUT,
		    r->connected ? "ZooKeeper did not answer within 10 s"
		                 : "no ZooKeeper server could be reached within 10 s");
}

/* ---- what comes before */

/* The lock is free when guard and electors are dead (C4); a killed guard's elector dies with it,
 * but a moment later. */
static int take_lock(const struct config *config, int inherited, int *ret_fd)
{
	const struct timespec pause = { .tv_nsec = 2 * 1000 * 1000 };
	usec_t deadline = clock_boottime() + lock_time;
	int r;

	if (inherited >= 0) {
		*ret_fd = inherited;
		return 0;
	}
	for (;;) {
		r = guard_try_lock(config->runtime_dir, ret_fd);
		if (r != -EBUSY || clock_boottime() >= deadline)
			return r;
		(void)nanosleep(&pause, NULL);
	}
}

static int read_file(struct release *r)
{
	struct session_file_error error;
	struct handover_config *h = &r->handover_config;
	const struct session_file *file = &r->file;
	uint8_t id[8];
	uint64_t number = 0;
	int e;

	e = session_file_load(r->config->runtime_dir, &r->file, &error);
	if (e < 0) {
		(void)snprintf(r->message, sizeof(r->message), "%.255s", error.text);
		return e;
	}
	if (text_unhex(file->session, id, sizeof(id)) < 0 ||
	    text_unhex(file->password, h->old.password, sizeof(h->old.password)) < 0 ||
	    !nonce_parse(file->nonce, &h->nonce) ||
	    (file->latch[0] != '\0' && !latch_name_parse(file->latch, &h->latch))) {
		(void)snprintf(r->message, sizeof(r->message), "the session file is damaged");
		return -EBADMSG;
	}
	for (unsigned i = 0; i < sizeof(id); i++)
		number = number << 8 | id[i];
	h->old.id = (int64_t)number;
	h->old_timeout = usec_from_ms(file->session_ms);
	h->member = r->config->member;
	h->cause = CAUSE_DAEMON_DIED;
	return 0;
}

/* A12: without this proof nothing is released. */
static int prove_death(const struct release *r)
{
	struct jobmanager_error error;
	int e;

	e = jobmanager_reap_recorded(r->config->runtime_dir, clock_boottime() + proof_time, &error);
	if (e < 0)
		log_error("release", "%s; not released: the session expires by itself after %u ms",
		          error.text, r->file.session_ms);
	return e;
}

static int run(struct release *r, const char *auth)
{
	int e;

	/* Connecting takes a moment: it goes on while the dead are being looked for. */
	e = open_session(r, auth);
	if (e < 0)
		return log_error_errno(e, "release", "Cannot open a ZooKeeper session: %m");
	session_dispatch(r->session);
	e = prove_death(r);
	if (e < 0)
		return e;
	hand_over(r, r->begin + whole_time);
	if (r->error < 0) {
		log_error("release",
		          "not proven: %s; if the latch is still there, others lead when its "
		          "session has expired by itself, after %u ms",
		          r->message, r->file.session_ms);
		return r->error;
	}
	log_notice("release", "released member=%s cause=%s took_us=%llu: %s", r->config->member,
	           cause_code(r->handover_config.cause),
	           (unsigned long long)(clock_boottime() - r->begin), r->message);
	e = session_file_remove(r->config->runtime_dir);
	if (e < 0)
		(void)log_warning_errno(e, "release", "Cannot remove the session file in %s: %m",
		                        r->config->runtime_dir);
	return 0;
}

static int release_under_lock(struct release *r)
{
	CLEANUP(config_secret_freep) char *auth = NULL;
	struct config_error error;
	int e;

	e = read_file(r);
	if (e == -ENOENT) { /* clean stop, or never started */
		(void)prove_death(r);
		log_info("release", "nothing to release: no session file in %s",
		         r->config->runtime_dir);
		return 0;
	}
	if (e < 0) {
		log_error("release", "%s; not released: the session expires by itself", r->message);
		return e;
	}
	if (r->config->auth_file != NULL &&
	    config_read_auth(r->config->auth_file, &auth, &error) < 0) {
		log_error("release", "%s; not released: the session expires by itself", error.text);
		return -EACCES;
	}
	e = run(r, auth);
	handover_free(r->handover);
	session_close(r->session, true);
	return e;
}

int release_run(const struct config *config, int lock_fd)
{
	struct release r = { .config = config, .begin = clock_boottime() };
	CLEANUP(closep) int fd = -EBADF;
	int e;

	e = take_lock(config, lock_fd, &fd);
	if (e == -ENOENT) /* no runtime directory: nothing ever ran here */
		return 0;
	if (e < 0) {
		(void)log_error_errno(e, "release",
		                      "Cannot lock %s/lock, nothing was done: %s (%m)",
		                      config->runtime_dir,
		                      e == -EBUSY ? "a jmhad runs here, and hands over itself"
		                                  : "not released, the session expires by itself");
		return 1;
	}
	e = release_under_lock(&r);
	explicit_bzero(&r, sizeof(r));
	return e < 0 ? 1 : 0;
}
