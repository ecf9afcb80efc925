/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/readiness.h"

#include <jansson.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "ctl/findings_view.h"
#include "ctl/readiness_gather.h"
#include "ctl/readiness_view.h"
#include "ctl/say.h"
#include "ctl/wrap.h"

static enum exit_code show(const struct options *o, const struct readiness *r)
{
	json_auto_t *json = NULL;

	if (!o->json) {
		readiness_view(stdout, r, o->fail_on, wrap_width(stdout));
		return EXIT_DONE;
	}
	json = readiness_json(r, o->fail_on);
	if (!json) {
		say_line("not enough memory");
		return EXIT_FAILED;
	}
	(void)json_dumpf(json, stdout, JSON_COMPACT);
	(void)fputc('\n', stdout);
	return EXIT_DONE;
}

enum exit_code readiness_run(struct client *c, const struct options *o)
{
	CLEANUP(readiness_done) struct readiness r = { .url = NULL };
	enum exit_code code = readiness_gather(c, o, &r);

	if (code == EXIT_DONE)
		code = show(o, &r);
	return code == EXIT_DONE ? findings_view_exit(&r.findings, o->fail_on) : code;
}
