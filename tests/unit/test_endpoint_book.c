/* SPDX-License-Identifier: Apache-2.0 */
/* A world of znodes in memory: what the book asks for is done there, or lost on purpose. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "election/endpoint_book.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

#define JOB_A "job-0a000000000000000000000000000001"
#define JOB_B "job-0a000000000000000000000000000002"
#define JOB_F "job-ff000000000000000000000000000003"

static struct endpoint_book *book;
static struct {
	char *text;
	int32_t version; /* -1: there is none */
	bool watched;
} znode[ENDPOINT_N_NODES];
static bool children_watched;
static char said[4000]; /* replies and news, in order */
static unsigned n_writes, n_reads, most_reads;
static bool latch_gone;
static struct endpoint_action held[ENDPOINT_N_NODES]; /* writes that were not answered */
static unsigned n_held;
static bool hold;

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void say(const char *format, ...)
{
	size_t n = strlen(said);
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(said + n, sizeof(said) - n, format, ap);
	va_end(ap);
}

static void expect(const char *what)
{
	assert_string_equal(said, what);
	said[0] = '\0';
}

static void put_znode(unsigned node, const char *text)
{
	free(znode[node].text);
	znode[node].text = strdup(text);
	znode[node].version++;
}

/* By somebody else: the book hears of it where a read has left a watch. */
static void foreign_write(unsigned node, const char *text)
{
	bool comes = znode[node].version < 0;

	put_znode(node, text);
	if (comes && node != ENDPOINT_PROCESS && children_watched) {
		children_watched = false;
		endpoint_book_children_changed(book);
	}
	if (znode[node].watched) {
		znode[node].watched = false;
		endpoint_book_changed(book, node);
	}
}

static void remove_by_hand(unsigned node)
{
	znode[node].version = -1;
	znode[node].watched = false;
	if (node == ENDPOINT_PROCESS)
		children_watched = false;
}

static void remove_all_by_hand(void)
{
	for (unsigned i = 0; i < ENDPOINT_N_NODES; i++)
		remove_by_hand(i);
}

static enum endpoint_outcome write_znode(const struct endpoint_action *a)
{
	if (latch_gone)
		return ENDPOINT_OUT_LATCH_GONE;
	if (a->node != ENDPOINT_PROCESS && znode[ENDPOINT_PROCESS].version < 0)
		return ENDPOINT_OUT_STALE;
	if (znode[a->node].version != a->version)
		return ENDPOINT_OUT_STALE;
	put_znode(a->node, a->text);
	return ENDPOINT_OUT_DONE;
}

static void on_read(unsigned node)
{
	const char *text = znode[node].text ? znode[node].text : "";
	bool bad;

	znode[node].watched = znode[node].version >= 0; /* a watch comes with a good answer only */
	endpoint_book_read(book, node,
	                   znode[node].version < 0 ? ENDPOINT_OUT_ABSENT : ENDPOINT_OUT_DONE, text,
	                   strlen(text), znode[node].version, &bad);
}

static void on_list(void)
{
	const char *names[ENDPOINT_PROCESS];
	static char name[ENDPOINT_PROCESS][4];
	size_t n = 0;

	children_watched = znode[ENDPOINT_PROCESS].version >= 0;
	if (!children_watched) {
		endpoint_book_listed(book, ENDPOINT_OUT_ABSENT, NULL, 0);
		return;
	}
	for (unsigned i = 0; i < ENDPOINT_PROCESS; i++) {
		if (znode[i].version < 0)
			continue;
		(void)snprintf(name[n], sizeof(name[n]), "%02x", i);
		names[n] = name[n];
		n++;
	}
	endpoint_book_listed(book, ENDPOINT_OUT_DONE, names, n);
}

static void on_news(const struct endpoint_action *a)
{
	if (a->type == ENDPOINT_STATE) {
		say("state %u;", (unsigned)endpoint_book_epoch(book).v);
		return;
	}
	for (size_t i = 0; i < a->changes->n; i++)
		say("%.6s=%s;", a->changes->entry[i]->component, a->changes->entry[i]->address);
}

