#!/bin/sh
# Called before work that needs packages: installs what is missing of these groups, and says so.
# Usage: tools/need.sh GROUP...          WOK_DEPS=skip: trust that everything is there.
set -eu

[ "${WOK_DEPS:-}" != skip ] || exit 0
here=$(dirname "$0")
missing=$("$here/deps.sh" --missing "$@")
[ -n "$missing" ] || exit 0
echo "need: missing Debian packages:$missing"
echo "need: calling \"make deps\" for them (WOK_DEPS=skip builds without asking)"
exec "$here/deps.sh" "$@"
