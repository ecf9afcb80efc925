# SPDX-License-Identifier: Apache-2.0
# Data only.  The unit is made at build time: configure leaves ${prefix} in its variables.
systemdsystemunit_DATA = %D%/jmhad@.service
sysusers_DATA          = %D%/sysusers.d/jmha.conf
tmpfiles_DATA          = %D%/tmpfiles.d/jmha.conf
UNIT_FILES = $(systemdsystemunit_DATA) $(sysusers_DATA) $(tmpfiles_DATA)
CLEANFILES += $(UNIT_FILES)
EXTRA_DIST += %D%/jmhad@.service.in %D%/jmha.sysusers %D%/jmha.tmpfiles

SUBSTITUTE = $(AM_V_GEN)$(MKDIR_P) $(@D) && \
	$(SED) -e 's|[@]sbindir[@]|$(sbindir)|g' -e 's|[@]sysconfdir[@]|$(sysconfdir)|g'

%D%/jmhad@.service: %D%/jmhad@.service.in Makefile
	$(SUBSTITUTE) $(srcdir)/%D%/jmhad@.service.in >$@.tmp && mv $@.tmp $@
%D%/sysusers.d/jmha.conf: %D%/jmha.sysusers Makefile
	$(SUBSTITUTE) $(srcdir)/%D%/jmha.sysusers >$@.tmp && mv $@.tmp $@
%D%/tmpfiles.d/jmha.conf: %D%/jmha.tmpfiles Makefile
	$(SUBSTITUTE) -e 's|/etc/jmha|$(sysconfdir)/jmha|' $(srcdir)/%D%/jmha.tmpfiles >$@.tmp && mv $@.tmp $@
