#!/bin/sh
# "make bench": the programs of bench/ once each with modest arguments, to see that they run and
# roughly how fast. Figures to publish need quiet, repetition and the peers in the same run.
#
#   tools/bench.sh FOLDER                FOLDER: build/bench
set -u

folder=${1:?usage: tools/bench.sh FOLDER}
port=${BENCH_PORT:-18097}
failed=0

echo "machine: $(nproc) CPUs, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), Linux $(uname -r)"

bench() { # bench PROGRAM ARGUMENTS: one line "program arguments: metric value ..."
	program=$1
	[ -x "$folder/$program" ] || return 0
	shift
	if figures=$("$folder/$program" "$@"); then
		echo "$program $*: $(echo "$figures" | tr '\n' ' ')"
	else
		echo "bench: $program $* failed" >&2
		failed=1
	fi
}

bench w1-spawn 1000000
bench w2-switch 5000000
bench w3-sleepers 100000
bench w4-timers 1000000
bench w5-queue 2000000

# The client against our own server: both are ours, so this says little about either.
if [ -x "$folder/w7-http-server" ] && [ -x "$folder/w8-http-client" ]; then
	"$folder/w7-http-server" "$port" &
	server=$!
	sleep 0.3
	bench w8-http-client "http://127.0.0.1:$port/" 50000 64
	kill "$server"
	wait "$server" 2>/dev/null
fi
exit $failed
