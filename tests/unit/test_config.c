/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/config.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/config_schema.h"
#include "election/lease.h"

/* The least that a contender needs. */
#define CLUSTER "cluster = \"orders\"; member = \"jm-a\";\n"
#define SERVERS "zookeeper: { servers = [\"zk1:2181\", \"zk2:2181\", \"zk3:2181\"];"
#define STORAGE "storage: { path = \"/mnt/ha/jmha\"; };\n"
#define COMMAND "jobmanager: { command = [\"/bin/jm\", \"start\"];"
#define LEAST   CLUSTER SERVERS " };\n" STORAGE COMMAND " };\n"

struct fixture {
	char dir[64], file[96];
	struct config *c;
	struct config_error e;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	strcpy(f->dir, "/tmp/jmha-config-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	(void)snprintf(f->file, sizeof(f->file), "%s/x.conf", f->dir);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	config_free(f->c);
	(void)unlink(f->file);
	(void)rmdir(f->dir);
	free(f);
	return 0;
}

static void write_file(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static int load(struct fixture *f, const char *text)
{
	f->c = config_free(f->c);
	write_file(f->file, text, 0644);
	return config_load(f->file, &f->c, &f->e);
}

static void loads(struct fixture *f, const char *text)
{
	if (load(f, text) < 0)
		fail_msg("%s:%u: %s", f->e.file, f->e.line, f->e.text);
}

static void refuses(struct fixture *f, const char *text, unsigned line, const char *says)
{
	assert_int_equal(load(f, text), -EINVAL);
	assert_null(f->c);
	assert_string_equal(f->e.file, f->file);
	if (!strstr(f->e.text, says))
		fail_msg("\"%s\" does not say \"%s\"", f->e.text, says);
	assert_int_equal(f->e.line, line);
}

static void the_least_file_gives_the_defaults_of_the_design(void **state)
{
	struct fixture *f = *state;

	loads(f, LEAST);
	assert_string_equal(f->c->path, f->file);
	assert_string_equal(f->c->cluster, "orders");
	assert_string_equal(f->c->member, "jm-a");
	assert_string_equal(f->c->runtime_dir, "/run/jmha/orders");
	assert_false(f->c->observer);
	assert_int_equal(f->c->n_servers, 3);
	assert_string_equal(f->c->servers[2], "zk3:2181");
	assert_null(f->c->servers[3]);
	assert_string_equal(f->c->root, "/jmha");
	assert_null(f->c->auth_file);
	assert_int_equal(f->c->session_usec, 10000000);
	assert_int_equal(f->c->tick_usec, 2000000);
	assert_int_equal(f->c->takeover_usec, 30000000);
	assert_string_equal(f->c->storage_path, "/mnt/ha/jmha");
	assert_int_equal(f->c->io_usec, 5000000);
	assert_false(f->c->hot);
	assert_int_equal(f->c->n_command, 2);
	assert_string_equal(f->c->command[0], "/bin/jm");
	assert_null(f->c->command[2]);
	assert_int_equal(f->c->stop_usec, 500000);
	assert_int_equal(f->c->revoke_usec, 1000000);
	assert_int_equal(f->c->ready_usec, 120000000);
	assert_null(f->c->health.url);
	assert_int_equal(f->c->health.interval_usec, 1000000);
	assert_int_equal(f->c->health.timeout_usec, 2000000);
	assert_int_equal(f->c->health.failures, 5);
	assert_null(f->c->listen);
	assert_null(f->c->admin_group);
}

static void every_key_is_taken_from_the_file(void **state)
{
	struct fixture *f = *state;

	loads(f, "cluster = \"c1\"; member = \"m1\"; runtime_dir = \"/r\"; role = \"observer\";\n"
	         "zookeeper: { servers = (\"[::1]:1\"); root = \"/a/b\"; auth_file = \"/s\";\n"
	         " session_ms = 4000; tick_ms = 500; };\n"
	         "election: { takeover_ms = 1000; }; storage: { path = \"/p\"; io_ms = 100; };\n"
	         "jobmanager: { mode = \"cold\"; stop_ms = 50; revoke_ms = 0; ready_ms = 1000;\n"
	         " health: { url = \"http://h/\"; interval_ms = 100; timeout_ms = 101;\n"
	         " failures = 1; }; };\n"
	         "api: { listen = \"127.0.0.1:9180\"; admin_group = \"ops\"; };\n");
	assert_string_equal(f->c->runtime_dir, "/r");
	assert_true(f->c->observer);
	assert_string_equal(f->c->servers[0], "[::1]:1");
	assert_string_equal(f->c->root, "/a/b");
	assert_string_equal(f->c->auth_file, "/s");
	assert_int_equal(f->c->session_usec, 4000000);
	assert_int_equal(f->c->tick_usec, 500000);
	assert_int_equal(f->c->takeover_usec, 1000000);
	assert_int_equal(f->c->io_usec, 100000);
	assert_null(f->c->command);
	assert_int_equal(f->c->stop_usec, 50000);
	assert_int_equal(f->c->revoke_usec, 0);
	assert_int_equal(f->c->ready_usec, 1000000);
	assert_string_equal(f->c->health.url, "http://h/");
	assert_int_equal(f->c->health.interval_usec, 100000);
	assert_int_equal(f->c->health.timeout_usec, 101000);
	assert_int_equal(f->c->health.failures, 1);
	assert_string_equal(f->c->listen, "127.0.0.1:9180");
	assert_string_equal(f->c->admin_group, "ops");
}

static void an_unknown_key_is_named_with_its_line(void **state)
{
	struct fixture *f = *state;

	refuses(f, LEAST "colour = 1;\n", 5, "unknown key colour");
	refuses(f, LEAST "session_ms = 4000;\n", 5, "did you mean zookeeper.session_ms?");
	refuses(f, CLUSTER SERVERS " stop_ms = 1; };\n", 2, "did you mean jobmanager.stop_ms?");
	refuses(f, LEAST "colour: { blue = 1; };\n", 5, "unknown key colour");
	refuses(f, LEAST "election = 3;\n", 5, "must be a group");
}

static void a_wrong_type_is_named_with_what_it_must_be(void **state)
{
	struct fixture *f = *state;

	refuses(f, "cluster = 1;\n", 1, "cluster has the wrong type: it must be name, in quotes");
	refuses(f, LEAST "election: { takeover_ms = \"30s\"; };\n", 5,
	        "it must be milliseconds, 1000 to 600000");
	refuses(f, LEAST "election: { takeover_ms = 3000.5; };\n", 5, "wrong type");
	refuses(f, LEAST "election: { takeover_ms = true; };\n", 5, "wrong type");
	refuses(f, "zookeeper: { servers = \"zk1:2181\"; };\n", 1, "list of host:port");
	refuses(f, "zookeeper: { servers = [1, 2]; };\n", 1, "list of host:port");
	refuses(f, "role = true;\n", 1, "\"contender\" or \"observer\", in quotes");
	refuses(f, "role = \"leader\";\n", 1, "must be \"contender\" or \"observer\"");
}

static void a_number_out_of_range_is_named_with_its_range(void **state)
{
	struct fixture *f = *state;

	refuses(f, CLUSTER SERVERS "\nsession_ms = 1999; };", 3,
	        "zookeeper.session_ms is 1999, must be 2000 to 120000");
	refuses(f, CLUSTER SERVERS "\nsession_ms = 120001; };", 3, "must be 2000 to 120000");
	refuses(f, CLUSTER SERVERS "\ntick_ms = -1; };", 3, "must be 200 to 10000");
	refuses(f, CLUSTER SERVERS "\ntick_ms = 4294969296L; };", 3, "must be 200 to 10000");
	refuses(f, CLUSTER COMMAND "\nhealth: { failures = 0; }; };", 3, "must be 1 to 100");
}

static void a_required_key_that_is_missing_is_named_with_an_example(void **state)
{
	struct fixture *f = *state;

	refuses(f, "", 0, "cluster is missing (name): for example cluster = \"orders\";");
	refuses(f, "cluster = \"\";\n", 1, "cluster is missing");
	refuses(f, CLUSTER, 0,
	        "for example zookeeper: { servers = [\"zk1:2181\", \"zk2:2181\", \"zk3:2181\"]; "
	        "};");
	refuses(f, "zookeeper: { servers = []; };\n", 1, "zookeeper.servers is empty");
	refuses(f, CLUSTER SERVERS " };\n", 0, "storage.path is missing");
	refuses(f, CLUSTER SERVERS " };\n" STORAGE, 0, "jobmanager.command is missing");
	refuses(f, CLUSTER SERVERS " };\n" STORAGE "jobmanager: { command = []; };", 4,
	        "jobmanager.command is empty");
	loads(f, CLUSTER "role = \"observer\";" SERVERS " };\n" STORAGE);
}

static void syntax_errors_and_files_that_are_none_are_told_apart(void **state)
{
	struct fixture *f = *state;

	refuses(f, "cluster = \"orders\"\nmember = ;\n", 2, "syntax error");
	refuses(f, CLUSTER CLUSTER, 2, "duplicate setting name");
	assert_int_equal(config_load("/nowhere/x.conf", &f->c, &f->e), -ENOENT);
	assert_non_null(strstr(f->e.text, "No such file"));
	assert_int_equal(config_load(f->dir, &f->c, &f->e), -EINVAL);
	assert_string_equal(f->e.text, "not a file");
}

static void nothing_is_included(void **state)
{
	struct fixture *f = *state;

	/* libconfig would end the process: a folder cannot be read. */
	refuses(f, LEAST "\n  @include \"/\"\n", 6, "@include is not supported");
	loads(f, "# @include \"/\"\n" LEAST);
}

static void a_file_that_is_no_configuration_at_all_is_refused(void **state)
{
	static char large[256 * 1024 + 2];
	struct fixture *f = *state;
	int fd;

	memset(large, ' ', sizeof(large) - 1);
	refuses(f, large, 0, "larger than 262144 bytes");
	write_file(f->file, LEAST, 0600);
	fd = open(f->file, O_WRONLY | O_APPEND | O_CLOEXEC);
	assert_int_equal(write(fd, "\0x", 2), 2);
	close(fd);
	assert_int_equal(config_load(f->file, &f->c, &f->e), -EINVAL);
	assert_non_null(strstr(f->e.text, "NUL byte"));
}

static void a_kept_configuration_stays_what_it_was(void **state)
{
	struct fixture *f = *state;
	int fd = -1;

	loads(f, LEAST);
	assert_int_equal(config_keep(f->file, &fd, &f->e), 0);
	write_file(f->file, "cluster = \n", 0644);
	for (int i = 0; i < 2; i++) { /* as often as needed */
		f->c = config_free(f->c);
		assert_int_equal(config_load_kept(fd, f->file, &f->c, &f->e), 0);
		assert_string_equal(f->c->cluster, "orders");
		assert_string_equal(f->c->path, f->file);
	}
	(void)close(fd);
	assert_int_equal(config_keep("/nowhere/x.conf", &fd, &f->e), -ENOENT);
	assert_int_equal(config_keep(f->dir, &fd, &f->e), -EINVAL);
}

static void names_are_those_that_fit_a_znode_and_a_directory(void **state)
{
	struct fixture *f = *state;
	static const char *const bad[] = { ".", "..", ".a", "a/b", "a b", "\xc3\xa4", "a\\n" };
	char text[1024], longest[65];

	for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
		(void)snprintf(text, sizeof(text),
		               "cluster = \"%s\";\nmember = \"m\";" SERVERS " };\n" STORAGE COMMAND
		               "};",
		               bad[i]);
		refuses(f, text, 1, "a name has 1 to 63 letters");
	}
	memset(longest, 'a', sizeof(longest));
	longest[64] = '\0';
	(void)snprintf(text, sizeof(text),
	               "cluster = \"o\";\nmember = \"%s\";" SERVERS " };\n" STORAGE COMMAND "};",
	               longest);
	refuses(f, text, 2, "member is");
	longest[63] = '\0';
	(void)snprintf(text, sizeof(text),
	               "cluster = \"-_9.\";\nmember = \"%s\";" SERVERS " };\n" STORAGE COMMAND "};",
	               longest);
	loads(f, text);
}

static void paths_and_addresses_are_checked(void **state)
{
	struct fixture *f = *state;

	refuses(f, LEAST "runtime_dir = \"run\";", 5, "must be an absolute path");
	refuses(f, CLUSTER SERVERS " };\nstorage: { path = \"ha\"; };\n" COMMAND " };", 3,
	        "storage.path is \"ha\": it must be an absolute path");
	refuses(f, CLUSTER SERVERS "auth_file = \"x\"; };\n" STORAGE COMMAND " };", 2, "absolute");
	refuses(f, CLUSTER SERVERS " };\n" STORAGE "jobmanager: { command = [\"jm\"]; };", 4,
	        "jobmanager.command begins with \"jm\"");
	refuses(f, CLUSTER SERVERS "root = \"/\"; };\n" STORAGE COMMAND " };", 2, "name a node");
	refuses(f, CLUSTER SERVERS "root = \"/a/\"; };\n" STORAGE COMMAND " };", 2, "no / at the");
	refuses(f, CLUSTER SERVERS "root = \"/a/../b\"; };\n" STORAGE COMMAND " };", 2, "no ..");
	refuses(f, CLUSTER SERVERS "root = \"\"; };\n" STORAGE COMMAND " };", 2, "is empty");
	refuses(f, CLUSTER SERVERS "root = \"/zookeeper/x\"; };\n" STORAGE COMMAND " };", 2,
	        "ZooKeeper's own");
	refuses(f, LEAST "api: { listen = \"localhost:80\"; };", 5, "must be an IP address");
	refuses(f, LEAST "api: { listen = \"9180\"; };", 5, "must be an IP address");
	refuses(f, CLUSTER SERVERS " };\n" STORAGE COMMAND "health: { url = \"h:80\"; }; };", 4,
	        "must begin with http://");
}

static void servers_are_one_host_and_port_each(void **state)
{
	struct fixture *f = *state;

#define WITH(s) CLUSTER "zookeeper: { servers = [" s "]; };\n" STORAGE COMMAND " };"
	refuses(f, WITH("\"zk1\""), 2, "is not host:port");
	refuses(f, WITH("\"zk1:0\""), 2, "is not host:port");
	refuses(f, WITH("\"zk1:65536\""), 2, "is not host:port");
	refuses(f, WITH("\":2181\""), 2, "is not host:port");
	refuses(f, WITH("\"::1:2181\""), 2, "is not host:port");
	refuses(f, WITH("\"a:1,b:1\""), 2, "one string each");
	refuses(f, WITH("\"a:1/x\""), 2, "write it as zookeeper.root");
	refuses(f, WITH("\"a:1\", \"a:1\""), 2, "is there twice");
#undef WITH
}

static void an_address_is_split_without_its_brackets(void **state)
{
	char host[CONFIG_MAX_HOST + 1];
	uint16_t port;

	(void)state;
	assert_int_equal(config_split_address("[fe80::1]:65535", host, &port), 0);
	assert_string_equal(host, "fe80::1");
	assert_int_equal(port, 65535);
	assert_int_equal(config_split_address("zk-1.example:1", host, &port), 0);
	assert_string_equal(host, "zk-1.example");
	assert_int_equal(port, 1);
	assert_int_equal(config_split_address("[zk1]:1", host, &port), -EINVAL);
	assert_int_equal(config_split_address("zk1:+1", host, &port), -EINVAL);
	assert_int_equal(config_split_address("zk1:", host, &port), -EINVAL);
}

static void a_lease_without_room_is_refused_with_its_arithmetic(void **state)
{
	struct fixture *f = *state;

	refuses(f, CLUSTER SERVERS "\nsession_ms = 4000; };\n" STORAGE COMMAND " };", 3,
	        "T = 4000 ms less 0.1 % is 3996; M = k + J = 2000 + 500 = 2500; "
	        "lease = 3996 - M - stop_ms 500 = 996; tolerance = lease - h - A 400 = -404, must "
	        "be "
	        "at least h = 1000. Raise session_ms to 7800 or more");
	/* The advice holds, and nothing less does. */
	loads(f, CLUSTER SERVERS "\nsession_ms = 7800; };\n" STORAGE COMMAND " };");
	refuses(f, CLUSTER SERVERS "\nsession_ms = 7700; };\n" STORAGE COMMAND " };", 3,
	        "tolerance = lease - h - A 770 = 2922, which is enough, but the first lease, "
	        "lease - h = 3692, must be at least max(k, h + J) + h + A = 3770. Raise session_ms "
	        "to 7800");
}

static void hot_mode_is_a_word(void **state)
{
	struct fixture *f = *state;

	loads(f, CLUSTER SERVERS " };\n" STORAGE COMMAND "\nmode = \"hot\"; };");
	assert_true(f->c->hot);
	refuses(f, CLUSTER SERVERS " };\n" STORAGE COMMAND "\nmode = \"warm\"; };", 5,
	        "\"cold\" or \"hot\"");
}

static void revoke_counts_only_in_hot_mode(void **state)
{
	struct fixture *f = *state;
	struct lease_params p;

	loads(f, LEAST);
	config_lease_params(f->c, &p);
	assert_int_equal(p.session, 10000000);
	assert_int_equal(p.tick, 2000000);
	assert_int_equal(p.stop, 500000);
	assert_int_equal(p.revoke, 0);
	f->c->hot = true;
	config_lease_params(f->c, &p);
	assert_int_equal(p.revoke, 1000000);
}

static char *printed(void (*print)(FILE *f, const struct config *c), const struct config *c)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	print(f, c);
	assert_int_equal(fclose(f), 0);
	return text;
}

