/* SPDX-License-Identifier: Apache-2.0 */
/* Just enough HTTP for the API on its Unix socket.  Blocks.  Threads: none. */
#pragma once

#include <jansson.h>
#include <stddef.h>

/* Connects; negative errno. */
int http_connect(const char *socket_path);

/* Writes a whole request with a body; 0 or negative errno. */
int http_send(int fd, const char *method, const char *path, const void *body, size_t size);

/* The answer to the last request on fd: its status, negative errno.  ret_json may be NULL. */
int http_receive(int fd, json_t **ret_json);

/* One request on a connection of its own, without body: its status, negative errno. */
int http_get_text(const char *socket_path, const char *path, char *ret, size_t size);
int http_get(const char *socket_path, const char *path, json_t **ret_json);

/* The whole answer at the begin of text: its size with body, 0 = not yet.  Sets its status. */
size_t http_answer_size(const char *text, size_t size, int *ret_status);
