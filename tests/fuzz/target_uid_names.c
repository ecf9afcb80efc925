/* SPDX-License-Identifier: Apache-2.0 */
/* A list of uids (readiness/uid_names.h): somebody's own file, or the wrong one. */
#include <errno.h>
#include <string.h>

#include "readiness/uid_names.h"
#include "readiness/utf8.h"
#include "tests/fuzz/fuzz.h"

static size_t count_lines(const uint8_t *data, size_t size)
{
	size_t n = 1;

	for (size_t i = 0; i < size; i++)
		n += data[i] == '\n';
	return n;
}

static void check_text(const char *text)
{
	size_t size = strlen(text);

	HOLDS(size > 0 && text[0] != ' ' && text[size - 1] != ' ' && !strchr(text, '\n'));
	for (size_t i = 0; i < size;) {
		size_t n = utf8_character(text + i, size - i);

		HOLDS(n > 0);
		i += n;
	}
}

static void check(const struct uid_names *names, size_t n_lines)
{
	HOLDS(names->n <= n_lines);
	for (size_t i = 0; i < names->n; i++) {
		const struct uid_name *item = &names->item[i], *found;
		uint8_t id[UID_HASH_SIZE];

		check_text(item->uid);
		HOLDS(item->uid[0] != '#');
		if (item->name)
			check_text(item->name);
		HOLDS(item->line >= 1 && item->line <= n_lines && item->before < item->line);
		uid_hash(item->uid, strlen(item->uid), id);
		HOLDS(memcmp(id, item->id, sizeof(id)) == 0);
		found = uid_names_find(names, id);
		HOLDS(found && found->before == 0 &&
		      found->line == (item->before ? item->before : item->line));
	}
}

static void run(const uint8_t *data, size_t size)
{
	struct uid_names_error e = { .line = 0 };
	struct uid_names names;
	size_t n_lines = count_lines(data, size);
	int r = uid_names_read((const char *)data, size, &names, &e);

	HOLDS(r == 0 || r == -EBADMSG);
	if (r == 0)
		check(&names, n_lines);
	else
		HOLDS(e.line >= 1 && e.line <= n_lines && e.text[0] != '\0');
	uid_names_done(&names);
}
FUZZ_TARGET(uid_names, run)
