/* SPDX-License-Identifier: Apache-2.0 */
#include "base/crc32c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* RFC 3720, appendix B.4. */
static void gives_the_sums_of_rfc_3720(void **state)
{
	uint8_t b[32];

	(void)state;
	memset(b, 0, sizeof(b));
	assert_int_equal(crc32c(0, b, sizeof(b)), 0x8a9136aa);
	memset(b, 0xff, sizeof(b));
	assert_int_equal(crc32c(0, b, sizeof(b)), 0x62a8ab43);
	for (unsigned i = 0; i < 32; i++)
		b[i] = (uint8_t)i;
	assert_int_equal(crc32c(0, b, sizeof(b)), 0x46dd794e);
	assert_int_equal(crc32c(0, "123456789", 9), 0xe3069283);
}

static void goes_on_from_an_earlier_sum(void **state)
{
	(void)state;
	assert_int_equal(crc32c(crc32c(0, "12345", 5), "6789", 4), 0xe3069283);
	assert_int_equal(crc32c(7, NULL, 0), 7);
}

/* Of every length that ends in or between words, at every distance from one. */
static void the_processor_and_the_table_agree(void **state)
{
	uint8_t b[80];

	(void)state;
	for (unsigned i = 0; i < sizeof(b); i++)
		b[i] = (uint8_t)(i * 167 + 13);
	for (unsigned from = 0; from < 8; from++)
		for (unsigned size = 0; size <= 64; size++)
			assert_int_equal(crc32c(size, b + from, size),
			                 crc32c_by_table(size, b + from, size));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_the_sums_of_rfc_3720),
		cmocka_unit_test(goes_on_from_an_earlier_sum),
		cmocka_unit_test(the_processor_and_the_table_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
