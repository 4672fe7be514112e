#!/bin/sh
# Each public header compiles alone: as C17 and as C++17, with all warnings as errors.
set -u

root=$(cd "$(dirname "$0")/.." && pwd)
warnings="-Wall -Wextra -Wshadow -Werror -I$root/include -fsyntax-only"
breaks=0 count=0

compile() { # compile HEADER COMMAND...: says which header and language it was
	header=$1
	shift
	# Twice: an include guard that does not work shows.
	printf '#include <wok/%s>\n#include <wok/%s>\n' "$header" "$header" | "$@" - && return
	echo "headers: include/wok/$header does not compile alone with: $*" >&2
	breaks=$((breaks + 1))
}

for path in "$root"/include/wok/*.h; do
	name=$(basename "$path")
	count=$((count + 1))
	# shellcheck disable=SC2086
	compile "$name" "${CC:-cc}" -std=c17 -Wstrict-prototypes $warnings -x c
	# shellcheck disable=SC2086
	compile "$name" "${CXX:-g++}" -std=c++17 $warnings -x c++
done
echo "headers: $count compiled alone as C17 and C++17, $breaks breaks"
[ $breaks -eq 0 ]
