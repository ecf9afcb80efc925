/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* after the above */
#include <cmocka.h>

#include "base/cleanup.h"
#include "election/register.h"

static const char id[] = "000102030405060708090a0b0c0d0e0f";

#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"
#define ONES  "1111111111111111111111111111111111111111111111111111111111111111"
#define SNAPSHOT(sequence)                                                                \
	"{\"epoch\":6,\"sequence\":" sequence ",\"digest\":\"" ONES "\",\"log_epoch\":6," \
	"\"log_segment\":1,\"log_offset\":128}"
#define LATCH "n-0123456789abcdef-0000000007"

static const char text_new[] =
        "{\"version\":1,\"cluster_id\":\"000102030405060708090a0b0c0d0e0f\",\"epoch\":0,"
        "\"owner\":null,\"log\":{\"epoch\":0,\"segment\":0,\"offset\":0,\"sequence\":0,"
        "\"digest\":\"" ZEROS "\"},\"snapshot\":null,\"previous\":null,\"designated\":null,"
        "\"released\":\"new\",\"handovers\":[]}";

static const char text_full[] =
        "{\"version\":1,\"cluster_id\":\"000102030405060708090a0b0c0d0e0f\",\"epoch\":7,"
        "\"owner\":{\"member\":\"jm-a\",\"latch\":\"" LATCH "\",\"session_ms\":10000},"
        "\"log\":{\"epoch\":7,\"segment\":2,\"offset\":4096,\"sequence\":99,\"digest\":\"" ONES
        "\"},\"snapshot\":{\"epoch\":6,\"sequence\":50,\"digest\":\"" ONES
        "\",\"log_epoch\":6,\"log_segment\":1,\"log_offset\":128},\"previous\":null,"
        "\"designated\":\"" LATCH "\",\"released\":null,"
        "\"handovers\":[[1700000000000,\"daemon-died\"]],\"later\":{\"a\":[1,2]}}";

static struct register_node decoded(const char *text)
{
	struct register_node r;
	struct register_error error = { .text = "" };

	if (register_decode(text, strlen(text), &r, &error) != 0)
		fail_msg("%s", error.text);
	return r;
}

static void assert_encodes_to(const struct register_node *r, const char *expected)
{
	CLEANUP(freep) char *text = NULL;
	size_t size = 0;

	assert_int_equal(register_encode(r, &text, &size), 0);
	assert_string_equal(text, expected);
	assert_int_equal(size, strlen(expected));
}

static struct latch_name latch(const char *name)
{
	struct latch_name l;

	assert_true(latch_name_parse(name, &l));
	return l;
}

static void a_new_register_is_written_as_agreed(void **state)
{
	struct register_node r;

	(void)state;
	register_init_new(&r, id);
	assert_encodes_to(&r, text_new);
}

static void a_new_register_is_read_as_it_was_written(void **state)
{
	struct register_node r = decoded(text_new);

	(void)state;
	assert_int_equal(r.epoch.v, 0);
	assert_false(latch_name_set(&r.owner.latch));
	assert_int_equal(r.released, CAUSE_NEW);
	register_done(&r);
}

static void the_largest_register_is_read_and_no_larger_one(void **state)
{
	char text[REGISTER_MAX_SIZE + 2];
	struct register_node r;

	(void)state;
	memset(text, ' ', sizeof(text));
	memcpy(text, text_new, strlen(text_new));
	assert_int_equal(register_decode(text, REGISTER_MAX_SIZE, &r, NULL), 0);
	register_done(&r);
	assert_int_equal(register_decode(text, REGISTER_MAX_SIZE + 1, &r, NULL), -EBADMSG);
}

static void what_is_read_is_written_again_with_unknown_fields(void **state)
{
	struct register_node r = decoded(text_full), copy;

	(void)state;
	assert_int_equal(r.epoch.v, 7);
	assert_string_equal(r.owner.member, "jm-a");
	assert_int_equal(r.owner.session, 10 * USEC_PER_SEC);
	assert_int_equal(r.log.digest[31], 0x11);
	assert_int_equal(r.snapshot.at.sequence, 50);
	assert_true(r.snapshot.at.epoch == 6 && r.snapshot.at.offset == 128);
	assert_int_equal(r.previous.epoch, 0);
	assert_int_equal(r.released, CAUSE_NONE);
	assert_int_equal(r.handovers[0].cause, CAUSE_DAEMON_DIED);
	assert_encodes_to(&r, text_full);
	assert_int_equal(register_copy(&r, &copy), 0);
	register_done(&r);
	assert_encodes_to(&copy, text_full);
	register_done(&copy);
}

