/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/snapshot_plan.h"

#include <stddef.h>

void snapshot_plan_followed(struct snapshot_plan *plan, const struct log_snapshot *named,
                            uint64_t bytes, bool whole)
{
	if (whole || !log_snapshot_same(named, &plan->named))
		plan->log = 0;
	plan->named = *named;
	plan->log += bytes;
}

void snapshot_plan_begin(struct snapshot_plan *plan, const struct log_snapshot *named,
                         const struct log_snapshot *previous)
{
	snapshot_plan_followed(plan, named, 0, false);
	plan->previous = *previous;
	plan->waiting.epoch = 0;
	plan->wanted = plan->writing = plan->clean_due = false;
	plan->try_at = plan->failed = 0;
}

void snapshot_plan_grows(struct snapshot_plan *plan, uint64_t size)
{
	plan->log += size;
	plan->log_behind += size;
}

bool snapshot_plan_due(const struct snapshot_plan *plan, uint64_t sequence, uint64_t live)
{
	bool enough = plan->min_log == 0 || (plan->log > plan->min_log && plan->log / 2 > live);

	/* Who wants one asks again by himself: a log that does not grow must not keep him waiting.
	 */
	return ((enough && plan->log >= plan->try_at) || snapshot_plan_wants(plan, sequence)) &&
	       !plan->writing && !snapshot_plan_waits(plan);
}

bool snapshot_plan_wants(const struct snapshot_plan *plan, uint64_t sequence)
{
	return plan->wanted && sequence > plan->named.at.sequence;
}

uint64_t snapshot_plan_write(struct snapshot_plan *plan, uint64_t sequence, uint64_t *ret_discard)
{
	*ret_discard =
	        plan->failed != sequence ? plan->failed : 0; /* else it has that name again */
	plan->failed = 0;
	plan->sequence = sequence;
	plan->writing = true;
	plan->log_behind = 0;
	return ++plan->ticket;
}

void snapshot_plan_written(struct snapshot_plan *plan, uint64_t ticket,
                           const struct log_snapshot *snapshot)
{
	if (!plan->writing || ticket != plan->ticket)
		return;
	plan->writing = false;
	if (!snapshot) {
		plan->failed = plan->sequence;
		plan->try_at = plan->log + plan->min_log / 2;
		plan->wanted = false;
	} else if (snapshot->at.sequence > plan->named.at.sequence) {
		plan->waiting = *snapshot;
	}
}

bool snapshot_plan_waits(const struct snapshot_plan *plan)
{
	return plan->waiting.epoch != 0;
}

const struct log_snapshot *snapshot_plan_target(const struct snapshot_plan *plan)
{
	return snapshot_plan_waits(plan) ? &plan->waiting : &plan->named;
}

void snapshot_plan_named(struct snapshot_plan *plan, const struct log_snapshot *target)
{
	if (target->at.sequence <= plan->named.at.sequence)
		return;
	plan->previous = plan->named;
	plan->named = *target;
	plan->waiting.epoch = 0;
	plan->wanted = false;
	plan->log = plan->log_behind;
	plan->try_at = 0;
	plan->clean_due = plan->previous.epoch != 0;
}

void snapshot_plan_found(struct snapshot_plan *plan, const struct log_snapshot *named,
                         const struct log_snapshot *previous)
{
	plan->named = *named;
	plan->previous = *previous;
	if (plan->waiting.at.sequence <= named->at.sequence)
		plan->waiting.epoch = 0;
}

void snapshot_plan_end(struct snapshot_plan *plan)
{
	plan->wanted = plan->writing = plan->clean_due = false;
	plan->waiting.epoch = 0;
}
