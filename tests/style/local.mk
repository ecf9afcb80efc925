# SPDX-License-Identifier: Apache-2.0
# What can be said about the code without running it.
STYLE_TESTS += \
	%D%/completion.sh \
	%D%/configure_names_packages.sh \
	%D%/core_is_pure.sh \
	%D%/docs_agree.sh \
	%D%/docs_rules.sh \
	%D%/fault_matrix.sh \
	%D%/fault_points.sh \
	%D%/forbidden_calls.sh \
	%D%/format.sh \
	%D%/guard_is_small.sh \
	%D%/hardening.sh \
	%D%/headers_alone.sh \
	%D%/init.sh \
	%D%/layering.sh \
	%D%/secrets.sh \
	%D%/shellcheck.sh \
	%D%/sizes.sh \
	%D%/spdx.sh \
	%D%/unit_file.sh \
	%D%/witnesses.sh
EXTRA_DIST += %D%/lib.sh
