#!/bin/sh
# "make interop": wok against other people's clients and servers, on loopback. What is not installed
# is left out and named (make deps GROUP=interop installs it).
#
#   tools/interop.sh BUILD [TEXT]     TEXT: only tests whose name contains it
set -u

build=${1:?usage: tools/interop.sh BUILD [TEXT]}
text=${2:-}
failed=0
for script in "$(dirname "$0")"/../tests/interop/*_test.py; do
	echo "$(basename "$script"):"
	python3 "$script" "$build" ${text:+"$text"}
	case $? in 0 | 3) ;; *) failed=1 ;; esac # 3: no test of that name
done
exit $failed
