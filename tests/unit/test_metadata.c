/* SPDX-License-Identifier: Apache-2.0 */
/* Files that real Flinks wrote, and the parts of the grammar that none of those has, written here.
 */
#include "readiness/metadata.h"

#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- what was told, as text */

struct told {
	char text[4096];
	size_t n, n_operators;
	int64_t size[METADATA_N_PARTS_];
	int result; /* of each callback */
};

__attribute__((format(printf, 2, 3))) static void note(struct told *t, const char *format, ...)
{
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(t->text + t->n, sizeof(t->text) - t->n, format, ap);
	va_end(ap);
	t->n += (size_t)n < sizeof(t->text) - t->n ? (size_t)n : 0;
}

static int on_operator(void *userdata, const struct metadata_operator *op)
{
	struct told *t = userdata;

	t->n_operators++;
	note(t, "op %02x%02x %.*s/%.*s %d/%d%s\n", op->id[0], op->id[15], (int)op->name.size,
	     op->name.bytes, (int)op->uid.size, op->uid.bytes, op->parallelism, op->max_parallelism,
	     op->finished ? " finished" : "");
	return t->result;
}

static int on_subtask(void *userdata, int32_t subtask, bool finished)
{
	struct told *t = userdata;

	note(t, " subtask %d%s\n", subtask, finished ? " finished" : "");
	return t->result;
}

static int on_state(void *userdata, const struct metadata_state *state)
{
	struct told *t = userdata;

	note(t, "  state %.*s mode %d of %d\n", (int)state->name.size, state->name.bytes,
	     (int)state->mode, state->n_partitions);
	return t->result;
}

static int on_stream(void *userdata, const struct metadata_stream *s)
{
	struct told *t = userdata;

	note(t, "  stream %d %.*s %d\n", (int)s->location, (int)s->name.size, s->name.bytes,
	     (int)s->size);
	return t->result;
}

static int on_handle(void *userdata, const struct metadata_handle *h)
{
	struct told *t = userdata;

	if (h->depth == 0)
		t->size[h->part] += h->size;
	note(t, "  %u:handle part %d type %d groups %d+%d size %d\n", h->depth, (int)h->part,
	     h->type, h->first_key_group, h->n_key_groups, (int)h->size);
	return t->result;
}

static const struct metadata_visitor visitor = {
	.on_operator = on_operator,
	.on_subtask = on_subtask,
	.on_state = on_state,
	.on_stream = on_stream,
	.on_handle = on_handle,
};

/* ---- a file, written by hand */

static struct {
	uint8_t bytes[65536];
	size_t size;
} file;

static struct metadata_file head;
static struct input_error error;
static struct told told;

static void number(uint64_t v, unsigned size)
{
	for (unsigned i = size; i-- > 0;)
		file.bytes[file.size++] = (uint8_t)(v >> (8 * i));
}

#define BYTE(v) number((uint64_t)(v), 1)
#define INT(v)  number((uint64_t)(v), 4)
#define LONG(v) number((uint64_t)(v), 8)

static void text(const char *s)
{
	size_t n = strlen(s);

	number(n, 2);
	memcpy(file.bytes + file.size, s, n);
	file.size += n;
}

static void begin(int32_t version, int32_t n_operators)
{
	file.size = 0;
	INT(0x4960672d);
	INT(version);
	LONG(7); /* checkpoint */
	INT(0);
	INT(n_operators);
}

static void operator_head(int32_t parallelism, int32_t max)
{
	LONG(0x0102030405060708);
	LONG(0x090a0b0c0d0e0f10);
	INT(parallelism);
	INT(max);
}

static size_t properties_size;

static void properties(const char *of)
{
	size_t at = file.size;

	INT(0xaced0005);
	at += 4;
	text(of);
	properties_size = file.size - at;
}

static int reading(size_t size)
{
	/* Of its own size, so that a byte too far is seen. */
	uint8_t *copy = malloc(size ? size : 1);
	int r;

	memcpy(copy, file.bytes, size);
	memset(&told, 0, sizeof(told));
	memset(&error, 0, sizeof(error));
	r = metadata_read(copy, size, &visitor, &told, &head, &error);
	free(copy);
	return r;
}

static void reads(void)
{
	assert_int_equal(reading(file.size), 0);
}

