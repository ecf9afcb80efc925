/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks Flink's REST API: HTTP or HTTPS by TCP, a bounded time and a bounded size for each answer,
 * and one line that says what went wrong.  Follows no redirection.  Names and passwords within the
 * URL are used, and never shown.
 *
 * Owner: the caller.  Threads: none; every call blocks until its time is over.  curl_global_init()
 * was called before.
 */
#pragma once

#include <stddef.h>

#include "base/usec.h"

enum { FLINK_REST_ERROR_SIZE = 400 };

struct flink_rest;

/* `url`: "http://hosta:8081", and a path if a proxy adds one.  -EINVAL: it is no such URL; -ENOMEM.
 */
int flink_rest_open(const char *url, usec_t timeout, struct flink_rest **ret);
struct flink_rest *flink_rest_close(struct flink_rest *r); /* takes NULL; returns NULL */
const char *flink_rest_url(const struct flink_rest *r);    /* fit to be shown */

static inline void flink_rest_closep(struct flink_rest **r)
{
	*r = flink_rest_close(*r);
}

/*
 * GET of "/jobs/overview".  0: *ret is the body, which the caller frees, and ends with a NUL that
 * does not count.  Else reterr says what happened, and where:
 *   -EHOSTUNREACH  no answer
 *   -EAGAIN        503: a JobManager answered, and none leads
 *   -ENOENT        404
 *   -EPROTO        another answer than 200
 *   -EMSGSIZE, -ENOMEM
 */
int flink_rest_get(struct flink_rest *r, const char *path, char **ret, size_t *ret_size,
                   char reterr[FLINK_REST_ERROR_SIZE]);
