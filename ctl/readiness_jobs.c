/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/readiness_jobs.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

enum match { MATCH_NONE, MATCH_PREFIX, MATCH_WHOLE };

static enum match match_text(const char *text, const char *wanted)
{
	size_t n = strlen(wanted);

	if (strncmp(text, wanted, n) != 0)
		return MATCH_NONE;
	return text[n] == '\0' ? MATCH_WHOLE : MATCH_PREFIX;
}

static enum match match(const struct job_entry *e, const char *wanted)
{
	enum match by_name = e->name ? match_text(e->name, wanted) : MATCH_NONE, by_id;
	char hex[2 * JOB_ID_SIZE + 1];

	text_hex(e->id, JOB_ID_SIZE, hex);
	by_id = match_text(hex, wanted);
	return by_id > by_name ? by_id : by_name;
}

/* Also while it restarts: that is when somebody looks. */
static bool runs(const struct job_entry *e)
{
	static const char *const ended[] = { "FINISHED", "FAILED", "CANCELED", "SUSPENDED" };

	for (size_t i = 0; e->state && i < N_ELEMENTS(ended); i++)
		if (strcmp(e->state, ended[i]) == 0)
			return false;
	return true;
}

/* How well it fits: a whole name is better than its beginning, one that runs better than one that
 * has ended.  0: not at all. */
static unsigned fit(const struct job_entry *e, const char *wanted)
{
	enum match m = wanted ? match(e, wanted) : MATCH_WHOLE;

	if (m == MATCH_NONE || (!wanted && !runs(e)))
		return 0;
	return 2 * (unsigned)m + runs(e);
}

enum exit_code readiness_jobs_choose(struct job_list *l, const char *name, size_t *ret_n,
                                     char reterr[READINESS_JOBS_ERROR_SIZE])
{
	unsigned best = 0;
	size_t n = 0;
	char a[2 * JOB_ID_SIZE + 1], b[2 * JOB_ID_SIZE + 1];

	*ret_n = 0;
	for (size_t i = 0; i < l->n; i++)
		if (fit(&l->item[i], name) > best)
			best = fit(&l->item[i], name);
	for (size_t i = 0; best > 0 && i < l->n; i++) {
		struct job_entry one = l->item[i];

		if (fit(&one, name) != best)
			continue;
		l->item[i] = l->item[n];
		l->item[n++] = one;
	}
	if (name && n == 0) {
		(void)snprintf(reterr, READINESS_JOBS_ERROR_SIZE,
		               "there is no job %.100s: Flink knows %zu others", name, l->n);
		return EXIT_FAILED;
	}
	if (name && n > 1) {
		text_hex(l->item[0].id, JOB_ID_SIZE, a);
		text_hex(l->item[1].id, JOB_ID_SIZE, b);
		(void)snprintf(reterr, READINESS_JOBS_ERROR_SIZE,
		               "%zu jobs are called %.100s, name one by its ID: %s, %s%s", n, name,
		               a, b, n > 2 ? ", ..." : "");
		return EXIT_USAGE;
	}
	*ret_n = n;
	return EXIT_DONE;
}
