# SPDX-License-Identifier: Apache-2.0
# Tiny helpers without policy.  Pure: no clock, I/O or logging.
noinst_LIBRARIES += libbase.a
libbase_a_SOURCES = \
	base/cleanup.h \
	base/crc32c.c base/crc32c.h \
	base/epoch.h \
	base/fault_point.h \
	base/log_position.h \
	base/parse.c base/parse.h \
	base/text.c base/text.h \
	base/usec.h
