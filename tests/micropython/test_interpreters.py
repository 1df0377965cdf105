"""The vectors, and the native module beside the pure package, on every other interpreter: each way to load `_faceiot`, a
Cortex-M3, WebAssembly. What is missing is built or fetched; when that fails, so do the tests."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from interpreters import on_board, on_wasm, printed_by
from test_vectors import Case, aliyun_logins, hex_photos, huawei_logins, registrations, run_cases, v2_photos

from conftest import DEVICE, PORT, ROOT, Run, tool

sys.path.insert(0, str(ROOT / "tests" / "tools"))

import micropython_builds as builds  # noqa: E402


def unix(program: str | Path, *path: Path, options: Sequence[str] = ()) -> Run:
    """Runs scripts in an interpreter for this computer."""

    def run(script: str, *args: str, cwd: Path) -> str:
        found = ":".join(map(str, [*path, PORT, ".frozen"]))
        return printed_by([program, *options, DEVICE / script, *args], cwd=cwd, MICROPYPATH=found)

    return run


def board(native: str, module: Path | None = None) -> Run:
    """Runs scripts on the Cortex-M3, which has the package in its firmware."""

    def run(script: str, *args: str, cwd: Path) -> str:
        return on_board(builds.board(), DEVICE / script, *args, cwd=cwd, native=native, module=module)

    return run


def wasm() -> Run:
    """Runs scripts in WebAssembly."""

    def run(script: str, *args: str, cwd: Path) -> str:
        return on_wasm(builds.wasm(), PORT / "faceiot", DEVICE / script, *args, cwd=cwd)

    return run


NATIVE = {
    "MicroPython 1.25 with _faceiot inside": lambda: unix(builds.unix()),
    "MicroPython 1.29 with _faceiot as a .mpy": lambda: unix(tool("micropython"), builds.natmod("x64").parent),
    "Cortex-M3 with _faceiot inside": lambda: board("_faceiot"),
    "Cortex-M3 with _faceiot as a .mpy": lambda: board("loaded", builds.natmod("armv7m")),
    "Cortex-M3 with _faceiot as a .mpy for Cortex-M0": lambda: board("loaded", builds.natmod("armv6m")),
}
PURE = {"Cortex-M3, pure": lambda: board(""), "WebAssembly": wasm}


@pytest.fixture(params=[*NATIVE, *PURE])
def check(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[list[Case]], None]:
    """Runs cases; a pure one knows the hashes of its firmware only, and these two have SHA-256: it says so case by case."""
    run = {**NATIVE, **PURE}[request.param]()

    def check(cases: list[Case]) -> None:
        lacking = sum(method_of(case) in ("hmacsha1", "hmacmd5") for case in cases) if request.param in PURE else 0
        printed = run_cases(run, cases, tmp_path)
        said = [f"{lacking} cases need a hash that this firmware lacks"] if lacking else []
        assert printed.splitlines() == [*said, f"{len(cases) - lacking} passed, 0 failed"], printed[:3000]

    return check


@pytest.fixture(params=[*NATIVE])
def native(request: pytest.FixtureRequest) -> Run:
    return NATIVE[request.param]()


def method_of(case: Case) -> str:
    """The sign method of a case."""
    arguments = case["arguments"]
    if case["call"] == "hmac_hex":
        return str(arguments[0])
    return str(arguments.get("method")) if isinstance(arguments, dict) else ""


def test_every_login_and_registration_vector(check: Callable[[list[Case]], None]) -> None:
    check([*aliyun_logins(), *huawei_logins(), *registrations()])


def test_every_chunk_vector(check: Callable[[list[Case]], None], tmp_path: Path) -> None:
    check([*hex_photos(tmp_path), *v2_photos(tmp_path)])


def test_pure_and_native_are_equal_in_results_and_errors(native: Run, tmp_path: Path) -> None:
    printed = native("native.py", cwd=tmp_path)
    passed = re.fullmatch(r"(\d+) passed, 0 failed\n", printed)
    assert passed, printed[:3000]
    assert int(passed[1]) > 150


@pytest.mark.parametrize("inside", [True, False], ids=["inside", "as a .mpy"])
def test_a_login_without_room_leaves_no_password_in_the_heap(inside: bool, tmp_path: Path) -> None:
    small = ["-X", "heapsize=100k"]
    if inside:
        run = unix(builds.unix(), options=small)
    else:
        run = unix(tool("micropython"), builds.natmod("x64").parent, options=small)
    refused = re.fullmatch(r"(\d+) refused, then 1\n", run("full.py", cwd=tmp_path))
    assert refused
    assert int(refused[1]) > 4


def test_the_module_exports_nothing_that_the_package_does_not_use(tmp_path: Path) -> None:
    """...but `hash`, which firmwares with SHA-256 only want beside it."""
    (tmp_path / "names.py").write_text("import _faceiot\nprint(*sorted(n for n in dir(_faceiot) if n[0] != '_'))\n")
    names = unix(builds.unix())(str(tmp_path / "names.py"), cwd=tmp_path).split()
    used = {name for file in (PORT / "faceiot").glob("*.py") for name in re.findall(r"native\.(\w+)", file.read_text())}
    assert used == {name for name in names if name != "hash"}


@pytest.mark.parametrize("architecture", [*builds.NATMODS])
def test_a_loadable_module_is_small_and_says_what_it_is_for(architecture: str) -> None:
    head = builds.natmod(architecture).read_bytes()
    # Byte 2 of a .mpy: the sub-version of its native code in the low 2 bits, above them the architecture (py/persistentcode.h).
    assert (head[:2], head[2] & 3) == (b"M\x06", 3)
    assert head[2] >> 2 == {"x64": 2, "armv6m": 4, "armv7m": 5, "armv7emsp": 7}[architecture]
    assert len(head) < 56 * 1024


ASK = """
    get_target_property(linked usermod INTERFACE_LINK_LIBRARIES)
    foreach(property SOURCES INCLUDE_DIRECTORIES LINK_LIBRARIES)
        get_target_property(value ${linked} INTERFACE_${property})
        message(STATUS "${property} ${value}")
    endforeach()
