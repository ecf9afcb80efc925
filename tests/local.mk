# SPDX-License-Identifier: Apache-2.0
#
# Ten suites.  Each folder appends its tests to one list; all tests speak TAP (cmocka does when
# told to), so that cases are counted, not files.
#
#   UNIT_TESTS     cmocka programs               make check-unit      part of make check
#   SIM_TESTS      simulated clusters            make check-sim       part of make check
#   MODEL_TESTS    models of the protocol        make check-model     where there is spin
#   STYLE_TESTS    scripts about the code        make check-style     part of make check
#   CLUSTER_TESTS  real ZooKeeper, real daemons  make check-cluster
#   CLUSTER_LONG_TESTS  the same, slow           make check-cluster-long   not part of ./check
#   HOSTS_TESTS    real systemd in a container   make check-hosts
#   FLINK_TESTS    a real Flink                  make check-flink
#   SAVEPOINT_TESTS  jmhactl savepoint         make check-savepoint part of make check, but for
#   SAVEPOINT_FLINK_TESTS  .. against Flink    make check-savepoint those that fetch Flink
#   FUZZ_TESTS     libFuzzer, the corpus         make check-fuzz      configure CC=clang --enable-fuzz
#
# Programs carry no suffix, scripts end in .t or .sh.  Exit 77 or "1..0 # SKIP why" is a skip.
UNIT_TESTS    =
SIM_TESTS     =
MODEL_TESTS   =
STYLE_TESTS   =
CLUSTER_TESTS =
CLUSTER_LONG_TESTS =
HOSTS_TESTS   =
FLINK_TESTS   =
SAVEPOINT_TESTS =
SAVEPOINT_FLINK_TESTS =
FUZZ_TESTS    =

include %D%/lib/local.mk
include %D%/unit/local.mk
include %D%/sim/local.mk
include %D%/model/local.mk
include %D%/cluster/local.mk
include %D%/hosts/local.mk
include %D%/flink/local.mk
include %D%/savepoint/local.mk
include %D%/bench/local.mk
include %D%/style/local.mk
include %D%/fuzz/local.mk

TESTS += $(UNIT_TESTS) $(SIM_TESTS) $(STYLE_TESTS) $(SAVEPOINT_TESTS)
check_PROGRAMS += $(UNIT_TESTS)

TEST_EXTENSIONS = .t .sh
# A test that hangs is killed and counted as an error.
TEST_TIMEOUT   = 300
TAP_DRIVER     = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
TAP_COMPILER   = timeout -k 10 $(TEST_TIMEOUT)
LOG_DRIVER     = $(TAP_DRIVER)
T_LOG_DRIVER   = $(TAP_DRIVER)
SH_LOG_DRIVER  = $(TAP_DRIVER)
LOG_COMPILER   = $(TAP_COMPILER)
T_LOG_COMPILER = $(TAP_COMPILER)
SH_LOG_COMPILER = $(TAP_COMPILER)

AM_TESTS_ENVIRONMENT = \
	CMOCKA_MESSAGE_OUTPUT=TAP; export CMOCKA_MESSAGE_OUTPUT; \
	top_srcdir='$(abs_top_srcdir)'; export top_srcdir; \
	top_builddir='$(abs_top_builddir)'; export top_builddir; \
	CC='$(CC)'; export CC; \
	CFLAGS='$(CFLAGS)'; export CFLAGS; \
	CPPFLAGS='$(CPPFLAGS)'; export CPPFLAGS; \
	TEST_CPPFLAGS='$(TEST_CPPFLAGS)'; export TEST_CPPFLAGS; \
	TEST_HARDENING='$(AM_CPPFLAGS) $(AM_CFLAGS) $(CFLAGS)|$(AM_LDFLAGS)'; export TEST_HARDENING; \
	NM='$(NM)'; export NM; READELF='$(READELF)'; export READELF; \
	INSTRUMENTED='$(INSTRUMENTED_VALUE)'; export INSTRUMENTED; \
	HARDENED='$(HARDENED_VALUE)'; export HARDENED; \
	PROGRAMS='$(sbin_PROGRAMS) $(bin_PROGRAMS)'; export PROGRAMS; \
	GUARD_FILES='$(libguard_a_SOURCES)'; export GUARD_FILES; \
	PURE_FILES='$(PURE_FILES)'; export PURE_FILES;
# tests/style: what the linker proves pure, and what may not know adapters.
PURE_FILES = $(libbase_a_SOURCES) $(libelection_a_SOURCES) $(libregister_a_SOURCES) \
	$(libstorage_core_a_SOURCES) $(libmigrate_a_SOURCES)
