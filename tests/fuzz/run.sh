#!/bin/sh
# Builds every fuzz target with the stable toolchain and runs each for SECONDS (default 5); fails on a crash, a time-out
# or a leak and says where the input is. Usage: tests/fuzz/run.sh [SECONDS] [TARGET...]
#
# The flags are those of cargo-fuzz: coverage counters and compared values for libFuzzer. Without a sanitizer: the code
# under test forbids `unsafe`, so what is looked for are panics, wrapped sums and broken promises, which need none.
set -eu
cd "$(dirname "$0")"

seconds=${1:-5}
[ $# -gt 0 ] && shift
targets=${*:-$(sed -n 's/^name = "\(.*\)"/\1/p' Cargo.toml | grep -v '^faceiot-fuzz$')}

CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-../../target}/fuzz
export CARGO_TARGET_DIR
host=$(rustc -vV | sed -n 's/^host: //p')
RUSTFLAGS="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
 -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing" \
    cargo build --quiet --locked --release --target "$host"

for target in $targets; do
    corpus=$CARGO_TARGET_DIR/corpus/$target
    found=$CARGO_TARGET_DIR/found/$target-
    mkdir -p "$corpus" "$(dirname "$found")"
    log=$CARGO_TARGET_DIR/$target.log
    # A committed seed folder, where there is one, is read and never written.
    seeds=
    [ -d "seeds/$target" ] && seeds=seeds/$target
    # shellcheck disable=SC2086 # no seeds means no argument
    if ! "$CARGO_TARGET_DIR/$host/release/$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 \
        -max_len=2048 -print_final_stats=1 -artifact_prefix="$found" "$corpus" $seeds >"$log" 2>&1; then
        tail -n 40 "$log" >&2
        echo "fuzz: $target FAILED; the input is beside $found" >&2
        exit 1
    fi
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    echo "fuzz: $target: $runs runs in $seconds s, nothing found"
done
