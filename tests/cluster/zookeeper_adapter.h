/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of the adapter share: clients of real servers, and a cluster's nodes on them.  The
 * tests of each source stand in one file; test_zookeeper_adapter.c runs them all.
 */
#pragma once

#include "election/fence.h"
#include "election/latch.h"
#include "tests/cluster/zk_client.h"

/* The tests of each source; the last has no name. */
extern const struct CMUnitTest session_cases[], servers_cases[], latch_cases[], fence_cases[],
        observe_cases[], handover_cases[];

extern const char *servers[8]; /* NULL-terminated */

static const char cluster_id[] = "000102030405060708090a0b0c0d0e0f";
static const usec_t session_time = 4 * USEC_PER_SEC;
static const usec_t answer_time = 1500 * USEC_PER_MSEC; /* above the worst fsync of a busy disk */

/* A tree for each test; all clients are closed at its end. */
int adapter_setup(void **state);
int adapter_teardown(void **state);
#define TEST(f) cmocka_unit_test_setup_teardown(f, adapter_setup, adapter_teardown)

struct session_config defaults(struct client *c);
void open_with(struct client *c, const struct session_config *config);
void open_client(struct client *c); /* and waits until it is connected */
void close_client(struct client *c);
/* Leaves the session behind, as a killed process does. */
void kill_client(struct client *c);
/* Takes what the server has answered out of the socket, so that nobody ever hears of it. */
void lose_answer(struct client *c);
/* Waits for the answer, which has to be this one. */
struct zk_result expect(struct answer *a, enum zk_outcome outcome, int error);

struct nonce nonce_of(unsigned i);
struct member_node member_of(const char *name, unsigned nonce);
struct register_node claimed_by(const char *member, const struct latch_name *latch);

/* These have to succeed. */
void join(struct client *c, const struct member_node *m);
struct latch_name enter(struct client *c, unsigned nonce);
void create_register(struct client *c);
void claim(struct client *c, const char *member, const struct latch_name *latch);
/* All of them, for the first term; returns its latch (of nonce 1). */
struct latch_name lead_as(struct client *c, const struct member_node *m);
struct register_node read_register(struct client *c, int32_t *version);

/* After a sync. */
bool exists(struct client *c, const char *path);
bool latch_exists(struct client *c, const struct latch_name *latch);
