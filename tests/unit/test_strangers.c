/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What others put into the store: copies of its files, files of another cluster, folders, pipes,
 * links, sockets, huge and empty files, under each kind of name.  Beside the files that the
 * register names they are harmless; in place of one they are named, and nothing wrong is served.
 */
#include "tests/unit/store_bench.h"

#include <sys/socket.h>
#include <sys/un.h>

#include "storage/inspect.h"

#define LOG(epoch, number) "log/0000000000000000000" #epoch "-0000000000000000000" #number ".log"
#define SNAP(epoch, number) \
	"snapshot/0000000000000000000" #epoch "-0000000000000000000" #number ".snap"
#define OWN_LOG            LOG(2, 1)
#define CONTROL_CHARACTERS "\x01\x1b[31m\n\x7f"
#define LONG                                                                                       \
	"a-name-that-is-as-long-as-most-file-systems-take-"                                        \
	"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567" \
	"89012345678901234567890123456789012345678901234567890123456789012345678901234567"

static const char *const places[] = {
	LOG(2, 2), /* what the next segment would be called */
	LOG(2, 9),
	LOG(1, 7),
	LOG(1, 1) ".copy",
	"log/99-1.log",
	"log/.nfs000000000000000100000001",
	"log/" CONTROL_CHARACTERS ".log",
	"log/" LONG,
	SNAP(2, 9),
	SNAP(1, 1),
	"snapshot/00000000000000000003-00000000000000000002.jm-b.7.tmp",
	"snapshot/" CONTROL_CHARACTERS,
	"quarantine/" CONTROL_CHARACTERS,
	"CLUSTER.jm-b.7.tmp",
	"probe-jm-b",
	"lost+found",
	CONTROL_CHARACTERS,
};

static uint8_t *own; /* a whole log file, the older one */
static size_t own_size;
static struct pointer_map *map;
static struct log_snapshot snap;  /* named by the register */
static struct log_position first; /* where it was taken */

static void make_folder(const char *path)
{
	assert_int_equal(mkdir(path, 0750), 0);
}

static void make_pipe(const char *path)
{
	assert_int_equal(mkfifo(path, 0600), 0);
}

static void make_dangling(const char *path)
{
	assert_int_equal(symlink("nowhere", path), 0);
}

static void make_link_to_zeros(const char *path)
{
	assert_int_equal(symlink("/dev/zero", path), 0);
}

static void make_link_to_own(const char *path)
{
	assert_int_equal(symlink("../" LOG(1, 1), path), 0);
}

/* A socket's name is short: made elsewhere, and moved. */
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
	files_write(path, "", 0);
	assert_int_equal(truncate(path, (off_t)1 << 40), 0);
}

static void make_empty(const char *path)
{
	files_write(path, "", 0);
}

static void make_garbage(const char *path)
{
	uint8_t bytes[5000];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 2654435761U >> 13);
	files_write(path, bytes, sizeof(bytes));
}

static void make_copy(const char *path)
{
	files_write(path, own, own_size);
}

/* Of a cluster that knows of many more commits, under its own number or another. */
static void make_other_clusters(const char *path)
{
	uint8_t header[RECORD_FILE_HEADER_SIZE], record[512];
	const struct record_file_header h = { .kind = RECORD_FILE_LOG,
		                              .cluster_id = "another cluster",
		                              .epoch = 2,
		                              .number = 9,
		                              .before = { .epoch = 1, .sequence = 5000 } };
	const struct record_change c = { .op = RECORD_PUT,
		                         .key = "a",
		                         .key_size = 1,
		                         .value = (const uint8_t *)"x",
		                         .value_size = 1 };
	CLEANUP(freep) uint8_t *both = NULL;
	size_t size = record_size(&c, 1);

	record_file_header_encode(&h, header);
	record_encode(5001, 5000, &c, 1, record);
	both = malloc(sizeof(header) + size);
	assert_non_null(both);
	memcpy(both, header, sizeof(header));
	memcpy(both + sizeof(header), record, size);
	files_write(path, both, sizeof(header) + size);
}

