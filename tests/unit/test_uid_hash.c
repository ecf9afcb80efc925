/* SPDX-License-Identifier: Apache-2.0 */
#include "readiness/uid_hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"

static void gives(const char *uid, size_t size, const char *hex)
{
	uint8_t id[UID_HASH_SIZE];
	char text[2 * UID_HASH_SIZE + 1];

	uid_hash(uid, size, id);
	text_hex(id, sizeof(id), text);
	assert_string_equal(text, hex);
}

/* As real Flinks logged them or wrote them into their checkpoints. */
static void gives_the_ids_of_flink(void **state)
{
	static const struct {
		const char *uid, *id;
	} known[] = {
		{ "CheckpointingSource1", "69f32d314b97c6f7f9ed7873983167f2" },
		{ "CheckpointingSource2", "1f2b5df5a66154aca61fcb26193792be" },
		{ "BrProcess1", "12d7d939fd56473cac7cff0603179a41" },
		{ "uid", "0e1febe90327d1cea326114660ec1de8" },
		{ "0123456789abcdef", "a7d14acf946de04bda08a7635c5bc387" },
		{ "0123456789abcdefg", "def945aa2d61328eee72c306c2f40008" },
		{ "r\xc3\xa4ksm\xc3\xb6rg\xc3\xa5s", "c0e62bde2fe449ba69e853de3954ddef" },
		{ "", "00000000000000000000000000000000" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		gives(known[i].uid, strlen(known[i].uid), known[i].id);
}

/* Without a uid Flink hashes the number of nodes before it, once for the node and once for each
 * output that is chained. */
static void gives_the_ids_of_operators_without_uid(void **state)
{
	(void)state;
	gives("\0\0\0\0", 4, "bc764cd8ddf7a0cff126f51c16239658");
	gives("\0\0\0\0\0\0\0\0", 8, "cbc357ccb763df2852fee8c4fc7d55f2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_the_ids_of_flink),
		cmocka_unit_test(gives_the_ids_of_operators_without_uid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
