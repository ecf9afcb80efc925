/* SPDX-License-Identifier: Apache-2.0 */
/* What a snapshot alone still tells, when the log is gone. */
#include <errno.h>

#include "base/cleanup.h"
#include "storage/inspect.h"
#include "storage/snapshot.h"

const struct inspected_file *inspection_snapshot(const struct inspection *inspection,
                                                 uint64_t sequence)
{
	for (size_t i = inspection->n_files; i-- > 0;) {
		const struct inspected_file *f = &inspection->file[i];

		if (f->kind == RECORD_FILE_SNAPSHOT && f->named && f->state == INSPECTED_OK &&
		    (sequence == 0 || f->number == sequence))
			return f;
	}
	return NULL;
}

int inspect_read_snapshot(const struct inspect_request *request, const struct inspected_file *file,
                          struct report *ret_report, struct pointer_map **ret)
{
	const struct record_file_header *h = &file->scan.header;
	const struct log_snapshot snapshot = { file->epoch, h->before };
	CLEANUP(pointer_map_freep) struct pointer_map *map = pointer_map_new();
	struct reading in = { .path = request->path, .dir = "snapshot", .report = ret_report };
	int r = map ? reading_init(&in) : -ENOMEM;

	if (r == 0) {
		r = snapshot_read(&in, h->cluster_id, &snapshot, 0, map);
		reading_done(&in);
	}
	if (r == 0 && ret_report->n_damage > 0) /* it was whole a moment ago */
		r = -EIO;
	if (r == 0)
		*ret = TAKE_PTR(map);
	return r;
}
