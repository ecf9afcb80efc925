# SPDX-License-Identifier: Apache-2.0
# Real systemd, in a machine that is booted for the test (root only).
HOSTS_TESTS += \
	%D%/machine.t \
	%D%/sandbox.t \
	%D%/systemd.t
EXTRA_DIST += %D%/machine %D%/jobmanager
