# Everything from a bare Debian or Ubuntu: `make run` trains experiments/q4.toml, `make test` tests.
# Each step does only what is not done yet. What is installed, and which LibTorch is taken: setup/.

# auto (pip's torch where nvidia-smi lists a GPU, else Debian's), debian, pip, a Python that has torch, or a folder of LibTorch.
# What goes on with a build takes what that was made with.
ifneq ($(filter install package parity bench chaos mutate,$(MAKECMDGOALS)),)
TORCH ?= $(or $(shell . build/torch.env 2> /dev/null && echo "$$LABHOST_TORCH_CHOICE"),auto)
endif
TORCH ?= auto

# One build folder, one build.
.NOTPARALLEL:

FUZZ_SECONDS ?= 60
MUTANTS ?= 40
TESTS ?= tests
CTEST_FLAGS ?=
CMAKE_FLAGS ?=
ifdef CI
CMAKE_FLAGS += -DLABHOST_WERROR=ON
# Filling an empty cache costs a fifth of the build.
export CCACHE_DISABLE = 1
endif
SUDO := $(if $(filter-out 0,$(shell id -u)),sudo)

# $(call build,PRESET,FOLDER,TARGETS)
build = @setup/configure.sh $(1) $(2) $(CMAKE_FLAGS) && cmake --build --preset $(1) --target $(3)
# The Python of that LibTorch.
python = . build/torch.env && "$${LABHOST_PYTHON:?this LibTorch has no Python: take TORCH=debian, pip or PYTHON}"

PREFIX ?= /usr/local

.PHONY: run test install package parity bench gpu-check chaos fuzz asan tidy format mutate debug build build-tests docs data deps test-deps bench-deps help clean

run: data  ## install what is missing, build, fetch MNIST, train experiments/q4.toml
	build/labhost experiments/q4.toml

test: build-tests data  ## the same up to the build, then all tests (TESTS: a target; CTEST_FLAGS: as ctest takes them)
	ctest --preset release $(CTEST_FLAGS)

install: build  ## into PREFIX (/usr/local); it may be moved later
	@mkdir -p $(PREFIX) 2> /dev/null; if [ -w $(PREFIX) ]; then as=; else as=$(SUDO); fi; \
	  $$as cmake --install build --prefix $(PREFIX)
	@. build/torch.env && case $$LABHOST_TORCH in "$(CURDIR)"/*) echo "it uses the LibTorch in $$LABHOST_TORCH: keep that folder ('make clean' does)";; esac

package: build  ## build/package/: a .tar.gz, and a .deb where LibTorch is Debian's own
	@setup/packages.sh package
	cmake --build build --target package
	@. build/torch.env && [ "$$LABHOST_TORCH" = /usr ] || echo "no .deb: that is for Debian's LibTorch (TORCH=debian), since a package can depend on no other"

build: deps  ## build/labhost and build/plugins/*.so
	$(call build,release,build,all)

build-tests: test-deps  ## the same with the tests
	$(call build,release,build,all $(TESTS))

docs: build-tests  ## the tables of keys in docs/experiment-reference.md, from host/config
	LABHOST_WRITE_DOCS=1 build/unit_tests --gtest_filter='ExperimentReference.*'

data: build  ## MNIST, into the user's cache folder
	@build/labhost fetch mnist

parity: test  ## labhost against the notebook's Python, to the bit: more seeds, and all of MNIST
	$(python) tests/parity/parity.py --labhost build/labhost --experiment experiments/q4.toml --seeds 2,3
	$(python) tests/parity/parity.py --labhost build/labhost --experiment experiments/q4.toml \
	  --train-limit 60000 --test-limit 10000
	$(python) tests/parity/settings.py --labhost $(CURDIR)/build/labhost --plugins $(CURDIR)/build/examples \
	  --random 100

bench: bench-deps data  ## as ratios of one go: kernels, q4 against its peers, growth, sweeps, the scan of 200 plugins, 55,000 images (an hour)
	@cmake build > /dev/null  # which now finds Google Benchmark
	$(call build,release,build,kernels_bench libtorch_loop)
	build/kernels_bench
	$(python) tests/bench/bench.py --labhost build/labhost --experiment experiments/q4.toml --libtorch-loop build/libtorch_loop
	$(python) tests/bench/growth.py --labhost build/labhost
	$(python) tests/bench/sweeps.py --labhost build/labhost --experiment experiments/q4.toml
	$(python) tests/bench/plugin_scan.py --labhost build/labhost --plugin build/plugins/net5.so
	$(python) tests/bench/images.py --labhost build/labhost
	if nvidia-smi > /dev/null 2>&1; then $(python) tests/bench/gpu.py --labhost build/labhost --experiment experiments/q4.toml; fi

gpu-check:  ## on a machine with a GPU: builds, tests, trains q4 against the CPU, times it against every peer; goes on where it stopped
	python3 tests/gpu/check.py --torch "$(TORCH)" --build build --out docs/results

chaos: build-tests data  ## sweeps under 300 kills at random instants, against one that nothing disturbs
	LABHOST_CHAOS_KILLS=300 build/integration_tests --gtest_filter='Chaos.*'

asan: data  ## the tests under AddressSanitizer and UndefinedBehaviorSanitizer
	$(call build,asan,build-asan,all tests)
	ctest --preset asan

export CLANG := $(shell setup/packages.sh clang)
tidy: deps  ## clang-tidy and -Wall -Wextra -Wconversion, warnings as errors
	@setup/packages.sh tidy
	$(call build,tidy,build-tidy,all tests)

format:  ## clang-format on all C++, in place
	@setup/packages.sh format
	@tests/house/format.py --fix

fuzz: deps  ## the readers of experiments, data, state_dicts and records under libFuzzer, FUZZ_SECONDS (60) each
	@setup/packages.sh fuzz
	$(call build,fuzz,build-fuzz,fuzz)
	tests/fuzz/fuzz.sh build-fuzz $(FUZZ_SECONDS)

mutate: test-deps  ## how many of MUTANTS (40) changes of FILE=host/... its tests find; docs/mutation.md
	@setup/configure.sh release build $(CMAKE_FLAGS)
	@setup/packages.sh pip && setup/mutator.sh build
	build/venv-mutate/bin/python3 tests/mutate/mutate.py --build build --file "$(FILE)" --mutants $(MUTANTS)

debug: deps  ## build-debug/
	$(call build,debug,build-debug,all tests)

# Whether it can be built is said before anything is installed.
deps:
	@kind=$$(setup/torch.sh check "$(TORCH)" build) && \
	  setup/packages.sh build $$(case $$kind in debian|pip) echo $$kind;; esac) && \
	  setup/torch.sh provide "$(TORCH)" build

test-deps: deps
	@setup/packages.sh test
	@. build/torch.env && [ "$$LABHOST_TORCH" != /usr ] || setup/packages.sh debian-test scipy

bench-deps: test-deps
	@setup/packages.sh bench

help:  ## this text
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 13
	@echo; echo 'TORCH=auto | debian | pip | PYTHON | FOLDER says which LibTorch; auto: pip'\''s where nvidia-smi lists a GPU, else Debian'\''s.'

clean:  ## remove the build folders, but for pip's torch in build/venv
	rm -rf build-debug build-asan build-tidy build-fuzz
	@[ ! -d build ] || find build -mindepth 1 -maxdepth 1 ! -name venv -exec rm -rf {} +
