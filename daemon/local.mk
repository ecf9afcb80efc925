# SPDX-License-Identifier: Apache-2.0
# The daemon: one program, three processes (guard, elector, release).
#
# libguard.a is all that the guard consists of, and what the elector shares with it.  It needs libc
# alone: no ZooKeeper, HTTP, JSON or systemd library (STYLE 2.2).
noinst_LIBRARIES += libguard.a
libguard_a_SOURCES = \
	%D%/cgroup.c %D%/cgroup.h \
	%D%/class_archive.c %D%/class_archive.h \
	%D%/clock.c %D%/clock.h \
	%D%/guard.c %D%/guard.h \
	%D%/guard_child.c %D%/guard_child.h \
	%D%/guard_lease.c %D%/guard_private.h \
	%D%/guard_link.c %D%/guard_link.h \
	%D%/guard_replace.c \
	%D%/guard_start.c %D%/guard_start.h \
	%D%/jobmanager.c %D%/jobmanager.h \
	%D%/jobmanager_recorded.c \
	%D%/lateness.h \
	%D%/lease_page.c %D%/lease_page.h \
	%D%/log.c %D%/log.h \
	%D%/notify.c %D%/notify.h \
	%D%/process.c %D%/process.h \
	%D%/restarts.c %D%/restarts.h \
	%D%/session_file.c %D%/session_file.h

# The configuration, read by every process of the daemon.
noinst_LIBRARIES += libjmhaconfig.a
libjmhaconfig_a_SOURCES = \
	%D%/config.c %D%/config.h \
	%D%/config_auth.c \
	%D%/config_check.c \
	%D%/config_reload.c \
	%D%/config_schema.c %D%/config_schema.h \
	%D%/mount.c %D%/mount.h
libjmhaconfig_a_CFLAGS = $(AM_CFLAGS) $(CONFIG_CFLAGS)
JMHACONFIG_LIBS = libjmhaconfig.a libelection.a libbase.a $(CONFIG_LIBS)

# The HTTP API: knows the elector only by daemon/backend.h.
noinst_LIBRARIES += libapi.a
libapi_a_SOURCES = \
	%D%/api.c %D%/api.h %D%/backend.h \
	%D%/api_change.c %D%/api_change.h \
	%D%/api_counters.c %D%/api_counters.h \
	%D%/api_endpoints.c %D%/api_endpoints.h \
	%D%/api_error.c %D%/api_error.h \
	%D%/api_exchange.c %D%/api_exchange.h \
	%D%/api_http.c %D%/api_http.h \
	%D%/api_jobs.c %D%/api_jobs.h \
	%D%/api_json.c %D%/api_json.h \
	%D%/api_leadership.c %D%/api_leadership.h \
	%D%/api_metrics.c %D%/api_metrics.h \
	%D%/api_operator.c %D%/api_operator.h \
	%D%/api_peer.c %D%/api_peer.h \
	%D%/api_pointers.c %D%/api_pointers.h \
	%D%/api_request.c %D%/api_request.h \
	%D%/api_status.c %D%/api_status.h \
	%D%/api_stream.c %D%/api_stream.h
libapi_a_CFLAGS = $(AM_CFLAGS) $(MHD_CFLAGS) $(JANSSON_CFLAGS) $(CRYPTO_CFLAGS) $(SYSTEMD_CFLAGS)
API_LIBS = libapi.a libbase.a $(MHD_LIBS) $(JANSSON_LIBS) $(CRYPTO_LIBS) $(SYSTEMD_LIBS)

# The elector: where all of it meets (see daemon/elector_private.h for what each file is for).
noinst_LIBRARIES += libelector.a
libelector_a_SOURCES = \
	%D%/elector.c %D%/elector.h %D%/elector_private.h \
	%D%/elector_commit.c \
	%D%/elector_conf.c \
	%D%/elector_counters.c \
	%D%/elector_endpoints.c \
	%D%/elector_guard.c \
	%D%/elector_health.c \
	%D%/elector_history.c \
	%D%/elector_leadership.c \
	%D%/elector_jobs.c \
	%D%/elector_look.c \
	%D%/elector_member.c \
	%D%/elector_requests.c \
	%D%/elector_serve.c %D%/elector_serve.h \
	%D%/elector_own_log.c \
	%D%/elector_signs.c \
	%D%/elector_status.c \
	%D%/elector_store.c \
	%D%/elector_zk.c \
	%D%/health.c %D%/health.h \
	%D%/health_probe.c %D%/health_probe.h \
	%D%/own_log.c %D%/own_log.h
libelector_a_CFLAGS = $(AM_CFLAGS) $(CURL_CFLAGS) $(JANSSON_CFLAGS) $(CRYPTO_CFLAGS) $(SYSTEMD_CFLAGS)

# --release: a process of its own.
noinst_LIBRARIES += librelease.a
librelease_a_SOURCES = %D%/release.c %D%/release.h
RELEASE_LIBS = librelease.a libzk.a libregister.a libguard.a $(JMHACONFIG_LIBS) \
	$(ZOOKEEPER_LIBS) $(JANSSON_LIBS) $(CRYPTO_LIBS) $(PTHREAD_LIBS)

sbin_PROGRAMS += jmhad
jmhad_SOURCES = %D%/main.c %D%/release.c %D%/release.h
jmhad_CFLAGS  = $(AM_CFLAGS) $(SYSTEMD_CFLAGS)
# From the top down: each may use what follows it.
jmhad_LDADD = libelector.a libapi.a libjmhaconfig.a libguard.a libzk.a libregister.a libstorage.a \
	libstorage_core.a libelection.a libbase.a $(CONFIG_LIBS) $(MHD_LIBS) $(SYSTEMD_LIBS) \
	$(ZOOKEEPER_LIBS) $(JANSSON_LIBS) $(CRYPTO_LIBS) $(PTHREAD_LIBS)
