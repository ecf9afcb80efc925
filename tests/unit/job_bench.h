/* SPDX-License-Identifier: Apache-2.0 */
/* For tests of readiness/: files of tests/data, and findings as one line. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "readiness/findings.h"

/* All of a file below tests/data; the caller frees it. */
static inline char *bench_read(const char *name, size_t *ret_size)
{
	const char *top = getenv("top_srcdir");
	char path[512], *bytes = malloc(1 << 20);
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/tests/data/%s", top ? top : ".", name);
	f = fopen(path, "rbe");
	if (!bytes || !f) {
		(void)fprintf(stderr, "%s cannot be read\n", path);
		abort();
	}
	*ret_size = fread(bytes, 1, 1 << 20, f);
	(void)fclose(f);
	return bytes;
}

/* Codes in their order, "!" behind an error, "?" behind advice, "=" behind what is fine. */
static inline const char *bench_codes(const struct findings *f)
{
	static const char signs[FINDING_N_SEVERITIES_][2] = { "=", "?", "", "!" };
	static char text[1024];

	text[0] = '\0';
	for (size_t i = 0; i < f->n; i++) {
		size_t n = strlen(text);

		(void)snprintf(text + n, sizeof(text) - n, "%s%s%s", i ? " " : "", f->item[i].code,
		               signs[f->item[i].severity]);
	}
	return text;
}
