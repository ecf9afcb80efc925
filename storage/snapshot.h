/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A snapshot: all pointers at one position of the log, as one file that never changes (PROTOCOL
 * section 5, B5, B6, B9).  Judges its bytes; which one counts, the register says.
 *
 * Storage threads only; blocks.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/log_position.h"
#include "base/usec.h"
#include "storage/pointer_map.h"
#include "storage/reading.h"
#include "storage/record.h"

enum { SNAPSHOT_NAME_SIZE = 20 + 1 + 20 + 5 + 1 };

/* <epoch>-<sequence>.snap, each padded to 20 digits. */
void snapshot_name(uint64_t epoch, uint64_t sequence, char ret_name[SNAPSHOT_NAME_SIZE]);

/* -EINVAL: not the name of a snapshot. */
int snapshot_name_parse(const char *name, uint64_t *ret_epoch, uint64_t *ret_sequence);

/* <epoch>-<sequence>.<who>.tmp, while it is being written; what a writer that died has left. */
int snapshot_temporary_parse(const char *name, uint64_t *ret_epoch, uint64_t *ret_sequence);

/*
 * Reads the one that is named into map, which has to be empty (NULL: only looks whether all is
 * there), and sets its position.  0: read, perhaps with damage in in->report: a key is named and
 * damaged in the map, or not known and missing.  -EBADMSG: refused, as the report says; the map
 * holds no use.  -ENOMEM.
 */
int snapshot_read(struct reading *in, const uint8_t cluster_id[RECORD_CLUSTER_ID_SIZE],
                  const struct log_snapshot *snapshot, usec_t retry_usec, struct pointer_map *map);

/* Whether the one that is named is there, by its header and its end.  0, or -EBADMSG: reported. */
int snapshot_look(struct reading *in, const uint8_t cluster_id[RECORD_CLUSTER_ID_SIZE],
                  const struct log_snapshot *snapshot, usec_t retry_usec);

/*
 * Whether the one that is named would be read whole by the next reader: past the cache.  False: the
 * report says why not, with `damaged` (what follows from it) when bytes are wrong.
 */
bool snapshot_is_whole(const char *path, const uint8_t cluster_id[RECORD_CLUSTER_ID_SIZE],
                       const struct log_snapshot *snapshot, atomic_uint *progress,
                       const char *damaged, struct report *report);
