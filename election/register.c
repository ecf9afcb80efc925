/* SPDX-License-Identifier: Apache-2.0 */
#include "election/register.h"

#include <errno.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "election/json_fields.h"
#include "election/znode_json.h"

/* All fields of version 1; what else is there is kept (PROTOCOL section 5). */
static const char *const known[] = {
	"version",  "cluster_id", "epoch",      "owner",    "log",
	"snapshot", "previous",   "designated", "released", "handovers"
};

enum { ID_BYTES = CLUSTER_ID_LEN / 2 };

static const uint64_t largest = INT64_MAX; /* JSON numbers end there */

void register_init_new(struct register_node *r, const char *cluster_id)
{
	memset(r, 0, sizeof(*r));
	(void)snprintf(r->cluster_id, sizeof(r->cluster_id), "%s", cluster_id);
	r->released = CAUSE_NEW;
}

void register_done(struct register_node *r)
{
	json_decref(r->extra);
	r->extra = NULL;
}

int register_copy(const struct register_node *r, struct register_node *ret)
{
	struct json_t *extra = NULL;

	if (r->extra != NULL) {
		extra = json_deep_copy(r->extra);
		if (extra == NULL)
			return -ENOMEM;
	}
	*ret = *r;
	ret->extra = extra;
	return 0;
}

/* ---- reading */

static void read_owner(const struct fields *f, struct register_node *r)
{
	struct fields owner;
	uint64_t session_ms = 0;

	if (!fields_object(f, "owner", "owner.", true, &owner))
		return;
	fields_string(&owner, "member", r->owner.member, sizeof(r->owner.member), false);
	fields_latch(&owner, "latch", false, &r->owner.latch);
	fields_uint(&owner, "session_ms", INT32_MAX, &session_ms);
	r->owner.session = usec_from_ms(session_ms);
	if (!f->error->bad && !znode_json_valid_name(r->owner.member))
		fields_fail(&owner, "member", "is no name of a member");
}

static void read_log(const struct fields *f, struct log_position *ret)
{
	struct fields log;

	if (!fields_object(f, "log", "log.", false, &log)) {
		fields_fail(f, "log", "is null");
		return;
	}
	fields_uint(&log, "epoch", largest, &ret->epoch);
	fields_uint(&log, "segment", largest, &ret->segment);
	fields_uint(&log, "offset", largest, &ret->offset);
	fields_uint(&log, "sequence", largest, &ret->sequence);
	fields_hex(&log, "digest", ret->digest, sizeof(ret->digest));
}

static void read_snapshot(const struct fields *f, const char *key, const char *where,
                          struct log_snapshot *ret)
{
	struct fields s;

	if (!fields_object(f, key, where, true, &s))
		return;
	fields_uint(&s, "epoch", largest, &ret->epoch);
	fields_uint(&s, "sequence", largest, &ret->at.sequence);
	fields_hex(&s, "digest", ret->at.digest, sizeof(ret->at.digest));
	fields_uint(&s, "log_epoch", largest, &ret->at.epoch);
	fields_uint(&s, "log_segment", largest, &ret->at.segment);
	fields_uint(&s, "log_offset", largest, &ret->at.offset);
	if (!f->error->bad && ret->epoch == 0)
		fields_fail(&s, "epoch", "is 0");
}

static void read_handovers(const struct fields *f, struct register_node *r)
{
	const json_t *list = json_object_get(f->object, "handovers");

	if (!json_is_array(list) || json_array_size(list) > REGISTER_MAX_HANDOVERS) {
		fields_fail(f, "handovers", "is no list of at most 8");
		return;
	}
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *entry = json_array_get(list, i);
		const json_t *at = json_array_get(entry, 0), *code = json_array_get(entry, 1);
		struct register_handover *h = &r->handovers[r->n_handovers++];

		if (json_array_size(entry) != 2 || !json_is_integer(at) || !json_is_string(code) ||
		    (h->cause = cause_parse(json_string_value(code))) == CAUSE_NONE) {
			fields_fail(f, "handovers", "has an entry that is not [at_ms, cause]");
			return;
		}
		h->at_ms = json_integer_value(at);
	}
}

