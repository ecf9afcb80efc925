/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/explain.h"

#include <string.h>

#include "base/cleanup.h"
#include "ctl/explain_lease.h"
#include "ctl/field.h"
#include "ctl/unseen.h"
#include "ctl/views.h"

/* Codes: PROTOCOL section 5. */
static const char *const reasons[][2] = {
	{ "zookeeper-down", "no ZooKeeper server answers. Check zookeeper.servers in the "
	                    "configuration, the network and the ensemble." },
	{ "zookeeper-auth", "ZooKeeper refuses the credentials. Check zookeeper.auth_file: all "
	                    "members need the same." },
	{ "tick-mismatch", "the ensemble's tickTime is not zookeeper.tick_ms. Set tick_ms to the "
	                   "servers' value and restart the daemon." },
	{ "lease-no-room", "the session timeout that ZooKeeper granted leaves no room for a lease. "
	                   "Raise maxSessionTimeout on the servers, or see jmhad --check-config." },
	{ "name-taken", "another daemon uses this member's name. Give each its own `member`; after "
	                "a crash of this host the old entry goes by itself." },
	{ "version", "something was written by a newer jmha. Upgrade this member." },
	{ "maintenance", "the cluster is paused for maintenance." },
	{ "pause", "it failed a short while ago and pauses before the next attempt. The log of the "
	           "JobManager or of jmhad says why." },
	{ "jobmanager-not-waiting",
	  "its JobManager does not say that it waits. If it was started just now, this ends by "
	  "itself in some seconds; else its log says why: high-availability.type and the jmha jar "
	  "in Flink's lib/ are needed, and jobmanager.command must exec, not fork." },
	{ "not-caught-up", "it has not read the store up to the end yet. This ends by itself when "
	                   "storage is fast enough." },
	{ "storage-missing",
	  "the store is not there. Is the shared directory mounted, and storage.path the same on "
	  "all members? Was only its file CLUSTER lost, `jmhactl store recover` says what to "
	  "write." },
	{ "foreign-storage", "the store belongs to another cluster. Correct storage.path or "
	                     "zookeeper.root; `jmhactl store show` shows whose it is." },
	{ "register-lost",
	  "the store is there, but ZooKeeper's register is gone: the ensemble was emptied. Restore "
	  "its newest data, or make the register anew: `jmhactl store recover`. Do not remove the "
	  "store, it has all pointers." },
	{ "register-rolled-back",
	  "the register is older than the store: an old backup of ZooKeeper was restored. Restore "
	  "the newest data, or set the register forward: `jmhactl store recover`. Do not remove "
	  "the "
	  "store." },
	{ "log-missing",
	  "a file of the store is absent or too short. Is the right directory mounted? It is "
	  "looked "
	  "for each second. If it was lost, `jmhactl store recover` shows what is left." },
	{ "digest-mismatch",
	  "the store is not what the register describes. Nothing is served; keep both as they are "
	  "and look whether another directory is mounted. If not, `jmhactl store recover` shows "
	  "what is left." },
	{ "storage-failed",
	  "the shared directory cannot be read or written, or too slowly. Check the mount, that it "
	  "belongs to the daemon's user, and storage.io_ms; the log of jmhad names the file." },
	{ "storage-full", "the shared directory is full. Make room." },
};

const char *explain_reason(const char *code)
{
	for (size_t i = 0; i < N_ELEMENTS(reasons); i++)
		if (strcmp(reasons[i][0], code) == 0)
			return reasons[i][1];
	return NULL;
}

static bool text_is(const json_t *o, const char *key, const char *text)
{
	return strcmp(field_text(o, key), text) == 0;
}

static void say_reasons(FILE *f, const json_t *codes)
{
	const json_t *code;
	size_t i;

	json_array_foreach(codes, i, code)
	{
		const char *c = json_string_value(code) ? json_string_value(code) : "?";
		const char *meaning = explain_reason(c);

		explain_say(f, "  %s: %s", c,
		            meaning ? meaning : "a newer jmhad's; this jmhactl does not know it.");
	}
}

