# SPDX-License-Identifier: Apache-2.0
# The simulated cluster: real cores, everything else played (world.h).
check_PROGRAMS += tests/sim/sim
tests_sim_sim_SOURCES = \
	%D%/cases.c %D%/committer.c %D%/ensemble.c %D%/faults.c %D%/files.c %D%/host.c \
	%D%/jobmanager.c %D%/leadership.c %D%/ledger.c %D%/network.c %D%/oracle.c %D%/queue.c \
	%D%/shell.c %D%/sim.c %D%/storage.h %D%/storage_thread.c %D%/world.h
tests_sim_sim_LDADD = libelection.a libstorage.a libstorage_core.a libbase.a $(CRYPTO_LIBS) \
	$(JANSSON_LIBS)
# The file system that the code of storage/ sees (files.c).
tests_sim_sim_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=open,--wrap=openat,--wrap=close,--wrap=fstat \
	-Wl,--wrap=pread,--wrap=pwrite,--wrap=fsync,--wrap=fdatasync,--wrap=posix_fadvise \
	-Wl,--wrap=nanosleep,--wrap=unlinkat

SIM_TESTS += %D%/sim.t
EXTRA_DIST += %D%/sim.t %D%/mutants %D%/rule-mutants %D%/equivalent-mutants

# What the tests of the election are worth: each mutation of it has to be found.  COUNT of them,
# drawn by SEED, or ALL=1.
check-mutants: all $(check_PROGRAMS)
	$(AM_TESTS_ENVIRONMENT) $(top_srcdir)/tests/sim/mutants --seed $${SEED-1} \
		$${COUNT+--count $$COUNT} $${ALL+--all}
.PHONY: check-mutants
