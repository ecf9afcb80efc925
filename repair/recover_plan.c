/* SPDX-License-Identifier: Apache-2.0 */
#include "repair/recover_plan.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/text.h"

const char *recover_verdict_code(enum recover_verdict verdict)
{
	static const char *const code[RECOVER_N_VERDICTS_] = {
		[RECOVER_NOT_NEEDED] = "not-needed",
		[RECOVER_READY] = "ready",
		[RECOVER_LOSS] = "loss",
		[RECOVER_LIVING] = "living",
		[RECOVER_REFUSED] = "refused",
	};

	return code[verdict];
}

#define WHY(p, ...)    ((void)text_format((p)->why, sizeof((p)->why), __VA_ARGS__))
#define ADVISE(p, ...) ((void)text_format((p)->todo, sizeof((p)->todo), __VA_ARGS__))

#define SAVE_SNAPSHOT                                                                            \
	"`jmhactl store export --offline --from-snapshot newest FILE` saves that, and `jmhactl " \
	"store import FILE` writes it into a new cluster"

static bool has_register(const struct store_facts *f)
{
	return cluster_look_has_register(&f->look);
}

/* ---- what has to be put right first */

/* The id that all files of the store carry; false: none, or several. */
static bool common_id(const struct inspection *files, char ret[CLUSTER_ID_LEN + 1])
{
	const uint8_t *id = NULL;

	for (size_t i = 0; i < files->n_files; i++) {
		const struct inspected_file *f = &files->file[i];

		if (!f->named || f->scan.header_error != RECORD_OK)
			continue;
		if (id && memcmp(id, f->scan.header.cluster_id, RECORD_CLUSTER_ID_SIZE) != 0)
			return false;
		id = f->scan.header.cluster_id;
	}
	if (id)
		text_hex(id, RECORD_CLUSTER_ID_SIZE, ret);
	return id != NULL;
}

static void refuse_without_cluster_file(const struct store_facts *f, struct recover_plan *p)
{
	char id[CLUSTER_ID_LEN + 1];

	WHY(p, "the store has no file CLUSTER, which says whose it is");
	if (common_id(&f->files, id))
		ADVISE(p,
		       "if the right directory is mounted and only that file was lost, write it "
		       "anew: "
		       "{\"version\": 1, \"cluster_id\": \"%s\"}, which is what all other files of "
		       "the store say",
		       id);
	else
		ADVISE(p, "mount the right directory, or restore it from its newest backup");
}

static bool refuse_store(const struct store_facts *f, struct recover_plan *p)
{
	const struct inspection *files = &f->files;

	if (files->report.state != STORE_OK) {
		WHY(p, "the store cannot be read: %s", files->report.text);
		ADVISE(p, "mount it; run this as root or as the daemon's user");
	} else if (files->cluster.state != STORE_OK) {
		WHY(p, "%s", files->cluster.text);
	} else if (!files->cluster.found) {
		refuse_without_cluster_file(f, p);
	} else {
		return false;
	}
	return true;
}

static bool refuse_register(const struct store_facts *f, struct recover_plan *p)
{
	char id[CLUSTER_ID_LEN + 1];

	if (f->look.register_error == -EPROTONOSUPPORT) {
		WHY(p, "the register was written by a later jmha: %s", f->look.register_text.text);
		ADVISE(p, "use that version");
		return true;
	}
	if (!has_register(f) || f->has_read)
		return false;
	text_hex(f->files.cluster.id, RECORD_CLUSTER_ID_SIZE, id);
	WHY(p, "the register belongs to another cluster (%s) than the store (%s)",
	    f->look.reg.cluster_id, id);
	ADVISE(p,
	       "correct storage.path, zookeeper.root or cluster: nothing is written over another "
	       "cluster's register");
	return true;
}

/* What could not be read at all may be whole: look again when it can. */
static bool refuse_unread(const struct store_facts *f, struct recover_plan *p)
{
	const struct inspected_file *snapshot;
	const struct report *r = NULL;

	if (f->has_read && f->read.report.state != STORE_LOG_MISSING &&
	    f->read.report.state != STORE_DIGEST_MISMATCH)
		r = &f->read.report;
	if ((!r || r->state == STORE_OK) && !f->end.found)
		r = &f->end.read.report;
	if (!r || r->state == STORE_OK)
		return false;
	WHY(p, "the store cannot be read: %s", r->text);
	snapshot = inspection_snapshot(&f->files, 0);
	if (snapshot)
		ADVISE(p,
		       "restore the directory from its newest backup, then run this again. Without "
		       "one: snapshot/%s is whole and has the pointers as of sequence %" PRIu64
		       "; " SAVE_SNAPSHOT,
		       snapshot->name, snapshot->number);
	else
		ADVISE(p, "restore the directory from its newest backup, then run this again");
	return true;
}

