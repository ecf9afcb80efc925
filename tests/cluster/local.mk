# SPDX-License-Identifier: Apache-2.0
# Real ZooKeeper servers: not part of make check, see make check-cluster.
if HAVE_CMOCKA
check_PROGRAMS += tests/cluster/test_zookeeper_adapter
tests_cluster_test_zookeeper_adapter_SOURCES = \
	tests/cluster/test_zookeeper_adapter.c tests/cluster/zk_client.h
tests_cluster_test_zookeeper_adapter_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_cluster_test_zookeeper_adapter_LDADD = libzk.a libregister.a libelection.a libbase.a \
	$(ZOOKEEPER_LIBS) $(JANSSON_LIBS) $(CRYPTO_LIBS) $(CMOCKA_LIBS) $(PTHREAD_LIBS)
CLUSTER_TESTS += tests/cluster/zookeeper_adapter.t
check_PROGRAMS += tests/cluster/test_release
tests_cluster_test_release_SOURCES = tests/cluster/test_release.c tests/cluster/zk_client.h
tests_cluster_test_release_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_cluster_test_release_LDADD = $(RELEASE_LIBS) $(CMOCKA_LIBS)
CLUSTER_TESTS += tests/cluster/release.t
endif
# Whole clusters, one scenario a file; see tests/lib/scenario.sh.
CLUSTER_TESTS += tests/cluster/first_start.t
CLUSTER_TESTS += tests/cluster/configuration_edited.t
CLUSTER_TESTS += tests/cluster/elector_killed.t
CLUSTER_TESTS += tests/cluster/elector_stopped.t
CLUSTER_TESTS += tests/cluster/explain.t
CLUSTER_TESTS += tests/cluster/guard_killed.t
CLUSTER_TESTS += tests/cluster/guard_stopped.t
CLUSTER_TESTS += tests/cluster/host_lost.t
CLUSTER_TESTS += tests/cluster/health.t
CLUSTER_TESTS += tests/cluster/hot.t
CLUSTER_TESTS += tests/cluster/hot_hangs.t
CLUSTER_TESTS += tests/cluster/hot_outage.t
CLUSTER_TESTS += tests/cluster/jobmanager_fails.t
CLUSTER_TESTS += tests/cluster/jobmanager_killed.t
CLUSTER_TESTS += tests/cluster/leader_cut_off.t
CLUSTER_TESTS += tests/cluster/register_by_hand.t
CLUSTER_TESTS += tests/cluster/znodes_by_hand.t
CLUSTER_TESTS += tests/cluster/slow_zookeeper.t
CLUSTER_TESTS += tests/cluster/started_oddly.t
CLUSTER_TESTS += tests/cluster/zookeeper_outage.t
CLUSTER_TESTS += tests/cluster/counters.t
CLUSTER_TESTS += tests/cluster/endpoints.t
CLUSTER_TESTS += tests/cluster/http.t
CLUSTER_TESTS += tests/cluster/import.t
CLUSTER_TESTS += tests/cluster/reload.t
CLUSTER_TESTS += tests/cluster/switchover.t
CLUSTER_TESTS += tests/cluster/two_clusters.t
CLUSTER_TESTS += tests/cluster/bad_start.t
CLUSTER_TESTS += tests/cluster/credentials.t
CLUSTER_TESTS += tests/cluster/log_damaged.t
CLUSTER_TESTS += tests/cluster/storage_full.t
CLUSTER_TESTS += tests/cluster/storage_lost.t
CLUSTER_TESTS += tests/cluster/torture.t
