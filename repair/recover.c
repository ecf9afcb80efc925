/* SPDX-License-Identifier: Apache-2.0 */
#include "repair/recover.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

int recover_check(struct zk_calls *z, const struct inspect_request *request,
                  const struct store_facts *facts)
{
	struct cluster_look now;
	int r = inspect_changed(request, &facts->files);

	if (r != 0)
		return r < 0 ? r : -EBUSY;
	r = cluster_look(z, &now);
	if (r < 0)
		return r;
	if (now.n_latches > 0 || now.register_error != facts->look.register_error ||
	    (now.register_error != -ENOENT && now.version != facts->look.version))
		r = -ESTALE;
	cluster_look_done(&now);
	return r;
}

static int make_parents(struct zk_calls *z, const char *base)
{
	CLEANUP(freep) char *path = strdup(base);
	enum zk_outcome outcome;
	int r = path ? 0 : -ENOMEM;

	for (char *end = path; r == 0 && end && *end;) {
		struct zk_op op = { .type = ZK_OP_CREATE, .path = path };
		char c;

		end = strchrnul(end + 1, '/');
		c = *end;
		*end = '\0';
		r = zk_calls_write(z, &op, 1, &outcome);
		if (r == -EEXIST)
			r = 0;
		*end = c;
	}
	return r;
}

/* The epoch is above all that were seen: who has it, or a later one, has our register. */
static int settle(struct zk_calls *z, const struct recover_plan *plan)
{
	struct cluster_look now;
	int r = cluster_look(z, &now);

	if (r < 0)
		return -EINPROGRESS;
	r = -EINPROGRESS;
	if (cluster_look_has_register(&now) && now.reg.epoch.v >= plan->reg.epoch.v &&
	    strcmp(now.reg.cluster_id, plan->reg.cluster_id) == 0)
		r = 0;
	cluster_look_done(&now);
	return r;
}

int recover_write(struct zk_calls *z, const char *base, const struct recover_plan *plan)
{
	CLEANUP(freep) char *text = NULL;
	struct zk_op op = { .type = plan->create ? ZK_OP_CREATE : ZK_OP_SET,
		            .path = "register",
		            .version = plan->version };
	enum zk_outcome outcome;
	int r;

	r = register_encode(&plan->reg, &text, &op.size);
	if (r == 0)
		r = make_parents(z, base);
	if (r < 0)
		return r;
	op.data = text;
	r = zk_calls_write(z, &op, 1, &outcome);
	if (outcome == ZK_DONE)
		return 0;
	if (outcome == ZK_UNKNOWN)
		return settle(z, plan);
	return r == -EEXIST || r == -ENOENT ? -ESTALE : r;
}