/* The highest that a register can say, and no member ever gives: somebody made that name. */
static bool refuse_epoch(const struct store_facts *f, struct recover_plan *p)
{
	if (f->files.highest_epoch < INT64_MAX - RECOVER_EPOCH_MOST)
		return false;
	WHY(p, "a file of the store has epoch %" PRIu64 ", which no member has ever given",
	    f->files.highest_epoch);
	ADVISE(p, "move that file away from log/ or snapshot/, then run this again");
	return true;
}

/* ---- is there anything to do? */

static bool not_needed(const struct store_facts *f, struct recover_plan *p)
{
	if (f->look.register_error == -ENOENT && f->files.highest_epoch == 0) {
		WHY(p, "there is no register and nothing was ever written to the store: the first "
		       "member that starts makes the register");
		return true;
	}
	if (!store_facts_readable(f) || store_facts_rolled_back(f))
		return false;
	if (f->read.report.n_damage > 0)
		WHY(p,
		    "register and store agree up to sequence %" PRIu64 "; %zu damaged places are "
		    "served around, see `jmhactl store verify`",
		    f->look.reg.log.sequence, f->read.report.n_damage);
	else
		WHY(p, "register and store agree up to sequence %" PRIu64,
		    f->look.reg.log.sequence);
	return true;
}

static bool refuse_living(const struct store_facts *f, struct recover_plan *p)
{
	const struct looked_latch *latch = &f->look.latch[0];

	if (f->look.n_latches == 0)
		return false;
	WHY(p, "member %s holds a latch: it leads, or may at any moment",
	    latch->member[0] ? latch->member : latch->name);
	ADVISE(p, "stop its jmhad, or wait until it has given up, then run this again");
	return true;
}

/* ---- what is lost, what is not sure */

/* What members have read was committed: theirs is the memory of a store that is an old copy now. */
static uint64_t known_by_members(const struct store_facts *f)
{
	uint64_t known = 0;

	for (unsigned i = 0; i < f->look.n_members; i++)
		if (f->look.member[i].sequence > known)
			known = f->look.member[i].sequence;
	return known;
}

static void count_changes(const struct store_facts *f, struct recover_plan *p)
{
	uint64_t end = f->end.at.sequence, known = f->end.known_committed;

	if (has_register(f) && f->look.reg.log.sequence > known)
		known = f->look.reg.log.sequence;
	if (known_by_members(f) > known)
		known = known_by_members(f);
	if (known > end) {
		p->missing_first = end + 1;
		p->missing_last = known;
	} else if (known < end) {
		p->unsure_first = known + 1;
		p->unsure_last = end;
	}
	p->missing_unknown = f->end.passed_over;
	/* As many changes as the register says, but not those that it means. */
	if (has_register(f) && !store_facts_rolled_back(f) && known <= end)
		p->missing_unknown = true;
}

static void advise_loss(const struct store_facts *f, struct recover_plan *p)
{
	const struct inspected_file *s = inspection_snapshot(&f->files, 0);
	char later[256] = "";

	if (s && s->number > f->end.at.sequence)
		(void)text_format(later, sizeof(later),
		                  " snapshot/%s is later than the log (sequence %" PRIu64
		                  "): " SAVE_SNAPSHOT ".",
		                  s->name, s->number);
	ADVISE(p,
	       "mount the right directory or restore its newest copy. Members that run still have "
	       "in "
	       "memory what they have read: save it first, on each of their hosts, by `jmhactl "
	       "store "
	       "export FILE`.%s When nothing better is left, --accept-loss goes on with what is "
	       "here%s%s",
	       later, f->end.passed_over ? "; not used: " : "",
	       f->end.passed_over ? f->end.passed_over_why : "");
}

static void explain(const struct store_facts *f, struct recover_plan *p)
{
	const struct register_node *reg = &f->look.reg;

	if (!has_register(f) && known_by_members(f) > f->end.at.sequence)
		WHY(p,
		    "there is no register that can be read, and members have read up to sequence "
		    "%" PRIu64 ", where the store ends at sequence %" PRIu64
		    ": an old backup of the store, or a damaged one",
		    known_by_members(f), f->end.at.sequence);
	else if (f->look.register_error == -ENOENT)
		WHY(p, "ZooKeeper has no register of this cluster: its data was lost, or "
		       "zookeeper.servers or zookeeper.root name another place than those of the "
		       "other members");
	else if (!has_register(f))
		WHY(p, "the register is damaged: %s", f->look.register_text.text);
	else if (store_facts_rolled_back(f))
		WHY(p,
		    "the register (epoch %" PRIu64 ", sequence %" PRIu64
		    ") is older than the store (epoch %" PRIu64 ", sequence %" PRIu64
		    "): ZooKeeper's data were restored from a backup",
		    reg->epoch.v, reg->log.sequence, f->files.highest_epoch, f->end.at.sequence);
	else
		WHY(p,
		    "the store does not have what the register (epoch %" PRIu64
		    ", sequence %" PRIu64 ") says, it ends at sequence %" PRIu64
		    ": another directory, or an old backup of it (%s)",
		    reg->epoch.v, reg->log.sequence, f->end.at.sequence, f->read.report.text);
	if (p->verdict == RECOVER_LOSS)
		advise_loss(f, p);
}

