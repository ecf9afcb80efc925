/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A JobManager that only bears witness: while it lives, it appends lines
 *
 *	epoch pid time-in-ms member
 *
 * to one file that all members share, each in a single write.  tests/lib/witnesses reads it back:
 * had two of them been granted at once, their lines would be mixed.
 *
 *	witness FILE [MS]      a line every MS milliseconds (5)
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static long now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int bear_witness(int fd, const char *epoch, const char *member)
{
	char line[256];
	int n = snprintf(line, sizeof(line), "%s %ld %ld %s\n", epoch, (long)getpid(), now_ms(),
	                 member);

	if (n < 0 || (size_t)n >= sizeof(line))
		return -EMSGSIZE;
	return write(fd, line, (size_t)n) == n ? 0 : -EIO;
}

int main(int argc, char **argv)
{
	const char *epoch = getenv("JMHA_EPOCH"), *member = getenv("JMHA_MEMBER");
	long every = argc > 2 ? strtol(argv[2], NULL, 10) : 5;
	struct timespec pause = { .tv_sec = every / 1000, .tv_nsec = every % 1000 * 1000000 };
	int fd;

	if (argc < 2 || !epoch || !member || every < 1) {
		(void)fprintf(stderr,
		              "usage: witness FILE [MS], with JMHA_EPOCH and JMHA_MEMBER\n");
		return 2;
	}
	fd = open(argv[1], O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0) {
		perror(argv[1]);
		return 1;
	}
	while (bear_witness(fd, epoch, member) == 0)
		(void)nanosleep(&pause, NULL);
	return 1;
}