/* What the fields mean together. */
static void check_sense(const struct fields *f, const struct register_node *r)
{
	if (r->epoch.v == 0 && latch_name_set(&r->owner.latch))
		fields_fail(f, "owner", "is set although the epoch is 0");
	else if (r->epoch.v > 0 && !latch_name_set(&r->owner.latch) && r->released == CAUSE_NONE)
		fields_fail(f, "owner", "is null and released, too"); /* D11: recover sets it */
	else if (r->log.epoch > r->epoch.v)
		fields_fail(f, "log.epoch", "is above the register's epoch");
	else if ((r->log.epoch == 0) != (r->log.segment == 0))
		fields_fail(f, "log.segment", "does not go with log.epoch");
	else if (r->snapshot.epoch != 0 && r->snapshot.at.sequence > r->log.sequence)
		fields_fail(f, "snapshot.sequence", "is above the log's");
	else if (r->previous.epoch != 0 && r->previous.at.sequence >= r->snapshot.at.sequence)
		fields_fail(f, "previous.sequence", "is not below the snapshot's");
}

static int read_extra(const json_t *root, struct json_t **ret)
{
	json_t *extra = json_deep_copy(root);

	if (extra == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < N_ELEMENTS(known); i++)
		(void)json_object_del(extra, known[i]);
	if (json_object_size(extra) == 0) {
		json_decref(extra);
		extra = NULL;
	}
	*ret = extra;
	return 0;
}

static int decode(json_t *root, struct register_node *r, struct fields_error *error)
{
	const struct fields f = { .object = root, .where = "", .error = error };
	uint8_t id[ID_BYTES];

	fields_hex(&f, "cluster_id", id, sizeof(id));
	fields_string(&f, "cluster_id", r->cluster_id, sizeof(r->cluster_id), false);
	fields_uint(&f, "epoch", largest - 1, &r->epoch.v); /* there has to be a next one */
	read_owner(&f, r);
	read_log(&f, &r->log);
	read_snapshot(&f, "snapshot", "snapshot.", &r->snapshot);
	read_snapshot(&f, "previous", "previous.", &r->previous);
	fields_latch(&f, "designated", true, &r->designated);
	fields_cause(&f, "released", &r->released);
	read_handovers(&f, r);
	check_sense(&f, r);
	if (error->bad)
		return -EBADMSG;
	return read_extra(root, &r->extra);
}

int register_decode(const void *data, size_t size, struct register_node *ret,
                    struct register_error *reterr)
{
	struct fields_error error = { .bad = false };
	struct register_node node;
	json_t *root = NULL;
	int r;

	memset(&node, 0, sizeof(node));
	if (size > REGISTER_MAX_SIZE) {
		(void)snprintf(error.text, sizeof(error.text), "larger than %d bytes",
		               REGISTER_MAX_SIZE);
		r = -EBADMSG;
	} else {
		r = fields_parse(data, size, &root, &error);
	}
	if (r == 0)
		r = decode(root, &node, &error);
	json_decref(root);
	if (r == 0)
		*ret = node;
	else if (reterr != NULL)
		(void)snprintf(reterr->text, sizeof(reterr->text), "%s", error.text);
	return r;
}

/* ---- writing */

static json_t *number(uint64_t v)
{
	return json_integer((json_int_t)v);
}

static json_t *digest(const uint8_t bytes[LOG_DIGEST_SIZE])
{
	char text[2 * LOG_DIGEST_SIZE + 1];

	text_hex(bytes, LOG_DIGEST_SIZE, text);
	return json_string(text);
}

static json_t *write_owner(const struct register_node *r)
{
	if (!latch_name_set(&r->owner.latch))
		return json_null();
	return json_pack("{ss ss so}", "member", r->owner.member, "latch", r->owner.latch.s,
	                 "session_ms", number(usec_to_ms(r->owner.session)));
}

static json_t *write_log(const struct log_position *log)
{
	return json_pack("{so so so so so}", "epoch", number(log->epoch), "segment",
	                 number(log->segment), "offset", number(log->offset), "sequence",
	                 number(log->sequence), "digest", digest(log->digest));
}

static json_t *write_snapshot(const struct log_snapshot *s)
{
	if (s->epoch == 0)
		return json_null();
	return json_pack("{so so so so so so}", "epoch", number(s->epoch), "sequence",
	                 number(s->at.sequence), "digest", digest(s->at.digest), "log_epoch",
	                 number(s->at.epoch), "log_segment", number(s->at.segment), "log_offset",
	                 number(s->at.offset));
}

