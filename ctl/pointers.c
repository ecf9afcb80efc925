/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/pointers.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "ctl/field.h"
#include "ctl/operate.h"
#include "ctl/pointer_pages.h"
#include "ctl/say.h"
#include "ctl/table.h"
#include "ctl/verbs.h"
#include "ctl/views.h"

enum { MOST_VALUE = 64 * 1024 };

static char *path_of_key(const char *before, const char *key)
{
	CLEANUP(freep) char *escaped = client_escape(key);
	char *path;

	if (!escaped || asprintf(&path, "%s%s", before, escaped) < 0)
		return NULL;
	return path;
}

/* ---- list */

static int on_table_part(void *userdata, const json_t *part)
{
	return view_pointers_add(userdata, part);
}

struct json_listing {
	bool begun, any;
};

/* The document of a list that comes whole, written as its parts come: a million values need not
 * be kept. */
static int on_json_part(void *userdata, const json_t *part)
{
	struct json_listing *l = userdata;
	const json_t *p;
	size_t i;

	if (!l->begun)
		(void)printf("{\"version\":%lld,\"sequence\":%lld,\"pointers\":[",
		             field_int(part, "version"), field_int(part, "sequence"));
	l->begun = true;
	json_array_foreach(field(part, "pointers"), i, p)
	{
		if (l->any)
			(void)fputc(',', stdout);
		l->any = true;
		if (json_dumpf(p, stdout, JSON_COMPACT) < 0)
			return -EIO;
	}
	return fflush(stdout) != 0 || ferror(stdout) ? -EIO : 0;
}

static enum exit_code list_as_json(struct client *c, const struct options *o, const char *prefix)
{
	struct json_listing l = { .begun = false };
	struct pointer_span span;
	enum exit_code code = pointer_pages_each(c, o, prefix, on_json_part, &l, &span);

	if (code != EXIT_DONE)
		return code;
	(void)fputs("]}\n", stdout);
	pointer_pages_say_changes(&span);
	return EXIT_DONE;
}

/* Kept whole, but for the values: a column is as wide as the widest of all. */
static enum exit_code list_as_table(struct client *c, const struct options *o, const char *prefix)
{
	CLEANUP(table_freep) struct table *t = view_pointers_begin();
	struct pointer_span span;
	enum exit_code code =
	        t ? pointer_pages_each(c, o, prefix, on_table_part, t, &span) : EXIT_FAILED;

	if (!t)
		say_line("not enough memory");
	if (code != EXIT_DONE)
		return code;
	view_pointers_end(stdout, t, span.first);
	pointer_pages_say_changes(&span);
	return EXIT_DONE;
}

enum exit_code pointers_list(struct client *c, const struct options *o)
{
	const char *prefix = o->n_args > 0 ? o->args[0] : "";

	return o->json ? list_as_json(c, o, prefix) : list_as_table(c, o, prefix);
}

/* ---- one */

enum exit_code pointers_get(struct client *c, const struct options *o)
{
	CLEANUP(freep) char *path = path_of_key("/v1/pointers/", o->args[0]);
	CLEANUP(client_reply_done) struct client_reply reply = { 0 };
	const struct client_request req = {
		.method = "GET",
		.path = path,
		.timeout = verbs_timeout(o, 10),
	};
	int r;

	if (!path)
		return EXIT_FAILED;
	r = client_call(c, &req, &reply);
	if (r < 0)
		return verbs_say_unreachable(c, r, false);
	if (reply.http != 200)
		return verbs_say_error(&reply);
	if (fwrite(reply.body, 1, reply.size, stdout) != reply.size || fflush(stdout) != 0) {
		(void)fprintf(stderr, "jmhactl: cannot write the value: %s\n", strerror(errno));
		return EXIT_FAILED;
	}
	return EXIT_DONE;
}

static void fclosep(FILE **f)
{
	if (*f && *f != stdin)
		(void)fclose(*f);
}

/* One byte more than is allowed is read, so that too much is the daemon's to refuse. */
static enum exit_code read_value(const char *file, char **ret, size_t *ret_size)
{
	bool from_stdin = !file || strcmp(file, "-") == 0;
	CLEANUP(fclosep) FILE *f = from_stdin ? stdin : fopen(file, "re");
	CLEANUP(freep) char *value = malloc(MOST_VALUE + 1);

	if (f && value) {
		*ret_size = fread(value, 1, MOST_VALUE + 1, f);
		if (!ferror(f)) {
			*ret = TAKE_PTR(value);
			return EXIT_DONE;
		}
	}
	(void)fprintf(stderr, "jmhactl: cannot read %s: %s\n", from_stdin ? "standard input" : file,
	              strerror(errno));
	return EXIT_FAILED;
}

/* PUT and DELETE: conditions become headers. */
static enum exit_code change_pointer(struct client *c, const struct options *o,
                                     struct client_request req)
{
	CLEANUP(client_reply_done) struct client_reply reply = { 0 };
	CLEANUP(freep) char *path = path_of_key("/v1/pointers/", o->args[0]);
	json_auto_t *json = NULL;
	char condition[64], epoch[64];
	int r;

	if (!path)
		return EXIT_FAILED;
	(void)snprintf(condition, sizeof(condition), "If-Match: \"%" PRIu64 "\"", o->revision);
	(void)snprintf(epoch, sizeof(epoch), "Jmha-Epoch: %" PRIu64, o->epoch);
	req.path = path;
	req.header = o->create ? "If-None-Match: *" : o->revision ? condition : NULL;
	req.header2 = o->epoch ? epoch : NULL;
	req.timeout = verbs_timeout(o, 30);
	r = client_call(c, &req, &reply);
	if (r < 0)
		return verbs_say_unreachable(c, r, true);
	if (o->json)
		verbs_print_body(&reply);
	if (reply.http != 200)
		return verbs_say_error(&reply);
	json = json_loadb(reply.body, reply.size, 0, NULL);
	if (!o->json)
		(void)printf("%s %s, revision %lld, epoch %lld\n", req.body ? "Wrote" : "Deleted",
		             o->args[0], field_int(json, "revision"), field_int(json, "epoch"));
	return EXIT_DONE;
}

enum exit_code pointers_put(struct client *c, const struct options *o)
{
	CLEANUP(freep) char *value = NULL;
	size_t size = 0;
	enum exit_code code = read_value(o->n_args > 1 ? o->args[1] : NULL, &value, &size);

	if (code != EXIT_DONE)
		return code;
	return change_pointer(
	        c, o, (struct client_request){ .method = "PUT", .body = value, .size = size });
}

enum exit_code pointers_delete(struct client *c, const struct options *o)
{
	enum exit_code code = operate_ask(o, "Delete the pointer", o->args[0]);

	if (code != EXIT_DONE)
		return code;
	return change_pointer(c, o, (struct client_request){ .method = "DELETE" });
}
