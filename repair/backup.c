/* SPDX-License-Identifier: Apache-2.0 */
#include "repair/backup.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "repair/backup_line.h"

int backup_init(struct backup *ret)
{
	*ret = (struct backup){ .map = pointer_map_new() };
	return ret->map ? 0 : -ENOMEM;
}

void backup_done(struct backup *backup)
{
	pointer_map_free(backup->map);
	backup->map = NULL;
}

static int put(struct backup *b, const char *key, uint64_t revision, const void *value, size_t size)
{
	const struct record_change change = { .op = RECORD_PUT,
		                              .key = key,
		                              .key_size = (uint16_t)strlen(key),
		                              .value = value,
		                              .value_size = (uint32_t)size,
		                              .damaged = !value };

	return pointer_map_apply(b->map, &change, revision, false);
}

int backup_put(struct backup *backup, const char *key, uint64_t revision, const void *value,
               size_t size)
{
	int r;

	if (!pointer_key_valid(key, strlen(key)))
		return -EINVAL;
	if (size > RECORD_VALUE_MAX)
		return -EMSGSIZE;
	r = put(backup, key, revision, value, size);
	if (r == 0) {
		backup->n_pointers++;
		backup->n_damaged += !value;
	}
	return r;
}

static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                    "0123456789+/";

int backup_put_base64(struct backup *backup, const char *key, uint64_t revision, const char *text)
{
	size_t size = strlen(text), padding = 0;
	CLEANUP(freep) unsigned char *value = malloc(size / 4 * 3 + 1);

	if (!value)
		return -ENOMEM;
	if (size % 4 != 0 || size > (size_t)RECORD_VALUE_MAX * 2)
		return -EINVAL;
	while (padding < 2 && padding < size && text[size - 1 - padding] == '=')
		padding++;
	/* OpenSSL leaves out blanks at both ends, and takes '=' anywhere: bytes of the value would
	 * be what stood in memory. */
	if (strspn(text, base64_digits) != size - padding ||
	    EVP_DecodeBlock(value, (const unsigned char *)text, (int)size) != (int)(size / 4 * 3))
		return -EINVAL;
	return backup_put(backup, key, revision, value, size / 4 * 3 - padding);
}

int backup_put_counter(struct backup *backup, const char *key, int64_t next)
{
	char name[RECORD_KEY_MAX + 1], value[24];
	int n = snprintf(name, sizeof(name), BACKUP_COUNTER_PREFIX "%s", key), r;

	if (n < 0 || (size_t)n >= sizeof(name) || !pointer_key_valid(key, strlen(key)) || next < 1)
		return -EINVAL;
	n = snprintf(value, sizeof(value), "%" PRId64, next);
	r = put(backup, name, 0, value, (size_t)n);
	backup->n_counters += r == 0;
	return r;
}

/* A counter whose value was lost is left out: the next number is one that nobody knows. */
static bool is_counter(const struct pointer *p)
{
	uint64_t next;

	return !p->damaged && parse_uint64_n((const char *)pointer_value(p), p->value_size, 1,
	                                     INT64_MAX, &next) >= 0;
}

static int count_pointer(const struct pointer *p, void *userdata)
{
	struct backup *b = userdata;

	b->n_pointers++;
	b->n_damaged += p->damaged;
	return 0;
}

static int count_counter(const struct pointer *p, void *userdata)
{
	struct backup *b = userdata;

	b->n_counters += is_counter(p);
	return 0;
}

void backup_adopt_map(struct backup *backup, struct pointer_map *map)
{
	pointer_map_free(backup->map);
	backup->map = map;
	backup->n_pointers = backup->n_counters = backup->n_damaged = 0;
	(void)pointer_map_list(map, "", count_pointer, backup);
	(void)pointer_map_list(map, BACKUP_COUNTER_PREFIX, count_counter, backup);
}

/* ---- writing */

struct writing {
	FILE *f;
	struct record_sum sum;
};

static int write_line(struct writing *w, json_t *line)
{
	CLEANUP(freep) char *text = line ? json_dumps(line, JSON_COMPACT) : NULL;
	size_t size;

	json_decref(line);
	if (!text)
		return -ENOMEM;
	size = strlen(text);
	text[size++] = '\n'; /* in place of the NUL */
	if (record_sum_add(&w->sum, text, size) < 0)
		return -ENOMEM;
	errno = 0;
	if (fwrite(text, 1, size, w->f) == size)
		return 0;
	return errno > 0 ? -errno : -EIO;
}

static int write_pointer(const struct pointer *p, void *userdata)
{
	return write_line(userdata, backup_line_pointer(p));
}

static int write_counter(const struct pointer *p, void *userdata)
{
	return is_counter(p) ? write_line(userdata, backup_line_counter(p)) : 0;
}