static const struct kind {
	const char *name;
	void (*make)(const char *path);
} kinds[] = {
	{ "folder", make_folder },
	{ "pipe", make_pipe },
	{ "dangling link", make_dangling },
	{ "link to /dev/zero", make_link_to_zeros },
	{ "link to a file of its own", make_link_to_own },
	{ "socket", make_socket },
	{ "huge file", make_huge },
	{ "empty file", make_empty },
	{ "garbage", make_garbage },
	{ "copy of another file", make_copy },
	{ "file of another cluster", make_other_clusters },
};

/* Two epochs, a snapshot between them: a = 2 and b = 1 at the end. */
static void make_store(void)
{
	char path[160];

	assert_int_equal(store_init(s, id, on_done, &f), 0);
	wait_for(1);
	assert_true(last.state == STORE_OK && last.has_cluster_id);
	files_begin(&f, 1, 1, &nothing);
	files_put(&f, "a", "1");
	files_put(&f, "b", "1");
	first = f.at;
	files_name(&f, 1, 1, path);
	own = files_read(path, &own_size);
	snap = files_snapshot_here(&f, 1);
	files_begin(&f, 2, 1, &f.at);
	files_put(&f, "a", "2");
}

static void follow(const struct log_position *from)
{
	struct store_follow request = { .map = map, .to = f.at, .snapshot = snap };

	pointer_map_free(map);
	map = request.map = pointer_map_new();
	assert_non_null(map);
	pointer_map_set_position(map, from);
	memcpy(request.cluster_id, id, sizeof(id));
	assert_int_equal(store_follow(s, &request, on_done, &f), 0);
	wait_for(1);
}

static bool all_is_there(void)
{
	return last.state == STORE_OK && pointer_map_count_damaged(map) == 0 &&
	       strcmp(files_value(map, "a"), "2") == 0 && strcmp(files_value(map, "b"), "1") == 0;
}

static void remove_path(const char *path)
{
	assert_true(unlink(path) == 0 || rmdir(path) == 0);
}

static void writes_beside_it(void)
{
	struct store_segment segment = { .epoch = { 2 }, .number = 2, .before = f.at };
	struct store_snapshot snapshot = { .epoch = { 2 }, .frozen = pointer_map_freeze(map) };
	struct log_snapshot made = { .epoch = 2, .at = f.at };
	struct stat st;
	char path[160];

	memcpy(segment.cluster_id, id, sizeof(id));
	memcpy(snapshot.cluster_id, id, sizeof(id));
	assert_int_equal(store_open_segment(s, &segment, on_done, &f), 0);
	wait_for(1);
	assert_int_equal(last.state, STORE_OK);
	files_name(&f, 2, last.position.segment, path);
	assert_int_equal(lstat(path, &st), 0);
	assert_true(S_ISREG(st.st_mode) && st.st_size == RECORD_FILE_HEADER_SIZE);
	remove_path(path);
	assert_int_equal(store_snapshot(s, &snapshot, on_done, &f), 0);
	wait_for(1);
	assert_int_equal(last.state, STORE_OK);
	files_snapshot_name(&f, &made, path);
	remove_path(path);
	assert_int_equal(store_probe(s, on_done, &f), 0);
	wait_for(1);
	assert_int_equal(last.state, STORE_OK);
}

static void works_beside_it(void)
{
	follow(&nothing);
	assert_true(all_is_there());
	writes_beside_it();
	follow(&first); /* of a map that has the rest: b is not told again */
	assert_int_equal(last.state, STORE_OK);
	assert_string_equal(files_value(map, "a"), "2");
	assert_int_equal(store_list(s, on_done, &f), 0);
	wait_for(1);
	assert_int_equal(last.state, STORE_OK);
	assert_true(last.highest_epoch == 2);
	assert_true(last.committed_seen <= f.at.sequence);
	assert_int_equal(store_check(s, on_done, &f), 0);
	wait_for(1);
	assert_true(last.state == STORE_OK && last.has_cluster_id);
}

