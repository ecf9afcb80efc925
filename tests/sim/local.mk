# SPDX-License-Identifier: Apache-2.0
# The simulated cluster: real cores, everything else played (world.h).
check_PROGRAMS += tests/sim/sim
tests_sim_sim_SOURCES = \
	%D%/cases.c %D%/clients.c %D%/committer.c %D%/coverage.c %D%/damage.c %D%/ensemble.c %D%/faults.c \
	%D%/files.c %D%/host.c %D%/jobmanager.c %D%/leadership.c %D%/ledger.c %D%/look.c %D%/minimise.c \
	%D%/network.c %D%/oracle.c %D%/plan.c %D%/queue.c %D%/shell.c %D%/sim.c %D%/storage.h \
	%D%/storage_thread.c %D%/world.h %D%/znodes.c
tests_sim_sim_LDADD = libelection.a libstorage.a libstorage_core.a libguard.a libbase.a $(CRYPTO_LIBS) \
	$(JANSSON_LIBS)
# The file system that the code of storage/ sees (files.c).
tests_sim_sim_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=open,--wrap=openat,--wrap=close,--wrap=fstat,--wrap=lstat \
	-Wl,--wrap=pread,--wrap=pwrite,--wrap=fsync,--wrap=fdatasync,--wrap=posix_fadvise \
	-Wl,--wrap=nanosleep,--wrap=unlinkat,--wrap=linkat \
	-Wl,--wrap=fdopendir,--wrap=readdir,--wrap=closedir \
	-Wl,--wrap=EVP_sha256,--wrap=EVP_MD_CTX_new,--wrap=EVP_MD_CTX_free

SIM_TESTS += %D%/sim.t
EXTRA_DIST += %D%/sim.t %D%/found %D%/mutants %D%/soak %D%/rule-mutants %D%/case-mutants \
	%D%/equivalent-mutants

# What the tests of the election are worth: each mutation of it has to be found.  COUNT of them,
# drawn by SEED, or ALL=1.
check-mutants: all $(check_PROGRAMS)
	@$(AM_TESTS_ENVIRONMENT) SIM_LDFLAGS='$(tests_sim_sim_LDFLAGS)' $(top_srcdir)/tests/sim/mutants --seed $${SEED-1} \
		$${COUNT+--count $$COUNT} $${ALL+--all}

# What each case of the simulation is worth: it fails on the mutant that it is for.
check-sim-broken: all $(check_PROGRAMS)
	@$(AM_TESTS_ENVIRONMENT) SIM_LDFLAGS='$(tests_sim_sim_LDFLAGS)' $(top_srcdir)/tests/sim/mutants --cases

# Seeds that nobody has run yet, from START on (by default the time) for so many minutes.
soak: all tests/sim/sim
	@$(AM_TESTS_ENVIRONMENT) $(SHELL) $(top_srcdir)/tests/sim/soak $${MINUTES-10} $${START-}
.PHONY: check-mutants check-sim-broken soak
