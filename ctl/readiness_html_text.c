/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/readiness_html_text.h"

#include <assert.h>
#include <stdarg.h>

static void print_escaped(FILE *f, const char *text)
{
	for (; *text; text++)
		switch (*text) {
		case '<':
			(void)fputs("&lt;", f);
			break;
		case '>':
			(void)fputs("&gt;", f);
			break;
		case '&':
			(void)fputs("&amp;", f);
			break;
		case '"':
			(void)fputs("&quot;", f);
			break;
		case '\'':
			(void)fputs("&#39;", f);
			break;
		default:
			(void)fputc((unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text, f);
		}
}

void html_format(FILE *f, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	for (; *format; format++) {
		if (*format != '%') {
			(void)fputc(*format, f);
			continue;
		}
		format++;
		assert(*format == 's' || *format == 'd');
		if (*format == 's')
			print_escaped(f, va_arg(ap, const char *));
		else
			(void)fprintf(f, "%d", va_arg(ap, int));
	}
	va_end(ap);
}
