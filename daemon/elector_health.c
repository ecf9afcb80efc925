/* SPDX-License-Identifier: Apache-2.0 */
/* Asks the JobManager's health.url in time, says what changes, and tells the core when it hangs. */
#include "daemon/elector_private.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "daemon/clock.h"
#include "daemon/health_probe.h"
#include "daemon/log.h"

enum { URL_SIZE = 256 };

static struct health_rule rule_of(const struct config *c)
{
	return (struct health_rule){ c->health.interval_usec, c->ready_usec, c->health.failures };
}

/* Whom there is to ask. */
static struct health_subject subject_of(const struct elector *e)
{
	const struct core *c = &e->core;
	struct health_subject s = { .role = HEALTH_NOBODY, .process = e->process };

	if (!e->config->health.url)
		return s;
	s.epoch = core_granted(c);
	if (s.epoch.v != 0)
		s.role = HEALTH_LEADER;
	else if (c->process && c->waiting && !c->ended && !c->jobmanager)
		s.role = HEALTH_STANDBY;
	return s;
}

/* ---- what came of it ---- */

static void tell(struct elector *e, enum health_news news)
{
	const struct health *h = &e->health;
	unsigned most = e->config->health.failures;
	char url[URL_SIZE];

	health_show_url(e->config->health.url, url, sizeof(url));
	switch (news) {
	case HEALTH_NO_NEWS:
		break;
	case HEALTH_FAILS:
		log_warning("health", "JobManager does not answer %s: %s (%u of %u)", url, h->last,
		            h->failures, most);
		break;
	case HEALTH_ANSWERS_AGAIN:
		log_notice("health", "JobManager answers %s again: %s", url, h->last);
		break;
	case HEALTH_HANGS:
		log_error("health",
		          "JobManager does not answer %s: %s (%u of %u): it hangs and is killed",
		          url, h->last, most, most);
		break;
	case HEALTH_CANNOT_BE_ASKED:
		log_error("health",
		          "%s (jobmanager.health.url) cannot be asked: %s; as long as that is so, "
		          "a JobManager that hangs is not noticed",
		          url, h->last);
		break;
	}
}

static int on_answer(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct elector *e = userdata;
	struct health_rule rule = rule_of(e->config);
	struct health_subject subject = subject_of(e);
	struct health_answer answer;
	usec_t now = clock_boottime();
	enum health_news news;

	(void)source;
	(void)fd;
	(void)revents;
	if (!health_probe_take(e->probe, &answer))
		return 0;
	health_look(&e->health, &subject, now); /* no answer counts for who came after */
	news = health_answered(&e->health, &rule, &answer, now);
	tell(e, news);
	if (news == HEALTH_HANGS)
		elector_feed_type(e, CORE_EV_UNHEALTHY);
	return 0;
}

/* ---- asking ---- */

static int ready_to_ask(struct elector *e)
{
	int r;

	if (!e->probe) {
		r = health_probe_new(&e->probe);
		if (r < 0)
			return r;
	}
	if (e->probe_io)
		return 0;
	r = sd_event_add_io(e->event, &e->probe_io, health_probe_fd(e->probe), EPOLLIN, on_answer,
	                    e);
	if (r >= 0)
		(void)sd_event_source_set_description(e->probe_io, "health-answer");
	return r;
}

void elector_health_ask(struct elector *e)
{
	struct health_rule rule = rule_of(e->config);
	usec_t now = clock_boottime();
	int r;

	if (health_next(&e->health, &rule) > now)
		return;
	health_asked(&e->health, &rule, now);
	r = ready_to_ask(e);
	if (r >= 0)
		r = health_probe_ask(e->probe, e->config->health.url,
		                     e->config->health.timeout_usec);
	if (r < 0) {
		struct health_answer none = { .unasked = true };

		(void)snprintf(none.text, sizeof(none.text), "%s", strerror(-r));
		tell(e, health_answered(&e->health, &rule, &none, now));
	}
}

usec_t elector_health_look(struct elector *e)
{
	struct health_rule rule = rule_of(e->config);
	struct health_subject subject = subject_of(e);

	health_look(&e->health, &subject, clock_boottime());
	return health_next(&e->health, &rule);
}

void elector_health_reload(struct elector *e, const struct config *old)
{
	const char *was = old->health.url ? old->health.url : "";
	const char *is = e->config->health.url ? e->config->health.url : "";

	if (strcmp(was, is) != 0)
		health_forget(&e->health, clock_boottime());
}

void elector_health_done(struct elector *e)
{
	e->probe_io = sd_event_source_disable_unref(e->probe_io);
	e->probe = health_probe_free(e->probe);
}
