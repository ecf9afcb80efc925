/* SPDX-License-Identifier: Apache-2.0 */
#include "readiness/uid_names.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "readiness/utf8.h"

struct span { /* of the bytes */
	const char *at;
	size_t size;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct span trim(struct span s)
{
	while (s.size > 0 && is_blank(s.at[0])) {
		s.at++;
		s.size--;
	}
	while (s.size > 0 && is_blank(s.at[s.size - 1]))
		s.size--;
	return s;
}

/* Where it begins; the size of the whole when there is none. */
static size_t find_sign(struct span s)
{
	for (size_t i = 1; i + 1 < s.size; i++)
		if (s.at[i] == '=' && is_blank(s.at[i - 1]) && is_blank(s.at[i + 1]))
			return i;
	return s.size;
}

static int fail(struct uid_names_error *e, size_t line, const char *text)
{
	e->line = line;
	(void)snprintf(e->text, sizeof(e->text), "%s", text);
	return -EBADMSG;
}

static int check(struct span s, size_t line, struct uid_names_error *e)
{
	for (size_t i = 0; i < s.size;) {
		size_t n = utf8_character(s.at + i, s.size - i);

		if (n == 0)
			return fail(e, line, "this is no UTF-8 text; is it a list of uids?");
		if ((unsigned char)s.at[i] < 0x20 && s.at[i] != '\t')
			return fail(e, line, "a control character within a uid or its name");
		i += n;
	}
	return 0;
}

static char *copy(struct span s)
{
	char *ret = malloc(s.size + 1);

	if (!ret)
		return NULL;
	memcpy(ret, s.at, s.size);
	ret[s.size] = '\0';
	return ret;
}

static int add(struct uid_names *names, struct span uid, struct span name, size_t line)
{
	struct uid_name *item;

	if (names->n == names->room) {
		size_t room = names->room ? 2 * names->room : 16;

		item = reallocarray(names->item, room, sizeof(*item));
		if (!item)
			return -ENOMEM;
		names->item = item;
		names->room = room;
	}
	item = &names->item[names->n];
	*item = (struct uid_name){ .uid = copy(uid), .line = line };
	if (!item->uid)
		return -ENOMEM;
	names->n++;
	uid_hash(uid.at, uid.size, item->id);
	if (name.size > 0)
		item->name = copy(name);
	return name.size > 0 && !item->name ? -ENOMEM : 0;
}

static int take_line(struct span s, size_t line, struct uid_names *names, struct uid_names_error *e)
{
	struct span uid, name = { "", 0 };
	size_t sign;
	int r;

	s = trim(s);
	if (s.size == 0 || s.at[0] == '#')
		return 0;
	r = check(s, line, e);
	if (r < 0)
		return r;
	sign = find_sign(s);
	uid = trim((struct span){ s.at, sign });
	if (sign < s.size)
		name = trim((struct span){ s.at + sign + 1, s.size - sign - 1 });
	return add(names, uid, name, line);
}

static int compare(const void *a, const void *b)
{
	const struct uid_name *x = a, *y = b;
	int r = memcmp(x->id, y->id, UID_HASH_SIZE);

	return r != 0 ? r : (x->line > y->line) - (x->line < y->line);
}

static void sort(struct uid_names *names)
{
	if (names->n > 0)
		qsort(names->item, names->n, sizeof(*names->item), compare);
	for (size_t i = 1; i < names->n; i++) {
		const struct uid_name *last = &names->item[i - 1];

		if (memcmp(last->id, names->item[i].id, UID_HASH_SIZE) == 0)
			names->item[i].before = last->before ? last->before : last->line;
	}
}

int uid_names_read(const char *bytes, size_t size, struct uid_names *ret,
                   struct uid_names_error *reterr)
{
	size_t line = 0;

	*ret = (struct uid_names){ .item = NULL };
	if (size >= 3 && memcmp(bytes, "\357\273\277", 3) == 0) { /* what some editors begin with */
		bytes += 3;
		size -= 3;
	}
	while (size > 0) {
		const char *end = memchr(bytes, '\n', size);
		size_t n = end ? (size_t)(end - bytes) : size;
		int r = take_line((struct span){ bytes, n }, ++line, ret, reterr);

		if (r < 0)
			return r;
		n += end != NULL;
		bytes += n;
		size -= n;
	}
	sort(ret);
	return 0;
}

void uid_names_done(struct uid_names *names)
{
	for (size_t i = 0; i < names->n; i++) {
		free(names->item[i].uid);
		free(names->item[i].name);
	}
	free(names->item);
	*names = (struct uid_names){ .item = NULL };
}

const struct uid_name *uid_names_find(const struct uid_names *names,
                                      const uint8_t id[UID_HASH_SIZE])
{
	size_t low = 0, high = names->n;

	while (low < high) { /* the first that is not below it */
		size_t middle = low + (high - low) / 2;

		if (memcmp(names->item[middle].id, id, UID_HASH_SIZE) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == names->n || memcmp(names->item[low].id, id, UID_HASH_SIZE) != 0)
		return NULL;
	return &names->item[low];
}
