#!/usr/bin/env bash
# Configures a build folder, if it is not, or if LibTorch is another one than the last time: then anew, and of what was built
# stays only what does not know LibTorch.
#
#   setup/configure.sh PRESET FOLDER [CMAKE FLAG...]      after setup/torch.sh provide ... build
set -euo pipefail
preset=$1 folder=$2
shift 2
# shellcheck source=/dev/null
. build/torch.env
now=$LABHOST_TORCH_IS
before=$( { . "$folder/configured.env" && echo "$LABHOST_TORCH_IS"; } 2> /dev/null || true)

fresh=()
if [ -f "$folder/build.ninja" ] && [ "$before" != "$now" ]; then
  echo "$folder was built with another LibTorch (${before:-not known}; now $now): what knows LibTorch is built anew"
  rm -f "$folder/configured.env"
  fresh=(--fresh)
elif [ -f "$folder/build.ninja" ] && cmp -s build/torch.env "$folder/configured.env" && [ $# = 0 ]; then
  exit 0
fi
cmake --preset "$preset" "${fresh[@]}" -DLABHOST_TORCH="$LABHOST_TORCH" -DLABHOST_PYTHON="$LABHOST_PYTHON" \
  -DLABHOST_TORCH_FILE="$(sha256sum <<< "$now" | cut -c1-8)" "$@"
cp build/torch.env "$folder/configured.env"
