/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/store_ops.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "storage/chain.h"
#include "storage/clean.h"
#include "storage/cluster_file.h"
#include "storage/quarantine.h"
#include "storage/reading.h"
#include "storage/segment.h"
#include "storage/sign_file.h"
#include "storage/small_file.h"
#include "storage/snapshot.h"
#include "storage/snapshot_writer.h"

enum { PROBE_SIZE = 4096 };

static const char *const directories[] = { "log", "snapshot", "quarantine" };

void store_ops_fail(struct store_job *job, int error, const char *what, const char *name)
{
	struct store_result *r = &job->result;
	const char *cluster = job->place->cluster_path;

	r->state = store_state_from_errno(error);
	r->error = error;
	if (error == -ETIMEDOUT)
		(void)text_format(r->text, sizeof(r->text),
		                  "%s %s%s: no answer within io_ms; is the file system reachable?",
		                  what, cluster, name);
	else
		(void)text_format(r->text, sizeof(r->text), "%s %s%s: %s", what, cluster, name,
		                  strerror(-error));
}

static int open_dir_at(int dir_fd, const char *name)
{
	int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* log/ and the like.  A link is none: who reads would not follow it either. */
static int open_own_dir(int cluster_fd, const char *name)
{
	int fd = openat(cluster_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* storage.path itself is never made: an empty mount point must not look like a new store (B5). */
static int open_path(struct store_job *job)
{
	int fd = open_dir_at(AT_FDCWD, job->place->path);

	if (fd < 0) {
		job->result.state = STORE_FAILED;
		job->result.error = fd;
		(void)text_format(job->result.text, sizeof(job->result.text),
		                  "storage.path %s: %s; mount it, or create it once",
		                  job->place->path, strerror(-fd));
	}
	return fd;
}

/* Opens <path>/<cluster>, anew for each operation: what is mounted there may have changed. */
static int open_cluster(struct store_job *job)
{
	CLEANUP(closep) int path_fd = open_path(job);
	int fd;

	if (path_fd < 0)
		return path_fd;
	fd = open_dir_at(path_fd, job->place->cluster);
	if (fd < 0)
		store_ops_fail(job, fd, "cannot open", "");
	return fd;
}

/* ---- CLUSTER */

/* Absent is fine: has_cluster_id stays false. */
static void read_cluster(struct store_job *job, int dir_fd)
{
	struct store_result *r = &job->result;
	struct cluster_file file;

	cluster_file_read(dir_fd, job->place->cluster_path, &file);
	if (file.state != STORE_OK) {
		r->state = file.state;
		r->error = file.error;
		memcpy(r->text, file.text, sizeof(r->text));
	} else if (file.found) {
		r->has_cluster_id = true;
		memcpy(r->cluster_id, file.id, sizeof(r->cluster_id));
	}
}

/* ---- directories */

/* Calls on_name for each entry of a directory; absent = empty. */
static int walk(int dir_fd, const char *name, void (*on_name)(struct store_job *, const char *),
                struct store_job *job)
{
	int fd = open_own_dir(dir_fd, name);
	struct dirent *e;
	DIR *dir;
	int r;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	dir = fdopendir(fd);
	if (!dir) {
		r = -errno;
		(void)close(fd);
		return r;
	}
	while (errno = 0, (e = readdir(dir)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			on_name(job, e->d_name);
	r = -errno;
	(void)closedir(dir);
	return r;
}

static void on_file(struct store_job *job, const char *name)
{
	(void)name;
	job->result.has_files = true;
}

static void on_log_file(struct store_job *job, const char *name)
{
	uint64_t epoch, segment;

	if (segment_name_parse(name, &epoch, &segment) < 0 || epoch < job->result.highest_epoch ||
	    (epoch == job->result.highest_epoch && segment < job->result.newest_segment))
		return;
	job->result.highest_epoch = epoch;
	job->result.newest_segment = segment;
}

/* A11: whoever was ever granted has left a file here. */
static int walk_files(struct store_job *job, int dir_fd)
{
	int r = walk(dir_fd, "log", on_file, job);

	return r < 0 ? r : walk(dir_fd, "snapshot", on_file, job);
}

static void run_check(struct store_job *job)
{
	CLEANUP(closep) int path_fd = open_path(job);
	CLEANUP(closep) int fd = -EBADF;
	int r;

	if (path_fd < 0)
		return;
	fd = open_dir_at(path_fd, job->place->cluster);
	if (fd == -ENOENT)
		return; /* a new store */
	r = fd < 0 ? fd : walk_files(job, fd);
	if (r < 0)
		store_ops_fail(job, r, "cannot read", "");
	else
		read_cluster(job, fd);
}

static void note_committed(struct store_job *job, uint64_t sequence)
{
	if (sequence > job->result.committed_seen)
		job->result.committed_seen = sequence;
}

/* The header, and the first records: each tells what its writer knew as committed.  A file of
 * another cluster, or one that has another's name, was put there by somebody, and knows nothing. */
static void look_at_newest(struct store_job *job, struct reading *in, const uint8_t *cluster_id)
{
	struct record_file_header h;
	struct record record;
	const uint8_t *bytes;
	size_t size, at;

	in->limit = in->size;
	if (reading_look(in, 0, &bytes, &size) < 0 ||
	    record_file_header_decode(bytes, size, cluster_id, &h) != RECORD_OK ||
	    h.epoch != job->result.highest_epoch || h.number != job->result.newest_segment)
		return;
	note_committed(job, h.before.sequence);
	for (at = RECORD_FILE_HEADER_SIZE;
	     record_decode(bytes + at, size - at, &record) == RECORD_OK; at += record.size)
		note_committed(job, record.committed);
}

/* A11: a register from a backup may end where a segment does (with a snapshot, or an elector); then
 * what was committed since lies in later files, to which no reading leads.  What cannot be read
 * here proves nothing. */
static void look_beyond(struct store_job *job, int dir_fd)
{
	struct report report = { .state = STORE_OK };
	struct cluster_file cluster;
	struct reading in = { .path = job->place->cluster_path, .dir = "log", .report = &report };
	char name[SEGMENT_NAME_SIZE];

	cluster_file_read(dir_fd, job->place->cluster_path, &cluster);
	segment_name(job->result.highest_epoch, job->result.newest_segment, name);
	if (reading_init(&in) == 0 && reading_open(&in, name, RECORD_FILE_HEADER_SIZE, 0) == 0)
		look_at_newest(job, &in, cluster.found ? cluster.id : NULL);
	reading_done(&in);
	report_clear(&report);
}

static void run_list(struct store_job *job)
{
	CLEANUP(closep) int fd = open_cluster(job);
	int r;

	if (fd < 0)
		return;
	r = walk(fd, "log", on_log_file, job);
	if (r < 0)
		store_ops_fail(job, r, "cannot list", "/log");
	else if (job->result.highest_epoch > 0)
		look_beyond(job, fd);
}

/* ---- the first pair (A11) */

/* Whole or not at all, and never over another's: link() fails with EEXIST then. */
static int make_cluster_file(const struct store_job *job, int dir_fd)
{
	char id[2 * RECORD_CLUSTER_ID_SIZE + 1], text[128], name[NAME_MAX + 1];
	int r, n;

	text_hex(job->cluster_id, RECORD_CLUSTER_ID_SIZE, id);
	n = text_format(text, sizeof(text), "{\"version\": %d, \"cluster_id\": \"%s\"}\n",
	                (int)CLUSTER_FILE_VERSION, id);
	if (n < 0)
		return n;
	/* B3: temporary names carry member and pid, so nobody writes into another's. */
	r = text_format(name, sizeof(name), "CLUSTER.%s.%ld.tmp", job->place->member,
	                (long)getpid());
	if (r < 0)
		return -ENAMETOOLONG;
	r = small_file_write(dir_fd, name, text, (size_t)n);
	if (r == 0 && linkat(dir_fd, name, dir_fd, "CLUSTER", 0) < 0 && errno != EEXIST)
		r = -errno;
	(void)unlinkat(dir_fd, name, 0);
	if (r < 0)
		return r;
	return fsync(dir_fd) < 0 ? -errno : 0; /* B8 */
}

static int make_dir(int dir_fd, const char *name)
{
	if (mkdirat(dir_fd, name, 0750) < 0 && errno != EEXIST)
		return -errno;
	return 0;
}

static void run_init(struct store_job *job)
{
	CLEANUP(closep) int path_fd = open_path(job);
	CLEANUP(closep) int fd = -EBADF;
	int r;

	if (path_fd < 0)
		return;
	r = make_dir(path_fd, job->place->cluster);
	if (r == 0 && fsync(path_fd) < 0)
		r = -errno;
	if (r == 0)
		r = fd = open_dir_at(path_fd, job->place->cluster);
	for (size_t i = 0; i < N_ELEMENTS(directories) && r >= 0; i++)
		r = make_dir(fd, directories[i]);
	if (r >= 0)
		r = walk_files(job, fd);
	if (r == 0 && !job->result.has_files)
		r = make_cluster_file(job, fd);
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (r < 0) {
		store_ops_fail(job, r, "cannot make the store", "");
		return;
	}
	read_cluster(job, fd);
	if (job->result.state == STORE_OK && !job->result.has_cluster_id && !job->result.has_files)
		store_ops_fail(job, -ENOENT, "cannot read", "/CLUSTER");
}

/* ---- log */

static void run_follow(struct store_job *job)
{
	struct follower_request request = { .path = job->place->cluster_path,
		                            .from = job->from,
		                            .to = job->to,
		                            .snapshot = job->snapshot,
		                            .previous = job->previous,
		                            .retry_usec = job->place->io_usec / 2,
		                            .progress = &job->progress };

	memcpy(request.cluster_id, job->cluster_id, RECORD_CLUSTER_ID_SIZE);
	if (job->anew)
		request.from = (struct log_position){ .epoch = 0 };
	follower_read(&request, &job->follow);
	job->follow.restarted = job->follow.restarted || job->anew;
	job->result.state = job->follow.report.state;
	job->result.error = job->follow.report.error;
	memcpy(job->result.text, job->follow.report.text, sizeof(job->result.text));
}

static void run_open_segment(struct store_job *job, struct segment **segment)
{
	struct record_file_header header = { .kind = RECORD_FILE_LOG,
		                             .epoch = job->segment.epoch.v,
		                             .number = job->segment.number,
		                             .created_ms = job->segment.created_ms,
		                             .before = job->segment.before };
	CLEANUP(closep) int fd = open_cluster(job);
	CLEANUP(closep) int log_fd = -EBADF;
	int r;

	segment_close(*segment);
	*segment = NULL;
	if (fd < 0)
		return;
	memcpy(header.cluster_id, job->segment.cluster_id, RECORD_CLUSTER_ID_SIZE);
	r = log_fd = open_own_dir(fd, "log");
	if (r >= 0)
		r = segment_create(log_fd, &header, segment, &job->result.position);
	if (r < 0)
		store_ops_fail(job, r, "cannot begin a segment in", "/log");
}

static void run_append(struct store_job *job, struct segment *segment)
{
	char name[5 + SEGMENT_NAME_SIZE] = "/log/";
	int r = segment ? segment_append(segment, job->bytes, job->size) : -EBADF;

	if (segment)
		segment_own_name(segment, name + 5);
	if (r < 0) {
		store_ops_fail(job, r, "cannot append to", name);
		return;
	}
	r = segment_check(segment, job->place->cluster_path, job->result.text,
	                  sizeof(job->result.text));
	if (r < 0) {
		job->result.state = STORE_FAILED;
		job->result.error = r;
	}
}

static void run_probe(struct store_job *job)
{
	static const uint8_t zeros[PROBE_SIZE];
	CLEANUP(closep) int fd = open_cluster(job);
	char name[NAME_MAX + 1];
	int r;

	if (fd < 0)
		return;
	r = text_format(name, sizeof(name), "probe-%s", job->place->member);
	if (r >= 0)
		r = small_file_write(fd, name, zeros, sizeof(zeros));
	(void)unlinkat(fd, name, 0); /* a full disk must give the space back */
	if (r < 0)
		store_ops_fail(job, r, "cannot write the probe in", "");
}

static void run_quarantine(struct store_job *job)
{
	CLEANUP(closep) int fd = open_cluster(job);
	bool is_log = job->kind == RECORD_FILE_LOG;
	char name[READING_NAME_SIZE];
	int r;

	if (fd < 0)
		return;
	if (is_log)
		segment_name(job->segment.epoch.v, job->segment.number, name);
	else
		snapshot_name(job->segment.epoch.v, job->segment.number, name);
	r = quarantine_copy(fd, is_log ? "log" : "snapshot", name, job->bytes);
	if (r < 0)
		store_ops_fail(job, r, "cannot copy a damaged file to", "/quarantine");
}

static void take_report(struct store_job *job, struct report *report)
{
	job->result.state = report->state;
	job->result.error = report->error;
	memcpy(job->result.text, report->text, sizeof(job->result.text));
	report_clear(report);
}

static void run_look(struct store_job *job)
{
	struct follower_request request = { .path = job->place->cluster_path,
		                            .to = job->to,
		                            .snapshot = job->snapshot,
		                            .retry_usec = job->place->io_usec / 2,
		                            .progress = &job->progress };
	struct report report = { .state = STORE_OK };

	memcpy(request.cluster_id, job->cluster_id, sizeof(request.cluster_id));
	(void)chain_look(&request, &report);
	take_report(job, &report);
}

static void run_snapshot(struct store_job *job)
{
	struct snapshot_request request = { .path = job->place->cluster_path,
		                            .member = job->place->member,
		                            .epoch = job->segment.epoch.v,
		                            .created_ms = job->segment.created_ms,
		                            .discard = job->discard,
		                            .frozen = job->frozen,
		                            .progress = &job->progress };
	struct report report = { .state = STORE_OK };

	memcpy(request.cluster_id, job->cluster_id, sizeof(request.cluster_id));
	snapshot_write(&request, &report);
	take_report(job, &report);
	job->result.snapshot = (struct log_snapshot){ job->segment.epoch.v, job->frozen->position };
}

static void run_clean(struct store_job *job)
{
	struct clean_request request = { .path = job->place->cluster_path,
		                         .epoch = job->segment.epoch.v,
		                         .previous = job->previous,
		                         .progress = &job->progress };
	struct report report = { .state = STORE_OK };

	memcpy(request.cluster_id, job->cluster_id, sizeof(request.cluster_id));
	clean_store(&request, &report, &job->result.n_deleted);
	take_report(job, &report);
}

/* A directory that was mounted there since may be another cluster's. */
static bool is_own_cluster(struct store_job *job, int dir_fd)
{
	read_cluster(job, dir_fd);
	if (job->result.state == STORE_OK && !job->result.has_cluster_id) {
		job->result.state = STORE_MISSING;
		(void)text_format(job->result.text, sizeof(job->result.text), "%s has no CLUSTER",
		                  job->place->cluster_path);
	} else if (job->result.state == STORE_OK &&
	           memcmp(job->result.cluster_id, job->cluster_id, RECORD_CLUSTER_ID_SIZE) != 0) {
		job->result.state = STORE_FOREIGN;
		(void)text_format(job->result.text, sizeof(job->result.text),
		                  "%s is another cluster's", job->place->cluster_path);
	}
	return job->result.state == STORE_OK;
}

/* What is no sign, or is just being replaced, is none; anything else is the storage's failure. */
static int read_sign(int dir_fd, struct store_sign *sign)
{
	int r = sign_file_read(dir_fd, sign->member, sign->sign);

	if (r < 0)
		sign->sign[0] = '\0';
	return r == -ENOENT || r == -EINVAL || r == -ESTALE ? 0 : r;
}

static void run_signs(struct store_job *job)
{
	CLEANUP(closep) int fd = open_cluster(job);
	struct store_sign *sign = job->bytes;
	unsigned n = (unsigned)(job->size / sizeof(*sign));
	int r = 0;

	if (fd < 0 || !is_own_cluster(job, fd))
		return;
	if (job->own_sign[0])
		r = sign_file_write(fd, job->place->member, job->own_sign);
	if (r < 0) {
		store_ops_fail(job, r, "cannot write this member's sign in", "");
		return;
	}
	for (unsigned i = 0; i < n && r == 0; i++) {
		r = read_sign(fd, &sign[i]);
		atomic_fetch_add(&job->progress, 1);
	}
	if (r < 0) {
		store_ops_fail(job, r, "cannot read the other members' signs in", "");
		return;
	}
	job->result.sign = sign;
	job->result.n_signs = n;
}

void store_ops_run(struct store_job *job, struct segment **segment)
{
	switch (job->result.op) {
	case STORE_CHECK:
		run_check(job);
		break;
	case STORE_INIT:
		run_init(job);
		break;
	case STORE_LIST:
		run_list(job);
		break;
	case STORE_FOLLOW:
		run_follow(job);
		break;
	case STORE_OPEN_SEGMENT:
		run_open_segment(job, segment);
		break;
	case STORE_APPEND:
		run_append(job, *segment);
		break;
	case STORE_PROBE:
		run_probe(job);
		break;
	case STORE_QUARANTINE:
		run_quarantine(job);
		break;
	case STORE_SNAPSHOT:
		run_snapshot(job);
		break;
	case STORE_CLEAN:
		run_clean(job);
		break;
	case STORE_LOOK:
		run_look(job);
		break;
	case STORE_SIGNS:
		run_signs(job);
		break;
	case STORE_N_OPS_:
		break;
	}
}

void store_job_free(struct store_job *job)
{
	if (!job)
		return;
	follower_result_done(&job->follow);
	frozen_map_free(job->frozen);
	free(job->bytes);
	free(job);
}
