/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/init_files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "daemon/config.h"

static const struct init_values hot = {
	.cluster = "orders",
	.member = "jm-a",
	.zookeeper = "zk1:2181,zk2:2181,[::1]:2181",
	.tick_ms = 500,
	.storage = "/mnt/ha/jmha",
	.flink_home = "/opt/flink",
	.listen = "0.0.0.0:9180",
	.admin_group = "jmha-admin",
	.flink_storage = "file:///mnt/ha/flink",
	.cluster_id = "orders",
	.address = "jm-a.example.com",
	.peers = "jm-a:9180,jm-b:9180",
};
static char *text;

static int clear(void **state)
{
	(void)state;
	free(text);
	text = NULL;
	return 0;
}

static const char *print(void (*function)(FILE *f, const struct init_values *v),
                         const struct init_values *v)
{
	size_t size;
	FILE *f;

	free(text);
	text = NULL;
	f = open_memstream(&text, &size);
	assert_non_null(f);
	function(f, v);
	assert_int_equal(fclose(f), 0);
	return text;
}

static void contains(const char *part)
{
	if (!strstr(text, part))
		fail_msg("\"%s\" does not contain \"%s\"", text, part);
}

static void lacks(const char *part)
{
	if (strstr(text, part))
		fail_msg("\"%s\" contains \"%s\"", text, part);
}

/* As jmhad reads it. */
static struct config *load(const struct init_values *v)
{
	struct config *c = NULL;
	struct config_error error;
	int fd = memfd_create("test", MFD_CLOEXEC);

	(void)print(init_files_print_config, v);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	if (config_load_kept(fd, "test.conf", &c, &error) < 0)
		fail_msg("%s\n%s", error.text, text);
	(void)close(fd);
	return c;
}

static void the_daemon_reads_every_value(void **state)
{
	CLEANUP(config_freep) struct config *c = load(&hot);

	(void)state;
	assert_string_equal(c->cluster, "orders");
	assert_string_equal(c->member, "jm-a");
	assert_int_equal(c->n_servers, 3);
	assert_string_equal(c->servers[0], "zk1:2181");
	assert_string_equal(c->servers[2], "[::1]:2181");
	assert_int_equal(c->tick_usec, 500000);
	assert_null(c->auth_file);
	assert_string_equal(c->storage_path, "/mnt/ha/jmha");
	assert_string_equal(c->listen, "0.0.0.0:9180");
	assert_string_equal(c->admin_group, "jmha-admin");
	assert_int_equal(c->n_command, 2);
	assert_string_equal(c->command[0], "/opt/flink/bin/jobmanager.sh");
	assert_string_equal(c->command[1], "start-foreground");
	assert_null(c->class_archive);
	assert_false(c->observer);
	assert_true(c->hot);
	lacks("session_ms");
}

/* load() fails for a lease without room. */
static void a_slow_ensemble_gets_a_longer_session(void **state)
{
	struct init_values v = hot;

	(void)state;
	for (v.tick_ms = 200; v.tick_ms <= 10000; v.tick_ms += 100)
		config_free(load(&v));
	assert_int_equal(v.tick_ms, 10100);
	contains("session_ms = 50000;");
}

static void what_was_not_said_is_not_written(void **state)
{
	struct init_values v = hot;
	CLEANUP(config_freep) struct config *c = NULL;

	(void)state;
	v.listen = v.admin_group = NULL;
	c = load(&v);
	assert_null(c->listen);
	assert_null(c->admin_group);
	lacks("api:");
	v.admin_group = "ops";
	(void)print(init_files_print_config, &v);
	contains("api: {\n    admin_group = \"ops\";\n};");
	lacks("listen");
}

/* Left to the operator: it costs memory. */
static void a_class_archive_is_proposed_to_a_hot_one(void **state)
{
	struct init_values cold = hot;

	(void)state;
	(void)print(init_files_print_config, &hot);
	contains("    # class_archive = \"/var/lib/jmha\";\n");
	cold.cold = true;
	(void)print(init_files_print_config, &cold);
	lacks("class_archive");
}

static void odd_values_stay_what_they_are(void **state)
{
	struct init_values v = hot;
	CLEANUP(config_freep) struct config *c = NULL;

	(void)state;
	v.storage = "/mnt/a \"b\\c\303\244";
	v.auth_file = "/etc/jmha/\\x41";
	v.flink_home = "/opt/fl\"ink";
	c = load(&v);
	assert_string_equal(c->storage_path, v.storage);
	assert_string_equal(c->auth_file, v.auth_file);
	assert_string_equal(c->command[0], "/opt/fl\"ink/bin/jobmanager.sh");
	assert_null(init_files_bad_value(&v));
	v.peers = "a:1\nb:2";
	assert_string_equal(init_files_bad_value(&v), "--peers");
	v.peers = "a:1";
	v.member = "a\177";
	assert_string_equal(init_files_bad_value(&v), "--member");
}

