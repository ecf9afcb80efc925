/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/readiness.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "ctl/findings_view.h"
#include "ctl/output_file.h"
#include "ctl/readiness_gather.h"
#include "ctl/readiness_html.h"
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

static enum exit_code write_html(const struct options *o, const struct readiness *r)
{
	CLEANUP(output_file_done) struct output_file file = { .path = o->html };
	time_t now = time(NULL);
	struct tm tm;
	char when[32];
	int error = output_file_open(&file);

	if (error == 0) {
		(void)strftime(when, sizeof(when), "%Y-%m-%d %H:%M UTC", gmtime_r(&now, &tm));
		readiness_html(file.f, r, o->fail_on, when);
		error = output_file_publish(&file, true);
	}
	if (error == 0)
		return EXIT_DONE;
	say_line("cannot write %s: %s", o->html, strerror(-error));
	return EXIT_FAILED;
}

enum exit_code readiness_run(struct client *c, const struct options *o)
{
	CLEANUP(readiness_done) struct readiness r = { .url = NULL };
	enum exit_code code = readiness_gather(c, o, &r);

	if (code == EXIT_DONE)
		code = show(o, &r);
	if (code == EXIT_DONE && o->html)
		code = write_html(o, &r);
	return code == EXIT_DONE ? findings_view_exit(&r.findings, o->fail_on) : code;
}
