/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was looked at and what came of it: a list that all checks of readiness/ add to and all views
 * print.
 *
 * Pure, allocates.  Texts are copied; what is no UTF-8 in them becomes "?".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum finding_severity {
	FINDING_FINE,    /* looked at, and as it should be */
	FINDING_ADVICE,  /* would be better otherwise */
	FINDING_WARNING, /* will hurt one day */
	FINDING_ERROR,   /* does not work, or loses state */
	FINDING_N_SEVERITIES_
};

/* The four steps to production. */
enum finding_step {
	FINDING_PARALLELISM = 1, /* the maximum parallelism is chosen */
	FINDING_UID,             /* every stateful operator has a uid */
	FINDING_BACKEND, /* the state backend is chosen, checkpoints are kept where all see them */
	FINDING_AVAILABILITY, /* the JobManager is highly available */
};

struct finding {
	enum finding_severity severity;
	enum finding_step step;
	const char *code;         /* stable, for scripts: "max-parallelism-default"; a literal */
	char *object;             /* "job orders, operator counter" */
	char *seen;               /* with the numbers */
	const char *why, *advice; /* literals; NULL: nothing to add */
};

struct findings { /* all zeros: empty */
	struct finding *item;
	size_t n;
	/* private */
	size_t room;
	bool failed;
};

/* What a check knows before it has looked at anything. */
struct finding_kind {
	enum finding_severity severity;
	enum finding_step step;
	const char *code, *why, *advice; /* literals */
};

/* Memory that runs out is told by findings_failed(), so that checks can be read. */
void findings_add(struct findings *f, const struct finding_kind *kind, const char *object,
                  const char *seen_format, ...) __attribute__((format(printf, 4, 5)));
bool findings_failed(const struct findings *f);
void findings_fail(struct findings *f); /* a check itself had not enough */
void findings_done(struct findings *f);

/* The worst of a step, or of all for 0; FINE when there is none. */
enum finding_severity findings_worst(const struct findings *f, enum finding_step step);

const char *finding_severity_code(enum finding_severity severity);
/* -EINVAL: no such word. */
int finding_severity_parse(const char *code, enum finding_severity *ret);
const char *finding_step_text(enum finding_step step);
