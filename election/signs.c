/* SPDX-License-Identifier: Apache-2.0 */
#include "election/signs.h"

#include <string.h>

#include "base/text.h"

enum { BELIEVED = 2 }; /* readings that do not agree */

static bool has_met(const struct signs *s, const struct nonce *nonce)
{
	for (unsigned i = 0; i < s->n_met; i++)
		if (strcmp(s->met[i].s, nonce->s) == 0)
			return true;
	return false;
}

bool signs_outdated(const struct signs *s, const struct nonce *present, unsigned n)
{
	if (s->own[0] == '\0')
		return true;
	for (unsigned i = 0; i < n; i++)
		if (!has_met(s, &present[i]))
			return true;
	return false;
}

void signs_drawn(struct signs *s, const char *own, const struct nonce *present, unsigned n)
{
	(void)text_format(s->own, sizeof(s->own), "%s", own);
	s->n_met = n < SIGNS_MAX ? n : SIGNS_MAX;
	memcpy(s->met, present, s->n_met * sizeof(*present));
}

static const struct signs_member *find(const struct signs *s, const char *member)
{
	for (unsigned i = 0; i < s->n; i++)
		if (strcmp(s->member[i].told.member, member) == 0)
			return &s->member[i];
	return NULL;
}

bool signs_news(const struct signs *s, const struct member_sign *told, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		const struct signs_member *m = find(s, told[i].member);

		if (m == NULL || strcmp(m->told.sign, told[i].sign) != 0)
			return true;
	}
	return false;
}

void signs_compare(struct signs *s, const struct member_sign *told, const struct member_sign *read,
                   unsigned n)
{
	struct signs_member now[SIGNS_MAX];

	n = n < SIGNS_MAX ? n : SIGNS_MAX;
	for (unsigned i = 0; i < n; i++) {
		const struct signs_member *before = find(s, told[i].member);
		bool same = told[i].sign[0] != '\0' && strcmp(told[i].sign, read[i].sign) == 0;

		now[i].told = told[i];
		now[i].missed = same ? 0 : (before != NULL ? before->missed : 0) + 1;
		now[i].seen = same || (before != NULL && before->seen && now[i].missed < BELIEVED);
	}
	memcpy(s->member, now, n * sizeof(*now));
	s->n = n;
}

/* A space before all but the first.  False: no room. */
static bool add_name(char *text, size_t size, const char *name)
{
	size_t len = strlen(text);

	if (text_format(text + len, size - len, "%s%s", len > 0 ? " " : "", name) >= 0)
		return true;
	text[len] = '\0';
	return false;
}

bool signs_seen(const struct signs *s, char *ret, size_t size)
{
	ret[0] = '\0';
	for (unsigned i = 0; i < s->n; i++)
		if (s->member[i].seen && !add_name(ret, size, s->member[i].told.member))
			return false;
	return true;
}

unsigned signs_unseen(const struct signs *s, char *ret, size_t size)
{
	unsigned n = 0;

	ret[0] = '\0';
	for (unsigned i = 0; i < s->n; i++)
		if (s->member[i].missed >= BELIEVED) {
			(void)add_name(ret, size, s->member[i].told.member);
			n++;
		}
	return n;
}
