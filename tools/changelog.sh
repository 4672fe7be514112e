#!/bin/sh
# Builds CHANGELOG.md from the fragments in changes/ (see changes/README).
#
#   tools/changelog.sh                     writes the section "Unreleased" anew
#   tools/changelog.sh --release VERSION   makes it a section of that version, removes the fragments
#   tools/changelog.sh --check             fails if CHANGELOG.md is not what it would write
set -eu
cd "$(dirname "$0")/.."

section() { # section TITLE: the fragments, by kind
	printf '## %s\n' "$1"
	for kind in added changed fixed removed security; do
		first=yes
		for file in changes/*."$kind"; do
			[ -f "$file" ] || continue
			[ -z "$first" ] || printf '\n### %s\n\n' "$(echo "$kind" | sed 's/^./\U&/')"
			first=
			# An item: its further lines are indented.
			sed -e '1s/^/- /' -e '2,$s/^\(.\)/  \1/' "$file"
		done
	done
	printf '\n'
}

# What is released already: all from the second kind of heading on that is not "Unreleased".
released() {
	[ ! -f CHANGELOG.md ] || awk '/^## / { on = $0 !~ /^## Unreleased/ } on' CHANGELOG.md
}

write() { # write TITLE
	printf '# Changes\n\nMade by tools/changelog.sh from changes/. Until 1.0 each minor version may change the ABI.\n\n'
	section "$1"
	released
}

case "${1:-}" in
--release)
	version=${2:?usage: tools/changelog.sh --release VERSION}
	write "$version, $(date +%Y-%m-%d)" >CHANGELOG.new
	find changes -name '*.*' -type f -delete
	mv CHANGELOG.new CHANGELOG.md
	;;
--check)
	if ! write Unreleased | cmp -s - CHANGELOG.md; then
		echo "changelog: CHANGELOG.md is not up to date: run tools/changelog.sh" >&2
		exit 1
	fi
	;;
"")
	write Unreleased >CHANGELOG.new
	mv CHANGELOG.new CHANGELOG.md
	;;
*)
	echo "usage: tools/changelog.sh [--release VERSION | --check]" >&2
	exit 2
	;;
esac
