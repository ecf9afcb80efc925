/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/class_archive.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

enum { FINGERPRINT = 16 }; /* hex digits */

/* "jmha-MEMBER-<16 hex>-<bytes>.jsa": its size; false = another file. */
static bool parse_name(const char *name, const char *member, uint64_t *ret_size)
{
	size_t n = strlen(member);
	char end[8] = "";

	if (strncmp(name, "jmha-", 5) != 0 || strncmp(name + 5, member, n) != 0)
		return false;
	name += 5 + n;
	if (name[0] != '-' || strspn(name + 1, "0123456789abcdef") != FINGERPRINT)
		return false;
	name += 1 + FINGERPRINT;
	return sscanf(name, "-%" SCNu64 "%7s", ret_size, end) == 2 && strcmp(end, ".jsa") == 0;
}

int class_archive_find(const char *dir, const char *member, char *ret, size_t size)
{
	CLEANUP(closedirp) DIR *d = opendir(dir);
	const struct dirent *entry;
	struct timespec newest = { .tv_sec = -1 };
	int found = 0, n;

	if (!d)
		return -errno;
	while ((entry = readdir(d))) {
		struct stat st;
		uint64_t bytes;

		if (!parse_name(entry->d_name, member, &bytes) ||
		    fstatat(dirfd(d), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    !S_ISREG(st.st_mode) || (uint64_t)st.st_size != bytes ||
		    (st.st_uid != geteuid() && st.st_uid != 0) || /* it is code */
		    st.st_mtim.tv_sec < newest.tv_sec)
			continue;
		n = snprintf(ret, size, "%s/%s", dir, entry->d_name);
		if (n < 0 || (size_t)n >= size)
			return -ENAMETOOLONG;
		newest = st.st_mtim;
		found = 1;
	}
	return found;
}

int class_archive_set_environment(const char *dir, const char *member)
{
	const char *before = getenv("JDK_JAVA_OPTIONS");
	char path[PATH_MAX], options[2 * PATH_MAX];
	int r = class_archive_find(dir, member, path, sizeof(path)), n;

	if (r < 0)
		return r;
	/* The JVM takes the last of two options that contradict each other. */
	n = snprintf(options, sizeof(options),
	             "-XX:+IgnoreUnrecognizedVMOptions -Xlog:cds=off %s%s%s%s",
	             r > 0 ? "-XX:+VerifySharedSpaces -XX:SharedArchiveFile="
	                   : "-XX:+RecordDynamicDumpInfo",
	             r > 0 ? path : "", before ? " " : "", before ? before : "");
	if (n < 0 || (size_t)n >= sizeof(options))
		return -E2BIG;
	if (setenv("JDK_JAVA_OPTIONS", options, 1) < 0 || setenv("JMHA_CLASS_ARCHIVE", dir, 1) < 0)
		return -errno;
	return 0;
}

unsigned class_archive_drop(const char *dir, const char *member)
{
	CLEANUP(closedirp) DIR *d = opendir(dir);
	const struct dirent *entry;
	unsigned n = 0;
	uint64_t bytes;

	while (d && (entry = readdir(d)))
		if (parse_name(entry->d_name, member, &bytes))
			n += unlinkat(dirfd(d), entry->d_name, 0) == 0;
	return n;
}
