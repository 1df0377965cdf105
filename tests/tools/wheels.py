"""Wheels for the 64-bit and 32-bit ARM systems of a Raspberry Pi, built here and tried under qemu-user.

Debian's compiler builds Rust's standard library for the target from Debian's sources; zig is the C compiler
and linker, because it knows the symbols of old versions of glibc; Debian's own Python of that architecture,
unpacked into the cache, imports the wheel and uses it.
"""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import place
import results
import system
from python_stages import only_wheel
from stage import Context, Stage, StageError

REQUIREMENTS = place.ROOT / "tests/tools/requirements-wheels.txt"
TESTS = place.ROOT / "tests/wheels"
PYTHON_PACKAGES = ("python3-minimal", "libpython3-stdlib", "python3.11", "python3-numpy", "python3-pytest")


@dataclass(frozen=True)
class Board:
    """One architecture, by the names that everyone gives to it."""

    name: str  # in the wheel's file name
    rust: str
    debian: str
    multiarch: str
    emulator: str
    processor: str = ""  # for zig, where its choice lacks what libjpeg-turbo needs


BOARDS = (
    Board("aarch64", "aarch64-unknown-linux-gnu", "arm64", "aarch64-linux-gnu", "qemu-aarch64-static"),
    Board(
        "armv7l",
        "armv7-unknown-linux-gnueabihf",
        "armhf",
        "arm-linux-gnueabihf",
        "qemu-arm-static",
        "generic+v7a+vfp3+d32+thumb2+neon",  # every Pi from the Pi 2 on has NEON
    ),
)


def stages(board: Board) -> list[Stage]:
    """What `make wheel-<name>` runs after the third-party notices were checked."""
    return [
        Stage("cross-packages", lambda context: system.install(context, system.CROSS_WHEELS), lane="side"),
        Stage("cross-tools", tools, lane="side"),
        Stage(f"python-{board.name}", lambda context: python(context, board), lane="side"),
        Stage(
            f"wheel-{board.name}",
            lambda context: build(context, board),
            needs=("cross-packages", "cross-tools", "notices"),
            limit=3600,
        ),
        Stage(
            f"try-{board.name}",
            lambda context: attempt(context, board),
            needs=(f"wheel-{board.name}", f"python-{board.name}"),
        ),
    ]


def tools_folder() -> Path:
    """The environment with maturin and zig."""
    return place.cache() / f"tools-{place.key('wheels', REQUIREMENTS.read_bytes())}"


def tools(context: Context) -> None:
    """maturin, zig and what joins them, at pinned versions, installed once."""
    folder = tools_folder()
    if (folder / "complete").exists():
        context.note(f"there already: {folder}")
        return
    context.run([sys.executable, "-m", "venv", "--clear", folder])
    context.run([folder / "bin/python", "-m", "pip", "install", "-q", "--no-input", "-r", REQUIREMENTS])
    (folder / "complete").touch()


def build(context: Context, board: Board) -> None:
    """Builds the wheel into dist/<name>; only symbols of glibc 2.17 are asked for (manylinux2014)."""
    out = place.ROOT / "dist" / board.name
    shutil.rmtree(out, ignore_errors=True)
    programs = tools_folder() / "bin"
    compiler = {
        # Debian's compiler and sources belong together; RUSTC_BOOTSTRAP lets a stable one build the library.
        "PATH": f"{programs}:/usr/bin:/bin",
        "RUSTC": "/usr/bin/rustc",
        "RUSTDOC": "/usr/bin/rustdoc",
        "RUSTC_BOOTSTRAP": "1",
        "CARGO_UNSTABLE_BUILD_STD": "std,panic_unwind",
        "CARGO_TARGET_DIR": str(place.cache() / f"target-{place.key(board.rust, lock())}"),
        "PYO3_CROSS_PYTHON_VERSION": "3.11",
    }
    if board.processor:
        compiler[f"CFLAGS_{board.rust.replace('-', '_')}"] = f"-mcpu={board.processor}"
    options = ["--release", "--locked", "--target", board.rust, "--zig", "--compatibility", "manylinux2014"]
    context.run(
        ["env", "-u", "RUSTUP_TOOLCHAIN", programs / "maturin", "build", *options, "--out", out],
        cwd=place.ROOT,
        env=compiler,
    )
    wheel = only_wheel(out)
    tags = f"cp311-abi3-manylinux2014_{board.name}.manylinux_2_17_{board.name}"
    if not wheel.name.endswith(f"-{tags}.whl"):
        raise StageError(f"{wheel.name} does not end with {tags}")
    print(f"{wheel}  {wheel.stat().st_size / 1e6:.1f} MB")