static void replace(const char *from, const char *to, char *ret, size_t size)
{
	const char *at = strstr(text_full, from);

	assert_non_null(at);
	(void)snprintf(ret, size, "%.*s%s%s", (int)(at - text_full), text_full, to,
	               at + strlen(from));
}

static void damage_is_refused_and_named(void **state)
{
	static const struct {
		const char *from, *to, *named;
	} cases[] = {
		{ "\"version\":1,", "", "version" },
		{ "\"cluster_id\":\"0001", "\"cluster_id\":\"0x01", "cluster_id" },
		{ "\"cluster_id\":\"0001", "\"cluster_id\":\"00", "cluster_id" },
		{ "\"epoch\":7,\"owner\"", "\"epoch\":-7,\"owner\"", "epoch" },
		{ "\"epoch\":7,\"owner\"", "\"epoch\":\"7\",\"owner\"", "epoch" },
		{ "\"epoch\":7,\"owner\"", "\"owner\"", "epoch" },
		/* Its next one could not be written. */
		{ "\"epoch\":7,\"owner\"", "\"epoch\":9223372036854775807,\"owner\"", "epoch" },
		{ "\"member\":\"jm-a\"", "\"member\":\"jm/a\"", "owner.member" },
		{ "\"latch\":\"n-0", "\"latch\":\"x-0", "owner.latch" },
		{ ",\"session_ms\":10000", "", "owner.session_ms" },
		{ "\"offset\":4096", "\"offset\":4096.5", "log.offset" },
		{ "\"epoch\":7,\"segment\"", "\"epoch\":8,\"segment\"", "log.epoch" },
		{ "\"segment\":2", "\"segment\":0", "log.segment" },
		{ "\"digest\":\"11", "\"digest\":\"1", "log.digest" },
		{ "\"snapshot\":{\"epoch\":6", "\"snapshot\":{\"epoch\":0", "snapshot.epoch" },
		{ "\"sequence\":50", "\"sequence\":100", "snapshot.sequence" },
		{ "\"previous\":null,", "", "previous" },
		{ "\"previous\":null,", "\"previous\":" SNAPSHOT("50") ",", "previous.sequence" },
		{ "\"designated\":\"n-0", "\"designated\":\"0", "designated" },
		{ "\"released\":null", "\"released\":\"why not\"", "released" },
		{ "[[1700000000000,\"daemon-died\"]]", "[[1,\"x\"]]", "handovers" },
		{ "[[1700000000000,\"daemon-died\"]]", "[[1]]", "handovers" },
		{ "[[1700000000000,\"daemon-died\"]]", "{}", "handovers" },
		{ "[[1700000000000,\"daemon-died\"]]", "[[\"1\",\"daemon-died\"]]", "handovers" },
		{ "[[1700000000000,\"daemon-died\"]]", "[[1,\"daemon-died\",2]]", "handovers" },
		{ "[[1700000000000,\"daemon-died\"]]", "[[1,2]]", "handovers" },
		{ "[[1700000000000,\"daemon-died\"]]",
		  "[[1,\"new\"],[1,\"new\"],[1,\"new\"],[1,\"new\"],[1,\"new\"],[1,\"new\"],"
		  "[1,\"new\"],[1,\"new\"],[1,\"new\"]]",
		  "handovers" },
		{ "\"later\"", "\"epoch\"", "JSON" },
		{ "}}", "}", "JSON" },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct register_error error = { .text = "" };
		struct register_node r = { .n_handovers = 77 };
		char text[4096];

		replace(cases[i].from, cases[i].to, text, sizeof(text));
		assert_int_equal(register_decode(text, strlen(text), &r, &error), -EBADMSG);
		if (strstr(error.text, cases[i].named) == NULL)
			fail_msg("case %zu: %s", i, error.text);
		assert_int_equal(r.n_handovers, 77); /* untouched */
	}
	assert_int_equal(register_decode("", 0, NULL, NULL), -EBADMSG);
}

