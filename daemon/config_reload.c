/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Part of config.h: what a reload changes.  The schema's flag `reloadable` decides, nothing here.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/config.h"
#include "daemon/config_schema.h"

static void *field(struct config *c, size_t offset)
{
	return (char *)c + offset;
}

static const void *const_field(const struct config *c, size_t offset)
{
	return (const char *)c + offset;
}

static int refuse_memory(struct config_error *reterr)
{
	(void)snprintf(reterr->text, sizeof(reterr->text), "not enough memory");
	return -ENOMEM;
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_texts(char *const *a, char *const *b)
{
	if (!a || !b)
		return a == b;
	for (; *a && *b; a++, b++)
		if (strcmp(*a, *b) != 0)
			return false;
	return *a == *b;
}

static bool same_value(const struct config_key *k, const struct config *a, const struct config *b)
{
	const void *va = const_field(a, k->offset), *vb = const_field(b, k->offset);

	switch (k->type) {
	case CONFIG_TEXT:
		return same_text(*(char *const *)va, *(char *const *)vb);
	case CONFIG_TEXTS:
		return same_texts(*(char *const *const *)va, *(char *const *const *)vb);
	case CONFIG_MS:
		return *(const usec_t *)va == *(const usec_t *)vb;
	case CONFIG_COUNT:
		return *(const unsigned *)va == *(const unsigned *)vb;
	case CONFIG_WORD:
		return *(const bool *)va == *(const bool *)vb;
	}
	return false;
}

void config_compare(const struct config *old, const struct config *new_config,
                    struct config_changes *ret)
{
	size_t n, n_reloaded = 0, n_restart = 0;
	const struct config_key *keys = config_schema(&n);

	*ret = (struct config_changes){ 0 };
	for (size_t i = 0; i < n; i++) {
		if (same_value(&keys[i], old, new_config))
			continue;
		if (keys[i].reloadable)
			ret->reloaded[n_reloaded++] = keys[i].path;
		else
			ret->needs_restart[n_restart++] = keys[i].path;
	}
}

static int copy_text(struct config *to, const struct config *from, const struct config_key *k)
{
	const char *text = *(char *const *)const_field(from, k->offset);
	char *copy = text ? strdup(text) : NULL;

	*(char **)field(to, k->offset) = copy;
	return text && !copy ? -ENOMEM : 0;
}

static int copy_texts(struct config *to, const struct config *from, const struct config_key *k)
{
	char *const *texts = *(char *const *const *)const_field(from, k->offset);
	size_t n = *(const size_t *)const_field(from, k->offset_n);
	char **copy;

	if (!texts)
		return 0;
	copy = calloc(n + 1, sizeof(*copy));
	if (!copy)
		return -ENOMEM;
	*(char ***)field(to, k->offset) = copy;
	*(size_t *)field(to, k->offset_n) = n;
	for (size_t i = 0; i < n; i++) {
		copy[i] = strdup(texts[i]);
		if (!copy[i])
			return -ENOMEM;
	}
	return 0;
}

/* `to` is fresh: nothing of the key is there yet. */
static int copy_value(struct config *to, const struct config *from, const struct config_key *k)
{
	switch (k->type) {
	case CONFIG_TEXT:
		return copy_text(to, from, k);
	case CONFIG_TEXTS:
		return copy_texts(to, from, k);
	case CONFIG_MS:
		*(usec_t *)field(to, k->offset) = *(const usec_t *)const_field(from, k->offset);
		return 0;
	case CONFIG_COUNT:
		*(unsigned *)field(to, k->offset) = *(const unsigned *)const_field(from, k->offset);
		return 0;
	case CONFIG_WORD:
		*(bool *)field(to, k->offset) = *(const bool *)const_field(from, k->offset);
		return 0;
	}
	return -EINVAL;
}

int config_merge(const struct config *running, const struct config *fresh, struct config **ret,
                 struct config_error *reterr)
{
	CLEANUP(config_freep) struct config *c = calloc(1, sizeof(*c));
	size_t n;
	const struct config_key *keys = config_schema(&n);
	int r;

	*reterr = (struct config_error){ 0 };
	if (!c)
		return refuse_memory(reterr);
	c->path = strdup(running->path);
	if (!c->path)
		return refuse_memory(reterr);
	for (size_t i = 0; i < n; i++)
		if (copy_value(c, keys[i].reloadable ? fresh : running, &keys[i]) < 0)
			return refuse_memory(reterr);
	r = config_check(c, reterr);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(c);
	return 0;
}
