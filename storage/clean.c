/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/clean.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fault_point.h"
#include "base/text.h"
#include "storage/segment.h"
#include "storage/snapshot.h"

/* The snapshot is taken at a place in a file, which is kept with all behind it. */
static bool old_segment(const struct clean_request *request, const char *name)
{
	const struct log_position *at = &request->previous.at;
	uint64_t epoch, segment;

	return segment_name_parse(name, &epoch, &segment) == 0 && epoch <= request->epoch &&
	       (epoch < at->epoch || (epoch == at->epoch && segment < at->segment));
}

static bool old_snapshot(const struct clean_request *request, const char *name)
{
	uint64_t epoch, sequence;

	return (snapshot_name_parse(name, &epoch, &sequence) == 0 ||
	        snapshot_temporary_parse(name, &epoch, &sequence) == 0) &&
	       epoch <= request->epoch && sequence < request->previous.at.sequence;
}

struct cleaned {
	unsigned n;
	char left[NAME_MAX + 16]; /* below the folder of the cluster: the first that stays */
};

static int clean_dir(const struct clean_request *request, int cluster_fd, const char *name,
                     bool (*is_old)(const struct clean_request *, const char *),
                     struct cleaned *ret)
{
	int fd = openat(cluster_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	const struct dirent *e;
	int r = 0;
	DIR *dir;

	if (fd < 0)
		return -errno;
	dir = fdopendir(fd);
	if (!dir) {
		r = -errno;
		(void)close(fd);
		return r;
	}
	while (errno = 0, (e = readdir(dir))) {
		if (!is_old(request, e->d_name))
			continue;
		FAULT_POINT(clean_unlink);
		if (unlinkat(fd, e->d_name, 0) == 0)
			ret->n++;
		else if (errno != ENOENT && r == 0) {
			r = -errno;
			(void)text_format(ret->left, sizeof(ret->left), "/%s/%s", name, e->d_name);
		}
		FAULT_POINT(clean_unlinked);
		if (request->progress)
			atomic_fetch_add(request->progress, 1);
	}
	if (r == 0)
		r = -errno;
	(void)closedir(dir);
	return r;
}

static int clean_dirs(const struct clean_request *request, struct cleaned *ret)
{
	CLEANUP(closep)
	int cluster_fd = open(request->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r, s;

	if (cluster_fd < 0)
		return -errno;
	r = clean_dir(request, cluster_fd, "log", old_segment, ret);
	s = clean_dir(request, cluster_fd, "snapshot", old_snapshot, ret);
	return r < 0 ? r : s;
}

void clean_store(const struct clean_request *request, struct report *report, unsigned *ret_deleted)
{
	struct cleaned cleaned = { .n = 0 };
	int r;

	*ret_deleted = 0;
	report_clear(report);
	if (request->previous.epoch == 0 ||
	    !snapshot_is_whole(request->path, request->cluster_id, &request->previous,
	                       request->progress, "is damaged, so what lies before it is kept",
	                       report))
		return;
	r = clean_dirs(request, &cleaned);
	*ret_deleted = cleaned.n;
	if (r == 0)
		return;
	report->state = store_state_from_errno(r);
	report->error = r;
	(void)text_format(report->text, sizeof(report->text), "cannot delete old files of %s%s: %s",
	                  request->path, cleaned.left, strerror(-r));
}
