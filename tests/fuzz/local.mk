# SPDX-License-Identifier: Apache-2.0
# Inputs from outside (fuzz.h).  A target is a file, a line here, and a folder below corpus/; a
# dictionary below dict/ where words help.
FUZZ_TARGETS = \
	%D%/target_backup.c \
	%D%/target_config.c \
	%D%/target_endpoints.c \
	%D%/target_flink_pointer.c \
	%D%/target_flink_tree.c \
	%D%/target_guard_link.c \
	%D%/target_http.c \
	%D%/target_job_rest.c \
	%D%/target_metadata.c \
	%D%/target_record.c \
	%D%/target_register.c \
	%D%/target_server_conf.c \
	%D%/target_session_file.c \
	%D%/target_snapshot.c \
	%D%/target_uid_names.c \
	%D%/target_znode.c
FUZZ_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS) $(SYSTEMD_CFLAGS) $(CMOCKA_CFLAGS)
# From the top down.
FUZZ_LIBS = libapifake.a libapi.a libjmhaconfig.a libguard.a libmigrate.a libreadinessrest.a libreadiness.a librepair.a \
	libzk.a libregister.a \
	libstorage.a libstorage_core.a libelection.a libbase.a $(CONFIG_LIBS) $(MHD_LIBS) \
	$(SYSTEMD_LIBS) $(ZOOKEEPER_LIBS) $(JANSSON_LIBS) $(CRYPTO_LIBS) $(CMOCKA_LIBS) \
	$(PTHREAD_LIBS)
EXTRA_DIST += %D%/corpus %D%/dict %D%/libfuzzer.c %D%/planted %D%/planted-bugs %D%/run

# The corpus once more, with any compiler.
if HAVE_CMOCKA
UNIT_TESTS += %D%/replay
tests_fuzz_replay_SOURCES = %D%/replay.c %D%/fuzz.c %D%/fuzz.h $(FUZZ_TARGETS)
tests_fuzz_replay_CFLAGS = $(FUZZ_CFLAGS)
tests_fuzz_replay_LDADD = $(FUZZ_LIBS)
endif

FUZZ_TESTS += %D%/fuzz.t
CLEANFILES += fuzz.log
if FUZZ
EXTRA_PROGRAMS += %D%/fuzz
CLEANFILES += %D%/fuzz$(EXEEXT)
tests_fuzz_fuzz_SOURCES = %D%/libfuzzer.c %D%/fuzz.c %D%/fuzz.h $(FUZZ_TARGETS)
tests_fuzz_fuzz_CFLAGS = $(FUZZ_CFLAGS)
tests_fuzz_fuzz_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer

fuzz-all: tests/fuzz/fuzz$(EXEEXT)
fuzz-minutes: fuzz-all
	@$(AM_TESTS_ENVIRONMENT) $(SHELL) $(top_srcdir)/tests/fuzz/run $(MINUTES) $(TARGET)
fuzz-merge: fuzz-all
	@$(AM_TESTS_ENVIRONMENT) $(SHELL) $(top_srcdir)/tests/fuzz/run merge $(TARGET)
# Does each target find the bugs that it has to find?
fuzz-planted: fuzz-all
	@$(AM_TESTS_ENVIRONMENT) \
		FUZZ_COMPILE='$(COMPILE) $(FUZZ_CFLAGS) $(MHD_CFLAGS) $(CONFIG_CFLAGS)' \
		FUZZ_LINK='$(CCLD) $(AM_CFLAGS) $(CFLAGS) $(tests_fuzz_fuzz_LDFLAGS) $(LDFLAGS) $(tests_fuzz_fuzz_OBJECTS)' \
		FUZZ_LIBS='$(FUZZ_LIBS) $(LIBS)' \
		$(SHELL) $(top_srcdir)/tests/fuzz/planted $(TARGET)
else
# In a build of its own, below this one.
fuzz-all fuzz-minutes fuzz-merge fuzz-planted:
	@test -f fuzz-build/config.status || { \
		mkdir -p fuzz-build && cd fuzz-build && \
		$(abs_top_srcdir)/configure -q CC=clang CFLAGS='-g -O1' --enable-fuzz; }
	@$(MAKE) -C fuzz-build $@ MINUTES='$(MINUTES)' TARGET='$(TARGET)'
distclean-local:
	-rm -rf fuzz-build
endif
# make fuzz [MINUTES=n] [TARGET=name]: looks for new inputs, on each target for so long.
TARGET =
fuzz: fuzz-minutes
.PHONY: fuzz fuzz-all fuzz-minutes fuzz-merge fuzz-planted
