#!/bin/sh
# All checks that read the code and do not run it. Each says what it found; all of them run.
# Usage: tools/lint.sh BUILD [--quick]      --quick leaves clang-tidy out, which takes minutes
set -u

build=${1:?usage: tools/lint.sh BUILD [--quick]}
cd "$(dirname "$0")/.." || exit 1
failed=

check() { # check NAME COMMAND...
	name=$1
	shift
	"$@" || failed="$failed $name"
}

files_in() { # the C files of these folders
	find "$@" -name '*.[ch]' 2>/dev/null | sort
}

# Only what is compiled in this build: clang-tidy needs the flags. A finding in a header comes once for
# each file that includes it: only the first is kept. The analyser follows a third of the paths that
# it would by itself, which halves its time; TIDY_NODES=225000, as in check-all, is its own limit.
tidy() {
	analyser="-Xclang -analyzer-config -Xclang max-nodes=${TIDY_NODES:-75000}"
	# clang does not know GCC's flags.
	mkdir -p "$build/tidy"
	sed 's/-mmem[a-z]*-strategy=[^ "]*//g' "$build/compile_commands.json" \
		>"$build/tidy/compile_commands.json"
	files_in src cli | grep '\.c$' | while read -r file; do
		grep -q "/$file\"" "$build/compile_commands.json" && echo "$file"
	done | xargs -r -n 2 -P "$(nproc)" clang-tidy --quiet -p "$build/tidy" \
		$(printf -- '--extra-arg=%s ' $analyser) 2>/dev/null |
		awk '/: (warning|error|note): / { show = !seen[$0]++ } show' >"$build/tidy.log"
	if [ -s "$build/tidy.log" ]; then
		cat "$build/tidy.log"
		return 1
	fi
	echo "tidy: clean"
}

shell() {
	# 2086, 2046: a list that is meant to be split; 2015: "a && b || c" where b
	# cannot fail; 2317: it does not see that step() calls its arguments
	shellcheck -e 2086,2046,2015,2317 tools/*.sh tests/*/*.sh examples/seed/*.sh \
		bench/*.sh bench/peers/*.sh .ci/run &&
		echo "shell: clean"
}

check format python3 tools/format.py
check layers python3 tools/check-layers.py
check sizes python3 tools/check-size.py
check symbols tools/check-symbols.sh "$build"
check headers tools/check-headers.sh
check docs python3 tools/docs.py --check include/wok
check snippets python3 tools/check-snippets.py
check shell shell
check changelog tools/changelog.sh --check
[ "${2:-}" = --quick ] || check tidy tidy
if [ -n "$failed" ]; then
	echo "lint: failed:$failed" >&2
	exit 1
fi
echo "lint: clean"
