/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Repeats inputs without libFuzzer, in any build:
 *
 *	replay                  the corpus of every target, one case each (TAP)
 *	replay TARGET FILE...   these files
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "tests/fuzz/fuzz.h"

static void fclosep(FILE **f)
{
	if (*f)
		(void)fclose(*f);
}

/* In memory of exactly its size, so that a sanitizer sees the first byte beyond. */
static int read_whole(const char *path, uint8_t **ret, size_t *ret_size)
{
	CLEANUP(fclosep) FILE *f = fopen(path, "re");
	CLEANUP(freep) uint8_t *bytes = NULL;
	long size;

	if (!f || fseek(f, 0, SEEK_END) < 0 || (size = ftell(f)) < 0)
		return -errno;
	rewind(f);
	bytes = malloc(size > 0 ? (size_t)size : 1);
	if (!bytes)
		return -ENOMEM;
	if (fread(bytes, 1, (size_t)size, f) != (size_t)size)
		return -EIO;
	*ret_size = (size_t)size;
	*ret = TAKE_PTR(bytes);
	return 0;
}

/* The file is named first: what ends the process then stands below it. */
static int replay(const struct fuzz_target *target, const char *path)
{
	CLEANUP(freep) uint8_t *bytes = NULL;
	size_t size = 0;
	int r;

	printf("# %s: %s\n", target->name, path);
	(void)fflush(stdout);
	r = read_whole(path, &bytes, &size);
	if (r < 0)
		printf("# cannot be read: %s\n", strerror(-r));
	else
		target->run(bytes, size);
	return r;
}

static int is_input(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

/* Number of inputs; negative when a file could not be read. */
static int replay_corpus(const struct fuzz_target *target, const char *top)
{
	struct dirent **found = NULL;
	char folder[PATH_MAX], path[PATH_MAX];
	int n, r = 0;

	(void)snprintf(folder, sizeof(folder), "%s/tests/fuzz/corpus/%s", top, target->name);
	n = scandir(folder, &found, is_input, alphasort);
	for (int i = 0; i < n; i++) {
		if (snprintf(path, sizeof(path), "%s/%s", folder, found[i]->d_name) >= PATH_MAX)
			r = -ENAMETOOLONG;
		if (r == 0)
			r = replay(target, path);
		free(found[i]);
	}
	free(found);
	return r < 0 ? r : n;
}

static int replay_all(const char *top)
{
	int failed = 0, number = 0;

	for (const struct fuzz_target *t = fuzz_targets(); t; t = t->next) {
		int n = replay_corpus(t, top);

		/* Nothing to look at is a failure, too. */
		printf("%sok %d - %s: %d inputs\n", n > 0 ? "" : "not ", ++number, t->name,
		       n > 0 ? n : 0);
		failed |= n <= 0;
	}
	printf("1..%d\n", number);
	return failed;
}

int main(int argc, char **argv)
{
	const char *top = getenv("top_srcdir");
	const struct fuzz_target *t;
	int failed = 0;

	if (argc < 2)
		return replay_all(top ? top : ".");
	for (t = fuzz_targets(); t && strcmp(t->name, argv[1]) != 0;)
		t = t->next;
	if (!t || argc < 3) {
		(void)fprintf(stderr, t ? "replay: %s: which file?\n" : "replay: no target %s\n",
		              argv[1]);
		return 2;
	}
	for (int i = 2; i < argc; i++)
		failed |= replay(t, argv[i]) < 0;
	return failed;
}
