/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The other half of config.h: what the keys mean together, and the arithmetic of the lease for
 * people.  config.c reads, this file judges.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/text.h"
#include "daemon/config.h"
#include "daemon/mount.h"
#include "election/lease.h"

__attribute__((format(printf, 3, 4))) static int refuse(struct config_error *reterr,
                                                        const char *key, const char *format, ...)
{
	va_list ap;

	reterr->line = 0;
	reterr->key = key;
	va_start(ap, format);
	(void)vsnprintf(reterr->text, sizeof(reterr->text), format, ap);
	va_end(ap);
	text_one_line(reterr->text);
	return -EINVAL;
}

/* ---- names, paths, addresses */

/* [A-Za-z0-9_-][A-Za-z0-9._-]{0,62} (PROTOCOL section 5) */
static bool name_valid(const char *name)
{
	static const char first[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	                            "0123456789_-";
	size_t len = strlen(name);

	return len >= 1 && len <= 63 && strspn(name, first) >= 1 &&
	       name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	                         "0123456789._-")] == '\0';
}

static int check_name(const char *key, const char *name, struct config_error *reterr)
{
	if (name_valid(name))
		return 0;
	return refuse(
	        reterr, key,
	        "%s is \"%.80s\": a name has 1 to 63 letters, digits, dots, _ and -, and does "
	        "not begin with a dot",
	        key, name);
}

static int check_path(const char *key, const char *path, struct config_error *reterr)
{
	if (!path)
		return 0;
	if (path[0] != '/')
		return refuse(reterr, key,
		              "%s is \"%.128s\": it must be an absolute path, beginning with /",
		              key, path);
	if (strlen(path) >= PATH_MAX - 256)
		return refuse(reterr, key, "%s is too long", key);
	return 0;
}

/* A znode's path as ZooKeeper takes it; "/" alone and ZooKeeper's own node are no place for us. */
static int check_root(const char *root, struct config_error *reterr)
{
	const char *what = NULL;
	size_t len = strlen(root);

	for (const char *c = root; *c; c++)
		if ((unsigned char)*c < 0x21 || (unsigned char)*c > 0x7e)
			what = "only printable ASCII without blanks";
	if (root[0] != '/' || len < 2 || len > 255)
		what = "it must begin with / and name a node, like /jmha";
	else if (root[len - 1] == '/')
		what = "no / at the end";
	else if (strstr(root, "//") || strstr(root, "/./") || strstr(root, "/../") ||
	         strcmp(root + len - 2, "/.") == 0 ||
	         (len > 2 && strcmp(root + len - 3, "/..") == 0))
		what = "no empty part, no . and no ..";
	else if (strcmp(root, "/zookeeper") == 0 || strncmp(root, "/zookeeper/", 11) == 0)
		what = "/zookeeper is ZooKeeper's own";
	if (!what)
		return 0;
	return refuse(reterr, "zookeeper.root", "zookeeper.root is \"%.128s\": %s", root, what);
}

int config_split_address(const char *text, char ret_host[CONFIG_MAX_HOST + 1], uint16_t *ret_port)
{
	const char *host = text, *colon = strrchr(text, ':');
	struct in6_addr v6;
	char copy[CONFIG_MAX_HOST + 1];
	unsigned long port = 0;
	size_t len;

	if (!colon || colon[1] == '\0' || strlen(colon + 1) > 5)
		return -EINVAL;
	for (const char *c = colon + 1; *c; c++) {
		if (*c < '0' || *c > '9')
			return -EINVAL;
		port = port * 10 + (unsigned long)(*c - '0');
	}
	if (port < 1 || port > 65535)
		return -EINVAL;
	len = (size_t)(colon - host);
	if (len >= 2 && host[0] == '[' && host[len - 1] == ']') {
		host++;
		len -= 2;
	}
	if (len < 1 || len > CONFIG_MAX_HOST)
		return -EINVAL;
	memcpy(copy, host, len);
	copy[len] = '\0';
	if (host != text ? inet_pton(AF_INET6, copy, &v6) != 1
	                 : strspn(copy, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	                                "0123456789.-_") != len)
		return -EINVAL;
	memcpy(ret_host, copy, len + 1);
	*ret_port = (uint16_t)port;
	return 0;
}

