"""The C library for every target: `libfaceiot.a` with its header, ready to be added to a firmware.

`python3 tests/tools/firmware.py [TARGET ...]` builds what is missing, prints what each part costs, and
installs into `dist/c/<target>/`. `--print TARGET` prints the folder in the cache instead. Other scripts call
`package(target)`.

Rust's `core` is compiled for the target, so that `panic=immediate-abort` reaches it too; that needs its
sources: Debian's `rust-web-src`, or `rustup component add rust-src`. What comes out is linked into one object
whose only global symbols are `faceiot_*`: two Rust libraries can meet in one firmware.
"""

from __future__ import annotations

import argparse
import functools
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import place
from stage import fail

CAPI = place.ROOT / "src/capi"
HEADER = CAPI / "include/faceiot.h"
PACKAGE = CAPI / "package"
OUT = place.ROOT / "dist/c"

# What the linked library may want from the outside.
WANTED = ("memcmp", "memcpy", "memmove", "memset")
# While linking, the four have names that nobody defines: Rust's own library brings its own otherwise.
HIDDEN = "faceiot_outside_"
# The object with the sizes of its functions' stacks, which the linker of a firmware would stumble over.
MEASURED = "measured.o"
# Bitcode, which confuses other versions of LLVM, and tables for unwinding: nothing here unwinds.
USELESS = (".llvmbc", ".llvmcmd", ".ARM.exidx*", ".rel.ARM.exidx*", ".eh_frame", ".rela.eh_frame")


@dataclass(frozen=True)
class Target:
    """One kind of processor."""

    triple: str
    what: str
    tools: str  # prefix of its binutils
    emulation: str = ""  # what the linker calls its files
    libraries: tuple[str, ...] = ()  # of the system, that the linked library wants

    @property
    def bare(self) -> bool:
        """Whether there is no operating system."""
        return not self.libraries


ARM, RISCV = ("arm-none-eabi-", "armelf"), ("riscv64-unknown-elf-", "elf32lriscv")
TARGETS = {
    target.triple: target
    for target in (
        Target("thumbv6m-none-eabi", "Cortex-M0, M0+", *ARM),
        Target("thumbv7m-none-eabi", "Cortex-M3", *ARM),
        Target("thumbv7em-none-eabi", "Cortex-M4, M7 without FPU registers in calls", *ARM),
        Target("thumbv7em-none-eabihf", "Cortex-M4F, M7F", *ARM),
        Target("thumbv8m.main-none-eabi", "Cortex-M33 (nRF91)", *ARM),
        Target("armv7a-none-eabi", "Cortex-A of modems, bare metal", *ARM),
        Target("riscv32imc-unknown-none-elf", "RISC-V 32 (ESP32-C3)", *RISCV),
    )
}


@dataclass(frozen=True)
class Flavour:
    """How it is compiled; the default is what is shipped."""

    opt_level: str = "z"
    lto: str = "fat"
    immediate_abort: bool = True
    compact_sha2: bool = True
    terse: bool = True

    def rustflags(self) -> str:
        """Flags for the compiler."""
        flags = ["-Zemit-stack-sizes", '--cfg sha2_backend="soft"']
        if self.immediate_abort:
            flags.append("-Zunstable-options -Cpanic=immediate-abort")
        if self.compact_sha2:
            flags.append('--cfg sha2_backend_soft="compact"')
        if self.terse:
            flags.append("--cfg faceiot_terse")
        return " ".join(flags)

    def environment(self) -> dict[str, str]:
        """Settings of the profile."""
        return {
            "CARGO_PROFILE_FIRMWARE_OPT_LEVEL": self.opt_level,
            "CARGO_PROFILE_FIRMWARE_LTO": self.lto,
            "RUSTFLAGS": self.rustflags(),
        }


SHIPPED = Flavour()


@dataclass(frozen=True)
class Entry:
    """What a size is told of: functions that a firmware calls together."""

    name: str
    functions: tuple[str, ...] = field(default=())


ENTRIES = (
    Entry("Aliyun login, SHA-256, and hex encoder", ("faceiot_aliyun_login_sha256", "faceiot_hex_next")),
    Entry("Aliyun login, SHA-256", ("faceiot_aliyun_login_sha256",)),
    Entry("Aliyun login, any method", ("faceiot_aliyun_login",)),
    Entry("Huawei login", ("faceiot_huawei_login",)),
    Entry("HMAC-SHA256", ("faceiot_hmac_sha256",)),
    Entry("hex encoder", ("faceiot_hex_next",)),
    Entry("v2 encoder", ("faceiot_v2_next",)),
    Entry("v2 assembler", ("faceiot_v2_assembler_init", "faceiot_v2_push")),
    Entry("command taken apart", ("faceiot_command",)),
)


