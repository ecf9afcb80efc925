/* SPDX-License-Identifier: Apache-2.0 */
#include "readiness/flink_rest.h"

#include <curl/curl.h>
#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "readiness/utf8.h"

enum { MOST_ANSWER = 64 * 1024 * 1024 };

struct flink_rest {
	CURL *curl;
	char *url, *shown;
	usec_t timeout;
};

struct answer {
	char *bytes;
	size_t size, room;
	int error;
};

/* ---- opening */

/* Without what stands before "@" in front of the host. */
static char *without_secrets(const char *url)
{
	const char *host = strstr(url, "://") + 3, *at;
	char *shown;

	at = memrchr(host, '@', strcspn(host, "/?#"));
	if (asprintf(&shown, "%.*s%s", (int)(host - url), url, at ? at + 1 : host) < 0)
		return NULL;
	return shown;
}

int flink_rest_open(const char *url, usec_t timeout, struct flink_rest **ret)
{
	CLEANUP(flink_rest_closep) struct flink_rest *r = NULL;
	size_t n;

	if (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0)
		return -EINVAL;
	if (strpbrk(url, " ?#\n\r"))
		return -EINVAL;
	r = calloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	r->timeout = timeout;
	r->curl = curl_easy_init();
	r->url = strdup(url);
	if (!r->curl || !r->url)
		return -ENOMEM;
	for (n = strlen(r->url); n > 0 && r->url[n - 1] == '/'; n--)
		r->url[n - 1] = '\0';
	if (!strstr(r->url, "://"))
		return -EINVAL; /* no host */
	r->shown = without_secrets(r->url);
	if (!r->shown)
		return -ENOMEM;
	*ret = TAKE_PTR(r);
	return 0;
}

struct flink_rest *flink_rest_close(struct flink_rest *r)
{
	if (!r)
		return NULL;
	curl_easy_cleanup(r->curl);
	free(r->url);
	free(r->shown);
	free(r);
	return NULL;
}

const char *flink_rest_url(const struct flink_rest *r)
{
	return r->shown;
}

/* ---- asking */

static int append(struct answer *a, const char *bytes, size_t size)
{
	if (size > MOST_ANSWER - a->size)
		return -EMSGSIZE;
	if (a->size + size + 1 > a->room) {
		size_t room = 2 * (a->size + size + 1);
		char *more = realloc(a->bytes, room);

		if (!more)
			return -ENOMEM;
		a->bytes = more;
		a->room = room;
	}
	memcpy(a->bytes + a->size, bytes, size);
	a->size += size;
	a->bytes[a->size] = '\0';
	return 0;
}

static size_t on_body(char *bytes, size_t one, size_t n, void *userdata)
{
	struct answer *a = userdata;

	a->error = append(a, bytes, one * n);
	return a->error < 0 ? 0 : one * n;
}

static bool prepare(struct flink_rest *r, const char *path, struct answer *a)
{
	CLEANUP(freep) char *url = NULL;
	CURL *c = r->curl;

	if (asprintf(&url, "%s%s", r->url, path) < 0) {
		url = NULL;
		return false;
	}
	curl_easy_reset(c);
	return curl_easy_setopt(c, CURLOPT_URL, url) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_PROXY, "") == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)usec_to_ms(r->timeout)) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_WRITEDATA, a) == CURLE_OK;
}

/* The first line of {"errors": ["Job 0a1b not found\n\tat ..."]}; "" when it is none. */
static void first_error(const struct answer *a, char ret[200])
{
	json_auto_t *o = a->size > 0 ? json_loadb(a->bytes, a->size, 0, NULL) : NULL;
	const char *text = json_string_value(json_array_get(json_object_get(o, "errors"), 0));

	ret[0] = '\0';
	if (!text || *text == '\0')
		return;
	(void)snprintf(ret, 200, ": %.*s", (int)strcspn(text, "\n"), text);
	text_one_line(ret);
	utf8_clean(ret);
}

static int say(const struct flink_rest *r, const char *path, const struct answer *a, long http,
               char reterr[FLINK_REST_ERROR_SIZE])
{
	char error[200];

	first_error(a, error);
	if (http == 503) {
		(void)snprintf(reterr, FLINK_REST_ERROR_SIZE,
		               "%s answers, but no JobManager leads (503)%s", r->shown, error);
		return -EAGAIN;
	}
	(void)snprintf(reterr, FLINK_REST_ERROR_SIZE, "%s answered GET %s with status %ld%s",
	               r->shown, path, http, error);
	return http == 404 ? -ENOENT : -EPROTO;
}

int flink_rest_get(struct flink_rest *r, const char *path, char **ret, size_t *ret_size,
                   char reterr[FLINK_REST_ERROR_SIZE])
{
	struct answer a = { .bytes = NULL };
	CURLcode code;
	long http = 0;
	int result = 0;

	*ret = NULL;
	*ret_size = 0;
	(void)snprintf(reterr, FLINK_REST_ERROR_SIZE, "out of memory");
	if (!prepare(r, path, &a))
		return -ENOMEM;
	code = curl_easy_perform(r->curl);
	(void)curl_easy_getinfo(r->curl, CURLINFO_RESPONSE_CODE, &http);
	if (a.error == -ENOMEM) {
		result = -ENOMEM;
	} else if (a.error < 0) {
		(void)snprintf(reterr, FLINK_REST_ERROR_SIZE,
		               "the answer of %s to GET %s is larger than %d MiB", r->shown, path,
		               MOST_ANSWER / 1024 / 1024);
		result = a.error;
	} else if (code != CURLE_OK) {
		(void)snprintf(reterr, FLINK_REST_ERROR_SIZE, "no answer from %s: %s", r->shown,
		               curl_easy_strerror(code));
		result = -EHOSTUNREACH;
	} else if (http != 200) {
		result = say(r, path, &a, http, reterr);
	} else {
		result = append(&a, "", 0); /* the NUL of an empty one */
	}
	if (result < 0) {
		free(a.bytes);
		return result;
	}
	reterr[0] = '\0';
	*ret = a.bytes;
	*ret_size = a.size;
	return 0;
}