static int check_servers(const struct config *c, struct config_error *reterr)
{
	static const char key[] = "zookeeper.servers";
	char host[CONFIG_MAX_HOST + 1];
	uint16_t port;

	for (size_t i = 0; i < c->n_servers; i++) {
		const char *s = c->servers[i];

		if (strchr(s, ','))
			return refuse(
			        reterr, key,
			        "%s: \"%.128s\" holds several servers: write one string each, "
			        "[\"a:2181\", \"b:2181\"]",
			        key, s);
		if (strchr(s, '/'))
			return refuse(reterr, key,
			              "%s: \"%.128s\" holds a path: write it as zookeeper.root",
			              key, s);
		if (config_split_address(s, host, &port) < 0)
			return refuse(
			        reterr, key,
			        "%s: \"%.128s\" is not host:port, like zk1:2181 or [::1]:2181", key,
			        s);
		for (size_t j = 0; j < i; j++)
			if (strcmp(s, c->servers[j]) == 0)
				return refuse(reterr, key, "%s: \"%.128s\" is there twice", key, s);
	}
	return 0;
}

/* The guard binds it before anything else runs: no name to resolve. */
static int check_listen(const char *listen, struct config_error *reterr)
{
	char host[CONFIG_MAX_HOST + 1];
	struct in6_addr v6;
	struct in_addr v4;
	uint16_t port;

	if (!listen ||
	    (config_split_address(listen, host, &port) == 0 &&
	     (inet_pton(AF_INET, host, &v4) == 1 || inet_pton(AF_INET6, host, &v6) == 1)))
		return 0;
	return refuse(reterr, "api.listen",
	              "api.listen is \"%.128s\": it must be an IP address and a port, like "
	              "127.0.0.1:9180 or [::]:9180",
	              listen);
}

static const usec_t least_silence = 2 * USEC_PER_SEC;

static int check_jobmanager(const struct config *c, struct config_error *reterr)
{
	if (!c->observer && !c->command)
		return refuse(
		        reterr, "jobmanager.command",
		        "jobmanager.command is missing: a contender must know what to run, for "
		        "example jobmanager: { command = [\"/opt/flink/bin/jobmanager.sh\", "
		        "\"start-foreground\"]; }; or set role = \"observer\"");
	if (c->command && c->command[0][0] != '/')
		return refuse(reterr, "jobmanager.command",
		              "jobmanager.command begins with \"%.128s\": the program must be an "
		              "absolute path, beginning with /",
		              c->command[0]);
	if (c->health.url && strncmp(c->health.url, "http://", 7) != 0 &&
	    strncmp(c->health.url, "https://", 8) != 0)
		return refuse(reterr, "jobmanager.health.url",
		              "jobmanager.health.url is \"%.128s\": it must begin with http:// or "
		              "https://, like http://127.0.0.1:8081/overview",
		              c->health.url);
	if (c->class_archive &&
	    (c->class_archive[0] != '/' || strpbrk(c->class_archive, " \t\"'\\")))
		return refuse(reterr, "jobmanager.class_archive",
		              "jobmanager.class_archive is \"%.128s\": it must be an absolute path "
		              "without spaces and quotes, like /var/lib/jmha",
		              c->class_archive);
	if (c->hot && c->health.failures * c->health.interval_usec < least_silence)
		return refuse(reterr, "jobmanager.health.interval_ms",
		              "jobmanager.health: %u failures x %" PRIu64
		              " ms is the silence after which a hot JobManager counts as hung; it "
		              "says something each second, so this must be at least %" PRIu64 " ms",
		              c->health.failures, usec_to_ms(c->health.interval_usec),
		              usec_to_ms(least_silence));
	return 0;
}

/* ---- the lease */

void config_lease_params(const struct config *c, struct lease_params *ret)
{
	*ret = (struct lease_params){
		.session = c->session_usec,
		.tick = c->tick_usec,
		.stop = c->stop_usec,
		.revoke = c->hot ? c->revoke_usec : 0,
	};
}

/* The smallest session_ms with room, in whole tenths of a second; 0 = none within the range. */
static uint64_t session_ms_with_room(struct lease_params p)
{
	for (uint64_t ms = 2000; ms <= 120000; ms += 100) {
		p.session = usec_from_ms(ms);
		if (lease_has_room(&p))
			return ms;
	}
	return 0;
}

