/* SPDX-License-Identifier: Apache-2.0 */
#include "repair/recover_plan.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/text.h"
#include "tests/unit/storage_files.h"

static struct files f;
static struct store_facts facts;
static struct recover_plan plan;
static char id[CLUSTER_ID_LEN + 1];
static const struct log_position nothing;

static void cluster_path(char ret[160])
{
	(void)snprintf(ret, 160, "%s/CLUSTER", f.cluster);
}

static int setup(void **state)
{
	char path[160], text[128];

	(void)state;
	files_setup(&f);
	text_hex(f.id, RECORD_CLUSTER_ID_SIZE, id);
	cluster_path(path);
	(void)snprintf(text, sizeof(text), "{\"version\": 1, \"cluster_id\": \"%s\"}\n", id);
	files_write(path, text, strlen(text));
	facts = (struct store_facts){ .looked = false };
	plan = (struct recover_plan){ .verdict = RECOVER_REFUSED };
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	recover_plan_done(&plan);
	store_facts_done(&facts);
	files_teardown(&f);
	return 0;
}

/* As far as ZooKeeper goes there is nothing. */
static void gather(void)
{
	const struct inspect_request request = { .path = f.cluster };

	assert_int_equal(store_facts_gather(&request, NULL, true, &facts), 0);
	assert_true(facts.at_ms > RECOVER_EPOCH_BEGIN_MS);
	facts.at_ms = 0; /* no clock to go by */
	facts.looked = true;
	facts.look.register_error = -ENOENT;
}

/* .. but for a register. */
static struct register_node *add_register(uint64_t epoch, const struct log_position *log)
{
	struct register_node *reg = &facts.look.reg;

	register_init_new(reg, id);
	facts.look.register_error = 0;
	facts.look.version = 17;
	reg->epoch.v = epoch;
	reg->log = *log;
	(void)snprintf(reg->owner.member, sizeof(reg->owner.member), "jm-a");
	assert_true(latch_name_parse("n-0123456789abcdef-0000000001", &reg->owner.latch));
	reg->owner.session = 10 * USEC_PER_SEC;
	reg->released = CAUSE_NONE;
	files_follow(&f, NULL, log, &facts.read);
	facts.has_read = true;
	return reg;
}

static void decide(enum recover_verdict expected)
{
	assert_int_equal(recover_plan_make(&facts, &plan), 0);
	if (plan.verdict != expected)
		fail_msg("%s: %s", recover_verdict_code(plan.verdict), plan.why);
	assert_true(plan.why[0] != '\0');
}

/* What would be written can be read by every member, and says what is meant. */
static void written(uint64_t epoch, const struct log_position *log)
{
	struct register_node reg;
	struct register_error error;
	char *text;
	size_t size;

	assert_int_equal(register_encode(&plan.reg, &text, &size), 0);
	if (register_decode(text, size, &reg, &error) < 0)
		fail_msg("%s", error.text);
	free(text);
	assert_int_equal(reg.epoch.v, epoch);
	assert_true(log_position_same(&reg.log, log));
	assert_false(latch_name_set(&reg.owner.latch));
	assert_string_equal(reg.owner.member, "");
	assert_int_equal(reg.released, CAUSE_NEW);
	assert_string_equal(reg.cluster_id, id);
	register_done(&reg);
}

/* Two terms; returns what was committed after the first. */
static struct log_position two_terms(void)
{
	struct log_position committed;

	files_begin(&f, 3, 1, &nothing);
	files_put(&f, "jobs/a", "1");
	committed = f.at;
	files_begin(&f, 4, 1, &committed);
	files_put(&f, "jobs/b", "2");
	files_put(&f, "jobs/c", "3");
	return committed;
}

/* ---- register lost */

static void a_lost_register_is_written_anew_above_every_epoch(void **state)
{
	(void)state;
	(void)two_terms();
	gather();
	decide(RECOVER_READY);
	assert_true(plan.create);
	written(5, &f.at);
	assert_int_equal(plan.unsure_first, 3); /* the last one, nothing tells of its commit */
	assert_int_equal(plan.unsure_last, 3);
	assert_int_equal(plan.missing_last, 0);
}

