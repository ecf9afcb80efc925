/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/config.h"

#include <errno.h>
#include <fcntl.h>
#include <libconfig.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "daemon/config_schema.h"

static void *field(struct config *c, size_t offset)
{
	return (char *)c + offset;
}

__attribute__((format(printf, 4, 5))) static int refuse(struct config_error *reterr, unsigned line,
                                                        const char *key, const char *format, ...)
{
	va_list ap;

	reterr->line = line;
	reterr->key = key;
	va_start(ap, format);
	(void)vsnprintf(reterr->text, sizeof(reterr->text), format, ap);
	va_end(ap);
	text_one_line(reterr->text);
	return -EINVAL;
}

static int refuse_memory(struct config_error *reterr)
{
	(void)refuse(reterr, 0, NULL, "not enough memory");
	return -ENOMEM;
}

/* ---- one value */

static void free_texts(char **texts)
{
	for (char **t = texts; t && *t; t++)
		free(*t);
	free(texts);
}

static int wrong_type(const struct config_key *k, const config_setting_t *s,
                      struct config_error *reterr)
{
	char form[128];

	config_schema_describe_form(k, form, sizeof(form));
	return refuse(reterr, config_setting_source_line(s), k->path,
	              "%s has the wrong type: it must be %s%s", k->path, form,
	              k->type == CONFIG_TEXT || k->type == CONFIG_WORD ? ", in quotes" : "");
}

static int read_number(struct config *c, const struct config_key *k, const config_setting_t *s,
                       struct config_error *reterr)
{
	int type = config_setting_type(s);
	long long value;

	if (type != CONFIG_TYPE_INT && type != CONFIG_TYPE_INT64)
		return wrong_type(k, s, reterr);
	value = config_setting_get_int64(s);
	if (value < (long long)k->min || value > (long long)k->max)
		return refuse(reterr, config_setting_source_line(s), k->path,
		              "%s is %lld, must be %u to %u", k->path, value, k->min, k->max);
	if (k->type == CONFIG_MS)
		*(usec_t *)field(c, k->offset) = usec_from_ms((uint64_t)value);
	else
		*(unsigned *)field(c, k->offset) = (unsigned)value;
	return 0;
}

static int read_word(struct config *c, const struct config_key *k, const config_setting_t *s,
                     struct config_error *reterr)
{
	const char *text = config_setting_get_string(s);

	if (!text)
		return wrong_type(k, s, reterr);
	for (unsigned i = 0; i < N_ELEMENTS(k->words); i++)
		if (strcmp(text, k->words[i]) == 0) {
			*(bool *)field(c, k->offset) = i == 1;
			return 0;
		}
	return refuse(reterr, config_setting_source_line(s), k->path,
	              "%s is \"%.64s\", must be \"%s\" or \"%s\"", k->path, text, k->words[0],
	              k->words[1]);
}

/* "" stands for "none", where there may be none. */
static int store_text(struct config *c, const struct config_key *k, const char *text)
{
	char **to = field(c, k->offset);

	if (text && *text) {
		char *copy = strdup(text);

		if (!copy)
			return -ENOMEM;
		free(*to);
		*to = copy;
	} else {
		free(*to);
		*to = NULL;
	}
	return 0;
}

static int read_texts(struct config *c, const struct config_key *k, const config_setting_t *s,
                      struct config_error *reterr)
{
	char ***to = field(c, k->offset);
	size_t n;
	char **texts;

	if (!config_setting_is_array(s) && !config_setting_is_list(s))
		return wrong_type(k, s, reterr);
	n = (size_t)config_setting_length(s);
	if (n == 0)
		return refuse(reterr, config_setting_source_line(s), k->path, "%s is empty",
		              k->path);
	texts = calloc(n + 1, sizeof(*texts));
	if (!texts)
		return refuse_memory(reterr);
	free_texts(*to);
	*to = texts;
	*(size_t *)field(c, k->offset_n) = n;
	for (size_t i = 0; i < n; i++) {
		const config_setting_t *e = config_setting_get_elem(s, (unsigned)i);
		const char *text = config_setting_get_string(e);

		if (!text)
			return wrong_type(k, e, reterr);
		texts[i] = strdup(text);
		if (!texts[i])
			return refuse_memory(reterr);
	}
	return 0;
}

static int read_value(struct config *c, const struct config_key *k, const config_setting_t *s,
                      struct config_error *reterr)
{
	switch (k->type) {
	case CONFIG_TEXT:
		if (config_setting_type(s) != CONFIG_TYPE_STRING)
			return wrong_type(k, s, reterr);
		if (store_text(c, k, config_setting_get_string(s)) < 0)
			return refuse_memory(reterr);
		return 0;
	case CONFIG_TEXTS:
		return read_texts(c, k, s, reterr);
	case CONFIG_MS:
	case CONFIG_COUNT:
		return read_number(c, k, s, reterr);
	case CONFIG_WORD:
		return read_word(c, k, s, reterr);
	}
	return -EINVAL;
}

/* ---- the whole file */

