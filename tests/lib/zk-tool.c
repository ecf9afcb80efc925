/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks at znodes and changes them by hand, as an operator with zkCli would, only faster.
 *
 *	zk-tool [-a user:password] SERVERS get PATH
 *	zk-tool [-a user:password] SERVERS version PATH      how often it was set
 *	zk-tool [-a user:password] SERVERS set PATH          new contents from standard input
 *	zk-tool [-a user:password] SERVERS create PATH       the same
 *	zk-tool [-a user:password] SERVERS delete PATH
 *	zk-tool [-a user:password] SERVERS list PATH         names of the children
 *	zk-tool [-a user:password] SERVERS tree PATH         all below it, deepest last
 *	zk-tool [-a user:password] SERVERS hold PATH         an ephemeral one, until killed
 *	zk-tool [-a user:password] SERVERS forbid PATH       nobody may read it, or list its
 *children zk-tool [-a user:password] SERVERS allow PATH        everybody may do everything zk-tool
 *SERVERS close FILE                           the session of a member's session file
 *
 * Exit: 0 done, 1 refused (the reason is printed), 2 usage, 3 no connection within 10 s.
 */
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zookeeper/zookeeper.h>

enum { WAIT_S = 10, MAX_VALUE = 1 << 20 };

struct answer {
	bool came;
	int rc;
	char *data;
	size_t size;
	int version;
	struct String_vector names;
};

static void turn(zhandle_t *zh)
{
	struct timeval tv = { 0, 100000 };
	int fd = -1, interest = 0, events = 0;
	struct pollfd p;

	(void)zookeeper_interest(zh, &fd, &interest, &tv);
	p = (struct pollfd){ .fd = fd,
		             .events = (short)((interest & ZOOKEEPER_READ ? POLLIN : 0) |
		                               (interest & ZOOKEEPER_WRITE ? POLLOUT : 0)) };
	(void)poll(&p, fd >= 0 ? 1 : 0, 50);
	if (p.revents & (POLLIN | POLLERR | POLLHUP))
		events |= ZOOKEEPER_READ;
	if (p.revents & (POLLOUT | POLLERR | POLLHUP))
		events |= ZOOKEEPER_WRITE;
	(void)zookeeper_process(zh, events);
}

static bool connected(zhandle_t *zh)
{
	time_t end = time(NULL) + WAIT_S;

	while (zoo_state(zh) != ZOO_CONNECTED_STATE && time(NULL) < end)
		turn(zh);
	return zoo_state(zh) == ZOO_CONNECTED_STATE;
}

static int answered(zhandle_t *zh, struct answer *a, int sent)
{
	time_t end = time(NULL) + WAIT_S;

	if (sent != ZOK)
		return sent;
	while (!a->came && time(NULL) < end)
		turn(zh);
	return a->came ? a->rc : ZOPERATIONTIMEOUT;
}

static void on_void(int rc, const void *data)
{
	struct answer *a = *(struct answer *const *)data;

	a->rc = rc;
	a->came = true;
}

static void on_stat(int rc, const struct Stat *stat, const void *data)
{
	if (rc == ZOK)
		(*(struct answer *const *)data)->version = stat->version;
	on_void(rc, data);
}

static void on_name(int rc, const char *name, const void *data)
{
	(void)name;
	on_void(rc, data);
}

static void on_data(int rc, const char *value, int size, const struct Stat *stat, const void *data)
{
	struct answer *a = *(struct answer *const *)data;

	if (rc == ZOK && size > 0) {
		a->data = malloc((size_t)size);
		if (a->data) {
			memcpy(a->data, value, (size_t)size);
			a->size = (size_t)size;
		}
	}
	on_stat(rc, stat, data);
}

static void on_names(int rc, const struct String_vector *names, const void *data)
{
	struct answer *a = *(struct answer *const *)data;

	if (rc == ZOK && names->count > 0) {
		a->names.data = calloc((size_t)names->count, sizeof(char *));
		for (int i = 0; a->names.data && i < names->count; i++)
			a->names.data[a->names.count++] = strdup(names->data[i]);
	}
	on_void(rc, data);
}

static int list(zhandle_t *zh, const char *path, bool deep)
{
	struct answer a = { 0 }, *pa = &a;
	char child[1024];
	int rc = answered(zh, &a, zoo_aget_children(zh, path, 0, on_names, &pa));

	for (int i = 0; i < a.names.count; i++) {
		(void)snprintf(child, sizeof(child), "%s/%s", strcmp(path, "/") ? path : "",
		               a.names.data[i]);
		(void)puts(deep ? child : a.names.data[i]);
		if (deep)
			(void)list(zh, child, true);
	}
	deallocate_String_vector(&a.names);
	return rc;
}

static int get(zhandle_t *zh, const char *path)
{
	struct answer a = { 0 }, *pa = &a;
	int rc = answered(zh, &a, zoo_aget(zh, path, 0, on_data, &pa));

	if (a.data)
		(void)fwrite(a.data, 1, a.size, stdout);
	free(a.data);
	return rc;
}