static void an_epoch_that_a_member_has_stopped_is_not_used_again(void **state)
{
	(void)state;
	(void)two_terms();
	gather();
	facts.look.n_members = 1;
	facts.look.member[0].stopped.v = 9;
	decide(RECOVER_READY);
	written(10, &f.at);
}

/* The daemon of this host may have seen an epoch that another one led, and died with. */
static void an_epoch_that_this_hosts_member_has_seen_is_not_used_again(void **state)
{
	(void)state;
	(void)two_terms();
	gather();
	facts.epoch_here = 9;
	decide(RECOVER_READY);
	written(10, &f.at);
}

static void the_epoch_goes_by_the_clock(void **state)
{
	(void)state;
	(void)two_terms();
	gather();
	facts.at_ms = RECOVER_EPOCH_BEGIN_MS + 60000 * INT64_C(475123) + 59999;
	decide(RECOVER_READY);
	assert_non_null(strstr(plan.doubt, "none is granted twice"));
	written(475123, &f.at);
}

/* A lease page compares 24 bits of it (A8). */
static void by_a_wrong_clock_it_goes_no_further_than_a_guard_can_follow(void **state)
{
	(void)state;
	(void)two_terms();
	gather();
	facts.at_ms = INT64_C(4102444800000); /* 2100 */
	decide(RECOVER_READY);
	assert_non_null(strstr(plan.doubt, "may be granted twice")); /* nothing is promised */
	written(5 + RECOVER_EPOCH_MOST, &f.at);
}

static void a_clock_that_is_behind_never_sets_it_back(void **state)
{
	(void)state;
	(void)two_terms();
	gather();
	facts.at_ms = RECOVER_EPOCH_BEGIN_MS + 3 * 60000;
	decide(RECOVER_READY);
	assert_non_null(strstr(plan.doubt, "may be granted twice"));
	written(5, &f.at);
}

/* ZooKeeper's data is gone, and the store is from a backup: all that is left agrees. */
static void without_a_register_it_is_said_what_nobody_can_know(void **state)
{
	char path[160];

	(void)state;
	(void)two_terms();
	files_name(&f, 3, 1, path);
	assert_int_equal(utimensat(AT_FDCWD, path, (struct timespec[]){ { 60, 0 }, { 60, 0 } }, 0),
	                 0);
	files_name(&f, 4, 1, path);
	assert_int_equal(
	        utimensat(AT_FDCWD, path, (struct timespec[]){ { 120, 0 }, { 120, 0 } }, 0), 0);
	gather();
	decide(RECOVER_READY);
	assert_non_null(strstr(plan.doubt, "last written at 1970-01-01 00:02:00Z"));
}

static void a_register_that_is_newer_than_the_store_leaves_no_such_doubt(void **state)
{
	struct log_position committed, later;
	char path[160];

	(void)state;
	committed = two_terms();
	later = f.at;
	files_name(&f, 4, 1, path);
	assert_int_equal(unlink(path), 0);
	gather();
	(void)add_register(4, &later);
	facts.at_ms = RECOVER_EPOCH_BEGIN_MS + 60000 * INT64_C(475123);
	decide(RECOVER_LOSS);
	assert_string_equal(plan.doubt, "");
	written(5, &committed); /* no epoch is left out */
}

/* They run still, and have in memory what a store of today had. */
static void a_store_that_is_older_than_what_members_have_read_has_to_be_accepted(void **state)
{
	(void)state;
	(void)two_terms();
	gather();
	facts.look.n_members = 2;
	facts.look.member[1].sequence = 5;
	decide(RECOVER_LOSS);
	assert_int_equal(plan.missing_first, 4);
	assert_int_equal(plan.missing_last, 5);
	assert_non_null(strstr(plan.why, "have read up to sequence 5"));
	assert_non_null(strstr(plan.todo, "store export FILE"));
}

static void what_members_have_read_was_acknowledged(void **state)
{
	(void)state;
	(void)two_terms();
	gather();
	facts.look.n_members = 1;
	facts.look.member[0].sequence = 3;
	decide(RECOVER_READY);
	assert_int_equal(plan.unsure_last, 0);
}

/* ---- the log is gone */

