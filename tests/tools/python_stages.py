"""Stages that build, install and test the Python side."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

import place
import results
from stage import Context, StageError

WHEEL = "dist"
ENVIRONMENT = "clean-environment"
MICROPYTHON_ENVIRONMENT = "micropython-environment"
PYTEST_REPORT = "pytest.xml"
MICROPYTHON_REPORT = "micropython.xml"
C_REPORT = "c.xml"
FIRMWARE_REPORT = "firmware.xml"
ORACLES_ENVIRONMENT = "oracles-environment"
ORACLES_REPORT = "oracles.xml"
VM_REPORT = "vm.xml"
REPORTS = (PYTEST_REPORT, MICROPYTHON_REPORT, C_REPORT, FIRMWARE_REPORT, ORACLES_REPORT, VM_REPORT)


def tools(context: Context) -> None:
    """The pinned tools in an environment of their own, made once."""
    folder = place.tools()
    complete = folder / "complete"
    if complete.exists():
        context.note(f"there already: {folder}")
        return
    make_environment(context, folder)
    install(context, folder, ["-r", place.TOOL_REQUIREMENTS])
    complete.touch()


def environment(context: Context) -> None:
    """A clean environment outside the tree with what the tests need, and no faceiot in it yet."""
    folder = context.directory / ENVIRONMENT
    make_environment(context, folder)
    install(context, folder, ["-r", place.TEST_REQUIREMENTS])
    for name in ("__init__.py", "_faceiot.abi3.so"):
        if list(folder.glob(f"lib/python*/site-packages/faceiot/{name}")):
            raise StageError("a requirement of the tests brought a faceiot of its own")


def ruff(context: Context) -> None:
    """Format and lints of everything in Python."""
    program = place.tools() / "bin/ruff"
    statuses = [
        context.run([program, *words, "."], cwd=place.ROOT, check=False)
        for words in (["format", "--check"], ["check", "--output-format=concise"])
    ]
    if any(statuses):
        raise StageError("`make fmt` formats; the other findings are in the log")


def tools_tests(context: Context) -> None:
    """The unit tests of these scripts."""
    context.run(
        [sys.executable, "-m", "unittest", "discover", "-v", "-s", place.ROOT / "tests/tools"], check=False
    )
    context.count = results.unittest(context.log.read_text(encoding="utf-8"))
    if context.count.passed == 0:
        raise StageError("no test passed")


def tested_wheel(context: Context) -> None:
    """The wheel in the profile of the tests, so that nothing is compiled twice."""
    build_wheel(context, context.directory / WHEEL, ["--profile", "dev", "--auditwheel", "skip"])


def released_wheel(context: Context) -> None:
    """The wheel for users."""
    out = place.ROOT / WHEEL
    build_wheel(context, out, ["--release"])
    wheels = sorted(out.glob("*.whl"))
    print("\n".join(f"{wheel}  {wheel.stat().st_size / 1e6:.1f} MB" for wheel in wheels))


def build_wheel(context: Context, out: Path, options: list[str]) -> None:
    """Calls maturin; the folder holds this one wheel afterwards."""
    shutil.rmtree(out, ignore_errors=True)
    maturin = place.tools() / "bin/maturin"
    context.run(
        [maturin, "build", *options, "--locked", "--out", out, "--interpreter", sys.executable],
        cwd=place.ROOT,
    )


def only_wheel(folder: Path) -> Path:
    """The one wheel of a folder."""
    wheels = list(folder.glob("faceiot-*.whl"))
    if len(wheels) != 1:
        raise StageError(f"{len(wheels)} wheels in {folder} instead of one")
    return wheels[0]


def pytest(context: Context) -> None:
    """Installs the wheel into the clean environment and runs the Python tests on it, outside the tree."""
    folder = context.directory / ENVIRONMENT
    install(context, folder, [only_wheel(context.directory / WHEEL)])
    run_pytest(context, folder, place.ROOT / "tests/python", PYTEST_REPORT)


def firmware(context: Context) -> None:
    """The C library as it is shipped, for every target; the log has the table of sizes."""
    context.run([sys.executable, place.ROOT / "tests/tools/firmware.py", "--sizes"], cwd=place.ROOT)
    tests = place.ROOT / "tests/firmware"
    run_pytest(context, context.directory / ENVIRONMENT, tests, FIRMWARE_REPORT, "--import-mode=prepend")


def c(context: Context) -> None:
    """The C library, linked into programs in C and C++."""
    # Built here, so that no test's time-out counts it; the tests ask cargo for the same and find it there.
    library = ["-p", "faceiot-capi", "--features", "std", "--crate-type", "staticlib"]
    context.run(["cargo", "rustc", "--locked", *library], cwd=place.ROOT)
    context.run(["cargo", "build", "--locked", "--workspace", "--bin", "faceiot"], cwd=place.ROOT)
    run_pytest(
        context, context.directory / ENVIRONMENT, place.ROOT / "tests/c", C_REPORT, "--import-mode=prepend"
    )


def micropython_environment(context: Context) -> None:
    """An environment with a real MicroPython interpreter and its cross compiler."""
    folder = context.directory / MICROPYTHON_ENVIRONMENT
    make_environment(context, folder)
    install(context, folder, ["-r", place.ROOT / "tests/micropython/requirements.txt"])


def micropython(context: Context) -> None:
    """The MicroPython port, run by real interpreters beside mosquitto and the wheel's `faceiot up`."""
    folder = context.directory / MICROPYTHON_ENVIRONMENT
    install(context, folder, [only_wheel(context.directory / WHEEL)])
    # These tests share modules of their folder, which the mode of tests/python keeps apart on purpose.
    run_pytest(context, folder, place.ROOT / "tests/micropython", MICROPYTHON_REPORT, "--import-mode=prepend")


