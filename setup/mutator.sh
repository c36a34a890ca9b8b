#!/usr/bin/env bash
# Fetches universalmutator, for `make mutate`, into a venv of its own.
#
#   setup/mutator.sh BUILD      into BUILD/venv-mutate
set -euo pipefail
wanted=universalmutator==1.14.1
venv=$1/venv-mutate
[ "$(cat "$venv/labhost-mutator" 2> /dev/null)" != "$wanted" ] || exit 0
echo "fetching $wanted"
rm -rf "$venv"
/usr/bin/python3 -m venv "$venv"
"$venv/bin/pip" install -q --no-deps "$wanted"  # what it asks for serves other languages
echo "$wanted" > "$venv/labhost-mutator"  # last: it is whole
