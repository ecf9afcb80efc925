/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/stale_view.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct seen {
	struct seen *next;
	char *path;
	long stat_at, list_at; /* ms; 0: not seen */
	int error;
	struct stat stat;
	char *names;
	size_t names_size;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct seen *all;

static long now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* With the lock held. */
static struct seen *find(const char *path)
{
	struct seen *s;

	for (s = all; s; s = s->next)
		if (strcmp(s->path, path) == 0)
			return s;
	s = calloc(1, sizeof(*s));
	if (s)
		s->path = strdup(path);
	if (!s || !s->path) {
		free(s);
		return NULL;
	}
	s->next = all;
	all = s;
	return s;
}

int stale_view_stat(int dir_fd, const char *path, long ms, struct stat *ret)
{
	struct seen *s;
	int r = -ENOMEM;

	(void)pthread_mutex_lock(&lock);
	s = find(path);
	if (s && (s->stat_at == 0 || now_ms() - s->stat_at >= ms)) {
		s->error = fstatat(dir_fd, path, &s->stat, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
		s->stat_at = now_ms();
	}
	if (s) {
		*ret = s->stat;
		r = s->error;
	}
	(void)pthread_mutex_unlock(&lock);
	return r;
}

/* With the lock held. */
static int list(struct seen *s, int dir_fd)
{
	int fd = openat(dir_fd, s->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;

	if (!dir)
		return -errno;
	s->names_size = 0;
	while ((e = readdir(dir))) {
		size_t size = strlen(e->d_name) + 1;
		char *names = realloc(s->names, s->names_size + size + 1);

		if (!names)
			break;
		s->names = names;
		memcpy(names + s->names_size, e->d_name, size);
		s->names_size += size;
		names[s->names_size] = '\0';
	}
	(void)closedir(dir);
	s->list_at = now_ms();
	return s->names ? 0 : -ENOMEM;
}

char *stale_view_list(int dir_fd, const char *path, long ms)
{
	char *ret = NULL;
	struct seen *s;
	int r = 0;

	(void)pthread_mutex_lock(&lock);
	s = find(path);
	if (s && (s->list_at == 0 || now_ms() - s->list_at >= ms))
		r = list(s, dir_fd);
	if (s && r == 0)
		ret = malloc(s->names_size + 1);
	if (ret)
		memcpy(ret, s->names, s->names_size + 1);
	(void)pthread_mutex_unlock(&lock);
	errno = r < 0 ? -r : ENOMEM;
	return ret;
}

void stale_view_forget(const char *path)
{
	struct seen *s;

	(void)pthread_mutex_lock(&lock);
	for (s = all; s; s = s->next)
		if (strcmp(s->path, path) == 0)
			s->stat_at = s->list_at = 0;
	(void)pthread_mutex_unlock(&lock);
}
