/* SPDX-License-Identifier: Apache-2.0 */
/* The session file: whole or refused, and silent about its secrets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "daemon/session_file.h"

#define PASSWORD "00112233445566778899aabbccddeeff"

static char dir[] = "/tmp/test-session-XXXXXX";

static const struct session_file sample = {
	.session = "0123456789abcdef",
	.password = PASSWORD,
	.session_ms = 4000,
	.nonce = "fedcba9876543210",
	.latch = "n-fedcba9876543210-0000000007",
	.epoch = 18446744073709551615u,
};

static void path_of(const char *name, char *ret)
{
	assert_true(snprintf(ret, PATH_MAX, "%s/%s", dir, name) < PATH_MAX);
}

static void write_text(const char *text)
{
	char path[PATH_MAX];
	FILE *f;

	path_of("session", path);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void read_text(char *ret, size_t size)
{
	char path[PATH_MAX];
	FILE *f;

	path_of("session", path);
	f = fopen(path, "r");
	assert_non_null(f);
	ret[fread(ret, 1, size - 1, f)] = '\0';
	assert_int_equal(fclose(f), 0);
}

static int load(struct session_file *ret)
{
	struct session_file_error error = { .text = "" };
	int r = session_file_load(dir, ret, &error);

	if (r < 0) {
		assert_non_null(strstr(error.text, dir));      /* names the file */
		assert_null(strstr(error.text, "0011223344")); /* and no secret */
		assert_null(strstr(error.text, "0123456789abcdef"));
	}
	return r;
}

static void what_was_saved_is_loaded(void **state)
{
	struct session_file got;

	(void)state;
	assert_int_equal(session_file_save(dir, &sample), 0);
	assert_int_equal(load(&got), 0);
	assert_string_equal(got.session, sample.session);
	assert_string_equal(got.password, sample.password);
	assert_int_equal(got.session_ms, 4000);
	assert_string_equal(got.nonce, sample.nonce);
	assert_string_equal(got.latch, sample.latch);
	assert_true(got.epoch == sample.epoch);
}

static void the_format_is_that_of_the_protocol(void **state)
{
	struct session_file file = sample;
	char text[1024];

	(void)state;
	file.latch[0] = '\0';
	file.epoch = 7;
	assert_int_equal(session_file_save(dir, &file), 0);
	read_text(text, sizeof(text));
	assert_string_equal(text, "version 1\nsession 0123456789abcdef\npassword " PASSWORD
	                          "\nsession_ms 4000\nnonce fedcba9876543210\nlatch -\nepoch 7\n"
	                          "ending 0\n");
	assert_int_equal(load(&file), 0);
	assert_string_equal(file.latch, "");
}

static void the_mark_of_a_jmhad_of_before_is_read_and_ignored(void **state)
{
	char text[1024], *at;
	struct session_file got;

	(void)state;
	assert_int_equal(session_file_save(dir, &sample), 0);
	read_text(text, sizeof(text));
	at = strstr(text, "ending 0");
	assert_non_null(at);
	memcpy(at, "ending 1", 8);
	write_text(text);
	assert_int_equal(load(&got), 0);
	assert_string_equal(got.latch, sample.latch);
	assert_true(got.epoch == sample.epoch);
}

/* A7 */
static void a_smaller_timeout_is_kept_for_who_resumes_a_larger_is_not(void **state)
{
	struct session_file file = sample, got;

	(void)state;
	assert_int_equal(session_file_save(dir, &file), 0);
	assert_int_equal(session_file_shorten(dir, &file, 3000), 0);
	assert_int_equal(load(&got), 0);
	assert_int_equal(got.session_ms, 3000);
	assert_string_equal(got.latch, sample.latch);
	assert_int_equal(session_file_shorten(dir, &file, 5000), 0);
	assert_int_equal(file.session_ms, 3000);
	assert_int_equal(load(&got), 0);
	assert_int_equal(got.session_ms, 3000);
}

