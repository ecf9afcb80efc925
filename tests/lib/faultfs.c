/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file system that fails as it is told to: shows FOLDER at MOUNTPOINT, by FUSE, with the faults
 * that RULES names (fault_rules.h).
 *
 *	faultfs FOLDER MOUNTPOINT RULES      RULES from / on
 *
 * One mount for each member of a cluster, on the same folder, is what a network file system is:
 * each has its own failures and its own view.  Nothing is cached by the kernel, so that each
 * request comes here and each answer goes back.  Ends when it is unmounted (umount -l).
 *
 * Who waits for a request that hangs sleeps until it is answered; when he is killed meanwhile, in
 * state D, and nothing ends him, as with any disk that does not answer.
 */
#define FUSE_USE_VERSION 31

#include <fuse.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "tests/lib/fault_rules.h"
#include "tests/lib/stale_view.h"

enum { FEWER = 7 }; /* bytes, of a short read or write */

static int folder; /* its descriptor */

static const char *below(const char *path)
{
	return path[1] ? path + 1 : ".";
}

/* 0, or the error that the request has to end with. */
static int error_of(const char *op, const char *path)
{
	struct fault f = fault_rules_ask(op, path);

	return f.how == FAULT_ERROR ? f.error : 0;
}

static bool is_stale(const struct fault *f)
{
	return f->how == FAULT_STALE || f->how == FAULT_NOCTO;
}

/* An own change: this client knows of it. */
static void forget(const char *path)
{
	char parent[4096];
	char *slash;

	stale_view_forget(below(path));
	(void)snprintf(parent, sizeof(parent), "%s", path);
	slash = strrchr(parent, '/');
	if (!slash)
		return;
	slash[slash == parent ? 1 : 0] = '\0';
	stale_view_forget(below(parent));
}

static int done(int r, const char *path)
{
	if (r < 0)
		return -errno;
	forget(path);
	return 0;
}

