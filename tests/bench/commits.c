/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Acknowledged changes a second and how long each took, side by side: jmha, a znode per pointer
 * through the same ZooKeeper, and etcd where it is installed.  The stores take turns in each round,
 * so that a slow minute of the machine is nobody's alone.
 */
#include "tests/bench/measures.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/load.h"
#include "tests/bench/process.h"
#include "tests/bench/zk.h"

enum { SERVERS = 3, STORES = 3, SIZES = 4, WARM_UP_SECONDS = 3 };
enum { JMHA, ZNODES, ETCD };

static const unsigned writers[SIZES] = { 1, 8, 64, 512 };

/* Who uses processors and disks meanwhile. */
enum { GENERATOR, ELECTOR, ZOOKEEPER, ETCD_SERVERS, PARTIES };
static const char *const party_name[PARTIES] = { "generator", "jmhad", "ZooKeeper", "etcd" };

struct party {
	pid_t pid[SERVERS];
	size_t n;
	struct spent before;
};

/* One store with so many writers, over all rounds. */
struct cell {
	struct samples latency, rate;
	double ms, changes, cpu[PARTIES], written[PARTIES];
	double register_writes, register_bytes;
};

struct comparison {
	const struct load_target *target[STORES];
	const void *where[STORES];
	struct party party[PARTIES];
	const char *servers;
	char etcd[64], register_path[64];
	struct cell cell[STORES][SIZES];
};

/* ---- who takes part */

static void find_servers(struct party *p, const char *dir)
{
	for (p->n = 0; p->n < SERVERS; p->n++) {
		char path[330];
		long pid = 0;
		FILE *f;

		(void)snprintf(path, sizeof(path), "%s/%zu/pid", dir, p->n + 1);
		f = fopen(path, "re");
		if (!f || fscanf(f, "%ld", &pid) != 1)
			bench_die("%s cannot be read", path);
		(void)fclose(f);
		p->pid[p->n] = (pid_t)pid;
	}
}

static bool etcd(const struct rivals *o, const char *verb, char *ret_line, size_t size)
{
	char dir[300];
	const char *argv[] = { o->etcd, verb, dir, NULL };

	(void)snprintf(dir, sizeof(dir), "%s/etcd", o->dir);
	return o->etcd && process_run(argv, ret_line, size) == 0;
}

static void gather(struct comparison *v, const struct member *leader, const struct rivals *o)
{
	char dir[300];

	v->target[JMHA] = &load_jmha;
	v->where[JMHA] = leader->socket;
	v->target[ZNODES] = &load_zookeeper;
	v->where[ZNODES] = v->servers = o->servers;
	(void)snprintf(v->register_path, sizeof(v->register_path), "/jmha/bench/register");
	v->party[GENERATOR] = (struct party){ .pid = { getpid() }, .n = 1 };
	v->party[ELECTOR] = (struct party){ .pid = { member_elector(leader) }, .n = 1 };
	(void)snprintf(dir, sizeof(dir), "%s/zk", o->dir);
	find_servers(&v->party[ZOOKEEPER], dir);
	if (!etcd(o, "start", v->etcd, sizeof(v->etcd))) {
		(void)fprintf(stderr,
		              "bench: no etcd here, it is left out (Debian: etcd-server)\n");
		return;
	}
	v->target[ETCD] = &load_etcd;
	v->where[ETCD] = v->etcd;
	(void)snprintf(dir, sizeof(dir), "%s/etcd", o->dir);
	find_servers(&v->party[ETCD_SERVERS], dir);
}

/* ---- one measurement */

static void look_at_register(const struct comparison *v, struct zk_stat *ret)
{
	zhandle_t *zh = zk_open(v->servers);

	zk_stat(zh, v->register_path, ret);
	(void)zookeeper_close(zh);
}

static void measure(struct comparison *v, unsigned store, unsigned size, double seconds)
{
	struct cell *c = &v->cell[store][size];
	struct load_plan plan = { .target = v->target[store],
		                  .where = v->where[store],
		                  .writers = writers[size],
		                  .to = LOAD_KEYS,
		                  .seconds = seconds,
		                  .latencies = &c->latency };
	struct zk_stat before, after;
	double rate, since;

	look_at_register(v, &before);
	for (unsigned i = 0; i < PARTIES; i++)
		v->party[i].before = process_spent(v->party[i].pid, v->party[i].n);
	since = bench_now();
	c->changes += (double)load_run(&plan, &rate);
	c->ms += bench_now() - since;
	samples_add(&c->rate, rate);
	for (unsigned i = 0; i < PARTIES; i++) {
		struct spent now = process_spent(v->party[i].pid, v->party[i].n);

		c->cpu[i] += now.cpu - v->party[i].before.cpu;
		c->written[i] += now.written - v->party[i].before.written;
	}
	look_at_register(v, &after);
	c->register_writes += after.version - before.version;
	c->register_bytes += (after.version - before.version) * after.size;
}

static void warm_up(const struct comparison *v, unsigned store)
{
	struct load_plan plan = { .target = v->target[store],
		                  .where = v->where[store],
		                  .writers = 64,
		                  .to = LOAD_KEYS,
		                  .seconds = WARM_UP_SECONDS };

	(void)load_run(&plan, NULL);
}

/* ---- the table */