static int check_lease(const struct config *c, struct config_error *reterr)
{
	struct lease_params p;
	int64_t usable, h, j, a, lease, tolerance, stop;
	uint64_t enough;
	char advice[96], missing[160];

	config_lease_params(c, &p);
	if (lease_has_room(&p))
		return 0;
	/* The same sums as in lease.c, but signed: people want to see how much is missing. */
	usable = (int64_t)usec_to_ms(p.session - p.session / 1000);
	h = (int64_t)usec_to_ms(lease_heartbeat_period(&p));
	j = (int64_t)usec_to_ms(lease_jitter(&p));
	a = (int64_t)usec_to_ms(lease_answer_timeout(&p));
	stop = (int64_t)usec_to_ms(p.stop);
	lease = usable - (2 * h + j) - stop;
	tolerance = lease - h - a - (int64_t)usec_to_ms(p.revoke);
	if (tolerance < h)
		(void)snprintf(missing, sizeof(missing), "must be at least h = %" PRId64, h);
	else /* A1: the second heartbeat of a chain has to be in time for the deadline of the first
	      */
		(void)snprintf(missing, sizeof(missing),
		               "which is enough, but the first lease, lease - h = %" PRId64
		               ", must be at least max(k, h + J) + h + A = %" PRId64,
		               lease - h, (h > j ? 2 * h : h + j) + h + a);
	enough = session_ms_with_room(p);
	if (enough)
		(void)snprintf(advice, sizeof(advice),
		               "Raise session_ms to %" PRIu64 " or more, or lower %s", enough,
		               "jobmanager.stop_ms");
	else
		(void)snprintf(advice, sizeof(advice), "Lower jobmanager.stop_ms");
	return refuse(reterr, "zookeeper.session_ms",
	              "the lease has no room: T = %" PRIu64 " ms less 0.1 %% is %" PRId64
	              "; M = k + J = %" PRId64 " + %" PRId64 " = %" PRId64 "; lease = %" PRId64
	              " - M - stop_ms %" PRId64 " = %" PRId64 "; tolerance = lease - h - A %" PRId64
	              " = %" PRId64 ", %s. %s",
	              usec_to_ms(p.session), usable, 2 * h, j, 2 * h + j, usable, stop, lease, a,
	              tolerance, missing, advice);
}

int config_check(const struct config *c, struct config_error *reterr)
{
	struct sockaddr_un sun;
	int r;

	r = check_name("cluster", c->cluster, reterr);
	if (r < 0)
		return r;
	r = check_name("member", c->member, reterr);
	if (r < 0)
		return r;
	r = check_path("runtime_dir", c->runtime_dir, reterr);
	if (r < 0)
		return r;
	if (strlen(c->runtime_dir) + sizeof("/api.sock") > sizeof(sun.sun_path))
		return refuse(reterr, "runtime_dir",
		              "runtime_dir is too long: its api.sock is a Unix socket, which takes "
		              "%zu characters",
		              sizeof(sun.sun_path) - 1);
	r = check_servers(c, reterr);
	if (r < 0)
		return r;
	if (!c->root)
		return refuse(reterr, "zookeeper.root",
		              "zookeeper.root is empty: name a node, like /jmha");
	r = check_root(c->root, reterr);
	if (r < 0)
		return r;
	r = check_path("zookeeper.auth_file", c->auth_file, reterr);
	if (r < 0)
		return r;
	r = check_path("storage.path", c->storage_path, reterr);
	if (r < 0)
		return r;
	r = check_jobmanager(c, reterr);
	if (r < 0)
		return r;
	r = check_listen(c->listen, reterr);
	if (r < 0)
		return r;
	return check_lease(c, reterr);
}

/* ---- for people */

/* Of a URL: is its host written as an address, or as the one name that needs no name service? */
static bool host_needs_no_lookup(const char *url)
{
	const char *host = strstr(url, "://") + 3, *at;
	char name[CONFIG_MAX_HOST + 1];
	struct in_addr any;
	int len = (int)strcspn(host, "/?#");

	at = memrchr(host, '@', (size_t)len);
	if (at) {
		len -= (int)(at + 1 - host);
		host = at + 1;
	}
	if (*host == '[')
		return true;
	(void)snprintf(name, sizeof(name), "%.*s", len, host);
	name[strcspn(name, ":")] = '\0';
	return inet_pton(AF_INET, name, &any) == 1 || strcmp(name, "localhost") == 0;
}