static int unknown_key(const char *path, const config_setting_t *s, struct config_error *reterr)
{
	const char *dot = strrchr(path, '.');
	const struct config_key *meant = config_schema_find_last(dot ? dot + 1 : path);
	unsigned line = config_setting_source_line(s);

	if (meant)
		return refuse(reterr, line, NULL, "unknown key %.128s: did you mean %s?", path,
		              meant->path);
	return refuse(reterr, line, NULL,
	              "unknown key %.128s: remove it, or see jmhad.conf(5) for what there is",
	              path);
}

/* Ends: an unknown group is refused before it is entered. */
static int read_group(struct config *c, const config_setting_t *group, const char *prefix,
                      struct config_error *reterr)
{
	int n = config_setting_length(group);

	for (int i = 0; i < n; i++) {
		const config_setting_t *s = config_setting_get_elem(group, (unsigned)i);
		const struct config_key *k;
		char path[256];
		int r;

		r = snprintf(path, sizeof(path), "%s%s%s", prefix, *prefix ? "." : "",
		             config_setting_name(s));
		if (r < 0 || (size_t)r >= sizeof(path))
			return refuse(reterr, config_setting_source_line(s), NULL,
			              "the name of this key is too long to be one of ours");
		k = config_schema_find(path);
		if (k)
			r = read_value(c, k, s, reterr);
		else if (!config_schema_is_group(path))
			r = unknown_key(path, s, reterr);
		else if (!config_setting_is_group(s))
			r = refuse(reterr, config_setting_source_line(s), NULL,
			           "%s must be a group: %s: { ... };", path, path);
		else
			r = read_group(c, s, path, reterr);
		if (r < 0)
			return r;
	}
	return 0;
}

static int set_defaults(struct config *c)
{
	size_t n;
	const struct config_key *keys = config_schema(&n);

	for (size_t i = 0; i < n; i++) {
		const struct config_key *k = &keys[i];

		if (k->type == CONFIG_MS)
			*(usec_t *)field(c, k->offset) = usec_from_ms(k->dflt);
		else if (k->type == CONFIG_COUNT)
			*(unsigned *)field(c, k->offset) = k->dflt;
		else if (k->type == CONFIG_TEXT && store_text(c, k, k->text) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* What cannot stand in the table: it depends on the host or on another key. */
static int derive_defaults(struct config *c, struct config_error *reterr)
{
	char host[256] = "";

	if (!c->member) {
		if (gethostname(host, sizeof(host)) < 0 || host[sizeof(host) - 1] != '\0' ||
		    host[0] == '\0')
			return refuse(reterr, 0, "member",
			              "this host has no name: give the member one, member = "
			              "\"...\";");
		c->member = strdup(host);
		if (!c->member)
			return refuse_memory(reterr);
	}
	if (!c->runtime_dir && c->cluster) {
		if (asprintf(&c->runtime_dir, "/run/jmha/%s", c->cluster) < 0) {
			c->runtime_dir = NULL;
			return refuse_memory(reterr);
		}
	}
	return 0;
}

static void fclosep(FILE **f)
{
	if (*f)
		(void)fclose(*f);
}

enum { MOST_BYTES = 256 * 1024 };

static int open_file(const char *path, FILE **ret, struct config_error *reterr)
{
	CLEANUP(closep) int fd = -EBADF;
	struct stat st;
	FILE *f;
	int r;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) < 0) {
		r = -errno;
		(void)refuse(reterr, 0, NULL, "cannot read the configuration: %s", strerror(-r));
		return r;
	}
	if (!S_ISREG(st.st_mode))
		return refuse(reterr, 0, NULL, "not a file");
	f = fdopen(fd, "re");
	if (!f)
		return refuse_memory(reterr);
	(void)TAKE_FD(fd);
	*ret = f;
	return 0;
}

/* @include stands alone at the beginning of a line.  The guard runs by a copy of one file
 * (config_keep()), and libconfig ends the process when it cannot read what it opened. */
static int refuse_include(const char *text, struct config_error *reterr)
{
	unsigned line = 1;

	for (const char *at = text; at; line++) {
		at += strspn(at, " \t");
		if (strncmp(at, "@include", 8) == 0)
			return refuse(reterr, line, NULL,
			              "@include is not supported: write all of it into one file");
		at = strchr(at, '\n');
		at = at ? at + 1 : NULL;
	}
	return 0;
}

/* A whole file, NUL-terminated.  libconfig would end the process when it cannot be read. */
static int read_text(const char *path, char **ret, struct config_error *reterr)
{
	CLEANUP(fclosep) FILE *f = NULL;
	CLEANUP(freep) char *text = malloc(MOST_BYTES + 1);
	size_t n;
	int r;

	if (!text)
		return refuse_memory(reterr);
	r = open_file(path, &f, reterr);
	if (r < 0)
		return r;
	n = fread(text, 1, MOST_BYTES + 1, f);
	if (ferror(f)) {
		(void)refuse(reterr, 0, NULL, "cannot read the configuration");
		return -EIO;
	}
	if (n > MOST_BYTES)
		return refuse(reterr, 0, NULL, "larger than %d bytes: is it the right file?",
		              MOST_BYTES);
	text[n] = '\0';
	if (strlen(text) != n)
		return refuse(reterr, 0, NULL, "holds a NUL byte: it is no text file");
	r = refuse_include(text, reterr);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(text);
	return 0;
}

/* The example stands in its group, so that it can be copied. */
static int refuse_missing(const struct config_key *k, unsigned line, struct config_error *reterr)
{
	const char *dot = strchr(k->path, '.');
	char form[128];

	config_schema_describe_form(k, form, sizeof(form));
	if (!dot)
		return refuse(reterr, line, k->path, "%s is missing (%s): for example %s = %s;",
		              k->path, form, k->path, k->example);
	return refuse(reterr, line, k->path, "%s is missing (%s): for example %.*s: { %s = %s; };",
	              k->path, form, (int)(dot - k->path), k->path, dot + 1, k->example);
}

static int read_file(struct config *c, const char *path, config_t *cfg, struct config_error *reterr)
{
	CLEANUP(freep) char *text = NULL;
	size_t n;
	const struct config_key *keys = config_schema(&n);
	int r;

	r = read_text(path, &text, reterr);
	if (r < 0)
		return r;
	if (config_read_string(cfg, text) != CONFIG_TRUE)
		return refuse(reterr, (unsigned)config_error_line(cfg), NULL,
		              "%s here, or just before: is a ; or a quote missing?",
		              config_error_text(cfg));
	r = read_group(c, config_root_setting(cfg), "", reterr);
	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++) {
		const config_setting_t *s = config_lookup(cfg, keys[i].path);

		if (keys[i].required && !*(char **)field(c, keys[i].offset))
			return refuse_missing(&keys[i], s ? config_setting_source_line(s) : 0,
			                      reterr);
	}
	return derive_defaults(c, reterr);
}

