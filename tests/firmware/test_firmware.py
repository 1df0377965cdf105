"""What `make firmware` ships: names, sizes, depth of the stack, and how a program finds it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "tests/tools"))

import firmware  # noqa: E402
import stackbound  # noqa: E402

GUIDE = ROOT / "docs/guide/c-library.md"
# Of the example of the documentation.
PASSWORD = "c78e094c27ad0ef1cf5ac14b45d7f3121d9f0e532c81c7886c62ffa9cdbc3b82"  # noqa: S105
STACK_MAX = 1536
HUAWEI_LOGIN_MAX = 5 * 1024


def run(*command: str | Path, **options: Any) -> str:
    done = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        stdin=subprocess.DEVNULL,
        **options,
    )
    assert done.returncode == 0, f"{command}: {done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    return done.stdout


@pytest.fixture(params=firmware.TARGETS)
def target(request: pytest.FixtureRequest) -> firmware.Target:
    return firmware.TARGETS[request.param]


@pytest.fixture(scope="session")
def host() -> Path:
    return firmware.package("host")


def library(target: firmware.Target) -> Path:
    return firmware.package(target.triple) / "lib/libfaceiot.a"


def table(heading: str) -> dict[str, list[int]]:
    """A table of the guide by the first column: the numbers of the others."""
    part = GUIDE.read_text(encoding="utf-8").split(heading, 1)[1]
    rows: dict[str, list[int]] = {}
    for row in part.splitlines():
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        numbers = [int(cell.replace(",", "")) for cell in cells[1:] if re.fullmatch(r"[\d,]+", cell)]
        if numbers:
            rows[cells[0]] = numbers
        elif rows and not row.startswith("|"):
            break
    assert rows, f"no table under `{heading}`"
    return rows


def test_the_only_global_names_are_the_headers_and_four_of_c_are_wanted(target: firmware.Target) -> None:
    there, missing = firmware.symbols(target, library(target))
    assert sorted(there) == firmware.functions()
    assert set(missing) <= {"memcpy", "memmove", "memset", "memcmp"}


def test_no_function_has_data_of_its_own(target: firmware.Target) -> None:
    everything = firmware.size(target, library(target), firmware.functions())
    assert (everything.data, everything.bss) == (0, 0)


def test_the_sizes_are_those_of_the_guide(target: firmware.Target) -> None:
    column = list(firmware.TARGETS).index(target.triple)
    told = table("## Sizes")
    assert set(told) == {entry.name for entry in firmware.ENTRIES}
    for entry in firmware.ENTRIES:
        measured = firmware.size(target, library(target), entry.functions).text
        guide = told[entry.name][column]
        assert guide * 0.9 <= measured <= guide * 1.1, f"{entry.name}: {measured}, the guide says {guide}"


def test_the_login_of_huawei_takes_five_kibibytes_at_most() -> None:
    target = firmware.TARGETS["thumbv7em-none-eabihf"]
    assert firmware.size(target, library(target), ["faceiot_huawei_login"]).text <= HUAWEI_LOGIN_MAX


@pytest.mark.parametrize("triple", [name for name in firmware.TARGETS if not name.startswith("riscv")])
def test_no_call_takes_more_than_1536_octets_of_stack(triple: str) -> None:
    bounds = stackbound.bounds(firmware.TARGETS[triple], firmware.package(triple))
    assert sorted(bounds) == firmware.functions()
    too_deep = {name: bound for name, bound in bounds.items() if bound.octets > STACK_MAX}
    assert not too_deep


def test_the_bounds_of_the_stack_are_those_of_the_guide() -> None:
    target = firmware.TARGETS["thumbv7em-none-eabihf"]
    bounds = stackbound.bounds(target, firmware.package(target.triple))
    for name, (told, *_) in table("## Stack").items():
        measured = bounds[name.strip("`")].octets
        assert told * 0.9 <= measured <= told * 1.1, f"{name}: {measured}, the guide says {told}"


@pytest.mark.parametrize(
    ("functions", "reason"),
    [
        ({1: stackbound.Function("f", 8, calls={2}), 2: stackbound.Function("g", 8, jumps={1})}, "a cycle"),
        ({1: stackbound.Function("f", 8, unknown="blx r3")}, "through a pointer"),
        ({1: stackbound.Function("f", None)}, "no frame"),
    ],
)
def test_what_has_no_bound_is_not_given_one(
    functions: dict[int, stackbound.Function], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        stackbound.deepest(1, functions, {}, ())
    assert reason in capsys.readouterr().err


def test_a_bound_adds_the_frames_of_calls_and_not_those_of_jumps() -> None:
    functions = {
        1: stackbound.Function("f", 100, calls={2}, jumps={3}),
        2: stackbound.Function("g", 30),
        3: stackbound.Function("h", 120),
    }
    assert stackbound.deepest(1, functions, {}, ()).octets == 130


def second(library: Path, folder: Path, target: firmware.Target) -> Path:
    """A second Rust library: the same one with other names outside, as a stranger's would have."""
    other = folder / "libanother.a"
    names = folder / "names"
    names.write_text(
        "".join(f"{name} {name.replace('faceiot_', 'another_')}\n" for name in firmware.functions())
    )
    run(firmware.tool(target, "objcopy"), f"--redefine-syms={names}", library, other)
    return other


