#!/bin/sh
# Runs the task tests in many shuffled ready orders, each drawn from a seed.
#
#   tools/run-schedules.sh BUILD SEEDS
#
# Tests on real sockets, files and processes wait for the kernel, and some suites have few tasks: these
# run with a twentieth of the seeds; the large ones of HTTP with a quarter.
# Closes with "N passed, N failed": a test counts once, for all its seeds. A failure names its seed.
set -u

build=${1:?usage: tools/run-schedules.sh BUILD SEEDS}
seeds=${2:?usage: tools/run-schedules.sh BUILD SEEDS}
passed=0 failed=0

while read -r program; do
	n=$seeds
	case $(basename "$program") in
	test-io | test-file | test-fs | test-process | test-tls | test-dns) n=$((seeds / 20 + 1)) ;;
	test-static | test-values | test-parser) n=$((seeds / 20 + 1)) ;;
	test-sqlite | test-pg*) n=$((seeds / 20 + 1)) ;;
	test-client | test-server | test-h2 | test-ws | test-coding) n=$((seeds / 4 + 1)) ;;
	esac
	output=$("$program" --seeds "1..$n" </dev/null)
	status=$?
	sums=$(printf '%s\n' "$output" | tail -n 1 |
		sed -nE 's/^([0-9]+) passed, ([0-9]+) failed.*$/\1 \2/p')
	read -r p f <<-END
		${sums:-0 1}
	END
	[ "$status" -eq 0 ] || printf '%s\n' "$output" | grep -v '^ok '
	[ "$status" -ne 0 ] && [ "$f" -eq 0 ] && f=1
	printf '%-16s %6d passed, %d failed, with %d seeds\n' "$(basename "$program")" "$p" "$f" "$n"
	passed=$((passed + p)) failed=$((failed + f))
done <"$build/tests/list"
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