def lock() -> bytes:
    """What the target folder is keyed by."""
    return (place.ROOT / "Cargo.lock").read_bytes()


def python_folder(board: Board) -> Path:
    """Where Debian's Python of that architecture is unpacked."""
    return place.cache() / f"tools-{place.key(board.debian, *PYTHON_PACKAGES)}"


def python(context: Context, board: Board) -> None:
    """Debian's Python of that architecture, fetched by an apt of its own, the system untouched."""
    folder = python_folder(board)
    if (folder / "complete").exists():
        context.note(f"there already: {folder}")
        return
    shutil.rmtree(folder, ignore_errors=True)
    apt, root = folder / "apt", folder / "root"
    for name in ("etc", "var/lib/dpkg", "var/lib/apt/lists/partial", "var/cache/apt/archives/partial"):
        (apt / name).mkdir(parents=True)
    (apt / "var/lib/dpkg/status").touch()
    codename, address = system.debian()
    keys = "/usr/share/keyrings/debian-archive-keyring.gpg"
    (apt / "etc/sources.list").write_text(f"deb [signed-by={keys}] {address} {codename} main\n")
    settings = apt / "apt.conf"
    settings.write_text(
        f'Dir "{apt}"; Dir::Etc "{apt}/etc"; Dir::State::status "{apt}/var/lib/dpkg/status";\n'
        f'APT::Architecture "{board.debian}"; APT::Architectures {{ "{board.debian}"; }};\n'
        'APT::Sandbox::User "root"; APT::Install-Recommends "false"; Acquire::Languages "none";\n'
        'Acquire::Retries "3";\n'
    )
    own = {"APT_CONFIG": str(settings), "DEBIAN_FRONTEND": "noninteractive"}
    context.run(["apt-get", "-q", "update"], env=own)
    context.run(["apt-get", "-q", "-y", "-d", "install", *PYTHON_PACKAGES], env=own)
    for name in ("lib", "bin", "sbin"):
        (root / "usr" / name).mkdir(parents=True)
        (root / name).symlink_to(f"usr/{name}")
    for package in sorted((apt / "var/cache/apt/archives").glob("*.deb")):
        context.run(["dpkg-deb", "-x", package, root])
    shutil.rmtree(apt / "var/cache")
    (folder / "complete").touch()


def attempt(context: Context, board: Board) -> None:
    """Installs the wheel for that architecture and runs tests/wheels in the emulated Python."""
    root = python_folder(board) / "root"
    site = context.directory / f"site-{board.name}"
    context.run(
        [
            *(tools_folder() / "bin/python", "-m", "pip", "install", "-q", "--no-input", "--no-deps"),
            *("--only-binary=:all:", "--python-version=3.11", "--implementation=cp", "--abi=abi3"),
            *(f"--platform=manylinux2014_{board.name}", "--target", site),
            only_wheel(place.ROOT / "dist" / board.name),
        ]
    )
    libraries = root / "usr/lib" / board.multiarch
    report = context.directory / f"wheel-{board.name}.xml"
    given = {
        "LD_LIBRARY_PATH": os.pathsep.join(str(libraries / name) for name in ("", "blas", "lapack")),
        "PYTHONHOME": str(root / "usr"),
        "PYTHONPATH": os.pathsep.join([str(site), str(root / "usr/lib/python3/dist-packages")]),
        "FACEIOT_MACHINE": board.name,
    }
    inside = [word for name, value in given.items() for word in ("-E", f"{name}={value}")]
    pytest = [
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "-c",
        os.devnull,
        f"--rootdir={TESTS}",
        f"--junitxml={report}",
    ]
    status = context.run(
        [board.emulator, "-L", root, *inside, root / "usr/bin/python3.11", *pytest, TESTS], check=False
    )
    if not report.exists():
        raise StageError(f"pytest ended with status {status} and wrote no report")
    context.count = results.count(results.pytest(report).values())
    if context.count.passed == 0:
        raise StageError("no test ran")
    if status != 0 and context.count.failed == 0:
        raise StageError(f"pytest ended with status {status}")
