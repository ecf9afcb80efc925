/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/options.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"

static struct options o;
static char said[512];

static int parse_all(char **words, int n)
{
	char *text = NULL;
	size_t size;
	FILE *err = open_memstream(&text, &size);
	int r = options_parse(n, words, &o, err);

	assert_int_equal(fclose(err), 0);
	(void)snprintf(said, sizeof(said), "%s", text);
	free(text);
	return r;
}

/* Splits at blanks. */
static int parse(const char *line)
{
	static char copy[512];
	char *words[32] = { NULL }, *rest = copy;
	int n = 0;

	(void)snprintf(copy, sizeof(copy), "jmhactl %s", line);
	while (n < 31 && (words[n] = strsep(&rest, " ")) != NULL)
		n += *words[n] != '\0';
	words[n] = NULL;
	return parse_all(words, n);
}

static void refuses(const char *line, const char *says)
{
	assert_int_equal(parse(line), -EINVAL);
	if (!strstr(said, says))
		fail_msg("\"%s\" does not say \"%s\"", said, says);
	assert_non_null(strstr(said, "Try: jmhactl"));
}

static void verbs_and_their_arguments_are_told_apart(void **state)
{
	(void)state;
	assert_int_equal(parse("status"), 0);
	assert_int_equal(o.verb, VERB_STATUS);
	assert_int_equal(parse("switchover jm-b"), 0);
	assert_int_equal(o.verb, VERB_SWITCHOVER);
	assert_int_equal(o.n_args, 1);
	assert_string_equal(o.args[0], "jm-b");
	assert_int_equal(parse("pointers"), 0);
	assert_int_equal(o.verb, VERB_POINTERS_LIST);
	assert_int_equal(parse("pointers list jobs/"), 0);
	assert_int_equal(o.verb, VERB_POINTERS_LIST);
	assert_string_equal(o.args[0], "jobs/");
	assert_int_equal(parse("pointers put jobs/a value.json"), 0);
	assert_int_equal(o.verb, VERB_POINTERS_PUT);
	assert_int_equal(o.n_args, 2);
	assert_string_equal(o.args[1], "value.json");
	assert_int_equal(parse("pointers get jobs/a"), 0);
	assert_int_equal(o.verb, VERB_POINTERS_GET);
	assert_int_equal(parse("pointers delete jobs/a"), 0);
	assert_int_equal(o.verb, VERB_POINTERS_DELETE);
	assert_int_equal(parse("recover 0a"), 0);
	assert_int_equal(o.verb, VERB_RECOVER);
	assert_string_equal(o.args[0], "0a");
	assert_int_equal(parse("store import --from-flink-zookeeper zk1:2181"), 0);
	assert_int_equal(o.verb, VERB_STORE_IMPORT);
	assert_int_equal(parse("store verify --config /x.conf --offline --json"), 0);
	assert_int_equal(o.verb, VERB_STORE_VERIFY);
	assert_string_equal(o.config, "/x.conf");
	assert_true(o.offline && o.json);
	assert_int_equal(parse("store show --storage /mnt -c orders"), 0);
	assert_int_equal(o.verb, VERB_STORE_SHOW);
	assert_string_equal(o.storage, "/mnt");
	assert_int_equal(parse("store export f --offline --from-snapshot newest -c orders"), 0);
	assert_true(o.from_snapshot && o.snapshot == 0);
	assert_int_equal(parse("store export f --offline --from-snapshot 17 -c orders"), 0);
	assert_true(o.from_snapshot && o.snapshot == 17);
	assert_int_equal(parse("store export f --offline --storage /mnt -c orders"), 0);
	assert_false(o.from_snapshot);
	assert_int_equal(o.verb, VERB_STORE_EXPORT);
	assert_string_equal(o.args[0], "f");
	assert_int_equal(parse("store import f --force"), 0);
	assert_int_equal(o.verb, VERB_STORE_IMPORT);
	assert_string_equal(o.args[0], "f");
	assert_int_equal(parse("store recover --accept-loss --dry-run"), 0);
	assert_int_equal(o.verb, VERB_STORE_RECOVER);
	assert_true(o.accept_loss && o.dry_run);
	assert_int_equal(parse("savepoint show /chk-7 --uids u --files --json"), 0);
	assert_int_equal(o.verb, VERB_SAVEPOINT_SHOW);
	assert_string_equal(o.args[0], "/chk-7");
	assert_string_equal(o.uids, "u");
	assert_true(o.files && o.json);
	assert_int_equal(o.fail_on, FINDING_ERROR);
	assert_int_equal(parse("readiness orders --rest http://a:1 --no-cluster --hashmap-limit 7"),
	                 0);
	assert_int_equal(o.verb, VERB_READINESS);
	assert_string_equal(o.args[0], "orders");
	assert_string_equal(o.rest, "http://a:1");
	assert_true(o.no_cluster);
	assert_int_equal(o.hashmap_limit_mib, 7);
	assert_int_equal(o.fail_on, FINDING_ERROR);
	assert_int_equal(parse("savepoint compare a b --fail-on advice"), 0);
	assert_int_equal(o.verb, VERB_SAVEPOINT_COMPARE);
	assert_string_equal(o.args[1], "b");
	assert_int_equal(o.fail_on, FINDING_ADVICE);
	assert_false(o.allow_left);
	assert_int_equal(parse("savepoint compare a b --allow-non-restored-state"), 0);
	assert_true(o.allow_left);
	assert_int_equal(parse("init"), 0);
	assert_int_equal(o.verb, VERB_INIT);
	assert_int_equal(parse(""), 0);
	assert_int_equal(o.verb, VERB_HELP);
	assert_int_equal(parse("--version"), 0);
	assert_int_equal(o.verb, VERB_VERSION);
}

