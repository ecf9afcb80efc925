/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/say.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "ctl/table.h"

void say_line(const char *format, ...)
{
	CLEANUP(freep) char *text = NULL;
	va_list ap;

	va_start(ap, format);
	if (vasprintf(&text, format, ap) < 0)
		text = NULL;
	va_end(ap);
	(void)fputs("jmhactl: ", stderr);
	table_print_text(stderr, text ? text : "not enough memory");
	(void)fputc('\n', stderr);
}
