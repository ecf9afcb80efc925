# SPDX-License-Identifier: Apache-2.0
# What a checkpoint's file says, and what Flink would make of it; what is right and wrong about a
# job.  Pure; allocates.
noinst_LIBRARIES += libreadiness.a
libreadiness_a_SOURCES = \
	readiness/auto_id.c readiness/auto_id.h \
	readiness/cluster_checks.c readiness/cluster_checks.h \
	readiness/findings.c readiness/findings.h \
	readiness/input.c readiness/input.h \
	readiness/job.c readiness/job.h \
	readiness/job_backend.c \
	readiness/job_checks.c readiness/job_checks.h readiness/job_checks_private.h \
	readiness/job_parallelism.c \
	readiness/job_uid.c \
	readiness/key_group.c readiness/key_group.h \
	readiness/metadata.c readiness/metadata.h \
	readiness/metadata_state.c readiness/metadata_state.h \
	readiness/restore.c readiness/restore.h \
	readiness/savepoint.c readiness/savepoint.h \
	readiness/uid_hash.c readiness/uid_hash.h \
	readiness/uid_names.c readiness/uid_names.h \
	readiness/utf8.c readiness/utf8.h

# What Flink's REST API and a daemon say, as JSON.  Pure; allocates.
noinst_LIBRARIES += libreadinessrest.a
libreadinessrest_a_SOURCES = \
	readiness/cluster_rest.c readiness/cluster_rest.h \
	readiness/job_rest.c readiness/job_rest.h
libreadinessrest_a_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)

# The only file here that talks to somebody.
noinst_LIBRARIES += libflinkrest.a
libflinkrest_a_SOURCES = readiness/flink_rest.c readiness/flink_rest.h
libflinkrest_a_CFLAGS = $(AM_CFLAGS) $(CURL_CFLAGS) $(JANSSON_CFLAGS)