/* The reasons are short; this names the file. */
static void say_store_error(FILE *f, const json_t *status)
{
	const char *error = field_text(field(status, "store"), "error");

	if (*error)
		explain_say(f, "What the storage said last: %s.", error);
}

/* ---- this member leads */

static void explain_leader(FILE *f, const json_t *status)
{
	const json_t *zk = field(status, "zookeeper"), *t = field(status, "last_transition");
	const char *error = field_text(field(field(status, "store"), "snapshot"), "error");
	const char *log_error = field_text(field(status, "store"), "log_error");
	char lease[32], ack[32];

	view_format_ms(field_ms(status, "lease_ms"), lease, sizeof(lease));
	view_format_ms(field_ms(zk, "last_ack_ms"), ack, sizeof(ack));
	explain_say(f, "%s leads cluster %s with epoch %lld.", field_text(status, "member"),
	            field_text(status, "cluster"), field_int(status, "epoch"));
	if (json_is_object(t) && text_is(t, "to", "leader"))
		explain_say(f, "It took over at %s (%s).", field_text(t, "at"),
		            field_text(t, "cause"));
	if (field_true(zk, "connected"))
		explain_say(f,
		            "Its lease runs for another %s and is renewed as long as ZooKeeper "
		            "answers%s%s%s.",
		            lease, *ack ? " (last " : "", ack, *ack ? " ago)" : "");
	else
		explain_say(f,
		            "It has no ZooKeeper connection: without one it stops leading in %s.",
		            lease);
	if (*error)
		explain_say(f,
		            "Its last snapshot was not written, so the log in the storage grows "
		            "until one is; it is tried again: %s.",
		            error);
	if (*log_error)
		explain_say(f, "A file that it leads by is gone, changed or unreadable: %s.",
		            log_error);
	if (!field_true(status, "eligible")) {
		explain_say(f, "It could not take over again as it is, but leads on:");
		say_reasons(f, field(status, "reasons"));
		say_store_error(f, status);
	}
}

/* ---- this member does not lead */

static void explain_state(FILE *f, const json_t *status)
{
	static const char *const states[][2] = {
		{ "starting", "is starting: it has not read register and store yet" },
		{ "standby", "does not lead: it is a standby" },
		{ "claiming", "is taking over now" },
		{ "stopping", "has stopped leading and waits for its JobManager to be gone" },
		{ "observer", "never leads: it is an observer" },
		{ "disconnected", "does not lead: it has no connection to ZooKeeper" },
	};
	const char *says = "is in a state that this jmhactl does not know";

	for (size_t i = 0; i < N_ELEMENTS(states); i++)
		if (text_is(status, "state", states[i][0]))
			says = states[i][1];
	explain_say(f, "%s of cluster %s %s.", field_text(status, "member"),
	            field_text(status, "cluster"), says);
}

static void explain_who_leads(FILE *f, const json_t *status, const json_t *cluster)
{
	const json_t *leader = field(status, "leader");
	const char *released = field_text(cluster, "released");
	char age[32];

	if (json_is_object(leader)) {
		view_format_ms(field_ms(leader, "age_ms"), age, sizeof(age));
		explain_say(f, "%s leads with epoch %lld%s%s%s.", field_text(leader, "member"),
		            field_int(leader, "epoch"), *age ? ", as seen " : "", age,
		            *age ? " ago" : "");
		return;
	}
	/* Before the register was read once, "nobody" would be a guess. */
	if (text_is(status, "state", "starting"))
		explain_say(f, "Who leads is not known here yet; ask another member.");
	else if (text_is(status, "state", "disconnected"))
		explain_say(
		        f,
		        "Who leads is not known here; the leader of epoch %lld was the last one "
		        "that was seen.",
		        field_int(status, "epoch"));
	else if (field_int(status, "epoch") == 0)
		explain_say(f, "Nobody has led this cluster yet.");
	else if (*released)
		explain_say(f, "Nobody leads: the leader of epoch %lld released (%s).",
		            field_int(status, "epoch"), released);
	else
		explain_say(f,
		            "Nobody leads: the leader of epoch %lld is gone. The next one waits "
		            "until its "
		            "time is over, at most the session timeout and a tick.",
		            field_int(status, "epoch"));
}

