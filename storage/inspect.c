/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/inspect.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "storage/segment.h"
#include "storage/snapshot.h"

const char *inspected_state_code(enum inspected_state state)
{
	static const char *const code[INSPECTED_N_STATES_] = {
		[INSPECTED_OK] = "ok",           [INSPECTED_UNUSED] = "unused",
		[INSPECTED_TORN] = "torn",       [INSPECTED_DAMAGED] = "damaged",
		[INSPECTED_FOREIGN] = "foreign", [INSPECTED_MISNAMED] = "misnamed",
		[INSPECTED_VERSION] = "version", [INSPECTED_FAILED] = "failed",
	};

	return code[state];
}

bool inspected_usable(const struct inspected_file *f)
{
	return f->kind == RECORD_FILE_LOG && f->named && f->scan.header_error == RECORD_OK &&
	       (f->state == INSPECTED_OK || f->state == INSPECTED_TORN ||
	        f->state == INSPECTED_DAMAGED);
}

/* ---- which files there are */

static int64_t file_ms(const struct stat *st)
{
	return (int64_t)st->st_mtim.tv_sec * 1000 + st->st_mtim.tv_nsec / 1000000;
}

static int add_file(struct inspection *i, int dir_fd, enum record_file_kind kind, const char *name)
{
	struct inspected_file f = { .kind = kind };
	struct inspected_file *more;
	struct stat st;

	if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno; /* cleaned away */
	f.named = kind == RECORD_FILE_LOG ? segment_name_parse(name, &f.epoch, &f.number) == 0
	                                  : snapshot_name_parse(name, &f.epoch, &f.number) == 0;
	if (!f.named) {
		f.state = INSPECTED_FOREIGN;
		(void)text_format(f.text, sizeof(f.text), "its name is none that jmha gives");
	}
	f.scan.size = st.st_size > 0 ? (uint64_t)st.st_size : 0;
	f.name = strdup(name);
	more = reallocarray(i->file, i->n_files + 1, sizeof(*more));
	if (more)
		i->file = more;
	if (!f.name || !more) {
		free(f.name);
		return -ENOMEM;
	}
	i->bytes += f.scan.size;
	if (f.named && kind == RECORD_FILE_LOG && file_ms(&st) > i->written_ms)
		i->written_ms = file_ms(&st);
	i->file[i->n_files++] = f;
	return 0;
}

/* Temporary names are a writer's at work, or left by one (B3). */
static bool is_temporary(const char *name)
{
	size_t n = strlen(name);

	return n > 4 && strcmp(name + n - 4, ".tmp") == 0;
}

static int list_files(struct inspection *i, int cluster_fd, const char *folder,
                      enum record_file_kind kind)
{
	int fd = openat(cluster_fd, folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	CLEANUP(closedirp) DIR *dir = NULL;
	struct dirent *e;
	int r;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	dir = fdopendir(fd);
	if (!dir) {
		r = -errno;
		(void)close(fd);
		return r;
	}
	while (errno = 0, (e = readdir(dir))) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 ||
		    is_temporary(e->d_name))
			continue;
		r = add_file(i, dirfd(dir), kind, e->d_name);
		if (r < 0)
			return r;
	}
	return -errno;
}

/* Names are padded with zeros: their order is that of the numbers. */
static int by_age(const void *x, const void *y)
{
	const struct inspected_file *a = x, *b = y;

	if (a->kind != b->kind)
		return a->kind == RECORD_FILE_LOG ? -1 : 1;
	return strcmp(a->name, b->name);
}

/* ---- what is in them */

/* One file at work: its own report, as a second reading begins anew. */
struct work {
	const struct inspect_request *request;
	struct inspection *out;
	struct reading in;
	struct report report;
};

static void say(struct inspected_file *f, enum inspected_state state, const char *text)
{
	f->state = state;
	(void)text_format(f->text, sizeof(f->text), "%s", text);
}

static void say_damage(const struct work *w, struct inspected_file *f)
{
	f->state = INSPECTED_DAMAGED;
	(void)text_format(f->text, sizeof(f->text), "%zu damaged places", w->report.n_damage);
}

