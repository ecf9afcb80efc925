/* SPDX-License-Identifier: Apache-2.0 */
#include "migrate/flink_pointer.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/parse.h"
#include "base/text.h"

/* Octal escapes: three digits at most, so that a digit of the text may follow.  Each class: "sr",
 * length and name, serialVersionUID, flags, number of fields; each field: type, length and name,
 * and for objects the type's name; "xp" ends the descriptor. */
static const char before_size[] =
        "\254\355\000\005" /* magic, version */
        "sr\000\073org.apache.flink.runtime.state.RetrievableStreamStateHandle"
        "\000\001\036\030\361U\227+\002\000\001"
        "L\000\030wrappedStreamStateHandle"
        "t\000\062Lorg/apache/flink/runtime/state/StreamStateHandle;"
        "xp"
        "sr\000\071org.apache.flink.runtime.state.filesystem.FileStateHandle"
        "\004\334u\330b\275\033\263\002\000\002"
        "J\000\011stateSize"
        "L\000\010filePath"
        "t\000\037Lorg/apache/flink/core/fs/Path;"
        "xp";
static const char before_target[] = "sr\000\035org.apache.flink.core.fs.Path"
                                    "\000\000\000\000\000\000\000\001\002\000\001"
                                    "L\000\003uri"
                                    "t\000\016Ljava/net/URI;"
                                    "xp"
                                    "sr\000\014java.net.URI"
                                    "\254\001x.C\236I\253\003\000\001"
                                    "L\000\006string"
                                    "t\000\022Ljava/lang/String;"
                                    "xp"
                                    "t";
enum { BEFORE_SIZE = 291, BEFORE_TARGET = 129, END_OF_BLOCK = 0x78 };
_Static_assert(sizeof(before_size) - 1 == BEFORE_SIZE, "the template's first part");
_Static_assert(sizeof(before_target) - 1 == BEFORE_TARGET, "the template's second part");

/* What has not been read yet. */
struct input {
	const unsigned char *bytes;
	size_t size, at;
	struct flink_error *error;
};

static int refuse(const struct input *in, size_t offset, const char *what)
{
	*in->error = (struct flink_error){ .offset = offset, .what = what };
	return -EBADMSG;
}

static int take(struct input *in, size_t size, const unsigned char **ret)
{
	if (size > in->size - in->at)
		return refuse(in, in->size, "it ends here, too early");
	*ret = in->bytes + in->at;
	in->at += size;
	return 0;
}

static int take_number(struct input *in, size_t size, uint64_t *ret)
{
	const unsigned char *p;
	uint64_t v = 0;
	int r = take(in, size, &p);

	if (r < 0)
		return r;
	for (size_t i = 0; i < size; i++)
		v = v << 8 | p[i];
	*ret = v;
	return 0;
}

/* Names the first byte that differs, also of a stream that is cut later. */
static int take_template(struct input *in, const char *template, size_t size)
{
	size_t begin = in->at, left = in->size - in->at;
	const unsigned char *p;

	for (size_t i = 0; i < size && i < left; i++)
		if (in->bytes[begin + i] != (unsigned char)template[i])
			return refuse(in, begin + i,
			              "it is no handle of a file as Flink 1.20 and 2.x write it");
	return take(in, size, &p);
}

/* Bytes of the character that begins at p, 0 if it is none: UTF-8 as JSON takes it, without control
 * characters.  Java's own "modified" form differs for NUL and beyond U+FFFF only: refused. */
static size_t character(const unsigned char *p, size_t left)
{
	size_t n = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 0;

	if (n == 0 || n > left)
		return 0;
	if (n == 1)
		return p[0] >= 0x20 && p[0] != 0x7f ? 1 : 0;
	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if (n == 3 && ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f)))
		return 0; /* overlong; half of a surrogate pair */
	return n;
}

