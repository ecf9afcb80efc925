/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jmhad: one program, three processes.  Reads the command line and the configuration, and becomes
 * guard, elector or release.  Exit codes are jmhactl's: 2 usage, 7 invalid configuration.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "daemon/config.h"
#include "daemon/elector.h"
#include "daemon/guard.h"
#include "daemon/guard_link.h"
#include "daemon/lease_page.h"
#include "daemon/log.h"
#include "daemon/release.h"
#include "election/lease.h"

enum { EXIT_USAGE = 2, EXIT_CONFIG = 7 };

enum mode { MODE_GUARD, MODE_ELECTOR, MODE_RELEASE, MODE_CHECK };

struct arguments {
	enum mode mode;
	const char *config;
	bool lock_inherited; /* --release as the guard's child */
	bool config_kept;    /* the guard's children: by the configuration that it has */
	bool debug;
};

static const char usage[] =
        "Usage: jmhad --config FILE             run in the foreground\n"
        "       jmhad --check-config FILE       check FILE, show the lease's arithmetic\n"
        "       jmhad --release --config FILE   hand over for a jmhad that died\n"
        "\n"
        "  --debug                also log what is only of interest when looking for a fault\n"
        "  --sample-config        print a commented configuration with all defaults\n"
        "  --print-config-schema  print all keys, one a line\n"
        "  --version, --help\n"
        "\n"
        "SIGTERM: hand over and stop.  SIGHUP: read the configuration again.\n"
        "Exit codes: 0 done, 1 failed, 2 usage, 7 invalid configuration.  See jmhad(8).\n";

enum option_id {
	OPTION_CONFIG = 'c',
	OPTION_HELP = 'h',
	OPTION_VERSION = 'V',
	OPTION_CHECK = 256,
	OPTION_RELEASE,
	OPTION_ELECTOR,
	OPTION_LOCK_INHERITED,
	OPTION_CONFIG_KEPT,
	OPTION_DEBUG,
	OPTION_SAMPLE,
	OPTION_SCHEMA,
};

static const struct option options[] = {
	{ "config", required_argument, NULL, OPTION_CONFIG },
	{ "check-config", required_argument, NULL, OPTION_CHECK },
	{ "release", no_argument, NULL, OPTION_RELEASE },
	{ "debug", no_argument, NULL, OPTION_DEBUG },
	{ "sample-config", no_argument, NULL, OPTION_SAMPLE },
	{ "print-config-schema", no_argument, NULL, OPTION_SCHEMA },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{ "help", no_argument, NULL, OPTION_HELP },
	/* the guard's own, for its children */
	{ "elector", no_argument, NULL, OPTION_ELECTOR },
	{ "lock-inherited", no_argument, NULL, OPTION_LOCK_INHERITED },
	{ "config-kept", no_argument, NULL, OPTION_CONFIG_KEPT },
	{ NULL, 0, NULL, 0 },
};

static int usage_error(const char *what)
{
	if (what)
		(void)fprintf(stderr, "jmhad: %s\n", what);
	(void)fprintf(stderr, "Try \"jmhad --help\".\n");
	return EXIT_USAGE;
}

