#!/usr/bin/env bash
# Which LibTorch labhost is built with: TORCH=auto | debian | pip | PYTHON | FOLDER.
#
#   setup/torch.sh check TORCH BUILD      says which kind it is (debian, pip, python, folder), or why it cannot be; changes nothing
#   setup/torch.sh provide TORCH BUILD    once packages are there: fetches pip's into BUILD/venv, and writes BUILD/torch.env:
#     LABHOST_TORCH    LibTorch's folder, for CMake
#     LABHOST_PYTHON   the Python of it, for tests and benchmarks; empty if it has none
#     LABHOST_TORCH_IS, LABHOST_TORCH_CHOICE    what it is, so that another one is noticed, and what was asked for
set -euo pipefail

# What pip fetches. All that labhost is tried with: docs/compatibility.md.
pip_torch=${PIP_TORCH:-torch>=2.11,<2.15}

do=$1 choice=$2 build=$3
fail() { echo "labhost: TORCH=$choice: $*" >&2; exit 1; }

gpus() { { timeout 20 nvidia-smi -L 2> /dev/null || true; } | grep '^GPU ' || true; }
# Not by `grep -q`, which ends before apt-cache does: with pipefail that says no.
candidate() { [[ $(LC_ALL=C apt-cache policy "$1" 2> /dev/null) == *'Candidate: '[0-9]* ]]; }

# Of a Python: version, folder and C++ ABI of its torch.
ask='
import sys
try:
    import torch
except ImportError as missing:
    sys.exit(f"{sys.executable} has no torch ({missing})")
print(torch.__version__, int(torch._C._GLIBCXX_USE_CXX11_ABI), torch.__path__[0], sep="\n")'

# The Python of a venv that is named, of a path or of a command; empty if the choice is none.
python_of() {
  if [ -x "$1/bin/python3" ]; then realpath -s "$1/bin/python3"
  elif [ -f "$1" ] && [ -x "$1" ]; then realpath -s "$1"
  elif [ ! -d "$1" ]; then command -v -- "$1" || true; fi
}

# The folder of an unpacked LibTorch, or of pip's torch.
folder_of() {
  for folder in "$1" "$1/libtorch" "$1/torch"; do
    if [ -e "$folder/include/torch/csrc/api/include/torch/version.h" ]; then realpath "$folder"; return; fi
  done
}

# The libtorch_cpu.so of a LibTorch's folder.
library_of() {
  for library in "$1"/lib/libtorch_cpu.so "$1"/lib64/libtorch_cpu.so "$1"/lib/*/libtorch_cpu.so; do
    if [ -e "$library" ]; then echo "$library"; return; fi
  done
}

kind_of() {
  case $choice in
    auto)
      if [ -n "$(gpus)" ]; then
        echo "labhost: LibTorch is pip's, for $(gpus | head -1 | sed 's/^GPU [0-9]*: //; s/ (UUID.*//'); TORCH=debian would take Debian's, without GPU" >&2
        echo pip
      elif command -v apt-get > /dev/null && { [ -e /usr/include/torch/csrc/api/include/torch/version.h ] || no_lists || candidate libtorch-dev; }; then
        echo debian
      else
        echo pip
      fi ;;
    debian|pip) echo "$choice" ;;
    "") fail "give auto, debian, pip, a Python that has torch, or the folder of a LibTorch" ;;
    *)
      if [ -n "$(folder_of "$choice")" ]; then echo folder
      elif [ -n "$(python_of "$choice")" ]; then is_of_debian "$(python_of "$choice")" && echo debian || echo python
      else
        fail "this is no Python in PATH, and no folder that holds a LibTorch (include/torch/csrc/api/include/torch/version.h);" \
          "give auto, debian, pip, a Python that has torch, or the folder of a LibTorch"
      fi ;;
  esac
}

# Where a Python has its torch, without importing it, which takes seconds.
torch_of() {
  "$1" -c 'import importlib.util; print(importlib.util.find_spec("torch").submodule_search_locations[0])' 2> /dev/null
}

