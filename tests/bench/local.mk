# SPDX-License-Identifier: Apache-2.0
# How fast it is: make bench [RUNS=50].  Prints a table, fails because of no figure.
noinst_PROGRAMS += tests/bench/bench tests/bench/jobmanager
tests_bench_bench_SOURCES = \
	%D%/baseline.c \
	%D%/bench.c \
	%D%/commits.c \
	%D%/cost.c \
	%D%/failover.c \
	%D%/grpc.c %D%/grpc.h \
	%D%/http.c %D%/http.h \
	%D%/jitter.c \
	%D%/load.c %D%/load.h %D%/measures.h \
	%D%/members.c %D%/members.h \
	%D%/outage.c \
	%D%/pointers.c \
	%D%/process.c %D%/process.h \
	%D%/report.c %D%/report.h \
	%D%/samples.c %D%/samples.h \
	%D%/target_etcd.c %D%/target_jmha.c %D%/target_zookeeper.c \
	%D%/zk.c %D%/zk.h
tests_bench_bench_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
tests_bench_bench_LDADD  = libbase.a $(ZOOKEEPER_LIBS) $(JANSSON_LIBS) -lm
tests_bench_jobmanager_SOURCES = %D%/jobmanager.c

RUNS = 50
POINTS = tests/bench/points.tsv
bench: all
	@$(srcdir)/tests/bench/run . -r $(RUNS) -t $(POINTS) $(BENCH_OPTIONS)
# What the last `make bench` has measured, as curves.
bench-curves:
	$(srcdir)/tests/bench/curves $(POINTS) >speed.svg.tmp
	mv speed.svg.tmp $(srcdir)/docs/speed.svg
# A real Flink with jmha and with its own ZooKeeper HA: make bench-flink [FLINK=1.20] [RUNS=5].
FLINK = 1.20
bench-flink: RUNS = 5
bench-flink: all
	@$(srcdir)/tests/bench/flink/run . -f $(FLINK) -r $(RUNS) $(BENCH_OPTIONS)
.PHONY: bench bench-curves bench-flink
EXTRA_DIST += %D%/curves %D%/etcd %D%/flink %D%/run
CLEANFILES += tests/bench/points.tsv speed.svg.tmp
