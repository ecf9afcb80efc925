# SPDX-License-Identifier: Apache-2.0
# What demo, cluster tests and benchmarks share.
noinst_PROGRAMS += tests/lib/tcp-link
tests_lib_tcp_link_SOURCES = %D%/tcp-link.c
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
