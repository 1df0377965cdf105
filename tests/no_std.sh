#!/bin/sh
# Builds faceiot-core, with every crate it depends on, against a library folder that holds `core` and nothing else:
# no `std`, no `alloc`. A crate anywhere below that asks for either fails to compile here, whatever its features say.
# Usage: tests/no_std.sh   (seconds; honours CARGO_TARGET_DIR)
set -eu
cd "$(dirname "$0")/.."

target=${CARGO_TARGET_DIR:-target}/no_std
host=$(rustc -vV | sed -n 's/^host: //p')
libraries=$(rustc --print sysroot)/lib/rustlib/$host/lib
rm -rf "$target/sysroot"
mkdir -p "$target/sysroot/lib/rustlib/$host/lib"
for library in libcore libcompiler_builtins; do
    cp "$libraries/$library"-*.r* "$target/sysroot/lib/rustlib/$host/lib/"
done

# First the proof that the folder proves something: a crate that uses std must not compile in it.
mkdir -p "$target/probe"
printf 'pub fn text() -> String { String::new() }\n' >"$target/probe/std.rs"
printf '#![no_std]\nextern crate alloc;\n' >"$target/probe/alloc.rs"
printf '#![no_std]\npub fn one() -> u8 { 1 }\n' >"$target/probe/core.rs"
for probe in std alloc core; do
    if rustc --edition 2024 --crate-type rlib --sysroot "$target/sysroot" -o "$target/probe/$probe.rlib" \
        "$target/probe/$probe.rs" 2>"$target/probe/$probe.log"; then built=yes; else built=no; fi
    case $probe-$built in
        std-no | alloc-no | core-yes) ;;
        *) echo "no_std: the probe \`$probe\` gave $built; the library folder is not what it should be" >&2
           cat "$target/probe/$probe.log" >&2
           exit 1 ;;
    esac
done

# Build scripts and macros run on the host with its whole library; only what is built for the target gets the private
# one. A target named explicitly keeps the two apart, and RUSTFLAGS reach the target alone.
CARGO_TARGET_DIR=$target RUSTFLAGS="--sysroot $(cd "$target" && pwd)/sysroot -C panic=abort" \
    cargo build --quiet --locked --package faceiot-core --no-default-features --target "$host"
echo "no_std: faceiot-core and its $(cargo tree --locked --package faceiot-core --edges normal --prefix none --no-dedupe |
    sort -u | grep -vc '^faceiot-core') dependencies build without std and without alloc"
