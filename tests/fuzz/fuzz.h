/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzzing: one target for each input that comes from outside.  A target is one file target_NAME.c,
 * its line in local.mk and its corpus, corpus/NAME.  Two programs run them: `fuzz` (libFuzzer,
 * configure --enable-fuzz) looks for new inputs, `replay` (any compiler) repeats the corpus.
 *
 * Threads: none.  A target keeps nothing from one input to the next.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct fuzz_target {
	const char *name;
	void (*run)(const uint8_t *data, size_t size);
	const struct fuzz_target *next; /* of the registry */
};

/* By their names. */
const struct fuzz_target *fuzz_targets(void);
void fuzz_register(struct fuzz_target *target);

/* What `fuzz` and `replay` are made of: FUZZ_TARGET(NAME, function). */
#define FUZZ_TARGET(target_name, function)                                                 \
	static struct fuzz_target target_##target_name = { #target_name, function, NULL }; \
	__attribute__((constructor)) static void add_target_##target_name(void)            \
	{                                                                                  \
		fuzz_register(&target_##target_name);                                      \
	}

/* A promise beyond "does not crash": says which one is broken, and aborts. */
#define HOLDS(condition) \
	((condition) ? (void)0 : fuzz_broken(#condition, __FILE__, __LINE__, __func__))
_Noreturn void fuzz_broken(const char *condition, const char *file, int line, const char *function);
