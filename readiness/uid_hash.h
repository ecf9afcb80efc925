/* SPDX-License-Identifier: Apache-2.0 */
/* The operator ID that Flink makes of a uid: murmur3_128, seed 0 (StreamGraphHasherV2, Guava). */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { UID_HASH_SIZE = 16 };

void uid_hash(const char *uid, size_t size, uint8_t ret[UID_HASH_SIZE]);