static int check_text(const struct input *in, size_t begin, size_t size)
{
	for (size_t i = 0, n; i < size; i += n) {
		n = character(in->bytes + begin + i, size - i);
		if (n == 0)
			return refuse(in, begin + i, "the file's URI is no plain text");
	}
	return 0;
}

int flink_pointer_parse(const void *bytes, size_t size, struct flink_pointer *ret,
                        struct flink_error *reterr)
{
	struct input in = { .bytes = bytes, .size = size, .error = reterr };
	const unsigned char *target = NULL, *end = NULL;
	uint64_t length = 0, n = 0;
	int r;

	r = take_template(&in, before_size, BEFORE_SIZE);
	if (r == 0)
		r = take_number(&in, 8, &length);
	if (r == 0 && length > INT64_MAX)
		r = refuse(&in, BEFORE_SIZE, "the file's size is negative");
	if (r == 0)
		r = take_template(&in, before_target, BEFORE_TARGET);
	if (r == 0)
		r = take_number(&in, 2, &n);
	if (r == 0 && n == 0)
		r = refuse(&in, in.at, "the file's URI is empty");
	if (r == 0)
		r = take(&in, (size_t)n, &target);
	if (r == 0)
		r = check_text(&in, in.at - (size_t)n, (size_t)n);
	if (r == 0)
		r = take(&in, 1, &end);
	if (r == 0 && *end != END_OF_BLOCK)
		r = refuse(&in, in.at - 1, "the end of the URI is missing");
	if (r == 0 && in.at < size)
		r = refuse(&in, in.at, "something follows its end");
	if (r < 0)
		return r;
	*ret = (struct flink_pointer){ .target = (const char *)target,
		                       .target_size = (size_t)n,
		                       .bytes = length };
	return 0;
}

int flink_counter_parse(const void *bytes, size_t size, uint64_t *ret, struct flink_error *reterr)
{
	struct input in = { .bytes = bytes, .size = size, .error = reterr };
	uint64_t n = 0;
	int r = take_number(&in, 4, &n);

	if (r == 0 && (n < 1 || n > INT32_MAX))
		r = refuse(&in, 0, "the number is not positive");
	if (r == 0 && in.at < size)
		r = refuse(&in, in.at, "it is longer than four bytes");
	if (r == 0)
		*ret = n;
	return r;
}

int flink_address_parse(const void *bytes, size_t size, const char **ret, size_t *ret_size)
{
	struct flink_error error;
	struct input in = { .bytes = bytes, .size = size, .error = &error };
	const unsigned char *p = NULL;
	uint64_t block = 0, n = 0;
	int r;

	r = take_template(&in, "\254\355\000\005", 4);
	if (r == 0)
		r = take(&in, 1, &p);
	/* One block of data, short or long: a length, then the text. */
	if (r == 0 && *p != 0x77 && *p != 0x7a)
		r = -EBADMSG;
	if (r == 0)
		r = take_number(&in, *p == 0x77 ? 1 : 4, &block);
	if (r == 0)
		r = take_number(&in, 2, &n);
	if (r == 0 && (n == 0 || n + 2 > block))
		r = -EBADMSG;
	if (r == 0)
		r = take(&in, (size_t)n, &p);
	if (r == 0)
		r = check_text(&in, in.at - (size_t)n, (size_t)n);
	if (r < 0)
		return r;
	*ret = (const char *)p;
	*ret_size = (size_t)n;
	return 0;
}

int flink_checkpoint_parse(const char *name, uint64_t *ret_id)
{
	if (strlen(name) != FLINK_CHECKPOINT_LENGTH)
		return -EINVAL;
	/* Not the last number: there would be no next one for the counter. */
	return parse_uint64(name, 1, INT64_MAX - 1, ret_id) < 0 ? -EINVAL : 0;
}

int flink_job_id_check(const char *name)
{
	unsigned char id[FLINK_JOB_ID_LENGTH / 2];

	return text_unhex(name, id, sizeof(id));
}
