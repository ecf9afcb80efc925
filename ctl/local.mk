# SPDX-License-Identifier: Apache-2.0
# jmhactl.  All but main stands in a library, for the unit tests.
noinst_LIBRARIES += libctl.a
libctl_a_SOURCES = \
	%D%/backup_json.c %D%/backup_json.h \
	%D%/client.c %D%/client.h \
	%D%/exit_code.c %D%/exit_code.h \
	%D%/explain.c %D%/explain.h \
	%D%/explain_lease.c %D%/explain_lease.h \
	%D%/field.h \
	%D%/findings_view.c %D%/findings_view.h \
	%D%/import_plan.c %D%/import_plan.h \
	%D%/import_write.c %D%/import_write.h \
	%D%/init.c %D%/init.h \
	%D%/init_files.c %D%/init_files.h \
	%D%/json_out.c %D%/json_out.h \
	%D%/load_plan.c %D%/load_plan.h \
	%D%/load_write.c %D%/load_write.h \
	%D%/operate.c %D%/operate.h \
	%D%/option_table.c %D%/option_table.h \
	%D%/options.c %D%/options.h \
	%D%/output_file.c %D%/output_file.h \
	%D%/pointer_pages.c %D%/pointer_pages.h \
	%D%/pointers.c %D%/pointers.h \
	%D%/savepoint_compare.c %D%/savepoint_compare.h \
	%D%/savepoint_files.c %D%/savepoint_files.h \
	%D%/savepoint_input.c %D%/savepoint_input.h \
	%D%/savepoint_json.c %D%/savepoint_json.h \
	%D%/savepoint_names.c %D%/savepoint_names.h \
	%D%/savepoint_show.c %D%/savepoint_show.h \
	%D%/savepoint_views.c %D%/savepoint_views.h \
	%D%/readiness.c %D%/readiness.h \
	%D%/readiness_gather.c %D%/readiness_gather.h \
	%D%/readiness_html.c %D%/readiness_html.h \
	%D%/readiness_html_pictures.c %D%/readiness_html_pictures.h \
	%D%/readiness_html_text.c %D%/readiness_html_text.h \
	%D%/readiness_jobs.c %D%/readiness_jobs.h \
	%D%/readiness_latest.c %D%/readiness_latest.h \
	%D%/readiness_view.c %D%/readiness_view.h \
	%D%/say.c %D%/say.h \
	%D%/state_file.c %D%/state_file.h \
	%D%/store_export.c %D%/store_export.h \
	%D%/store_import.c %D%/store_import.h \
	%D%/store_load.c %D%/store_load.h \
	%D%/store_look.c %D%/store_look.h \
	%D%/store_place.c %D%/store_place.h \
	%D%/store_recover.c %D%/store_recover.h \
	%D%/store_views.c %D%/store_views.h \
	%D%/table.c %D%/table.h \
	%D%/target_file.c %D%/target_file.h \
	%D%/unseen.c %D%/unseen.h \
	%D%/verbs.c %D%/verbs.h \
	%D%/views.c %D%/views.h \
	%D%/whole_file.c %D%/whole_file.h \
	%D%/wrap.c %D%/wrap.h
libctl_a_CFLAGS = $(AM_CFLAGS) $(CURL_CFLAGS) $(JANSSON_CFLAGS)

bin_PROGRAMS += jmhactl
# The table of errors is the daemon's: the same codes, the same exit codes.
jmhactl_SOURCES = %D%/main.c daemon/api_error.c daemon/api_error.h
jmhactl_CFLAGS  = $(AM_CFLAGS) $(CURL_CFLAGS) $(JANSSON_CFLAGS)
CTL_LIBS        = libctl.a libjmhaconfig.a libmigratezk.a libmigrate.a libflinkrest.a libreadinessrest.a libreadiness.a $(REPAIR_LIBS) $(CONFIG_LIBS) $(CURL_LIBS) \
	$(JANSSON_LIBS)
jmhactl_LDADD   = $(CTL_LIBS)

dist_bashcompletion_DATA = completion/jmhactl
