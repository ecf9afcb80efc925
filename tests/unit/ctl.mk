# SPDX-License-Identifier: Apache-2.0
# Configuration and jmhactl.
UNIT_TESTS += test_config
test_config_SOURCES = %D%/test_config.c
test_config_CFLAGS  = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_config_LDADD   = $(JMHACONFIG_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += test_client
test_client_SOURCES = %D%/test_client.c %D%/scripted_server.c %D%/scripted_server.h
test_client_CFLAGS  = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_client_LDADD   = $(CTL_LIBS) $(CMOCKA_LIBS) $(PTHREAD_LIBS)

UNIT_TESTS += test_verbs
test_verbs_SOURCES = %D%/test_verbs.c %D%/scripted_server.c %D%/scripted_server.h \
	daemon/api_error.c daemon/api_error.h
test_verbs_CFLAGS  = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(JANSSON_CFLAGS)
test_verbs_LDADD   = $(CTL_LIBS) $(CMOCKA_LIBS) $(PTHREAD_LIBS)

UNIT_TESTS += test_table test_views test_options \
	test_explain test_exit_code
test_table_SOURCES = %D%/test_table.c
test_table_CFLAGS  = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_table_LDADD   = $(CTL_LIBS) $(CMOCKA_LIBS)
test_views_SOURCES = %D%/test_views.c
test_views_CFLAGS  = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(JANSSON_CFLAGS)
test_views_LDADD   = $(CTL_LIBS) $(CMOCKA_LIBS)
test_options_SOURCES = %D%/test_options.c
test_options_CFLAGS  = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_options_LDADD   = $(CTL_LIBS) $(CMOCKA_LIBS)
test_explain_SOURCES = %D%/test_explain.c
test_explain_CFLAGS  = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(JANSSON_CFLAGS)
test_explain_LDADD   = $(CTL_LIBS) libelection.a $(CMOCKA_LIBS)
test_exit_code_SOURCES = %D%/test_exit_code.c daemon/api_error.c daemon/api_error.h
test_exit_code_CFLAGS  = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_exit_code_LDADD   = $(CTL_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += test_init test_init_files
test_init_SOURCES = %D%/test_init.c
test_init_CFLAGS  = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_init_LDADD   = $(CTL_LIBS) $(CMOCKA_LIBS)
test_init_files_SOURCES = %D%/test_init_files.c
test_init_files_CFLAGS  = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_init_files_LDADD   = $(CTL_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += test_output_file
test_output_file_SOURCES = %D%/test_output_file.c
test_output_file_CFLAGS  = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_output_file_LDADD   = libctl.a $(CMOCKA_LIBS)

UNIT_TESTS += test_load_plan
test_load_plan_SOURCES = %D%/test_load_plan.c
test_load_plan_CFLAGS  = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(JANSSON_CFLAGS)
test_load_plan_LDADD   = $(CTL_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += test_findings_view
test_findings_view_SOURCES = %D%/test_findings_view.c
test_findings_view_CFLAGS  = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(JANSSON_CFLAGS)
test_findings_view_LDADD   = $(CTL_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += test_savepoint_input test_state_file test_whole_file
test_savepoint_input_SOURCES = %D%/test_savepoint_input.c
test_savepoint_input_CFLAGS  = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_savepoint_input_LDADD   = libctl.a libreadiness.a libbase.a $(CMOCKA_LIBS)
test_state_file_SOURCES = %D%/test_state_file.c
test_state_file_CFLAGS  = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_state_file_LDADD   = libctl.a $(CMOCKA_LIBS)
test_whole_file_SOURCES = %D%/test_whole_file.c
test_whole_file_CFLAGS  = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_whole_file_LDADD   = libctl.a $(CMOCKA_LIBS)

UNIT_TESTS += test_mount
test_mount_SOURCES = %D%/test_mount.c
test_mount_CFLAGS  = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_mount_LDADD   = $(JMHACONFIG_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += test_readiness
test_readiness_SOURCES = %D%/test_readiness.c %D%/job_bench.h daemon/api_error.c daemon/api_error.h
test_readiness_CFLAGS  = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(JANSSON_CFLAGS)
test_readiness_LDADD   = $(CTL_LIBS) $(CMOCKA_LIBS)