@functools.cache
def host() -> Target:
    """This computer: with Rust's library, so that a panic becomes a status and SIMD is found at run time."""
    triple = re.search(r"^host: (.*)$", place.toolchain(), re.MULTILINE)[1]
    return Target(triple, "this computer", "", libraries=("gcc_s", "pthread", "dl", "m", "c"))


def target_of(name: str) -> Target:
    """The target of this name; `host` is this computer."""
    if name in ("host", host().triple):
        return host()
    if name not in TARGETS:
        fail(f"there is no target `{name}`; there are: host {' '.join(TARGETS)}")
    return TARGETS[name]


def functions() -> list[str]:
    """The functions that the header declares."""
    code = re.sub(r"/\*.*?\*/", "", HEADER.read_text(encoding="utf-8"), flags=re.DOTALL)
    return sorted(set(re.findall(r"\b(faceiot_\w+)\(", code)))


def version() -> str:
    """The version that the header tells."""
    text = HEADER.read_text(encoding="utf-8")
    return ".".join(
        re.search(rf"#define FACEIOT_VERSION_{part} (\d+)", text)[1] for part in ("MAJOR", "MINOR", "PATCH")
    )


def package(name: str) -> Path:
    """The folder with `lib` and `include` for a target, from the cache or built now."""
    return packages([target_of(name)])[0]


def packages(targets: Iterable[Target], flavour: Flavour = SHIPPED) -> list[Path]:
    """The same for several targets, two at a time: compiling `core` keeps one processor busy."""
    wanted = list(targets)
    kept = store()
    key = place.key(repr(flavour), *inputs())
    folders = [kept / f"{target.triple}-{key}" for target in wanted]
    missing = [
        (target, folder) for target, folder in zip(wanted, folders, strict=True) if not folder.is_dir()
    ]
    if missing:
        print(
            f"compiling for {' '.join(target.triple for target, _ in missing)}", file=sys.stderr, flush=True
        )
        with ThreadPoolExecutor(max_workers=2) as pool:
            archives = pool.map(lambda job: compile_one(job[0], flavour), missing)
            built = list(zip(missing, archives, strict=True))
        if key != place.key(repr(flavour), *inputs()):
            fail("the sources changed while they were compiled: run it again")
        for (target, folder), archive in built:
            install(target, archive, folder)
    os.utime(kept)
    return folders


def store() -> Path:
    """Where built libraries are kept; `make test` forgets the folder when nobody used it for two weeks."""
    folder = place.cache() / f"target-firmware-{place.key(toolchain().version)}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def inputs() -> list[bytes]:
    """Everything that the result depends on."""
    files = [place.ROOT / "Cargo.lock", place.ROOT / "Cargo.toml", Path(__file__)]
    for folder in (place.ROOT / "src/core", CAPI):
        files += [file for file in folder.rglob("*") if file.is_file() and "tests" not in file.parts]
    parts = [toolchain().version.encode(), place.toolchain().encode()]
    for file in sorted(set(files)):
        parts += [str(file.relative_to(place.ROOT)).encode(), file.read_bytes()]
    return parts


@dataclass(frozen=True)
class Toolchain:
    """A compiler that has the sources of `core`."""

    rustc: Path
    version: str


@functools.cache
def toolchain() -> Toolchain:
    """The compiler in PATH when it has the sources of `core`, else the system's."""
    for name in (shutil.which("rustc"), "/usr/bin/rustc"):
        if name is None or not Path(name).exists():
            continue
        sysroot = output([name, "--print", "sysroot"]).strip()
        if (Path(sysroot) / "lib/rustlib/src/rust/library/core/Cargo.toml").exists():
            return Toolchain(Path(name), output([name, "-vV"]))
    fail(
        "no Rust compiler with the sources of `core`: on Debian `apt-get install rustc-web cargo-web "
        "rust-web-src libstd-rust-web-dev`, elsewhere `rustup component add rust-src`"
    )
    raise AssertionError


