#!/bin/sh
# Runs the tests of tasks and of synchronisation with each allocation failing in turn. A test may fail
# then, but it must not crash, hang or (in a build with AddressSanitizer) leak.
#
#   tools/run-without-memory.sh BUILD
#
# Closes with "N passed, N failed".
set -u

build=${1:?usage: tools/run-without-memory.sh BUILD}
passed=0 failed=0

for program in "$build"/tests/test-task "$build"/tests/test-sync; do
	output=$("$program" --no-memory </dev/null)
	status=$?
	sums=$(printf '%s\n' "$output" | tail -n 1 |
		sed -nE 's/^([0-9]+) passed, ([0-9]+) failed.*$/\1 \2/p')
	read -r p f <<-END
		${sums:-0 1}
	END
	[ "$status" -eq 0 ] || printf '%s\n' "$output" | grep '^FAIL'
	passed=$((passed + p)) failed=$((failed + f))
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
