/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What Flink's own ZooKeeper HA keeps in its znodes, as bytes.
 *
 * A pointer to a job or a checkpoint is a Java-serialized RetrievableStreamStateHandle around a
 * FileStateHandle.  Its class descriptors are the same in Flink 1.20 and 2.x, so the stream is one
 * constant template with two variable parts, the file's size and its URI:
 *
 *	0        291 bytes  class descriptors
 *	291      8          size of the file, big-endian, signed
 *	299      129        class descriptors
 *	428      2          length n of the URI, big-endian
 *	430      n          the URI
 *	430 + n  1          78, the end
 *
 * Anything else is refused: a stream that we only half understand is no pointer to rely on.
 *
 * Pure: no allocation, no I/O; results point into the bytes that were given.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum {
	FLINK_JOB_ID_LENGTH = 32,     /* lower-case hex digits */
	FLINK_CHECKPOINT_LENGTH = 19, /* decimal digits, zero-padded */
};

struct flink_pointer {
	const char *target; /* the URI, UTF-8, without a NUL at its end */
	size_t target_size;
	uint64_t bytes; /* size of the file */
};

struct flink_error {
	size_t offset;    /* where it stops making sense */
	const char *what; /* static */
};

/* 0, or -EBADMSG and *reterr. */
int flink_pointer_parse(const void *bytes, size_t size, struct flink_pointer *ret,
                        struct flink_error *reterr);

/* checkpoint_id_counter: the id that the next checkpoint gets, from 1. */
int flink_counter_parse(const void *bytes, size_t size, uint64_t *ret, struct flink_error *reterr);

/* connection_info: the address of a leading component.  For messages alone, so only the beginning
 * is looked at; -EBADMSG when there is no address in it. */
int flink_address_parse(const void *bytes, size_t size, const char **ret, size_t *ret_size);

/* Name of a checkpoint's znode; -EINVAL. */
int flink_checkpoint_parse(const char *name, uint64_t *ret_id);

/* Name of a job's znode; -EINVAL. */
int flink_job_id_check(const char *name);