def compile_one(target: Target, flavour: Flavour) -> Path:
    """Lets cargo build an archive; what it leaves stays in the cache, so that the next build is quick."""
    command = ["rustc", "--locked", "--quiet", "-p", "faceiot-capi", "--lib", "--crate-type", "staticlib"]
    if not target.bare:
        command += ["--features", "std", "--release"]
        run(["cargo", *command], cwd=place.ROOT, env=place.environment())
        return place.target() / "release/libfaceiot_capi.a"
    compiler, triple = toolchain(), target.triple
    # A folder each: cargo locks it.
    folder = store() / "build" / f"{triple}-{place.key(repr(flavour))}"
    command += ["--profile", "firmware", "-Zbuild-std=core", "-Zchecksum-freshness", "--target", triple]
    env = {name: value for name, value in os.environ.items() if not name.startswith(("CARGO", "RUST"))}
    env |= flavour.environment()
    env |= {
        "CARGO_TARGET_DIR": str(folder),
        "PATH": f"{compiler.rustc.parent}:{env.get('PATH', '')}",
        "RUSTC": str(compiler.rustc),
        "RUSTC_BOOTSTRAP": "1",  # build-std and immediate-abort are not stable yet
    }
    for name in ("CARGO_HOME", "RUSTUP_HOME"):
        if name in os.environ:
            env[name] = os.environ[name]
    run([compiler.rustc.parent / "cargo", *command], cwd=place.ROOT, env=env)
    return folder / triple / "firmware/libfaceiot_capi.a"


def install(target: Target, archive: Path, folder: Path) -> None:
    """Writes a target's folder, all of it or nothing."""
    with tempfile.TemporaryDirectory(dir=folder.parent) as draft:
        made = Path(draft) / "made"
        (made / "lib").mkdir(parents=True)
        (made / "include").mkdir()
        link(target, archive, made / "lib/libfaceiot.a")
        shutil.copy(HEADER, made / "include")
        describe(made, target.libraries)
        made.chmod(0o755)
        try:
            made.rename(folder)
        except OSError:
            if not folder.is_dir():  # else another run was quicker with the same
                raise


def describe(folder: Path, libraries: tuple[str, ...]) -> None:
    """Writes the files by which pkg-config and CMake find the library."""
    words = {
        "@VERSION@": version(),
        "@MINOR@": version().rsplit(".", 1)[0],
        "@URL@": "https://github.com/faceiot/faceiot",
        "@SYSTEM_FLAGS@": "".join(f" -l{name}" for name in libraries),
        "@SYSTEM_LIBRARIES@": ";".join(libraries),
    }
    for name, place_of in (
        ("faceiot.pc", "lib/pkgconfig"),
        ("faceiotConfig.cmake", "lib/cmake/faceiot"),
        ("faceiotConfigVersion.cmake", "lib/cmake/faceiot"),
    ):
        text = (PACKAGE / f"{name}.in").read_text(encoding="utf-8")
        for word, value in words.items():
            text = text.replace(word, value)
        (folder / place_of).mkdir(parents=True, exist_ok=True)
        (folder / place_of / name).write_text(text, encoding="utf-8")


def link(target: Target, archive: Path, out: Path) -> None:
    """Makes one object of what the header's functions reach, and hides all other names."""
    entries = functions()
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        bare, ours = work / "bare.a", work / "ours.o"
        run([tool(target, "objcopy"), *(f"--remove-section={name}" for name in USELESS), archive, bare])
        member = next(n for n in output([tool(target, "ar"), "t", bare]).split() if "faceiot_capi" in n)
        ours.write_bytes(output_bytes([tool(target, "ar"), "p", bare, member]))
        if target.bare:
            rename(target, ours, {name: HIDDEN + name for name in WANTED}, work)
        keep = [word for entry in entries for word in ("-u", entry)]
        linked = work / "faceiot.o"
        options = ["-r", "--gc-sections", "--force-group-allocation", "-e", entries[0]]
        run([*linker(target), *options, *keep, "-o", linked, ours, bare])
        rename(target, linked, {HIDDEN + name: name for name in WANTED}, work)
        visible = work / "visible"
        visible.write_text("\n".join(entries), encoding="utf-8")
        run(
            [tool(target, "objcopy"), f"--keep-global-symbols={visible}", "--strip-debug",
             "--remove-section=.comment", linked]
        )  # fmt: skip
        check(target, linked)
        shutil.copy(linked, out.parents[1] / MEASURED)
        run(
            [
                tool(target, "objcopy"),
                "--remove-section=.stack_sizes",
                "--remove-section=.rel*.stack_sizes",
                linked,
            ]
        )
        run([tool(target, "ar"), "rcsD", out, linked])


def rename(target: Target, file: Path, names: dict[str, str], work: Path) -> None:
    """Renames symbols in an object."""
    table = work / "names"
    table.write_text("".join(f"{old} {new}\n" for old, new in names.items()), encoding="utf-8")
    run([tool(target, "objcopy"), f"--redefine-syms={table}", file])


def check(target: Target, linked: Path) -> None:
    """The object shows exactly the functions of the header and wants nothing but the four."""
    there, missing = symbols(target, linked)
    if sorted(there) != functions():
        fail(f"{target.triple}: global symbols are {' '.join(sorted(set(there) ^ set(functions())))} off")
    if target.bare and not set(missing) <= set(WANTED):
        fail(f"{target.triple}: the library wants {' '.join(sorted(set(missing) - set(WANTED)))}")


