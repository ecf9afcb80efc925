/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/fault_rules.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { MAX_RULES = 16, LOOK_AGAIN_MS = 20 };

struct rule {
	char op[16], how[16], glob[128];
	struct fault fault;
	unsigned long first, last, met;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char rules_file[PATH_MAX], met_file[PATH_MAX + 8];
static struct stat seen; /* of the file that the rules are from */
static struct rule rules[MAX_RULES];
static unsigned n_rules;

int fault_rules_init(const char *file)
{
	if (file[0] != '/')
		return -EINVAL; /* who serves a file system works in / */
	if (strlen(file) >= sizeof(rules_file))
		return -ENAMETOOLONG;
	(void)snprintf(rules_file, sizeof(rules_file), "%s", file);
	(void)snprintf(met_file, sizeof(met_file), "%s.met", file);
	return 0;
}

static bool parse_how(struct rule *rule)
{
	static const struct {
		const char *name;
		enum fault_how how;
		int error;
	} known[] = {
		{ "short", FAULT_SHORT, 0 },
		{ "half", FAULT_HALF, 0 },
		{ "drop", FAULT_DROP, 0 },
		{ "flip", FAULT_FLIP, 0 },
		{ "hang", FAULT_HANG, 0 },
		{ "stale:", FAULT_STALE, 0 },
		{ "nocto:", FAULT_NOCTO, 0 },
		{ "EIO", FAULT_ERROR, EIO },
		{ "ENOSPC", FAULT_ERROR, ENOSPC },
		{ "EDQUOT", FAULT_ERROR, EDQUOT },
		{ "EROFS", FAULT_ERROR, EROFS },
		{ "ESTALE", FAULT_ERROR, ESTALE },
		{ "EACCES", FAULT_ERROR, EACCES },
		{ "ENOENT", FAULT_ERROR, ENOENT },
		{ "ENOTCONN", FAULT_ERROR, ENOTCONN },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		size_t size = strlen(known[i].name);
		bool has_ms = known[i].name[size - 1] == ':';

		if (strncmp(rule->how, known[i].name, has_ms ? size : sizeof(rule->how)) != 0)
			continue;
		rule->fault = (struct fault){ known[i].how, -known[i].error,
			                      has_ms ? strtol(rule->how + size, NULL, 10) : 0 };
		return true;
	}
	return false;
}

/* With the lock held.  A line that is none ends the program: no test must pass by a spelling. */
static void load(void)
{
	char line[256];
	FILE *file;

	n_rules = 0;
	file = fopen(rules_file, "re");
	if (!file)
		return;
	while (n_rules < MAX_RULES && fgets(line, sizeof(line), file)) {
		struct rule *r = &rules[n_rules++];
		int n;

		*r = (struct rule){ .first = 1, .last = ULONG_MAX };
		n = sscanf(line, "%15s %15s %127s %lu %lu", r->op, r->how, r->glob, &r->first,
		           &r->last);
		if (n < 3 || !parse_how(r)) {
			(void)fprintf(stderr, "%s: not a rule: %s", rules_file, line);
			exit(2);
		}
	}
	(void)fclose(file);
}

static void look_again(void)
{
	struct stat now = { 0 };

	(void)stat(rules_file, &now);
	if (now.st_ino == seen.st_ino && now.st_mtim.tv_sec == seen.st_mtim.tv_sec &&
	    now.st_mtim.tv_nsec == seen.st_mtim.tv_nsec)
		return;
	seen = now;
	load();
}

static void write_met(const struct rule *rule, const char *op, const char *path)
{
	char line[PATH_MAX + 64];
	int n = snprintf(line, sizeof(line), "%s %s %s\n", op, rule->how, path);
	int fd = open(met_file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	if (fd < 0)
		return;
	if (n > 0 && write(fd, line, (size_t)n) < 0)
		perror(met_file);
	(void)close(fd);
}

/* With the lock held.  again: this request has been counted. */
static const struct rule *find(const char *op, const char *path, bool again)
{
	look_again();
	for (unsigned i = 0; i < n_rules; i++) {
		struct rule *r = &rules[i];
		unsigned long n;

		if ((strcmp(r->op, op) != 0 && strcmp(r->op, "any") != 0) ||
		    fnmatch(r->glob, path, 0) != 0)
			continue;
		n = again && r->met > 0 ? r->met : ++r->met;
		if (n >= r->first && n <= r->last)
			return r;
	}
	return NULL;
}

struct fault fault_rules_ask(const char *op, const char *path)
{
	const struct timespec pause = { .tv_nsec = LOOK_AGAIN_MS * 1000000 };
	struct fault ret = { FAULT_NONE, 0, 0 };
	const struct rule *r;

	path += path[0] == '/';
	(void)pthread_mutex_lock(&lock);
	for (bool again = false; (r = find(op, path, again)); again = true) {
		if (!again)
			write_met(r, op, path);
		if (r->fault.how != FAULT_HANG) {
			ret = r->fault;
			break;
		}
		(void)pthread_mutex_unlock(&lock);
		(void)nanosleep(&pause, NULL);
		(void)pthread_mutex_lock(&lock);
	}
	(void)pthread_mutex_unlock(&lock);
	return ret;
}
