# SPDX-License-Identifier: Apache-2.0

# The guard's parts.  fake_elector is what the guard under test executes in place of jmhad.
UNIT_TESTS += \
	tests/unit/test_class_archive \
	tests/unit/test_guard \
	tests/unit/test_guard_hot \
	tests/unit/test_guard_link \
	tests/unit/test_jobmanager \
	tests/unit/test_lease_page \
	tests/unit/test_log \
	tests/unit/test_notify \
	tests/unit/test_restarts \
	tests/unit/test_session_file
check_PROGRAMS += tests/unit/fake_elector
tests_unit_fake_elector_SOURCES = tests/unit/fake_elector.c
tests_unit_fake_elector_LDADD = libguard.a
tests_unit_test_class_archive_SOURCES = tests/unit/test_class_archive.c
tests_unit_test_class_archive_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_class_archive_LDADD = libguard.a $(CMOCKA_LIBS)
tests_unit_test_guard_SOURCES = tests/unit/test_guard.c tests/unit/guard_world.h
tests_unit_test_guard_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_guard_LDADD = libguard.a $(CMOCKA_LIBS)
tests_unit_test_guard_hot_SOURCES = tests/unit/test_guard_hot.c tests/unit/guard_world.h
tests_unit_test_guard_hot_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_guard_hot_LDADD = libguard.a $(CMOCKA_LIBS)
tests_unit_test_guard_link_SOURCES = tests/unit/test_guard_link.c
tests_unit_test_guard_link_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_guard_link_LDADD = libguard.a $(CMOCKA_LIBS)
tests_unit_test_jobmanager_SOURCES = tests/unit/test_jobmanager.c
tests_unit_test_jobmanager_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_jobmanager_LDADD = libguard.a $(CMOCKA_LIBS)
tests_unit_test_lease_page_SOURCES = tests/unit/test_lease_page.c
tests_unit_test_lease_page_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_lease_page_LDADD = libguard.a $(CMOCKA_LIBS)
tests_unit_test_log_SOURCES = tests/unit/test_log.c
tests_unit_test_log_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_log_LDADD = libguard.a $(CMOCKA_LIBS)
tests_unit_test_notify_SOURCES = tests/unit/test_notify.c
tests_unit_test_notify_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_notify_LDADD = libguard.a $(CMOCKA_LIBS)
tests_unit_test_restarts_SOURCES = tests/unit/test_restarts.c
tests_unit_test_restarts_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_restarts_LDADD = libguard.a $(CMOCKA_LIBS)
tests_unit_test_session_file_SOURCES = tests/unit/test_session_file.c
tests_unit_test_session_file_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_session_file_LDADD = libguard.a $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/test_own_log
tests_unit_test_own_log_SOURCES = tests/unit/test_own_log.c
tests_unit_test_own_log_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_own_log_LDADD = libelector.a libbase.a $(CMOCKA_LIBS)

# One file of the elector, with the test in place of the others.
UNIT_TESTS += tests/unit/test_elector_commit
tests_unit_test_elector_commit_SOURCES = tests/unit/test_elector_commit.c \
	daemon/elector_commit.c daemon/elector_private.h daemon/own_log.c daemon/own_log.h
tests_unit_test_elector_commit_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS) $(SYSTEMD_CFLAGS) \
	$(CMOCKA_CFLAGS)
tests_unit_test_elector_commit_LDADD = libregister.a libstorage_core.a libelection.a libbase.a \
	$(SYSTEMD_LIBS) $(JANSSON_LIBS) $(CRYPTO_LIBS) $(CMOCKA_LIBS)
UNIT_TESTS += tests/unit/test_elector_counters
tests_unit_test_elector_counters_SOURCES = tests/unit/test_elector_counters.c \
	daemon/elector_counters.c daemon/elector_private.h
tests_unit_test_elector_counters_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS) $(SYSTEMD_CFLAGS) \
	$(CMOCKA_CFLAGS)
tests_unit_test_elector_counters_LDADD = libapi.a libstorage_core.a libbase.a $(CRYPTO_LIBS) \
	$(CMOCKA_LIBS)
UNIT_TESTS += tests/unit/test_elector_jobs
tests_unit_test_elector_jobs_SOURCES = tests/unit/test_elector_jobs.c \
	daemon/elector_jobs.c daemon/elector_private.h
tests_unit_test_elector_jobs_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS) $(SYSTEMD_CFLAGS) \
	$(CMOCKA_CFLAGS)
tests_unit_test_elector_jobs_LDADD = libguard.a libelection.a libstorage_core.a libbase.a \
	$(JANSSON_LIBS) $(CRYPTO_LIBS) $(CMOCKA_LIBS)
UNIT_TESTS += tests/unit/test_elector_leadership
tests_unit_test_elector_leadership_SOURCES = tests/unit/test_elector_leadership.c \
	daemon/elector_leadership.c daemon/elector_private.h
tests_unit_test_elector_leadership_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS) $(SYSTEMD_CFLAGS) \
	$(CMOCKA_CFLAGS)
tests_unit_test_elector_leadership_LDADD = libguard.a libregister.a libelection.a libbase.a \
	$(JANSSON_LIBS) $(CRYPTO_LIBS) $(CMOCKA_LIBS)
UNIT_TESTS += tests/unit/test_health tests/unit/test_health_probe
tests_unit_test_health_SOURCES = tests/unit/test_health.c
tests_unit_test_health_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_health_LDADD = libelector.a $(CMOCKA_LIBS)
tests_unit_test_health_probe_SOURCES = tests/unit/test_health_probe.c \
	tests/unit/scripted_server.c tests/unit/scripted_server.h
tests_unit_test_health_probe_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(CRYPTO_CFLAGS)
# libssl is the TLS server's, of the test alone.
tests_unit_test_health_probe_LDADD = libelector.a -lssl $(CRYPTO_LIBS) $(CMOCKA_LIBS) $(PTHREAD_LIBS)
