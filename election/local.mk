# SPDX-License-Identifier: Apache-2.0
# libelection: the core and what it needs; not even an allocation (tests/style/core_is_pure.sh).
noinst_LIBRARIES += libelection.a
libelection_a_SOURCES = \
	election/cause.c election/cause.h \
	election/core.c election/core.h election/core_private.h \
	election/core_drive.c election/core_events.c election/core_hot.c \
	election/core_status.c election/core_takeover.c \
	election/core_trace.c election/core_trace.h \
	election/core_wait.c election/core_wait.h \
	election/ensemble.c election/ensemble.h \
	election/latch_name.c election/latch_name.h \
	election/lease.c election/lease.h \
	election/reason.c election/reason.h

# libregister: contents of znodes; pure, allocates (jansson, SHA-256 of libcrypto).
noinst_LIBRARIES += libregister.a
libregister_a_SOURCES = \
	election/endpoint_book.c election/endpoint_book.h \
	election/endpoint_map.c election/endpoint_map.h \
	election/json_fields.c election/json_fields.h \
	election/register.c election/register.h \
	election/signs.c election/signs.h \
	election/znode_json.c election/znode_json.h
libregister_a_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS) $(CRYPTO_CFLAGS)

# libzk: the adapters to ZooKeeper.  Link order: libzk libregister libelection libbase.
noinst_LIBRARIES += libzk.a
libzk_a_SOURCES = \
	election/fence.c election/fence.h \
	election/handover.c election/handover.h \
	election/latch.c election/latch.h \
	election/observe.c election/observe.h \
	election/request.c election/session_internal.h \
	election/resolve.c election/resolve.h \
	election/server_conf.c election/server_conf.h \
	election/session.c election/session.h \
	election/zk_calls.c election/zk_calls.h \
	election/zk_error.c election/zk_error.h
libzk_a_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
