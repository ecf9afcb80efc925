/* SPDX-License-Identifier: Apache-2.0 */
/* Which file system a path lies on, by a table of mounts. */
#include "daemon/mount.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static char table[] = "/tmp/jmha-mounts.XXXXXX";

static int setup(void **state)
{
	int fd = mkstemp(table);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");

	(void)state;
	if (!f)
		return -1;
	(void)fputs("/dev/sda1 / ext4 rw,relatime 0 0\n"
	            "nas:/ha /mnt/ha nfs4 rw,nocto,vers=4.2 0 0\n"
	            "/dev/sdb1 /mnt/ha/here xfs rw 0 0\n"
	            "some /mnt/some fuse.sshfs rw 0 0\n"
	            "/dev/sdc1 /twice xfs rw 0 0\n"
	            "nas:/b /twice nfs rw 0 0\n"
	            "nas:/c /with\\040blank nfs rw 0 0\n",
	            f);
	return fclose(f);
}

static int teardown(void **state)
{
	(void)state;
	return unlink(table);
}

static void lies_on(const char *path, enum mount_kind kind, const char *type)
{
	char is[MOUNT_TYPE_SIZE];

	assert_int_equal(mount_kind(table, path, is), kind);
	assert_string_equal(is, type);
}

static void the_longest_mount_point_holds_the_path(void **state)
{
	(void)state;
	lies_on("/", MOUNT_LOCAL, "ext4");
	lies_on("/mnt", MOUNT_LOCAL, "ext4");
	lies_on("/mnt/ha", MOUNT_SHARED, "nfs4");
	lies_on("/mnt/ha/checkpoints", MOUNT_SHARED, "nfs4");
	lies_on("/mnt/hat", MOUNT_LOCAL, "ext4");
	lies_on("/mnt/ha/here/x", MOUNT_LOCAL, "xfs");
	lies_on("/mnt/some/x", MOUNT_NOT_KNOWN, "fuse.sshfs");
	lies_on("/twice/x", MOUNT_SHARED, "nfs");
	lies_on("/with blank/x", MOUNT_SHARED, "nfs");
}

static void options_are_those_of_that_mount(void **state)
{
	(void)state;
	assert_true(mount_has_option(table, "/mnt/ha/x", "nocto"));
	assert_false(mount_has_option(table, "/mnt/ha/here", "nocto"));
	assert_false(mount_has_option(table, "/mnt", "nocto"));
}

static void without_a_table_nothing_is_known(void **state)
{
	char is[MOUNT_TYPE_SIZE];

	(void)state;
	assert_int_equal(mount_kind("/nonexistent", "/", is), MOUNT_NOT_KNOWN);
	assert_string_equal(is, "");
	assert_false(mount_has_option("/nonexistent", "/", "nocto"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_longest_mount_point_holds_the_path),
		cmocka_unit_test(options_are_those_of_that_mount),
		cmocka_unit_test(without_a_table_nothing_is_known),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
