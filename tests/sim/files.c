/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A shared file system, as the calls of storage/ see it: they are linked to these in place of
 * libc's (--wrap).  A host's cache may show a directory without its newest names, or a file as it
 * was; what is written may fail half way, and what was not made durable is lost with the host.
 */
#include "tests/sim/world.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "storage/snapshot.h"

enum { FIRST_FD = 1 << 20, DIRECTORY = FIRST_FD - 1, PROBE = FIRST_FD - 2 };

/* Too many to be cleared for each run. */
static unsigned n_files;
static struct sim_file file[MAX_FILES];

/* Of the call that is under way: there is no other thread. */
static struct {
	struct world *w;
	int host;
	bool torn; /* the host dies under it */
	bool troubled;
	usec_t slept;
} io;

void files_enter(struct world *w, int host, bool torn)
{
	io.w = w;
	io.host = host;
	io.torn = torn;
	io.troubled = false;
	io.slept = 0;
}

bool files_troubled(void)
{
	return io.troubled;
}

usec_t files_leave(void)
{
	io.w = NULL;
	return io.slept;
}

void files_free(void)
{
	for (unsigned i = 0; i < n_files; i++)
		free(file[i].bytes);
	n_files = 0;
}

/* Of what it had not made durable, some is there: a beginning, or one with a hole. */
void files_host_lost(struct world *w, int host)
{
	for (unsigned i = 0; i < n_files; i++) {
		struct sim_file *f = &file[i];
		size_t keep = f->durable + below(w, f->size - f->durable + 1);

		if (f->writer != host || f->size == f->durable)
			continue;
		if (percent(w, 50))
			memset(f->bytes + f->durable, 0, (keep - f->durable) / 2);
		f->size = keep;
	}
}

/* ---- what this host sees ---- */

static bool fails(unsigned percents)
{
	return io.torn ? percent(io.w, 60)
	               : io.w->host[io.host].storage_bad && percent(io.w, percents);
}

static int why(void)
{
	io.troubled = true;
	errno = percent(io.w, 50) ? ENOSPC : EIO;
	return -1;
}

static struct sim_file *find(const char *name)
{
	if (name[0] == '\0')
		return NULL;
	for (unsigned i = 0; i < n_files; i++)
		if (strcmp(file[i].name, name) == 0)
			return &file[i];
	return NULL;
}

static struct sim_file *file_of(int fd)
{
	assert(fd >= FIRST_FD && fd < FIRST_FD + (int)n_files);
	return &file[fd - FIRST_FD];
}

static usec_t later(void)
{
	return io.w->now + between(io.w, MS(1), percent(io.w, 80) ? MS(200) : MS(20000));
}

static bool misses(int host)
{
	return host != io.host && percent(io.w, (unsigned)io.w->stale);
}

static bool is_hidden(const struct sim_file *f)
{
	bool hidden = io.w->now + io.slept < f->hidden_until[io.host];

	io.troubled |= hidden;
	return hidden;
}

static size_t visible(const struct sim_file *f)
{
	bool is_short = io.w->now + io.slept < f->short_until[io.host];

	io.troubled |= is_short;
	return is_short ? f->short_size[io.host] : f->size;
}

/* ---- in place of libc's ---- */

int __wrap_open(const char *path, int flags, ...);
int __wrap_openat(int dir, const char *name, int flags, ...);
int __wrap_close(int fd);
int __wrap_fstat(int fd, struct stat *st);
int __wrap_lstat(const char *path, struct stat *st);
ssize_t __wrap_pread(int fd, void *to, size_t size, off_t at);
ssize_t __wrap_pwrite(int fd, const void *from, size_t size, off_t at);
int __wrap_fsync(int fd);
int __wrap_unlinkat(int dir, const char *name, int flags);
int __wrap_linkat(int from_dir, const char *from, int to_dir, const char *to, int flags);
DIR *__wrap_fdopendir(int fd);
struct dirent *__wrap_readdir(DIR *dir);
int __wrap_closedir(DIR *dir);
int __wrap_fdatasync(int fd);
int __wrap_posix_fadvise(int fd, off_t at, off_t size, int advice);
int __wrap_nanosleep(const struct timespec *ts, struct timespec *left);

