/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One log file: made, appended to, made durable (PROTOCOL B4, B8).  Storage thread only; syscalls
 * block.  Decides nothing: a failed call means that the caller never appends to this file again.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/log_position.h"
#include "storage/record.h"

enum { SEGMENT_NAME_SIZE = 20 + 1 + 20 + 4 + 1 };
/* A segment ends at 64 MiB (PROTOCOL section 5): what lies behind that in a file, however long
 * somebody made it, is not ours. */
#define SEGMENT_FILE_MAX ((uint64_t)64 * 1024 * 1024 + RECORD_MAX)

/* <epoch>-<segment>.log, each padded to 20 digits. */
void segment_name(uint64_t epoch, uint64_t segment, char ret_name[SEGMENT_NAME_SIZE]);

/* -EINVAL: not the name of a log file. */
int segment_name_parse(const char *name, uint64_t *ret_epoch, uint64_t *ret_segment);

struct segment;

/*
 * Makes <epoch>-<number>.log in dir_fd with `header` (its .number is the first to try), durable
 * with its name.  B8: a number that exists is never used, the next is taken.  ret_at: the end of
 * the header.  On failure a file without use may be left; nobody names it.
 */
int segment_create(int dir_fd, const struct record_file_header *header, struct segment **ret,
                   struct log_position *ret_at);

/* Appends and makes durable: one write, one fdatasync.  B4: after any error the file is dead. */
int segment_append(struct segment *s, const void *bytes, size_t size);

/*
 * After an append: whether `dir`/log/<its name> still leads to this file, with all that was written
 * and no more.  Else what was appended would not be where readers look: -ESTALE, the file is dead
 * (B4), and the text says what happened to which file and what to do.
 */
int segment_check(struct segment *s, const char *dir, char *ret_text, size_t size);

/* Of the file, for messages. */
void segment_own_name(const struct segment *s, char ret_name[SEGMENT_NAME_SIZE]);

void segment_close(struct segment *s);
void segment_closep(struct segment **s);

/* pwrite until all is written.  -EIO when the file takes nothing more. */
int segment_write_all(int fd, const void *bytes, size_t size, uint64_t offset);
