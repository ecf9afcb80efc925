/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/pointer_pages.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "ctl/field.h"
#include "ctl/say.h"
#include "ctl/verbs.h"

/* NULL when memory ran out. */
static char *path_of_part(const char *prefix, const char *after)
{
	CLEANUP(freep) char *escaped_prefix = client_escape(prefix);
	CLEANUP(freep) char *escaped_after = client_escape(after);
	char *path;

	if (!escaped_prefix || !escaped_after ||
	    asprintf(&path, "/v1/pointers?prefix=%s&after=%s", escaped_prefix, escaped_after) < 0)
		return NULL;
	return path;
}

/* What was asked for, and each key above the one before, from part to part: so none comes twice,
 * and there is an end.  *ret_last: the last one, `after` when there is none; borrowed. */
static bool is_in_order(const json_t *list, const char *prefix, const char *after,
                        const char **ret_last)
{
	const json_t *p;
	size_t i;

	*ret_last = after;
	json_array_foreach(list, i, p)
	{
		const char *key = field_text(p, "key");

		if (strcmp(key, *ret_last) <= 0 || strncmp(key, prefix, strlen(prefix)) != 0)
			return false;
		*ret_last = key;
	}
	return json_is_array(list);
}

static enum exit_code say_broken(const struct client *c, const char *after)
{
	say_line("the list of pointers from %s goes wrong after \"%.255s\": its keys do not "
	         "ascend, or are not those asked for, or it says that there is more and gives "
	         "nothing; is that jmhad's socket, and of this release?",
	         client_socket(c), after);
	return EXIT_FAILED;
}

/* *after: moves to the last key, or becomes "" after the last part. */
static enum exit_code take_part(const struct client *c, const char *prefix, const json_t *page,
                                int (*on_page)(void *userdata, const json_t *page), void *userdata,
                                char **after)
{
	const bool more = field_true(page, "more");
	const char *last;
	char *next;
	int r;

	if (!is_in_order(field(page, "pointers"), prefix, *after, &last) ||
	    (more && last == *after))
		return say_broken(c, *after);
	next = strdup(more ? last : "");
	r = next ? on_page(userdata, page) : -ENOMEM;
	if (r < 0) {
		free(next);
		say_line("the list of pointers cannot be kept or written: %s", strerror(-r));
		return EXIT_FAILED;
	}
	free(*after);
	*after = next;
	return EXIT_DONE;
}

enum exit_code pointer_pages_each(struct client *c, const struct options *o, const char *prefix,
                                  int (*on_page)(void *userdata, const json_t *page),
                                  void *userdata, struct pointer_span *ret)
{
	CLEANUP(freep) char *after = strdup("");
	struct options asked = *o;
	enum exit_code code;

	do {
		CLEANUP(freep) char *path = after ? path_of_part(prefix, after) : NULL;
		json_auto_t *page = NULL;

		if (!path) {
			say_line("not enough memory");
			return EXIT_FAILED;
		}
		code = verbs_ask(c, &asked, path, &page);
		if (code != EXIT_DONE)
			return code;
		ret->last = (uint64_t)field_int(page, "sequence");
		if (*after == '\0')
			ret->first = ret->last;
		asked.json = false; /* an error from here on has the first parts before it */
		code = take_part(c, prefix, page, on_page, userdata, &after);
	} while (code == EXIT_DONE && *after != '\0');
	return code;
}

void pointer_pages_say_changes(const struct pointer_span *span)
{
	if (span->last != span->first)
		say_line("changes were made meanwhile: the first pointers are as of sequence "
		         "%" PRIu64 ", the last ones as of %" PRIu64,
		         span->first, span->last);
}
