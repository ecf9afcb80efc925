/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sign-<member>, by which members see whether they share a storage: each writes its own, reads the
 * others' and compares them with what their member nodes say (PROTOCOL section 5).  Whoever reads
 * another sign, or none, is in another file system, or in a copy.
 *
 *	{"version": 1, "member": "jm-a", "sign": "<32 hex>"}
 *
 * Blocks.
 */
#pragma once

enum { SIGN_FILE_HEX = 32 };

/* dir_fd is the cluster's directory. */

/* 0; -ENOENT: there is none; -EINVAL: a pipe, link .. or no sign of this member; or another errno.
 */
int sign_file_read(int dir_fd, const char *member, char ret[SIGN_FILE_HEX + 1]);

/* Only when another one, or none, is there: by a temporary name, so that nobody reads a part. */
int sign_file_write(int dir_fd, const char *member, const char *sign);
