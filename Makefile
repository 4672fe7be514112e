# The front door: stable names for what one does here. The build itself is Meson's (meson.build).
#
#   make            builds everything into build/; the command is build/wok
#   make help       says what else there is
#
# Variables: BUILD (build), PREFIX (/usr/local), DESTDIR, CC, MESON_ARGS, TEXT (only these tests),
# GROUP (only these packages), FUZZ_SECONDS (60), WOK_DEPS=skip (install nothing); for "make bench"
# BENCH (only these workloads), RUNS (3), PEERS, CASES.

BUILD ?= build
PREFIX ?= /usr/local
FUZZ_SECONDS ?= 60
MESON_ARGS ?= -Dwerror=true
GROUP ?=
TEXT ?=
BENCH ?=
RUNS ?= 3
PEERS ?=
CASES ?=

# Absolute in the report, because a person is to open the file.
PICTURE = $(abspath $(BUILD))/lab.html

# A sanitizer's finding ends the test: nothing may scroll by.
SANITIZE = -Db_lundef=false -Db_sanitize=address,undefined
export UBSAN_OPTIONS ?= halt_on_error=1:print_stacktrace=1
export ASAN_OPTIONS ?= abort_on_error=0:strict_string_checks=1:detect_stack_use_after_return=0

.PHONY: all demo check check-all interop seed bench bench-smoke bench-programs lint sanitize fuzz docs install deps \
	need need-clang clean help

all: need $(BUILD)/build.ninja ## build into build/ (the default)
	@ninja -C $(BUILD)

demo: all ## the source notes' experiment: ten slow requests, three ways, and a picture
	$(BUILD)/wok lab --html $(BUILD)/lab.html
	@echo "The picture: file://$(PICTURE)"

check: all ## build and run the tests; TEXT=word runs only some
	@tools/run-tests.sh $(BUILD) $(if $(TEXT),"$(TEXT)")

check-all: all ## everything: sanitizers, valgrind, other compilers, machines; takes long
	@FUZZ_SECONDS=$(FUZZ_SECONDS) tools/check-all.sh

interop: all ## wok against other people's HTTP clients and servers, those that are here
	@tools/interop.sh $(BUILD) $(if $(TEXT),"$(TEXT)")

seed: need all ## run the ports of the source notes' programs against what those printed
	@tests/seed/run.sh $(BUILD)/examples/seed $(SEED_ARGS)

bench: bench-programs ## measure against the peers that are here; BENCH=w1,w2 RUNS=5 PEERS=go CASES=500
	@bench/peers/build.sh $(BUILD)/bench/peers
	@bench/run.py $(BUILD)/bench --bench "$(BENCH)" --runs $(RUNS) --peers "$(PEERS)" --cases "$(CASES)"

bench-smoke: bench-programs ## run each benchmark once, small: do they all work?
	@bench/smoke.sh $(BUILD)/bench

bench-programs: need $(BUILD)/build.ninja ## only build them, into build/bench
	@ninja -C $(BUILD) bench-programs

lint: all ## formatter, analyser, layers, exported names, sizes, headers alone
	@tools/need.sh build test lint
	@tools/lint.sh $(BUILD)

sanitize: need-clang $(BUILD)-asan/build.ninja ## the tests under AddressSanitizer and UndefinedBehaviorSanitizer
	@ninja -C $(BUILD)-asan
	@CK_TIMEOUT_MULTIPLIER=5 tools/run-tests.sh $(BUILD)-asan $(if $(TEXT),"$(TEXT)")

fuzz: need-clang $(BUILD)-fuzz/build.ninja ## each parser's fuzzer for FUZZ_SECONDS
	@ninja -C $(BUILD)-fuzz
	@tools/fuzz.sh $(BUILD)-fuzz $(FUZZ_SECONDS)

docs: ## the reference, from the headers' comments: build/docs/index.html and man pages
	@tools/need.sh build
	@python3 tools/docs.py include/wok $(BUILD)/docs

install: all ## to PREFIX; DESTDIR is honoured
	@meson configure $(BUILD) --prefix="$(abspath $(PREFIX))"
	@DESTDIR="$(DESTDIR)" meson install -C $(BUILD)
	@if [ -z "$(DESTDIR)" ] && [ "$$(id -u)" = 0 ]; then ldconfig; fi

deps: ## install the Debian packages of tools/packages.txt; GROUP="build test" for some
	@tools/deps.sh $(GROUP)

need-clang:
	@tools/need.sh build test fuzz

need:
	@tools/need.sh build test

clean: ## remove what was built
	rm -rf $(BUILD) $(BUILD)-*/

help: ## this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-15s %s\n", $$1, $$2 }' Makefile

# The folder's date changes when a port is added: then Meson must look again.
$(BUILD)/build.ninja: examples/seed
	@meson setup $(if $(wildcard $@),--reconfigure) $(BUILD) \
		--prefix="$(abspath $(PREFIX))" $(MESON_ARGS)

# Clang's sanitizers know more than GCC's: NULL + 0, and locals whose life has ended before an
# earlier one's clean-up runs.
$(BUILD)-asan/build.ninja:
	@CC=clang meson setup $(BUILD)-asan $(SANITIZE) $(MESON_ARGS)

$(BUILD)-fuzz/build.ninja:
	@CC=clang meson setup $(BUILD)-fuzz -Dfuzz=true -Dtests=false $(SANITIZE) $(MESON_ARGS)