/* `name` is what the file is called in messages and by reloads. */
static int load(const char *path, const char *name, struct config **ret,
                struct config_error *reterr)
{
	CLEANUP(config_destroy) config_t cfg;
	CLEANUP(config_freep) struct config *c = NULL;
	const config_setting_t *s;
	int r;

	config_init(&cfg);
	*reterr = (struct config_error){ 0 };
	(void)snprintf(reterr->file, sizeof(reterr->file), "%s", name);
	c = calloc(1, sizeof(*c));
	if (!c)
		return refuse_memory(reterr);
	c->path = strdup(name);
	if (!c->path || set_defaults(c) < 0)
		return refuse_memory(reterr);
	r = read_file(c, path, &cfg, reterr);
	if (r < 0)
		return r;
	r = config_check(c, reterr);
	if (r < 0) {
		s = reterr->key ? config_lookup(&cfg, reterr->key) : NULL;
		reterr->line = s ? config_setting_source_line(s) : 0;
		return r;
	}
	*ret = TAKE_PTR(c);
	return 0;
}

int config_load(const char *path, struct config **ret, struct config_error *reterr)
{
	return load(path, path, ret, reterr);
}

int config_keep(const char *path, int *ret_fd, struct config_error *reterr)
{
	CLEANUP(fclosep) FILE *f = NULL;
	CLEANUP(closep) int fd = -EBADF;
	char part[4096];
	size_t n;
	int r;

	*reterr = (struct config_error){ 0 };
	(void)snprintf(reterr->file, sizeof(reterr->file), "%s", path);
	r = open_file(path, &f, reterr);
	if (r < 0)
		return r;
	fd = memfd_create("jmhad.conf", MFD_CLOEXEC);
	if (fd < 0)
		return refuse_memory(reterr);
	while ((n = fread(part, 1, sizeof(part), f)) > 0)
		if (write(fd, part, n) != (ssize_t)n)
			return refuse_memory(reterr);
	if (ferror(f)) {
		(void)refuse(reterr, 0, NULL, "cannot read the configuration");
		return -EIO;
	}
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int config_load_kept(int fd, const char *path, struct config **ret, struct config_error *reterr)
{
	char own[64];

	/* Opened anew: the descriptor's position is shared with whoever inherited it. */
	(void)snprintf(own, sizeof(own), "/proc/self/fd/%d", fd);
	return load(own, path, ret, reterr);
}

struct config *config_free(struct config *c)
{
	size_t n;
	const struct config_key *keys = config_schema(&n);

	if (!c)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		if (keys[i].type == CONFIG_TEXT)
			free(*(char **)field(c, keys[i].offset));
		else if (keys[i].type == CONFIG_TEXTS)
			free_texts(*(char ***)field(c, keys[i].offset));
	}
	free(c->path);
	free(c);
	return NULL;
}

void config_error_print(FILE *f, const struct config_error *e)
{
	if (e->file[0] && e->line)
		(void)fprintf(f, "%s:%u: %s\n", e->file, e->line, e->text);
	else if (e->file[0])
		(void)fprintf(f, "%s: %s\n", e->file, e->text);
	else
		(void)fprintf(f, "%s\n", e->text);
}
