/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/views.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "base/cleanup.h"
#include "ctl/field.h"
#include "ctl/table.h"
#include "ctl/unseen.h"

void view_format_ms(double ms, char *ret, size_t size)
{
	if (ms < 0)
		ret[0] = '\0';
	else if (ms < 1000)
		(void)snprintf(ret, size, ms < 100 ? "%.1f ms" : "%.0f ms", ms);
	else if (ms < 120 * 1000)
		(void)snprintf(ret, size, "%.1f s", ms / 1000);
	else
		(void)snprintf(ret, size, "%.0f min", ms / 60000);
}

/* "2026-11-22T10:00:00.123Z" -> "2026-11-22 10:00:00" */
static void format_time(const char *iso, char ret[20])
{
	(void)snprintf(ret, 20, "%s", iso);
	if (strlen(ret) > 10 && ret[10] == 'T')
		ret[10] = ' ';
}

/* "a, b" */
static void join(const json_t *texts, char *ret, size_t size)
{
	size_t i, len = 0;
	const json_t *text;

	ret[0] = '\0';
	json_array_foreach(texts, i, text)
	{
		const char *t = json_string_value(text);
		int n = snprintf(ret + len, size - len, "%s%s", i > 0 ? ", " : "", t ? t : "?");

		if (n < 0 || (size_t)n >= size - len)
			return;
		len += (size_t)n;
	}
}

__attribute__((format(printf, 3, 4))) static void print_field(FILE *f, const char *name,
                                                              const char *format, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	(void)fprintf(f, "  %-12s ", name);
	table_print_text(f, text);
	(void)fputc('\n', f);
}

static const char *or_dash(const char *text)
{
	return *text ? text : "-";
}

/* ---- status */

static void print_leader(FILE *f, const json_t *status)
{
	const json_t *leader = field(status, "leader");
	char age[32];

	if (!json_is_object(leader)) {
		print_field(f, "Leader", "none");
		return;
	}
	view_format_ms(field_ms(leader, "age_ms"), age, sizeof(age));
	print_field(f, "Leader", "%s, epoch %lld%s%s%s", field_text(leader, "member"),
	            field_int(leader, "epoch"), *age ? ", as of " : "", age, *age ? " ago" : "");
}

static void print_zookeeper(FILE *f, const json_t *zk)
{
	char session[32], ack[32];

	view_format_ms(field_ms(zk, "session_ms"), session, sizeof(session));
	view_format_ms(field_ms(zk, "last_ack_ms"), ack, sizeof(ack));
	if (field_true(zk, "connected"))
		print_field(f, "ZooKeeper", "connected to %s, session %s, last answer %s ago",
		            or_dash(field_text(zk, "server")), session, or_dash(ack));
	else
		print_field(f, "ZooKeeper", "not connected%s%s%s", *ack ? ", last answer " : "",
		            ack, *ack ? " ago" : "");
}

static void print_store(FILE *f, const json_t *store)
{
	char keys[256];
	long long damaged = field_int(store, "damaged");
	const char *error = field_text(field(store, "snapshot"), "error");
	long long snapshot = field_int(field(store, "snapshot"), "sequence");

	print_field(f, "Store", "%s, %lld pointers, sequence %lld, %s",
	            or_dash(field_text(store, "state")), field_int(store, "pointers"),
	            field_int(store, "sequence"), or_dash(field_text(store, "path")));
	if (*error)
		print_field(f, "Snapshot", "not written, the log grows: %s", error);
	else if (snapshot > 0)
		print_field(f, "Snapshot", "of all up to sequence %lld", snapshot);
	if (damaged <= 0)
		return;
	join(field(store, "damaged_keys"), keys, sizeof(keys));
	print_field(f, "Damaged", "%lld: %s", damaged, keys);
}

static void print_parked(FILE *f, const json_t *status)
{
	long long more = field_int(status, "parked_count");
	const json_t *job;
	size_t i;

	json_array_foreach(field(status, "parked"), i, job)
	{
		const char *jobid = field_text(job, "jobid");

		print_field(f, "Parked", "%s: %.300s", jobid, field_text(job, "why"));
		print_field(
		        f, "",
		        "put the file back; the job comes back by itself, or: jmhactl recover %s",
		        jobid);
		more--;
	}
	if (more > 0)
		print_field(f, "", "and %lld more", more);
}

