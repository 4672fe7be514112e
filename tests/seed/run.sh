#!/bin/sh
# "make seed": starts the servers that can be started, judges the ports, stops the servers.
# Usage: tests/seed/run.sh DIR [options of check.py]
set -u

here=$(dirname "$0")
dir=${1:?usage: tests/seed/run.sh DIR [options of check.py]}
shift
trap '"$here/services.sh" stop' EXIT
trap 'exit 130' INT TERM
"$here/services.sh" start || echo "seed: goes on without the servers that did not start" >&2
python3 "$here/check.py" "$dir" "$@"
status=$?
# The sum is the last line, also when the servers say that they stop.
trap - EXIT
"$here/services.sh" stop >/dev/null
exit $status