static void only_the_owner_may_read_it(void **state)
{
	char path[PATH_MAX], tmp[PATH_MAX];
	struct stat st;
	int fd;

	(void)state;
	path_of("session", path);
	path_of("session.tmp", tmp);
	fd = open(tmp, O_CREAT | O_WRONLY, 0666); /* left over from a crash */
	assert_true(fd >= 0 && fchmod(fd, 0666) == 0);
	close(fd);
	assert_int_equal(session_file_save(dir, &sample), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(access(tmp, F_OK), -1);
}

static void none_is_not_damaged(void **state)
{
	struct session_file got;

	(void)state;
	assert_int_equal(session_file_remove(dir), 0);
	assert_int_equal(session_file_remove(dir), 0);
	assert_int_equal(load(&got), -ENOENT);
}

static void damage_is_refused(void **state)
{
	static const char *const change[][2] = {
		/* what is replaced by what */
		{ "version 1", "version 2" },
		{ "version 1\n", "" },
		{ "session 0123456789abcdef", "session 0123456789abcde" },
		{ "session 0123456789abcdef", "session 0123456789ABCDEF" },
		{ "session_ms 4000", "session_ms 0" },
		{ "session_ms 4000", "session_ms -1" },
		{ "session_ms 4000", "session_ms 4000 " },
		{ "session_ms 4000", "session_ms 99999999999" },
		{ "nonce f", "nonce g" },
		{ "latch n-", "latch ../" },
		{ "latch n-fedcba9876543210-0000000007", "latch " },
		{ "epoch 18446744073709551615", "epoch 18446744073709551616" },
		{ "ending 0", "ending 2" },
		{ "ending 0\n", "ending 0" },
		{ "ending 0\n", "" },
		{ "ending 0\n", "ending 0\nending 0\n" },
		{ "ending 0\n", "ending 0\nunknown 1\n" },
	};
	char good[1024], bad[2048], *at;
	struct session_file got;

	(void)state;
	assert_int_equal(session_file_save(dir, &sample), 0);
	read_text(good, sizeof(good));
	for (size_t i = 0; i < N_ELEMENTS(change); i++) {
		at = strstr(good, change[i][0]);
		assert_non_null(at);
		(void)snprintf(bad, sizeof(bad), "%.*s%s%s", (int)(at - good), good, change[i][1],
		               at + strlen(change[i][0]));
		write_text(bad);
		if (load(&got) != -EBADMSG)
			fail_msg("accepted: %s", change[i][1]);
	}
	write_text("");
	assert_int_equal(load(&got), -EBADMSG);
}

static void what_could_not_be_loaded_is_not_saved(void **state)
{
	struct session_file file = sample;

	(void)state;
	assert_int_equal(session_file_save(dir, &sample), 0);
	file.nonce[0] = 'x';
	assert_int_equal(session_file_save(dir, &file), -EINVAL);
	assert_int_equal(load(&file), 0); /* the old one is whole */
}

static int make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	(void)state;
	(void)session_file_remove(dir);
	return rmdir(dir);
}

/* Whoever could write into the directory once must not own what is written later. */
static void a_planted_temporary_file_is_not_written_to(void **state)
{
	char path[PATH_MAX];
	struct stat st;

	(void)state;
	if (geteuid() != 0)
		skip();
	path_of("session.tmp", path);
	assert_int_equal(close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666)), 0);
	assert_int_equal(chown(path, 65534, 65534), 0);
	assert_int_equal(session_file_save(dir, &sample), 0);
	path_of("session", path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_uid, geteuid());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_saved_is_loaded),
		cmocka_unit_test(the_format_is_that_of_the_protocol),
		cmocka_unit_test(the_mark_of_a_jmhad_of_before_is_read_and_ignored),
		cmocka_unit_test(a_smaller_timeout_is_kept_for_who_resumes_a_larger_is_not),
		cmocka_unit_test(only_the_owner_may_read_it),
		cmocka_unit_test(none_is_not_damaged),
		cmocka_unit_test(damage_is_refused),
		cmocka_unit_test(what_could_not_be_loaded_is_not_saved),
		cmocka_unit_test(a_planted_temporary_file_is_not_written_to),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
