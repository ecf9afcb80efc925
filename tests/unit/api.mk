# SPDX-License-Identifier: Apache-2.0
API_UNIT_TESTS = \
	test_api \
	test_api_counters \
	test_api_endpoints \
	test_api_error \
	test_api_exchange \
	test_api_http \
	test_api_jobs \
	test_api_json \
	test_api_leadership \
	test_api_metrics \
	test_api_operator \
	test_api_peer \
	test_api_pointers \
	test_api_request \
	test_api_status \
	test_api_stream
UNIT_TESTS += $(API_UNIT_TESTS)

check_LIBRARIES += libapifake.a
libapifake_a_SOURCES = %D%/api_ask.h %D%/api_fake.c %D%/api_fake.h %D%/api_wire.h
libapifake_a_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS) $(SYSTEMD_CFLAGS) $(CMOCKA_CFLAGS)

API_TEST_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS) $(SYSTEMD_CFLAGS) $(CMOCKA_CFLAGS)
API_TEST_LIBS = libapifake.a $(API_LIBS) $(CMOCKA_LIBS)

test_api_SOURCES = %D%/test_api.c
test_api_CFLAGS = $(API_TEST_CFLAGS)
test_api_LDADD = $(API_TEST_LIBS)
test_api_jobs_SOURCES = %D%/test_api_jobs.c
test_api_jobs_CFLAGS = $(API_TEST_CFLAGS)
test_api_jobs_LDADD = $(API_TEST_LIBS)
test_api_endpoints_SOURCES = %D%/test_api_endpoints.c
test_api_endpoints_CFLAGS = $(API_TEST_CFLAGS)
test_api_endpoints_LDADD = $(API_TEST_LIBS)
test_api_counters_SOURCES = %D%/test_api_counters.c
test_api_counters_CFLAGS = $(API_TEST_CFLAGS)
test_api_counters_LDADD = $(API_TEST_LIBS)
test_api_error_SOURCES = %D%/test_api_error.c
test_api_error_CFLAGS = $(API_TEST_CFLAGS)
test_api_error_LDADD = $(API_TEST_LIBS)
test_api_exchange_SOURCES = %D%/test_api_exchange.c
test_api_exchange_CFLAGS = $(API_TEST_CFLAGS)
test_api_exchange_LDADD = $(API_TEST_LIBS)
test_api_http_SOURCES = %D%/test_api_http.c
test_api_http_CFLAGS = $(API_TEST_CFLAGS)
test_api_http_LDADD = $(API_TEST_LIBS)
test_api_leadership_SOURCES = %D%/test_api_leadership.c
test_api_leadership_CFLAGS = $(API_TEST_CFLAGS)
test_api_leadership_LDADD = $(API_TEST_LIBS)
test_api_metrics_SOURCES = %D%/test_api_metrics.c
test_api_metrics_CFLAGS = $(API_TEST_CFLAGS)
test_api_metrics_LDADD = $(API_TEST_LIBS)
test_api_operator_SOURCES = %D%/test_api_operator.c
test_api_operator_CFLAGS = $(API_TEST_CFLAGS)
test_api_operator_LDADD = $(API_TEST_LIBS)
test_api_peer_SOURCES = %D%/test_api_peer.c
test_api_peer_CFLAGS = $(API_TEST_CFLAGS)
test_api_peer_LDADD = $(API_TEST_LIBS)
test_api_pointers_SOURCES = %D%/test_api_pointers.c
test_api_pointers_CFLAGS = $(API_TEST_CFLAGS)
test_api_pointers_LDADD = $(API_TEST_LIBS)
test_api_status_SOURCES = %D%/test_api_status.c
test_api_status_CFLAGS = $(API_TEST_CFLAGS)
test_api_status_LDADD = $(API_TEST_LIBS)
test_api_stream_SOURCES = %D%/test_api_stream.c
test_api_stream_CFLAGS = $(API_TEST_CFLAGS)
test_api_stream_LDADD = $(API_TEST_LIBS)
test_api_json_SOURCES = %D%/test_api_json.c
test_api_json_CFLAGS = $(API_TEST_CFLAGS)
test_api_json_LDADD = $(API_TEST_LIBS)
test_api_request_SOURCES = %D%/test_api_request.c
test_api_request_CFLAGS = $(API_TEST_CFLAGS)
test_api_request_LDADD = $(API_TEST_LIBS)

# The table of calls, for tests/style.
check_PROGRAMS += print_routes
print_routes_SOURCES = %D%/print_routes.c
print_routes_CFLAGS = $(AM_CFLAGS) $(SYSTEMD_CFLAGS)
print_routes_LDADD = $(API_LIBS)