static void without_a_log_the_way_from_a_snapshot_is_said(void **state)
{
	char path[160];

	(void)state;
	(void)two_terms();
	(void)files_snapshot_here(&f, 4);
	files_name(&f, 3, 1, path);
	assert_int_equal(unlink(path), 0);
	files_name(&f, 4, 1, path);
	assert_int_equal(unlink(path), 0);
	gather();
	decide(RECOVER_REFUSED);
	assert_non_null(strstr(plan.todo, "as of sequence 3"));
	assert_non_null(strstr(plan.todo, "--from-snapshot newest"));
}

static void a_snapshot_that_is_later_than_the_log_is_said(void **state)
{
	struct log_position committed;
	char path[160];

	(void)state;
	committed = two_terms();
	(void)files_snapshot_here(&f, 4);
	files_name(&f, 4, 1, path);
	assert_int_equal(unlink(path), 0);
	gather();
	decide(RECOVER_LOSS);
	assert_int_equal(plan.missing_first, committed.sequence + 1);
	assert_int_equal(plan.missing_last, 3);
	assert_non_null(strstr(plan.todo, "is later than the log (sequence 3)"));
	assert_non_null(strstr(plan.todo, "--from-snapshot newest"));
}

static void a_snapshot_that_the_log_goes_on_from_is_no_other_way(void **state)
{
	struct log_position later;

	(void)state;
	(void)two_terms();
	(void)files_snapshot_here(&f, 4);
	files_put(&f, "jobs/d", "4");
	later = f.at;
	later.sequence++;
	gather();
	(void)add_register(4, &later);
	decide(RECOVER_LOSS);
	assert_null(strstr(plan.todo, "--from-snapshot"));
}

static void an_empty_store_needs_no_recovery(void **state)
{
	(void)state;
	gather();
	decide(RECOVER_NOT_NEEDED);
}

static void a_store_without_a_log_was_written_at_no_time(void **state)
{
	(void)state;
	gather();
	facts.look.register_error = -EBADMSG;
	decide(RECOVER_READY);
	assert_non_null(strstr(plan.doubt, "at a time that is not known"));
}

static void a_damaged_register_is_replaced(void **state)
{
	(void)state;
	(void)two_terms();
	gather();
	facts.look.register_error = -EBADMSG;
	facts.look.version = 5;
	decide(RECOVER_READY);
	assert_false(plan.create);
	assert_int_equal(plan.version, 5);
	written(5, &f.at);
}

static void changes_that_were_committed_and_are_gone_have_to_be_accepted(void **state)
{
	struct log_position middle;
	char path[160];

	(void)state;
	files_begin(&f, 3, 1, &nothing);
	files_put(&f, "jobs/a", "1");
	middle = f.at;
	files_put(&f, "jobs/b", "2");
	files_put(&f, "jobs/c", "3");
	files_begin(&f, 4, 1, &f.at);
	files_put(&f, "jobs/d", "4");
	files_name(&f, 4, 1, path);
	files_flip(path, 70, 1); /* its header: nothing leads to what it holds */
	files_name(&f, 3, 1, path);
	assert_int_equal(truncate(path, (off_t)middle.offset), 0);
	gather();
	decide(RECOVER_LOSS);
	assert_int_equal(plan.missing_first, 2);
	assert_int_equal(plan.missing_last, 3); /* the record in the second file says so */
	assert_true(plan.missing_unknown);
	assert_non_null(strstr(plan.todo, "--accept-loss"));
	written(5, &middle);
}

/* ---- register and store disagree */

static void what_agrees_is_left_alone(void **state)
{
	(void)state;
	(void)two_terms();
	gather();
	(void)add_register(4, &f.at);
	decide(RECOVER_NOT_NEEDED);
}

static void an_uncommitted_end_is_no_disagreement(void **state)
{
	struct log_position committed;

	(void)state;
	committed = two_terms();
	gather();
	(void)add_register(4, &committed); /* as right after the claim */
	assert_int_equal(facts.read.committed_seen, 0);
	facts.files.file[1].scan.committed = 1; /* what the test's writer says of its second */
	decide(RECOVER_NOT_NEEDED);
}

static void a_register_of_an_earlier_epoch_is_set_forward(void **state)
{
	struct log_position committed;
	struct register_node *reg;

	(void)state;
	committed = two_terms();
	gather();
	reg = add_register(3, &committed);
	reg->n_handovers = 1;
	reg->handovers[0] = (struct register_handover){ 1000, CAUSE_DAEMON_DIED };
	decide(RECOVER_READY);
	assert_false(plan.create);
	assert_int_equal(plan.version, 17);
	assert_int_equal(plan.reg.n_handovers, 1);
	written(5, &f.at);
	assert_int_equal(plan.missing_last, 0);
}

