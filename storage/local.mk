# SPDX-License-Identifier: Apache-2.0
# The pure half: what bytes mean, what is known, which commit comes next.
noinst_LIBRARIES += libstorage_core.a
libstorage_core_a_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
libstorage_core_a_SOURCES = \
	storage/commit_batch.c storage/commit_batch.h \
	storage/commit_queue.c storage/commit_queue.h \
	storage/commit_request.c storage/commit_request.h \
	storage/pointer_chunks.c storage/pointer_chunks.h \
	storage/pointer_map.c storage/pointer_map.h \
	storage/record.c storage/record.h \
	storage/snapshot_plan.c storage/snapshot_plan.h

# The adapters: files and the thread that waits for them.  Link with libstorage_core.a, libbase.a,
# $(CRYPTO_LIBS) $(JANSSON_LIBS) $(PTHREAD_LIBS), in this order.
noinst_LIBRARIES += libstorage.a
libstorage_a_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS) -pthread
libstorage_a_SOURCES = \
	storage/chain.c storage/chain.h \
	storage/clean.c storage/clean.h \
	storage/cluster_file.c storage/cluster_file.h \
	storage/follower.c storage/follower.h \
	storage/inspect.c storage/inspect.h storage/inspect_end.c storage/inspect_snapshot.c \
	storage/log_scan.c storage/log_scan.h \
	storage/quarantine.c storage/quarantine.h \
	storage/reading.c storage/reading.h \
	storage/report.c storage/report.h \
	storage/segment.c storage/segment.h \
	storage/sign_file.c storage/sign_file.h \
	storage/small_file.c storage/small_file.h \
	storage/snapshot.c storage/snapshot.h \
	storage/snapshot_writer.c storage/snapshot_writer.h \
	storage/store.c storage/store.h \
	storage/store_ops.c storage/store_ops.h \
	storage/store_state.c storage/store_state.h \
	storage/store_thread.c storage/store_thread.h

# Pointers as real Flink clusters wrote them.
dist_noinst_DATA += \
	tests/data/flink-pointers/README.md \
	tests/data/flink-pointers/1.20.5/checkpoint-id-counter.bin \
	tests/data/flink-pointers/1.20.5/checkpoint-pointer.bin \
	tests/data/flink-pointers/1.20.5/connection-info-dispatcher.bin \
	tests/data/flink-pointers/1.20.5/connection-info-job.bin \
	tests/data/flink-pointers/1.20.5/connection-info-resource_manager.bin \
	tests/data/flink-pointers/1.20.5/connection-info-rest_server.bin \
	tests/data/flink-pointers/1.20.5/job-pointer.bin \
	tests/data/flink-pointers/2.2.1/checkpoint-id-counter.bin \
	tests/data/flink-pointers/2.2.1/checkpoint-pointer.bin \
	tests/data/flink-pointers/2.2.1/connection-info-dispatcher.bin \
	tests/data/flink-pointers/2.2.1/connection-info-job.bin \
	tests/data/flink-pointers/2.2.1/connection-info-resource_manager.bin \
	tests/data/flink-pointers/2.2.1/connection-info-rest_server.bin \
	tests/data/flink-pointers/2.2.1/job-pointer.bin
