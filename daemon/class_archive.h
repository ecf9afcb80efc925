/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The class-data archive of a hot JobManager's JVM (jobmanager.class_archive): it makes the JVM
 *start faster and a standby's takeover, too.  The JVM writes it, by jmha's library, when it stands
 *by warm (flink/, ClassArchive); here it is found, and made known to the next JVM by
 *JDK_JAVA_OPTIONS:
 *
 *	there      -XX:SharedArchiveFile=..., with its checksums verified
 *	not there  -XX:+RecordDynamicDumpInfo, so that the library can write one
 *
 * A file is DIR/jmha-MEMBER-FINGERPRINT-BYTES.jsa: the fingerprint is of JVM and class path (the
 * library removes one that is not its own), the size is since a JVM does not survive a shortened
 * file, checksums or not.
 *
 * Owner: none.  Threads: any; for the child between fork and exec, and the elector.
 */
#pragma once

#include <stddef.h>

/* 1: its path; 0: there is none that is whole; negative errno: the directory cannot be read. */
int class_archive_find(const char *dir, const char *member, char *ret, size_t size);

/* What the environment of the JobManager gets: JDK_JAVA_OPTIONS (what is there already stays, and
 * wins) and JMHA_CLASS_ARCHIVE=DIR.  Negative errno: nothing was set, which costs time and nothing
 * else. */
int class_archive_set_environment(const char *dir, const char *member);

/* Removes all of this member; returns how many. */
unsigned class_archive_drop(const char *dir, const char *member);