/* Takes what there is to do, then answers it: in the order in which it was asked. */
static void pump(void)
{
	struct endpoint_action a, asked[64];
	unsigned n, reads;

	do {
		n = reads = 0;
		while (n < N_ELEMENTS(asked) && endpoint_book_next(book, &a)) {
			if (a.type == ENDPOINT_REPLY)
				say("%s:%d;", (const char *)a.cookie, (int)a.result);
			else if (a.type == ENDPOINT_STATE || a.type == ENDPOINT_CHANGES)
				on_news(&a);
			else
				asked[n++] = a;
		}
		for (unsigned i = 0; i < n; i++) {
			if (asked[i].type == ENDPOINT_READ) {
				reads++;
				on_read(asked[i].node);
			} else if (asked[i].type == ENDPOINT_LIST) {
				on_list();
			} else if (n_writes++, hold) {
				held[n_held++] = asked[i];
			} else {
				enum endpoint_outcome o = write_znode(&asked[i]);

				endpoint_book_wrote(book, asked[i].node, o,
				                    znode[asked[i].node].version);
			}
		}
		n_reads += reads;
		most_reads = reads > most_reads ? reads : most_reads;
	} while (n > 0);
}

static int setup(void **state)
{
	(void)state;
	book = endpoint_book_new();
	assert_non_null(book);
	remove_all_by_hand();
	put_znode(ENDPOINT_PROCESS, "");
	said[0] = '\0';
	n_writes = n_reads = most_reads = n_held = 0;
	hold = latch_gone = false;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	endpoint_book_free(book);
	for (unsigned i = 0; i < ENDPOINT_N_NODES; i++)
		free(TAKE_PTR(znode[i].text));
	return 0;
}

static void claim(unsigned epoch)
{
	char text[100];

	(void)snprintf(text, sizeof(text),
	               "{\"version\":1,\"epoch\":%u,\"leader_id\":\"id%u\",\"components\":{}}",
	               epoch, epoch);
	put_znode(ENDPOINT_PROCESS, text);
}

static void lead(unsigned epoch)
{
	char id[16];

	claim(epoch);
	(void)snprintf(id, sizeof(id), "id%u", epoch);
	endpoint_book_begin(book, (struct epoch){ epoch }, id);
}

static char cookies[][8] = { "one", "two", "three", "four" };

static enum endpoint_result submit(unsigned cookie, unsigned epoch, const char *component,
                                   const char *address)
{
	return endpoint_book_submit(book, (struct epoch){ epoch }, component, address,
	                            cookies[cookie]);
}

static const char *served(const char *component)
{
	static struct endpoint_contents c;
	unsigned node = (unsigned)endpoint_node_of(component);
	const char *address;
	static char copy[100];

	if (!znode[node].text ||
	    endpoint_contents_decode(node, znode[node].text, strlen(znode[node].text), &c) < 0)
		return NULL;
	address = endpoint_map_get(&c.map, component);
	(void)snprintf(copy, sizeof(copy), "%s", address ? address : "");
	endpoint_contents_done(&c);
	return address ? copy : NULL;
}

/* ---- reading */

static void nothing_is_served_before_all_was_read(void **state)
{
	struct endpoint_action a;
	bool bad;

	(void)state;
	put_znode(ENDPOINT_PROCESS, "{\"version\":1,\"epoch\":7,\"leader_id\":\"id7\","
	                            "\"components\":{\"dispatcher\":\"d\"}}");
	put_znode(0x0a, "{\"version\":1,\"epoch\":7,\"components\":{\"" JOB_A "\":\"a\"}}");
	endpoint_book_connected(book);
	assert_true(endpoint_book_next(book, &a));
	assert_int_equal(a.type, ENDPOINT_READ);
	assert_int_equal(a.node, ENDPOINT_PROCESS);
	assert_true(endpoint_book_next(book, &a));
	assert_int_equal(a.type, ENDPOINT_LIST);
	on_read(ENDPOINT_PROCESS);
	on_list();
	/* A reader of epoch 7 would take JOB_A for removed. */
	assert_int_equal(endpoint_book_epoch(book).v, 0);
	assert_int_equal(endpoint_book_list(book, NULL, NULL), 0);
	assert_true(endpoint_book_next(book, &a));
	assert_int_equal(a.node, 0x0a);
	endpoint_book_read(book, 0x0a, ENDPOINT_OUT_DONE, znode[0x0a].text,
	                   strlen(znode[0x0a].text), 0, &bad);
	assert_int_equal(endpoint_book_epoch(book).v, 7);
	assert_string_equal(endpoint_book_leader_id(book), "id7");
	assert_int_equal(endpoint_book_list(book, NULL, NULL), 2);
	pump();
	expect("state 7;");
}