static int write_all(struct writing *w, const struct backup *b)
{
	uint8_t sum[RECORD_SUM_SIZE];
	int r = record_sum_begin(&w->sum);

	if (r == 0)
		r = write_line(w, backup_line_header(b));
	if (r == 0)
		r = pointer_map_list(b->map, "", write_pointer, w);
	if (r == 0)
		r = pointer_map_list(b->map, BACKUP_COUNTER_PREFIX, write_counter, w);
	if (r == 0)
		r = record_sum_end(&w->sum, sum);
	if (r < 0)
		return r;
	record_sum_done(&w->sum);
	r = record_sum_begin(&w->sum); /* of the end nobody wants the sum */
	return r < 0 ? r : write_line(w, backup_line_end(b, sum));
}

int backup_write(FILE *f, struct backup *backup)
{
	struct writing w = { .f = f };
	int r = write_all(&w, backup);

	record_sum_done(&w.sum);
	return r;
}

/* ---- reading */

/* The longest that is ever written: each byte of a value as \u0001, and what stands around it. */
enum { MOST_LINE = 6 * RECORD_VALUE_MAX + 4096 };

struct parsing {
	struct backup *out;
	struct record_sum sum;
	size_t line;
	size_t n_pointers, n_counters; /* as the header says */
	bool ended;
	char *text; /* BACKUP_TEXT_SIZE */
};

static int bad(struct parsing *p, const char *what)
{
	(void)snprintf(p->text, BACKUP_TEXT_SIZE, "line %zu: %s", p->line, what);
	return -EBADMSG;
}

static int check_end(struct parsing *p, const json_t *o)
{
	const struct backup *b = p->out;
	uint8_t sum[RECORD_SUM_SIZE], said[RECORD_SUM_SIZE];
	size_t n_pointers, n_counters;

	if (record_sum_end(&p->sum, sum) < 0)
		return -ENOMEM;
	if (backup_line_parse_end(o, &n_pointers, &n_counters, said) < 0)
		return bad(p, "is no end of a backup");
	if (memcmp(sum, said, sizeof(sum)) != 0)
		return bad(p, "its sum is not that of the lines before it: the file was changed or "
		              "damaged");
	if (n_pointers != b->n_pointers || n_counters != b->n_counters ||
	    n_pointers != p->n_pointers || n_counters != p->n_counters)
		return bad(p, "counts other lines than there are");
	p->ended = true;
	return 0;
}

static int parse_body(struct parsing *p, const json_t *o)
{
	int r = backup_line_parse(o, p->out);

	if (r == -EEXIST)
		return bad(p, "names a key a second time");
	return r < 0 && r != -ENOMEM ? bad(p, "is no pointer and no counter") : r;
}

static int parse_line(struct parsing *p, const char *text, size_t size)
{
	json_auto_t *o = NULL;
	int r;

	p->line++;
	if (p->ended)
		return bad(p, "stands behind the end");
	if (size > MOST_LINE)
		return bad(p, "is longer than any of a backup");
	if (text[size - 1] != '\n')
		return bad(p, "is not finished: the file is cut off");
	o = json_loadb(text, size - 1, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(o))
		return bad(p, "is no JSON object");
	if (p->line > 1 && json_object_get(o, "end"))
		return check_end(p, o);
	if (record_sum_add(&p->sum, text, size) < 0)
		return -ENOMEM;
	if (p->line > 1)
		return parse_body(p, o);
	r = backup_line_parse_header(o, p->out, &p->n_pointers, &p->n_counters);
	if (r == -EPROTONOSUPPORT)
		return bad(p, "was written by a later version of jmha");
	return r < 0 ? bad(p, "is no beginning of a backup of jmha") : 0;
}

/* Its length with the newline, which a last one may lack; more than MOST_LINE: too long; 0: none.
 */
static size_t read_line(FILE *f, char ret[MOST_LINE + 1])
{
	size_t n = 0;
	int c = 0;

	while (n <= MOST_LINE && c != '\n' && (c = getc_unlocked(f)) != EOF)
		ret[n++] = (char)c;
	return n;
}

int backup_read(FILE *f, struct backup *ret, char ret_text[BACKUP_TEXT_SIZE])
{
	struct parsing p = { .out = ret, .text = ret_text };
	CLEANUP(freep) char *line = malloc(MOST_LINE + 1);
	int r = backup_init(ret);
	size_t n;

	if (r == 0 && !line)
		r = -ENOMEM;
	if (r == 0)
		r = record_sum_begin(&p.sum);
	while (r == 0 && (n = read_line(f, line)) > 0)
		r = parse_line(&p, line, n);
	record_sum_done(&p.sum);
	if (r < 0)
		return r;
	if (ferror(f)) {
		(void)snprintf(ret_text, BACKUP_TEXT_SIZE, "%s", strerror(errno));
		return -EBADMSG;
	}
	if (p.ended)
		return 0;
	p.line++;
	return bad(&p, "the end is missing: the file is cut off");
}
