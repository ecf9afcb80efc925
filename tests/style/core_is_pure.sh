#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The linker's word that the pure code is pure: no clock, no I/O, no logging; the core without an
# allocation even (STYLE 2.1, example 8).
. "$(dirname "$0")/lib.sh"
test -z "${INSTRUMENTED-}" || skip_all "instrumented code calls the instrumentation"

text='bcmp|mem(cmp|cpy|move|set|chr|rchr|mem)|str(len|nlen|cmp|ncmp|chr|rchr|spn|cspn|str)|sn?printf|vsnprintf'
text="$text|__(mem(cpy|move|set)|sn?printf|vsnprintf|str(cpy|ncpy|cat))_chk"
text="$text|__cpu_model|__assert_fail|__stack_chk_fail|_GLOBAL_OFFSET_TABLE_"
parse='(__isoc[0-9]+_)?strto(u?ll?|[fd])|__errno_location|__ctype_(b|tolower|toupper)_loc|qsort|bsearch'
alloc='malloc|calloc|realloc|reallocarray|free|strdup|strndup'
own='jmha_never_matches'

# reaches_outside ALLOWED ARCHIVE...: what the first one calls that none of them defines.
reaches_outside()
{
	allowed=$1
	shift
	$NM -g "$@" 2>/dev/null | awk 'NF == 3 && $2 != "U" { print $3 }' | sort -u >"$tap_dir/defined"
	$NM -u "$1" | awk '$1 == "U" { print $2 }' | sort -u | grep -vxFf "$tap_dir/defined" |
		grep -Evx "$allowed|$own" || :
}

# pure NAME ALLOWED ARCHIVE...
pure()
{
	name=$1
	allowed=$2
	shift 2
	saw "$($NM -g "$top_builddir/$1" 2>/dev/null | grep -c ' T ')" 1 "functions of $1"
	set -- $(for a; do echo "$top_builddir/$a"; done)
	is "$(reaches_outside "$allowed" "$@")" "" "$name"
}

pure "base is pure, may allocate" "$text|$parse|$alloc" libbase.a
pure "the core calls nothing and allocates nothing" "$text" libelection.a libbase.a
pure "the contents of znodes are pure, with JSON and digests" \
	"$text|$parse|$alloc|json_.*|jsonp_.*|SHA256|EVP_.*" libregister.a libelection.a libbase.a
pure "the storage's core is pure, with digests" \
	"$text|$parse|$alloc|SHA256|EVP_.*" libstorage_core.a libbase.a
pure "what a checkpoint's file says is pure, may allocate" "$text|$parse|$alloc" libreadiness.a libbase.a
pure "what Flink and a daemon say is pure, with JSON" \
	"$text|$parse|$alloc|json_.*" libreadinessrest.a libreadiness.a libbase.a
pure "what Flink's znodes mean is pure, may allocate" "$text|$parse|$alloc" libmigrate.a libbase.a

cat >"$tap_dir/bad.c" <<'EOF'
#include <stdlib.h>
#include <time.h>
long core_bad(void);
long core_bad(void) { return time(NULL) + (long)(size_t)malloc(1); }
EOF
$CC -c -o "$tap_dir/bad.o" "$tap_dir/bad.c" && ar cr "$tap_dir/bad.a" "$tap_dir/bad.o"
is "$(reaches_outside "$text" "$tap_dir/bad.a" | tr '\n' ' ')" "malloc time " \
	"known bad: a core that reads the clock and allocates is found"
done_testing