def oracles_environment(context: Context) -> None:
    """An environment with the vendors' own SDKs, for Python and for Node.js."""
    folder = context.directory / ORACLES_ENVIRONMENT
    sources = place.ROOT / "tests/oracles"
    make_environment(context, folder)
    install(context, folder, ["-r", sources / "requirements.txt"])
    for name in ("package.json", "package-lock.json"):
        shutil.copy(sources / name, folder)
    context.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder)


def oracles(context: Context) -> None:
    """Signatures of random requests against those of the vendors' SDKs; the log lists the pairs."""
    folder = context.directory / ORACLES_ENVIRONMENT
    # Built here, so that no test's time-out counts it.
    context.run(
        ["cargo", "build", "--locked", "-p", "faceiot-core", "--example", "sign_lines"], cwd=place.ROOT
    )
    quiet = ("-o", "filterwarnings=default")  # what SDKs warn of is not ours
    modules = {"ORACLE_NODE_MODULES": str(folder / "node_modules")}
    run_pytest(
        context,
        folder,
        place.ROOT / "tests/oracles",
        ORACLES_REPORT,
        "--import-mode=prepend",
        *quiet,
        env=modules,
    )


def run_pytest(
    context: Context,
    environment: Path,
    tests: Path,
    name: str,
    *more: str,
    env: Mapping[str, str] | None = None,
) -> None:
    """Runs the tests of a folder with an environment's Python, from a folder outside the tree."""
    report = context.directory / name
    options = [f"--rootdir={place.ROOT}", f"--junitxml={report}", "-o", "junit_family=xunit1", *more]
    status = context.run(
        [environment / "bin/python", "-m", "pytest", "-c", place.ROOT / "pyproject.toml", *options, tests],
        cwd=elsewhere(context),
        env={"PATH": f"{environment / 'bin'}:{context.env['PATH']}", **(env or {})},
        check=False,
    )
    if not report.exists():
        raise StageError(f"pytest ended with status {status} and wrote no report")
    context.count = results.count(results.pytest(report).values())
    if context.count.passed == 0:
        raise StageError("no test ran")
    if status != 0 and context.count.failed == 0:
        raise StageError(f"pytest ended with status {status}")


def elsewhere(context: Context) -> Path:
    """A folder outside the tree, so that nothing is imported from the sources by accident."""
    folder = context.directory / "elsewhere"
    folder.mkdir(exist_ok=True)
    return folder


def stubtest(context: Context) -> None:
    """The stubs say what the installed module has."""
    python = context.directory / ENVIRONMENT / "bin/python"
    allow = place.ROOT / "tests/python/stubtest-allowlist.txt"
    options = ["--allowlist", allow] if allow.exists() else []
    context.run([python, "-m", "mypy.stubtest", "faceiot", *options], cwd=elsewhere(context))


def tidy(directory: Path) -> None:
    """Removes what is large and can be made again; logs and reports stay."""
    for folder in (ENVIRONMENT, MICROPYTHON_ENVIRONMENT, ORACLES_ENVIRONMENT):
        shutil.rmtree(directory / folder, ignore_errors=True)


def make_environment(context: Context, folder: Path) -> None:
    """An empty virtual environment."""
    context.run([sys.executable, "-m", "venv", "--clear", folder])


def install(context: Context, folder: Path, what: list[str | Path]) -> None:
    """Installs with pip, as a user would."""
    context.run([folder / "bin/python", "-m", "pip", "install", "-q", "--no-input", *what])
