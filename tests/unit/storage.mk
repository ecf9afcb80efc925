# SPDX-License-Identifier: Apache-2.0
storage_test_cflags = $(AM_CFLAGS) $(CMOCKA_CFLAGS) -pthread
storage_test_libs = libstorage.a libstorage_core.a libbase.a $(CMOCKA_LIBS) $(CRYPTO_LIBS) \
	$(JANSSON_LIBS) $(PTHREAD_LIBS)
UNIT_TESTS += tests/unit/test_record
tests_unit_test_record_SOURCES = tests/unit/test_record.c tests/unit/storage_files.c tests/unit/storage_files.h
tests_unit_test_record_CFLAGS = $(storage_test_cflags)
tests_unit_test_record_CPPFLAGS = $(AM_CPPFLAGS) -DSRCDIR='"$(abs_top_srcdir)"'
tests_unit_test_record_LDADD = $(storage_test_libs)
UNIT_TESTS += tests/unit/test_pointer_map
tests_unit_test_pointer_map_SOURCES = tests/unit/test_pointer_map.c
tests_unit_test_pointer_map_CFLAGS = $(storage_test_cflags)
tests_unit_test_pointer_map_LDADD = $(storage_test_libs)
UNIT_TESTS += tests/unit/test_commit_queue
tests_unit_test_commit_queue_SOURCES = tests/unit/test_commit_queue.c
tests_unit_test_commit_queue_CFLAGS = $(storage_test_cflags)
tests_unit_test_commit_queue_LDADD = $(storage_test_libs)
UNIT_TESTS += tests/unit/test_segment
tests_unit_test_segment_SOURCES = tests/unit/test_segment.c tests/unit/storage_files.c tests/unit/storage_files.h
tests_unit_test_segment_CFLAGS = $(storage_test_cflags)
tests_unit_test_segment_LDADD = $(storage_test_libs)
UNIT_TESTS += tests/unit/test_follower
tests_unit_test_follower_SOURCES = tests/unit/test_follower.c tests/unit/storage_files.c tests/unit/storage_files.h
tests_unit_test_follower_CFLAGS = $(storage_test_cflags)
tests_unit_test_follower_LDADD = $(storage_test_libs)
UNIT_TESTS += tests/unit/test_follower_snapshot
tests_unit_test_follower_snapshot_SOURCES = tests/unit/test_follower_snapshot.c tests/unit/storage_files.c tests/unit/storage_files.h
tests_unit_test_follower_snapshot_CFLAGS = $(storage_test_cflags)
tests_unit_test_follower_snapshot_LDADD = $(storage_test_libs)
tests_unit_test_follower_snapshot_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=pread
UNIT_TESTS += tests/unit/test_snapshot_plan
tests_unit_test_snapshot_plan_SOURCES = tests/unit/test_snapshot_plan.c
tests_unit_test_snapshot_plan_CFLAGS = $(storage_test_cflags)
tests_unit_test_snapshot_plan_LDADD = $(storage_test_libs)
UNIT_TESTS += tests/unit/test_clean
tests_unit_test_clean_SOURCES = tests/unit/test_clean.c tests/unit/storage_files.c tests/unit/storage_files.h
tests_unit_test_clean_CFLAGS = $(storage_test_cflags)
tests_unit_test_clean_LDADD = $(storage_test_libs)
UNIT_TESTS += tests/unit/test_snapshot
tests_unit_test_snapshot_SOURCES = tests/unit/test_snapshot.c tests/unit/storage_files.c tests/unit/storage_files.h
tests_unit_test_snapshot_CFLAGS = $(storage_test_cflags)
tests_unit_test_snapshot_LDADD = $(storage_test_libs)
tests_unit_test_snapshot_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=fsync,--wrap=fstatvfs
UNIT_TESTS += tests/unit/test_quarantine
tests_unit_test_quarantine_SOURCES = tests/unit/test_quarantine.c tests/unit/storage_files.c tests/unit/storage_files.h
tests_unit_test_quarantine_CFLAGS = $(storage_test_cflags)
tests_unit_test_quarantine_LDADD = $(storage_test_libs)
UNIT_TESTS += tests/unit/test_store
tests_unit_test_store_SOURCES = tests/unit/test_store.c tests/unit/storage_files.c tests/unit/storage_files.h
tests_unit_test_store_CFLAGS = $(storage_test_cflags)
tests_unit_test_store_LDADD = $(storage_test_libs)
UNIT_TESTS += tests/unit/test_bounded_disk
tests_unit_test_bounded_disk_SOURCES = tests/unit/test_bounded_disk.c tests/unit/storage_files.c tests/unit/storage_files.h
tests_unit_test_bounded_disk_CFLAGS = $(storage_test_cflags)
tests_unit_test_bounded_disk_LDADD = $(storage_test_libs)
tests_unit_test_bounded_disk_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=fsync,--wrap=fdatasync
UNIT_TESTS += tests/unit/test_inspect
tests_unit_test_inspect_SOURCES = tests/unit/test_inspect.c tests/unit/storage_files.c tests/unit/storage_files.h
tests_unit_test_inspect_CFLAGS = $(storage_test_cflags)
tests_unit_test_inspect_LDADD = $(storage_test_libs)
# What is built on both of them: repair/.
UNIT_TESTS += tests/unit/test_recover_plan
tests_unit_test_recover_plan_SOURCES = tests/unit/test_recover_plan.c tests/unit/storage_files.c tests/unit/storage_files.h
tests_unit_test_recover_plan_CFLAGS = $(storage_test_cflags) $(JANSSON_CFLAGS)
tests_unit_test_recover_plan_LDADD = $(REPAIR_LIBS) $(CMOCKA_LIBS)
UNIT_TESTS += tests/unit/test_backup
tests_unit_test_backup_SOURCES = tests/unit/test_backup.c
tests_unit_test_backup_CFLAGS = $(storage_test_cflags) $(JANSSON_CFLAGS)
tests_unit_test_backup_LDADD = $(REPAIR_LIBS) $(CMOCKA_LIBS)
