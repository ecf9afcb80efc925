/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct fuzz_target *first;

const struct fuzz_target *fuzz_targets(void)
{
	return first;
}

void fuzz_register(struct fuzz_target *target)
{
	const struct fuzz_target **at = &first;

	/* The list's links are of the registry; targets are seen as constants by everybody else. */
	while (*at && strcmp((*at)->name, target->name) < 0)
		at = &((struct fuzz_target *)(uintptr_t)*at)->next;
	target->next = *at;
	*at = target;
}

/* libconfig 1.5 leaks a string of each file with a wrong line in it. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libconfig.so";
}

_Noreturn void fuzz_broken(const char *condition, const char *file, int line, const char *function)
{
	(void)fprintf(stderr, "%s:%d: %s: does not hold: %s\n", file, line, function, condition);
	abort();
}
