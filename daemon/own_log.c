/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/own_log.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"

bool own_log_due(const struct own_log *l, usec_t now)
{
	return now >= l->look_at;
}

void own_log_asked(struct own_log *l, usec_t now)
{
	l->look_at = now + OWN_LOG_LOOK_EVERY;
}

/* Of no file is known that it was touched.  A pipe or a link in place of a file is none of that: it
 * stays. */
static bool cannot_be_read(enum store_state state, int error)
{
	return state == STORE_FAILED && error != -EINVAL;
}

/* Told once, however often it is seen. */
static bool is_news(char told[STORE_TEXT_SIZE], const char *text)
{
	bool news = strcmp(told, text) != 0;

	(void)text_format(told, STORE_TEXT_SIZE, "%s", text);
	return news;
}

static bool worth_a_snapshot(struct own_log *l, usec_t now)
{
	if (now < l->pause_until)
		return false;
	if (now - l->pause_until > OWN_LOG_PAUSE_AT_MOST)
		l->pause = 0; /* that was another time */
	l->pause = l->pause > 0 ? 2 * l->pause : OWN_LOG_LOOK_EVERY;
	if (l->pause > OWN_LOG_PAUSE_AT_MOST)
		l->pause = OWN_LOG_PAUSE_AT_MOST;
	l->pause_until = now + l->pause;
	return true;
}

struct own_log_verdict own_log_looked(struct own_log *l, enum store_state state, int error,
                                      const char *text, usec_t now)
{
	struct own_log_verdict v = { .news = OWN_LOG_NO_NEWS };

	if (cannot_be_read(state, error)) {
		v.news = is_news(l->unreadable, text) ? OWN_LOG_UNREADABLE : OWN_LOG_NO_NEWS;
		v.want_snapshot = worth_a_snapshot(l, now);
		return v;
	}
	l->unreadable[0] = '\0';
	if (state == STORE_OK)
		return v;
	v.news = is_news(l->touched, text) ? OWN_LOG_TOUCHED : OWN_LOG_NO_NEWS;
	v.want_snapshot = true;
	return v;
}

void own_log_found_touched(struct own_log *l, const char *text)
{
	(void)is_news(l->touched, text);
}

const char *own_log_error(const struct own_log *l)
{
	if (l->unreadable[0])
		return l->unreadable;
	return l->touched[0] ? l->touched : NULL;
}