/* Each is told by its name, and none keeps the rest from being read. */
static void inspect_beside_them(const char *kind)
{
	const struct inspect_request request = { .path = f.cluster };
	struct inspection inspection;
	struct inspected_end end;
	unsigned n_wrong = 0, n_log = 0;

	assert_int_equal(inspect_store(&request, &inspection), 0);
	assert_int_equal(inspection.report.state, STORE_OK);
	for (size_t i = 0; i < inspection.n_files; i++) {
		const struct inspected_file *file = &inspection.file[i];
		bool ours = strstr(OWN_LOG LOG(1, 1) SNAP(1, 2), file->name) != NULL;

		n_wrong += !ours && file->state != INSPECTED_OK && file->text[0] != '\0';
		n_log += ours && file->state == INSPECTED_OK;
	}
	print_message("%s: %zu files, %u told\n", kind, inspection.n_files, n_wrong);
	assert_int_equal(n_log, 3);
	assert_int_equal(n_wrong, inspection.n_files - 3);
	assert_true(inspection.highest_epoch == 2);
	assert_int_equal(inspect_find_end(&request, &inspection, &end), 0);
	assert_true(end.found && log_position_same(&end.at, &f.at));
	inspected_end_done(&end);
	inspection_done(&inspection);
}

static void strangers_beside_the_files_are_harmless(void **state)
{
	char path[400];

	(void)state;
	make_store();
	for (size_t k = 0; k < N_ELEMENTS(kinds); k++) {
		print_message("%s\n", kinds[k].name);
		for (size_t i = 0; i < N_ELEMENTS(places); i++) {
			(void)snprintf(path, sizeof(path), "%s/%s", f.cluster, places[i]);
			kinds[k].make(path);
		}
		works_beside_it();
		inspect_beside_them(kinds[k].name);
		for (size_t i = 0; i < N_ELEMENTS(places); i++) {
			(void)snprintf(path, sizeof(path), "%s/%s", f.cluster, places[i]);
			remove_path(path);
		}
	}
}

/* What comes behind the end is not read for ever, by members or by whoever looks from outside. */
static void own_files_may_grow_huge(void **state)
{
	static const char *const names[] = { OWN_LOG, SNAP(1, 2) };
	const struct inspect_request request = { .path = f.cluster };
	struct inspection inspection;
	struct inspected_end end;
	char path[160];

	(void)state;
	make_store();
	for (size_t i = 0; i < N_ELEMENTS(names); i++) {
		path_name(names[i], path);
		assert_int_equal(truncate(path, (off_t)1 << 40), 0);
		follow(&nothing);
		assert_true(all_is_there());
	}
	assert_int_equal(inspect_store(&request, &inspection), 0);
	assert_int_equal(inspect_find_end(&request, &inspection, &end), 0);
	assert_true(end.found && log_position_same(&end.at, &f.at));
	inspected_end_done(&end);
	inspection_done(&inspection);
}

/* Each kind in its place, one after the other; the file itself is back at the end. */
static void in_place_of(const char *name, void (*look)(const char *kind, const char *path))
{
	char path[200], away[200];

	(void)snprintf(path, sizeof(path), "%s/%s", f.cluster, name);
	(void)snprintf(away, sizeof(away), "%s/away", f.path);
	assert_int_equal(rename(path, away), 0);
	for (size_t k = 0; k < N_ELEMENTS(kinds); k++) {
		kinds[k].make(path);
		look(kinds[k].name, path);
		remove_path(path);
	}
	assert_int_equal(rename(away, path), 0);
}

static void log_is_named(const char *kind, const char *path)
{
	follow(&nothing);
	print_message("%s: %s\n", kind, last.text);
	assert_int_not_equal(last.state, STORE_OK);
	assert_non_null(strstr(last.text, path));
	assert_int_equal(pointer_map_count(map), 0);
}

static void in_place_of_a_log_file_they_are_named(void **state)
{
	(void)state;
	make_store();
	store_free(s);
	open_store(f.path, 100 * USEC_PER_MSEC);
	in_place_of(OWN_LOG, log_is_named);
	follow(&nothing);
	assert_true(all_is_there());
}

static char passed_over[STORE_TEXT_SIZE];

static void note_passed_over(const struct store_result *result, void *userdata)
{
	if (result->follow)
		memcpy(passed_over, result->follow->passed_over, sizeof(passed_over));
	on_done(result, userdata);
}

