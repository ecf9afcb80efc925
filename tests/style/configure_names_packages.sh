#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# configure says which package is missing, for Debian and Fedora, and ends with a summary.
. "$(dirname "$0")/lib.sh"
test -x configure || skip_all "configure is not here"
command -v pkg-config >/dev/null || skip_all "no pkg-config"

# A view of the machine's .pc files without some of them.
mkdir "$tap_dir/pc" "$tap_dir/build"
for folder in $(pkg-config --variable pc_path pkg-config | tr : ' '); do
	for file in "$folder"/*.pc; do
		if test -f "$file"; then ln -sf "$file" "$tap_dir/pc/"; fi
	done
done
saw "$(find "$tap_dir/pc" -name '*.pc' | count)" 5 "descriptions of libraries"
# And of the source folder, which may be configured in place.
mkdir "$tap_dir/src" "$tap_dir/src/election"
cp -r configure build-aux build_config.h.in Makefile.in "$tap_dir/src/"
cp election/core.h "$tap_dir/src/election/"
cd "$tap_dir/build" || exit 1
configure() { env -u CFLAGS -u CPPFLAGS PKG_CONFIG_LIBDIR="$tap_dir/pc" CC="$CC" ../src/configure -C; }

configure >"$tap_dir/summary" 2>&1
for key in "jmha [0-9.]*" "  compiler" "  hardening" "  sanitizers" "  coverage" "  unit tests" "  installed"; do
	ok "with all there, its summary names: $key" grep -q "^  $key" "$tap_dir/summary"
done
rm -f "$tap_dir/pc/jansson.pc" "$tap_dir/pc/libsystemd.pc"
sed -i '/jansson\|JANSSON\|SYSTEMD/d' config.cache
not_ok "without two libraries it fails" configure
out=$(cat "$tap_dir/out")
like "$out" 'jansson not found: install libjansson-dev \(Debian\) or jansson-devel \(Fedora\)' "names the first"
like "$out" 'libsystemd not found: install libsystemd-dev \(Debian\) or systemd-devel \(Fedora\)' "names the second"
like "$out" 'apt-get install libjansson-dev libsystemd-dev' "says how to install both on Debian"
like "$out" 'dnf install jansson-devel systemd-devel' "and on Fedora"
done_testing
