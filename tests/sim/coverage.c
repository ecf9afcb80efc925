/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether what the simulation is for did happen: each fault struck, each kind of request lost its
 * answer both before and after it was carried out, and touches with more than one T met.
 */
#include "tests/sim/world.h"

#include "election/core_trace.h"

enum { N_KINDS = (int)CORE_N_COMMANDS_ + (int)REQ_DELETE + 1 };

static uint64_t lost[N_KINDS][2], struck[FAULT_N_], touched[TOUCH_N_];

void coverage_touch(enum touch what)
{
	touched[what]++;
}

void coverage_lost(const struct request *r, bool landed)
{
	unsigned kind = r->kind == REQ_CORE ? (unsigned)r->cmd.type
	                                    : (unsigned)CORE_N_COMMANDS_ + (unsigned)r->kind;

	lost[kind][landed]++;
}

void coverage_struck(enum fault_type type)
{
	struck[type]++;
}

static const char *kind_name(unsigned kind)
{
	static const char *const other[] = {
		[REQ_CONNECT] = "connect", [REQ_PING] = "ping", [REQ_CORE] = "",
		[REQ_COMMIT] = "commit",   [REQ_READ] = "read", [REQ_CLOSE] = "close",
		[REQ_DELETE] = "delete",
	};

	return kind < CORE_N_COMMANDS_ ? core_command_name((enum core_command_type)kind)
	                               : other[kind - CORE_N_COMMANDS_];
}

/* Of the core's commands those that are requests; CLOSE is the last word on its connection. */
static bool is_request(unsigned kind)
{
	switch (kind) {
	case CORE_CMD_END_OLD:
	case CORE_CMD_JOIN:
	case CORE_CMD_REJOIN:
	case CORE_CMD_ENTER:
	case CORE_CMD_HEARTBEAT:
	case CORE_CMD_OBSERVE:
	case CORE_CMD_CLAIM:
	case CORE_CMD_RELEASE:
	case CORE_CMD_REPORT_STOPPED:
	case CORE_CMD_PUBLISH:
		return true;
	default:
		return kind > CORE_N_COMMANDS_ && kind != (unsigned)CORE_N_COMMANDS_ + REQ_CORE;
	}
}

static const char *touch_name(enum touch what)
{
	static const char *const names[TOUCH_N_] = {
		[TOUCH_SMALLER] = "re-attached with a smaller T",
		[TOUCH_LARGER] = "re-attached with a larger T",
		[TOUCH_EARLIER] = "end of session moved back",
		[TOUCH_AT_TWO] = "at two servers with two T",
		[TOUCH_OF_BEFORE] = "of a connection of before",
	};

	return names[what];
}

bool coverage_tell(void)
{
	bool all = true;

	for (unsigned i = 0; i < TOUCH_N_; i++) {
		printf("touch %-30s %8llu\n", touch_name((enum touch)i),
		       (unsigned long long)touched[i]);
		all = all && touched[i] > 0;
	}
	for (unsigned i = 0; i < N_KINDS; i++) {
		if (!is_request(i))
			continue;
		printf("lost %-16s before %8llu  after %8llu\n", kind_name(i),
		       (unsigned long long)lost[i][0], (unsigned long long)lost[i][1]);
		all = all && lost[i][0] > 0 && lost[i][1] > 0;
	}
	for (unsigned i = FAULT_NONE + 1; i < FAULT_N_; i++) {
		printf("fault %-30s %8llu\n", plan_fault_name((enum fault_type)i),
		       (unsigned long long)struck[i]);
		all = all && struck[i] > 0;
	}
	return all;
}