static void before_a_first_leader_there_is_epoch_0(void **state)
{
	(void)state;
	endpoint_book_connected(book);
	pump();
	assert_true(endpoint_book_current(book));
	assert_int_equal(endpoint_book_epoch(book).v, 0);
	assert_string_equal(endpoint_book_leader_id(book), "");
	expect("");
}

static void changes_are_told_and_nothing_else(void **state)
{
	(void)state;
	claim(7);
	endpoint_book_connected(book);
	pump();
	expect("state 7;");
	put_znode(0x0a, "{\"version\":1,\"epoch\":7,\"components\":{\"" JOB_A "\":\"a\"}}");
	endpoint_book_children_changed(book);
	pump();
	expect("job-0a=a;");
	put_znode(0x0a, "{\"version\":1,\"epoch\":7,\"components\":{\"" JOB_B "\":\"b\"}}");
	endpoint_book_changed(book, 0x0a);
	pump();
	expect("job-0a=;job-0a=b;");
	endpoint_book_all_changed(book);
	pump();
	expect("");
}

static void a_shard_that_comes_is_read_alone(void **state)
{
	(void)state;
	claim(7);
	put_znode(0x0a, "{\"version\":1,\"epoch\":7,\"components\":{}}");
	endpoint_book_connected(book);
	pump();
	n_reads = 0;
	put_znode(0xff, "{\"version\":1,\"epoch\":7,\"components\":{\"" JOB_F "\":\"f\"}}");
	endpoint_book_children_changed(book);
	pump();
	assert_int_equal(n_reads, 1);
	expect("state 7;job-ff=f;");
}

static void a_shard_of_a_lower_epoch_is_empty(void **state)
{
	(void)state;
	claim(7);
	put_znode(0x0a, "{\"version\":1,\"epoch\":6,\"components\":{\"" JOB_A "\":\"a\"}}");
	endpoint_book_connected(book);
	pump();
	assert_int_equal(endpoint_book_list(book, NULL, NULL), 0);
	claim(8);
	endpoint_book_changed(book, ENDPOINT_PROCESS);
	pump();
	expect("state 7;state 8;");
	assert_int_equal(endpoint_book_list(book, NULL, NULL), 0);
}

static void a_shard_that_is_ahead_waits_for_its_epoch(void **state)
{
	(void)state;
	claim(7);
	endpoint_book_connected(book);
	pump();
	put_znode(0x0a, "{\"version\":1,\"epoch\":8,\"components\":{\"" JOB_A "\":\"a\"}}");
	endpoint_book_children_changed(book);
	pump();
	expect("state 7;");
	assert_int_equal(endpoint_book_list(book, NULL, NULL), 0);
	claim(8);
	endpoint_book_changed(book, ENDPOINT_PROCESS);
	pump();
	expect("state 8;");
	assert_int_equal(endpoint_book_list(book, NULL, NULL), 1);
}

/* B10 */
static void the_epoch_never_goes_back(void **state)
{
	(void)state;
	claim(7);
	endpoint_book_connected(book);
	pump();
	claim(6);
	endpoint_book_disconnected(book);
	endpoint_book_connected(book);
	pump();
	assert_int_equal(endpoint_book_epoch(book).v, 7);
	assert_string_equal(endpoint_book_leader_id(book), "id7");
	expect("state 7;");
}

static void what_cannot_be_read_leaves_what_was_served(void **state)
{
	(void)state;
	claim(7);
	endpoint_book_connected(book);
	pump();
	put_znode(ENDPOINT_PROCESS, "{nonsense");
	endpoint_book_changed(book, ENDPOINT_PROCESS);
	pump();
	assert_int_equal(endpoint_book_epoch(book).v, 7);
}

static void many_shards_are_read_a_few_at_a_time(void **state)
{
	(void)state;
	claim(7);
	for (unsigned i = 0; i < ENDPOINT_PROCESS; i++)
		put_znode(i, "{\"version\":1,\"epoch\":7,\"components\":{}}");
	endpoint_book_connected(book);
	pump();
	assert_int_equal(n_reads, ENDPOINT_N_NODES);
	assert_int_equal(most_reads, ENDPOINT_MAX_READS);
}