static void snapshot_is_named(const char *kind, const char *path)
{
	struct store_follow request = { .map = pointer_map_new(), .to = f.at, .snapshot = snap };

	pointer_map_free(map);
	map = request.map;
	memcpy(request.cluster_id, id, sizeof(id));
	assert_int_equal(store_follow(s, &request, note_passed_over, &f), 0);
	wait_for(1);
	print_message("%s: %s\n", kind, passed_over);
	assert_true(all_is_there()); /* from the log */
	assert_non_null(strstr(passed_over, strrchr(path, '/') + 1));
}

static void in_place_of_a_snapshot_they_are_named_and_the_log_read(void **state)
{
	(void)state;
	make_store();
	store_free(s);
	open_store(f.path, 100 * USEC_PER_MSEC);
	in_place_of(SNAP(1, 2), snapshot_is_named);
}

static void cluster_is_named(const char *kind, const char *path)
{
	assert_int_equal(store_check(s, on_done, &f), 0);
	wait_for(1);
	print_message("%s: %s\n", kind, last.text);
	assert_int_not_equal(last.state, STORE_OK); /* absent would be a store to be made */
	assert_non_null(strstr(last.text, path));
	assert_false(last.has_cluster_id);
}

static void in_place_of_cluster_they_are_named(void **state)
{
	(void)state;
	make_store();
	in_place_of("CLUSTER", cluster_is_named);
}

static void folder_is_named(const char *kind, const char *path)
{
	struct store_segment segment = { .epoch = { 2 }, .number = 2, .before = f.at };

	if (strcmp(kind, "folder") == 0)
		return; /* an empty one: what the register names is absent */
	assert_int_equal(store_open_segment(s, &segment, on_done, &f), 0);
	wait_for(1);
	print_message("%s: %s\n", kind, last.text);
	assert_int_not_equal(last.state, STORE_OK);
	assert_non_null(strstr(last.text, path));
	assert_int_equal(store_list(s, on_done, &f), 0);
	wait_for(1);
	assert_int_not_equal(last.state, STORE_OK);
	follow(&nothing);
	assert_int_not_equal(last.state, STORE_OK);
}

/* Also a link to the folder itself: nobody writes where nobody would read. */
static void in_place_of_the_log_folder_they_are_named(void **state)
{
	char path[160], away[160];

	(void)state;
	make_store();
	store_free(s);
	open_store(f.path, 100 * USEC_PER_MSEC);
	in_place_of("log", folder_is_named);
	path_name("log", path);
	path_name("elsewhere", away);
	assert_int_equal(rename(path, away), 0);
	assert_int_equal(symlink("elsewhere", path), 0);
	folder_is_named("link", path);
	remove_path(path);
	assert_int_equal(rename(away, path), 0);
}

/* B3: what cannot be deleted is left, what can goes, and the next cleaning does the same. */
static void cleaning_goes_on_past_a_folder(void **state)
{
	struct store_clean clean = { .epoch = { 2 } };
	char path[160], folder[160];

	(void)state;
	make_store();
	clean.previous = files_snapshot_here(&f, 2);
	memcpy(clean.cluster_id, id, sizeof(id));
	path_name(LOG(1, 2), folder);
	make_folder(folder);
	path_name(LOG(1, 3), path);
	make_dangling(path);
	assert_int_equal(store_clean(s, &clean, on_done, &f), 0);
	wait_for(1);
	assert_int_equal(last.state, STORE_FAILED);
	assert_non_null(strstr(last.text, folder));
	assert_int_equal(last.n_deleted, 3); /* the link, epoch 1's log and snapshot */
	assert_int_equal(rmdir(folder), 0);
}

static int teardown_map(void **state)
{
	pointer_map_free(map);
	map = NULL;
	free(own);
	own = NULL;
	return teardown(state);
}

#undef T
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown_map)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(strangers_beside_the_files_are_harmless),
		T(own_files_may_grow_huge),
		T(in_place_of_a_log_file_they_are_named),
		T(in_place_of_a_snapshot_they_are_named_and_the_log_read),
		T(in_place_of_cluster_they_are_named),
		T(in_place_of_the_log_folder_they_are_named),
		T(cleaning_goes_on_past_a_folder),
	};

	(void)alarm(120);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