/* A11: a leader makes its first segment before it is granted. */
static void a_register_that_does_not_know_a_term_is_older_even_if_that_wrote_nothing(void **state)
{
	struct log_position committed;

	(void)state;
	files_begin(&f, 3, 1, &nothing);
	files_put(&f, "jobs/a", "1");
	committed = f.at;
	files_begin(&f, 4, 1, &committed);
	gather();
	(void)add_register(3, &committed);
	decide(RECOVER_READY);
	written(5, &f.at);
}

static void a_register_of_the_same_epoch_is_set_forward_when_a_record_knows_more(void **state)
{
	struct log_position first;

	(void)state;
	files_begin(&f, 3, 1, &nothing);
	files_put(&f, "jobs/a", "1");
	first = f.at;
	files_put(&f, "jobs/b", "2");
	files_put(&f, "jobs/c", "3"); /* says that 2 was committed */
	gather();
	(void)add_register(3, &first);
	decide(RECOVER_READY);
	written(4, &f.at);
	assert_int_equal(plan.unsure_first, 3);
}

/* A leader at work: its records name commits that are later than the look at its register. */
static void a_leader_that_commits_meanwhile_is_not_set_back(void **state)
{
	struct log_position first;

	(void)state;
	files_begin(&f, 3, 1, &nothing);
	files_put(&f, "jobs/a", "1");
	first = f.at;
	gather();
	files_put(&f, "jobs/b", "2");
	files_put(&f, "jobs/c", "3"); /* says that 2 was committed */
	(void)add_register(3, &first);
	assert_int_equal(facts.read.committed_seen, 2);
	assert_true(store_facts_rolled_back(&facts));
	facts.committed_later = 3;
	assert_false(store_facts_rolled_back(&facts));
	decide(RECOVER_NOT_NEEDED);
}

/* One wrong CLUSTER does not make a new cluster of an old one. */
static void a_store_of_another_cluster_is_not_taken_for_an_empty_one(void **state)
{
	static const char other[] =
	        "{\"version\": 1, \"cluster_id\": \"ffffffffffffffffffffffffffffffff\"}\n";
	char path[160];

	(void)state;
	(void)two_terms();
	cluster_path(path);
	files_write(path, other, strlen(other));
	gather();
	decide(RECOVER_REFUSED);
	assert_non_null(strstr(plan.why, "another cluster"));
}

/* The name of a file that no member made. */
static void an_epoch_that_has_no_next_one_is_refused(void **state)
{
	char path[160];

	(void)state;
	(void)two_terms();
	files_name(&f, UINT64_MAX, 1, path);
	files_write(path, "", 0);
	gather();
	decide(RECOVER_REFUSED);
	assert_non_null(strstr(plan.why, "18446744073709551615"));
}

static void a_store_that_is_older_than_the_register_has_to_be_accepted(void **state)
{
	struct log_position committed, later;
	char path[160];

	(void)state;
	committed = two_terms();
	later = f.at;
	files_name(&f, 4, 1, path);
	assert_int_equal(unlink(path), 0); /* a backup from before that term */
	gather();
	(void)add_register(4, &later);
	assert_int_equal(facts.read.report.state, STORE_LOG_MISSING);
	decide(RECOVER_LOSS);
	assert_int_equal(plan.missing_first, 2);
	assert_int_equal(plan.missing_last, 3);
	assert_false(plan.missing_unknown);
	written(5, &committed);
}

static void another_history_of_the_same_length_has_to_be_accepted(void **state)
{
	struct log_position other;

	(void)state;
	(void)two_terms();
	gather();
	other = f.at;
	other.digest[5] ^= 1;
	(void)add_register(4, &other);
	assert_int_equal(facts.read.report.state, STORE_DIGEST_MISMATCH);
	decide(RECOVER_LOSS);
	assert_true(plan.missing_unknown);
	assert_int_equal(plan.missing_last, 0);
}

/* ---- refusals */

