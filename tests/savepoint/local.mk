# SPDX-License-Identifier: Apache-2.0
# jmhactl savepoint: the verbs on real and on broken files, and their reading against Flink's own.
SAVEPOINT_TESTS += %D%/compare.t %D%/show.t
# Fetches Flink, once: not part of make check.
SAVEPOINT_FLINK_TESTS += %D%/flink_reads.t
EXTRA_DIST += %D%/facts.jq %D%/flink

check_PROGRAMS += %D%/large_metadata
tests_savepoint_large_metadata_SOURCES = %D%/large_metadata.c