/* ---- writing */

static void a_leader_writes_reads_back_and_serves(void **state)
{
	(void)state;
	endpoint_book_connected(book);
	lead(7);
	assert_int_equal(submit(0, 7, "dispatcher", "d"), ENDPOINT_PENDING);
	assert_int_equal(submit(1, 7, JOB_A, "a"), ENDPOINT_PENDING);
	pump();
	assert_string_equal(served("dispatcher"), "d");
	assert_string_equal(served(JOB_A), "a");
	assert_int_equal(endpoint_book_list(book, NULL, NULL), 2);
	/* News come before the replies. */
	expect("state 7;dispat=d;job-0a=a;one:0;two:0;");
}

static void all_that_wait_share_one_write_of_each_node(void **state)
{
	(void)state;
	endpoint_book_connected(book);
	lead(7);
	pump();
	expect("state 7;");
	(void)submit(0, 7, JOB_A, "a");
	(void)submit(1, 7, JOB_B, "b");
	(void)submit(2, 7, JOB_A, "aa");
	(void)submit(3, 7, JOB_F, "f");
	pump();
	assert_int_equal(n_writes, 2);
	assert_string_equal(served(JOB_A), "aa");
	assert_string_equal(served(JOB_B), "b");
	/* The higher shard first; each reply after its write. */
	expect("job-0a=aa;job-0a=b;job-ff=f;four:0;one:0;two:0;three:0;");
}

static void one_write_of_a_node_is_under_way_at_a_time(void **state)
{
	(void)state;
	endpoint_book_connected(book);
	lead(7);
	hold = true;
	(void)submit(0, 7, JOB_A, "a");
	pump();
	(void)submit(1, 7, JOB_B, "b");
	(void)submit(2, 7, JOB_F, "f");
	pump();
	assert_int_equal(n_held, 2); /* 0a once, and ff */
	hold = false;
	assert_int_equal(write_znode(&held[0]), ENDPOINT_OUT_DONE);
	endpoint_book_wrote(book, 0x0a, ENDPOINT_OUT_DONE, znode[0x0a].version);
	pump();
	assert_string_equal(served(JOB_A), "a");
	assert_string_equal(served(JOB_B), "b");
	expect("state 7;job-0a=a;one:0;job-0a=b;two:0;");
	endpoint_book_wrote(book, 0xff, write_znode(&held[1]), 0);
	pump();
	expect("job-ff=f;three:0;");
}

static void removing_what_is_not_there_is_done_too(void **state)
{
	(void)state;
	endpoint_book_connected(book);
	lead(7);
	(void)submit(0, 7, JOB_A, "a");
	pump();
	(void)submit(1, 7, JOB_A, NULL);
	(void)submit(2, 7, JOB_F, NULL);
	pump();
	assert_null(served(JOB_A));
	expect("state 7;job-0a=a;one:0;job-0a=;three:0;two:0;");
}

static void only_the_epoch_of_the_term_may_write(void **state)
{
	(void)state;
	endpoint_book_connected(book);
	assert_int_equal(submit(0, 7, "dispatcher", "d"), ENDPOINT_FENCED);
	lead(7);
	assert_int_equal(submit(0, 6, "dispatcher", "d"), ENDPOINT_FENCED);
	assert_int_equal(submit(0, 8, "dispatcher", "d"), ENDPOINT_FENCED);
	pump();
	assert_int_equal(n_writes, 0);
}

static void a_new_term_does_not_take_over_what_the_old_one_published(void **state)
{
	(void)state;
	endpoint_book_connected(book);
	lead(7);
	(void)submit(0, 7, JOB_A, "a");
	(void)submit(1, 7, "dispatcher", "d");
	pump();
	lead(8);
	(void)submit(2, 8, JOB_B, "b");
	pump();
	assert_null(served(JOB_A));
	assert_null(served("dispatcher"));
	assert_string_equal(served(JOB_B), "b");
	assert_int_equal(endpoint_book_list(book, NULL, NULL), 1);
}

