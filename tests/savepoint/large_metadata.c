/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes a _metadata file of format 4 to standard output, as large as one likes: incremental
 * RocksDB state, of which each subtask of each operator has so many files.  All of them are in s3,
 * so that nothing is looked for.
 *
 *   large_metadata OPERATORS SUBTASKS FILES       8 100 900: 100 MB
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put(uint64_t n, int size)
{
	while (size-- > 0)
		(void)putchar((int)(n >> 8 * size & 0xff));
}

static void put_text(const char *text)
{
	put(strlen(text), 2);
	(void)fputs(text, stdout);
}

static void put_file(uint64_t number)
{
	char name[120];

	(void)snprintf(name, sizeof(name), "%06" PRIu64 ".sst", number);
	put_text(name);
	put(2, 1); /* a file with a URI */
	put(1000 + number % 1000, 8);
	(void)snprintf(name, sizeof(name),
	               "s3://checkpoints/0a1b2c3d4e5f60718293a4b5c6d7e8f9/shared/%08" PRIx64
	               "-4b7a-4c1d-9e5f-2a3b4c5d6e7f",
	               number);
	put_text(name);
}

static void put_keyed(uint64_t first, uint64_t n_files)
{
	put(11, 1); /* incremental, second version */
	put(7, 8);
	put_text("5f2c8a4e-1b3d-4c6f-8a9b-0c1d2e3f4a5b");
	put(0, 4);
	put(1, 4);
	put(1000, 8);
	put(0, 1); /* no file of metadata */
	put(n_files, 4);
	for (uint64_t i = 0; i < n_files; i++)
		put_file(first + i);
	put(0, 4); /* no private ones */
	put_text("handle");
}

static void put_subtask(uint64_t index, uint64_t first, uint64_t n_files)
{
	put(index, 4);
	put(0, 4); /* no operator state */
	put(0, 4);
	put_keyed(first, n_files);
	put(0, 1); /* no raw keyed state */
	put(0, 4); /* no channels */
	put(0, 4);
}

int main(int argc, char **argv)
{
	uint64_t n[3] = { 0 }, first = 0;

	if (argc != 4) {
		(void)fputs("usage: large_metadata OPERATORS SUBTASKS FILES\n", stderr);
		return 2;
	}
	for (int i = 0; i < 3; i++)
		n[i] = strtoul(argv[i + 1], NULL, 10);
	put(0x4960672d00000004, 8);
	put(7, 8);
	put(0, 4); /* no master state */
	put(n[0], 4);
	for (uint64_t op = 0; op < n[0]; op++) {
		put(op, 8); /* its ID */
		put(op, 8);
		put(n[1], 4);
		put(n[1], 4);
		put(0, 1); /* no coordinator */
		put(n[1], 4);
		for (uint64_t i = 0; i < n[1]; i++, first += n[2])
			put_subtask(i, first, n[2]);
	}
	put(0xaced0005, 4);
	(void)fputs("CheckpointType", stdout);
	return fflush(stdout) == 0 ? 0 : 1;
}
