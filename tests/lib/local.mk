# SPDX-License-Identifier: Apache-2.0
# What demo, cluster tests and benchmarks share.
noinst_PROGRAMS += tests/lib/tcp-link
tests_lib_tcp_link_SOURCES = %D%/tcp-link.c