/* Of the header: false when there is more to say of what follows it. */
static bool judge_header(const struct work *w, struct inspected_file *f)
{
	const struct record_file_header *h = &f->scan.header;
	const uint8_t *id = w->out->cluster.found ? w->out->cluster.id : NULL;

	switch (f->scan.header_error) {
	case RECORD_OK:
		if (id && memcmp(id, h->cluster_id, RECORD_CLUSTER_ID_SIZE) != 0)
			say(f, INSPECTED_FOREIGN, "belongs to another cluster than CLUSTER says");
		else if (h->kind != f->kind || h->epoch != f->epoch || h->number != f->number)
			say(f, INSPECTED_MISNAMED, "holds another file than its name says");
		else
			return false;
		return true;
	case RECORD_VERSION:
		say(f, INSPECTED_VERSION, record_error_text(f->scan.header_error));
		return true;
	case RECORD_TRUNCATED:
	case RECORD_FOREIGN:
	case RECORD_HEADER_DAMAGED:
	case RECORD_OTHER_CLUSTER:
	case RECORD_N_ERRORS_:
		break;
	}
	/* The name was made, its header never became durable: nobody names it (B8). */
	if (f->kind == RECORD_FILE_LOG && f->scan.size <= RECORD_FILE_HEADER_SIZE)
		say(f, INSPECTED_UNUSED, "begun, and never used");
	else
		say(f, INSPECTED_DAMAGED,
		    "its first 128 bytes are damaged: what it holds cannot be joined to the log");
	return true;
}

static void judge_log(struct work *w, struct inspected_file *f)
{
	if (judge_header(w, f))
		return;
	if (w->report.n_damage > 0) {
		say_damage(w, f);
	} else if (f->scan.torn) {
		f->state = INSPECTED_TORN;
		(void)text_format(f->text, sizeof(f->text),
		                  "ends at byte %llu of %llu with an append that was not finished",
		                  (unsigned long long)f->scan.end.offset,
		                  (unsigned long long)f->scan.size);
	}
}

static int read_header(struct work *w, struct inspected_file *f)
{
	const uint8_t *bytes;
	size_t size;
	int r;

	f->scan.header_error = RECORD_TRUNCATED;
	w->in.dir = "snapshot";
	r = reading_open(&w->in, f->name, 0, 0);
	if (r < 0)
		return r;
	w->in.limit = w->in.size;
	f->scan.size = w->in.size;
	if (w->in.size < RECORD_FILE_HEADER_SIZE)
		return 0;
	r = reading_look(&w->in, 0, &bytes, &size);
	if (r < 0)
		return r;
	f->scan.header_error = record_file_header_decode(bytes, size, NULL, &f->scan.header);
	if (f->scan.header_error == RECORD_OK)
		f->scan.end = f->scan.header.before;
	return 0;
}

static int scan_snapshot(struct work *w, struct inspected_file *f)
{
	struct log_snapshot s = { .epoch = f->epoch };
	int r = read_header(w, f);

	reading_close(&w->in);
	if (r < 0 || judge_header(w, f))
		return r;
	s.at = f->scan.header.before;
	r = snapshot_read(&w->in, f->scan.header.cluster_id, &s, 0, NULL);
	if (r == -EBADMSG) { /* its content, not the way to it */
		if (w->report.state == STORE_FAILED)
			return r;
		if (w->report.state == STORE_LOG_MISSING && read_header(w, f) == -ENOENT)
			return -ENOENT; /* cleaned away between two looks */
		reading_close(&w->in);
		say(f, INSPECTED_DAMAGED, w->report.text);
		return 0;
	}
	if (r == 0 && w->report.n_damage > 0)
		say_damage(w, f);
	return r;
}

/* The file's damage becomes the store's. */
static int move_damage(struct work *w)
{
	int r = 0;

	for (size_t i = 0; i < w->report.n_damage && r == 0; i++) {
		const struct damage *d = &w->report.damage[i];

		r = report_damage(&w->out->report, d, d->key, d->key ? strlen(d->key) : 0);
	}
	report_clear(&w->report);
	return r;
}

