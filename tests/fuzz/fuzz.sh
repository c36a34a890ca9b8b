#!/bin/sh
# Runs each fuzzer of BUILD for SECONDS: fuzz.sh BUILD SECONDS [NAME...]
#
# It begins with the corpus here, and with BUILD/corpus/NAME, where new inputs go; what fails goes to BUILD/finds/NAME,
# and `BUILD/NAME_fuzz FILE` runs it again. More than 10 s or 2 GiB fails too. Ends with 1 if anything failed.
set -u
here=$(dirname "$0")
build=$1
seconds=$2
shift 2
[ $# -gt 0 ] || set -- csv experiment idx image npy npz record message pickle state_dict
export LSAN_OPTIONS="suppressions=$here/../sanitizers/lsan.txt:print_suppressions=0"
export ASAN_SYMBOLIZER_PATH=/usr/bin/llvm-symbolizer-16  # the suppression is by name
export UBSAN_OPTIONS=print_stacktrace=1
# A header may promise any size: asking for too much must end in an exception, not in the sanitizer's own stop.
export ASAN_OPTIONS=allocator_may_return_null=1
# In memory where that is possible: files on a disk make it ten times slower.
TMPDIR=$(mktemp -d -p /dev/shm 2> /dev/null || mktemp -d) && export TMPDIR || exit 1
trap 'rm -rf "$TMPDIR"' EXIT
failed=""
for name; do
  mkdir -p "$build/corpus/$name" "$build/finds/$name"
  # Whole call stacks are slow, but LibTorch keeps no frame pointers, and the suppressed leak has its name some frames up.
  [ "$name" != state_dict ] || export ASAN_OPTIONS=$ASAN_OPTIONS:fast_unwind_on_malloc=0:malloc_context_size=8
  dictionary=""
  [ -f "$here/$name.dict" ] && dictionary=-dict=$here/$name.dict
  log=$build/finds/$name/log.txt
  "$build/${name}_fuzz" $dictionary -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=8192 \
    -print_final_stats=1 -artifact_prefix="$build/finds/$name/" "$build/corpus/$name" "$here/corpus/$name" \
    > "$log" 2>&1 || { failed="$failed $name"; tail -n 40 "$log"; }
  printf '%-12s %s executions, %s\n' "$name" "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")" \
    "$(sed -n 's/.*\(cov: [0-9]*\).*/\1/p' "$log" | tail -n 1)"
done
[ -z "$failed" ] || { echo "failed:$failed; logs and inputs lie in $build/finds" >&2; exit 1; }
