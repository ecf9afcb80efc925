# SPDX-License-Identifier: Apache-2.0
# The protocol in Promela, checked by SPIN: see the top of each model, and the table of runs.
MODEL_TESTS += %D%/model.t
EXTRA_DIST += %D%/elect.pml %D%/lease.pml %D%/log.pml %D%/page.pml %D%/parameters.pml %D%/run %D%/runs %D%/start.pml %D%/term.pml

# Larger bounds: minutes, and 4 GiB of memory.
check-model-deep:
	$(AM_TESTS_ENVIRONMENT) MEMORY=4000 $(SHELL) $(top_srcdir)/tests/model/run --deep
.PHONY: check-model-deep