/* It is read anew. */
static void forget_damage(struct inspection *out, const struct inspected_file *f)
{
	struct report *r = &out->report;
	size_t kept = 0;

	for (size_t i = 0; i < r->n_damage; i++) {
		struct damage d = r->damage[i];

		if (d.kind == f->kind && d.epoch == f->epoch && d.number == f->number)
			free(d.key);
		else
			r->damage[kept++] = d;
	}
	r->n_damage = kept;
}

/* known: a sequence known as committed in it; 0: none. */
static int scan_file(struct work *w, struct inspected_file *f, uint64_t known)
{
	int r, m;

	w->in.dir = "log";
	if (f->kind == RECORD_FILE_LOG)
		r = log_scan(&w->in, f->epoch, f->number, known, &f->scan);
	else
		r = scan_snapshot(w, f);
	if (r == 0 && f->kind == RECORD_FILE_LOG)
		judge_log(w, f);
	if (r == -EBADMSG)
		say(f, INSPECTED_FAILED, w->report.text);
	m = move_damage(w);
	return r == -ENOMEM || (r == -ENOENT && m == 0) ? r : m;
}

/* Members go by the names in log/ alone (A11): whatever lies there, the next epoch is above it. */
static void note_epoch(struct inspection *out, const struct inspected_file *f)
{
	uint64_t epoch = f->epoch;

	if (f->state == INSPECTED_FOREIGN && f->kind == RECORD_FILE_SNAPSHOT)
		return;
	if (f->scan.header_error == RECORD_OK && f->scan.header.epoch > epoch)
		epoch = f->scan.header.epoch;
	if (epoch > out->highest_epoch)
		out->highest_epoch = epoch;
}

static int scan_files(struct work *w)
{
	struct inspection *out = w->out;
	const uint64_t all = out->bytes;
	uint64_t done = 0;
	size_t kept = 0;
	int r = 0;

	for (size_t i = 0; i < out->n_files; i++) {
		struct inspected_file f = out->file[i];
		uint64_t size = f.scan.size;

		if (r == 0 && f.named)
			r = scan_file(w, &f, 0);
		done += size;
		if (r == -ENOENT) { /* cleaned away by a leader */
			free(f.name);
			out->bytes -= size;
			r = 0;
			continue;
		}
		if (f.named)
			note_epoch(out, &f);
		out->file[kept++] = f;
		if (r == 0 && w->request->on_progress)
			w->request->on_progress(w->request->userdata, done, all);
	}
	out->n_files = kept;
	return r;
}

/* ---- what the files know of each other */

/* The log file where `at` lies; NULL: not there, or no use. */
static struct inspected_file *find_log(const struct inspection *out, const struct log_position *at)
{
	for (size_t i = 0; i < out->n_files; i++) {
		struct inspected_file *f = &out->file[i];

		if (f->kind == RECORD_FILE_LOG && inspected_usable(f) && f->epoch == at->epoch &&
		    f->number == at->segment)
			return f;
	}
	return NULL;
}

/* A later file begins behind `at`: so far this one was committed, whatever it knows itself. */
static int judge_end(struct work *w, struct inspected_file *f, const struct log_position *at)
{
	int r = 0;

	if (f->scan.size < at->offset) {
		f->state = INSPECTED_DAMAGED;
		(void)text_format(f->text, sizeof(f->text),
		                  "is shorter (%llu bytes) than the next file says (%llu)",
		                  (unsigned long long)f->scan.size, (unsigned long long)at->offset);
	} else if (f->scan.end.sequence < at->sequence) {
		struct damage d = { .kind = RECORD_FILE_LOG,
			            .epoch = f->epoch,
			            .number = f->number };

		f->state = INSPECTED_OK;
		forget_damage(w->out, f);
		r = scan_file(w, f, at->sequence);
		if (r < 0 || f->state == INSPECTED_FAILED || f->scan.end.sequence >= at->sequence)
			return r == -ENOENT ? 0 : r;
		d.offset = f->scan.end.offset; /* the last one: no record follows */
		d.sequence = f->scan.end.sequence + 1;
		d.records = at->sequence - f->scan.end.sequence;
		r = report_damage(&w->out->report, &d, NULL, 0);
		f->state = INSPECTED_DAMAGED;
		(void)text_format(f->text, sizeof(f->text),
		                  "ends at byte %llu of %llu, and what stood there was committed",
		                  (unsigned long long)d.offset, (unsigned long long)f->scan.size);
	}
	return r;
}

