# SPDX-License-Identifier: Apache-2.0
# Moving in from Flink's own ZooKeeper HA.  libmigrate: what its bytes and nodes mean; pure.
noinst_LIBRARIES += libmigrate.a
libmigrate_a_SOURCES = \
	%D%/flink_pointer.c %D%/flink_pointer.h \
	%D%/flink_tree.c %D%/flink_tree.h

# How they are read.
noinst_LIBRARIES += libmigratezk.a
libmigratezk_a_SOURCES = %D%/zk_reader.c %D%/zk_reader.h
