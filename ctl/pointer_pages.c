/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/pointer_pages.h"

#include <stdio.h>
#include <string.h>

#include "ctl/field.h"
#include "ctl/say.h"
#include "ctl/verbs.h"
#include "repair/backup.h"

enum { PATH_SIZE = RECORD_KEY_MAX + 64 };

/* Where the next part begins; "" : this was the last one. */
static const char *next_after(const json_t *page)
{
	const json_t *list = field(page, "pointers");
	size_t n = json_array_size(list);

	return field_true(page, "more") && n > 0 ? field_text(json_array_get(list, n - 1), "key")
	                                         : "";
}

enum exit_code pointer_pages_each(struct client *c, const struct options *o,
                                  int (*on_page)(void *userdata, const json_t *page),
                                  void *userdata, uint64_t *ret_first, uint64_t *ret_last)
{
	char path[PATH_SIZE] = "/v1/pointers?prefix=&after=";
	const size_t begin = strlen(path);
	bool first = true;

	do {
		json_auto_t *page = NULL;
		enum exit_code code = verbs_get(c, o, path, &page);
		int r;

		if (code != EXIT_DONE)
			return code;
		*ret_last = (uint64_t)field_int(page, "sequence");
		if (first)
			*ret_first = *ret_last;
		first = false;
		r = on_page(userdata, page);
		if (r < 0) {
			say_line("what the daemon answered cannot be kept: %s", strerror(-r));
			return EXIT_FAILED;
		}
		(void)snprintf(path + begin, sizeof(path) - begin, "%s", next_after(page));
	} while (path[begin] != '\0');
	return EXIT_DONE;
}