# python3-torch is Debian's LibTorch with Python's part of it.
is_of_debian() { [ "$(torch_of "$1")" = /usr/lib/python3/dist-packages/torch ]; }

# Before the first apt-get update of a bare system nothing is known of any package.
no_lists() { ! ls /var/lib/apt/lists/*_Packages* > /dev/null 2>&1; }

check_debian() {
  command -v apt-get > /dev/null || fail "Debian's LibTorch is a package of Debian's; here take TORCH=pip, or TORCH=FOLDER of an unpacked LibTorch"
  [ -e /usr/include/torch/csrc/api/include/torch/version.h ] || no_lists || candidate libtorch-dev ||
    fail "this distribution has no package libtorch-dev; take TORCH=pip, or TORCH=FOLDER of an unpacked LibTorch"
}

check_python() {
  local python said folder
  python=$(python_of "$choice")
  said=$("$python" -c "$ask" 2>&1) || fail "$(tail -1 <<< "$said"); install it there (pip install torch), or take TORCH=pip"
  check_abi "$(sed -n 2p <<< "$said")" "$(sed -n 1p <<< "$said")"
  folder=$(sed -n 3p <<< "$said")
  [ -e "$folder/include/torch/csrc/api/include/torch/version.h" ] && [ -n "$(library_of "$folder")" ] ||
    fail "the torch in $folder has no headers or no libtorch_cpu.so, so that nothing can be built with it; take one of pip's wheels"
}

check_abi() {
  [ "$1" = 1 ] || fail "torch $2 was built with the C++ strings of before 2015 (_GLIBCXX_USE_CXX11_ABI=0), with which no other library" \
    "links; take torch 2.7 or later, or LibTorch's archive named cxx11-abi"
}

check_folder() {
  local folder
  folder=$(folder_of "$choice")
  [ -n "$(library_of "$folder")" ] || fail "$folder has LibTorch's headers, but no libtorch_cpu.so in its lib"
  ! grep -qs '_GLIBCXX_USE_CXX11_ABI=0' "$folder/share/cmake/Torch/TorchConfig.cmake" || check_abi 0 "in $folder"
}

check_pip() {
  case $(uname -m) in
    x86_64|aarch64) ;;
    *) fail "pip has no torch for $(uname -m); take TORCH=FOLDER of a LibTorch that you have built" ;;
  esac
  ! venv_is_whole || return 0
  if ! command -v apt-get > /dev/null && [ -z "$(venv_python)" ]; then
    fail "no Python from 3.10 on with venv is here; install one, or take TORCH=PYTHON or TORCH=FOLDER"
  fi
  [ "$(free_gib)" -ge 9 ] || [ -n "${PIP_INDEX_URL:-}" ] || fail "pip's torch and its CUDA take 6 GB in $build/venv and 3 GB more while they are" \
    "unpacked; $(free_gib) GB are free there. Make room, or take TORCH=debian, or TORCH=PYTHON of a Python that has torch"
  echo "labhost: pip's torch ($pip_torch) comes into $build/venv; if that is the CUDA build, about 3 GB are fetched and 6 GB unpacked." \
    "Otherwise: TORCH=debian (CPU only), TORCH=PYTHON or TORCH=FOLDER, or PIP_INDEX_URL=INDEX with an index of CPU wheels" >&2
  local driver
  driver=$({ timeout 20 nvidia-smi 2> /dev/null || true; } | sed -n 's/.*CUDA Version: *\([0-9]*\).*/\1/p')
  if [ -n "$driver" ] && [ "$driver" -lt 13 ] && [ -z "${PIP_TORCH:-}" ]; then
    echo "labhost: the NVIDIA driver here can do CUDA $driver, and pip's newest torch needs 13, or will not see the GPU: update the driver, or name an" \
      "older torch: PIP_TORCH='torch==2.9.*'" >&2
  fi
  if python3 -c 'import torch' 2> /dev/null; then
    echo "labhost: this machine's python3 has torch $(python3 -c 'import torch; print(torch.__version__)') already: TORCH=python3 takes that" >&2
  fi
  [ ! -t 0 ] || sleep 5  # for a Ctrl-C
}

