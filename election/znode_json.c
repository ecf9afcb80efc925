/* SPDX-License-Identifier: Apache-2.0 */
#include "election/znode_json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "election/json_fields.h"

static const uint64_t largest = INT64_MAX; /* JSON numbers end there */

bool znode_json_valid_name(const char *name)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	                              "0123456789_-.";
	size_t n = strlen(name);

	return n > 0 && n <= MEMBER_NAME_MAX && name[0] != '.' && strspn(name, letters) == n;
}

/* Takes the object. */
static int dump(json_t *root, char **ret)
{
	char *text;

	if (root == NULL) /* json_pack refuses what is not UTF-8 */
		return -EINVAL;
	text = json_dumps(root, JSON_COMPACT);
	json_decref(root);
	if (text == NULL)
		return -ENOMEM;
	*ret = text;
	return 0;
}

static json_t *number(uint64_t v)
{
	return json_integer((json_int_t)v);
}

static const char *null_if_empty(const char *s)
{
	return s[0] != '\0' ? s : NULL;
}

/* fields_parse() tells damage from a higher version. */
static int open_fields(const void *data, size_t size, json_t **root, struct fields_error *error,
                       struct fields *ret)
{
	int r = fields_parse(data, size, root, error);

	*ret = (struct fields){ .object = *root, .where = "", .error = error };
	return r;
}

static void read_time(const struct fields *f, const char *key, int64_t *ret)
{
	uint64_t v = 0;

	fields_uint(f, key, largest, &v);
	*ret = (int64_t)v;
}

/* Copies the struct out when all was right. */
#define FINISH(root, error, node, ret)      \
	({                                  \
		json_decref(root);          \
		if (!(error).bad)           \
			*(ret) = (node);    \
		(error).bad ? -EBADMSG : 0; \
	})

/* ---- latch */

int znode_json_encode_latch(const struct latch_node *n, char **ret)
{
	return dump(json_pack("{si ss ss sI}", "version", 1, "member", n->member, "host", n->host,
	                      "started_ms", (json_int_t)n->started_ms),
	            ret);
}

int znode_json_decode_latch(const void *data, size_t size, struct latch_node *ret)
{
	struct fields_error error = { .bad = false };
	struct latch_node n = { .member = "" };
	json_t *root = NULL;
	struct fields f;
	int r;

	r = open_fields(data, size, &root, &error, &f);
	if (r < 0)
		return r;
	fields_string(&f, "member", n.member, sizeof(n.member), false);
	fields_string(&f, "host", n.host, sizeof(n.host), false);
	read_time(&f, "started_ms", &n.started_ms);
	return FINISH(root, error, n, ret);
}

/* ---- member */

static json_t *write_reasons(reasons_t reasons)
{
	json_t *list = json_array();

	for (int i = 0; i < REASON_N_REASONS_; i++)
		if ((reasons & REASON_BIT(i)) != 0)
			(void)json_array_append_new(list, json_string(reason_code((enum reason)i)));
	return list;
}

static void read_reasons(const struct fields *f, reasons_t *ret)
{
	const json_t *list = json_object_get(f->object, "reasons");
	const json_t *entry;
	size_t i;

	if (!json_is_array(list)) {
		fields_fail(f, "reasons", "is no list");
		return;
	}
	json_array_foreach(list, i, entry) if (json_is_string(entry)) *ret |=
	        reason_parse(json_string_value(entry));
}

static json_t *write_sees(const struct member_node *n)
{
	const char *name = n->sees;
	json_t *list;
	size_t len;

	if (!n->tells_sees)
		return json_null();
	list = json_array();
	for (; *name != '\0'; name += len + (name[len] != '\0')) {
		len = strcspn(name, " ");
		(void)json_array_append_new(list, json_stringn(name, len));
	}
	return list;
}

/* Names, and room for all of them. */
static bool join_names(const json_t *list, char *ret, size_t size)
{
	const json_t *entry;
	size_t i, len = 0;

	json_array_foreach(list, i, entry)
	{
		const char *name = json_string_value(entry);
		int n;

		if (name == NULL || !znode_json_valid_name(name))
			return false;
		n = text_format(ret + len, size - len, "%s%s", i > 0 ? " " : "", name);
		if (n < 0)
			return false;
		len += (size_t)n;
	}
	return true;
}

