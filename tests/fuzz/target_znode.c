/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The small znodes (election/znode_json.h).  The first byte says which: l)atch, m)ember, r)equest
 * or another letter for maintenance; the rest is the text.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "election/znode_json.h"
#include "tests/fuzz/fuzz.h"

static void check_result(int r)
{
	HOLDS(r == 0 || r == -EBADMSG || r == -EPROTONOSUPPORT);
}

/* What was read can be written, says the same, and is written in one way only.  The structs are
 * cleared before, so that they can be compared as bytes. */
#define ROUND_TRIP(kind, text, size)                                                     \
	do {                                                                             \
		struct kind##_node first, second;                                        \
		CLEANUP(freep) char *written = NULL;                                     \
		CLEANUP(freep) char *again = NULL;                                       \
		int r_;                                                                  \
                                                                                         \
		memset(&first, 0, sizeof(first));                                        \
		memset(&second, 0, sizeof(second));                                      \
		r_ = znode_json_decode_##kind(text, size, &first);                       \
		check_result(r_);                                                        \
		if (r_ < 0)                                                              \
			break;                                                           \
		HOLDS(znode_json_encode_##kind(&first, &written) == 0);                  \
		HOLDS(!strchr(written, '\n'));                                           \
		HOLDS(znode_json_decode_##kind(written, strlen(written), &second) == 0); \
		HOLDS(same_##kind(&first, &second));                                     \
		HOLDS(znode_json_encode_##kind(&second, &again) == 0);                   \
		HOLDS(strcmp(written, again) == 0);                                      \
	} while (0)

#define SAME(field)      (a->field == b->field)
#define SAME_TEXT(field) (strcmp(a->field, b->field) == 0)

static bool same_latch(const struct latch_node *a, const struct latch_node *b)
{
	return SAME_TEXT(member) && SAME_TEXT(host) && SAME(started_ms) && a->started_ms >= 0;
}

static bool same_member(const struct member_node *a, const struct member_node *b)
{
	return SAME_TEXT(member) && SAME_TEXT(host) && SAME_TEXT(nonce.s) && SAME(observer) &&
	       SAME_TEXT(jmha) && SAME(eligible) && SAME(reasons) && SAME(sequence) &&
	       SAME(stopped.v) && SAME_TEXT(config) && SAME_TEXT(api) && SAME_TEXT(sign) &&
	       SAME(tells_sees) && SAME_TEXT(sees);
}

static bool same_request(const struct request_node *a, const struct request_node *b)
{
	return SAME_TEXT(verb) && SAME_TEXT(args) && SAME_TEXT(by) && SAME_TEXT(member) &&
	       SAME(at_ms) && SAME(state) && SAME_TEXT(error) && SAME_TEXT(message) &&
	       SAME(epoch.v) && SAME_TEXT(timings);
}

static bool same_maintenance(const struct maintenance_node *a, const struct maintenance_node *b)
{
	return SAME(until_ms) && SAME_TEXT(by) && SAME_TEXT(why);
}

static void run(const uint8_t *data, size_t size)
{
	const void *text = data + 1;

	if (size == 0)
		return;
	if (data[0] == 'l')
		ROUND_TRIP(latch, text, size - 1);
	else if (data[0] == 'm')
		ROUND_TRIP(member, text, size - 1);
	else if (data[0] == 'r')
		ROUND_TRIP(request, text, size - 1);
	else
		ROUND_TRIP(maintenance, text, size - 1);
}
FUZZ_TARGET(znode, run)