int __wrap_open(const char *path, int flags, ...)
{
	(void)path;
	(void)flags;
	return DIRECTORY;
}

static void forget_name(struct sim_file *f)
{
	if (f == NULL)
		return;
	memcpy(f->last_name, f->name, sizeof(f->name));
	f->name[0] = '\0';
}

static int create(const char *name)
{
	struct sim_file *f;

	if (find(name) != NULL) {
		errno = EEXIST;
		return -1;
	}
	if (fails(50) || n_files == MAX_FILES)
		return why();
	f = &file[n_files];
	*f = (struct sim_file){ .writer = io.host };
	(void)strncpy(f->name, name, sizeof(f->name) - 1);
	for (int h = 0; h < SIM_HOSTS; h++)
		if (misses(h))
			f->hidden_until[h] = later();
	return FIRST_FD + (int)n_files++;
}

int __wrap_openat(int dir, const char *name, int flags, ...)
{
	struct sim_file *f;

	(void)dir;
	if (flags & O_DIRECTORY)
		return DIRECTORY;
	if (flags & O_EXCL)
		return create(name);
	if ((flags & O_CREAT) && strstr(name, ".tmp") == NULL)
		return fails(50) ? why() : PROBE;
	if (flags & O_CREAT) { /* a snapshot's; what a dead writer has left gives way to it */
		forget_name(find(name));
		return create(name);
	}
	f = find(name);
	if (f == NULL || is_hidden(f)) {
		errno = percent(io.w, 90) ? ENOENT : ESTALE;
		return -1;
	}
	if (percent(io.w, 50)) /* close-to-open: attributes are asked for */
		f->short_until[io.host] = 0;
	return FIRST_FD + (int)(f - file);
}

int __wrap_close(int fd)
{
	(void)fd;
	return 0;
}

int __wrap_fstat(int fd, struct stat *st)
{
	*st = (struct stat){ .st_mode = S_IFDIR };
	if (fd == DIRECTORY) { /* looked at: its names are asked for anew */
		for (unsigned i = 0; i < n_files; i++)
			if (percent(io.w, 30))
				file[i].hidden_until[io.host] = 0;
		return 0;
	}
	st->st_mode = S_IFREG;
	st->st_nlink = 1;
	st->st_ino = (ino_t)fd;
	st->st_size = (off_t)visible(file_of(fd));
	return 0;
}

/* Of a file by its whole name: what its writer asks to see that it is still in place. */
int __wrap_lstat(const char *path, struct stat *st)
{
	const char *name = strrchr(path, '/');
	const struct sim_file *f = find(name ? name + 1 : path);

	if (!f) {
		errno = ENOENT;
		return -1;
	}
	return __wrap_fstat(FIRST_FD + (int)(f - file), st);
}

ssize_t __wrap_pread(int fd, void *to, size_t size, off_t at)
{
	const struct sim_file *f = file_of(fd);
	size_t end = visible(f), from = (size_t)at;

	if (fails(20))
		return why();
	if (from >= end)
		return 0;
	if (size > end - from)
		size = end - from;
	if (size > 1 && percent(io.w, 5))
		size = 1 + below(io.w, size - 1);
	memcpy(to, f->bytes + from, size);
	return (ssize_t)size;
}

static bool grow(struct sim_file *f, size_t size)
{
	uint8_t *more;

	if (size <= f->room)
		return true;
	more = realloc(f->bytes, 2 * size);
	if (more == NULL)
		return false;
	f->bytes = more;
	f->room = 2 * size;
	return true;
}

