# SPDX-License-Identifier: Apache-2.0
# Real ZooKeeper servers: not part of make check, see make check-cluster.
if HAVE_CMOCKA
check_PROGRAMS += tests/cluster/test_zookeeper_adapter
tests_cluster_test_zookeeper_adapter_SOURCES = \
	tests/cluster/test_zookeeper_adapter.c \
	tests/cluster/test_zookeeper_fence.c \
	tests/cluster/test_zookeeper_handover.c \
	tests/cluster/test_zookeeper_latch.c \
	tests/cluster/test_zookeeper_observe.c \
	tests/cluster/test_zookeeper_servers.c \
	tests/cluster/test_zookeeper_session.c \
	tests/cluster/zk_client.h tests/cluster/zookeeper_adapter.h
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
CLUSTER_TESTS += tests/cluster/never_started.t
CLUSTER_TESTS += tests/cluster/explain.t
CLUSTER_TESTS += tests/cluster/guard_killed.t
CLUSTER_TESTS += tests/cluster/guard_stopped.t
CLUSTER_TESTS += tests/cluster/host_lost.t
CLUSTER_TESTS += tests/cluster/host_paused.t
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
CLUSTER_TESTS += tests/cluster/storage_shared.t
CLUSTER_TESTS += tests/cluster/switchover.t
CLUSTER_TESTS += tests/cluster/two_clusters.t
CLUSTER_TESTS += tests/cluster/bad_start.t
CLUSTER_TESTS += tests/cluster/credentials.t
CLUSTER_TESTS += tests/cluster/disk_errors.t
CLUSTER_TESTS += tests/cluster/disk_hangs.t
CLUSTER_TESTS += tests/cluster/disk_snapshots.t
CLUSTER_TESTS += tests/cluster/disk_stale.t
CLUSTER_TESTS += tests/cluster/disk_takeover.t
CLUSTER_TESTS += tests/cluster/log_damaged.t
CLUSTER_TESTS += tests/cluster/log_replaced.t
CLUSTER_TESTS += tests/cluster/storage_full.t
CLUSTER_TESTS += tests/cluster/storage_lost.t
CLUSTER_TESTS += tests/cluster/store_credentials.t
CLUSTER_TESTS += tests/cluster/store_export.t
CLUSTER_TESTS += tests/cluster/store_log_lost.t
CLUSTER_TESTS += tests/cluster/store_old_backup.t
CLUSTER_TESTS += tests/cluster/store_recover.t
CLUSTER_TESTS += tests/cluster/store_strangers.t
CLUSTER_TESTS += tests/cluster/store_verify.t
# Faults of processes, network, ZooKeeper and machine: docs/fault-matrix.md.
CLUSTER_TESTS += tests/cluster/asymmetric.t
CLUSTER_TESTS += tests/cluster/clients.t
CLUSTER_TESTS += tests/cluster/disks_full.t
CLUSTER_TESTS += tests/cluster/limits.t
CLUSTER_TESTS += tests/cluster/snapshots.t
CLUSTER_TESTS += tests/cluster/members_differ.t
CLUSTER_TESTS += tests/cluster/session_limits.t
CLUSTER_TESTS += tests/cluster/replies_lost.t
CLUSTER_TESTS += tests/cluster/steps.t
CLUSTER_TESTS += tests/cluster/steps_late.t
check-cluster: tests/lib/jmhad-faults
CLUSTER_TESTS += tests/cluster/rolling.t
CLUSTER_TESTS += tests/cluster/zookeeper_split.t
CLUSTER_TESTS += tests/cluster/torture.t
# Slow ones, not part of ./check: make check-cluster-long.
CLUSTER_LONG_TESTS += tests/cluster/lossy.t
CLUSTER_LONG_TESTS += tests/cluster/names.t
CLUSTER_LONG_TESTS += tests/cluster/one_fails.t
CLUSTER_LONG_TESTS += tests/cluster/zookeeper_lost.t
CLUSTER_LONG_TESTS += tests/cluster/zookeeper_disks.t

# The steps of a commit, each at the first and second time that it is come to; each with another leader.
check-steps: all tests/lib/jmhad-faults
	for test in steps steps_late; do \
		PASSES='1 2' POINTS=all top_srcdir='$(abs_top_srcdir)' top_builddir='$(abs_top_builddir)' \
			$(abs_top_srcdir)/tests/cluster/$$test.t || exit 1; \
	done

# Random faults for MINUTES, from SEED.
MINUTES = 10
soak-cluster: all
	SEED='$(SEED)' SECONDS_OF_IT=`expr $(MINUTES) \* 60` \
		top_srcdir='$(abs_top_srcdir)' top_builddir='$(abs_top_builddir)' \
		$(abs_top_srcdir)/tests/cluster/torture.t

# docs/fault-matrix.md of what `make check-cluster check-cluster-long` has seen last.
fault-matrix:
	$(srcdir)/tests/cluster/fault-matrix $(srcdir)/tests/cluster/elsewhere \
		$(patsubst %.t,%.log,$(filter %.t,$(CLUSTER_TESTS) $(CLUSTER_LONG_TESTS))) \
		>fault-matrix.tmp
	cat fault-matrix.tmp >$(srcdir)/docs/fault-matrix.md && rm fault-matrix.tmp
.PHONY: check-steps soak-cluster fault-matrix
EXTRA_DIST += tests/cluster/fault-matrix tests/cluster/elsewhere
