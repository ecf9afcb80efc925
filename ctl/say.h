/* SPDX-License-Identifier: Apache-2.0 */
/* What jmhactl says on standard error: one line, "jmhactl: ...", with what comes from elsewhere
 * (names of znodes, of files, of members) made harmless. */
#pragma once

void say_line(const char *format, ...) __attribute__((format(printf, 1, 2)));