static void options_may_stand_anywhere(void **state)
{
	(void)state;
	assert_int_equal(parse("-c orders list --json"), 0);
	assert_string_equal(o.cluster, "orders");
	assert_true(o.json);
	assert_false(o.watch);
	assert_int_equal(parse("list --watch --cluster=orders"), 0);
	assert_string_equal(o.cluster, "orders");
	assert_true(o.watch);
	assert_int_equal(parse("--socket /x/api.sock switchover -y --force --why load --timeout 5"),
	                 0);
	assert_string_equal(o.socket, "/x/api.sock");
	assert_true(o.yes);
	assert_true(o.force);
	assert_string_equal(o.why, "load");
	assert_int_equal(o.timeout, 5000000);
	assert_int_equal(parse("pointers put k --revision 7 --epoch 3"), 0);
	assert_int_equal(o.revision, 7);
	assert_int_equal(o.epoch, 3);
	assert_int_equal(parse("pointers put k --create"), 0);
	assert_true(o.create);
	assert_int_equal(parse("leader --wait"), 0);
	assert_true(o.wait);
}

static void every_value_goes_where_it_belongs(void **state)
{
	(void)state;
	assert_int_equal(parse("store import --from-flink-zookeeper a:1,b:1 --path /flink/x "
	                       "--auth-file /f --skip-broken --dry-run --force -y --timeout 3"),
	                 0);
	assert_string_equal(o.from, "a:1,b:1");
	assert_string_equal(o.path, "/flink/x");
	assert_string_equal(o.auth_file, "/f");
	assert_true(o.skip_broken && o.dry_run && o.force && o.yes);
	assert_int_equal(o.timeout, 3000000);
	assert_int_equal(parse("init -c orders --member m --zookeeper z --tick-ms 500 --storage s "
	                       "--flink-home h --flink-storage u --address a --cluster-id i "
	                       "--peers p --listen l --admin-group g"),
	                 0);
	assert_string_equal(o.cluster, "orders");
	assert_string_equal(o.member, "m");
	assert_string_equal(o.zookeeper, "z");
	assert_int_equal(o.tick_ms, 500);
	assert_string_equal(o.storage, "s");
	assert_string_equal(o.flink_home, "h");
	assert_string_equal(o.flink_storage, "u");
	assert_string_equal(o.address, "a");
	assert_string_equal(o.cluster_id, "i");
	assert_string_equal(o.peers, "p");
	assert_string_equal(o.listen, "l");
	assert_string_equal(o.admin_group, "g");
	assert_int_equal(parse("init --mode cold --job-classname c.C --output /tmp"), 0);
	assert_string_equal(o.mode, "cold");
	assert_string_equal(o.job_class, "c.C");
	assert_string_equal(o.output, "/tmp");
	assert_null(o.member);
	assert_int_equal(o.tick_ms, 0);
}

