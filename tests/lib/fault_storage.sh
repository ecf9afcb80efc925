# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: Apache-2.0
#
# A scenario whose members reach one storage by mounts of their own, each with its own faults and its
# own view of it (faultfs.c), as those of a network file system.
#
#   . "$top_srcdir/tests/lib/fault_storage.sh"     instead of scenario.sh
#   fault_members 2                                makes jm-a and jm-b, starts nothing
#   fault jm-a 'write EIO */log/*' ...             from now on, and no other
#   fault_off jm-a jm-b                            none any more
#   met jm-a 'write EIO'                           it has come to that
#
# $store: the storage itself, past all mounts.
. "$(dirname "${BASH_SOURCE[0]}")/scenario.sh"
[ "$(id -u)" = 0 ] || skip_all "mounts need root"
[ -e /dev/fuse ] || skip_all "there is no /dev/fuse"
faultfs=$top_builddir/tests/lib/faultfs
[ -x "$faultfs" ] || skip_all "faultfs is not built: configure found no fuse3"
store=$cluster_dir/store/$cluster_name

# What hangs goes on, so that the processes in it can end; then the mounts and their servers.
at_exit_too() {
	local name
	fault_off "${members[@]}"
	for name in "${members[@]}"; do
		umount -l "$(member_dir "$name")/mnt"
		kill "$(cat "$(member_dir "$name")/faultfs.pid")"
	done 2>/dev/null
}

fault_members() { # NUMBER
	local name letter dir
	for letter in a b c; do
		[ ${#members[@]} -lt "$1" ] || break
		name=jm-$letter
		members+=("$name")
		member_make "$name" "$member_extra" || give_up "$name cannot be made"
		dir=$(member_dir "$name")
		mkdir "$dir/mnt"
		"$faultfs" "$cluster_dir/store" "$dir/mnt" "$dir/rules" >"$dir/faultfs.out" 2>&1 </dev/null &
		echo $! >"$dir/faultfs.pid"
		disown
		cluster_until 10 mountpoint -q "$dir/mnt" ||
			skip_all "FUSE cannot mount here: $(tail -n 1 "$dir/faultfs.out")"
		sed -i "s|path = \"$cluster_dir/store\"|path = \"$dir/mnt\"|" "$dir/jmhad.conf"
	done
}

fault() { # NAME RULE...
	local rules
	rules=$(member_dir "$1")/rules
	: >"$rules.met"
	shift
	printf '%s\n' "$@" >"$rules.new"
	mv "$rules.new" "$rules"
}
fault_off() { # NAME...
	local name
	for name; do rm -f "$(member_dir "$name")/rules"; done
}
met() { grep -q -- "$2" "$(member_dir "$1")/rules.met"; } # NAME REGEX: OP HOW PATH

segments() { find "$store/log" -name '*.log' | wc -l; }
newest_segment() { find "$store/log" -name '*.log' | sort | tail -n 1; }

# ---- what was acknowledged, and what was refused: by each put of this scenario

acknowledged=$tap_dir/acknowledged
refused=$tap_dir/refused
mkdir -p "$acknowledged" "$refused"
n_changes=0
# Prints the code.  The value has every byte but 0, and is as long as it is told.
change() { # NAME [BYTES]
	local key code value=$tap_dir/value
	n_changes=$(($(cat "$tap_dir/n_changes" 2>/dev/null || echo 0) + 1))
	echo $n_changes >"$tap_dir/n_changes"
	key=change-$n_changes
	head -c "${2:-300}" /dev/urandom >"$value"
	code=$(api "$1" "/v1/pointers/faults/$key" -X PUT --data-binary @"$value" -o "$tap_dir/body" -w '%{http_code}' 2>/dev/null)
	case $code in
	200) cp "$value" "$acknowledged/$key" ;;
	50[037]) cp "$value" "$refused/$key" ;;
	esac
	echo "$code"
}
taken() { [ "$(change "$1")" = 200 ]; } # NAME
# P3 and B2, by what the API of NAME says: all of the first, byte for byte, and none of the second.
holds_what_it_should() { # NAME
	local file
	for file in "$acknowledged"/*; do
		api "$1" "/v1/pointers/faults/${file##*/}" -f | cmp - "$file" || return 1
	done
	for file in "$refused"/*; do
		[ -e "$file" ] || continue
		[ "$(get_code "$1" "faults/${file##*/}")" = 404 ] || { echo "${file##*/} was refused and is there"; return 1; }
	done
}
verified() { # NAME: the store on disk, by itself
	"$bin/jmhactl" store verify --config "$(member_dir "$1")/jmhad.conf"
}