/* A text was asked for, and all of it must have been written. */
static int printed(void)
{
	return fflush(stdout) == 0 && !ferror(stdout) ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Returns -1 to go on, else the exit code. */
static int take_option(int option, struct arguments *a)
{
	switch (option) {
	case OPTION_CONFIG:
		a->config = optarg;
		return -1;
	case OPTION_CHECK:
		a->config = optarg;
		a->mode = MODE_CHECK;
		return -1;
	case OPTION_RELEASE:
		a->mode = MODE_RELEASE;
		return -1;
	case OPTION_ELECTOR:
		a->mode = MODE_ELECTOR;
		return -1;
	case OPTION_LOCK_INHERITED:
		a->lock_inherited = true;
		return -1;
	case OPTION_CONFIG_KEPT:
		a->config_kept = true;
		return -1;
	case OPTION_DEBUG:
		a->debug = true;
		return -1;
	case OPTION_SAMPLE:
		config_sample_print(stdout);
		return printed();
	case OPTION_SCHEMA:
		config_schema_print(stdout);
		return printed();
	case OPTION_VERSION:
		(void)printf("jmhad %s\n", PACKAGE_VERSION);
		return printed();
	case OPTION_HELP:
		(void)fputs(usage, stdout);
		return printed();
	default:
		return usage_error(NULL);
	}
}

static int parse_arguments(int argc, char *argv[], struct arguments *ret)
{
	int option, code;

	while ((option = getopt_long(argc, argv, "c:hV", options, NULL)) != -1) {
		code = take_option(option, ret);
		if (code >= 0)
			return code;
	}
	if (optind < argc)
		return usage_error("there are no arguments without an option");
	if (!ret->config)
		return usage_error("--config FILE is missing");
	return -1;
}

static int run_guard(const struct config *config, const struct arguments *a, int kept)
{
	struct guard_options guard = { .config_path = a->config,
		                       .config_fd = kept,
		                       .program = "/proc/self/exe",
		                       .debug = a->debug };
	struct lease_params lease;

	config_lease_params(config, &lease);
	guard.patience = lease_page_patience(lease_length(&lease));
	return guard_run(config, &guard);
}

static int run_elector(const struct config *config)
{
	struct elector_fds fds;

	if (guard_link_inherited(&fds) < 0)
		return usage_error("--elector is for the guard only");
	return elector_run(config, &fds);
}

/* An elector that dies is replaced by one of the same configuration: while the file is being
 * edited, too, and when what it says now waits for a restart. */
static int load(const struct arguments *a, int *ret_kept, struct config **ret,
                struct config_error *reterr)
{
	int r;

	if (a->config_kept) {
		r = config_load_kept(ELECTOR_FD_CONFIG, a->config, ret, reterr);
		(void)close(ELECTOR_FD_CONFIG);
		return r;
	}
	if (a->mode != MODE_GUARD)
		return config_load(a->config, ret, reterr);
	r = config_keep(a->config, ret_kept, reterr);
	return r < 0 ? r : config_load_kept(*ret_kept, a->config, ret, reterr);
}

/* Each elector reads them for itself; what cannot work is better said once, at the start. */
static int check_auth(const struct config *config, struct config_error *reterr)
{
	CLEANUP(config_secret_freep) char *auth = NULL;

	return config->auth_file ? config_read_auth(config->auth_file, &auth, reterr) : 0;
}

static int run(const struct config *config, const struct arguments *a, int kept)
{
	static const char *const names[] = { [MODE_GUARD] = "guard",
		                             [MODE_ELECTOR] = "elector",
		                             [MODE_RELEASE] = "release",
		                             [MODE_CHECK] = "check" };
	char comm[16];

	/* Executed through /proc/self/exe, ps would show "exe". */
	(void)snprintf(comm, sizeof(comm), "jmhad-%s", names[a->mode]);
	(void)prctl(PR_SET_NAME, comm);
	log_setup(names[a->mode], a->debug ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO);
	switch (a->mode) {
	case MODE_GUARD:
		return run_guard(config, a, kept);
	case MODE_ELECTOR:
		return run_elector(config);
	case MODE_RELEASE:
		return release_run(config, a->lock_inherited ? ELECTOR_FD_LOCK : -1);
	case MODE_CHECK:
		config_print_check(stdout, config);
		return printed();
	}
	return EXIT_FAILURE;
}

/* Started without stdin, stdout or stderr, the lock or a file of the store would take their number,
 * and log lines would be written into it. */
static void fill_standard_fds(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	closep(&fd);
}

int main(int argc, char *argv[])
{
	CLEANUP(config_freep) struct config *config = NULL;
	CLEANUP(closep) int kept = -EBADF;
	struct arguments a = { .mode = MODE_GUARD };
	struct config_error error;
	int code;

	fill_standard_fds();
	code = parse_arguments(argc, argv, &a);
	if (code >= 0)
		return code;
	if (load(&a, &kept, &config, &error) < 0 ||
	    ((a.mode == MODE_GUARD || a.mode == MODE_CHECK) && check_auth(config, &error) < 0)) {
		config_error_print(stderr, &error);
		return EXIT_CONFIG;
	}
	return run(config, &a, kept);
}
