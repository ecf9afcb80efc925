/* SPDX-License-Identifier: Apache-2.0 */
/* The register (election/register.h), as any client of the ensemble may have written it. */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "election/register.h"
#include "tests/fuzz/fuzz.h"

/* Not as bytes: behind the end of a text stands what stood there before. */
static bool same(const struct register_node *a, const struct register_node *b)
{
	bool handovers = a->n_handovers == b->n_handovers;

	for (unsigned i = 0; handovers && i < a->n_handovers; i++)
		handovers = a->handovers[i].at_ms == b->handovers[i].at_ms &&
		            a->handovers[i].cause == b->handovers[i].cause;
	return handovers && strcmp(a->cluster_id, b->cluster_id) == 0 &&
	       epoch_equal(a->epoch, b->epoch) && strcmp(a->owner.member, b->owner.member) == 0 &&
	       latch_name_equal(&a->owner.latch, &b->owner.latch) &&
	       a->owner.session == b->owner.session &&
	       memcmp(&a->log, &b->log, sizeof(a->log)) == 0 &&
	       memcmp(&a->snapshot, &b->snapshot, sizeof(a->snapshot)) == 0 &&
	       memcmp(&a->previous, &b->previous, sizeof(a->previous)) == 0 &&
	       latch_name_equal(&a->designated, &b->designated) && a->released == b->released &&
	       (a->extra == NULL) == (b->extra == NULL) &&
	       (a->extra == NULL || json_equal(a->extra, b->extra));
}

static void check_limits(const struct register_node *r)
{
	HOLDS(strlen(r->cluster_id) == CLUSTER_ID_LEN);
	HOLDS(r->n_handovers <= REGISTER_MAX_HANDOVERS);
	HOLDS(memchr(r->owner.member, 0, sizeof(r->owner.member)));
	HOLDS(latch_name_set(&r->owner.latch) || r->owner.member[0] == '\0');
	HOLDS(r->log.epoch <= r->epoch.v);
	HOLDS(r->snapshot.epoch <= INT64_MAX && r->log.offset <= INT64_MAX);
}

/* What can be read can be written and read again.  Unknown fields may grow when they are written
 * (1e5 becomes 100000.0), all others may not. */
static void write_and_read(const struct register_node *r)
{
	CLEANUP(freep) char *text = NULL, *again = NULL;
	size_t size = 0, again_size = 0;
	struct register_error error = { .text = "" };
	struct register_node copy;
	int e = register_encode(r, &text, &size);

	HOLDS(e == 0 || (e == -EMSGSIZE && r->extra));
	if (e < 0)
		return;
	HOLDS(size <= REGISTER_MAX_SIZE && strlen(text) == size && !strchr(text, '\n'));
	HOLDS(register_decode(text, size, &copy, &error) == 0);
	HOLDS(same(r, &copy));
	HOLDS(register_encode(&copy, &again, &again_size) == 0);
	HOLDS(size == again_size && memcmp(text, again, size) == 0);
	register_done(&copy);
}

/* Whatever stands there, the next term can begin and end. */
static void go_on(struct register_node *r)
{
	const struct register_claim claim = { .member = "jm-b",
		                              .latch = { .s = "n-fedcba9876543210-0000000008" },
		                              .session = usec_from_ms(10000),
		                              .at_ms = 1700000000000 };
	const struct latch_name none = { .s = "" };
	const uint64_t epoch = r->epoch.v;
	char leader_id[LEADER_ID_LEN + 1];

	register_claim(r, &claim);
	HOLDS(r->epoch.v == epoch + 1 && r->released == CAUSE_NONE);
	HOLDS(register_is_term(r, r->epoch, &claim.latch));
	HOLDS(register_leader_id(r->cluster_id, r->epoch, leader_id));
	write_and_read(r);
	register_release(r, CAUSE_SHUTDOWN, &none);
	write_and_read(r);
}

static void run(const uint8_t *data, size_t size)
{
	struct register_node r, copy;
	struct register_error error = { .text = "" };
	int e = register_decode(data, size, &r, &error);

	HOLDS(e == 0 || e == -EBADMSG || e == -EPROTONOSUPPORT);
	if (e < 0) {
		HOLDS(error.text[0] != '\0' && memchr(error.text, 0, sizeof(error.text)));
		return;
	}
	HOLDS(size <= REGISTER_MAX_SIZE);
	check_limits(&r);
	write_and_read(&r);
	HOLDS(register_copy(&r, &copy) == 0 && same(&r, &copy));
	go_on(&copy);
	register_done(&copy);
	register_done(&r);
}
FUZZ_TARGET(register, run)