/* An elector started anew leads on: what its predecessor has published stays. */
static void a_resumed_term_keeps_what_is_there(void **state)
{
	(void)state;
	claim(7);
	put_znode(0x0a, "{\"version\":1,\"epoch\":7,\"components\":{\"" JOB_A "\":\"a\"}}");
	endpoint_book_begin(book, (struct epoch){ 7 }, "id7");
	(void)submit(0, 7, JOB_B, "b");
	pump();
	assert_int_equal(n_writes, 0); /* not before it has read */
	endpoint_book_connected(book);
	pump();
	assert_string_equal(served(JOB_A), "a");
	assert_string_equal(served(JOB_B), "b");
}

/* B1 for endpoints: the dead elector's write that lands late. */
static void a_late_write_of_the_predecessor_is_not_lost_and_overwrites_nothing(void **state)
{
	struct endpoint_action late = { .type = ENDPOINT_WRITE, .node = 0x0a };

	(void)state;
	endpoint_book_connected(book);
	lead(7);
	(void)submit(0, 7, JOB_A, "a");
	pump();
	late.version = znode[0x0a].version;
	late.text = "{\"version\":1,\"epoch\":7,\"components\":{\"" JOB_A "\":\"late\"}}";
	(void)submit(1, 7, JOB_B, "b");
	pump();
	assert_int_equal(write_znode(&late), ENDPOINT_OUT_STALE);
	/* and one that lands before ours */
	late.version = znode[0x0a].version;
	hold = true;
	(void)submit(2, 7, JOB_B, "bb");
	pump();
	assert_int_equal(write_znode(&late), ENDPOINT_OUT_DONE);
	hold = false;
	endpoint_book_wrote(book, 0x0a, write_znode(&held[0]), 0);
	pump();
	assert_string_equal(served(JOB_A), "late");
	assert_string_equal(served(JOB_B), "bb");
}

static void an_unknown_outcome_is_written_again(void **state)
{
	(void)state;
	endpoint_book_connected(book);
	lead(7);
	hold = true;
	(void)submit(0, 7, JOB_A, "a");
	pump();
	hold = false;
	assert_int_equal(write_znode(&held[0]), ENDPOINT_OUT_DONE); /* but nobody hears of it */
	endpoint_book_wrote(book, 0x0a, ENDPOINT_OUT_UNKNOWN, 0);
	endpoint_book_disconnected(book);
	pump();
	expect("state 7;"); /* not answered */
	(void)submit(1, 7, JOB_B, "b");
	endpoint_book_connected(book);
	pump();
	expect("job-0a=a;job-0a=b;one:0;two:0;");
	assert_string_equal(served(JOB_A), "a");
	assert_int_equal(znode[0x0a].version, 1);
}

static void at_the_end_of_the_term_nobody_waits_any_more(void **state)
{
	(void)state;
	endpoint_book_connected(book);
	lead(7);
	pump();
	hold = true;
	(void)submit(0, 7, JOB_A, "a"); /* unknown, then waiting */
	pump();
	endpoint_book_wrote(book, 0x0a, ENDPOINT_OUT_UNKNOWN, 0);
	endpoint_book_disconnected(book);
	(void)submit(1, 7, JOB_B, "b"); /* never sent */
	endpoint_book_end(book);
	pump();
	expect("state 7;one:7;two:2;");
	assert_int_equal(submit(2, 7, JOB_A, "a"), ENDPOINT_FENCED);
}

static void a_write_under_way_at_the_end_is_unknown(void **state)
{
	(void)state;
	endpoint_book_connected(book);
	lead(7);
	hold = true;
	(void)submit(0, 7, JOB_A, "a");
	pump();
	endpoint_book_end(book);
	pump();
	expect("state 7;one:7;");
	endpoint_book_wrote(book, 0x0a, write_znode(&held[0]), 0);
	pump();
	expect("job-0a=a;"); /* it was: kept until the next claim */
}

static void without_the_latch_nothing_was_done(void **state)
{
	(void)state;
	endpoint_book_connected(book);
	lead(7);
	pump();
	latch_gone = true;
	(void)submit(0, 7, JOB_A, "a");
	(void)submit(1, 7, JOB_F, "f");
	pump();
	expect("state 7;one:7;two:2;"); /* one of them was under way when the other was refused */
	assert_int_equal(endpoint_book_term(book).v, 0);
}

