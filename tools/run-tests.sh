#!/bin/sh
# Runs the test programs of a build folder and sums up.
#
#   tools/run-tests.sh BUILD [TEXT]      TEXT: only tests whose "suite name" contains it
#
# Writes BUILD/labels.txt: a line for each test that ran and passed, SUITE TEST LABEL...; with TEXT
# that is BUILD/labels-some.txt, so that a partial run does not replace the whole record.
# WOK_TEST_WRAPPER is put before each program (valgrind, qemu). Closes with "N passed, N failed",
# and ", N skipped" if some were; the exit status is 0 only if none failed and some passed.
set -u

build=${1:?usage: tools/run-tests.sh BUILD [TEXT]}
text=${2:-}
if [ ! -f "$build/tests/list" ]; then
	echo "run-tests: there are no tests in $build: run \"make\" first" >&2
	exit 1
fi
labels=$build/labels${text:+-some}.txt
: >"$labels" || exit 1
WOK_LABELS=$(cd "$(dirname "$labels")" && pwd)/$(basename "$labels")
export WOK_LABELS

passed=0 failed=0 skipped=0 names=

# run NAME COMMAND...: a program of tests, whose last line counts them
run() {
	name=$1
	shift
	output=$("$@" </dev/null)
	status=$?
	[ $status -eq 2 ] && [ -n "$text" ] && return # nothing here has that name
	sums=$(printf '%s\n' "$output" | tail -n 1 |
		sed -nE 's/^([0-9]+) passed, ([0-9]+) failed(, ([0-9]+) skipped)?$/\1 \2 \4/p')
	if [ -z "$sums" ]; then
		# It died before it could count: what it was is lost, so it counts as one failure.
		printf '%s\n' "$output"
		echo "run-tests: $name ended early, status $status" >&2
		sums="0 1 0"
		output="FAIL $name"
	fi
	read -r p f s <<-END
		$sums
	END
	s=${s:-0}
	printf '%-18s %4d passed, %d failed, %d skipped\n' "$name" "$p" "$f" "$s"
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
	names="$names$(printf '%s\n' "$output" | sed -n 's/^FAIL /  /p')
"
	if [ $status -ne 0 ] && [ $status -ne 77 ] && [ "$f" -eq 0 ]; then
		# As a sanitizer does, when it finds a leak at the very end.
		echo "run-tests: $name counted no failure, but its status is $status" >&2
		failed=$((failed + 1))
		names="$names  $name (exit status $status)
"
	fi
}

while read -r program; do
	[ -n "$program" ] || continue
	# shellcheck disable=SC2086 # the wrapper is a command with arguments
	run "$(basename "$program")" ${WOK_TEST_WRAPPER:-} "$program" ${text:+"$text"}
done <"$build/tests/list"

# What waits for the kernel once more, on the other backend; unless the caller has chosen one.
with_io_uring() {
	reason=$(WOK_BACKEND=io_uring "$build/tests/test-loop" the_backend_asked_for_works 2>&1)
	if [ $? -eq 77 ]; then
		echo "run-tests: io_uring is left out: $(printf '%s' "$reason" | grep skipped: | head -n 1)"
		return
	fi
	for suite in loop exec io file fs process tls dns http client server h2 ws coding static \
		sqlite pg pgconf pgpool pgtypes pguse; do
		[ -x "$build/tests/test-$suite" ] || continue # left out of this build
		run "test-$suite io_uring" env WOK_BACKEND=io_uring "$build/tests/test-$suite" \
			${text:+"$text"}
	done
}
[ -n "${WOK_BACKEND:-}${WOK_TEST_WRAPPER:-}" ] || with_io_uring

# The command and the examples from outside, as their users see them: not for each of many seeds.
if [ -x "$build/wok" ] && [ -z "${WOK_TEST_WRAPPER:-}${WOK_TEST_SEED:-}" ]; then
	for command in lab bench fetch serve; do
		run "test-cli-$command" python3 "tests/cli/${command}_test.py" "$build/wok" \
			${text:+"$text"}
		[ -n "${WOK_BACKEND:-}" ] || run "test-cli-$command io_uring" \
			env WOK_BACKEND=io_uring,epoll python3 "tests/cli/${command}_test.py" \
			"$build/wok" ${text:+"$text"}
	done
	run test-examples python3 tests/cli/examples_test.py "$build" ${text:+"$text"}
fi

names=$(printf '%s' "$names" | grep -v '^$')
[ -z "$names" ] || printf 'failed tests:\n%s\n' "$names"
if [ $((passed + failed + skipped)) -eq 0 ]; then
	echo "run-tests: no test's \"suite name\" contains \"$text\"" >&2
	failed=1
fi
[ $skipped -eq 0 ] && more= || more=", $skipped skipped"
echo "$passed passed, $failed failed$more"
[ $failed -eq 0 ]