static void a_newer_version_is_no_damage(void **state)
{
	struct register_error error = { .text = "" };
	struct register_node r;
	char text[4096];

	(void)state;
	replace("\"version\":1", "\"version\":2", text, sizeof(text));
	assert_int_equal(register_decode(text, strlen(text), &r, &error), -EPROTONOSUPPORT);
	assert_non_null(strstr(error.text, "newer release"));
}

static void an_oversized_register_is_neither_read_nor_written(void **state)
{
	static char big[REGISTER_MAX_SIZE + 1], text[2 * REGISTER_MAX_SIZE];
	CLEANUP(freep) char *out = NULL;
	struct register_node r;
	size_t size;

	(void)state;
	memset(big, 'x', sizeof(big) - 1);
	replace("\"later\":{\"a\":[1,2]}", "\"later\":\"", text, sizeof(text));
	text[strlen(text) - 1] = '\0'; /* the brace */
	(void)strncat(text, big, sizeof(text) - strlen(text) - 3);
	(void)strncat(text, "\"}", 3);
	assert_int_equal(register_decode(text, strlen(text), &r, NULL), -EBADMSG);
	/* Fits without, does not with all its handovers. */
	big[REGISTER_MAX_SIZE - 700] = '\0';
	replace("\"later\":{\"a\":[1,2]}", "\"later\":\"", text, sizeof(text));
	text[strlen(text) - 1] = '\0';
	(void)strncat(text, big, sizeof(text) - strlen(text) - 3);
	(void)strncat(text, "\"}", 3);
	r = decoded(text);
	for (unsigned i = 0; i < REGISTER_MAX_HANDOVERS; i++)
		r.handovers[r.n_handovers++ % REGISTER_MAX_HANDOVERS] =
		        (struct register_handover){ 1700000000000, CAUSE_JOBMANAGER_EXITED };
	r.n_handovers = REGISTER_MAX_HANDOVERS;
	assert_int_equal(register_encode(&r, &out, &size), -EMSGSIZE);
	register_done(&r);
}

static void a_claim_raises_the_epoch_and_carries_the_log_over(void **state)
{
	struct register_node r = decoded(text_full);
	const struct log_position log = r.log;
	const struct register_claim claim = { .member = "jm-b",
		                              .latch = latch("n-00000000000000aa-0000000009"),
		                              .session = 4 * USEC_PER_SEC,
		                              .cause = CAUSE_PREDECESSOR_GONE,
		                              .at_ms = 1700000001000 };

	(void)state;
	register_claim(&r, &claim);
	assert_int_equal(r.epoch.v, 8);
	assert_string_equal(r.owner.member, "jm-b");
	assert_true(register_is_term(&r, (struct epoch){ 8 }, &claim.latch));
	assert_false(register_is_term(&r, (struct epoch){ 7 }, &claim.latch));
	assert_false(latch_name_set(&r.designated));
	assert_int_equal(r.released, CAUSE_NONE);
	assert_memory_equal(&r.log, &log, sizeof(log));
	assert_int_equal(r.snapshot.at.sequence, 50);
	assert_int_equal(r.n_handovers, 2);
	assert_int_equal(r.handovers[1].cause, CAUSE_PREDECESSOR_GONE);
	register_done(&r);
}

static void only_unplanned_ends_are_counted(void **state)
{
	const struct latch_name none = { .s = "" };
	struct register_claim claim = {
		.member = "jm-b", .latch = latch(LATCH), .cause = CAUSE_PREDECESSOR_GONE, .at_ms = 5
	};
	struct register_node r;

	(void)state;
	register_init_new(&r, id);
	register_claim(&r, &claim); /* released "new" wins over what the claimer thinks */
	assert_int_equal(r.n_handovers, 0);
	register_release(&r, CAUSE_SWITCHOVER, &none);
	register_claim(&r, &claim);
	assert_int_equal(r.n_handovers, 0);
	register_release(&r, CAUSE_DAEMON_DIED, &none);
	claim.at_ms = 6;
	register_claim(&r, &claim);
	assert_int_equal(r.n_handovers, 1);
	assert_int_equal(r.handovers[0].cause, CAUSE_DAEMON_DIED);
	claim.cause = CAUSE_RESTART_IN_PLACE;
	claim.at_ms = 7;
	register_claim(&r, &claim);
	assert_int_equal(r.handovers[1].cause, CAUSE_RESTART_IN_PLACE);
	claim.cause = CAUSE_NONE; /* nobody said how it ended */
	claim.at_ms = 8;
	register_claim(&r, &claim);
	assert_int_equal(r.handovers[2].cause, CAUSE_PREDECESSOR_GONE);
	assert_int_equal(r.epoch.v, 5);
	assert_int_equal(register_recent_handovers(&r, 7), 2);
	assert_int_equal(register_recent_handovers(&r, 9), 0);
}