/* C3 */
static void a_shard_that_is_full_refuses_one_change_and_takes_the_others(void **state)
{
	char component[ENDPOINT_COMPONENT_MAX + 1], address[ENDPOINT_ADDRESS_MAX + 1];
	struct endpoint_action a;

	(void)state;
	endpoint_book_connected(book);
	lead(7);
	memset(address, 'x', ENDPOINT_ADDRESS_MAX);
	address[ENDPOINT_ADDRESS_MAX] = '\0';
	for (unsigned i = 0; i < 122; i++) { /* 1065 bytes each */
		(void)snprintf(component, sizeof(component), "job-0a%030u", i);
		(void)submit(0, 7, component, address);
	}
	pump();
	said[0] = '\0';
	(void)submit(1, 7, "job-0a000000000000000000000000000999", address);
	(void)submit(2, 7, "job-0a000000000000000000000000000998", address);
	(void)submit(3, 7, JOB_B, "b");
	assert_true(endpoint_book_next(book, &a));
	assert_int_equal(a.type, ENDPOINT_WRITE);
	assert_true(strlen(a.text) <= ENDPOINT_NODE_LIMIT);
	endpoint_book_wrote(book, 0x0a, write_znode(&a), znode[0x0a].version);
	assert_true(endpoint_book_next(book, &a));
	assert_int_equal(a.type, ENDPOINT_CHANGES);
	assert_true(endpoint_book_next(book, &a));
	assert_int_equal(a.type, ENDPOINT_REPLY);
	assert_string_equal(a.cookie, "three");
	assert_int_equal(a.result, ENDPOINT_TOO_LARGE);
	assert_true(a.size > ENDPOINT_NODE_LIMIT && a.size < ENDPOINT_NODE_LIMIT + 2000);
	pump();
	expect("two:0;four:0;");
	assert_string_equal(served(JOB_B), "b");
}

static void a_change_that_is_too_large_leaves_what_was_there(void **state)
{
	char component[ENDPOINT_COMPONENT_MAX + 1], address[ENDPOINT_ADDRESS_MAX + 1];

	(void)state;
	endpoint_book_connected(book);
	lead(7);
	memset(address, 'x', ENDPOINT_ADDRESS_MAX);
	address[ENDPOINT_ADDRESS_MAX] = '\0';
	(void)submit(0, 7, JOB_A, "short");
	(void)submit(0, 7, "job-0a000000000000000000000000000003",
	             address + ENDPOINT_ADDRESS_MAX - 60);
	for (unsigned i = 100; i < 222; i++) {
		(void)snprintf(component, sizeof(component), "job-0a%030u", i);
		(void)submit(0, 7, component, address);
	}
	(void)submit(1, 7, JOB_A, address);
	(void)submit(2, 7, JOB_B, "b");
	pump();
	assert_non_null(strstr(said, "two:3;"));
	assert_string_equal(served(JOB_A), "short");
	assert_string_equal(served(JOB_B), "b");
}

/* By the version of another write, or of none, it could only fail. */
static void nothing_is_written_before_its_node_was_read(void **state)
{
	struct endpoint_action a;

	(void)state;
	claim(7);
	put_znode(0x0a, "{\"version\":1,\"epoch\":7,\"components\":{}}");
	put_znode(0xff, "{\"version\":1,\"epoch\":7,\"components\":{}}");
	endpoint_book_begin(book, (struct epoch){ 7 }, "id7");
	(void)submit(0, 7, JOB_A, "a");
	(void)submit(1, 7, "dispatcher", "d");
	endpoint_book_connected(book);
	assert_true(endpoint_book_next(book, &a) && a.type == ENDPOINT_READ);
	assert_true(endpoint_book_next(book, &a) && a.type == ENDPOINT_LIST);
	assert_false(endpoint_book_next(book, &a));
	on_list();
	assert_true(endpoint_book_next(book, &a) && a.type == ENDPOINT_READ && a.node == 0xff);
	assert_true(endpoint_book_next(book, &a) && a.type == ENDPOINT_READ && a.node == 0x0a);
	on_read(0xff);
	assert_false(endpoint_book_next(book, &a));
	on_read(ENDPOINT_PROCESS);
	assert_true(endpoint_book_next(book, &a) && a.type == ENDPOINT_WRITE);
	assert_int_equal(a.node, ENDPOINT_PROCESS);
	assert_true(endpoint_book_next(book, &a) && a.type == ENDPOINT_LIST);
	assert_false(endpoint_book_next(book, &a)); /* the shard waits for its own */
	on_read(0x0a);
	assert_true(endpoint_book_next(book, &a) && a.type == ENDPOINT_WRITE && a.node == 0x0a);
	assert_int_equal(a.version, 0);
}

