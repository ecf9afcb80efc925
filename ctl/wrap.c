/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/wrap.h"

#include <string.h>
#include <sys/ioctl.h>

enum { NARROWEST = 40, WIDEST = 120, NO_TERMINAL = 100 };

size_t wrap_width(FILE *f)
{
	struct winsize size;

	if (ioctl(fileno(f), TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
		return NO_TERMINAL;
	if (size.ws_col < NARROWEST)
		return NARROWEST;
	return size.ws_col > WIDEST ? WIDEST : size.ws_col;
}

/* Of UTF-8: bytes that go on a character take none. */
static size_t columns(const char *text, size_t n)
{
	size_t columns = 0;

	for (size_t i = 0; i < n; i++)
		columns += ((unsigned char)text[i] & 0xc0) != 0x80;
	return columns;
}

static void print_word(FILE *f, const char *word, size_t n)
{
	for (size_t i = 0; i < n; i++)
		(void)fputc((unsigned char)word[i] < 0x20 || word[i] == 0x7f ? '?' : word[i], f);
}

void wrap_print(FILE *f, const char *text, size_t used, size_t indent, size_t width)
{
	size_t at = used, n, wide;
	int first = 1;

	for (text += strspn(text, " "); *text; text += n, text += strspn(text, " ")) {
		n = strcspn(text, " ");
		wide = columns(text, n);
		if (at > indent && at + !first + wide > width) {
			(void)fprintf(f, "\n%*s", (int)indent, "");
			at = indent;
			first = 1;
		}
		if (!first)
			(void)fputc(' ', f);
		print_word(f, text, n);
		at += wide + !first;
		first = 0;
	}
	(void)fputc('\n', f);
}
