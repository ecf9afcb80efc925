/* SPDX-License-Identifier: Apache-2.0 */
#include "repair/backup_line.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "base/text.h"
#include "election/znode_json.h"

enum { VERSION = 1 };

/* ---- writing */

json_t *backup_line_header(const struct backup *b)
{
	return json_pack("{s:i, s:s, s:s?, s:I, s:I, s:I, s:I, s:I}", "version", VERSION, "cluster",
	                 b->cluster, "cluster_id", b->cluster_id[0] ? b->cluster_id : NULL, "epoch",
	                 (json_int_t)b->epoch, "sequence", (json_int_t)b->sequence, "at_ms",
	                 (json_int_t)b->at_ms, "pointers", (json_int_t)b->n_pointers, "counters",
	                 (json_int_t)b->n_counters);
}

static json_t *base64(const uint8_t *value, size_t size)
{
	CLEANUP(freep) unsigned char *text = malloc((size + 2) / 3 * 4 + 1);

	if (!text)
		return NULL;
	(void)EVP_EncodeBlock(text, value, (int)size);
	return json_string((const char *)text);
}

json_t *backup_line_pointer(const struct pointer *p)
{
	json_t *o = json_pack("{s:s, s:I}", "key", p->key, "revision", (json_int_t)p->revision);
	const uint8_t *value = pointer_value(p);
	json_t *text = NULL;
	int r;

	if (p->damaged)
		r = json_object_set_new(o, "damaged", json_true());
	else if (!memchr(value, 0, p->value_size) &&
	         (text = json_stringn((const char *)value, p->value_size)))
		r = json_object_set_new(o, "value", text);
	else
		r = json_object_set_new(o, "base64", base64(value, p->value_size));
	if (r == 0)
		return o;
	json_decref(o);
	return NULL;
}

json_t *backup_line_counter(const struct pointer *p)
{
	uint64_t next = 0;

	(void)parse_uint64_n((const char *)pointer_value(p), p->value_size, 1, INT64_MAX, &next);
	return json_pack("{s:s, s:I}", "counter", p->key + strlen(BACKUP_COUNTER_PREFIX), "next",
	                 (json_int_t)next);
}

json_t *backup_line_end(const struct backup *b, const uint8_t sum[RECORD_SUM_SIZE])
{
	char hex[2 * RECORD_SUM_SIZE + 1];

	text_hex(sum, RECORD_SUM_SIZE, hex);
	return json_pack("{s:b, s:I, s:I, s:s}", "end", 1, "pointers", (json_int_t)b->n_pointers,
	                 "counters", (json_int_t)b->n_counters, "sha256", hex);
}

/* ---- reading */

static bool get_number(const json_t *o, const char *key, uint64_t *ret)
{
	const json_t *v = json_object_get(o, key);

	if (!json_is_integer(v) || json_integer_value(v) < 0)
		return false;
	*ret = (uint64_t)json_integer_value(v);
	return true;
}

static bool get_counts(const json_t *o, size_t *ret_pointers, size_t *ret_counters)
{
	uint64_t pointers, counters;

	if (!get_number(o, "pointers", &pointers) || !get_number(o, "counters", &counters))
		return false;
	*ret_pointers = (size_t)pointers;
	*ret_counters = (size_t)counters;
	return true;
}

static bool is_id(const char *id)
{
	uint8_t bytes[RECORD_CLUSTER_ID_SIZE];

	return text_unhex(id, bytes, sizeof(bytes)) == 0;
}

int backup_line_parse_header(const json_t *o, struct backup *ret, size_t *ret_pointers,
                             size_t *ret_counters)
{
	const char *cluster = json_string_value(json_object_get(o, "cluster"));
	const char *id = json_string_value(json_object_get(o, "cluster_id"));
	uint64_t version, at_ms;

	if (!get_number(o, "version", &version))
		return -EINVAL;
	if (version > VERSION)
		return -EPROTONOSUPPORT;
	/* They are shown on a terminal, where letters of others may do anything. */
	if (!cluster || !znode_json_valid_name(cluster) || (id && !is_id(id)) ||
	    !get_number(o, "epoch", &ret->epoch) || !get_number(o, "sequence", &ret->sequence) ||
	    !get_number(o, "at_ms", &at_ms) || !get_counts(o, ret_pointers, ret_counters) ||
	    text_format(ret->cluster, sizeof(ret->cluster), "%s", cluster) < 0 ||
	    text_format(ret->cluster_id, sizeof(ret->cluster_id), "%s", id ? id : "") < 0)
		return -EINVAL;
	ret->at_ms = (int64_t)at_ms;
	return 0;
}

static int parse_counter(const json_t *o, const char *key, struct backup *ret)
{
	char name[RECORD_KEY_MAX + 1];
	uint64_t next;

	if (!get_number(o, "next", &next) ||
	    text_format(name, sizeof(name), BACKUP_COUNTER_PREFIX "%s", key) < 0)
		return -EINVAL;
	if (pointer_map_get(ret->map, name))
		return -EEXIST;
	return backup_put_counter(ret, key, (int64_t)next);
}

int backup_line_parse(const json_t *o, struct backup *ret)
{
	const char *counter = json_string_value(json_object_get(o, "counter"));
	const char *key = json_string_value(json_object_get(o, "key"));
	const json_t *value = json_object_get(o, "value"), *coded = json_object_get(o, "base64");
	uint64_t revision;

	if (counter)
		return parse_counter(o, counter, ret);
	if (!key || !get_number(o, "revision", &revision))
		return -EINVAL;
	if (pointer_map_get(ret->map, key))
		return -EEXIST;
	if (json_is_string(value))
		return backup_put(ret, key, revision, json_string_value(value),
		                  json_string_length(value));
	if (json_is_string(coded))
		return backup_put_base64(ret, key, revision, json_string_value(coded));
	return json_is_true(json_object_get(o, "damaged")) ? backup_put(ret, key, revision, NULL, 0)
	                                                   : -EINVAL;
}

int backup_line_parse_end(const json_t *o, size_t *ret_pointers, size_t *ret_counters,
                          uint8_t ret_sum[RECORD_SUM_SIZE])
{
	const char *hex = json_string_value(json_object_get(o, "sha256"));

	if (!json_is_true(json_object_get(o, "end")) || !hex ||
	    !get_counts(o, ret_pointers, ret_counters) ||
	    text_unhex(hex, ret_sum, RECORD_SUM_SIZE) < 0)
		return -EINVAL;
	return 0;
}
