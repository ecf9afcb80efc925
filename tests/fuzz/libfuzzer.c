/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program `fuzz`: libFuzzer on the target that FUZZ_TARGET names.  By the environment, since
 * libFuzzer starts itself anew for a merge, with arguments of its own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct fuzz_target *target;

/* Found only by who sees which bytes lead on: shows that the build is instrumented. */
static void known_bad(const uint8_t *data, size_t size)
{
	HOLDS(!(size > 3 && data[0] == 'J' && data[1] == 'M' && data[2] == 'H' && data[3] == 'A'));
}
FUZZ_TARGET(known_bad, known_bad)

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *name = getenv("FUZZ_TARGET");

	(void)argc;
	(void)argv;
	for (target = fuzz_targets(); target; target = target->next)
		if (name && strcmp(target->name, name) == 0)
			return 0;
	(void)fprintf(stderr, "FUZZ_TARGET must be one of:");
	for (target = fuzz_targets(); target; target = target->next)
		(void)fprintf(stderr, " %s", target->name);
	(void)fputc('\n', stderr);
	exit(2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	target->run(data, size);
	return 0;
}
