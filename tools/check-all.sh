#!/bin/bash
# "make check-all": everything that is too slow for each push. What needs a package that is not
# installed is left out, and the end says so (make deps GROUP=wide installs them).
#
# Each step prints one line when it is done; its whole output lies in build/check-all/STEP.log.
# Closes with "N passed, N failed", and ", N skipped": these are steps, not tests.
set -u
cd "$(dirname "$0")/.." || exit 1

logs=build/check-all
mkdir -p "$logs"
passed=0 failed=0 skipped=0

step() { # step NAME COMMAND...
	local name=$1 start=$SECONDS
	shift
	if "$@" >"$logs/$name.log" 2>&1 </dev/null; then
		passed=$((passed + 1))
		echo "ok    $name ($((SECONDS - start)) s): $(tail -n 1 "$logs/$name.log")"
	else
		failed=$((failed + 1))
		echo "FAIL  $name ($((SECONDS - start)) s), see $logs/$name.log:"
		tail -n 15 "$logs/$name.log" | sed 's/^/        /'
	fi
}

skip() { # skip NAME REASON
	skipped=$((skipped + 1))
	echo "skip  $1: $2"
}

have() {
	command -v "$1" >/dev/null 2>&1
}

configure() { # configure FOLDER ARGUMENTS
	[ -f "$1/build.ninja" ] || meson setup "$@"
}

tests() {
	tools/run-tests.sh build
}

interop() {
	tools/interop.sh build
}

clang_build() {
	CC=clang configure build-clang -Dwerror=true && ninja -C build-clang &&
		tools/run-tests.sh build-clang
}

# GCC 12's TSan wants its shadow where newer kernels may put the program: setarch -R prevents that.
tsan() {
	configure build-tsan -Db_sanitize=thread -Db_lundef=false &&
		ninja -C build-tsan &&
		TSAN_OPTIONS=halt_on_error=1:die_after_fork=0 CK_TIMEOUT_MULTIPLIER=5 \
			setarch -R tools/run-tests.sh build-tsan
}

under_valgrind() {
	CK_TIMEOUT_MULTIPLIER=20 WOK_TEST_WRAPPER="valgrind -q --error-exitcode=9 --leak-check=full" \
		tools/run-tests.sh build
}

# The portable context switch, on this machine.
ucontext() {
	configure build-ucontext -Dcontext=ucontext -Dwerror=true && ninja -C build-ucontext &&
		tools/run-tests.sh build-ucontext
}

# Other C libraries and machines have none of the libraries that wok uses here: what needs none is
# built there, and the ports of the notes' programs must print what they print here.
alone="-Dtests=false -Dcli=disabled -Dtls=disabled -Ddns=disabled -Dsqlite=disabled"
alone="$alone -Dhttp_extras=disabled"

musl() {
	# musl-gcc sees none of the kernel's headers, which do not depend on the C library.
	# shellcheck disable=SC2086 # several options
	CC=musl-gcc configure build-musl $alone \
		-Dc_args="-idirafter /usr/include -idirafter /usr/include/$(gcc -print-multiarch)" &&
		ninja -C build-musl && tests/seed/check.py build-musl/examples/seed --jobs 2
}

aarch64() {
	# shellcheck disable=SC2086
	configure build-aarch64 --cross-file tools/aarch64.ini $alone &&
		ninja -C build-aarch64 &&
		tests/seed/check.py build-aarch64/examples/seed --jobs 2 --slack 2 \
			--wrapper "qemu-aarch64 -L /usr/aarch64-linux-gnu"
}

step lint env TIDY_NODES=225000 tools/lint.sh build
step tests tests
step seeds tools/run-schedules.sh build "${SEEDS:-1000}"
step sanitize make --no-print-directory sanitize
step no-memory tools/run-without-memory.sh build-asan
step tsan tsan
step ucontext ucontext
step interop interop
step bench make --no-print-directory bench-smoke
step programs tests/seed/run.sh build/examples/seed
if have clang; then step clang clang_build; else skip clang "clang is not installed"; fi
if have valgrind; then step valgrind under_valgrind; else skip valgrind "valgrind is not installed"; fi
if have musl-gcc; then step musl musl; else skip musl "musl-tools is not installed"; fi
if have aarch64-linux-gnu-gcc && have qemu-aarch64; then
	step aarch64 aarch64
else
	skip aarch64 "gcc-aarch64-linux-gnu and qemu-user are not both installed"
fi
if have clang; then
	step fuzz make --no-print-directory fuzz FUZZ_SECONDS="${FUZZ_SECONDS:-60}"
else
	skip fuzz "clang is not installed"
fi
[ $skipped -eq 0 ] && more= || more=", $skipped skipped"
echo "$passed passed, $failed failed$more"
[ $failed -eq 0 ]
