# Shortcuts; Meson does the work.  Each kind of build has its own directory.
#
#   make build     the program at build/loam, the library at build/libloam.a and .so
#   make demo      a ledger that is killed and comes back
#   make test      floors, the tests of the release build and of the hostile build
#   make bench     every benchmark; make bench-NAME: one (its last line is JSON)
#   make check     floors, format, clang-tidy
#   make asan | hostile | clang | tsan      build and test so
#   make aarch64   build for AArch64, and run the tests of what is close to the machine under qemu-user
#   make crash     the crash laboratory, in full: every fault, every state, many kills
#   make fuzz      each fuzzer for FUZZ_SECONDS
#   make format    clang-format over the tree
#   make install | clean
#
# TESTS="--suite noun" narrows what the test targets run.
MESON ?= meson
PREFIX ?= /usr/local
FUZZ_SECONDS ?= 60
TESTS ?=
SANITIZE = -Db_sanitize=address,undefined -Db_lundef=false -Dbuildtype=debugoptimized -Db_ndebug=false
BENCHES = $(patsubst bench/%.sh,bench-%,$(sort $(wildcard bench/*.sh)))

all: build

build: build/build.ninja
	ninja -C build
	@tools/link-products build

demo: dependencies build
	tools/demo build/loam

# The same commit gives the same answer: random tests start from this seed.  Other
# seeds are for `make crash`, `make fuzz`, a program run by hand, or
# `make test LOAM_TEST_SEED=N`.
test: export LOAM_TEST_SEED ?= 1
test: dependencies check-floors build hostile-build
	tools/run-tests build build-hostile -- $(TESTS)

bench: $(BENCHES)
bench-%: build
	@tools/bench build $*

asan: build-asan/build.ninja
	ninja -C build-asan
	tools/run-tests build-asan -- $(TESTS)

# Tiny nursery, collection at every safe point, tiny arena steps, costly
# checks, and the sanitizers watching.
hostile-build: build-hostile/build.ninja
	ninja -C build-hostile
hostile: hostile-build
	tools/run-tests build-hostile -- $(TESTS)

clang: build-clang/build.ninja
	ninja -C build-clang
	tools/run-tests build-clang -- $(TESTS)

# The tests that have threads.
tsan: build-tsan/build.ninja
	ninja -C build-tsan
	tools/run-tests build-tsan -- thread map threads host loop drivers api $(TESTS)

# Not on an AArch64 machine, where `make test` does it.
AARCH64_TESTS ?= --suite noun --suite os --suite stack --suite arena --suite codec --suite nock --suite jet --suite zk
aarch64: build-aarch64/build.ninja
	ninja -C build-aarch64
	tools/run-tests build-aarch64 -- -t 10 $(AARCH64_TESTS) $(TESTS)

crash: build
	python3 test/crash/laboratory.py build

fuzz: build-fuzz/build.ninja
	ninja -C build-fuzz
	tools/run-fuzzers build-fuzz $(FUZZ_SECONDS)

check: check-floors check-format check-tidy
check-floors:
	tools/check-floors
check-format:
	tools/format --check
check-tidy: build-clang/build.ninja
	tools/check-tidy build-clang

format:
	tools/format

dependencies:
	@tools/install-dependencies

install: build
	$(MESON) install -C build --no-rebuild

clean:
	rm -rf build build-asan build-hostile build-clang build-tsan build-fuzz build-aarch64

build/build.ninja:
	@tools/install-dependencies --check
	$(MESON) setup build --prefix=$(PREFIX)
build-asan/build.ninja:
	$(MESON) setup build-asan $(SANITIZE)
build-hostile/build.ninja:
	$(MESON) setup build-hostile $(SANITIZE) -Dhostile=true
build-clang/build.ninja:
	CC=clang $(MESON) setup build-clang -Dwerror=true
build-tsan/build.ninja:
	$(MESON) setup build-tsan -Db_sanitize=thread -Db_lundef=false -Dbuildtype=debugoptimized -Db_ndebug=false
build-aarch64/build.ninja:
	tools/install-dependencies --aarch64
	$(MESON) setup build-aarch64 --cross-file build-aarch64-root/root.ini --cross-file tools/aarch64.ini
build-fuzz/build.ninja:
	CC=clang $(MESON) setup build-fuzz $(SANITIZE) -Dfuzz=true

.PHONY: all build crash demo test bench asan hostile hostile-build clang tsan aarch64 fuzz check check-floors check-format check-tidy \
        format dependencies install clean
