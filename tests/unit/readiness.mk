# SPDX-License-Identifier: Apache-2.0
UNIT_TESTS += tests/unit/test_key_group tests/unit/test_metadata tests/unit/test_restore tests/unit/test_savepoint \
	tests/unit/test_uid_hash tests/unit/test_uid_names tests/unit/test_utf8
tests_unit_test_key_group_SOURCES = tests/unit/test_key_group.c
tests_unit_test_key_group_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_key_group_LDADD = libreadiness.a libbase.a $(CMOCKA_LIBS)
tests_unit_test_metadata_SOURCES = tests/unit/test_metadata.c
tests_unit_test_metadata_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_metadata_LDADD = libreadiness.a libbase.a $(CMOCKA_LIBS)
tests_unit_test_restore_SOURCES = tests/unit/test_restore.c
tests_unit_test_restore_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_restore_LDADD = libreadiness.a libbase.a $(CMOCKA_LIBS)
tests_unit_test_savepoint_SOURCES = tests/unit/test_savepoint.c
tests_unit_test_savepoint_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_savepoint_LDADD = libreadiness.a libbase.a $(CMOCKA_LIBS)
tests_unit_test_uid_hash_SOURCES = tests/unit/test_uid_hash.c
tests_unit_test_uid_hash_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_uid_hash_LDADD = libreadiness.a libbase.a $(CMOCKA_LIBS)
tests_unit_test_uid_names_SOURCES = tests/unit/test_uid_names.c
tests_unit_test_uid_names_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_uid_names_LDADD = libreadiness.a libbase.a $(CMOCKA_LIBS)
tests_unit_test_utf8_SOURCES = tests/unit/test_utf8.c
tests_unit_test_utf8_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_utf8_LDADD = libreadiness.a libbase.a $(CMOCKA_LIBS)
EXTRA_DIST += tests/data/flink-metadata
EXTRA_DIST += tests/data/flink-rest

UNIT_TESTS += tests/unit/test_auto_id tests/unit/test_job_checks tests/unit/test_job_rest
tests_unit_test_auto_id_SOURCES = tests/unit/test_auto_id.c tests/unit/job_bench.h
tests_unit_test_auto_id_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_auto_id_LDADD = libreadiness.a libbase.a $(CMOCKA_LIBS)
tests_unit_test_job_checks_SOURCES = tests/unit/test_job_checks.c tests/unit/job_bench.h
tests_unit_test_job_checks_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_job_checks_LDADD = libreadinessrest.a libreadiness.a libbase.a $(JANSSON_LIBS) $(CMOCKA_LIBS)
tests_unit_test_job_rest_SOURCES = tests/unit/test_job_rest.c tests/unit/job_bench.h
tests_unit_test_job_rest_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_job_rest_LDADD = libreadinessrest.a libreadiness.a libbase.a $(JANSSON_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/test_flink_rest
tests_unit_test_flink_rest_SOURCES = tests/unit/test_flink_rest.c tests/unit/scripted_server.c \
	tests/unit/scripted_server.h
tests_unit_test_flink_rest_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(CURL_CFLAGS)
tests_unit_test_flink_rest_LDADD = libflinkrest.a libreadiness.a libbase.a $(CURL_LIBS) $(JANSSON_LIBS) $(CMOCKA_LIBS) $(PTHREAD_LIBS)

UNIT_TESTS += tests/unit/test_cluster_checks
tests_unit_test_cluster_checks_SOURCES = tests/unit/test_cluster_checks.c tests/unit/job_bench.h
tests_unit_test_cluster_checks_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(JANSSON_CFLAGS)
tests_unit_test_cluster_checks_LDADD = libreadinessrest.a libreadiness.a libbase.a $(JANSSON_LIBS) $(CMOCKA_LIBS)
