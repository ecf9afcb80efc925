#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The models of docs/PROTOCOL.md: clean as they are, refuted with a rule left out.
: "${top_srcdir:=.}"
exec "$top_srcdir/tests/model/run"