static void print_transition(FILE *f, const json_t *t)
{
	char detect[32], claim[32], grant[32], at[20];

	if (!json_is_object(t))
		return;
	format_time(field_text(t, "at"), at);
	view_format_ms(field_ms(t, "detect_ms"), detect, sizeof(detect));
	view_format_ms(field_ms(t, "claim_ms"), claim, sizeof(claim));
	view_format_ms(field_ms(t, "grant_ms"), grant, sizeof(grant));
	print_field(f, "Last change", "%s -> %s, %s, %s UTC", field_text(t, "from"),
	            field_text(t, "to"), or_dash(field_text(t, "cause")), or_dash(at));
	if (*detect || *claim || *grant)
		print_field(f, "", "detected in %s, claimed in %s, granted in %s", or_dash(detect),
		            or_dash(claim), or_dash(grant));
}

static void print_health(FILE *f, const json_t *health)
{
	const char *last = field_text(health, "last");

	if (!*last) /* nobody is asked, or has answered yet */
		return;
	if (field_true(health, "ok"))
		print_field(f, "", "answers its health probe: %s", last);
	else
		print_field(f, "", "does not answer its health probe: %s, %lld in a row", last,
		            field_int(health, "failures"));
}

void view_status(FILE *f, const json_t *status)
{
	const json_t *jm = field(status, "jobmanager"), *pause = field(status, "maintenance");
	char lease[32], tolerance[32], reasons[256], until[20];

	view_format_ms(field_ms(status, "lease_ms"), lease, sizeof(lease));
	view_format_ms(field_ms(status, "tolerance_ms"), tolerance, sizeof(tolerance));
	join(field(status, "reasons"), reasons, sizeof(reasons));
	(void)fputs("Member ", f);
	table_print_text(f, field_text(status, "member"));
	(void)fputs(" of cluster ", f);
	table_print_text(f, field_text(status, "cluster"));
	(void)fputc('\n', f);
	print_field(f, "State", "%s (%s)%s%s", field_text(status, "state"),
	            field_text(status, "role"),
	            strcmp(field_text(status, "state"), "leader") == 0 ? ", lease for " : "",
	            strcmp(field_text(status, "state"), "leader") == 0 ? lease : "");
	print_leader(f, status);
	print_field(f, "Epoch", "%lld", field_int(status, "epoch"));
	if (strcmp(field_text(status, "role"), "observer") != 0)
		print_field(f, "Eligible", "%s%s", field_true(status, "eligible") ? "yes" : "no: ",
		            field_true(status, "eligible") ? "" : reasons);
	print_field(f, "Tolerance", "%s without ZooKeeper", or_dash(tolerance));
	print_zookeeper(f, field(status, "zookeeper"));
	print_field(f, "JobManager", "%s (%s)", or_dash(field_text(jm, "state")),
	            field_text(jm, "mode"));
	if (field_int(jm, "pid") > 0)
		print_field(f, "", "pid %lld, %lld restarts", field_int(jm, "pid"),
		            field_int(jm, "restarts"));
	print_health(f, field(jm, "health"));
	if (field_int(jm, "foreign_pid") > 0)
		print_field(f, "", "process %lld asks for the leadership, but is not it: stop it",
		            field_int(jm, "foreign_pid"));
	print_store(f, field(status, "store"));
	print_parked(f, status);
	if (json_is_object(pause)) {
		format_time(field_text(pause, "until"), until);
		print_field(f, "Maintenance", "until %s UTC, by %s: %s", until,
		            or_dash(field_text(pause, "by")), or_dash(field_text(pause, "why")));
	}
	print_transition(f, field(status, "last_transition"));
}

/* ---- cluster */

static long long highest_sequence(const json_t *members)
{
	long long most = 0;
	size_t i;
	const json_t *m;

	json_array_foreach(members, i, m) if (field_int(m, "sequence") > most) most =
	        field_int(m, "sequence");
	return most;
}