static int write_node(zhandle_t *zh, const char *verb, const char *path)
{
	struct answer a = { 0 }, *pa = &a;
	char *value = malloc(MAX_VALUE);
	bool hold = strcmp(verb, "hold") == 0;
	int size = value && !hold ? (int)fread(value, 1, MAX_VALUE, stdin) : 0, rc;

	if (strcmp(verb, "set") == 0)
		rc = answered(zh, &a, zoo_aset(zh, path, value, size, -1, on_stat, &pa));
	else
		rc = answered(zh, &a,
		              zoo_acreate(zh, path, value, size, &ZOO_OPEN_ACL_UNSAFE,
		                          hold ? ZOO_EPHEMERAL : 0, on_name, &pa));
	free(value);
	while (rc == ZOK && hold)
		turn(zh);
	return rc;
}

static int set_access(zhandle_t *zh, const char *path, bool read)
{
	struct ACL one = { ZOO_PERM_ALL & ~(read ? 0 : ZOO_PERM_READ), ZOO_ANYONE_ID_UNSAFE };
	struct ACL_vector all = { 1, &one };
	struct answer a = { 0 }, *pa = &a;

	return answered(zh, &a, zoo_aset_acl(zh, path, -1, &all, on_void, &pa));
}

static int version(zhandle_t *zh, const char *path)
{
	struct answer a = { 0 }, *pa = &a;
	int rc = answered(zh, &a, zoo_aexists(zh, path, 0, on_stat, &pa));

	if (rc == ZOK)
		(void)printf("%d\n", a.version);
	return rc;
}

static int run(zhandle_t *zh, const char *verb, const char *path)
{
	struct answer a = { 0 }, *pa = &a;

	if (strcmp(verb, "get") == 0)
		return get(zh, path);
	if (strcmp(verb, "version") == 0)
		return version(zh, path);
	if (strcmp(verb, "list") == 0 || strcmp(verb, "tree") == 0)
		return list(zh, path, *verb == 't');
	if (strcmp(verb, "set") == 0 || strcmp(verb, "create") == 0 || strcmp(verb, "hold") == 0)
		return write_node(zh, verb, path);
	if (strcmp(verb, "forbid") == 0 || strcmp(verb, "allow") == 0)
		return set_access(zh, path, *verb == 'a');
	if (strcmp(verb, "delete") == 0)
		return answered(zh, &a, zoo_adelete(zh, path, -1, on_void, &pa));
	return ZBADARGUMENTS;
}

static int authenticate(zhandle_t *zh, const char *auth)
{
	struct answer a = { 0 }, *pa = &a;

	if (!auth)
		return ZOK;
	return answered(zh, &a, zoo_add_auth(zh, "digest", auth, (int)strlen(auth), on_void, &pa));
}

static bool unhex(const char *text, size_t n, char *ret)
{
	for (size_t i = 0; i < n; i++) {
		unsigned byte;

		if (sscanf(text + 2 * i, "%2x", &byte) != 1)
			return false;
		ret[i] = (char)byte;
	}
	return true;
}

/* docs/PROTOCOL.md section 5: lines "session <16 hex>", "password <32 hex>". */
static bool read_session(const char *path, clientid_t *ret)
{
	FILE *f = fopen(path, "re");
	char line[128], value[64];
	unsigned long long id;
	int found = 0;

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "session %16llx", &id) == 1) {
			ret->client_id = (int64_t)id;
			found++;
		} else if (sscanf(line, "password %32s", value) == 1) {
			found += unhex(value, sizeof(ret->passwd), ret->passwd);
		}
	}
	if (f)
		(void)fclose(f);
	return found == 2;
}

int main(int argc, char **argv)
{
	clientid_t session = { 0 };
	const char *auth = NULL;
	bool closes;
	zhandle_t *zh;
	int rc;

	if (argc > 2 && strcmp(argv[1], "-a") == 0) {
		auth = argv[2];
		argc -= 2;
		argv += 2;
	}
	if (argc != 4) {
		(void)fprintf(stderr, "usage: zk-tool [-a user:password] SERVERS "
		                      "get|version|set|create|delete|list|tree|hold|forbid|allow "
		                      "PATH | close FILE\n");
		return 2;
	}
	zoo_set_debug_level(ZOO_LOG_LEVEL_ERROR);
	closes = strcmp(argv[2], "close") == 0;
	if (closes && !read_session(argv[3], &session)) {
		(void)fprintf(stderr, "zk-tool: %s is no session file\n", argv[3]);
		return 2;
	}
	zh = zookeeper_init(argv[1], NULL, 10000, closes ? &session : NULL, NULL, 0);
	if (!zh || !connected(zh)) {
		(void)fprintf(stderr, "zk-tool: no connection to %s\n", argv[1]);
		return 3;
	}
	rc = authenticate(zh, auth);
	if (rc == ZOK && !closes) /* closing is what comes at the end */
		rc = run(zh, argv[2], argv[3]);
	if (rc != ZOK)
		(void)fprintf(stderr, "zk-tool: %s %s: %s\n", argv[2], argv[3], zerror(rc));
	(void)zookeeper_close(zh);
	return rc == ZOK ? 0 : 1;
}