static void what_makes_no_sense_is_refused_with_a_hint(void **state)
{

	(void)state;
	refuses("promote", "there is no verb promote");
	refuses("pointers rename a", "pointers knows list, get, put and delete, not rename");
	refuses("pointers get", "an argument is missing: KEY");
	refuses("list jm-a", "too many: jm-a");
	refuses("switchover a b", "too many: b");
	refuses("list --yes", "--yes is no option of list");
	refuses("pointers get k --json", "--json is no option of pointers get");
	refuses("list --frobnicate", "there is no option --frobnicate");
	refuses("list -x", "there is no option");
	refuses("list --cluster", "needs a value: --cluster");
	refuses("list -c ../x", "no name of a cluster");
	refuses("list -c .", "no name of a cluster");
	refuses("list --timeout 0", "--timeout takes 1 to 86400 seconds, not 0");
	refuses("list --timeout 1.5", "not 1.5");
	refuses("list --timeout 99999999999999999999999", "1 to 86400");
	refuses("pointers put k --revision -1", "--revision takes a number from 1");
	refuses("pointers put k --epoch x", "--epoch takes a number from 1");
	refuses("pointers put k --create --revision 1", "exclude each other");
	refuses("store import", "name what to import: FILE, or --from-flink-zookeeper");
	refuses("store import f --from-flink-zookeeper a:1", "not both: f");
	refuses("store export --storage /mnt -c orders", "this goes with --offline: --storage");
	refuses("store expire", "store knows show, verify, recover, export and import, not expire");
	refuses("store show --storage /mnt", "--storage goes with --cluster");
	refuses("store show --storage /mnt -c orders --config /x", "--storage goes with --cluster");
	refuses("store recover --socket /x", "talks to no daemon: --socket");
	refuses("store export --from-snapshot newest", "this goes with --offline: --from-snapshot");
	refuses("store export --offline --from-snapshot f",
	        "--from-snapshot takes newest or a sequence, not f");
	refuses("store recover --offline", "--offline is no option of store recover");
	refuses("store import --from-flink-zookeeper=", "needs a value, not nothing");
	refuses("list --path /x", "--path is no option of list");
	refuses("init --tick-ms 2s", "--tick-ms takes 1 to 10000 milliseconds, not 2s");
	refuses("init --socket /x", "this verb talks to no daemon");
	refuses("savepoint", "an argument is missing: PATH");
	refuses("savepoint load x", "savepoint knows show and compare, not load");
	refuses("savepoint show /a /b", "too many: /b");
	refuses("savepoint show /a --socket /x", "this verb talks to no daemon");
	refuses("savepoint compare /a", "an argument is missing: OLD NEW");
	refuses("readiness --hashmap-limit 0", "--hashmap-limit takes a number of MiB from 1");
	refuses("readiness --allow-non-restored-state", "this goes with --savepoint");
	refuses("savepoint compare a b --fail-on fine", "--fail-on takes error, warning or advice");
	refuses("savepoint show a --fail-on error", "--fail-on is no option of savepoint show");
	refuses("init orders", "too many: orders");
	assert_true(parse("list -c a --socket /x") < 0);
	assert_non_null(strstr(said, "exclude each other"));
}

static void failure_leaves_the_result_alone(void **state)
{
	(void)state;
	assert_int_equal(parse("list"), 0);
	assert_int_equal(parse("status --yes"), -EINVAL);
	assert_int_equal(o.verb, VERB_LIST);
}

static void the_whole_help_fits_a_screen(void **state)
{
	char *text = NULL;
	size_t size, lines = 0;

	(void)state;
	for (int verb = VERB_HELP; verb <= VERB_VERSION; verb++) {
		FILE *f = open_memstream(&text, &size);

		options_print_help(f, (enum verb)verb);
		assert_int_equal(fclose(f), 0);
		lines = 0;
		for (const char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
			lines++;
			if (end - line > 80)
				fail_msg("wider than 80: %.*s", (int)(end - line), line);
		}
		/* Who writes a configuration has time to scroll; all verbs take a line each. */
		assert_in_range(lines, 5, verb == VERB_INIT ? 30 : verb == VERB_HELP ? 30 : 24);
		free(text);
	}
}

static void help_of_a_verb_needs_no_arguments(void **state)
{
	(void)state;
	assert_int_equal(parse("pointers get --help"), 0);
	assert_true(o.help);
	assert_int_equal(o.verb, VERB_POINTERS_GET);
	assert_int_equal(parse("-h"), 0);
	assert_true(o.help);
	assert_int_equal(o.verb, VERB_HELP);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(verbs_and_their_arguments_are_told_apart),
		cmocka_unit_test(options_may_stand_anywhere),
		cmocka_unit_test(every_value_goes_where_it_belongs),
		cmocka_unit_test(what_makes_no_sense_is_refused_with_a_hint),
		cmocka_unit_test(failure_leaves_the_result_alone),
		cmocka_unit_test(the_whole_help_fits_a_screen),
		cmocka_unit_test(help_of_a_verb_needs_no_arguments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
