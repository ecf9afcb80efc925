# SPDX-License-Identifier: Apache-2.0
# What a checkpoint's file says, and what Flink would make of it.  Pure; only savepoint
# allocates.
noinst_LIBRARIES += libreadiness.a
libreadiness_a_SOURCES = \
	readiness/findings.c readiness/findings.h \
	readiness/input.c readiness/input.h \
	readiness/key_group.c readiness/key_group.h \
	readiness/metadata.c readiness/metadata.h \
	readiness/metadata_state.c readiness/metadata_state.h \
	readiness/restore.c readiness/restore.h \
	readiness/savepoint.c readiness/savepoint.h \
	readiness/uid_hash.c readiness/uid_hash.h \
	readiness/uid_names.c readiness/uid_names.h \
	readiness/utf8.c readiness/utf8.h