ssize_t __wrap_pwrite(int fd, const void *from, size_t size, off_t at)
{
	size_t start = (size_t)at;
	struct sim_file *f;

	if (fd == PROBE)
		return fails(50) ? why() : (ssize_t)size;
	f = file_of(fd);
	if (fails(50)) {
		size = below(io.w, size); /* torn */
		if (size == 0)
			return why();
	} else if (size > 1 && percent(io.w, 5)) {
		size = 1 + below(io.w, size - 1);
	}
	if (f->writer != io.host)
		violated(io.w, "rule B1: %c writes a file of %c", 'a' + io.host, 'a' + f->writer);
	if (!grow(f, start + size))
		return why();
	for (int h = 0; h < SIM_HOSTS; h++)
		if (misses(h)) {
			if (io.w->now >= f->short_until[h])
				f->short_size[h] = f->size;
			f->short_until[h] = later();
		}
	if (start < f->durable)
		violated(io.w, "rule B1: %c writes over what is durable", 'a' + io.host);
	memcpy(f->bytes + start, from, size);
	if (start + size > f->size)
		f->size = start + size;
	return (ssize_t)size;
}

int __wrap_fdatasync(int fd)
{
	if (fails(50))
		return why();
	if (fd != PROBE)
		file_of(fd)->durable = file_of(fd)->size;
	return 0;
}

int __wrap_fsync(int fd)
{
	return fd == DIRECTORY ? 0 : __wrap_fdatasync(fd);
}

int __wrap_unlinkat(int dir, const char *name, int flags)
{
	struct sim_file *f = find(name);

	(void)dir;
	(void)flags;
	if (f == NULL) {
		errno = ENOENT;
		return -1;
	}
	if (fails(50))
		return why();
	ledger_deleted(io.w, io.host, name);
	forget_name(f);
	return 0;
}

/* Whoever gives a file a second name takes the first one away. */
int __wrap_linkat(int from_dir, const char *from, int to_dir, const char *to, int flags)
{
	struct sim_file *f = find(from);

	(void)from_dir;
	(void)to_dir;
	(void)flags;
	if (f == NULL || find(to) != NULL) {
		errno = f == NULL ? ENOENT : EEXIST;
		return -1;
	}
	if (fails(50))
		return why();
	(void)snprintf(f->name, sizeof(f->name), "%s", to);
	for (int h = 0; h < SIM_HOSTS; h++)
		if (misses(h))
			f->hidden_until[h] = later();
	return 0;
}

bool files_durable(const char *name)
{
	const struct sim_file *f = find(name);

	return f != NULL && f->durable == f->size;
}

/* One directory has all, and one at a time is read. */
static unsigned entry;

DIR *__wrap_fdopendir(int fd)
{
	(void)fd;
	entry = 0;
	return (DIR *)&entry;
}

struct dirent *__wrap_readdir(DIR *dir)
{
	static struct dirent e;

	(void)dir;
	/* A cached listing lacks what was made since. */
	while (entry < n_files && (file[entry].name[0] == '\0' || is_hidden(&file[entry])))
		entry++;
	if (entry == n_files)
		return NULL;
	(void)snprintf(e.d_name, sizeof(e.d_name), "%s", file[entry++].name);
	return &e;
}

int __wrap_closedir(DIR *dir)
{
	(void)dir;
	return 0;
}

int __wrap_posix_fadvise(int fd, off_t at, off_t size, int advice)
{
	(void)fd;
	(void)at;
	(void)size;
	(void)advice;
	return 0;
}

int __wrap_nanosleep(const struct timespec *ts, struct timespec *left)
{
	(void)left;
	io.slept += (usec_t)ts->tv_nsec / NSEC_PER_USEC + (usec_t)ts->tv_sec * USEC_PER_SEC;
	return 0;
}

/* ---- bytes that change by themselves ---- */

/* One bit, or a few bytes, or a block of zeros: no checksum lets any of these pass. */
static void change(struct world *w, struct sim_file *f)
{
	size_t from = below(w, f->durable), size = 1;
	uint64_t how = below(w, 10);

	if (how >= 6)
		size = between(w, 1, how < 8 ? 4 : 64);
	if (size > f->durable - from)
		size = f->durable - from;
	f->harm[f->n_harm].from = from;
	f->harm[f->n_harm++].to = from + size;
	f->bytes[from] ^= (uint8_t)(1U << below(w, 8));
	for (size_t i = 1; i < size; i++)
		f->bytes[from + i] = how == 9 ? 0 : (uint8_t)below(w, 256);
	note(w, -1, "*** bytes %zu to %zu of %s change", from, from + size - 1, f->name);
}

