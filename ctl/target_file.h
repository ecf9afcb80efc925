/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file behind a pointer: is it there, and as long as the pointer says?  Looks on this host
 * only, and only at file: URIs.
 */
#pragma once

#include <stdint.h>

enum target_state {
	TARGET_THERE,
	TARGET_ABSENT,
	TARGET_OTHER_SIZE,
	TARGET_NOT_LOOKED_AT, /* another scheme or host, or not to be looked at from here */
};

/* *ret_size: what the file has, with TARGET_OTHER_SIZE. */
enum target_state target_look(const char *uri, uint64_t bytes, uint64_t *ret_size);
