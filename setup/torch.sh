#!/usr/bin/env bash
# Which LibTorch labhost is built with: TORCH=auto | debian | pip | PYTHON | FOLDER.
#
#   setup/torch.sh check TORCH BUILD      says which kind it is (debian, pip, python, folder), or why it cannot be; changes nothing
#   setup/torch.sh provide TORCH BUILD    once packages are there: fetches pip's into BUILD/venv, and writes BUILD/torch.env:
#     LABHOST_TORCH    LibTorch's folder, for CMake
#     LABHOST_PYTHON   the Python of it, for tests and benchmarks; empty if it has none
#     LABHOST_TORCH_IS what it is, so that another one is noticed
set -euo pipefail

# What pip fetches. All that labhost is tried with: docs/compatibility.md.
pip_torch=${PIP_TORCH:-torch>=2.11,<2.15}

do=$1 choice=$2 build=$3
fail() { echo "labhost: TORCH=$choice: $*" >&2; exit 1; }

gpus() { { timeout 20 nvidia-smi -L 2> /dev/null || true; } | grep '^GPU ' || true; }
candidate() { LC_ALL=C apt-cache policy "$1" 2> /dev/null | grep -q 'Candidate: [0-9]'; }

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
  if [ -x "$1/bin/python3" ]; then echo "$1/bin/python3"
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
      elif [ -n "$(python_of "$choice")" ]; then echo python
      else
        fail "this is no Python in PATH, and no folder that holds a LibTorch (include/torch/csrc/api/include/torch/version.h);" \
          "give auto, debian, pip, a Python that has torch, or the folder of a LibTorch"
      fi ;;
  esac
}

# Before the first apt-get update of a bare system nothing is known of any package.
no_lists() { ! ls /var/lib/apt/lists/*_Packages* > /dev/null 2>&1; }

check_debian() {
  command -v apt-get > /dev/null || fail "Debian's LibTorch is a package of Debian's; here take TORCH=pip, or TORCH=FOLDER of an unpacked LibTorch"
  [ -e /usr/include/torch/csrc/api/include/torch/version.h ] || no_lists || candidate libtorch-dev ||
    fail "this distribution has no package libtorch-dev; take TORCH=pip, or TORCH=FOLDER of an unpacked LibTorch"
}

check_python() {
  local python said
  python=$(python_of "$choice")
  said=$("$python" -c "$ask" 2>&1) || fail "$(tail -1 <<< "$said"); install it there (pip install torch), or take TORCH=pip"
  check_abi "$(sed -n 2p <<< "$said")" "$(sed -n 1p <<< "$said")"
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
  [ ! -x "$build/venv/bin/python3" ] || return 0
  if ! command -v apt-get > /dev/null && [ -z "$(venv_python)" ]; then
    fail "no Python from 3.10 on with venv is here; install one, or take TORCH=PYTHON or TORCH=FOLDER"
  fi
  local free_gib folder=$build
  while [ ! -d "$folder" ]; do folder=$(dirname "$folder"); done
  free_gib=$(($(df -Pk "$folder" | awk 'NR == 2 {print $4}') / 1048576))
  [ "$free_gib" -ge 12 ] || fail "pip's torch and its CUDA take 6 GB in $build/venv and as much again while they are unpacked; $free_gib GB are" \
    "free there. Make room, or take TORCH=debian, or TORCH=PYTHON of a Python that has torch"
  echo "labhost: pip's torch ($pip_torch) comes into $build/venv; if that is the CUDA build, about 3 GB are fetched and 6 GB unpacked." \
    "Otherwise: TORCH=debian (CPU only), TORCH=PYTHON or TORCH=FOLDER, or PIP_INDEX_URL=INDEX with an index of CPU wheels" >&2
  if python3 -c 'import torch' 2> /dev/null; then
    echo "labhost: this machine's python3 has torch $(python3 -c 'import torch; print(torch.__version__)') already: TORCH=python3 takes that" >&2
  fi
  [ ! -t 0 ] || sleep 5  # for a Ctrl-C
}

# Debian's own first: another one, of pyenv or conda, may have been built without what wheels need.
venv_python() {
  for python in /usr/bin/python3 python3; do
    if "$python" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 10))' 2> /dev/null; then echo "$python"; return; fi
  done
}

make_venv() {
  local python venv=$build/venv cuda
  if [ "$(cat "$venv/labhost-torch" 2> /dev/null)" = "$pip_torch" ]; then return; fi
  python=$(venv_python)
  [ -n "$python" ] || fail "no Python from 3.10 on with venv is here"
  rm -rf "$venv"
  "$python" -m venv "$venv"
  echo "fetching $pip_torch"
  # numpy and scipy: for tests.
  "$venv/bin/pip" install -q "$pip_torch" numpy scipy
  cuda=$("$venv/bin/python3" -c 'import torch; print(torch.version.cuda or "")')
  # CUDA's headers come with torch, but for a few that NVIDIA keeps in a wheel of the compiler's.
  [ -z "$cuda" ] || "$venv/bin/pip" install -q "nvidia-cuda-crt==$cuda.*"
  echo "$pip_torch" > "$venv/labhost-torch"  # last: it is whole
}

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
    # Without importing it, which takes seconds.
    folder=$("$python" -c 'import importlib.util; print(importlib.util.find_spec("torch").submodule_search_locations[0])')
    version=$(sed -n "s/^__version__ = '\(.*\)'/\1/p" "$folder/version.py")
  fi
  # Its file, too: another version may come into the same folder.
  version="$version $folder $(stat -Lc '%i %s %Y' "$(library_of "$folder")")"
  mkdir -p "$build"
  printf 'LABHOST_TORCH=%q\nLABHOST_PYTHON=%q\nLABHOST_TORCH_IS=%q\n' "$folder" "$python" "$kind: $version" > "$build/torch.env"
}

kind=$(kind_of)
"check_$kind"
case $do in
  check) echo "$kind" ;;
  provide) provide ;;
  *) echo "setup/torch.sh: check or provide, not '$do'" >&2; exit 2 ;;
esac
