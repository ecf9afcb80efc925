/* SPDX-License-Identifier: Apache-2.0 */
/* The members' signs in the store: the own one is written, the others' read, and nothing that has
 * their names harms. */
#include "tests/unit/store_bench.h"

#include <sys/socket.h>
#include <sys/un.h>

#define MINE  "00112233445566778899aabbccddeeff"
#define OTHER "0123456789abcdef0123456789abcdef"
#define FILE_OF(version, member, sign) \
	("{\"version\": " version ", \"member\": \"" member "\", \"sign\": \"" sign "\"}")

static struct store_sign seen[STORE_MAX_SIGNS]; /* copies: of the last answer */

static void on_signs(const struct store_result *result, void *userdata)
{
	for (unsigned i = 0; i < result->n_signs; i++)
		seen[i] = result->sign[i];
	on_done(result, userdata);
}

/* Up to the NULL. */
static void exchange(const char *own, const char *const *others)
{
	struct store_sign wanted[STORE_MAX_SIGNS] = { 0 };
	struct store_signs signs = { .own = own, .others = wanted };

	memcpy(signs.cluster_id, id, sizeof(id));
	for (; others && others[signs.n_others]; signs.n_others++)
		(void)snprintf(wanted[signs.n_others].member, STORE_MEMBER_SIZE, "%s",
		               others[signs.n_others]);
	memset(seen, 0, sizeof(seen));
	assert_int_equal(store_signs(s, &signs, on_signs, &f), 0);
	wait_for(1);
	assert_int_equal(last.op, STORE_SIGNS);
}

static void make_cluster(void)
{
	assert_int_equal(store_init(s, id, on_done, &f), 0);
	wait_for(1);
	assert_true(last.state == STORE_OK && last.has_cluster_id);
}

static void write_sign(const char *name, const char *text)
{
	char path[300];

	(void)snprintf(path, sizeof(path), "%s/%s", f.cluster, name);
	files_write(path, text, strlen(text));
}

