#!/bin/sh
# Compares what the built shared libraries export with what the headers declare.
#
#   tools/check-symbols.sh BUILD
#
# Every exported name is wok_x, declared in include/wok, or wok__x (the extension face, used between
# wok's own libraries). Every function that a public header declares is exported by some library.
set -eu

build=${1:?usage: tools/check-symbols.sh BUILD}
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
breaks=0

complain() {
	echo "$1" >&2
	breaks=$((breaks + 1))
}

libraries=$(find "$build/src" -maxdepth 1 -name 'libwok*.so' | sort)
[ -n "$libraries" ] || { echo "symbols: no libwok*.so in $build/src: run make first" >&2; exit 1; }

for library in $libraries; do
	# Version nodes are listed too, as absolute symbols (A).
	nm -D --defined-only "$library" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' \
		>"$work/names"
	[ -s "$work/names" ] || complain "$library exports nothing"
	while read -r name; do
		case $name in
		wok__*) ;;
		wok_*)
			grep -qrw "$name" "$root/include/wok" ||
				complain "$library exports $name, which no public header declares"
			;;
		*) complain "$library exports $name: only wok_ and wok__ names may leave" ;;
		esac
	done <"$work/names"
	cat "$work/names" >>"$work/all"
done

# Declarations as the compiler sees them, without inline functions; and function types, which read
# like declarations: "typedef int wok_fn(void *arg)".
for header in "$root"/include/wok/*.h; do
	echo "#include <wok/$(basename "$header")>"
done >"$work/all.c"
${CC:-cc} -std=gnu17 -D_GNU_SOURCE -I"$root/include" -E -P "$work/all.c" |
	grep -v '^#' | tr '\n' ' ' | sed 's,[;}],\n,g' |
	grep -v -e 'static inline' -e '^ *typedef' -e '^ *return ' |
	sed -n 's/^[^(=]*[ *]\(wok_[a-z0-9_]*\)(.*/\1/p' | sort -u >"$work/declared"
sort -u "$work/all" >"$work/exported"
for name in $(comm -23 "$work/declared" "$work/exported"); do
	complain "$name is declared in include/wok, but no library exports it"
done

echo "symbols: $(wc -l <"$work/exported") exported, $(wc -l <"$work/declared") declared, $breaks breaks"
[ $breaks -eq 0 ]
