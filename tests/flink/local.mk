# SPDX-License-Identifier: Apache-2.0
# A real Flink, fetched once (scripts/fetch-flink); FLINK=1.20, 2.2 or 2.3 chooses the line.
FLINK_TESTS += \
	%D%/application.t \
	%D%/class_archive.t \
	%D%/hot.t \
	%D%/import.t \
	%D%/jobs.t \
	%D%/ledger.t \
	%D%/own_ha.t \
	%D%/readiness.t \
	%D%/switchover.t \
	%D%/undisturbed.t
# What says nothing more with another line of Flink.
FLINK_ONCE = %D%/ledger.t %D%/own_ha.t
EXTRA_DIST += %D%/followers %D%/job %D%/ledger %D%/readiness