# In the build folder's file system.
free_gib() {
  local folder=$build
  while [ ! -d "$folder" ]; do folder=$(dirname "$folder"); done
  echo $(($(df -Pk "$folder" | awk 'NR == 2 {print $4}') / 1048576))
}

# Debian's own first: another one, of pyenv or conda, may have been built without what wheels need.
venv_python() {
  for python in /usr/bin/python3 python3; do
    if "$python" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 10))' 2> /dev/null; then echo "$python"; return; fi
  done
}

venv_is_whole() { [ "$(cat "$build/venv/labhost-torch" 2> /dev/null)" = "$pip_torch" ]; }

make_venv() {
  local python venv=$build/venv cuda quiet=-q
  ! venv_is_whole || return 0
  [ ! -t 1 ] || quiet=
  # pip's cache keeps the 3 GB that were fetched, usually in the same file system.
  [ "$(free_gib)" -ge 12 ] || export PIP_NO_CACHE_DIR=1
  python=$(venv_python)
  [ -n "$python" ] || fail "no Python from 3.10 on with venv is here"
  rm -rf "$venv"
  "$python" -m venv "$venv"
  echo "fetching $pip_torch"
  "$venv/bin/pip" install $quiet "$pip_torch"
  # For tests; an index of torch's may not have them. Pillow 13 resizes in another order (host/data/images/resize.hpp).
  env -u PIP_INDEX_URL "$venv/bin/pip" install -q numpy scipy scikit-learn "pillow<13"
  # CUDA's headers come with torch, but for a few that NVIDIA keeps in a wheel of the compiler's.
  cuda=$("$venv/bin/python3" -c 'import torch; print(torch.version.cuda or "")')
  case $cuda in
    "") ;;
    12.*) env -u PIP_INDEX_URL "$venv/bin/pip" install -q "nvidia-cuda-nvcc-cu12==$cuda.*" ;;
    *) env -u PIP_INDEX_URL "$venv/bin/pip" install -q "nvidia-cuda-crt==$cuda.*" ;;
  esac
  echo "$pip_torch" > "$venv/labhost-torch"  # last: it is whole
}

# For any shell.
quoted() { echo "'${1//\'/\'\\\'\'}'"; }

provide() {
  local folder python='' version=''
  case $kind in
    debian)
      folder=/usr
      [ ! -x /usr/bin/python3 ] || python=/usr/bin/python3
      version=$(dpkg-query -W -f '${Version}' libtorch-dev 2> /dev/null || true) ;;
    pip) make_venv; python=$(realpath -s "$build/venv/bin/python3") ;;
    python) python=$(python_of "$choice") ;;
    folder) folder=$(folder_of "$choice") ;;
  esac
  if [ -n "$python" ] && [ "$kind" != debian ]; then
    folder=$(torch_of "$python")
    version=$(sed -n "s/^__version__ = '\(.*\)'/\1/p" "$folder/version.py")
  fi
  # Its file, too: another version may come into the same folder.
  version="$version $folder $(stat -Lc '%i %s %Y' "$(library_of "$folder")")"
  mkdir -p "$build"
  {
    echo "LABHOST_TORCH=$(quoted "$folder")"
    echo "LABHOST_PYTHON=$(quoted "$python")"
    echo "LABHOST_TORCH_IS=$(quoted "$kind: $version")"
    echo "LABHOST_TORCH_CHOICE=$(quoted "$choice")"
  } > "$build/torch.env"
}

kind=$(kind_of)
case $do in
  check) "check_$kind" && echo "$kind" ;;
  provide) provide ;;
  *) echo "setup/torch.sh: check or provide, not '$do'" >&2; exit 2 ;;
esac