/* Along the chain, from the newest file back to where one is missing or a snapshot stands for it.
 * What is not on it was given up, and may be as it is. */
static int judge_chain(struct work *w)
{
	struct inspection *out = w->out;
	const struct inspected_file *f = NULL;
	int r = 0;

	for (size_t i = 0; i < out->n_files; i++)
		if (out->file[i].kind == RECORD_FILE_LOG && inspected_usable(&out->file[i]))
			f = &out->file[i];
	while (f && r == 0) {
		const struct log_position at = f->scan.header.before;
		struct inspected_file *before = find_log(out, &at);

		if (!before || before >= f) /* sorted by age: a chain only goes back */
			break;
		r = judge_end(w, before, &at);
		f = before;
	}
	return r;
}

static int look(struct work *w, int fd)
{
	struct inspection *out = w->out;
	int r;

	cluster_file_read(fd, w->request->path, &out->cluster);
	r = list_files(out, fd, "log", RECORD_FILE_LOG);
	if (r == 0)
		r = list_files(out, fd, "snapshot", RECORD_FILE_SNAPSHOT);
	if (r == 0 && out->n_files > 0)
		qsort(out->file, out->n_files, sizeof(*out->file), by_age);
	if (r == 0)
		r = scan_files(w);
	return r < 0 ? r : judge_chain(w);
}

int inspect_store(const struct inspect_request *request, struct inspection *ret)
{
	CLEANUP(closep)
	int fd = open(request->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct work w = { .request = request,
		          .out = ret,
		          .in = { .path = request->path, .again = true, .report = &w.report } };
	int r = fd < 0 ? -errno : 0;

	*ret = (struct inspection){ .n_files = 0 };
	if (reading_init(&w.in) < 0)
		return -ENOMEM;
	if (r == 0)
		r = look(&w, fd);
	reading_done(&w.in);
	report_clear(&w.report);
	if (r == 0 || r == -ENOMEM)
		return r;
	ret->report.state = r == -ENOENT ? STORE_MISSING : STORE_FAILED;
	ret->report.error = r;
	(void)text_format(ret->report.text, sizeof(ret->report.text), "%s: %s%s", request->path,
	                  strerror(-r),
	                  r == -EACCES ? "; run this as root or as the daemon's user" : "");
	return 0;
}

static bool has_file(const struct inspection *i, const struct inspected_file *wanted)
{
	for (size_t k = 0; k < i->n_files; k++)
		if (i->file[k].kind == wanted->kind && strcmp(i->file[k].name, wanted->name) == 0)
			return i->file[k].scan.size == wanted->scan.size;
	return false;
}

int inspect_changed(const struct inspect_request *request, const struct inspection *inspection)
{
	CLEANUP(closep)
	int fd = open(request->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CLEANUP(inspection_done) struct inspection now = { .n_files = 0 };
	int r = fd < 0 ? -errno : list_files(&now, fd, "log", RECORD_FILE_LOG);

	for (size_t i = 0; i < now.n_files && r == 0; i++)
		r = !has_file(inspection, &now.file[i]);
	for (size_t i = 0; i < inspection->n_files && r == 0; i++)
		if (inspection->file[i].kind == RECORD_FILE_LOG)
			r = !has_file(&now, &inspection->file[i]);
	return r;
}

void inspection_done(struct inspection *inspection)
{
	for (size_t i = 0; i < inspection->n_files; i++)
		free(inspection->file[i].name);
	free(inspection->file);
	report_clear(&inspection->report);
	*inspection = (struct inspection){ .n_files = 0 };
}
