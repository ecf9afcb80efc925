/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP/1.1 on the inherited listening sockets: connections, their limits, and the loop.  With
 * api_exchange the only file with <microhttpd.h>, and with sockets.
 *
 * libmicrohttpd runs without threads, by its epoll descriptor and a timer in the caller's loop.  A
 * request that waits suspends its connection; however many are answered in one turn of the loop,
 * they are sent by the one MHD_run() that follows.
 *
 * Owner: struct api.  Threads: the loop's.
 */
#pragma once

#include "daemon/api.h"
#include "daemon/api_peer.h"
#include "daemon/api_request.h"

struct api_http;

/* `context` and `admins` (which may change) must outlive it. */
int api_http_new(struct api_context *context, const struct api_admins *admins,
                 const struct api_listen *listen, struct api_http **ret);

/* Ends all connections; the listening sockets stay open. */
void api_http_free(struct api_http *http);
