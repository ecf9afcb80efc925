# SPDX-License-Identifier: Apache-2.0
# One cmocka binary per source file; each area has its own fragment and appends to UNIT_TESTS.
if HAVE_CMOCKA
include %D%/base.mk
include %D%/election.mk
include %D%/storage.mk
include %D%/daemon.mk
include %D%/api.mk
include %D%/ctl.mk
include %D%/migrate.mk
include %D%/readiness.mk
endif
