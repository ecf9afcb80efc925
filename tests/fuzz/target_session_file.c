/* SPDX-License-Identifier: Apache-2.0 */
/* The file `session` (daemon/session_file.h), as it is found after a crash, or edited. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "daemon/session_file.h"
#include "tests/fuzz/fuzz.h"

/* In memory: renames on a disk wait for it. */
static char folder[] = "/dev/shm/jmha-fuzz-XXXXXX";
static char file[sizeof(folder) + sizeof("/session")];
static bool made;

static void remove_folder(void)
{
	(void)unlink(file);
	(void)rmdir(folder);
}

static void make_folder(void)
{
	made = mkdtemp(folder) != NULL;
	HOLDS(made);
	(void)snprintf(file, sizeof(file), "%s/session", folder);
	HOLDS(atexit(remove_folder) == 0);
}

static void put(const uint8_t *data, size_t size)
{
	CLEANUP(closep) int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	HOLDS(fd >= 0);
	HOLDS(write(fd, data, size) == (ssize_t)size);
}

static size_t get(char *ret, size_t size)
{
	CLEANUP(closep) int fd = open(file, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, ret, size);
	struct stat st;

	HOLDS(n >= 0 && fstat(fd, &st) == 0 && (st.st_mode & 07777) == 0600);
	return (size_t)n;
}

/* D14: of what stands in the file, nothing stands in a message. */
static void check_silent(const char *text, const uint8_t *data, size_t size)
{
	enum { PART = 8 };

	for (size_t i = 0; i + PART <= size; i++) {
		const char *part = (const char *)data + i;
		bool digits = true;

		for (size_t k = 0; k < PART; k++)
			digits = digits && part[k] != '\0' && strchr("0123456789abcdef", part[k]);
		if (digits)
			HOLDS(!memmem(text, strlen(text), part, PART));
	}
}

static void run(const uint8_t *data, size_t size)
{
	struct session_file s, again;
	struct session_file_error error = { .text = "" };
	char first[1024], second[1024];
	size_t n;
	int r;

	if (!made)
		make_folder();
	put(data, size);
	memset(&s, 0, sizeof(s));
	memset(&again, 0, sizeof(again));
	r = session_file_load(folder, &s, &error);
	HOLDS(r == 0 || r == -EBADMSG);
	if (r < 0) {
		HOLDS(strstr(error.text, file) && strstr(error.text, "(line "));
		check_silent(error.text, data, size);
		return;
	}
	HOLDS(strlen(s.session) == 16 && strlen(s.password) == 32 && strlen(s.nonce) == 16);
	HOLDS(s.session_ms > 0 && s.session_ms <= INT32_MAX && !strchr(s.latch, '/'));
	HOLDS(session_file_save(folder, &s) == 0);
	n = get(first, sizeof(first));
	HOLDS(session_file_load(folder, &again, &error) == 0);
	HOLDS(strcmp(s.session, again.session) == 0 && strcmp(s.password, again.password) == 0 &&
	      strcmp(s.nonce, again.nonce) == 0 && strcmp(s.latch, again.latch) == 0 &&
	      s.session_ms == again.session_ms && s.epoch == again.epoch);
	HOLDS(session_file_save(folder, &again) == 0);
	HOLDS(get(second, sizeof(second)) == n && memcmp(first, second, n) == 0);
}
FUZZ_TARGET(session_file, run)