static void application_mode_names_its_class(void **state)
{
	struct init_values v = hot;
	CLEANUP(config_freep) struct config *c = NULL;

	(void)state;
	v.job_class = "com.example.Orders";
	c = load(&v);
	assert_int_equal(c->n_command, 4);
	assert_string_equal(c->command[0], "/opt/flink/bin/standalone-job.sh");
	assert_string_equal(c->command[1], "start-foreground");
	assert_string_equal(c->command[2], "--job-classname");
	assert_string_equal(c->command[3], "com.example.Orders");
}

static void the_mode_is_written(void **state)
{
	struct init_values v = hot;

	(void)state;
	(void)print(init_files_print_config, &v);
	contains("mode = \"hot\";");
	v.cold = true;
	(void)print(init_files_print_config, &v);
	contains("mode = \"cold\";");
}

static void flink_gets_its_lines(void **state)
{
	(void)state;
	(void)print(init_files_print_flink, &hot);
	contains("\nhigh-availability.type: io.jmha.flink.JmhaHaServicesFactory\n");
	contains("\nhigh-availability.storageDir: file:///mnt/ha/flink\n");
	contains("\nhigh-availability.cluster-id: orders\n");
	contains("\njmha.address: jm-a:9180,jm-b:9180\n");
	contains("\njobmanager.rpc.address: jm-a.example.com\n");
	contains("\nrest.address: jm-a.example.com\n");
	contains("\njobmanager.bind-host: 0.0.0.0\n");
	contains("\ncluster.processes.halt-on-fatal-error: true\n");
	/* Ignored with this library; nobody should think that they do something. */
	lacks("high-availability.zookeeper");
	lacks("high-availability.jobmanager.port");
}

/* flink-conf.yaml knows no quotes, YAML needs them for numbers and signs. */
static void yaml_is_quoted_only_where_it_must_be(void **state)
{
	static const struct {
		const char *value, *line;
	} cases[] = {
		{ "/default", "\nhigh-availability.cluster-id: /default\n" },
		{ "12", "\nhigh-availability.cluster-id: \"12\"\n" },
		{ "1.5", "\nhigh-availability.cluster-id: \"1.5\"\n" },
		{ "10.0.0.11", "\nhigh-availability.cluster-id: 10.0.0.11\n" },
		{ "10.0.0.11:9180,10.0.0.12:9180",
		  "\nhigh-availability.cluster-id: 10.0.0.11:9180,10.0.0.12:9180\n" },
		{ "1e5", "\nhigh-availability.cluster-id: \"1e5\"\n" },
		{ "a: b", "\nhigh-availability.cluster-id: \"a: b\"\n" },
		{ "a#b", "\nhigh-availability.cluster-id: \"a#b\"\n" },
		{ "a:", "\nhigh-availability.cluster-id: \"a:\"\n" },
		{ "a\"\\b", "\nhigh-availability.cluster-id: \"a\\\"\\\\b\"\n" },
	};
	struct init_values v = hot;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		v.cluster_id = cases[i].value;
		(void)print(init_files_print_flink, &v);
		contains(cases[i].line);
	}
}

static void print_steps(FILE *f, const struct init_values *v)
{
	init_files_print_steps(f, v, "/etc/jmha/orders.conf", "/etc/jmha/orders.flink.yaml");
}

static void the_steps_name_unit_jar_and_hosts(void **state)
{
	struct init_values v = hot;

	(void)state;
	(void)print(print_steps, &v);
	contains("systemctl enable --now jmhad@orders\n");
	contains("jmhad --check-config /etc/jmha/orders.conf\n");
	contains("cp jmha-flink-*.jar /opt/flink/lib/\n");
	contains("ReadWritePaths=/opt/flink/log\n");
	contains("install -d -o jmha -g jmha /mnt/ha/jmha /mnt/ha/flink\n");
	contains("RequiresMountsFor=/mnt/ha/jmha /mnt/ha/flink\n");
	v.flink_storage = "s3://bucket/flink";
	(void)print(print_steps, &v);
	contains("install -d -o jmha -g jmha /mnt/ha/jmha\n");
	contains("On each TaskManager and client: the same jar into lib/");
	v.cold = true;
	(void)print(print_steps, &v);
	contains("systemctl enable --now jmhad@orders\n");
	lacks("jar");
	lacks("flink.yaml");
	lacks("bucket");
}

#define T(f) cmocka_unit_test_teardown(f, clear)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		T(the_daemon_reads_every_value),
		T(a_slow_ensemble_gets_a_longer_session),
		T(what_was_not_said_is_not_written),
		T(a_class_archive_is_proposed_to_a_hot_one),
		T(odd_values_stay_what_they_are),
		T(application_mode_names_its_class),
		T(the_mode_is_written),
		T(flink_gets_its_lines),
		T(yaml_is_quoted_only_where_it_must_be),
		T(the_steps_name_unit_jar_and_hosts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