static void refuses(uint64_t offset, const char *why)
{
	assert_int_equal(reading(file.size), -EBADMSG);
	assert_string_equal(error.text, why);
	assert_int_equal(error.offset, offset);
}

/* ---- files of real Flinks */

#define FIXTURES "/tests/data/flink-metadata"

static void load(const char *name)
{
	const char *top = getenv("top_srcdir");
	char path[512];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s" FIXTURES "/%s", top ? top : ".", name);
	f = fopen(path, "rb");
	assert_non_null(f);
	file.size = fread(file.bytes, 1, sizeof(file.bytes), f);
	assert_true(feof(f));
	(void)fclose(f);
}

static int any_size(const char *path, uint8_t **ret, size_t *ret_size)
{
	FILE *f = fopen(path, "rb");
	long size;

	if (!f || fseek(f, 0, SEEK_END) != 0 || (size = ftell(f)) < 0 || fseek(f, 0, SEEK_SET) != 0)
		return -1;
	*ret = malloc((size_t)size);
	*ret_size = fread(*ret, 1, (size_t)size, f);
	return fclose(f);
}

static void reads_the_files_of_real_flinks(void **state)
{
	const char *top = getenv("top_srcdir");
	unsigned n = 0, versions = 0;
	struct dirent *entry;
	char dir[512], path[1024];
	DIR *d;

	(void)state;
	(void)snprintf(dir, sizeof(dir), "%s" FIXTURES, top ? top : ".");
	d = opendir(dir);
	assert_non_null(d);
	while ((entry = readdir(d))) {
		uint8_t *bytes = NULL;
		size_t size = 0;

		if (entry->d_name[0] == '.' || strcmp(entry->d_name, "README.md") == 0)
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		assert_int_equal(any_size(path, &bytes, &size), 0);
		memset(&told, 0, sizeof(told));
		if (metadata_read(bytes, size, &visitor, &told, &head, &error) != 0)
			fail_msg("%s: at %zu: %s", path, (size_t)error.offset, error.text);
		assert_int_equal(told.n_operators, head.n_operators);
		assert_true(head.version < 4 || head.purpose != METADATA_UNKNOWN);
		versions |= 1u << head.version;
		n++;
		free(bytes);
	}
	(void)closedir(d);
	assert_int_equal(n, 218);
	assert_int_equal(versions, 1u << 2 | 1u << 3 | 1u << 4 | 1u << 6);
}

static void finds_names_and_uids(void **state)
{
	(void)state;
	load("counter-2.2.1-hashmap-savepoint-native");
	reads();
	assert_int_equal(head.version, 6);
	assert_int_equal(head.purpose, METADATA_NATIVE);
	assert_non_null(strstr(told.text, "Source: numbers/numbers 1/128\n"));
	assert_non_null(strstr(told.text, "counter/counter 1/128\n"));
	assert_true(told.size[METADATA_KEYED_MANAGED] > 0);
}

static void a_file_that_was_cut_is_named(void **state)
{
	(void)state;
	load("counter-1.20.5-rocksdb-checkpoint");
	reads();
	/* The last part is Java's: of it only the mark is read. */
	for (size_t size = 0; size < file.size; size++) {
		int r = reading(size);

		if (r == 0) {
			assert_true(size > file.size / 2);
			continue;
		}
		assert_int_equal(r, -EBADMSG);
		assert_true(error.text[0] != '\0' && error.offset <= size);
	}
	assert_int_equal(reading(100), -EBADMSG);
}

/* ---- the rest of the grammar */

static void one_of_each_stream(void)
{
	begin(5, 1);
	text("name");
	text("u");
	operator_head(2, 4);
	BYTE(1); /* coordinator: inlined */
	text("c");
	INT(3);
	number(0x414243, 3);
	INT(2);
	INT(1); /* subtask */
	INT(1);
	BYTE(17); /* file merging */
	INT(1);
	text("offsets");
	BYTE(1);
	INT(2);
	LONG(0);
	LONG(8);
	text("taskowned");
	text("shared");
	BYTE(0);
	BYTE(15);
	LONG(100);
	LONG(16);
	INT(1);
	text("file:/s/merged");
	text("id");
	INT(0);  /* no raw operator state */
	BYTE(3); /* keyed */
	INT(2);
	INT(2);
	LONG(1);
	LONG(2);
	BYTE(3); /* a stream that is a handle */
	INT(2);
	INT(1);
	LONG(1);
	BYTE(2);
	LONG(1000);
	text("hdfs://h/f");
	BYTE(0);
	INT(1); /* input channels */
	INT(1);
	INT(0);
	INT(0);
	INT(1);
	LONG(0);
	LONG(5);
	BYTE(16);
	INT(0);  /* no output channels */
	INT(-1); /* subtask 0 has finished */
	properties("org.apache.flink.runtime.checkpoint.CheckpointType");
}

