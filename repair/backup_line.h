/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of a backup (repair/backup.h), one by one.  Pure; allocates. */
#pragma once

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "repair/backup.h"
#include "storage/record.h"

/* New references; NULL when memory ran out. */
json_t *backup_line_header(const struct backup *backup);
json_t *backup_line_pointer(const struct pointer *p);
json_t *backup_line_counter(const struct pointer *p);
json_t *backup_line_end(const struct backup *backup, const uint8_t sum[RECORD_SUM_SIZE]);

/* 0; -EINVAL: it is none; -EPROTONOSUPPORT: of a higher version. */
int backup_line_parse_header(const json_t *o, struct backup *ret, size_t *ret_pointers,
                             size_t *ret_counters);
/* A pointer or a counter, into the map.  -EEXIST: it is there already; -EINVAL, -ENOMEM. */
int backup_line_parse(const json_t *o, struct backup *ret);
int backup_line_parse_end(const json_t *o, size_t *ret_pointers, size_t *ret_counters,
                          uint8_t ret_sum[RECORD_SUM_SIZE]);
