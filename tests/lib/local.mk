# SPDX-License-Identifier: Apache-2.0
# What demo, cluster tests and benchmarks share.  Named one by one: with the folder, a tree that was
# built would ship what was built in it.
EXTRA_DIST += \
	%D%/cluster.sh \
	%D%/demo_flink.sh \
	%D%/demo_pointers.sh \
	%D%/fault_storage.sh \
	%D%/flink.sh \
	%D%/flink_scenario.sh \
	%D%/no-secrets \
	%D%/scenario.sh \
	%D%/steps.sh \
	%D%/tap.sh \
	%D%/witnesses \
	%D%/zk-ensemble
noinst_PROGRAMS += tests/lib/tcp-link
tests_lib_tcp_link_SOURCES = %D%/tcp-link.c %D%/queue.c %D%/queue.h
# JobManagers that bear witness, cold and hot, and an operator's hand on the znodes.
noinst_PROGRAMS += tests/lib/witness tests/lib/hot-witness tests/lib/zk-tool
tests_lib_hot_witness_SOURCES = %D%/hot-witness.c
tests_lib_hot_witness_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
tests_lib_hot_witness_LDADD = $(JANSSON_LIBS) $(PTHREAD_LIBS)
tests_lib_witness_SOURCES = %D%/witness.c
# A JobManager, or any program, that answers HTTP.
noinst_PROGRAMS += tests/lib/with-http
tests_lib_with_http_SOURCES = %D%/with-http.c
tests_lib_zk_tool_SOURCES = %D%/zk-tool.c
tests_lib_zk_tool_LDADD = $(ZOOKEEPER_LIBS)
# Preloaded into programs under test: a shared library, which needs no libtool.
noinst_PROGRAMS += tests/lib/faults.so
tests_lib_faults_so_SOURCES = %D%/faults.c
tests_lib_faults_so_CFLAGS = $(WARN_CFLAGS) -I$(top_srcdir) -O2 -fPIC -D_GNU_SOURCE
tests_lib_faults_so_LDFLAGS = -shared
# A bad line between network namespaces.
noinst_PROGRAMS += tests/lib/ip-link
tests_lib_ip_link_SOURCES = %D%/ip-link.c
# jmhad that dies, or stands still, at each step of a commit (base/fault_point.h): not the one that is
# installed.  Made for the tests that need it alone, which is once in a ./check.
EXTRA_PROGRAMS += tests/lib/jmhad-faults
tests_lib_jmhad_faults_SOURCES = %D%/fault_point.c $(jmhad_SOURCES) $(libelector_a_SOURCES) \
	$(libstorage_a_SOURCES)
tests_lib_jmhad_faults_CPPFLAGS = $(AM_CPPFLAGS) -DJMHA_FAULT_POINTS
tests_lib_jmhad_faults_CFLAGS = $(libelector_a_CFLAGS) -pthread
tests_lib_jmhad_faults_LDADD = $(jmhad_LDADD)
CLEANFILES += tests/lib/jmhad-faults
# A file system that fails as it is told to, where there is FUSE.
if HAVE_FUSE
noinst_PROGRAMS += tests/lib/faultfs
tests_lib_faultfs_SOURCES = %D%/faultfs.c %D%/fault_rules.c %D%/fault_rules.h \
	%D%/stale_view.c %D%/stale_view.h
tests_lib_faultfs_CFLAGS = $(AM_CFLAGS) $(FUSE_CFLAGS)
tests_lib_faultfs_LDADD = $(FUSE_LIBS) $(PTHREAD_LIBS)
endif
