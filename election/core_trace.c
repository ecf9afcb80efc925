/* SPDX-License-Identifier: Apache-2.0 */
#include "election/core_trace.h"

#include <assert.h>
#include <stdio.h>

const char *core_command_name(enum core_command_type type)
{
	static const char *const names[CORE_N_COMMANDS_] = {
		[CORE_CMD_CONNECT_NEW] = "connect-new",
		[CORE_CMD_CONNECT_RESUME] = "connect-resume",
		[CORE_CMD_END_OLD] = "end-old",
		[CORE_CMD_JOIN] = "join",
		[CORE_CMD_REJOIN] = "rejoin",
		[CORE_CMD_ENTER] = "enter",
		[CORE_CMD_DELETE_EXTRA] = "delete-extra",
		[CORE_CMD_HEARTBEAT] = "heartbeat",
		[CORE_CMD_OBSERVE] = "observe",
		[CORE_CMD_CLAIM] = "claim",
		[CORE_CMD_LOAD] = "load",
		[CORE_CMD_ARM] = "arm",
		[CORE_CMD_EXTEND] = "extend",
		[CORE_CMD_DISARM] = "disarm",
		[CORE_CMD_START] = "start",
		[CORE_CMD_GRANT] = "grant",
		[CORE_CMD_REVOKE] = "revoke",
		[CORE_CMD_TERMINATE] = "terminate",
		[CORE_CMD_KILL] = "kill",
		[CORE_CMD_SETTLE] = "settle",
		[CORE_CMD_RELEASE] = "release",
		[CORE_CMD_REPORT_STOPPED] = "report-stopped",
		[CORE_CMD_PUBLISH] = "publish",
		[CORE_CMD_EXIT] = "exit",
	};

	assert((unsigned)type < CORE_N_COMMANDS_);
	return names[type];
}

const char *core_event_name(enum core_event_type type)
{
	static const char *const names[CORE_N_EVENTS_] = {
		[CORE_EV_TICK] = "tick",
		[CORE_EV_CONNECTED] = "connected",
		[CORE_EV_DISCONNECTED] = "disconnected",
		[CORE_EV_EXPIRED] = "expired",
		[CORE_EV_AUTH_FAILED] = "auth-failed",
		[CORE_EV_CHANGED] = "changed",
		[CORE_EV_ELIGIBLE] = "eligible",
		[CORE_EV_STOP] = "stop",
		[CORE_EV_PAGE_ENDED] = "page-ended",
		[CORE_EV_EXITED] = "exited",
		[CORE_EV_SAID] = "said",
		[CORE_EV_UNHEALTHY] = "unhealthy",
		[CORE_EV_ENDED_OLD] = "ended-old",
		[CORE_EV_JOINED] = "joined",
		[CORE_EV_ENTERED] = "entered",
		[CORE_EV_HEARTBEAT] = "heartbeat",
		[CORE_EV_LISTED] = "listed",
		[CORE_EV_OBSERVED] = "observed",
		[CORE_EV_CLAIMED] = "claimed",
		[CORE_EV_LOADED] = "loaded",
		[CORE_EV_SETTLED] = "settled",
		[CORE_EV_RELEASED] = "released",
		[CORE_EV_REPORTED] = "reported",
	};

	assert((unsigned)type < CORE_N_EVENTS_);
	return names[type];
}

const char *core_phase_name(enum core_phase phase)
{
	static const char *const names[CORE_N_PHASES_] = {
		[CORE_DETACHED] = "detached", [CORE_RESUMING] = "resuming",
		[CORE_ENDING] = "ending",     [CORE_JOINING] = "joining",
		[CORE_IDLE] = "idle",         [CORE_ENTERING] = "entering",
		[CORE_QUEUED] = "queued",     [CORE_CLAIMING] = "claiming",
		[CORE_LOADING] = "loading",   [CORE_LEADING] = "leading",
		[CORE_REVOKING] = "revoking", [CORE_RESTARTING] = "restarting",
		[CORE_SETTLING] = "settling", [CORE_RELEASING] = "releasing",
		[CORE_EXITED] = "exited",
	};

	assert((unsigned)phase < CORE_N_PHASES_);
	return names[phase];
}

static int trace_command(const struct core_command *cmd, char *buf, size_t size)
{
	char epoch[24] = "", deadline[24] = "";
	const char *cause = cause_code(cmd->cause);

	if (cmd->epoch.v != 0)
		(void)snprintf(epoch, sizeof(epoch), ":%llu", (unsigned long long)cmd->epoch.v);
	if (cmd->deadline != 0)
		(void)snprintf(deadline, sizeof(deadline), "@%llu",
		               (unsigned long long)usec_to_ms(cmd->deadline));
	return snprintf(buf, size, "%s%s%s%s%s%s%s", core_command_name(cmd->type), epoch, deadline,
	                cause[0] ? "=" : "", cause, cmd->list_log ? "+log" : "",
	                cmd->with_member ? "+member" : "");
}

char *core_trace(const struct core_out *out, char *buf, size_t size)
{
	size_t used = 0;

	assert(size > 0);
	buf[0] = '\0';
	for (unsigned i = 0; i < out->n; i++) {
		int n;

		if (i > 0 && used + 1 < size)
			buf[used++] = ' ';
		n = trace_command(&out->cmd[i], buf + used, size - used);
		if (n < 0 || (size_t)n >= size - used)
			break;
		used += (size_t)n;
	}
	return buf;
}
