#!/bin/sh
# Names the programs of this folder, NN-name without ".c", a line each. Called by meson.build.
cd "$(dirname "$0")" || exit 1
for file in [0-9][0-9]-*.c; do
	# It needs wok_to_thread().
	[ "$file" = 31-run-in-executor.c ] && [ ! -e ../../include/wok/thread.h ] && continue
	[ -e "$file" ] && printf '%s\n' "${file%.c}"
done
exit 0
