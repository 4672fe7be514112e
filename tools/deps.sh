#!/bin/sh
# Installs the Debian packages of tools/packages.txt that are missing.
#
#   tools/deps.sh [GROUP...]            installs (default: build test lint fuzz seed)
#   tools/deps.sh --missing GROUP...    only names what is missing
#
# As root, or through sudo. Says what it installs. Without dpkg (not Debian) it only says what the
# packages are called there, and leaves it to you.
set -eu

list=$(dirname "$0")/packages.txt
only_name=
if [ "${1:-}" = --missing ]; then
	only_name=yes
	shift
fi
[ $# -gt 0 ] || set -- build test lint fuzz seed

packages_of() { # the lines below [GROUP], without comments
	awk -v group="[$1]" '/^\[/ { inside = $0 == group; found += inside; next }
		inside && NF && !/^#/ { print $1 }
		END { exit !found }' "$list" ||
		{ echo "deps: tools/packages.txt has no group \"$1\"" >&2; exit 2; }
}

installed() {
	dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q '^install ok installed$'
}

wanted=
for group in "$@"; do
	wanted="$wanted $(packages_of "$group")"
done

if ! command -v dpkg-query >/dev/null 2>&1; then
	[ -n "$only_name" ] || echo "deps: no dpkg here; install what your system calls:" $wanted >&2
	exit 0
fi

missing=
for package in $wanted; do
	installed "$package" || missing="$missing $package"
done
if [ -n "$only_name" ]; then
	[ -z "$missing" ] || echo "$missing"
	exit 0
fi
if [ -z "$missing" ]; then
	echo "deps: nothing is missing ($*)"
	exit 0
fi

as_root=
if [ "$(id -u)" != 0 ]; then
	if ! command -v sudo >/dev/null 2>&1; then
		echo "deps: to install packages I must be root. Run as root: apt-get install$missing" >&2
		exit 1
	fi
	as_root=sudo
fi

echo "deps: installing$missing"
# A fresh machine has no package lists yet.
ls /var/lib/apt/lists/*_Packages* >/dev/null 2>&1 || $as_root apt-get update
# shellcheck disable=SC2086 # the list is meant to be split
if ! $as_root env DEBIAN_FRONTEND=noninteractive \
	apt-get install -y --no-install-recommends $missing </dev/null; then
	echo "deps: apt-get could not install:$missing" >&2
	echo "deps: if it says \"unable to locate\" or \"404\", run apt-get update and try again" >&2
	exit 1
fi
