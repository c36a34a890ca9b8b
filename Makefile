# Everything from a bare Debian 12: `make run` trains experiments/q4.toml, `make test` tests.
# Each step does only what is not done yet.

# What building, running and testing need. OpenBLAS: without it LibTorch falls on the reference BLAS. The openmp
# variant, because the pthread one ignores the number of threads that LibTorch sets.
PACKAGES := g++ cmake ninja-build ccache libtorch-dev libopenblas0-openmp \
  libboost1.81-dev libboost-program-options1.81-dev libboost-filesystem1.81-dev \
  libtomlplusplus-dev libfmt-dev nlohmann-json3-dev libssl-dev zlib1g-dev libelf-dev libgtest-dev libjs-chart.js \
  curl ca-certificates
TEST_PACKAGES := python3-torch python3-torchvision dpkg-dev make git protobuf-compiler chromium chromium-driver python3-selenium poppler-utils \
  slurmctld slurmd slurm-client munge procps \
  python3-numpy python3-decorator liblbfgsb0
BENCH_PACKAGES := libbenchmark-dev
TIDY_PACKAGES := clang-tidy-16  # 14, the default, cannot parse LibTorch with libstdc++ 12 in C++20
FUZZ_PACKAGES := clang-16 libclang-rt-16-dev llvm-16
FUZZ_SECONDS ?= 60

CMAKE_FLAGS ?=
ifdef CI
CMAKE_FLAGS += -DLABHOST_WERROR=ON
# Filling an empty cache costs a fifth of the build.
export CCACHE_DISABLE = 1
endif
SUDO := $(if $(filter-out 0,$(shell id -u)),sudo)
PYTHON := /usr/bin/python3

# $(call install,PACKAGES): installs those that are missing.
install = @missing=""; for package in $(1); do \
    dpkg-query -W -f '$${Status}' $$package 2>/dev/null | grep -q "ok installed" || missing="$$missing $$package"; done; \
  if [ -n "$$missing" ]; then echo "installing$$missing"; $(SUDO) apt-get update -qq && \
    $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing > /dev/null; fi

# $(call build,PRESET,FOLDER,TARGETS)
build = @{ [ -f $(2)/build.ninja ] && [ -z "$(strip $(CMAKE_FLAGS))" ] || cmake --preset $(1) $(CMAKE_FLAGS); } && \
  cmake --build --preset $(1) --target $(3)

PREFIX ?= /usr/local

.PHONY: run test install package parity bench chaos fuzz asan tidy debug build data deps test-deps help clean

run: data  ## install what is missing, build, fetch MNIST, train experiments/q4.toml
	build/labhost experiments/q4.toml

test: test-deps data  ## the same up to the build, then all tests
	$(call build,release,build,all tests)
	ctest --preset release

install: build  ## into PREFIX (/usr/local); it may be moved later
	@mkdir -p $(PREFIX) 2> /dev/null; if [ -w $(PREFIX) ]; then as=; else as=$(SUDO); fi; \
	  $$as cmake --install build --prefix $(PREFIX)

package: build test-deps  ## build/package/: a .tar.gz, and a .deb where LibTorch is Debian's own
	cmake --build build --target package

build: deps  ## build/labhost and build/plugins/*.so
	$(call build,release,build,all)

data: build  ## MNIST, into the user's cache folder
	@build/labhost fetch mnist

parity: test  ## labhost against the notebook's Python, to the bit: more seeds, and all of MNIST
	$(PYTHON) tests/parity/parity.py --labhost build/labhost --experiment experiments/q4.toml --seeds 2,3
	$(PYTHON) tests/parity/parity.py --labhost build/labhost --experiment experiments/q4.toml \
	  --train-limit 60000 --test-limit 10000

bench: test-deps data  ## as ratios of one go: kernels, q4 against its peers, growth, sweeps, the scan of 200 plugins (an hour)
	$(call install,$(BENCH_PACKAGES))
	cmake --preset release $(CMAKE_FLAGS) && cmake --build --preset release --target kernels_bench libtorch_loop
	build/kernels_bench
	$(PYTHON) tests/bench/bench.py --labhost build/labhost --experiment experiments/q4.toml --libtorch-loop build/libtorch_loop
	$(PYTHON) tests/bench/growth.py --labhost build/labhost
	$(PYTHON) tests/bench/sweeps.py --labhost build/labhost --experiment experiments/q4.toml
	$(PYTHON) tests/bench/plugin_scan.py --labhost build/labhost --plugin build/plugins/net5.so
	if nvidia-smi > /dev/null 2>&1; then $(PYTHON) tests/bench/gpu.py --labhost build/labhost --experiment experiments/q4.toml; fi

chaos: test-deps data  ## sweeps under 300 kills at random instants, against one that nothing disturbs
	$(call build,release,build,all tests)
	LABHOST_CHAOS_KILLS=300 build/integration_tests --gtest_filter='Chaos.*'

asan: data  ## the tests under AddressSanitizer and UndefinedBehaviorSanitizer
	$(call build,asan,build-asan,all tests)
	ctest --preset asan

tidy: deps  ## clang-tidy and -Wall -Wextra -Wconversion, warnings as errors
	$(call install,$(TIDY_PACKAGES))
	$(call build,tidy,build-tidy,all tests)

fuzz: deps  ## the readers of experiments, data, state_dicts and records under libFuzzer, FUZZ_SECONDS (60) each
	$(call install,$(FUZZ_PACKAGES))
	$(call build,fuzz,build-fuzz,fuzz)
	tests/fuzz/fuzz.sh build-fuzz $(FUZZ_SECONDS)

debug: deps  ## build-debug/
	$(call build,debug,build-debug,all tests)

deps:
	$(call install,$(PACKAGES))
	@command -v npm > /dev/null || { echo "installing npm"; $(SUDO) apt-get update -qq && \
	  $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends npm > /dev/null; }

# scipy is unpacked, not installed: its package wants Boost 1.74's headers, and those exclude 1.81's.
test-deps: deps
	$(call install,$(TEST_PACKAGES))
	@[ -d build/scipy ] || { mkdir -p build/scipy.tmp && cd build/scipy.tmp && \
	  { apt-get download -qq python3-scipy 2> /dev/null || { $(SUDO) apt-get update -qq && apt-get download -qq python3-scipy; }; } && \
	  dpkg-deb -x python3-scipy*.deb . && rm python3-scipy*.deb && cd .. && mv scipy.tmp scipy; }

help:  ## this text
	@sed -n 's/^\([a-z]*\):[^#]*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

clean:  ## remove the build folders
	rm -rf build build-debug build-asan build-tidy build-fuzz
