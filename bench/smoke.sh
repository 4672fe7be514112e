#!/bin/sh
# "make bench-smoke": every program of bench/ once, so small that it says only whether it works.
#
#   bench/smoke.sh FOLDER                FOLDER: build/bench
set -u

folder=${1:?usage: bench/smoke.sh FOLDER}
here=$(dirname "$0")
failed=0

"$here/peers/build.sh" "$folder/peers" raw || failed=1
"$here/run.py" "$folder" --smoke || failed=1

# process-pool is left out: it fills 2 GiB, which is not small.
backends=$("$here/run.py" "$folder" --backends 2>/dev/null)

smoke() { # smoke PROGRAM ARGUMENT...: on each backend
	program=$1
	shift
	for backend in $backends; do
		echo "== $program $* ($backend)"
		WOK_BACKEND=$backend "$folder/$program" "$@" || failed=1
	done
}

smoke primitives 10000
smoke to-thread 1000
smoke many-tasks short 100000
smoke many-tasks flat 1000
smoke many-tasks idle 1
smoke idle-connections 1000
smoke threads-echo 2
echo "== parse-http1"
"$folder/parse-http1" || failed=1
# It is there where c-ares is.
[ ! -x "$folder/dns-lookups" ] || smoke dns-lookups c-ares 1000
[ $failed -eq 0 ] && echo "bench: all work" || echo "bench: some failed" >&2
exit $failed