static void the_check_prints_the_numbers_of_the_design(void **state)
{
	struct fixture *f = *state;
	char expected[1024];

	loads(f, CLUSTER SERVERS " };\nstorage: { path = \"/tmp\"; };\n"
	                         "jobmanager: { command = [\"/bin/sh\"]; };\n");
	CLEANUP(freep) char *text = printed(config_print_check, f->c);
	(void)snprintf(
	        expected, sizeof(expected),
	        "%s: ok\n"
	        "  cluster orders, member jm-a, contender\n"
	        "  heartbeat h              1000 ms   tick_ms / 2\n"
	        "  margin M                 2500 ms   tick_ms + max(200, tick_ms / 4)\n"
	        "  lease                    6990 ms   session_ms less 0.1 %% - M - stop_ms\n"
	        "  answer timeout A         1000 ms   max(300, session_ms / 10)\n"
	        "  tolerance                4990 ms   lease - h - A: a shorter ZooKeeper outage "
	        "changes nothing\n"
	        "  takeover, host lost     12000 ms   at most, session_ms + tick_ms\n"
	        "warning: jobmanager.health.url is not set: a JobManager that hangs is not "
	        "noticed\n",
	        f->file);
	assert_string_equal(text, expected);
}

static void the_check_warns_of_what_is_allowed_but_weak(void **state)
{
	struct fixture *f = *state;

	loads(f,
	      CLUSTER "role = \"observer\"; zookeeper: { servers = [\"a:1\"]; session_ms = 90000; "
	              "};\nelection: { takeover_ms = 5000; };" STORAGE COMMAND " };");
	CLEANUP(freep) char *text = printed(config_print_check, f->c);
	assert_non_null(strstr(text, "outside 2 to 20 times tick_ms"));
	assert_non_null(strstr(text, "makes it 40000"));
	assert_non_null(strstr(text, "names 1: an ensemble needs 3"));
	assert_non_null(strstr(text, "storage.io_ms is not below"));
	assert_non_null(strstr(text, "an observer never runs"));
}

