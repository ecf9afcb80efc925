/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which store the verbs of `store` mean that ask no daemon: by its configuration, or by the name of
 * a directory.  Reads the configuration, opens ZooKeeper, says what goes wrong.
 */
#pragma once

#include "ctl/exit_code.h"
#include "ctl/options.h"
#include "repair/store_facts.h"

struct config;

struct store_place {
	char *cluster;
	char *path;            /* of the cluster's directory */
	struct config *config; /* NULL: --storage was given */
	char *base;            /* "/jmha/orders"; NULL as well */
};

/* It has said why not, when it is not EXIT_DONE. */
enum exit_code store_place_find(const struct options *o, struct store_place *ret);
void store_place_done(struct store_place *place);

/* With the configuration's servers and credentials. */
enum exit_code store_place_open_zookeeper(const struct options *o, const struct store_place *place,
                                          struct zk_calls **ret);

/* Says what an errno of zk_calls.h means. */
enum exit_code store_place_say_zookeeper(const struct store_place *place, int r);

/* Gathers what is known; on a terminal it says how far it is.  z NULL: the files alone. */
enum exit_code store_place_look(const struct store_place *place, struct zk_calls *z, bool want_end,
                                struct store_facts *ret);
