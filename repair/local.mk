# SPDX-License-Identifier: Apache-2.0
# What jmhactl does to a store without a daemon: looks at it, and writes a lost register anew.
noinst_LIBRARIES += librepair.a
librepair_a_SOURCES = \
	%D%/backup.c %D%/backup.h \
	%D%/backup_line.c %D%/backup_line.h \
	%D%/cluster_look.c %D%/cluster_look.h \
	%D%/recover.c %D%/recover.h \
	%D%/recover_plan.c %D%/recover_plan.h \
	%D%/store_facts.c %D%/store_facts.h \
	%D%/store_json.c %D%/store_json.h \
	%D%/store_targets.c %D%/store_targets.h
librepair_a_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS) $(CRYPTO_CFLAGS)
# Link order: what follows is used by what stands before.
REPAIR_LIBS = librepair.a libzk.a libregister.a libstorage.a libstorage_core.a libelection.a \
	libbase.a $(ZOOKEEPER_LIBS) $(JANSSON_LIBS) $(CRYPTO_LIBS) $(PTHREAD_LIBS)