static void a_shard_waits_for_endpoints_too(void **state)
{
	struct endpoint_action a;

	(void)state;
	claim(7);
	endpoint_book_begin(book, (struct epoch){ 7 }, "id7");
	(void)submit(0, 7, JOB_A, "a");
	endpoint_book_connected(book);
	assert_true(endpoint_book_next(book, &a) && a.type == ENDPOINT_READ);
	assert_true(endpoint_book_next(book, &a) && a.type == ENDPOINT_LIST);
	on_list();
	assert_false(endpoint_book_next(book, &a)); /* not in the list: known to be absent */
	on_read(ENDPOINT_PROCESS);
	do
		assert_true(endpoint_book_next(book, &a));
	while (a.type == ENDPOINT_STATE);
	assert_true(a.type == ENDPOINT_WRITE && a.node == 0x0a);
	assert_int_equal(a.version, -1);
}

static void what_changes_while_it_is_read_is_read_once_more(void **state)
{
	struct endpoint_action a;

	(void)state;
	claim(7);
	endpoint_book_connected(book);
	pump();
	n_reads = 0;
	endpoint_book_changed(book, ENDPOINT_PROCESS);
	assert_true(endpoint_book_next(book, &a) && a.type == ENDPOINT_READ);
	endpoint_book_changed(book, ENDPOINT_PROCESS);
	endpoint_book_changed(book, ENDPOINT_PROCESS);
	assert_false(endpoint_book_next(book, &a));
	on_read(ENDPOINT_PROCESS);
	pump();
	assert_int_equal(n_reads, 1);
}

/* A5: without waiting for the watch. */
static void a_claim_is_read_back_at_once(void **state)
{
	(void)state;
	endpoint_book_connected(book);
	pump();
	expect("");
	lead(7);
	pump();
	expect("state 7;");
}

static void each_write_knows_the_version_of_the_one_before(void **state)
{
	(void)state;
	endpoint_book_connected(book);
	lead(7);
	for (unsigned i = 0; i < 4; i++) {
		(void)submit(i, 7, JOB_A, "a");
		pump();
	}
	assert_int_equal(n_writes, 4);
	assert_int_equal(znode[0x0a].version, 3);
}

static void a_new_term_ends_the_one_before(void **state)
{
	(void)state;
	endpoint_book_connected(book);
	lead(7);
	pump();
	hold = true;
	(void)submit(0, 7, JOB_A, "a");
	pump();
	(void)submit(1, 7, JOB_B, "b"); /* behind the one under way */
	lead(8);
	hold = false;
	endpoint_book_wrote(book, 0x0a, write_znode(&held[0]), 0); /* the same latch (A10) */
	pump();
	expect("state 7;job-0a=a;one:7;two:2;state 8;");
	assert_int_equal(endpoint_book_list(book, NULL, NULL), 0);
}

static void shards_are_found_when_endpoints_comes_later(void **state)
{
	(void)state;
	remove_by_hand(ENDPOINT_PROCESS); /* a member's first connect, before the parents */
	endpoint_book_connected(book);
	pump();
	expect("");
	claim(7);
	put_znode(0x0a, "{\"version\":1,\"epoch\":7,\"components\":{\"" JOB_A "\":\"a\"}}");
	endpoint_book_changed(book, ENDPOINT_PROCESS); /* once a second */
	pump();
	expect("state 7;job-0a=a;");
}

/* Else the followers at a deposed leader's daemon miss what the next one publishes. */
static void what_this_member_made_is_watched_too(void **state)
{
	(void)state;
	endpoint_book_connected(book);
	lead(7);
	(void)submit(0, 7, JOB_A, "a");
	pump();
	endpoint_book_end(book);
	claim(8);
	endpoint_book_changed(book, ENDPOINT_PROCESS); /* once a second */
	pump();
	expect("state 7;job-0a=a;one:0;state 8;");
	foreign_write(0x0a, "{\"version\":1,\"epoch\":8,\"components\":{\"" JOB_A "\":\"b\"}}");
	pump();
	expect("job-0a=b;");
	foreign_write(0xff, "{\"version\":1,\"epoch\":8,\"components\":{\"" JOB_F "\":\"f\"}}");
	pump();
	expect("job-ff=f;");
}

