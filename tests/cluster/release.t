#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# jmhad --release against real servers; see test_release.c.
: "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}"
: "${top_builddir:=$top_srcdir}"
ZK_ENSEMBLE=$top_srcdir/tests/lib/zk-ensemble
export ZK_ENSEMBLE

why=$("$ZK_ENSEMBLE" check) || { echo "1..0 # SKIP $why"; exit 0; }
ZK_DIR=$(mktemp -d "${TMPDIR:-/tmp}/jmha-test.XXXXXX") || exit 1
export ZK_DIR
trap '"$ZK_ENSEMBLE" stop "$ZK_DIR"; rm -rf "$ZK_DIR"' EXIT
trap 'exit 130' INT TERM HUP

ZK_CONNECT=$("$ZK_ENSEMBLE" start "$ZK_DIR" -n 3 -F) || exit 1
export ZK_CONNECT
"$top_builddir/tests/cluster/test_release"
