/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/init.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"

/* What one run said and returned; a folder of its own for each test. */
static char out[8192], err[8192], dir[] = "/tmp/jmha-init-XXXXXX", conf[64], yaml[64];
static const char *answers; /* NULL = there is nobody to ask */

static int setup(void **state)
{
	(void)state;
	memcpy(strrchr(dir, '-'), "-XXXXXX", 8);
	assert_non_null(mkdtemp(dir));
	(void)snprintf(conf, sizeof(conf), "%s/orders.conf", dir);
	(void)snprintf(yaml, sizeof(yaml), "%s/orders.flink.yaml", dir);
	answers = NULL;
	return 0;
}

/* Fails when something else was left behind. */
static int teardown(void **state)
{
	(void)state;
	(void)unlink(conf);
	(void)unlink(yaml);
	return rmdir(dir) < 0 ? -1 : 0;
}

static void slurp(FILE *f, char *ret, size_t size)
{
	rewind(f);
	ret[fread(ret, 1, size - 1, f)] = '\0';
	(void)fclose(f);
}

static int run(const char *line)
{
	FILE *o = tmpfile(), *e = tmpfile();
	int status;
	pid_t pid;

	assert_true(o && e);
	(void)fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		char copy[512], *words[40] = { NULL }, *rest = copy;
		FILE *in = tmpfile();
		struct options opts;
		int n = 0;

		(void)dup2(fileno(o), STDOUT_FILENO);
		(void)dup2(fileno(e), STDERR_FILENO);
		(void)fputs(answers ? answers : "", in);
		rewind(in);
		(void)snprintf(copy, sizeof(copy), "jmhactl init --output %s %s", dir, line);
		while (n < 39 && (words[n] = strsep(&rest, " ")) != NULL)
			n++;
		if (options_parse(n, words, &opts, stderr) < 0)
			_exit(EXIT_USAGE);
		status = (int)init_run(&opts, answers ? in : NULL);
		(void)fflush(NULL);
		_exit(status);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	slurp(o, out, sizeof(out));
	slurp(e, err, sizeof(err));
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static const char *content(const char *path)
{
	static char text[4096];
	FILE *f = fopen(path, "re");

	if (!f)
		fail_msg("there is no %s: %s", path, err);
	slurp(f, text, sizeof(text));
	return text;
}

static void contains(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("\"%s\" does not contain \"%s\"", text, part);
}

#define COLD "--mode cold --cluster orders --zookeeper zk1:2181,zk2:2181 --storage /mnt/ha/jmha"

static void files_are_written_once_and_readable_by_all(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(run(COLD " --member jm-a"), EXIT_DONE);
	contains(content(conf), "member = \"jm-a\";");
	contains(out, "Wrote ");
	contains(out, "orders.conf: ok");
	contains(out, "systemctl enable --now jmhad@orders");
	assert_int_equal(stat(conf, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_true(access(yaml, F_OK) < 0); /* cold mode: Flink knows nothing of us */

	assert_int_equal(run(COLD " --member jm-b"), EXIT_UNSAFE);
	contains(err, "orders.conf is there already");
	contains(err, "Nothing was written");
	contains(content(conf), "member = \"jm-a\";");
	assert_int_equal(run(COLD " --member jm-b --force"), EXIT_DONE);
	contains(content(conf), "member = \"jm-b\";");
}

static void a_dry_run_shows_and_writes_nothing(void **state)
{
	(void)state;
	assert_int_equal(run(COLD " --member jm-a --dry-run"), EXIT_DONE);
	contains(out, "orders.conf\n");
	contains(out, "member = \"jm-a\";");
	assert_true(access(conf, F_OK) < 0);
}

static void what_is_missing_is_listed_at_once(void **state)
{
	(void)state;
	assert_int_equal(run("--mode cold --member jm-a"), EXIT_USAGE);
	contains(err, "--cluster ");
	contains(err, "--zookeeper ");
	contains(err, "--storage ");
	assert_null(strstr(err, "--peers"));
	assert_null(strstr(err, "--member"));
	answers = "orders\n";
	assert_int_equal(run("--yes"), EXIT_USAGE); /* nobody is asked */
	contains(err, "--cluster ");
	contains(err, "--flink-storage ");
	contains(err, "--peers ");
}

static void what_was_not_given_is_asked(void **state)
{
	(void)state;
	/* cluster, member, zookeeper, tick, storage, Flink, group: an empty line is the default. */
	answers = "orders\njm-x\nzk1:2181\n1000\n/mnt/ha/jmha\n\n\n";
	assert_int_equal(run("--mode cold"), EXIT_DONE);
	contains(err, "Their tickTime in ms [2000]: ");
	contains(content(conf), "member = \"jm-x\";");
	contains(content(conf), "tick_ms = 1000;");
	contains(content(conf), "/opt/flink/bin/jobmanager.sh");
	contains(content(conf), "admin_group = \"jmha-admin\";");
	assert_int_equal(unlink(conf), 0);
	answers = "orders\n";
	assert_int_equal(run("--mode cold"), EXIT_USAGE); /* the terminal went away */
	contains(err, "init needs to know");
}

/* A list of many hosts fits; what does not fit is not cut, and its rest answers nothing. */
static void long_answers_are_whole_or_refused(void **state)
{
	static char text[8192], peers[2000], expected[2100];

	(void)state;
	for (size_t n = 0; n + 20 < sizeof(peers); n += strlen(peers + n))
		(void)snprintf(peers + n, sizeof(peers) - n, "%shost-%zu:9180", n ? "," : "", n);
	(void)snprintf(text, sizeof(text), "\n\n\n\n\n%s\n\n", peers);
	(void)snprintf(expected, sizeof(expected), "jmha.address: %s\n", peers);
	answers = text;
	assert_int_equal(run(COLD " --mode hot --flink-storage /mnt --member jm-a"), EXIT_DONE);
	contains(content(yaml), expected);
	assert_int_equal(unlink(conf), 0);
	memset(text, 'x', 5000);
	assert_int_equal(run("--mode cold"), EXIT_USAGE);
	contains(err, "an answer is longer than 4094 characters");
	assert_true(access(conf, F_OK) < 0);
}

static void what_the_daemon_would_refuse_is_not_written(void **state)
{
	(void)state;
	assert_int_equal(run(COLD " --member jm-a --tick-ms 100"), EXIT_CONFIG);
	contains(err, "zookeeper.tick_ms is 100");
	assert_int_equal(run(COLD " --member a/b"), EXIT_CONFIG);
	contains(err, "member is \"a/b\"");
	assert_int_equal(run(COLD " --member jm-a --listen jm-a:9180"), EXIT_CONFIG);
	contains(err, "api.listen");
	assert_int_equal(run(COLD " --mode warm"), EXIT_USAGE);
	contains(err, "--mode is hot or cold, not warm");
	assert_int_equal(run(COLD " --flink-home flink"), EXIT_USAGE);
	assert_int_equal(run(COLD " --mode hot --flink-storage mnt --peers a:1"), EXIT_USAGE);
	contains(err, "must be a URI");
	assert_int_equal(run(COLD " --mode hot --flink-storage /mnt --peers a,b:1"), EXIT_USAGE);
	contains(err, "--peers must be host:port");
	assert_true(access(conf, F_OK) < 0);
}

static void a_folder_that_cannot_be_is_named(void **state)
{
	(void)state;
	assert_int_equal(run(COLD " --member jm-a --output /proc/none/x"), EXIT_FAILED);
	contains(err, "cannot make /proc/none/x");
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		T(files_are_written_once_and_readable_by_all),
		T(a_dry_run_shows_and_writes_nothing),
		T(what_is_missing_is_listed_at_once),
		T(what_was_not_given_is_asked),
		T(long_answers_are_whole_or_refused),
		T(what_the_daemon_would_refuse_is_not_written),
		T(a_folder_that_cannot_be_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
