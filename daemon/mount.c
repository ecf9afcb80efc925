/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/mount.h"

#include <mntent.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

static const char *const local[] = { "ext2",  "ext3",     "ext4",     "xfs",    "btrfs",
	                             "zfs",   "bcachefs", "f2fs",     "jfs",    "overlay",
	                             "tmpfs", "ramfs",    "reiserfs", "rootfs", "vfat" };
static const char *const shared[] = {
	"nfs",          "nfs4",      "cifs",           "smb3",      "ceph",           "9p",
	"afs",          "beegfs",    "gfs2",           "ocfs2",     "gpfs",           "lustre",
	"orangefs",     "glusterfs", "fuse.glusterfs", "fuse.ceph", "fuse.ceph-fuse", "fuse.mfs",
	"fuse.juicefs", "virtiofs"
};

struct found {
	size_t length; /* of its mount point; 0: none yet */
	char type[MOUNT_TYPE_SIZE];
	bool option;
};

/* The longest mount point that holds the path; of equals, the last one. */
static struct found find(const char *table, const char *path, const char *option)
{
	FILE *mounts = setmntent(table, "re");
	struct found found = { .length = 0 };
	struct mntent entry;
	char buf[4096];

	if (!mounts)
		return found;
	while (getmntent_r(mounts, &entry, buf, sizeof(buf))) {
		size_t len = strlen(entry.mnt_dir);

		if (strncmp(path, entry.mnt_dir, len) != 0 || len < found.length ||
		    (len > 1 && path[len] != '/' && path[len] != '\0'))
			continue;
		found.length = len;
		(void)snprintf(found.type, sizeof(found.type), "%s", entry.mnt_type);
		found.option = option && hasmntopt(&entry, option) != NULL;
	}
	(void)endmntent(mounts);
	return found;
}

static bool is_one_of(const char *type, const char *const *types, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(type, types[i]) == 0)
			return true;
	return false;
}

enum mount_kind mount_kind(const char *table, const char *path, char ret_type[MOUNT_TYPE_SIZE])
{
	struct found found = find(table, path, NULL);

	memcpy(ret_type, found.type, MOUNT_TYPE_SIZE);
	if (is_one_of(found.type, local, N_ELEMENTS(local)))
		return MOUNT_LOCAL;
	return is_one_of(found.type, shared, N_ELEMENTS(shared)) ? MOUNT_SHARED : MOUNT_NOT_KNOWN;
}

bool mount_has_option(const char *table, const char *path, const char *option)
{
	return find(table, path, option).option;
}