static void print_health_warnings(FILE *f, const struct config *c)
{
	if (!c->health.url && !c->hot)
		(void)fprintf(f,
		              "warning: jobmanager.health.url is not set: a JobManager that hangs "
		              "is not noticed\n");
	if (c->health.url && !host_needs_no_lookup(c->health.url))
		(void)fprintf(f, "warning: jobmanager.health.url names its host: without a name "
		                 "service it cannot be asked; an address, like 127.0.0.1, always "
		                 "can\n");
}

/* What is allowed, since it may still come, but is not there on this host now. */
static void print_host_warnings(FILE *f, const struct config *c)
{
	struct stat st;

	if (stat(c->storage_path, &st) < 0)
		(void)fprintf(f,
		              "warning: storage.path %s: %s; until the shared directory is there "
		              "this member cannot lead\n",
		              c->storage_path, strerror(errno));
	else if (!S_ISDIR(st.st_mode))
		(void)fprintf(f, "warning: storage.path %s is not a directory\n", c->storage_path);
	if (c->command && access(c->command[0], X_OK) < 0)
		(void)fprintf(f, "warning: jobmanager.command %s cannot be run here: %s\n",
		              c->command[0], strerror(errno));
	if (c->admin_group && *c->admin_group && !getgrnam(c->admin_group))
		(void)fprintf(f,
		              "warning: api.admin_group %s is no group here: only root and the "
		              "daemon's user can hand over\n",
		              c->admin_group);
}

static void print_warnings(FILE *f, const struct config *c)
{
	usec_t least = 2 * c->tick_usec, most = 20 * c->tick_usec;

	if (c->session_usec < least || c->session_usec > most)
		(void)fprintf(f,
		              "warning: zookeeper.session_ms %" PRIu64
		              " lies outside 2 to 20 times tick_ms; a server with "
		              "default limits makes it %" PRIu64 "\n",
		              usec_to_ms(c->session_usec),
		              usec_to_ms(c->session_usec < least ? least : most));
	if (c->n_servers < 3)
		(void)fprintf(f,
		              "warning: zookeeper.servers names %zu: an ensemble needs 3 to "
		              "survive the loss of one\n",
		              c->n_servers);
	if (c->io_usec >= c->takeover_usec)
		(void)fprintf(f,
		              "warning: storage.io_ms is not below election.takeover_ms: one slow "
		              "read ends a takeover\n");
	if (c->observer && c->command)
		(void)fprintf(f, "warning: an observer never runs jobmanager.command\n");
	if (!c->observer)
		print_health_warnings(f, c);
	/* B8: a standby may read an old view of the log. */
	if (mount_has_option(MOUNT_TABLE, c->storage_path, "nocto"))
		(void)fprintf(f,
		              "warning: storage.path is mounted with nocto: a standby may read old "
		              "contents; mount it without\n");
	print_host_warnings(f, c);
}

static void print_ms(FILE *f, const char *what, usec_t usec, const char *how)
{
	(void)fprintf(f, "  %-22s %6" PRIu64 " ms   %s\n", what, usec_to_ms(usec), how);
}

void config_print_check(FILE *f, const struct config *c)
{
	struct lease_params p;
	usec_t h, j;

	config_lease_params(c, &p);
	h = lease_heartbeat_period(&p);
	j = lease_jitter(&p);
	(void)fprintf(f, "%s: ok\n", c->path);
	(void)fprintf(f, "  cluster %s, member %s, %s\n", c->cluster, c->member,
	              c->observer ? "observer" : "contender");
	print_ms(f, "heartbeat h", h, "tick_ms / 2");
	print_ms(f, "margin M", p.tick + j, "tick_ms + max(200, tick_ms / 4)");
	print_ms(f, "lease", lease_length(&p), "session_ms less 0.1 % - M - stop_ms");
	print_ms(f, "answer timeout A", lease_answer_timeout(&p), "max(300, session_ms / 10)");
	print_ms(f, "tolerance", lease_tolerance(&p),
	         p.revoke ? "lease - h - A - revoke_ms: a shorter ZooKeeper outage changes nothing"
	                  : "lease - h - A: a shorter ZooKeeper outage changes nothing");
	print_ms(f, "takeover, host lost", p.session + p.tick, "at most, session_ms + tick_ms");
	print_warnings(f, c);
}