/* They show something and decide nothing: wrong ones must not make a member unreadable. */
static void read_signs(const struct fields *f, struct member_node *n)
{
	const char *sign = json_string_value(json_object_get(f->object, "sign"));
	const json_t *sees = json_object_get(f->object, "sees");
	uint8_t bytes[ZNODE_SIGN_LEN / 2];

	if (sign != NULL && text_unhex(sign, bytes, sizeof(bytes)) == 0)
		memcpy(n->sign, sign, sizeof(n->sign));
	n->tells_sees = json_is_array(sees) && join_names(sees, n->sees, sizeof(n->sees));
	if (!n->tells_sees)
		memset(n->sees, 0, sizeof(n->sees));
}

int znode_json_encode_member(const struct member_node *n, char **ret)
{
	return dump(json_pack("{si ss ss ss ss ss sb so so so ss ss? ss? so}", "version", 1,
	                      "member", n->member, "host", n->host, "nonce", n->nonce.s, "role",
	                      n->observer ? "observer" : "contender", "jmha", n->jmha, "eligible",
	                      (int)n->eligible, "reasons", write_reasons(n->reasons), "sequence",
	                      number(n->sequence), "stopped", number(n->stopped.v), "config",
	                      n->config, "api", null_if_empty(n->api), "sign",
	                      null_if_empty(n->sign), "sees", write_sees(n)),
	            ret);
}

int znode_json_decode_member(const void *data, size_t size, struct member_node *ret)
{
	struct fields_error error = { .bad = false };
	struct member_node n = { .member = "" };
	char role[ZNODE_WORD_MAX + 1] = "", nonce[NONCE_LEN + 1] = "";
	json_t *root = NULL;
	struct fields f;
	int r;

	r = open_fields(data, size, &root, &error, &f);
	if (r < 0)
		return r;
	fields_string(&f, "member", n.member, sizeof(n.member), false);
	fields_string(&f, "host", n.host, sizeof(n.host), false);
	fields_string(&f, "nonce", nonce, sizeof(nonce), false);
	fields_string(&f, "role", role, sizeof(role), false);
	fields_string(&f, "jmha", n.jmha, sizeof(n.jmha), false);
	fields_bool(&f, "eligible", &n.eligible);
	read_reasons(&f, &n.reasons);
	fields_uint(&f, "sequence", largest, &n.sequence);
	fields_uint(&f, "stopped", largest, &n.stopped.v);
	fields_string(&f, "config", n.config, sizeof(n.config), false);
	fields_string(&f, "api", n.api, sizeof(n.api), true);
	read_signs(&f, &n);
	n.observer = strcmp(role, "observer") == 0;
	if (!n.observer && strcmp(role, "contender") != 0)
		fields_fail(&f, "role", "is neither contender nor observer");
	if (!nonce_parse(nonce, &n.nonce))
		fields_fail(&f, "nonce", "is not 16 hexadecimal digits");
	return FINISH(root, error, n, ret);
}

/* ---- request */

static const char *const request_states[] = {
	[REQUEST_NEW] = "new",
	[REQUEST_TAKEN] = "taken",
	[REQUEST_DONE] = "done",
};

/* Text of an object, "" = empty; NULL when it is none. */
static json_t *object_of(const char *text)
{
	json_t *o;

	if (text[0] == '\0')
		return json_object();
	o = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	if (o != NULL && !json_is_object(o)) {
		json_decref(o);
		return NULL;
	}
	return o;
}

static json_t *write_result(const struct request_node *n)
{
	json_t *result, *timings;

	if (n->state != REQUEST_DONE)
		return json_null();
	timings = object_of(n->timings);
	if (timings == NULL)
		return NULL;
	result = json_pack("{ss? ss so}", "error", null_if_empty(n->error), "message", n->message,
	                   "epoch", number(n->epoch.v));
	if (result != NULL)
		(void)json_object_update_missing(result, timings);
	json_decref(timings);
	return result;
}

