# SPDX-License-Identifier: Apache-2.0

# Adapters' pure parts, the table of codes, names to addresses.
UNIT_TESTS += \
	tests/unit/test_ensemble \
	tests/unit/test_register \
	tests/unit/test_resolve \
	tests/unit/test_zk_error \
	tests/unit/test_znode_json
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
tests_unit_test_zk_error_SOURCES = tests/unit/test_zk_error.c
tests_unit_test_zk_error_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_zk_error_LDADD = libzk.a $(ZOOKEEPER_LIBS) $(CMOCKA_LIBS)
tests_unit_test_znode_json_SOURCES = tests/unit/test_znode_json.c
tests_unit_test_znode_json_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_znode_json_LDADD = libregister.a libelection.a libbase.a $(JANSSON_LIBS) \
	$(CRYPTO_LIBS) $(CMOCKA_LIBS)