static void the_check_warns_of_what_is_not_there_on_this_host(void **state)
{
	struct fixture *f = *state;

	loads(f, CLUSTER SERVERS " };\nstorage: { path = \"/nonexistent/ha\"; };\n"
	                         "jobmanager: { command = [\"/nonexistent/jm\"]; };\n"
	                         "api: { admin_group = \"jmha-nobodys\"; };\n");
	CLEANUP(freep) char *text = printed(config_print_check, f->c);
	assert_non_null(strstr(text, "storage.path /nonexistent/ha: No such file or directory;"));
	assert_non_null(strstr(text, "jobmanager.command /nonexistent/jm cannot be run here: No"));
	assert_non_null(strstr(text, "api.admin_group jmha-nobodys is no group here"));

	loads(f, CLUSTER SERVERS " };\nstorage: { path = \"/etc/passwd\"; };\n"
	                         "jobmanager: { command = [\"/bin/sh\"]; };\n"
	                         "api: { admin_group = \"root\"; };\n");
	CLEANUP(freep) char *other = printed(config_print_check, f->c);
	assert_non_null(strstr(other, "storage.path /etc/passwd is not a directory"));
	assert_null(strstr(other, "cannot be run"));
	assert_null(strstr(other, "admin_group"));
}

static void the_check_warns_of_a_hang_that_would_not_be_noticed(void **state)
{
	static const struct {
		const char *lines, *warning; /* NULL = none of health */
	} cases[] = {
		{ "", "jobmanager.health.url is not set" },
		{ "mode = \"hot\";", NULL }, /* it is silent, too, when it hangs */
		{ "health: { url = \"http://127.0.0.1:8081/o\"; };", NULL },
		{ "health: { url = \"https://[::1]:8081/o\"; };", NULL },
		{ "health: { url = \"http://localhost/o\"; };", NULL },
		{ "health: { url = \"http://u:p@10.0.0.1?a@b\"; };", NULL },
		{ "health: { url = \"http://jm-a:8081/o\"; };", "health.url names its host" },
		{ "health: { url = \"http://10.0.0.1@jm-a/o\"; };", "health.url names its host" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		char text[1024];

		(void)snprintf(text, sizeof(text), "%s%s };\n",
		               CLUSTER SERVERS " };\n" STORAGE COMMAND, cases[i].lines);
		loads(f, text);
		CLEANUP(freep) char *said = printed(config_print_check, f->c);
		if (cases[i].warning)
			assert_non_null(strstr(said, cases[i].warning));
		else
			assert_null(strstr(said, "health"));
	}
}

static void an_error_is_printed_as_file_line_text(void **state)
{
	struct fixture *f = *state;
	char *text = NULL;
	char expected[256];
	size_t size;
	FILE *out = open_memstream(&text, &size);

	refuses(f, LEAST "colour = 1;\n", 5, "unknown key");
	config_error_print(out, &f->e);
	(void)fclose(out);
	(void)snprintf(expected, sizeof(expected), "%s:5: unknown key colour", f->file);
	assert_memory_equal(text, expected, strlen(expected));
	free(text);
}

static void a_reload_takes_what_it_may_and_names_the_rest(void **state)
{
	struct fixture *f = *state;
	CLEANUP(config_freep) struct config *running = NULL;
	CLEANUP(config_freep) struct config *merged = NULL;
	struct config_changes changes;

	loads(f, LEAST);
	running = TAKE_PTR(f->c);
	loads(f,
	      "cluster = \"other\"; member = \"jm-b\";"
	      "zookeeper: { servers = [\"zk9:2181\"]; session_ms = 20000; };" STORAGE
	      "election: { takeover_ms = 20000; };"
	      "jobmanager: { command = [\"/bin/jm\"]; ready_ms = 2000; revoke_ms = 2000;"
	      "health: { url = \"http://h/\"; interval_ms = 200; timeout_ms = 300; failures = 2; };"
	      "}; api: { admin_group = \"ops\"; };");
	config_compare(running, f->c, &changes);
	static const char *const reloaded[] = {
		"zookeeper.servers",
		"election.takeover_ms",
		"jobmanager.revoke_ms",
		"jobmanager.ready_ms",
		"jobmanager.health.url",
		"jobmanager.health.interval_ms",
		"jobmanager.health.timeout_ms",
		"jobmanager.health.failures",
		"api.admin_group",
		NULL,
	};
	static const char *const restart[] = {
		"cluster", "member", "runtime_dir", "zookeeper.session_ms", "jobmanager.command",
		NULL,
	};
	for (size_t i = 0; i < N_ELEMENTS(reloaded); i++)
		reloaded[i] ? assert_string_equal(changes.reloaded[i], reloaded[i])
		            : assert_null(changes.reloaded[i]);
	for (size_t i = 0; i < N_ELEMENTS(restart); i++)
		restart[i] ? assert_string_equal(changes.needs_restart[i], restart[i])
		           : assert_null(changes.needs_restart[i]);

	assert_int_equal(config_merge(running, f->c, &merged, &f->e), 0);
	assert_string_equal(merged->cluster, "orders");
	assert_string_equal(merged->member, "jm-a");
	assert_int_equal(merged->session_usec, 10000000);
	assert_int_equal(merged->n_command, 2);
	assert_string_equal(merged->command[1], "start");
	assert_int_equal(merged->n_servers, 1);
	assert_string_equal(merged->servers[0], "zk9:2181");
	assert_int_equal(merged->takeover_usec, 20000000);
	assert_string_equal(merged->health.url, "http://h/");
	assert_int_equal(merged->health.failures, 2);
	assert_string_equal(merged->admin_group, "ops");
	config_compare(merged, f->c, &changes);
	assert_null(changes.reloaded[0]);
}

static void the_sample_loads_and_holds_the_defaults(void **state)
{
	struct fixture *f = *state;
	CLEANUP(config_freep) struct config *sample = NULL;
	struct config_changes changes;
	FILE *out = fopen(f->file, "we");

	config_sample_print(out);
	assert_int_equal(fclose(out), 0);
	if (config_load(f->file, &sample, &f->e) < 0)
		fail_msg("%s:%u: %s", f->e.file, f->e.line, f->e.text);
	loads(f, "cluster = \"orders\";" SERVERS " };" STORAGE
	         "jobmanager: { command = [\"/opt/flink/bin/jobmanager.sh\", "
	         "\"start-foreground\"]; };");
	config_compare(sample, f->c, &changes);
	assert_null(changes.reloaded[0]);
	assert_null(changes.needs_restart[0]);
}

static void every_default_lies_in_its_range(void **state)
{
	size_t n;
	const struct config_key *keys = config_schema(&n);

	(void)state;
	assert_true(n > 20);
	for (size_t i = 0; i < n; i++) {
		assert_non_null(keys[i].meaning);
		if (keys[i].type != CONFIG_MS && keys[i].type != CONFIG_COUNT)
			continue;
		assert_true(keys[i].min <= keys[i].dflt && keys[i].dflt <= keys[i].max);
	}
}

/* ---- credentials */

static void the_credentials_are_one_line_that_nobody_else_may_read(void **state)
{
	struct fixture *f = *state;
	CLEANUP(config_secret_freep) char *secret = NULL;

	write_file(f->file, "jmha:s3cret\n", 0600);
	assert_int_equal(config_read_auth(f->file, &secret, &f->e), 0);
	assert_string_equal(secret, "jmha:s3cret");
	config_secret_freep(&secret);
	write_file(f->file, "jmha:a:b", 0400);
	assert_int_equal(config_read_auth(f->file, &secret, &f->e), 0);
	assert_string_equal(secret, "jmha:a:b");
}

static void credentials_that_others_may_read_are_refused(void **state)
{
	struct fixture *f = *state;
	static const mode_t modes[] = { 0640, 0604, 0644, 0700, 0200, 04600 };
	char *secret = NULL;

	for (size_t i = 0; i < N_ELEMENTS(modes); i++) {
		write_file(f->file, "jmha:s3cret\n", modes[i]);
		assert_true(config_read_auth(f->file, &secret, &f->e) < 0);
		assert_null(secret);
	}
	write_file(f->file, "jmha:s3cret\n", 0640);
	assert_int_equal(config_read_auth(f->file, &secret, &f->e), -EINVAL);
	assert_non_null(strstr(f->e.text, "mode 0640"));
	assert_string_equal(f->e.file, f->file);
}

static void a_symlink_to_credentials_is_refused(void **state)
{
	struct fixture *f = *state;
	char link_path[128], *secret = NULL;

	write_file(f->file, "jmha:s3cret\n", 0600);
	(void)snprintf(link_path, sizeof(link_path), "%s/link", f->dir);
	assert_int_equal(symlink(f->file, link_path), 0);
	assert_int_equal(config_read_auth(link_path, &secret, &f->e), -EINVAL);
	assert_non_null(strstr(f->e.text, "symbolic link"));
	(void)unlink(link_path);
	assert_int_equal(config_read_auth(link_path, &secret, &f->e), -ENOENT);
	assert_int_equal(config_read_auth(f->dir, &secret, &f->e), -EINVAL);
}

static void an_error_never_shows_the_credentials(void **state)
{
	struct fixture *f = *state;
	static const char *const bad[] = { "",          "\n",        "s3cret\n",
		                           ":s3cret\n", "s3cret:\n", "u:s3cret\nu:s3cret\n" };
	char *secret = NULL, big[1200];

	for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
		write_file(f->file, bad[i], 0600);
		assert_int_equal(config_read_auth(f->file, &secret, &f->e), -EINVAL);
		assert_non_null(strstr(f->e.text, "one line, user:password"));
		assert_null(strstr(f->e.text, "s3cret"));
	}
	memset(big, 'x', sizeof(big));
	memcpy(big, "u:", 2);
	big[sizeof(big) - 1] = '\0';
	write_file(f->file, big, 0600);
	assert_int_equal(config_read_auth(f->file, &secret, &f->e), -EINVAL);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	static const struct CMUnitTest tests[] = {
		T(the_least_file_gives_the_defaults_of_the_design),
		T(every_key_is_taken_from_the_file),
		T(an_unknown_key_is_named_with_its_line),
		T(a_wrong_type_is_named_with_what_it_must_be),
		T(a_number_out_of_range_is_named_with_its_range),
		T(a_required_key_that_is_missing_is_named_with_an_example),
		T(syntax_errors_and_files_that_are_none_are_told_apart),
		T(nothing_is_included),
		T(a_file_that_is_no_configuration_at_all_is_refused),
		T(a_kept_configuration_stays_what_it_was),
		T(names_are_those_that_fit_a_znode_and_a_directory),
		T(paths_and_addresses_are_checked),
		T(servers_are_one_host_and_port_each),
		T(an_address_is_split_without_its_brackets),
		T(a_lease_without_room_is_refused_with_its_arithmetic),
		T(hot_mode_is_a_word),
		T(revoke_counts_only_in_hot_mode),
		T(the_check_prints_the_numbers_of_the_design),
		T(the_check_warns_of_what_is_allowed_but_weak),
		T(the_check_warns_of_what_is_not_there_on_this_host),
		T(the_check_warns_of_a_hang_that_would_not_be_noticed),
		T(an_error_is_printed_as_file_line_text),
		T(a_reload_takes_what_it_may_and_names_the_rest),
		T(the_sample_loads_and_holds_the_defaults),
		T(every_default_lies_in_its_range),
		T(the_credentials_are_one_line_that_nobody_else_may_read),
		T(credentials_that_others_may_read_are_refused),
		T(a_symlink_to_credentials_is_refused),
		T(an_error_never_shows_the_credentials),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