def symbols(target: Target, file: Path) -> tuple[list[str], list[str]]:
    """The global symbols that a file defines, and those that it wants."""
    there, missing = [], []
    for line in output([tool(target, "nm"), "--extern-only", file]).splitlines():
        words = line.split()
        if len(words) >= 2:
            (missing if words[-2] in "Uwv" else there).append(words[-1])
    return there, missing


LAYOUT = """
SECTIONS {
  .text 0x10000 : { *(.text .text.* .rodata .rodata.*) }
  .data : { *(.data .data.*) }
  .bss : { *(.bss .bss.* COMMON) }
}
"""


@dataclass(frozen=True)
class Size:
    """Octets of a linked program."""

    text: int
    data: int
    bss: int


def size(target: Target, library: Path, wanted: Iterable[str], outside: Iterable[str] = WANTED) -> Size:
    """What a firmware that calls these functions gets of the library, the functions of C not counted."""
    with tempfile.TemporaryDirectory() as name:
        out, layout = Path(name) / "out.elf", Path(name) / "layout.ld"
        layout.write_text(LAYOUT, encoding="utf-8")
        keep = [word for function in wanted for word in ("-u", function)]
        stubs = [f"--defsym={function}=0" for function in outside]
        command = [*linker(target), "--gc-sections", "-e", "0x10000", "-T", layout, *stubs, *keep]
        run([*command, "-o", out, library])
        text, data, bss = output([tool(target, "size"), out]).splitlines()[1].split()[:3]
    return Size(int(text), int(data), int(bss))


def table(folders: dict[Target, Path]) -> str:
    """The sizes of all entries on all targets, octets of text; data and bss are checked to be nothing."""
    rows = [["octets of text", *(target.triple.split("-")[0] for target in folders)]]
    for entry in (*ENTRIES, Entry("everything", tuple(functions()))):
        row = [entry.name]
        for target, folder in folders.items():
            found = size(target, folder / "lib/libfaceiot.a", entry.functions)
            if found.data or found.bss:
                fail(
                    f"{target.triple}: `{entry.name}` has {found.data} octets of data and {found.bss} of bss"
                )
            row.append(str(found.text))
        rows.append(row)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if at == 0 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )


def linker(target: Target) -> list[str]:
    """The target's linker, told which of its formats is meant."""
    return [tool(target, "ld"), *(["-m", target.emulation] if target.emulation else [])]


def tool(target: Target, name: str) -> str:
    """A program of the target's binutils."""
    program = shutil.which(target.tools + name)
    if program is None:
        fail(
            f"`{target.tools}{name}` is not installed: `apt-get install binutils-{target.tools.rstrip('-')}`"
        )
    return program or ""


def output(command: list[str | Path]) -> str:
    """What a command prints."""
    return output_bytes(command).decode()


def output_bytes(command: list[str | Path]) -> bytes:
    """What a command prints."""
    return run(command).stdout


def run(command: Iterable[str | Path], **options: object) -> subprocess.CompletedProcess[bytes]:
    """Runs a command; its messages are shown when it fails, and the program ends."""
    words = [str(word) for word in command]
    done = subprocess.run(
        words, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=1800, **options
    )
    if done.returncode != 0:
        sys.stderr.buffer.write(done.stdout[-4000:] + done.stderr[-8000:])
        fail(f"`{' '.join(words[:3])} ...` ended with status {done.returncode}")
    return done


def main() -> int:
    """Builds, prints, installs."""
    parser = argparse.ArgumentParser(
        description="Builds the C library for microcontrollers and prints what it costs."
    )
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of host {' '.join(TARGETS)}")
    parser.add_argument(
        "--print", action="store_true", help="print the folders in the cache, install nothing"
    )
    parser.add_argument("--sizes", action="store_true", help="print the sizes, install nothing")
    given = parser.parse_args()
    targets = [target_of(name) for name in given.targets] or [host(), *TARGETS.values()]
    folders = dict(zip(targets, packages(targets), strict=True))
    if given.print:
        print("\n".join(str(folder) for folder in folders.values()))
        return 0
    for target, folder in [] if given.sizes else folders.items():
        out = OUT / target.triple
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(folder, out, ignore=shutil.ignore_patterns(MEASURED))
        print(f"{out.relative_to(place.ROOT)}  {target.what}")
    bare = {target: folder for target, folder in folders.items() if target.bare}
    if bare:
        print(f"\n{table(bare)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
