# SPDX-License-Identifier: Apache-2.0

# Adapters' pure parts, the table of codes, names to addresses.
UNIT_TESTS += \
	tests/unit/test_endpoint_book \
	tests/unit/test_endpoint_map \
	tests/unit/test_ensemble \
	tests/unit/test_server_conf \
	tests/unit/test_register \
	tests/unit/test_resolve \
	tests/unit/test_signs \
	tests/unit/test_zk_connection \
	tests/unit/test_zk_error \
	tests/unit/test_zk_requests \
	tests/unit/test_znode_json
tests_unit_test_endpoint_book_SOURCES = tests/unit/test_endpoint_book.c
tests_unit_test_endpoint_book_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_endpoint_book_LDADD = libregister.a libelection.a libbase.a $(JANSSON_LIBS) \
	$(CRYPTO_LIBS) $(CMOCKA_LIBS)
tests_unit_test_endpoint_map_SOURCES = tests/unit/test_endpoint_map.c
tests_unit_test_endpoint_map_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_endpoint_map_LDADD = libregister.a libelection.a libbase.a $(JANSSON_LIBS) \
	$(CRYPTO_LIBS) $(CMOCKA_LIBS)
tests_unit_test_ensemble_SOURCES = tests/unit/test_ensemble.c
tests_unit_test_ensemble_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_ensemble_LDADD = libelection.a $(CMOCKA_LIBS)
tests_unit_test_register_SOURCES = tests/unit/test_register.c
tests_unit_test_register_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_register_LDADD = libregister.a libelection.a libbase.a $(JANSSON_LIBS) \
	$(CRYPTO_LIBS) $(CMOCKA_LIBS)
tests_unit_test_resolve_SOURCES = tests/unit/test_resolve.c
tests_unit_test_resolve_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_resolve_LDADD = libzk.a $(CMOCKA_LIBS) $(PTHREAD_LIBS)
tests_unit_test_resolve_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=getaddrinfo
tests_unit_test_signs_SOURCES = tests/unit/test_signs.c
tests_unit_test_signs_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_signs_LDADD = libregister.a libbase.a $(CMOCKA_LIBS)
# The adapter on the real library, with scripted servers and a C library that does as it is told.
zk_world = tests/unit/zk_fake.c tests/unit/zk_fake.h tests/unit/zk_seams.c tests/unit/zk_seams.h \
	tests/unit/zk_world.h tests/cluster/zk_client.h
zk_world_libs = libzk.a libregister.a libelection.a libbase.a $(ZOOKEEPER_LIBS) $(JANSSON_LIBS) \
	$(CRYPTO_LIBS) $(CMOCKA_LIBS) $(PTHREAD_LIBS)
tests_unit_test_zk_connection_SOURCES = tests/unit/test_zk_connection.c $(zk_world)
tests_unit_test_zk_connection_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_zk_connection_LDADD = $(zk_world_libs)
tests_unit_test_zk_requests_SOURCES = tests/unit/test_zk_requests.c $(zk_world)
tests_unit_test_zk_requests_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_zk_requests_LDADD = $(zk_world_libs)
tests_unit_test_zk_error_SOURCES = tests/unit/test_zk_error.c
tests_unit_test_zk_error_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_zk_error_LDADD = libzk.a $(ZOOKEEPER_LIBS) $(CMOCKA_LIBS)
tests_unit_test_znode_json_SOURCES = tests/unit/test_znode_json.c
tests_unit_test_znode_json_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_znode_json_LDADD = libregister.a libelection.a libbase.a $(JANSSON_LIBS) \
	$(CRYPTO_LIBS) $(CMOCKA_LIBS)

# The core.
UNIT_TESTS += \
	tests/unit/test_cause \
	tests/unit/test_core \
	tests/unit/test_core_hot \
	tests/unit/test_core_pace \
	tests/unit/test_core_takeover \
	tests/unit/test_core_trace \
	tests/unit/test_core_wait \
	tests/unit/test_latch_name \
	tests/unit/test_lease \
	tests/unit/test_reason
tests_unit_test_cause_SOURCES = tests/unit/test_cause.c
tests_unit_test_cause_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_cause_LDADD = libelection.a $(CMOCKA_LIBS)
tests_unit_test_core_SOURCES = tests/unit/test_core.c tests/unit/core_feed.h
tests_unit_test_core_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_core_LDADD = libelection.a $(CMOCKA_LIBS)
tests_unit_test_core_hot_SOURCES = tests/unit/test_core_hot.c tests/unit/core_feed.h
tests_unit_test_core_hot_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_core_hot_LDADD = libelection.a $(CMOCKA_LIBS)
tests_unit_test_core_pace_SOURCES = tests/unit/test_core_pace.c tests/unit/core_feed.h
tests_unit_test_core_pace_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_core_pace_LDADD = libelection.a $(CMOCKA_LIBS)
tests_unit_test_core_trace_SOURCES = tests/unit/test_core_trace.c
tests_unit_test_core_trace_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_core_trace_LDADD = libelection.a $(CMOCKA_LIBS)
tests_unit_test_core_wait_SOURCES = tests/unit/test_core_wait.c tests/unit/core_feed.h
tests_unit_test_core_wait_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_core_wait_LDADD = libelection.a $(CMOCKA_LIBS)
tests_unit_test_latch_name_SOURCES = tests/unit/test_latch_name.c
tests_unit_test_latch_name_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_latch_name_LDADD = libelection.a $(CMOCKA_LIBS)
tests_unit_test_lease_SOURCES = tests/unit/test_lease.c
tests_unit_test_lease_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_lease_LDADD = libelection.a $(CMOCKA_LIBS)
tests_unit_test_reason_SOURCES = tests/unit/test_reason.c
tests_unit_test_reason_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_reason_LDADD = libelection.a $(CMOCKA_LIBS)

tests_unit_test_server_conf_SOURCES = tests/unit/test_server_conf.c
tests_unit_test_server_conf_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_server_conf_LDADD = libzk.a libbase.a $(CMOCKA_LIBS)
tests_unit_test_core_takeover_SOURCES = tests/unit/test_core_takeover.c tests/unit/core_feed.h
tests_unit_test_core_takeover_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_core_takeover_LDADD = libelection.a $(CMOCKA_LIBS)
