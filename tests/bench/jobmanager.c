/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A JobManager that says when it began, and for which epoch, and then waits to be ended:
 *
 *	jobmanager FIFO
 *
 * writes "epoch time-in-ns member" with the time of CLOCK_MONOTONIC when main() was entered.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	const char *epoch = getenv("JMHA_EPOCH"), *member = getenv("JMHA_MEMBER");
	struct timespec ts;
	char line[256];
	int fd, n;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	if (argc < 2 || !epoch || !member) {
		(void)fprintf(stderr, "usage: jobmanager FIFO, with JMHA_EPOCH and JMHA_MEMBER\n");
		return 2;
	}
	n = snprintf(line, sizeof(line), "%s %lld %s\n", epoch,
	             (long long)ts.tv_sec * 1000000000 + ts.tv_nsec, member);
	fd = open(argv[1], O_WRONLY | O_NONBLOCK | O_CLOEXEC); /* nobody may be reading */
	if (fd >= 0 && n > 0 && (size_t)n < sizeof(line) && write(fd, line, (size_t)n) != n)
		return 1;
	for (;;)
		(void)pause();
}
