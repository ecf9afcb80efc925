/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/cluster_file.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "storage/reading.h"
#include "storage/small_file.h"

enum { CLUSTER_FILE_MAX = 4096 };

static void judge(struct cluster_file *c, const char *path, enum store_state state,
                  const char *text)
{
	c->state = state;
	(void)text_format(c->text, sizeof(c->text), "%s/CLUSTER: %s", path, text);
}

static void fail(struct cluster_file *c, const char *path, int error, const char *what)
{
	c->state = store_state_from_errno(error);
	c->error = error;
	(void)text_format(c->text, sizeof(c->text), "%s %s/CLUSTER: %s", what, path,
	                  strerror(-error));
}

static void parse(struct cluster_file *c, const char *path, const char *text, size_t size)
{
	json_t *json = json_loadb(text, size, 0, NULL);
	json_t *version = json_object_get(json, "version");
	const char *id = json_string_value(json_object_get(json, "cluster_id"));

	if (json_is_integer(version) && json_integer_value(version) > CLUSTER_FILE_VERSION)
		judge(c, path, STORE_VERSION,
		      "written by a later version of jmha; upgrade this member");
	else if (!json_is_integer(version) || json_integer_value(version) != CLUSTER_FILE_VERSION ||
	         !id || text_unhex(id, c->id, RECORD_CLUSTER_ID_SIZE) < 0)
		judge(c, path, STORE_FOREIGN,
		      "is not what jmha writes; is storage.path right? If so, restore the file");
	else
		c->found = true;
	json_decref(json);
}

void cluster_file_read(int dir_fd, const char *path, struct cluster_file *ret)
{
	CLEANUP(closep) int fd = reading_open_file(dir_fd, "CLUSTER");
	char text[CLUSTER_FILE_MAX];
	ssize_t n;

	*ret = (struct cluster_file){ .state = STORE_OK };
	if (fd == -ENOENT)
		return;
	if (fd == -EINVAL) {
		judge(ret, path, STORE_FAILED,
		      "is no regular file; remove it, and restore the file if it was one");
		ret->error = fd;
		return;
	}
	if (fd < 0) {
		fail(ret, path, fd, "cannot open");
		return;
	}
	n = small_file_read(fd, text, sizeof(text)); /* a part would look like somebody else's */
	if (n < 0)
		fail(ret, path, (int)n, "cannot read");
	else
		parse(ret, path, text, (size_t)n);
}
