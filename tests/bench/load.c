/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/load.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "tests/bench/members.h"

struct load {
	const struct load_plan *plan;
	void *target;
	unsigned next;
	unsigned long left, done; /* puts */
	unsigned under_way;
	double until;
	double since[LOAD_WRITERS_MAX];
};

void load_key(unsigned number, char ret[LOAD_KEY_SIZE])
{
	/* An odd factor: different for different numbers. */
	uint32_t mixed = number * UINT32_C(0x9e3779b1);

	(void)snprintf(ret, LOAD_KEY_SIZE, "jobs/%08x%024x", mixed, number);
}

static void put_next(struct load *l, unsigned writer)
{
	const struct load_plan *p = l->plan;
	char key[LOAD_KEY_SIZE], value[LOAD_VALUE];

	load_key(l->next, key);
	if (++l->next == p->to)
		l->next = p->from;
	memset(value, 'x', sizeof(value));
	/* Different each time: as a checkpoint's pointer is. */
	(void)snprintf(value, sizeof(value), "file:///mnt/ha/flink/submittedJobGraph%lu", l->left);
	l->left--;
	l->under_way++;
	l->since[writer] = bench_now();
	p->target->put(l->target, writer, key, p->remove ? NULL : value);
}

void load_answered(struct load *l, unsigned writer)
{
	double now = bench_now();

	l->done++;
	l->under_way--;
	if (l->plan->latencies)
		samples_add(l->plan->latencies, now - l->since[writer]);
	if (l->left > 0 && (l->until <= 0 || now < l->until))
		put_next(l, writer);
}

unsigned long load_run(const struct load_plan *plan, double *ret_rate)
{
	CLEANUP(freep) struct load *l = calloc(1, sizeof(*l));
	double since;

	if (!l)
		bench_die("out of memory");
	if (plan->writers > LOAD_WRITERS_MAX || plan->from >= plan->to)
		bench_die("at most %d writers, and some keys", LOAD_WRITERS_MAX);
	l->plan = plan;
	l->next = plan->from;
	l->left = plan->seconds > 0 ? ~0ul : plan->to - plan->from;
	l->target = plan->target->open(plan->where, plan->writers, l);
	since = bench_now();
	l->until = plan->seconds > 0 ? since + plan->seconds * 1e3 : 0;
	for (unsigned i = 0; i < plan->writers && l->left > 0; i++)
		put_next(l, i);
	while (l->under_way > 0)
		plan->target->turn(l->target);
	if (ret_rate)
		*ret_rate = (double)l->done / ((bench_now() - since) / 1e3);
	plan->target->close(l->target);
	return l->done;
}

static void once(const char *leader_socket, unsigned from, unsigned to, bool remove)
{
	struct load_plan plan = { .target = &load_jmha,
		                  .where = leader_socket,
		                  .writers = LOAD_WRITERS_MAX,
		                  .from = from,
		                  .to = to,
		                  .remove = remove };

	(void)load_run(&plan, NULL);
}

void load_fill(const char *leader_socket, unsigned from, unsigned to)
{
	once(leader_socket, from, to, false);
}

void load_empty(const char *leader_socket, unsigned from, unsigned to)
{
	once(leader_socket, from, to, true);
}
