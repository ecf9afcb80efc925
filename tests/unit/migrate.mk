# SPDX-License-Identifier: Apache-2.0
# Moving in from Flink's own ZooKeeper HA.
UNIT_TESTS += tests/unit/test_flink_pointer tests/unit/test_flink_tree
tests_unit_test_flink_pointer_SOURCES = tests/unit/test_flink_pointer.c
tests_unit_test_flink_pointer_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_flink_pointer_LDADD = libmigrate.a libbase.a $(CMOCKA_LIBS)
tests_unit_test_flink_tree_SOURCES = tests/unit/test_flink_tree.c
tests_unit_test_flink_tree_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_flink_tree_LDADD = libmigrate.a libbase.a $(CMOCKA_LIBS)