int znode_json_encode_request(const struct request_node *n, char **ret)
{
	json_t *args = object_of(n->args), *result = write_result(n);

	if (args == NULL || result == NULL) {
		json_decref(args);
		json_decref(result);
		return -EINVAL;
	}
	return dump(json_pack("{si ss so ss ss sI ss so}", "version", 1, "verb", n->verb, "args",
	                      args, "by", n->by, "member", n->member, "at_ms", (json_int_t)n->at_ms,
	                      "state", request_states[n->state], "result", result),
	            ret);
}

/* An object as text of limited size; the keys of `without` are left out. */
static void object_text(const struct fields *f, const char *key, json_t *object,
                        const char *const *without, char *ret)
{
	json_t *copy = json_object();
	char *text;

	if (copy != NULL)
		(void)json_object_update(copy, object);
	for (; copy != NULL && without != NULL && *without != NULL; without++)
		(void)json_object_del(copy, *without);
	text = copy != NULL ? json_dumps(copy, JSON_COMPACT) : NULL;
	if (text == NULL || text_format(ret, ZNODE_TEXT_MAX + 1, "%s", text) < 0)
		fields_fail(f, key, "is too long");
	free(text);
	json_decref(copy);
}

static void read_result(const struct fields *f, struct request_node *n)
{
	static const char *const named[] = { "error", "message", "epoch", NULL };
	struct fields result;

	if (!fields_object(f, "result", "result.", false, &result)) {
		fields_fail(f, "result", "is null");
		return;
	}
	fields_string(&result, "error", n->error, sizeof(n->error), true);
	fields_string(&result, "message", n->message, sizeof(n->message), false);
	fields_uint(&result, "epoch", largest, &n->epoch.v);
	object_text(&result, "timings", result.object, named, n->timings);
}

int znode_json_decode_request(const void *data, size_t size, struct request_node *ret)
{
	struct fields_error error = { .bad = false };
	struct request_node n = { .verb = "" };
	char state[ZNODE_WORD_MAX + 1] = "";
	json_t *root = NULL;
	struct fields f, args;
	int r;

	r = open_fields(data, size, &root, &error, &f);
	if (r < 0)
		return r;
	fields_string(&f, "verb", n.verb, sizeof(n.verb), false);
	if (fields_object(&f, "args", "args.", false, &args))
		object_text(&f, "args", args.object, NULL, n.args);
	else
		fields_fail(&f, "args", "is null");
	fields_string(&f, "by", n.by, sizeof(n.by), false);
	fields_string(&f, "member", n.member, sizeof(n.member), false);
	read_time(&f, "at_ms", &n.at_ms);
	fields_string(&f, "state", state, sizeof(state), false);
	for (n.state = REQUEST_NEW; n.state <= REQUEST_DONE; n.state++)
		if (strcmp(state, request_states[n.state]) == 0)
			break;
	if (n.state > REQUEST_DONE)
		fields_fail(&f, "state", "is none of new, taken, done");
	if (n.state == REQUEST_DONE)
		read_result(&f, &n);
	return FINISH(root, error, n, ret);
}

/* ---- maintenance */

int znode_json_encode_maintenance(const struct maintenance_node *n, char **ret)
{
	return dump(json_pack("{si sI ss ss}", "version", 1, "until_ms", (json_int_t)n->until_ms,
	                      "by", n->by, "why", n->why),
	            ret);
}

int znode_json_decode_maintenance(const void *data, size_t size, struct maintenance_node *ret)
{
	struct fields_error error = { .bad = false };
	struct maintenance_node n = { .by = "" };
	json_t *root = NULL;
	struct fields f;
	int r;

	r = open_fields(data, size, &root, &error, &f);
	if (r < 0)
		return r;
	read_time(&f, "until_ms", &n.until_ms);
	fields_string(&f, "by", n.by, sizeof(n.by), false);
	fields_string(&f, "why", n.why, sizeof(n.why), false);
	return FINISH(root, error, n, ret);
}
