/* SPDX-License-Identifier: Apache-2.0 */
/* CRC-32C (Castagnoli), the checksum of log and snapshot files (PROTOCOL section 5). */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Goes on from `crc`; 0 begins.  crc32c(crc32c(0, a), b) is the sum of a followed by b. */
uint32_t crc32c(uint32_t crc, const void *bytes, size_t size);

/* The same without the processor's instruction, for the test that compares the two. */
uint32_t crc32c_by_table(uint32_t crc, const void *bytes, size_t size);