static int do_getattr(const char *path, struct stat *st, struct fuse_file_info *fi)
{
	struct fault f = fault_rules_ask("getattr", path);

	if (f.how == FAULT_ERROR)
		return f.error;
	if (is_stale(&f))
		return stale_view_stat(folder, below(path), f.ms, st);
	if (fi)
		return fstat((int)fi->fh, st) < 0 ? -errno : 0;
	return fstatat(folder, below(path), st, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

static int do_readlink(const char *path, char *ret, size_t size)
{
	ssize_t n = readlinkat(folder, below(path), ret, size - 1);

	if (n < 0)
		return -errno;
	ret[n] = '\0';
	return 0;
}

static int do_readdir(const char *path, void *buffer, fuse_fill_dir_t fill, off_t offset,
                      struct fuse_file_info *fi, enum fuse_readdir_flags flags)
{
	struct fault f = fault_rules_ask("readdir", path);
	char *names;

	(void)offset;
	(void)fi;
	(void)flags;
	if (f.how == FAULT_ERROR)
		return f.error;
	names = stale_view_list(folder, below(path), is_stale(&f) ? f.ms : 0);
	if (!names)
		return -errno;
	for (const char *name = names; *name; name += strlen(name) + 1)
		if (fill(buffer, name, NULL, 0, (enum fuse_fill_dir_flags)0) != 0)
			break;
	free(names);
	return 0;
}

static int open_with(const char *path, int flags, mode_t mode, struct fuse_file_info *fi)
{
	struct stat st;
	int fd = openat(folder, below(path), flags | O_CLOEXEC, mode);

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0) {
		int r = -errno;

		(void)close(fd);
		return r;
	}
	fi->fh = (uint64_t)fd;
	fi->direct_io = 1; /* what is written, and how much of it, is ours to say */
	return 0;
}

static int do_open(const char *path, struct fuse_file_info *fi)
{
	int r = error_of("open", path);

	if (r < 0)
		return r;
	if (fault_rules_ask("getattr", path).how != FAULT_NOCTO)
		stale_view_forget(below(path));
	return open_with(path, fi->flags & ~O_NONBLOCK, 0, fi);
}

static int do_create(const char *path, mode_t mode, struct fuse_file_info *fi)
{
	int r = error_of("create", path);

	if (r == 0)
		r = open_with(path, fi->flags, mode, fi);
	if (r == 0)
		forget(path);
	return r;
}

/* A client knows the size of a file from its attributes, and reads no further. */
static size_t clip(const char *path, off_t offset, size_t size)
{
	struct fault f = fault_rules_ask("getattr", path);
	struct stat st;

	if (!is_stale(&f) || stale_view_stat(folder, below(path), f.ms, &st) < 0)
		return size;
	if (offset >= st.st_size)
		return 0;
	return (off_t)size < st.st_size - offset ? size : (size_t)(st.st_size - offset);
}

static int do_read(const char *path, char *ret, size_t size, off_t offset,
                   struct fuse_file_info *fi)
{
	struct fault f = fault_rules_ask("read", path);
	ssize_t n;

	if (f.how == FAULT_ERROR)
		return f.error;
	size = clip(path, offset, size);
	if (f.how == FAULT_SHORT && size > FEWER)
		size -= FEWER;
	n = pread((int)fi->fh, ret, size, offset);
	if (n > 0 && f.how == FAULT_FLIP)
		ret[n / 2] ^= 0x10;
	return n < 0 ? -errno : (int)n;
}

static int do_write(const char *path, const char *bytes, size_t size, off_t offset,
                    struct fuse_file_info *fi)
{
	struct fault f = fault_rules_ask("write", path);
	ssize_t n;

	if (f.how == FAULT_ERROR)
		return f.error;
	if (f.how == FAULT_DROP)
		return (int)size;
	if (f.how == FAULT_HALF)
		size /= 2;
	if (f.how == FAULT_SHORT && size > FEWER)
		size -= FEWER;
	n = pwrite((int)fi->fh, bytes, size, offset);
	if (n < 0)
		return -errno;
	stale_view_forget(below(path));
	return f.how == FAULT_HALF ? -EIO : (int)n;
}

static int do_fsync(const char *path, int data_only, struct fuse_file_info *fi)
{
	int r = error_of("fsync", path);

	if (r == 0)
		r = (data_only ? fdatasync((int)fi->fh) : fsync((int)fi->fh)) < 0 ? -errno : 0;
	return r;
}

static int do_fsyncdir(const char *path, int data_only, struct fuse_file_info *fi)
{
	(void)data_only;
	(void)fi;
	return error_of("fsync", path); /* of a folder on this machine, which stays up */
}

static int do_release(const char *path, struct fuse_file_info *fi)
{
	(void)path;
	return close((int)fi->fh) < 0 ? -errno : 0;
}

static int do_truncate(const char *path, off_t size, struct fuse_file_info *fi)
{
	int fd = fi ? (int)fi->fh : openat(folder, below(path), O_WRONLY | O_CLOEXEC);
	int r = fd < 0 || ftruncate(fd, size) < 0 ? -errno : 0;

	if (!fi && fd >= 0)
		(void)close(fd);
	stale_view_forget(below(path));
	return r;
}

static int do_mkdir(const char *path, mode_t mode)
{
	int r = error_of("mkdir", path);

	return r < 0 ? r : done(mkdirat(folder, below(path), mode), path);
}

static int do_unlink(const char *path)
{
	int r = error_of("unlink", path);

	return r < 0 ? r : done(unlinkat(folder, below(path), 0), path);
}

static int do_link(const char *from, const char *to)
{
	int r = error_of("link", to);

	return r < 0 ? r : done(linkat(folder, below(from), folder, below(to), 0), to);
}

static int do_rename(const char *from, const char *to, unsigned flags)
{
	int r = error_of("rename", to);

	if (r < 0 || flags != 0)
		return r < 0 ? r : -EINVAL;
	forget(from);
	return done(renameat(folder, below(from), folder, below(to)), to);
}

static int do_statfs(const char *path, struct statvfs *ret)
{
	int r = error_of("statfs", path);

	return r < 0 ? r : fstatvfs(folder, ret) < 0 ? -errno : 0;
}

static void *do_init(struct fuse_conn_info *connection, struct fuse_config *config)
{
	(void)connection;
	config->use_ino = 1;
	config->hard_remove = 1;
	config->entry_timeout = config->attr_timeout = config->negative_timeout = 0;
	return NULL;
}

static const struct fuse_operations operations = {
	.init = do_init,
	.getattr = do_getattr,
	.readlink = do_readlink,
	.readdir = do_readdir,
	.open = do_open,
	.create = do_create,
	.read = do_read,
	.write = do_write,
	.fsync = do_fsync,
	.fsyncdir = do_fsyncdir,
	.release = do_release,
	.truncate = do_truncate,
	.mkdir = do_mkdir,
	.unlink = do_unlink,
	.link = do_link,
	.rename = do_rename,
	.statfs = do_statfs,
};

int main(int argc, char **argv)
{
	/* A request that hangs keeps its thread. */
	char *fuse_argv[] = { argv[0], (char[]){ "-f" }, (char[]){ "-omax_threads=64" },
		              argc > 2 ? argv[2] : NULL, NULL };

	if (argc != 4 || fault_rules_init(argv[3]) < 0) {
		(void)fprintf(stderr, "usage: faultfs FOLDER MOUNTPOINT /RULES\n");
		return 2;
	}
	folder = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0) {
		perror(argv[1]);
		return 1;
	}
	(void)umask(0);
	return fuse_main(4, fuse_argv, &operations, NULL);
}
