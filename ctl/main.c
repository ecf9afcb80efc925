/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jmhactl: see, explain and steer a cluster.  Parses, finds the daemon's socket, runs one verb.
 */
#include <curl/curl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "ctl/init.h"
#include "ctl/options.h"
#include "ctl/readiness.h"
#include "ctl/savepoint_compare.h"
#include "ctl/savepoint_show.h"
#include "ctl/store_export.h"
#include "ctl/store_look.h"
#include "ctl/store_recover.h"
#include "ctl/verbs.h"

static void fclosep(FILE **f)
{
	if (*f)
		(void)fclose(*f);
}

static enum exit_code run(const struct options *o)
{
	CLEANUP(freep) char *socket = NULL;
	CLEANUP(fclosep) FILE *nowhere = NULL;
	enum exit_code code;

	if (o->verb == VERB_INIT)
		return init_run(o, isatty(STDIN_FILENO) ? stdin : NULL);
	if (o->verb == VERB_STORE_SHOW)
		return store_show_run(o);
	if (o->verb == VERB_STORE_VERIFY)
		return store_verify_run(o);
	if (o->verb == VERB_STORE_EXPORT && o->offline)
		return store_export_offline(o);
	if (o->verb == VERB_STORE_RECOVER)
		return store_recover_run(o);
	if (o->verb == VERB_SAVEPOINT_SHOW)
		return savepoint_show_run(o);
	if (o->verb == VERB_SAVEPOINT_COMPARE)
		return savepoint_compare_run(o);
	if (o->verb == VERB_READINESS && o->rest && o->no_cluster)
		return readiness_run(NULL, o);
	/* `version` says something even where no daemon is. */
	if (o->verb == VERB_VERSION)
		nowhere = fopen("/dev/null", "we");
	code = verbs_find_socket(o, VERBS_RUN_DIRECTORY, &socket, nowhere ? nowhere : stderr);
	if (code != EXIT_DONE && o->verb != VERB_VERSION)
		return code;
	return verbs_run(o, socket);
}

int main(int argc, char **argv)
{
	struct options o;
	enum exit_code code;

	(void)signal(SIGPIPE, SIG_IGN);
	if (options_parse(argc, argv, &o, stderr) < 0)
		return EXIT_USAGE;
	if (o.help || o.verb == VERB_HELP) {
		options_print_help(o.help ? stdout : stderr, o.verb);
		return o.help ? EXIT_DONE : EXIT_USAGE;
	}
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return EXIT_FAILED;
	code = run(&o);
	curl_global_cleanup();
	if (fflush(stdout) != 0 && code == EXIT_DONE)
		code = EXIT_FAILED;
	return (int)code;
}