"""


def cmake(folder: Path, library: Path, more: str = "") -> subprocess.CompletedProcess[str]:
    """The ports that are built with CMake need SDKs that no registry has: their side of the file is played here."""
    begin = ["cmake_minimum_required(VERSION 3.20)", "project(port NONE)", "add_library(usermod INTERFACE)"]
    (folder / "CMakeLists.txt").write_text("\n".join([*begin, f"include({PORT}/usermod/micropython.cmake)", more]))
    command = ["cmake", "-S", str(folder), "-B", str(folder / "build")]
    given = {**os.environ, "FACEIOT": str(library)}  # as make hands it on
    return subprocess.run(command, env=given, capture_output=True, text=True, timeout=60, check=False)


def test_cmake_takes_the_module_and_its_library(tmp_path: Path) -> None:
    library = builds.firmware.package("thumbv7m-none-eabi")
    configured = cmake(tmp_path, library, ASK)
    assert configured.returncode == 0, configured.stderr
    said = configured.stdout.splitlines()
    for line in (
        f"SOURCES {PORT}/usermod/modfaceiot.c",
        f"INCLUDE_DIRECTORIES {library}/include",
        f"LINK_LIBRARIES {library}/lib/libfaceiot.a",
    ):
        assert f"-- {line}" in said


def test_a_build_without_the_library_says_how_to_get_it(tmp_path: Path) -> None:
    make = ["make", "-n", "-C", builds.micropython() / "ports/unix", f"BUILD={tmp_path}", f"USER_C_MODULES={PORT}"]
    port = subprocess.run([*map(str, make), "FACEIOT=/nowhere"], capture_output=True, text=True, timeout=60, check=False)
    for build in (cmake(tmp_path, Path("/nowhere")), port):
        assert build.returncode != 0
        assert "`make firmware` builds one" in " ".join(build.stderr.split())