def test_two_rust_libraries_meet_in_one_firmware(target: firmware.Target, tmp_path: Path) -> None:
    ours = library(target)
    other = second(ours, tmp_path, target)
    run(*firmware.linker(target), "-r", "--whole-archive", ours, other, "-o", tmp_path / "both.o")
    there, _ = firmware.symbols(target, tmp_path / "both.o")
    assert len(there) == 2 * len(firmware.functions())


def test_two_rust_libraries_meet_in_one_program(host: Path, tmp_path: Path) -> None:
    ours = host / "lib/libfaceiot.a"
    other = second(ours, tmp_path, firmware.host())
    program = tmp_path / "both"
    run(
        "gcc",
        "-std=c99",
        "-Wall",
        "-Werror",
        f"-I{host / 'include'}",
        HERE / "both.c",
        ours,
        other,
        "-o",
        program,
    )
    assert run(program) == "both\n"


def test_pkg_config_finds_the_library_where_it_was_moved(host: Path, tmp_path: Path) -> None:
    prefix = tmp_path / "opt" / "face iot"
    shutil.copytree(host, prefix)
    found = {"PATH": "/usr/bin", "PKG_CONFIG_PATH": str(prefix / "lib/pkgconfig")}
    words = run("pkg-config", "--cflags", "--libs", "faceiot", env=found)
    program = tmp_path / "consumer"
    run("sh", "-c", f"gcc {HERE / 'consumer/main.c'} {words.strip()} -o {program}")
    assert run(program).strip() == PASSWORD
    told = run("pkg-config", "--modversion", "faceiot", env=found)
    assert told.strip() == firmware.version()


def test_cmake_finds_the_library_where_it_was_moved(host: Path, tmp_path: Path) -> None:
    prefix = tmp_path / "opt" / "face iot"
    shutil.copytree(host, prefix)
    build = tmp_path / "build"
    run("cmake", "-S", HERE / "consumer", "-B", build, f"-DCMAKE_PREFIX_PATH={prefix}")
    run("cmake", "--build", build)
    assert run(build / "consumer").strip() == PASSWORD


def test_cmake_refuses_a_library_of_another_minor_version(host: Path, tmp_path: Path) -> None:
    source = tmp_path / "source"
    shutil.copytree(HERE / "consumer", source)
    lists = source / "CMakeLists.txt"
    lists.write_text(lists.read_text().replace("faceiot 0.1", "faceiot 0.0"))
    done = subprocess.run(
        ["cmake", "-S", source, "-B", tmp_path / "build", f"-DCMAKE_PREFIX_PATH={host}"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode != 0
    assert "compatible" in done.stderr
