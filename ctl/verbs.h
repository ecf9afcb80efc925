/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each verb does: asks the daemon, shows the answer, makes the exit code.  The only files that
 * know the terminal are this one and operate; `pointers` has that verb's four.
 */
#pragma once

#include <jansson.h>
#include <stdio.h>

#include "ctl/client.h"
#include "ctl/exit_code.h"
#include "ctl/options.h"

/* Where the API sockets are: <directory>/<cluster>/api.sock. */
#define VERBS_RUN_DIRECTORY "/run/jmha"

/* Which socket: --socket, --cluster, JMHA_SOCKET, or the only one under `directory`.  On success
 * *ret is the caller's.  Else it has said why on `err`. */
enum exit_code verbs_find_socket(const struct options *o, const char *directory, char **ret,
                                 FILE *err);

/* Runs the verb against the daemon at `socket`. */
enum exit_code verbs_run(const struct options *o, const char *socket);

/* What --timeout says, or so many seconds. */
usec_t verbs_timeout(const struct options *o, unsigned seconds);

/* For operate and pointers.  A GET whose JSON is returned in *ret (the caller's, NULL unless
 * EXIT_DONE); with --json it was printed, an error was explained on stderr. */
enum exit_code verbs_get(struct client *c, const struct options *o, const char *path, json_t **ret);

/* The same for who prints a good answer himself: with --json an error alone was printed. */
enum exit_code verbs_ask(struct client *c, const struct options *o, const char *path, json_t **ret);

/* Says on stderr what an answer that is an error means. */
enum exit_code verbs_say_error(const struct client_reply *reply);

/* Says on stderr why there is no answer. */
enum exit_code verbs_say_unreachable(const struct client *c, int r, bool write);

/* A GET that is shown by `view`, or as it is. */
enum exit_code verbs_show(struct client *c, const struct options *o, const char *path,
                          void (*view)(FILE *f, const json_t *json));

/* The body as it is, and a newline if it has none. */
void verbs_print_body(const struct client_reply *reply);