/* Each one's share of one processor; whoever has none of it is left out. */
static void say_processors(struct row *row, const struct cell *c, const char *before)
{
	char text[100] = "";
	size_t n = 0;

	for (unsigned i = 0; i < PARTIES; i++) {
		double share = c->cpu[i] / c->ms * 100;

		if (share >= 1 && n < sizeof(text))
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s %.0f %%",
			                      n ? ", " : "", party_name[i], share);
	}
	row_ratio(row, "%s; %s", before, text);
}

static void report_size(struct comparison *v, struct report *r, unsigned size)
{
	static const double p50_limit[SIZES] = { 4, 0, 0, 0 };
	static const double rate_limit[SIZES] = { 0, 0, 5000, 20000 };
	double first = samples_percentile(&v->cell[JMHA][size].rate, 50);

	for (unsigned i = 0; i < STORES; i++) {
		struct cell *c = &v->cell[i][size];
		char what[56], ratio[48] = "";
		double rate = samples_percentile(&c->rate, 50);
		struct row *row;

		if (!v->target[i])
			continue;
		(void)snprintf(what, sizeof(what), "commit, %s, %u writer%s", v->target[i]->name,
		               writers[size], writers[size] > 1 ? "s" : "");
		row = report_samples(r, what, &c->latency, i == JMHA ? p50_limit[size] : 0, 0);
		if (i != JMHA)
			row_ratio(row, "jmha's p50 is %.2f x, its p99 %.2f x",
			          samples_percentile(&v->cell[JMHA][size].latency, 50) / row->p50,
			          samples_percentile(&v->cell[JMHA][size].latency, 99) / row->p99);
		row = report_spread(r, "  commits a second", "/s", &c->rate,
		                    i == JMHA ? rate_limit[size] : 0);
		if (i == JMHA)
			(void)snprintf(ratio, sizeof(ratio), "%.1f x one writer",
			               rate / samples_percentile(&v->cell[JMHA][0].rate, 50));
		else
			(void)snprintf(ratio, sizeof(ratio), "jmha has %.2f x", first / rate);
		say_processors(row, c, ratio);
		report_point(r, "latency", v->target[i]->name, writers[size], &c->latency);
		report_point(r, "commits", v->target[i]->name, writers[size], &c->rate);
	}
}

/* By those whose writes are the store's.  ZooKeeper's have the members' heartbeats in them, some
 * ten a second: with few writers that is to be seen with znodes, too. */
static double written_by(const struct comparison *v, unsigned store, unsigned size)
{
	static const bool takes_part[STORES][PARTIES] = {
		[JMHA] = { [ELECTOR] = true, [ZOOKEEPER] = true },
		[ZNODES] = { [ZOOKEEPER] = true },
		[ETCD] = { [ETCD_SERVERS] = true },
	};
	const struct cell *c = &v->cell[store][size];
	double sum = 0;

	for (unsigned i = 0; i < PARTIES; i++)
		if (takes_part[store][i])
			sum += c->written[i];
	return sum / c->changes;
}

/* Of all servers together; what a change is: a key of 37 and a value of 500 bytes. */
static void report_bytes(struct comparison *v, struct report *r, unsigned size)
{
	for (unsigned i = 0; i < STORES; i++) {
		const struct cell *c = &v->cell[i][size];
		struct samples point = { 0 };
		char what[56];
		struct row *row;

		if (!v->target[i])
			continue;
		(void)snprintf(what, sizeof(what), "on disk a commit, %s, %u writer%s",
		               v->target[i]->name, writers[size], writers[size] > 1 ? "s" : "");
		row = report_figure(r, what, "B", written_by(v, i, size), 0, false);
		if (i == JMHA)
			row_ratio(row, "log %.0f, ZooKeeper's 3 servers %.0f",
			          c->written[ELECTOR] / c->changes,
			          c->written[ZOOKEEPER] / c->changes);
		else
			row_ratio(row, "3 servers; jmha has %.2f x of it",
			          written_by(v, JMHA, size) / written_by(v, i, size));
		samples_add(&point, written_by(v, i, size));
		report_point(r, "disk", v->target[i]->name, writers[size], &point);
		samples_done(&point);
		if (i != JMHA)
			continue;
		row = report_figure(r, "  into ZooKeeper a commit", "B",
		                    c->register_bytes / c->changes, 0, false);
		row_ratio(row, "%.0f bytes a register write, %.1f commits share one",
		          c->register_bytes / c->register_writes, c->changes / c->register_writes);
	}
}

void measure_commits(struct cluster *c, struct report *r, const struct rivals *o)
{
	static struct comparison v;
	uint64_t epoch;
	char ignored[2];

	gather(&v, cluster_settle(c, &epoch), o);
	for (unsigned i = 0; i < STORES; i++)
		if (v.target[i])
			warm_up(&v, i);
	for (unsigned round = 0; round < o->rounds; round++)
		for (unsigned size = 0; size < SIZES; size++) {
			(void)fprintf(stderr,
			              "bench: commits, %u writers, %g s each, round %u of %u\n",
			              writers[size], o->seconds, round + 1, o->rounds);
			for (unsigned i = 0; i < STORES; i++)
				if (v.target[i])
					measure(&v, i, size, o->seconds);
		}
	(void)etcd(o, "stop", ignored, sizeof(ignored));
	for (unsigned size = 0; size < SIZES; size++)
		report_size(&v, r, size);
	report_bytes(&v, r, 0);
	report_bytes(&v, r, SIZES - 1);
	for (unsigned i = 0; i < STORES * SIZES; i++) {
		samples_done(&v.cell[i / SIZES][i % SIZES].latency);
		samples_done(&v.cell[i / SIZES][i % SIZES].rate);
	}
}
