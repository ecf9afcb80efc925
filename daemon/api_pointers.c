/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/api_pointers.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "daemon/api.h"
#include "daemon/api_json.h"

#define TYPE_JSON "application/json"

/* The alphabet keeps keys free of '~', so nobody reaches jmha's own (PROTOCOL section 5), and of
 * all that JSON would have to escape. */
static bool key_chars_ok(const char *key)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	                              "0123456789._/-";

	return key[strspn(key, allowed)] == '\0';
}

static bool check_key(const struct api_request *req, struct api_reply *reply)
{
	size_t n = strlen(req->tail);

	if (n >= 1 && n <= API_MAX_KEY && key_chars_ok(req->tail))
		return true;
	api_reply_errorf(reply, API_BAD_REQUEST,
	                 "a pointer's key has 1 to %d characters of A-Z a-z 0-9 . _ / -; this one "
	                 "has %zu%s",
	                 API_MAX_KEY, n, key_chars_ok(req->tail) ? "" : ", some of them others");
	return false;
}

static void reply_damaged(struct api_reply *reply, const char *key)
{
	api_reply_errorf(reply, API_DAMAGED,
	                 "the value of pointer %s is damaged and was set aside; write it anew or "
	                 "delete it",
	                 key);
}

void api_pointers_get(const struct api_request *req, struct api_reply *reply)
{
	const struct backend *b = &req->api->backend;
	struct pointer_view p = { 0 };
	enum api_error error;
	char *copy;

	if (!check_key(req, reply))
		return;
	error = b->ops->pointer_get(b->userdata, req->tail, &p);
	if (error == API_NOT_FOUND)
		api_reply_errorf(reply, error, "there is no pointer %s", req->tail);
	else if (error != API_OK)
		api_reply_error(reply, error, NULL);
	else if (p.damaged)
		reply_damaged(reply, req->tail);
	else {
		copy = malloc(p.size + 1);
		if (copy && p.size > 0)
			memcpy(copy, p.value, p.size);
		reply->revision = p.revision;
		api_reply_take(reply, "application/octet-stream", copy, p.size);
	}
	/* Of a 404, too: "not there as of this sequence". */
	if (error != API_NOT_READY) {
		reply->has_sequence = true;
		reply->sequence = b->ops->sequence(b->userdata);
	}
}

static void print_base64(FILE *f, const void *value, size_t size)
{
	enum { CHUNK = 3 * 1024 };
	unsigned char text[CHUNK / 3 * 4 + 1];
	const unsigned char *from = value;

	while (size > 0) {
		size_t n = size < CHUNK ? size : CHUNK;
		int m = EVP_EncodeBlock(text, from, (int)n);

		fwrite(text, 1, (size_t)m, f);
		from += n;
		size -= n;
	}
}

/*
 * The loop does nothing else meanwhile, and an elector whose heart does not beat is killed (A8): a
 * list is short, or comes in parts.
 */
enum { LIST_PART = 4 << 20, LIST_MOST = 32 << 20 };

struct listing {
	FILE *f;
	long limit;
	bool any, more;
};

/* By hand: 10,000 values should not become 40,000 JSON nodes first. */
static bool on_pointer(void *cookie, const struct pointer_view *p)
{
	struct listing *l = cookie;

	l->more = ftell(l->f) >= l->limit;
	if (l->more)
		return false;
	fprintf(l->f, "%s{\"key\":\"%s\",\"revision\":%" PRIu64 ",\"value\":", l->any ? "," : "",
	        p->key, p->revision);
	l->any = true;
	if (p->damaged) {
		fputs("null,\"damaged\":true}", l->f);
		return true;
	}
	fputc('"', l->f);
	print_base64(l->f, p->value, p->size);
	fputs("\"}", l->f);
	return true;
}

static bool check_prefix(const char *text, struct api_reply *reply)
{
	if (strlen(text) <= API_MAX_KEY && key_chars_ok(text))
		return true;
	api_reply_error(reply, API_BAD_REQUEST,
	                "prefix and after have at most 255 characters of A-Z a-z 0-9 . _ / -");
	return false;
}

static void reply_too_long(struct api_reply *reply)
{
	api_reply_errorf(reply, API_TOO_LARGE,
	                 "the list is longer than %d MiB: ask for less by a longer prefix, or for "
	                 "one part after the other: after= and, as long as there is more, after= "
	                 "the last key",
	                 LIST_MOST >> 20);
}

void api_pointers_list(const struct api_request *req, struct api_reply *reply)
{
	const struct backend *b = &req->api->backend;
	const char *prefix = req->prefix ? req->prefix : "";
	CLEANUP(freep) char *text = NULL;
	size_t size = 0;
	const char *after = req->after ? req->after : "";
	struct listing l = { .limit = req->after ? LIST_PART : LIST_MOST };
	enum api_error error;
	uint64_t sequence = b->ops->sequence(b->userdata);
	bool failed;

	if (!check_prefix(prefix, reply) || !check_prefix(after, reply))
		return;
	l.f = open_memstream(&text, &size);
	if (!l.f) {
		api_reply_error(reply, API_INTERNAL, NULL);
		return;
	}
	fprintf(l.f, "{\"version\":1,\"sequence\":%" PRIu64 ",\"pointers\":[", sequence);
	error = b->ops->pointer_list(b->userdata, prefix, after, on_pointer, &l);
	fputs(!req->after ? "]}\n" : l.more ? "],\"more\":true}\n" : "],\"more\":false}\n", l.f);
	failed = ferror(l.f);
	if (fclose(l.f) != 0 || failed)
		error = API_INTERNAL;
	if (error != API_OK) {
		api_reply_error(reply, error, NULL);
		return;
	}
	if (l.more && !req->after) {
		reply_too_long(reply);
		return;
	}
	api_reply_take(reply, TYPE_JSON, TAKE_PTR(text), size);
	reply->has_sequence = true;
	reply->sequence = sequence;
}