static ino_t inode(const char *name)
{
	char path[160];
	struct stat st;

	path_name(name, path);
	assert_int_equal(lstat(path, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	return st.st_ino;
}

static bool exists(const char *name)
{
	char path[160];
	struct stat st;

	path_name(name, path);
	return lstat(path, &st) == 0;
}

static void the_own_sign_is_written_only_when_it_is_not_there(void **state)
{
	static const char *const own[] = { "jm-a", NULL };
	char path[160], keep[160];
	ino_t first;

	(void)state;
	make_cluster();
	exchange(MINE, own);
	assert_int_equal(last.state, STORE_OK);
	assert_string_equal(seen[0].sign, MINE);
	first = inode("sign-jm-a");
	path_name("sign-jm-a", path);
	path_name("keep", keep);
	assert_int_equal(link(path, keep), 0); /* its number is not given to another file */
	exchange(MINE, own);
	assert_true(inode("sign-jm-a") == first);
	exchange(OTHER, own);
	assert_true(inode("sign-jm-a") != first);
	assert_string_equal(seen[0].sign, OTHER);
	assert_false(exists("sign.jm-a.tmp"));
}

static void an_observer_writes_nothing_and_reads(void **state)
{
	static const char *const others[] = { "jm-b", "jm-c", "jm-a", NULL };

	(void)state;
	make_cluster();
	write_sign("sign-jm-c", FILE_OF("1", "jm-c", OTHER));
	exchange(NULL, others);
	assert_int_equal(last.state, STORE_OK);
	assert_int_equal(last.n_signs, 3);
	assert_string_equal(seen[0].member, "jm-b");
	assert_string_equal(seen[0].sign, "");
	assert_string_equal(seen[1].member, "jm-c");
	assert_string_equal(seen[1].sign, OTHER);
	assert_string_equal(seen[2].sign, "");
	assert_false(exists("sign-jm-a"));
}

/* A copy of a sign under another name, one cut short, of a later form .. */
static void what_is_no_sign_of_that_member_is_none(void **state)
{
	static const char *const bad[] = {
		"",
		"{",
		"[]",
		"null",
		"\"0123456789abcdef0123456789abcdef\"",
		FILE_OF("1", "jm-c", OTHER),
		FILE_OF("2", "jm-b", OTHER),
		FILE_OF("null", "jm-b", OTHER),
		FILE_OF("1", "jm-b", OTHER "00"),
		FILE_OF("1", "jm-b", "0123"),
		FILE_OF("1", "jm-b", "0123456789ABCDEF0123456789ABCDEF"),
		"{\"version\": 1, \"member\": \"jm-b\", \"sign\": 7}",
		"{\"version\": 1, \"member\": \"jm-b\"}",
		"{\"version\": 1, \"sign\": \"0123456789abcdef0123456789abcdef\"}",
		"{\"member\": \"jm-b\", \"sign\": \"0123456789abcdef0123456789abcdef\"}",
		"{\"version\": 1, \"member\": \"jm-b\", \"sign\": "
		"\"0123456789abcdef0123456789abcdef",
	};
	static const char *const other[] = { "jm-b", NULL };

	(void)state;
	make_cluster();
	for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
		write_sign("sign-jm-b", bad[i]);
		exchange(MINE, other);
		assert_int_equal(last.state, STORE_OK);
		assert_string_equal(seen[0].sign, "");
	}
	write_sign("sign-jm-b", "{\"version\": 1, \"member\": \"jm-b\", \"sign\": \"" OTHER "\", "
	                        "\"later\": [1, 2]}");
	exchange(MINE, other);
	assert_string_equal(seen[0].sign, OTHER);
}

/* ---- strangers */

static void make_folder(const char *path)
{
	assert_int_equal(mkdir(path, 0750), 0);
}

static void make_pipe(const char *path)
{
	assert_int_equal(mkfifo(path, 0600), 0);
}

static void make_link_to_zeros(const char *path)
{
	assert_int_equal(symlink("/dev/zero", path), 0);
}

static void make_link_to_a_sign(const char *path)
{
	assert_int_equal(symlink("good", path), 0);
}

static void make_socket(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	CLEANUP(closep) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/s", f.path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(rename(address.sun_path, path), 0);
}

static void make_huge(const char *path)
{
	files_write(path, "{", 1);
	assert_int_equal(truncate(path, (off_t)1 << 40), 0);
}

static void strangers_with_a_signs_name_harm_nothing(void **state)
{
	static void (*const make[])(const char *path) = { make_pipe,           make_link_to_zeros,
		                                          make_link_to_a_sign, make_socket,
		                                          make_huge,           make_folder };
	static const char *const others[] = { "jm-b", "jm-c", NULL };
	char other[160], own[160], temporary[160];

	(void)state;
	make_cluster();
	write_sign("good", FILE_OF("1", "jm-b", OTHER));
	write_sign("sign-jm-c", FILE_OF("1", "jm-c", OTHER));
	write_sign("sign-", "{}");
	write_sign("sign-.x", "{}");
	path_name("sign-jm-b", other);
	path_name("sign-jm-a", own);
	path_name("sign.jm-a.tmp", temporary);
	for (size_t i = 0; i < N_ELEMENTS(make); i++) {
		bool folder = make[i] == make_folder;

		make[i](other);
		make[i](own);
		exchange(MINE, others);
		if (folder) { /* it cannot be taken away by a new name */
			assert_int_equal(last.state, STORE_FAILED);
			assert_non_null(strstr(last.text, f.cluster));
			assert_int_equal(rmdir(own), 0);
			exchange(MINE, others);
		}
		assert_int_equal(last.state, STORE_OK);
		assert_string_equal(seen[0].sign, "");
		assert_string_equal(seen[1].sign, OTHER);
		(void)inode("sign-jm-a"); /* a file again */
		assert_true(remove(other) == 0 && remove(own) == 0);
		if (folder)
			continue;
		make[i](temporary); /* in the way once, or not at all */
		exchange(MINE, others);
		exchange(MINE, others);
		assert_int_equal(last.state, STORE_OK);
		(void)inode("sign-jm-a");
		assert_false(exists("sign.jm-a.tmp"));
		assert_int_equal(remove(own), 0);
	}
}

static void nothing_is_written_into_another_clusters_directory(void **state)
{
	char path[160];

	(void)state;
	exchange(MINE, NULL);
	assert_int_equal(last.state, STORE_MISSING);
	assert_false(exists("sign-jm-a"));
	path_name("CLUSTER", path);
	write_sign("CLUSTER", "{\"version\": 1, \"cluster_id\": \"" OTHER "\"}");
	exchange(MINE, NULL);
	assert_int_equal(last.state, STORE_FOREIGN);
	assert_int_equal(last.n_signs, 0);
	assert_false(exists("sign-jm-a"));
}

static void as_many_as_there_may_be_members(void **state)
{
	static char names[STORE_MAX_SIGNS][STORE_MEMBER_SIZE];
	const char *others[STORE_MAX_SIGNS + 1] = { NULL };
	char text[256], name[70];

	(void)state;
	make_cluster();
	for (unsigned i = 0; i < STORE_MAX_SIGNS; i++) {
		(void)snprintf(name, sizeof(name), "sign-%063u", i);
		(void)snprintf(names[i], STORE_MEMBER_SIZE, "%063u", i);
		(void)snprintf(text, sizeof(text),
		               "{\"version\": 1, \"member\": \"%063u\", \"sign\": \"" OTHER "\"}",
		               i);
		write_sign(name, text);
		others[i] = names[i];
	}
	exchange(MINE, others);
	assert_int_equal(last.n_signs, STORE_MAX_SIGNS);
	for (unsigned i = 0; i < STORE_MAX_SIGNS; i++)
		assert_string_equal(seen[i].sign, OTHER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_own_sign_is_written_only_when_it_is_not_there),
		T(an_observer_writes_nothing_and_reads),
		T(what_is_no_sign_of_that_member_is_none),
		T(strangers_with_a_signs_name_harm_nothing),
		T(nothing_is_written_into_another_clusters_directory),
		T(as_many_as_there_may_be_members),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
