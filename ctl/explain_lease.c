/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/explain_lease.h"

#include <stdarg.h>
#include <string.h>

#include "base/cleanup.h"
#include "ctl/field.h"
#include "ctl/table.h"
#include "ctl/views.h"

void explain_say(FILE *f, const char *format, ...)
{
	char text[768];
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	table_print_text(f, text);
	(void)fputc('\n', f);
}

/* ---- the arithmetic (PROTOCOL A1, D9) */

void explain_lease(FILE *f, const json_t *status)
{
	const json_t *l = field(status, "lease");
	long long session = field_int(l, "session_ms"), length = field_int(l, "length_ms");
	long long tolerance = field_int(status, "tolerance_ms");
	bool connected = field_true(field(status, "zookeeper"), "connected");
	long long tick = field_int(l, "tick_ms"), h = field_int(l, "heartbeat_ms");
	long long stop = field_int(l, "stop_ms"), revoke = field_int(l, "revoke_ms");
	const char *chain = field_text(l, "chain");
	bool leads = strcmp(field_text(status, "state"), "leader") == 0;
	char asked[48] = "";

	if (!json_is_object(l))
		return;
	explain_say(f, "The lease, in ms:");
	/* Cut off, a leader goes on by the T that was negotiated. */
	explain_say(f, "  T = %lld (session timeout, %s), k = %lld (tick_ms)", session,
	            connected ? "as negotiated" : "as last negotiated, else as asked for", tick);
	explain_say(f, "  a heartbeat each h = k/2 = %lld; J = max(200, k/4) = %lld", h,
	            field_int(l, "jitter_ms"));
	explain_say(
	        f,
	        "  M = J + k = %lld; J + the time since the last heartbeat that ZooKeeper's leader "
	        "knows of for certain, if that is longer",
	        field_int(l, "margin_ms"));
	explain_say(f, "  lease = 0.999 T - M - stop_ms %lld = %lld%s", stop, length,
	            length == 0 ? ": no room"
	            : leads     ? ""
	                        : ", if it led");
	if (revoke > 0)
		(void)snprintf(asked, sizeof(asked), " - revoke_ms %lld", revoke);
	explain_say(f, "  A = max(300, T/10) = %lld; tolerance = lease - h - A%s = %lld: %s",
	            field_int(l, "answer_ms"), asked, tolerance,
	            tolerance == 0 ? "no room for any ZooKeeper outage"
	                           : "a ZooKeeper outage that is shorter changes nothing");
	if (leads)
		explain_say(f, "  left until the deadline: %lld", field_int(status, "lease_ms"));
	else if (strcmp(chain, "valid") == 0)
		explain_say(f, "  its heartbeats make a valid chain: no takeover waits for them");
	else if (strcmp(chain, "tentative") == 0)
		explain_say(f, "  its chain of heartbeats is not valid yet: k after the first");
	else
		explain_say(f, "  no heartbeat is answered: it has no latch, or no connection");
}

/* ---- the waits, in the order of a takeover */

static const char *const waits[][2] = {
	{ "connection", "for a ZooKeeper server that answers and accepts it" },
	{ "old-session", "for the end of this member's earlier session: another one has to see its "
	                 "latch gone" },
	{ "member-node", "for its entry in members/ to be made" },
	{ "look", "for its first look at register, latches and members" },
	{ "pause", "for the end of its pause after a failure" },
	{ "eligible", "to become eligible" },
	{ "stopped", "until it has reported that its last term is stopped" },
	{ "latch", "for its latch to be made" },
	{ "turn", "for its turn" },
	{ "register", "for a register that fits the store" },
	{ "owner", "for the owner of the register, whose latch lives" },
	{ "owner-lease",
	  "until the last leader can no longer act: it did not say that it stopped, so "
	  "its session timeout has to pass since its latch was seen gone" },
	{ "chain", "for a valid chain of heartbeats: k after the first answered one" },
	{ "designated", "behind the latch that is designated: it steps back" },
	{ "claim", "for ZooKeeper's answer to its claim" },
	{ "log", "for the store: the rest of the log is read, the first segment opened" },
	{ "heartbeat", "for a heartbeat sent after its claim, to be answered" },
	{ "verify", "until latch and register are verified by the elector that was started anew" },
	{ "restart", "to start its JobManager again, under a new epoch" },
	{ "revoke", "for its JobManager to be gone; at the deadline it is killed" },
	{ "settle", "for the write that is on its way" },
	{ "release", "for ZooKeeper's answer to its release" },
};

const char *explain_wait(const char *code)
{
	for (size_t i = 0; i < N_ELEMENTS(waits); i++)
		if (strcmp(waits[i][0], code) == 0)
			return waits[i][1];
	return NULL;
}

void explain_waits(FILE *f, const json_t *status)
{
	const json_t *w = field(status, "waits"), *left = field(w, "left_ms");
	const char *code = field_text(w, "for"), *meaning = explain_wait(code);
	long long before = field_int(w, "latches_before");
	char time[32] = "";

	if (!json_is_object(w) || strcmp(code, "nothing") == 0)
		return;
	if (json_is_integer(left))
		view_format_ms(json_number_value(left), time, sizeof(time));
	explain_say(f, "It waits %s%s%s.", meaning ? meaning : code,
	            *time ? "; at most for another " : "", time);
	if (strcmp(code, "turn") == 0 && before > 0)
		explain_say(f, "%lld latch%s before its own.", before,
		            before == 1 ? " stands" : "es stand");
}