bool files_harm(struct world *w)
{
	unsigned n = 0, which;

	for (unsigned i = 0; i < n_files; i++)
		n += file[i].name[0] != '\0' && file[i].durable > 0 && file[i].n_harm < MAX_HARM;
	which = (unsigned)below(w, n);
	for (unsigned i = 0; i < n_files && n > 0; i++) {
		if (file[i].name[0] == '\0' || file[i].durable == 0 || file[i].n_harm == MAX_HARM)
			continue;
		if (which-- == 0)
			change(w, &file[i]);
	}
	return n > 0;
}

/* Of its bytes from `at` on. */
static bool is_harmed_from(const struct sim_file *f, size_t at)
{
	for (unsigned i = 0; i < f->n_harm; i++)
		if (f->harm[i].to > at)
			return true;
	return false;
}

/* Who has read it may say so when it has been deleted since. */
static const char *name_of(const struct sim_file *f)
{
	return f->name[0] != '\0' ? f->name : f->last_name;
}

bool files_harmed(const char *name)
{
	for (unsigned i = 0; i < n_files; i++)
		if (file[i].n_harm > 0 && strcmp(name_of(&file[i]), name) == 0)
			return true;
	return false;
}

bool files_text_names_harmed(const char *text)
{
	for (unsigned i = 0; i < n_files; i++)
		if (file[i].n_harm > 0 && strstr(text, name_of(&file[i])))
			return true;
	return false;
}

bool files_text_names_harmed_sum(const char *text)
{
	for (unsigned i = 0; i < n_files; i++)
		if (strstr(name_of(&file[i]), ".snap") && strstr(text, name_of(&file[i])) &&
		    is_harmed_from(&file[i], file[i].size - RECORD_SUM_SIZE))
			return true;
	return false;
}

bool files_log_whole_from(const struct log_position *at)
{
	uint64_t epoch, number;

	for (unsigned i = 0; i < n_files; i++) {
		if (file[i].n_harm == 0 ||
		    segment_name_parse(name_of(&file[i]), &epoch, &number) < 0)
			continue; /* deleted ones were there when it was read, perhaps */
		if (epoch == at->epoch && number == at->segment
		            ? is_harmed_from(&file[i], at->offset)
		            : epoch > at->epoch || (epoch == at->epoch && number > at->segment))
			return false;
	}
	return true;
}

bool files_whole_from(const struct log_snapshot *base)
{
	char name[SNAPSHOT_NAME_SIZE];

	snapshot_name(base->epoch, base->at.sequence, name);
	return (base->epoch == 0 || (find(name) != NULL && !files_harmed(name))) &&
	       files_log_whole_from(&base->at);
}

/* ---- in place of libcrypto's: the same digest, looked up once for all runs ---- */

const EVP_MD *__wrap_EVP_sha256(void);
EVP_MD_CTX *__wrap_EVP_MD_CTX_new(void);
void __wrap_EVP_MD_CTX_free(EVP_MD_CTX *ctx);
EVP_MD_CTX *__real_EVP_MD_CTX_new(void);

const EVP_MD *__wrap_EVP_sha256(void)
{
	static EVP_MD *md;

	if (md == NULL)
		md = EVP_MD_fetch(NULL, "SHA256", NULL);
	return md;
}

EVP_MD_CTX *__wrap_EVP_MD_CTX_new(void)
{
	static EVP_MD_CTX *ctx;

	if (ctx == NULL)
		ctx = __real_EVP_MD_CTX_new();
	return ctx;
}

void __wrap_EVP_MD_CTX_free(EVP_MD_CTX *ctx)
{
	(void)ctx;
}
