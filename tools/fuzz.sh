#!/bin/sh
# Runs each fuzzer of a build folder for some seconds, on a copy of its corpus, so that what it finds
# does not land in the tree: copy by hand what is worth keeping into fuzz/corpus/NAME.
#
#   tools/fuzz.sh BUILD [SECONDS]
#
# A crash leaves its input in BUILD/crashes; run the fuzzer with that file to see it again, and make
# a test of it. Closes with "N passed, N failed".
set -u

build=${1:?usage: tools/fuzz.sh BUILD [SECONDS]}
seconds=${2:-60}
root=$(cd "$(dirname "$0")/.." && pwd)
[ -f "$build/fuzz/list" ] || {
	echo "fuzz: there are no fuzzers in $build: run \"make fuzz\"" >&2
	exit 1
}
mkdir -p "$build/crashes"
passed=0 failed=0

while read -r fuzzer; do
	[ -n "$fuzzer" ] || continue
	name=${fuzzer#fuzz_}
	corpus=$build/corpus/$name
	mkdir -p "$corpus"
	[ ! -d "$root/fuzz/corpus/$name" ] || cp -r "$root/fuzz/corpus/$name/." "$corpus/"
	log=$build/$fuzzer.log
	echo "fuzz: $fuzzer for $seconds s, $(find "$corpus" -type f | wc -l) inputs to begin with"
	if "$build/fuzz/$fuzzer" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
		-artifact_prefix="$build/crashes/$fuzzer-" -print_final_stats=1 "$corpus" \
		>"$log" 2>&1 </dev/null; then
		passed=$((passed + 1))
		sed -n 's/^stat::number_of_executed_units: */fuzz:   executions: /p' "$log"
	else
		failed=$((failed + 1))
		tail -n 40 "$log"
		echo "fuzz: $fuzzer found something; its input lies in $build/crashes" >&2
	fi
done <"$build/fuzz/list"
echo "$passed passed, $failed failed"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