static void endpoints_made_by_this_member_are_watched_too(void **state)
{
	(void)state;
	endpoint_book_connected(book);
	lead(7);
	pump();
	remove_all_by_hand();
	endpoint_book_all_changed(book);
	(void)submit(0, 7, JOB_A, "a");
	pump();
	expect("state 7;job-0a=a;one:0;");
	foreign_write(0xff, "{\"version\":1,\"epoch\":7,\"components\":{\"" JOB_F "\":\"f\"}}");
	pump();
	expect("job-ff=f;");
}

static void endpoints_removed_by_hand_are_made_before_their_shards(void **state)
{
	(void)state;
	endpoint_book_connected(book);
	lead(7);
	pump();
	remove_all_by_hand();
	(void)submit(0, 7, JOB_A, "a");
	pump();
	assert_string_equal(served(JOB_A), "a");
	assert_string_equal(znode[ENDPOINT_PROCESS].text,
	                    "{\"version\":1,\"epoch\":7,\"leader_id\":\"id7\",\"components\":{}}");
	expect("state 7;job-0a=a;one:0;");
}

static void what_was_removed_by_hand_is_made_again(void **state)
{
	(void)state;
	endpoint_book_connected(book);
	lead(7);
	(void)submit(0, 7, JOB_A, "a");
	pump();
	remove_by_hand(0x0a);
	(void)submit(1, 7, JOB_B, "b");
	pump();
	assert_string_equal(served(JOB_B), "b");
	expect("state 7;job-0a=a;one:0;job-0a=;job-0a=b;two:0;");
}

static void there_is_a_limit_on_who_waits(void **state)
{
	(void)state;
	lead(7); /* not connected */
	for (unsigned i = 0; i < ENDPOINT_MAX_WAITING; i++)
		assert_int_equal(submit(0, 7, JOB_A, "a"), ENDPOINT_PENDING);
	assert_int_equal(submit(0, 7, JOB_A, "a"), ENDPOINT_BUSY);
	endpoint_book_end(book);
	pump();
	lead(8); /* they have been answered */
	assert_int_equal(submit(0, 8, JOB_A, "a"), ENDPOINT_PENDING);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(nothing_is_served_before_all_was_read),
		T(before_a_first_leader_there_is_epoch_0),
		T(changes_are_told_and_nothing_else),
		T(a_shard_that_comes_is_read_alone),
		T(a_shard_of_a_lower_epoch_is_empty),
		T(a_shard_that_is_ahead_waits_for_its_epoch),
		T(the_epoch_never_goes_back),
		T(what_cannot_be_read_leaves_what_was_served),
		T(many_shards_are_read_a_few_at_a_time),
		T(a_leader_writes_reads_back_and_serves),
		T(all_that_wait_share_one_write_of_each_node),
		T(one_write_of_a_node_is_under_way_at_a_time),
		T(removing_what_is_not_there_is_done_too),
		T(only_the_epoch_of_the_term_may_write),
		T(a_new_term_does_not_take_over_what_the_old_one_published),
		T(a_resumed_term_keeps_what_is_there),
		T(a_late_write_of_the_predecessor_is_not_lost_and_overwrites_nothing),
		T(an_unknown_outcome_is_written_again),
		T(at_the_end_of_the_term_nobody_waits_any_more),
		T(a_write_under_way_at_the_end_is_unknown),
		T(without_the_latch_nothing_was_done),
		T(a_shard_that_is_full_refuses_one_change_and_takes_the_others),
		T(a_change_that_is_too_large_leaves_what_was_there),
		T(nothing_is_written_before_its_node_was_read),
		T(a_shard_waits_for_endpoints_too),
		T(what_changes_while_it_is_read_is_read_once_more),
		T(a_claim_is_read_back_at_once),
		T(each_write_knows_the_version_of_the_one_before),
		T(a_new_term_ends_the_one_before),
		T(shards_are_found_when_endpoints_comes_later),
		T(what_this_member_made_is_watched_too),
		T(endpoints_made_by_this_member_are_watched_too),
		T(endpoints_removed_by_hand_are_made_before_their_shards),
		T(what_was_removed_by_hand_is_made_again),
		T(there_is_a_limit_on_who_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
