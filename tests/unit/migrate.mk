# SPDX-License-Identifier: Apache-2.0
# Moving in from Flink's own ZooKeeper HA.
UNIT_TESTS += tests/unit/test_flink_pointer tests/unit/test_flink_tree
tests_unit_test_flink_pointer_SOURCES = tests/unit/test_flink_pointer.c
tests_unit_test_flink_pointer_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_flink_pointer_LDADD = libmigrate.a libbase.a $(CMOCKA_LIBS)
tests_unit_test_flink_tree_SOURCES = tests/unit/test_flink_tree.c
tests_unit_test_flink_tree_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_flink_tree_LDADD = libmigrate.a libbase.a $(CMOCKA_LIBS)
UNIT_TESTS += test_import_plan test_import_write
test_import_plan_SOURCES = %D%/test_import_plan.c
test_import_plan_CFLAGS  = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(JANSSON_CFLAGS)
test_import_plan_LDADD   = $(CTL_LIBS) $(CMOCKA_LIBS)
test_import_write_SOURCES = %D%/test_import_write.c %D%/scripted_server.c %D%/scripted_server.h \
	daemon/api_error.c daemon/api_error.h
test_import_write_CFLAGS  = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(JANSSON_CFLAGS)
test_import_write_LDADD   = $(CTL_LIBS) $(CMOCKA_LIBS) $(PTHREAD_LIBS)