TEST_CPPFLAGS = $(CPPFLAGS) $(CONFIG_CFLAGS) $(MHD_CFLAGS) $(JANSSON_CFLAGS) $(CURL_CFLAGS) \
	$(CRYPTO_CFLAGS) $(SYSTEMD_CFLAGS)
if INSTRUMENTED
INSTRUMENTED_VALUE = yes
endif
if HARDENED
HARDENED_VALUE = yes
endif

# Sanitizers: stop at the first finding, with a stack; leaks count.
AM_TESTS_ENVIRONMENT += \
	ASAN_OPTIONS=$${ASAN_OPTIONS-detect_leaks=1:strict_string_checks=1}; export ASAN_OPTIONS; \
	UBSAN_OPTIONS=$${UBSAN_OPTIONS-print_stacktrace=1}; export UBSAN_OPTIONS;

EXTRA_DIST += $(MODEL_TESTS) $(STYLE_TESTS) $(CLUSTER_TESTS) $(CLUSTER_LONG_TESTS) $(HOSTS_TESTS) $(FLINK_TESTS) \
	$(SAVEPOINT_TESTS) $(SAVEPOINT_FLINK_TESTS) $(FUZZ_TESTS)

# One suite; own summary file, so that results of other suites stay.  Programs are built first.
check-unit check-sim check-model check-style check-cluster check-cluster-long check-hosts check-flink \
check-savepoint: all $(check_PROGRAMS) $(check_LIBRARIES)
	@suite=$@; suite=$${suite#check-}; \
	case $$suite in \
	unit) tests='$(UNIT_TESTS)' ;; \
	sim) tests='$(SIM_TESTS)' ;; \
	model) tests='$(MODEL_TESTS)' ;; \
	style) tests='$(STYLE_TESTS)' ;; \
	cluster) tests='$(CLUSTER_TESTS)' ;; \
	cluster-long) tests='$(CLUSTER_LONG_TESTS)' ;; \
	hosts) tests='$(HOSTS_TESTS)' ;; \
	flink) tests='$(FLINK_TESTS)' ;; \
	savepoint) tests='$(SAVEPOINT_TESTS) $(SAVEPOINT_FLINK_TESTS)' ;; \
	esac; \
	test -n "$$tests" || { echo "$$suite: no tests"; exit 1; }; \
	$(MAKE) $(AM_MAKEFLAGS) check-TESTS TESTS="$$tests" TEST_SUITE_LOG=$$suite.log
# This one needs nothing but the fuzzer.
check-fuzz: fuzz-all
	@$(MAKE) $(AM_MAKEFLAGS) check-TESTS TESTS='$(FUZZ_TESTS)' TEST_SUITE_LOG=fuzz.log \
		check_PROGRAMS= check_LIBRARIES=
# What a suite is made of, for ./check.
list-unit list-sim list-model list-style list-cluster list-hosts list-flink list-flink-again list-savepoint list-fuzz:
	@case $@ in \
	list-unit) echo '$(UNIT_TESTS)' ;; \
	list-sim) echo '$(SIM_TESTS)' ;; \
	list-model) echo '$(MODEL_TESTS)' ;; \
	list-style) echo '$(STYLE_TESTS)' ;; \
	list-cluster) echo '$(CLUSTER_TESTS)' ;; \
	list-hosts) echo '$(HOSTS_TESTS)' ;; \
	list-flink) echo '$(FLINK_TESTS)' ;; \
	list-flink-again) echo '$(filter-out $(FLINK_ONCE),$(FLINK_TESTS))' ;; \
	list-savepoint) echo '$(SAVEPOINT_TESTS) $(SAVEPOINT_FLINK_TESTS)' ;; \
	list-fuzz) echo '$(FUZZ_TESTS)' ;; \
	esac
.PHONY: check-unit check-sim check-model check-style check-cluster check-cluster-long check-hosts check-flink \
	check-fuzz list-unit list-sim list-model list-style list-cluster list-hosts list-flink \
	list-flink-again list-savepoint list-fuzz check-savepoint
CLEANFILES += unit.log sim.log model.log style.log cluster.log cluster-long.log hosts.log flink.log savepoint.log
# What suites outside TESTS leave behind.
clean-local:
	-rm -f tests/cluster/*.log tests/cluster/*.trs tests/hosts/*.log tests/hosts/*.trs tests/model/*.log tests/model/*.trs tests/flink/*.log tests/flink/*.trs tests/savepoint/*.log tests/savepoint/*.trs
	-find . -name '*.gcda' -delete
