/* SPDX-License-Identifier: Apache-2.0 */
#include "readiness/findings.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "readiness/utf8.h"

static bool make_room(struct findings *f)
{
	size_t room = f->room ? 2 * f->room : 16;
	struct finding *item;

	if (f->n < f->room)
		return true;
	item = reallocarray(f->item, room, sizeof(*item));
	if (!item)
		return false;
	f->item = item;
	f->room = room;
	return true;
}

void findings_add(struct findings *f, const struct finding_kind *kind, const char *object,
                  const char *seen_format, ...)
{
	struct finding finding = {
		.severity = kind->severity,
		.step = kind->step,
		.code = kind->code,
		.why = kind->why,
		.advice = kind->advice,
		.object = strdup(object),
	};
	char seen[1024];
	va_list ap;

	va_start(ap, seen_format);
	(void)vsnprintf(seen, sizeof(seen), seen_format, ap);
	va_end(ap);
	finding.seen = strdup(seen);
	if (finding.object && finding.seen && make_room(f)) {
		utf8_clean(finding.object);
		utf8_clean(finding.seen); /* it may have been cut within a character */
		f->item[f->n++] = finding;
		return;
	}
	free(finding.object);
	free(finding.seen);
	f->failed = true;
}

bool findings_failed(const struct findings *f)
{
	return f->failed;
}

void findings_fail(struct findings *f)
{
	f->failed = true;
}

void findings_done(struct findings *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->item[i].object);
		free(f->item[i].seen);
	}
	free(f->item);
	*f = (struct findings){ .n = 0 };
}

enum finding_severity findings_worst(const struct findings *f, enum finding_step step)
{
	enum finding_severity worst = FINDING_FINE;

	for (size_t i = 0; i < f->n; i++)
		if ((step == 0 || f->item[i].step == step) && f->item[i].severity > worst)
			worst = f->item[i].severity;
	return worst;
}

static const char *const codes[FINDING_N_SEVERITIES_] = { "fine", "advice", "warning", "error" };

const char *finding_severity_code(enum finding_severity severity)
{
	return codes[severity];
}

int finding_severity_parse(const char *code, enum finding_severity *ret)
{
	for (unsigned i = 0; i < FINDING_N_SEVERITIES_; i++)
		if (strcmp(codes[i], code) == 0) {
			*ret = i;
			return 0;
		}
	return -EINVAL;
}

const char *finding_step_text(enum finding_step step)
{
	switch (step) {
	case FINDING_PARALLELISM:
		return "maximum parallelism";
	case FINDING_UID:
		return "operator uids";
	case FINDING_BACKEND:
		return "state backend and checkpoints";
	case FINDING_AVAILABILITY:
		return "high availability";
	}
	return "?";
}