static void print_cluster_title(FILE *f, const json_t *cluster)
{
	const json_t *leader = field(cluster, "leader");
	char age[32];

	view_format_ms(field_ms(cluster, "age_ms"), age, sizeof(age));
	(void)fputs("Cluster ", f);
	table_print_text(f, field_text(cluster, "cluster"));
	(void)fprintf(f, ", epoch %lld, ", field_int(cluster, "epoch"));
	if (json_is_object(leader)) {
		(void)fputs("leader ", f);
		table_print_text(f, field_text(leader, "member"));
	} else {
		(void)fputs("no leader", f);
		if (*field_text(cluster, "released")) {
			(void)fputs(" (released: ", f);
			table_print_text(f, field_text(cluster, "released"));
			(void)fputc(')', f);
		}
	}
	(void)fprintf(f, "%s%s%s\n", *age ? ", as of " : "", age, *age ? " ago" : "");
}

void view_cluster(FILE *f, const json_t *cluster)
{
	static const char *const headings[] = { "Member",   "Host",        "Role", "State",
		                                "Eligible", ">Sequence",   ">Lag", "Version",
		                                "Reasons",  "Does not see" };
	CLEANUP(table_freep) struct table *t = table_new(headings, N_ELEMENTS(headings));
	const json_t *members = field(cluster, "members"), *m;
	long long most = highest_sequence(members);
	size_t i;

	if (!t)
		return;
	json_array_foreach(members, i, m)
	{
		bool observer = strcmp(field_text(m, "role"), "observer") == 0;
		char name[80], sequence[24], lag[24], reasons[256], unseen[256];

		(void)snprintf(name, sizeof(name), "%s%s", field_text(m, "member"),
		               field_true(m, "self") ? " *" : "");
		(void)snprintf(sequence, sizeof(sequence), "%lld", field_int(m, "sequence"));
		(void)snprintf(lag, sizeof(lag), "%lld", most - field_int(m, "sequence"));
		join(field(m, "reasons"), reasons, sizeof(reasons));
		(void)unseen_by(members, m, unseen, sizeof(unseen));
		const char *const cells[] = {
			name,
			field_text(m, "host"),
			field_text(m, "role"),
			field_text(m, "state"),
			observer                    ? "-"
			: field_true(m, "eligible") ? "yes"
			                            : "no",
			sequence,
			lag,
			field_text(m, "jmha"),
			observer ? "" : reasons,
			unseen,
		};
		if (table_add(t, cells) < 0)
			return;
	}
	print_cluster_title(f, cluster);
	table_print(t, f);
}

/* ---- history, pointers */

void view_history(FILE *f, const json_t *history)
{
	static const char *const headings[] = { ">Epoch",    "Leader",     "Start (UTC)",
		                                "End (UTC)", "Began by",   ">Detect ms",
		                                ">Fence ms", ">Recover ms" };
	static const char *const times[] = { "detect_ms", "fence_ms", "recover_ms" };
	CLEANUP(table_freep) struct table *t = table_new(headings, N_ELEMENTS(headings));
	const json_t *term;
	size_t i;

	if (!t)
		return;
	json_array_foreach(field(history, "terms"), i, term)
	{
		char epoch[24], start[20], end[20], ms[3][24];

		(void)snprintf(epoch, sizeof(epoch), "%lld", field_int(term, "epoch"));
		format_time(field_text(term, "start"), start);
		format_time(field_text(term, "end"), end);
		for (size_t j = 0; j < N_ELEMENTS(times); j++) {
			double value = field_ms(term, times[j]);

			ms[j][0] = '\0';
			if (value >= 0)
				(void)snprintf(ms[j], sizeof(ms[j]), "%.1f", value);
		}
		const char *const cells[] = { epoch,
			                      field_text(term, "leader"),
			                      start,
			                      end,
			                      field_text(term, "cause"),
			                      ms[0],
			                      ms[1],
			                      ms[2] };
		if (table_add(t, cells) < 0)
			return;
	}
	table_print(t, f);
}

