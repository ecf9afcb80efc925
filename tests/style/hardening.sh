#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Reads the hardening flags back from the programs: a flag with a typo in the build hardens nothing.
. "$(dirname "$0")/lib.sh"
test -z "${INSTRUMENTED-}" || skip_all "sanitizers and coverage bring their own code"
test -n "${HARDENED-}" || skip_all "configure left hardening out, see its summary"
command -v "$READELF" >/dev/null || skip_all "no readelf (Debian: binutils)"

has() { $READELF -W "$1" "$3" 2>/dev/null | grep -Eq "$2"; }
pie() { has -h 'Type:[[:space:]]+DYN' "$1" && has -d 'FLAGS_1.*PIE' "$1"; }
relro() { has -l 'GNU_RELRO' "$1"; }
now() { has -d 'BIND_NOW|FLAGS_1.*NOW' "$1"; }
nx_stack() { has -l 'GNU_STACK.* RW ' "$1"; }
stack_protector() { has --dyn-syms '__stack_chk_fail' "$1"; }
fortified() { $READELF -W --dyn-syms "$1" | grep -v __stack_chk | grep -Eq '__[a-z]+_chk'; }
# The linker keeps the property of a program only if the C library's start files have it, too, so
# it is looked for in what we compiled.
cet() { has -n 'IBT.*SHSTK' "$1"; }

checks='pie relro now nx_stack stack_protector fortified'

saw "$(echo ${PROGRAMS-} | wc -w)" 1 "programs that get installed"
for program in ${PROGRAMS-}; do
	for check in $checks; do
		ok "$program: $check" $check "$top_builddir/$program"
	done
done

# What the flags of this build do to a program, so that each check is seen to pass and to fail.
cat >"$tap_dir/t.c" <<'EOF'
#include <stdio.h>
#include <string.h>
int main(int argc, char **argv)
{
	char text[64];

	snprintf(text, sizeof(text), "%s", argv[argc - 1]);
	memcpy(text, argv[0], strlen(argv[0]) + 1);
	return puts(text) < 0;
}
EOF
cflags=${TEST_HARDENING%%|*}
ldflags=${TEST_HARDENING#*|}
$CC -I"$top_builddir" -I"$top_srcdir" $cflags -c -o "$tap_dir/good.o" "$tap_dir/t.c" &&
	$CC $cflags $ldflags -o "$tap_dir/good" "$tap_dir/good.o"
$CC -O2 -U_FORTIFY_SOURCE -fno-stack-protector -fno-pie -no-pie -fcf-protection=none \
	-Wl,-z,norelro -Wl,-z,lazy -Wl,-z,execstack -o "$tap_dir/bad" "$tap_dir/t.c"
$CC -fcf-protection=none -c -o "$tap_dir/bad.o" "$tap_dir/t.c"
for check in $checks; do
	ok "our flags: $check" $check "$tap_dir/good"
	not_ok "known bad: $check" $check "$tap_dir/bad"
done
case $(uname -m) in
x86_64)
	ok "our flags: cet" cet "$tap_dir/good.o"
	not_ok "known bad: cet" cet "$tap_dir/bad.o"
	set -- $(find "$top_builddir/daemon" "$top_builddir/base" -name '*.o' | sort)
	saw $# 1 "object files"
	for object; do
		ok "${object#"$top_builddir"/}: cet" cet "$object"
	done
	;;
*) skip "cet" "only x86 has it" ;;
esac
done_testing