static void the_oldest_of_nine_handovers_goes(void **state)
{
	struct register_claim claim = { .member = "a",
		                        .latch = latch(LATCH),
		                        .cause = CAUSE_JOBMANAGER_HUNG };
	struct register_node r;

	(void)state;
	register_init_new(&r, id);
	r.released = CAUSE_NONE;
	for (unsigned i = 1; i <= 9; i++) {
		claim.at_ms = i;
		register_claim(&r, &claim);
	}
	assert_int_equal(r.n_handovers, 8);
	assert_int_equal(r.handovers[0].at_ms, 2);
	assert_int_equal(r.handovers[7].at_ms, 9);
}

static void a_move_changes_the_log_and_nothing_else(void **state)
{
	struct register_node r = decoded(text_full);
	struct log_position log = r.log;

	(void)state;
	log.offset = 8192;
	log.sequence = 100;
	register_move(&r, &log);
	assert_int_equal(r.log.sequence, 100);
	register_move(&r, &(struct log_position){
	                          .epoch = 7, .segment = 2, .offset = 4096, .sequence = 99 });
	memset(r.log.digest, 0x11, sizeof(r.log.digest));
	assert_encodes_to(&r, text_full);
	register_done(&r);
}

/* B3: two generations are kept. */
static void the_snapshot_before_the_newest_one_stays_named(void **state)
{
	const struct log_snapshot next = { 7, { 7, 2, 4096, 99, "next" } };
	struct register_node r = decoded(text_full), copy;
	const struct log_snapshot first = r.snapshot;
	const struct log_position log = r.log;
	CLEANUP(freep) char *text = NULL;
	size_t size;

	(void)state;
	register_name_snapshot(&r, &next);
	assert_memory_equal(&r.snapshot, &next, sizeof(next));
	assert_memory_equal(&r.previous, &first, sizeof(first));
	assert_memory_equal(&r.log, &log, sizeof(log));
	assert_int_equal(register_encode(&r, &text, &size), 0);
	register_done(&r);
	copy = decoded(text);
	assert_memory_equal(&copy.snapshot, &next, sizeof(next));
	assert_memory_equal(&copy.previous, &first, sizeof(first));
	register_done(&copy);
}

static void leader_ids_are_the_same_for_all_and_grow(void **state)
{
	char a[LEADER_ID_LEN + 1], b[LEADER_ID_LEN + 1];

	(void)state;
	assert_true(register_leader_id(id, (struct epoch){ 1 }, a));
	assert_true(register_leader_id(id, (struct epoch){ 0x1234567890abcdef }, b));
	/* SHA-256 of 00 01 .. 0f begins with be 45 cb 26 05 bf 36 be. */
	assert_string_equal(a, "be45cb26-05bf-36be-0000-000000000001");
	assert_string_equal(b, "be45cb26-05bf-36be-1234-567890abcdef");
	assert_false(register_leader_id("short", (struct epoch){ 1 }, a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_register_is_written_as_agreed),
		cmocka_unit_test(a_new_register_is_read_as_it_was_written),
		cmocka_unit_test(the_largest_register_is_read_and_no_larger_one),
		cmocka_unit_test(what_is_read_is_written_again_with_unknown_fields),
		cmocka_unit_test(damage_is_refused_and_named),
		cmocka_unit_test(a_newer_version_is_no_damage),
		cmocka_unit_test(an_oversized_register_is_neither_read_nor_written),
		cmocka_unit_test(a_claim_raises_the_epoch_and_carries_the_log_over),
		cmocka_unit_test(only_unplanned_ends_are_counted),
		cmocka_unit_test(the_oldest_of_nine_handovers_goes),
		cmocka_unit_test(a_move_changes_the_log_and_nothing_else),
		cmocka_unit_test(the_snapshot_before_the_newest_one_stays_named),
		cmocka_unit_test(leader_ids_are_the_same_for_all_and_grow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