/* Bytes behind a base64 text. */
static size_t decoded_size(const char *base64)
{
	size_t len = strlen(base64), size = len / 4 * 3;

	if (len >= 1 && base64[len - 1] == '=')
		size--;
	if (len >= 2 && base64[len - 2] == '=')
		size--;
	return size;
}

struct table *view_pointers_begin(void)
{
	static const char *const headings[] = { "Key", ">Revision", ">Bytes" };

	return table_new(headings, N_ELEMENTS(headings));
}

int view_pointers_add(struct table *t, const json_t *part)
{
	const json_t *p;
	size_t i;

	json_array_foreach(field(part, "pointers"), i, p)
	{
		char revision[24], bytes[24];

		(void)snprintf(revision, sizeof(revision), "%lld", field_int(p, "revision"));
		(void)snprintf(bytes, sizeof(bytes), "%zu", decoded_size(field_text(p, "value")));
		const char *const cells[] = { field_text(p, "key"), revision,
			                      field_true(p, "damaged") ? "damaged" : bytes };
		if (table_add(t, cells) < 0)
			return -ENOMEM;
	}
	return 0;
}

void view_pointers_end(FILE *f, const struct table *t, uint64_t sequence)
{
	table_print(t, f);
	(void)fprintf(f, "%zu pointers, sequence %" PRIu64 "\n", table_rows(t), sequence);
}

/* ---- events, results */

void view_event(FILE *f, const json_t *event)
{
	const char *type = field_text(event, "type");
	const json_t *leader = field(event, "leader"), *status = field(event, "status");
	char text[512], at[20];

	format_time(field_text(event, "at"), at);
	if (strcmp(type, "heartbeat") == 0)
		return;
	if (strcmp(type, "state") == 0)
		(void)snprintf(text, sizeof(text), "state       %s is %s, epoch %lld",
		               field_text(status, "member"), field_text(status, "state"),
		               field_int(status, "epoch"));
	else if (strcmp(type, "transition") == 0)
		(void)snprintf(text, sizeof(text), "transition  %s -> %s, epoch %lld, %s%s%s%s",
		               field_text(event, "from"), field_text(event, "to"),
		               field_int(event, "epoch"), or_dash(field_text(event, "cause")),
		               *at ? ", " : "", at, *at ? " UTC" : "");
	else if (strcmp(type, "leader") == 0 && json_is_object(leader))
		(void)snprintf(text, sizeof(text), "leader      %s, epoch %lld",
		               field_text(leader, "member"), field_int(leader, "epoch"));
	else if (strcmp(type, "leader") == 0)
		(void)snprintf(text, sizeof(text), "leader      none");
	else if (strcmp(type, "pointer") == 0)
		(void)snprintf(text, sizeof(text), "pointer     %s %s, revision %lld, epoch %lld",
		               field_text(event, "change"), field_text(event, "key"),
		               field_int(event, "revision"), field_int(event, "epoch"));
	else
		(void)snprintf(text, sizeof(text), "%s", type); /* a newer daemon's */
	table_print_text(f, text);
	(void)fputc('\n', f);
}

void view_operator(FILE *f, const json_t *result)
{
	static const char *const names[][2] = { { "stop_ms", "stop" },
		                                { "release_ms", "release" },
		                                { "grant_ms", "grant" } };
	char total[32], part[32];
	const char *before = " (";

	view_format_ms(field_ms(result, "total_ms"), total, sizeof(total));
	(void)fputs("Done: ", f);
	table_print_text(f, or_dash(field_text(result, "leader")));
	(void)fprintf(f, " leads with epoch %lld", field_int(result, "epoch"));
	if (*field_text(result, "from")) {
		(void)fputs(", after ", f);
		table_print_text(f, field_text(result, "from"));
	}
	if (*total)
		(void)fprintf(f, ", in %s", total);
	for (size_t i = 0; i < N_ELEMENTS(names); i++) {
		view_format_ms(field_ms(result, names[i][0]), part, sizeof(part));
		if (!*part)
			continue;
		(void)fprintf(f, "%s%s %s", before, names[i][1], part);
		before = ", ";
	}
	(void)fprintf(f, "%s\n", *before == ',' ? ")" : "");
}