static void another_clusters_register_is_never_written_over(void **state)
{
	(void)state;
	(void)two_terms();
	gather();
	register_init_new(&facts.look.reg, "ffffffffffffffffffffffffffffffff");
	facts.look.register_error = 0;
	decide(RECOVER_REFUSED);
	assert_non_null(strstr(plan.why, "another cluster"));
}

static void a_later_versions_register_is_never_written_over(void **state)
{
	(void)state;
	(void)two_terms();
	gather();
	facts.look.register_error = -EPROTONOSUPPORT;
	decide(RECOVER_REFUSED);
}

static void without_CLUSTER_the_way_back_is_said(void **state)
{
	char path[160];

	(void)state;
	(void)two_terms();
	cluster_path(path);
	assert_int_equal(unlink(path), 0);
	gather();
	decide(RECOVER_REFUSED);
	assert_non_null(strstr(plan.todo, id));
}

static void nothing_is_done_while_somebody_holds_a_latch(void **state)
{
	(void)state;
	(void)two_terms();
	gather();
	facts.look.n_latches = 1;
	(void)snprintf(facts.look.latch[0].member, sizeof(facts.look.latch[0].member), "jm-b");
	decide(RECOVER_LIVING);
	assert_non_null(strstr(plan.why, "jm-b"));
}

static void a_leader_that_is_well_needs_no_recovery(void **state)
{
	(void)state;
	(void)two_terms();
	gather();
	facts.look.n_latches = 1;
	(void)add_register(4, &f.at);
	decide(RECOVER_NOT_NEEDED);
}

static void what_cannot_be_read_is_no_proof(void **state)
{
	(void)state;
	(void)two_terms();
	gather();
	(void)add_register(4, &f.at);
	facts.read.report.state = STORE_FAILED;
	(void)snprintf(facts.read.report.text, sizeof(facts.read.report.text), "EIO");
	decide(RECOVER_REFUSED);
	assert_non_null(strstr(plan.why, "EIO"));
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_lost_register_is_written_anew_above_every_epoch),
		TEST(an_epoch_that_a_member_has_stopped_is_not_used_again),
		TEST(an_epoch_that_this_hosts_member_has_seen_is_not_used_again),
		TEST(the_epoch_goes_by_the_clock),
		TEST(by_a_wrong_clock_it_goes_no_further_than_a_guard_can_follow),
		TEST(a_clock_that_is_behind_never_sets_it_back),
		TEST(without_a_register_it_is_said_what_nobody_can_know),
		TEST(a_register_that_is_newer_than_the_store_leaves_no_such_doubt),
		TEST(a_store_that_is_older_than_what_members_have_read_has_to_be_accepted),
		TEST(what_members_have_read_was_acknowledged),
		TEST(without_a_log_the_way_from_a_snapshot_is_said),
		TEST(a_snapshot_that_is_later_than_the_log_is_said),
		TEST(a_snapshot_that_the_log_goes_on_from_is_no_other_way),
		TEST(an_empty_store_needs_no_recovery),
		TEST(a_store_without_a_log_was_written_at_no_time),
		TEST(a_damaged_register_is_replaced),
		TEST(changes_that_were_committed_and_are_gone_have_to_be_accepted),
		TEST(what_agrees_is_left_alone),
		TEST(an_uncommitted_end_is_no_disagreement),
		TEST(a_register_of_an_earlier_epoch_is_set_forward),
		TEST(a_register_that_does_not_know_a_term_is_older_even_if_that_wrote_nothing),
		TEST(a_register_of_the_same_epoch_is_set_forward_when_a_record_knows_more),
		TEST(a_leader_that_commits_meanwhile_is_not_set_back),
		TEST(a_store_of_another_cluster_is_not_taken_for_an_empty_one),
		TEST(an_epoch_that_has_no_next_one_is_refused),
		TEST(a_store_that_is_older_than_the_register_has_to_be_accepted),
		TEST(another_history_of_the_same_length_has_to_be_accepted),
		TEST(another_clusters_register_is_never_written_over),
		TEST(a_later_versions_register_is_never_written_over),
		TEST(without_CLUSTER_the_way_back_is_said),
		TEST(nothing_is_done_while_somebody_holds_a_latch),
		TEST(a_leader_that_is_well_needs_no_recovery),
		TEST(what_cannot_be_read_is_no_proof),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
