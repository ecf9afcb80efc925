/* SPDX-License-Identifier: Apache-2.0 */
/* Text within HTML.  Pure but for the FILE. */
#pragma once

#include <stdio.h>

/* A format with %s and %d alone: each text is escaped, also for attributes in double quotes; what
 * stands between them is not. */
void html_format(FILE *f, const char *format, ...) __attribute__((format(printf, 2, 3)));