static void reads_what_no_fixture_has(void **state)
{
	(void)state;
	one_of_each_stream();
	reads();
	assert_int_equal(head.purpose, METADATA_CHECKPOINT);
	assert_int_equal(head.checkpoint_id, 7);
	assert_string_equal(told.text, "op 0110 name/u 2/4\n"
	                               "  stream 0 c 3\n"
	                               "  0:handle part 0 type 0 groups 0+0 size 3\n"
	                               " subtask 1\n"
	                               "  state offsets mode 1 of 2\n"
	                               "  stream 3 file:/s/merged 16\n"
	                               "  0:handle part 1 type 17 groups 0+0 size 16\n"
	                               "  stream 1 hdfs://h/f 1000\n"
	                               "  0:handle part 3 type 3 groups 2+2 size 1000\n"
	                               "  0:handle part 5 type 0 groups 0+0 size 5\n"
	                               " subtask 0 finished\n");
}

static void a_cut_anywhere_is_noticed(void **state)
{
	(void)state;
	one_of_each_stream();
	for (size_t size = 0; size < file.size - properties_size; size++)
		assert_int_equal(reading(size), -EBADMSG);
}

static void an_operator_that_has_finished_holds_nothing(void **state)
{
	(void)state;
	begin(3, 2);
	operator_head(1, 128);
	BYTE(0);
	INT(-1);
	operator_head(3, 128);
	BYTE(0);
	INT(0);
	reads();
	assert_string_equal(told.text, "op 0110 / 1/128 finished\nop 0110 / 3/128\n");
	assert_int_equal(head.purpose, METADATA_UNKNOWN);
}

static void changelogs_tell_their_parts(void **state)
{
	(void)state;
	begin(3, 1);
	operator_head(1, 128);
	BYTE(0);
	INT(1);
	INT(0);
	INT(0);
	INT(0);
	BYTE(14);
	INT(0);
	INT(128);
	LONG(9);
	INT(1);
	BYTE(5); /* materialized: RocksDB */
	LONG(1);
	text("uuid");
	INT(0);
	INT(128);
	BYTE(0);
	INT(1);
	text("000001.sst");
	BYTE(6);
	text("sst");
	LONG(70);
	INT(0);
	INT(2);
	BYTE(10); /* changes: in a file, and inlined */
	INT(0);
	INT(128);
	INT(1);
	LONG(0);
	BYTE(2);
	LONG(500);
	text("file:/dstl");
	LONG(40);
	LONG(40);
	text("h");
	BYTE(9);
	INT(0);
	INT(128);
	LONG(0);
	LONG(1);
	INT(1);
	INT(5);
	INT(2);
	number(0x4141, 2);
	text("h");
	LONG(3);
	LONG(7);
	text("h");
	BYTE(0);
	INT(0);
	INT(0);
	reads();
	assert_string_equal(told.text, "op 0110 / 1/128\n"
	                               " subtask 0\n"
	                               "  stream 2 sst 70\n"
	                               "  1:handle part 3 type 5 groups 0+128 size 70\n"
	                               "  stream 1 file:/dstl 500\n"
	                               "  1:handle part 3 type 10 groups 0+128 size 40\n"
	                               "  stream 0  2\n"
	                               "  1:handle part 3 type 9 groups 0+128 size 2\n"
	                               "  0:handle part 3 type 14 groups 0+128 size 112\n");
}

