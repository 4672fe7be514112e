#!/bin/sh
# Installs into an empty folder, and builds and runs hello.c from there by pkg-config: shared, and
# linked statically. Usage: tests/install/try.sh (from a tree that is built)
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
make -s -C "$root" install DESTDIR="$work/root" >"$work/log" 2>&1 || {
	cat "$work/log"
	echo "install: make install failed" >&2
	exit 1
}

folder=$(dirname "$(find "$work/root" -name libwok.pc)")
[ -f "$folder/libwok-http.pc" ] || {
	echo "install: libwok.pc or libwok-http.pc was not installed" >&2
	exit 1
}
# The .pc files name the prefix; PKG_CONFIG_SYSROOT_DIR puts the staging folder before it.
export PKG_CONFIG_PATH="$folder" PKG_CONFIG_SYSROOT_DIR="$work/root"
cd "$work"
cp "$root/tests/install/hello.c" .
libraries="libwok-http libwok" flags=
if [ -f "$folder/libwok-tls.pc" ]; then # left out where there is no OpenSSL
	libraries="libwok-tls $libraries" flags=-DWITH_TLS
fi
if [ -f "$folder/libwok-dns.pc" ]; then # left out where there is no c-ares
	libraries="libwok-dns $libraries" flags="$flags -DWITH_DNS"
fi
if [ -f "$folder/libwok-sqlite.pc" ]; then
	libraries="libwok-sqlite $libraries" flags="$flags -DWITH_SQLITE"
fi
if [ -f "$folder/libwok-postgres.pc" ]; then
	libraries="libwok-postgres $libraries" flags="$flags -DWITH_POSTGRES"
fi
# shellcheck disable=SC2046
${CC:-cc} -std=c17 -Wall -Werror $flags hello.c -o hello $(pkg-config --cflags --libs $libraries)
LD_LIBRARY_PATH=$(dirname "$folder") ./hello
# shellcheck disable=SC2046
${CC:-cc} -std=c17 -static $flags hello.c -o hello-static \
	$(pkg-config --static --cflags --libs $libraries) 2>"$work/log" || {
	cat "$work/log"
	exit 1
}
./hello-static
"$(find "$work/root" -path '*/bin/wok')" --help >/dev/null
echo "install: hello runs, shared and static"
