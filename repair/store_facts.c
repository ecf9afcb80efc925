/* SPDX-License-Identifier: Apache-2.0 */
#include "repair/store_facts.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/text.h"

enum { MAX_LOOKS = 3 };

static bool same_cluster(const struct store_facts *f)
{
	char id[CLUSTER_ID_LEN + 1];

	text_hex(f->files.cluster.id, RECORD_CLUSTER_ID_SIZE, id);
	return f->files.cluster.found && strcmp(id, f->look.reg.cluster_id) == 0;
}

static int read_to_register(const struct inspect_request *request, struct store_facts *f)
{
	struct follower_request follow = { .path = request->path,
		                           .to = f->look.reg.log,
		                           .snapshot = f->look.reg.snapshot,
		                           .previous = f->look.reg.previous };

	memcpy(follow.cluster_id, f->files.cluster.id, sizeof(follow.cluster_id));
	if (f->has_read)
		follower_result_done(&f->read);
	follower_read(&follow, &f->read);
	f->has_read = true;
	return inspect_settle(&f->read);
}

/* Only a register that was read after the records is proved old by them (follower.h). */
static int look_again(struct zk_calls *z, struct store_facts *f)
{
	struct cluster_look later;
	int r;

	if (f->read.committed_seen <= f->look.reg.log.sequence)
		return 0;
	r = cluster_look(z, &later);
	if (r < 0)
		return r;
	if (cluster_look_has_register(&later) &&
	    strcmp(later.reg.cluster_id, f->look.reg.cluster_id) == 0)
		f->committed_later = later.reg.log.sequence;
	cluster_look_done(&later);
	return 0;
}

/* A leader may have cleaned away what its register named a moment ago: then that names others. */
static int look_and_read(const struct inspect_request *request, struct zk_calls *z,
                         struct store_facts *f)
{
	int32_t before = -1;
	int r;

	for (unsigned i = 0; i < MAX_LOOKS; i++) {
		if (f->looked)
			cluster_look_done(&f->look);
		f->looked = false;
		r = cluster_look(z, &f->look);
		if (r < 0)
			return r;
		f->looked = true;
		if (!cluster_look_has_register(&f->look) || !same_cluster(f))
			return 0;
		if (i > 0 && f->look.version == before)
			return 0;
		r = read_to_register(request, f);
		if (r < 0)
			return r;
		if (f->read.report.state != STORE_LOG_MISSING)
			return look_again(z, f);
		before = f->look.version;
	}
	return 0;
}

int store_facts_gather(const struct inspect_request *request, struct zk_calls *z, bool want_end,
                       struct store_facts *ret)
{
	struct timespec now;
	int r;

	*ret = (struct store_facts){ .looked = false };
	(void)clock_gettime(CLOCK_REALTIME, &now);
	ret->at_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
	r = inspect_store(request, &ret->files);
	if (r < 0)
		return r;
	if (z)
		r = look_and_read(request, z, ret);
	if (r < 0 || (!want_end && store_facts_readable(ret) && !store_facts_rolled_back(ret)))
		return r;
	ret->has_end = true;
	return inspect_find_end(request, &ret->files, &ret->end);
}

void store_facts_done(struct store_facts *facts)
{
	inspection_done(&facts->files);
	if (facts->looked)
		cluster_look_done(&facts->look);
	if (facts->has_read)
		follower_result_done(&facts->read);
	if (facts->has_end)
		inspected_end_done(&facts->end);
	*facts = (struct store_facts){ .looked = false };
}

bool store_facts_readable(const struct store_facts *facts)
{
	return facts->has_read && facts->read.report.state == STORE_OK;
}

bool store_facts_rolled_back(const struct store_facts *facts)
{
	const struct register_node *reg = &facts->look.reg;

	if (!facts->looked || !cluster_look_has_register(&facts->look))
		return false;
	return facts->files.highest_epoch > reg->epoch.v ||
	       inspection_committed(&facts->files, reg->epoch.v) > reg->log.sequence ||
	       (facts->has_read && facts->read.committed_seen > reg->log.sequence &&
	        facts->read.committed_seen > facts->committed_later);
}

/* NULL: nowhere. */
static const struct follower_result *where(const struct store_facts *facts,
                                           const struct log_position **ret_at)
{
	if (facts->files.report.state != STORE_OK)
		return NULL;
	if (store_facts_readable(facts) && !store_facts_rolled_back(facts)) {
		*ret_at = &facts->look.reg.log;
		return &facts->read;
	}
	if (!facts->has_end || !facts->end.found)
		return NULL;
	*ret_at = &facts->end.at;
	return &facts->end.read;
}

const struct pointer_map *store_facts_pointers(const struct store_facts *facts,
                                               const struct log_position **ret_at)
{
	const struct follower_result *read = where(facts, ret_at);

	return read ? read->delta : NULL;
}

struct pointer_map *store_facts_take_pointers(struct store_facts *facts,
                                              const struct log_position **ret_at)
{
	const struct follower_result *read = where(facts, ret_at);

	if (!read)
		return NULL;
	return read == &facts->read ? TAKE_PTR(facts->read.delta) : TAKE_PTR(facts->end.read.delta);
}