/* ---- what is to be written */

/* The register tells neither the newest epoch nor how far the log went. */
static bool files_decide(const struct store_facts *f)
{
	return !has_register(f) || store_facts_rolled_back(f);
}

/* 0: the clock is before that time. */
static uint64_t epoch_of_clock(const struct store_facts *f)
{
	int64_t minutes = (f->at_ms - RECOVER_EPOCH_BEGIN_MS) / 60000;

	return minutes > 0 ? (uint64_t)minutes : 0;
}

static uint64_t above_unknown(const struct store_facts *f, uint64_t epoch)
{
	uint64_t minutes = epoch_of_clock(f);

	if (minutes <= epoch)
		return epoch;
	return minutes < epoch + RECOVER_EPOCH_MOST ? minutes : epoch + RECOVER_EPOCH_MOST;
}

static uint64_t next_epoch(const struct store_facts *f)
{
	uint64_t epoch = f->files.highest_epoch;

	if (f->epoch_here > epoch)
		epoch = f->epoch_here;
	if (has_register(f) && f->look.reg.epoch.v > epoch)
		epoch = f->look.reg.epoch.v;
	for (unsigned i = 0; i < f->look.n_members; i++)
		if (f->look.member[i].stopped.v > epoch)
			epoch = f->look.member[i].stopped.v;
	return files_decide(f) ? above_unknown(f, epoch + 1) : epoch + 1;
}

/* Neither is the clock behind, nor was it too far ahead. */
static bool by_clock(const struct store_facts *f)
{
	return next_epoch(f) == epoch_of_clock(f);
}

/* ZooKeeper without its data, and a store from a backup of before: it looks whole. */
static void doubt(const struct store_facts *f, struct recover_plan *p)
{
	static const char clock_tells[] =
	        "The new epoch goes by the clock, so that none is granted twice even then";
	static const char clock_is_off[] =
	        "An epoch may be granted twice then: the clock of this host is behind the epochs "
	        "that are known, or too far ahead of them";
	time_t t = (time_t)(f->files.written_ms / 1000);
	char written[32];
	struct tm tm;

	if (p->verdict != RECOVER_READY || !files_decide(f))
		return;
	(void)text_format(written, sizeof(written), "a time that is not known");
	if (f->files.written_ms > 0 && gmtime_r(&t, &tm))
		(void)strftime(written, sizeof(written), "%Y-%m-%d %H:%M:%SZ", &tm);
	(void)text_format(p->doubt, sizeof(p->doubt),
	                  "whether this is the newest copy of the store. Its log was last written "
	                  "at %s: if a member has led after that, this is an old backup, and what "
	                  "was acknowledged since is missing without a sign. Then look for a newer "
	                  "one first. %s",
	                  written, by_clock(f) ? clock_tells : clock_is_off);
}

static int make_register(const struct store_facts *f, struct recover_plan *p)
{
	const struct log_snapshot none = { .epoch = 0 };
	char id[CLUSTER_ID_LEN + 1];

	text_hex(f->files.cluster.id, RECORD_CLUSTER_ID_SIZE, id);
	if (has_register(f)) { /* hand-overs, and what a later version may have added */
		int r = register_copy(&f->look.reg, &p->reg);

		if (r < 0)
			return r;
	} else {
		register_init_new(&p->reg, id);
	}
	p->reg.epoch.v = next_epoch(f);
	memset(&p->reg.owner, 0, sizeof(p->reg.owner));
	memset(&p->reg.designated, 0, sizeof(p->reg.designated));
	p->reg.released = CAUSE_NEW;
	p->reg.log = f->end.at;
	p->reg.snapshot = f->end.snapshot;
	p->reg.previous = none;
	p->create = f->look.register_error == -ENOENT;
	p->version = f->look.version;
	return 0;
}

int recover_plan_make(const struct store_facts *facts, struct recover_plan *ret)
{
	*ret = (struct recover_plan){ .verdict = RECOVER_REFUSED };
	assert(facts->looked && facts->has_end);
	if (refuse_store(facts, ret) || refuse_register(facts, ret))
		return 0;
	if (not_needed(facts, ret)) {
		ret->verdict = RECOVER_NOT_NEEDED;
		return 0;
	}
	if (refuse_living(facts, ret)) {
		ret->verdict = RECOVER_LIVING;
		return 0;
	}
	if (refuse_unread(facts, ret) || refuse_epoch(facts, ret))
		return 0;
	count_changes(facts, ret);
	ret->verdict = ret->missing_last > 0 || ret->missing_unknown ? RECOVER_LOSS : RECOVER_READY;
	explain(facts, ret);
	doubt(facts, ret);
	return make_register(facts, ret);
}

void recover_plan_done(struct recover_plan *plan)
{
	register_done(&plan->reg);
}
