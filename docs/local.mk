# SPDX-License-Identifier: Apache-2.0
# The manual.  The section KEYS of jmhad.conf(5) and the sample file come from the schema's table:
# `make update-docs` writes them anew, tests/style/docs_agree.sh compares.
dist_man_MANS += %D%/jmhactl.1 %D%/jmhad.8 %D%/jmhad.conf.5
dist_doc_DATA += %D%/jmhad.conf.example README.md NEWS \
	%D%/ARCHITECTURE.md %D%/DESIGN.md %D%/PROTOCOL.md %D%/api.md %D%/failure-model.md \
	%D%/fault-matrix.md %D%/flink.md %D%/readiness.md
EXTRA_DIST += %D%/overview.svg %D%/flink-failover.svg %D%/speed.svg

check_PROGRAMS += print_schema
print_schema_SOURCES = tests/style/print_schema.c
print_schema_LDADD   = $(JMHACONFIG_LIBS)

update-docs: print_schema
	./print_schema sample >$(srcdir)/docs/jmhad.conf.example
	$(AWK) '/^\.\\" schema: end/ { skip = 0 } !skip { print } \
		/^\.\\" schema: begin/ { skip = 1; while (("./print_schema mdoc" | getline line) > 0) print line }' \
		$(srcdir)/docs/jmhad.conf.5 >jmhad.conf.5.tmp
	cat jmhad.conf.5.tmp >$(srcdir)/docs/jmhad.conf.5 && rm jmhad.conf.5.tmp
.PHONY: update-docs