static void explain_why_not(FILE *f, const json_t *status)
{
	bool somebody = json_is_object(field(status, "leader"));

	if (text_is(status, "role", "observer"))
		explain_say(f, "To let it lead, set role = \"contender\" and restart the daemon.");
	else if (!field_true(status, "eligible")) {
		explain_say(f, "It may not take over at the moment:");
		say_reasons(f, field(status, "reasons"));
		say_store_error(f, status);
	} else if (somebody && text_is(status, "state", "standby"))
		explain_say(f,
		            "It is eligible: it takes over when the leader ends, or on "
		            "`jmhactl switchover %s`.",
		            field_text(status, "member"));
	else if (text_is(status, "state", "standby"))
		explain_say(f, "It is eligible to take over.");
}

/* ---- the others */

static void explain_others(FILE *f, const json_t *cluster)
{
	const json_t *m;
	size_t i, ready = 0;
	char names[512] = "";

	json_array_foreach(field(cluster, "members"), i, m)
	{
		size_t len = strlen(names);

		if (!field_true(m, "eligible") || text_is(m, "role", "observer") ||
		    text_is(m, "state", "leader") || field_true(m, "self"))
			continue;
		ready++;
		(void)snprintf(names + len, sizeof(names) - len, "%s%s", len ? ", " : "",
		               field_text(m, "member"));
	}
	if (ready > 0)
		explain_say(f, "Other members that could take over: %s.", names);
	else
		explain_say(f, "No other member could take over now.");
	json_array_foreach(field(cluster, "members"), i, m)
	{
		if (field_true(m, "self") || field_true(m, "eligible") ||
		    text_is(m, "role", "observer") || text_is(m, "state", "leader"))
			continue;
		explain_say(f, "%s may not:", field_text(m, "member"));
		say_reasons(f, field(m, "reasons"));
	}
}

static void explain_storage(FILE *f, const json_t *cluster)
{
	const json_t *members = field(cluster, "members"), *m;
	char names[512];
	size_t i, n;

	json_array_foreach(members, i, m)
	{
		n = unseen_by(members, m, names, sizeof(names));
		if (n > 0)
			explain_say(f,
			            "%s does not see what %s %s into storage.path: is the same "
			            "file system mounted on %s?",
			            field_text(m, "member"), names, n == 1 ? "writes" : "write",
			            n == 1 ? "both" : "all of them");
	}
}

void explain(FILE *f, const json_t *status, const json_t *cluster)
{
	const json_t *pause = field(status, "maintenance");

	if (text_is(status, "state", "leader")) {
		explain_leader(f, status);
	} else {
		explain_state(f, status);
		explain_who_leads(f, status, cluster);
		explain_why_not(f, status);
	}
	explain_waits(f, status);
	explain_lease(f, status);
	if (field_int(field(status, "jobmanager"), "foreign_pid") > 0)
		explain_say(f,
		            "Process %lld asks this daemon for the leadership and is not its "
		            "JobManager "
		            "(pid %lld): it was started by hand, or belongs to another cluster. "
		            "Stop it.",
		            field_int(field(status, "jobmanager"), "foreign_pid"),
		            field_int(field(status, "jobmanager"), "pid"));
	if (json_is_object(pause))
		explain_say(f, "The cluster is paused until %s by %s: %s",
		            field_text(pause, "until"), field_text(pause, "by"),
		            field_text(pause, "why"));
	if (text_is(status, "state", "disconnected"))
		explain_say(f, "What the others do cannot be seen from here; ask them.");
	else if (json_is_object(cluster)) {
		explain_others(f, cluster);
		explain_storage(f, cluster);
	}
}