/* "<digits>" with the quotes: the form in which ETag gave it. */
static bool parse_etag(const char *text, uint64_t *ret)
{
	size_t n = strlen(text);

	return n >= 3 && text[0] == '"' && text[n - 1] == '"' &&
	       parse_uint64_n(text + 1, n - 2, 0, UINT64_MAX, ret) == 0;
}

static bool read_conditions(const struct api_request *req, struct pointer_change *c,
                            struct api_reply *reply)
{
	const char *wrong = NULL;

	if (req->if_none_match) {
		c->if_absent = true;
		if (c->remove)
			wrong = "If-None-Match makes no sense for DELETE";
		else if (strcmp(req->if_none_match, "*") != 0)
			wrong = "of If-None-Match only \"*\" is known (the pointer must not exist)";
	}
	if (req->if_match) {
		c->if_revision = true;
		if (!parse_etag(req->if_match, &c->revision))
			wrong = "If-Match must be the revision in quotes, as ETag gives it";
		else if (c->if_absent)
			wrong = "If-Match and If-None-Match exclude each other";
	}
	/* A10: an epoch begins at 1; without the header nothing is fenced (operators). */
	if (req->jmha_epoch && parse_uint64(req->jmha_epoch, 1, UINT64_MAX, &c->epoch.v) < 0)
		wrong = "Jmha-Epoch must be a number from 1";
	if (wrong)
		api_reply_error(reply, API_BAD_REQUEST, wrong);
	return !wrong;
}

static void reply_refused(struct api_reply *reply, const struct pointer_result *result)
{
	json_t *extra = NULL;

	if (result->error == API_CONDITION_FAILED) {
		extra = json_object();
		(void)api_json_number(extra, "revision", result->revision);
	} else if (result->error == API_NOT_LEADER) {
		extra = json_object();
		(void)api_json_text(extra, "leader", result->leader);
	}
	api_reply_error_with(reply, result->error, result->message, extra);
}

/* The body of an accepted change; for DELETE with what it removed.  Without stdio's streams: each
 * would clear 8 KiB. */
static char *change_body(const struct pointer_result *r, size_t *ret_size)
{
	static const char end[] = "\"}\n"; /* terminated, as the whole is */
	char head[96];
	int n = snprintf(head, sizeof(head),
	                 "{\"version\":1,\"revision\":%" PRIu64 ",\"epoch\":%" PRIu64 "%s",
	                 r->revision, r->epoch.v, r->value ? ",\"value\":\"" : "}\n");
	char *text = malloc((size_t)n + 1 + (r->value ? r->size / 3 * 4 + 4 + sizeof(end) : 0));
	size_t size = (size_t)n;

	if (!text)
		return NULL;
	memcpy(text, head, size + 1);
	if (r->value) {
		size += (size_t)EVP_EncodeBlock((unsigned char *)text + size, r->value,
		                                (int)r->size);
		memcpy(text + size, end, sizeof(end));
		size += sizeof(end) - 1;
	}
	*ret_size = size;
	return text;
}

static void on_done(void *cookie, const struct pointer_result *result)
{
	struct api_pending *p = cookie;
	size_t size = 0;

	if (api_pending_wanted(p)) {
		if (result->error != API_OK)
			reply_refused(&p->reply, result);
		else {
			char *body = change_body(result, &size);

			api_reply_take(&p->reply, TYPE_JSON, body, size);
			p->reply.epoch = result->epoch.v;
			if (!p->removes)
				p->reply.revision = result->revision;
		}
		api_pending_answer(p);
	}
	api_pending_backend_done(p);
}

static void submit(const struct api_request *req, struct api_reply *reply,
                   const struct pointer_change *change)
{
	const struct backend *b = &req->api->backend;
	struct api_pending *p = api_pending_new(req->api);

	if (!p) {
		api_reply_error(reply, API_INTERNAL, NULL);
		return;
	}
	p->removes = change->remove;
	reply->pending = p;
	b->ops->pointer_submit(b->userdata, change, on_done, p);
}

void api_pointers_put(const struct api_request *req, struct api_reply *reply)
{
	struct pointer_change change = {
		.key = req->tail,
		.value = req->body,
		.size = req->size,
	};

	if (!check_key(req, reply) || !read_conditions(req, &change, reply))
		return;
	if (req->size > API_MAX_VALUE) {
		api_reply_errorf(reply, API_TOO_LARGE,
		                 "the value of pointer %s has %zu bytes; at most %d are allowed",
		                 req->tail, req->size, API_MAX_VALUE);
		return;
	}
	submit(req, reply, &change);
}

void api_pointers_delete(const struct api_request *req, struct api_reply *reply)
{
	struct pointer_change change = { .remove = true, .key = req->tail };

	if (check_key(req, reply) && read_conditions(req, &change, reply))
		submit(req, reply, &change);
}
