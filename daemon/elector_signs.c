/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Do all members write into the same storage?  Each has a sign there and in its member node, and
 * tells there whose it has read (election/signs.h decides).  It is only shown: nobody's election
 * depends on it, and it runs beside the changes, on the storage's second thread.
 */
#include "daemon/elector_private.h"

#include <assert.h>
#include <string.h>
#include <sys/random.h>

#include "base/text.h"
#include "daemon/clock.h"
#include "daemon/log.h"

enum { LOOK_EVERY = 10 * 1000000 };

static_assert((int)SIGNS_MAX == (int)OBSERVE_MAX_MEMBERS, "all members are compared");
static_assert((int)STORE_MAX_SIGNS == (int)OBSERVE_MAX_MEMBERS, "all members are looked for");
static_assert((int)STORE_MEMBER_SIZE == MEMBER_NAME_MAX + 1, "names have room");
static_assert((int)SIGN_FILE_HEX == (int)ZNODE_SIGN_LEN, "what is written can be told");

/* The others, as the last look showed them. */
struct others {
	unsigned n, n_told;
	struct nonce present[SIGNS_MAX];
	struct member_sign told[SIGNS_MAX]; /* an earlier release and an observer have none */
};

static void list_others(const struct elector *e, struct others *ret)
{
	ret->n = ret->n_told = 0;
	for (unsigned i = 0; i < e->view.n_members; i++) {
		const struct observed_member *m = &e->view.member[i];
		struct member_sign *told = &ret->told[ret->n_told];

		/* Our name may be on a node of another session: of before, or another's (D3). */
		if (m->error != 0 || strcmp(m->node.member, e->config->member) == 0)
			continue;
		ret->present[ret->n++] = m->node.nonce;
		if (!m->node.sign[0])
			continue;
		memcpy(told->member, m->node.member, sizeof(told->member));
		memcpy(told->sign, m->node.sign, sizeof(told->sign));
		ret->n_told++;
	}
}

/* Published when anything has changed, and not sooner than it stands in the storage. */
static void tell(struct elector *e, const char *sign, bool tells_sees, const char *sees)
{
	struct member_node *m = &e->member;

	if (strcmp(m->sign, sign) == 0 && m->tells_sees == tells_sees && strcmp(m->sees, sees) == 0)
		return;
	(void)text_format(m->sign, sizeof(m->sign), "%s", sign);
	(void)text_format(m->sees, sizeof(m->sees), "%s", sees);
	m->tells_sees = tells_sees;
	elector_publish_member(e);
}

static void log_unseen(struct elector *e)
{
	char unseen[sizeof(e->signs.unseen)];

	e->signs.n_unseen = signs_unseen(&e->signs.known, unseen, sizeof(unseen));
	if (strcmp(unseen, e->signs.unseen) == 0)
		return;
	memcpy(e->signs.unseen, unseen, sizeof(unseen));
	if (unseen[0])
		log_warning("store",
		            "what these members write into storage.path is not to be seen here: "
		            "%s; is the same file system mounted on all?",
		            unseen);
	else
		log_notice("store", "what the other members write is to be seen here");
}

static void compare(struct elector *e, const struct store_result *result)
{
	struct member_sign read[SIGNS_MAX];
	char sees[ZNODE_SEES_MAX + 1];
	bool fits;

	for (unsigned i = 0; i < result->n_signs; i++) {
		memcpy(read[i].member, result->sign[i].member, sizeof(read[i].member));
		memcpy(read[i].sign, result->sign[i].sign, sizeof(read[i].sign));
	}
	signs_compare(&e->signs.known, e->signs.told, read, result->n_signs);
	fits = signs_seen(&e->signs.known, sees, sizeof(sees));
	tell(e, e->signs.writes ? e->signs.known.own : e->member.sign, fits, fits ? sees : "");
	log_unseen(e);
}

static void on_signs(const struct store_result *result, void *userdata)
{
	struct elector *e = userdata;

	e->signs.asking = false;
	if (result->state != e->signs.state)
		log_notice("store", "the members' signs: %s %s", store_state_code(result->state),
		           result->text);
	e->signs.state = result->state;
	if (result->state == STORE_OK) {
		compare(e, result);
		return;
	}
	e->signs.n_unseen = 0; /* who could not look has not missed anybody */
	tell(e, e->member.sign, false, "");
}

static bool draw(struct elector *e, const struct others *o)
{
	uint8_t bytes[ZNODE_SIGN_LEN / 2];
	char sign[ZNODE_SIGN_LEN + 1];

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return false;
	text_hex(bytes, sizeof(bytes), sign);
	signs_drawn(&e->signs.known, sign, o->present, o->n);
	return true;
}

static void ask(struct elector *e, const struct others *o)
{
	struct store_signs request = { .own = e->signs.writes ? e->signs.known.own : NULL };
	struct store_sign others[SIGNS_MAX];

	if (text_unhex(e->reg.cluster_id, request.cluster_id, sizeof(request.cluster_id)) < 0)
		return;
	for (unsigned i = 0; i < o->n_told; i++) {
		others[i].sign[0] = '\0';
		memcpy(others[i].member, o->told[i].member, sizeof(others[i].member));
	}
	memcpy(e->signs.told, o->told, o->n_told * sizeof(*o->told));
	request.others = others;
	request.n_others = o->n_told;
	e->signs.asking = store_signs(e->store, &request, on_signs, e) >= 0;
}

void elector_signs_look(struct elector *e)
{
	usec_t now = clock_boottime();
	struct others o;
	bool due = now >= e->signs.look_at;

	if (e->signs.asking || !e->looked || !e->has_register || !e->has_cluster_id)
		return;
	list_others(e, &o);
	if (!due && !signs_news(&e->signs.known, o.told, o.n_told))
		return;
	/* Without a member node the name may be another's (D3). */
	e->signs.writes = !e->config->observer && e->core.member;
	if (e->signs.writes && due && signs_outdated(&e->signs.known, o.present, o.n) &&
	    !draw(e, &o))
		return;
	e->signs.writes = e->signs.writes && e->signs.known.own[0];
	if (due)
		e->signs.look_at = now + LOOK_EVERY;
	ask(e, &o);
}