static void merged_channels_and_references_are_of_later_versions(void **state)
{
	(void)state;
	begin(7, 1);
	text("");
	text("");
	operator_head(1, 128);
	BYTE(0);
	INT(1);
	INT(0);
	INT(0);
	INT(0);
	BYTE(0);
	BYTE(0);
	INT(2);
	BYTE(3);
	INT(0);
	LONG(11);
	BYTE(2);
	LONG(11);
	text("f");
	INT(2);
	number(0, 2);
	BYTE(1);
	INT(0);
	INT(0);
	INT(0);
	INT(0);
	LONG(4);
	BYTE(0);
	INT(0);
	BYTE(1);
	LONG(12);
	properties("org.apache.flink.runtime.checkpoint.SavepointType CANONICAL");
	reads();
	assert_int_equal(told.size[METADATA_INPUT_CHANNEL], 15);
	assert_int_equal(head.purpose, METADATA_CANONICAL);
}

static void master_states_are_passed_over(void **state)
{
	(void)state;
	begin(3, 0);
	file.size -= 8;
	INT(1);
	INT(0xc96b1696);
	INT(13);
	INT(1);
	text("abc");
	INT(0);
	INT(0); /* operators */
	reads();
	assert_int_equal(head.n_master_states, 1);
	file.bytes[23] = 0x97;
	refuses(20, "no mark of a master state");
	file.bytes[23] = 0x96;
	file.bytes[27] = 12;
	refuses(20, "master state is not of the size that it says");
}

/* ---- what is wrong is said */

static void says_what_is_wrong_and_where(void **state)
{
	(void)state;
	file.size = 0;
	text("not at all");
	refuses(0, "no checkpoint or savepoint: its first four bytes are not 49 60 67 2d");
	begin(1, 0);
	refuses(4, "version 1 of the format is not known, only 2 to 7 are");
	begin(8, 0);
	refuses(4, "version 8 of the format is not known, only 2 to 7 are");
	begin(3, 1000);
	refuses(20, "1000 operators do not fit into the 0 bytes that are left");
	begin(3, -1);
	refuses(20, "number of operators is negative: -1");
	begin(4, 0);
	refuses(24,
	        "the file ends within properties of the checkpoint: 4 bytes expected, 0 are left");
	begin(4, 0);
	INT(5);
	refuses(24, "no properties of the checkpoint");
	begin(3, 1);
	operator_head(4, 2);
	BYTE(0);
	INT(0);
	refuses(40, "parallelism 4 with a maximum of 2 (operator 0, state of its coordinator)");
	begin(3, 1);
	operator_head(2, 128);
	BYTE(0);
	INT(1);
	INT(2);
	refuses(53, "subtask 2 of an operator with parallelism 2 (operator 0, state of its "
	            "coordinator)");
	begin(3, 1);
	operator_head(2, 128);
	BYTE(0);
	INT(1);
	INT(1);
	INT(0);
	INT(0);
	BYTE(99);
	refuses(65, "type 99 is none of keyed state (operator 0, subtask 1, keyed state)");
}

static void depth_is_bounded(void **state)
{
	(void)state;
	begin(3, 1);
	operator_head(1, 128);
	BYTE(3);
	for (int i = 0; i < 40; i++) {
		INT(0);
		INT(0);
		BYTE(3);
	}
	assert_int_equal(reading(file.size), -EBADMSG);
	assert_non_null(strstr(error.text, "state within state, more than 16 times"));
}

static void a_visitor_ends_the_reading(void **state)
{
	(void)state;
	one_of_each_stream();
	memset(&told, 0, sizeof(told));
	told.result = -ENOMEM;
	assert_int_equal(metadata_read(file.bytes, file.size, &visitor, &told, &head, &error),
	                 -ENOMEM);
	assert_string_equal(told.text, "op 0110 name/u 2/4\n");
}

#define T cmocka_unit_test

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(reads_the_files_of_real_flinks),
		T(finds_names_and_uids),
		T(a_file_that_was_cut_is_named),
		T(reads_what_no_fixture_has),
		T(a_cut_anywhere_is_noticed),
		T(an_operator_that_has_finished_holds_nothing),
		T(changelogs_tell_their_parts),
		T(merged_channels_and_references_are_of_later_versions),
		T(master_states_are_passed_over),
		T(says_what_is_wrong_and_where),
		T(depth_is_bounded),
		T(a_visitor_ends_the_reading),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