static json_t *write_handovers(const struct register_node *r)
{
	json_t *list = json_array();

	for (unsigned i = 0; list != NULL && i < r->n_handovers; i++) {
		const struct register_handover *h = &r->handovers[i];

		if (json_array_append_new(list, json_pack("[Is]", (json_int_t)h->at_ms,
		                                          cause_code(h->cause))) < 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

int register_encode(const struct register_node *r, char **ret, size_t *ret_size)
{
	CLEANUP(freep) char *text = NULL;
	json_t *root;
	size_t size;

	root = json_pack("{si ss so so so so so ss? ss? so}", "version", 1, "cluster_id",
	                 r->cluster_id, "epoch", number(r->epoch.v), "owner", write_owner(r), "log",
	                 write_log(&r->log), "snapshot", write_snapshot(&r->snapshot), "previous",
	                 write_snapshot(&r->previous), "designated",
	                 latch_name_set(&r->designated) ? r->designated.s : NULL, "released",
	                 r->released != CAUSE_NONE ? cause_code(r->released) : NULL, "handovers",
	                 write_handovers(r));
	if (root != NULL && (r->extra == NULL || json_object_update_missing(root, r->extra) == 0))
		text = json_dumps(root, JSON_COMPACT);
	json_decref(root);
	if (text == NULL)
		return -ENOMEM;
	size = strlen(text);
	if (size > REGISTER_MAX_SIZE) /* C3 */
		return -EMSGSIZE;
	*ret = TAKE_PTR(text);
	*ret_size = size;
	return 0;
}

/* ---- the steps of a term */

static void add_handover(struct register_node *r, int64_t at_ms, enum cause cause)
{
	if (r->n_handovers == REGISTER_MAX_HANDOVERS) {
		memmove(&r->handovers[0], &r->handovers[1],
		        (REGISTER_MAX_HANDOVERS - 1) * sizeof(r->handovers[0]));
		r->n_handovers--;
	}
	r->handovers[r->n_handovers++] = (struct register_handover){ at_ms, cause };
}

void register_claim(struct register_node *r, const struct register_claim *claim)
{
	struct latch_name none = { .s = "" };
	enum cause cause = r->released != CAUSE_NONE ? r->released : claim->cause;

	if (cause == CAUSE_NONE) /* nobody said how it ended: its session must have */
		cause = CAUSE_PREDECESSOR_GONE;
	if (!cause_planned(cause))
		add_handover(r, claim->at_ms, cause);
	r->epoch = epoch_next(r->epoch);
	(void)snprintf(r->owner.member, sizeof(r->owner.member), "%s", claim->member);
	r->owner.latch = claim->latch;
	r->owner.session = claim->session;
	r->designated = none;
	r->released = CAUSE_NONE;
}

void register_move(struct register_node *r, const struct log_position *log)
{
	r->log = *log;
}

void register_name_snapshot(struct register_node *r, const struct log_snapshot *snapshot)
{
	r->previous = r->snapshot;
	r->snapshot = *snapshot;
}

void register_release(struct register_node *r, enum cause cause,
                      const struct latch_name *designated)
{
	r->released = cause;
	r->designated = *designated;
}

bool register_is_term(const struct register_node *r, struct epoch epoch,
                      const struct latch_name *latch)
{
	return epoch_equal(r->epoch, epoch) && latch_name_set(latch) &&
	       latch_name_equal(&r->owner.latch, latch);
}

unsigned register_recent_handovers(const struct register_node *r, int64_t since_ms)
{
	unsigned n = 0;

	for (unsigned i = 0; i < r->n_handovers; i++)
		if (r->handovers[i].at_ms >= since_ms)
			n++;
	return n;
}

bool register_leader_id(const char *cluster_id, struct epoch epoch, char ret[LEADER_ID_LEN + 1])
{
	uint8_t id[ID_BYTES], hash[SHA256_DIGEST_LENGTH], bytes[16];
	char hex[2 * sizeof(bytes) + 1];

	if (text_unhex(cluster_id, id, sizeof(id)) < 0)
		return false;
	(void)SHA256(id, sizeof(id), hash);
	memcpy(bytes, hash, 8);
	for (unsigned i = 0; i < 8; i++)
		bytes[8 + i] = (uint8_t)(epoch.v >> (56 - 8 * i));
	text_hex(bytes, sizeof(bytes), hex);
	(void)snprintf(ret, LEADER_ID_LEN + 1, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12,
	               hex + 16, hex + 20);
	return true;
}
