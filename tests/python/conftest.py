"""What the tests share: where things are, and the servers that are not ours."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import faceiot
from faceiot.local import Cloud
from support import REPOSITORY, free_port, program, running, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(scope="session")
def repository() -> Path:
    """The source tree: vectors, seeds, README, examples. Never imported from."""
    return REPOSITORY


@pytest.fixture(scope="session")
def faceiot_bin() -> str:
    """The console script that the wheel installed."""
    path = Path(sysconfig.get_path("scripts")) / "faceiot"
    assert path.is_file(), f"the wheel installed no {path}"
    return str(path)


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    """A local cloud of its own, on free ports."""
    with Cloud(tmp_path / "cloud") as cloud:
        yield cloud


@pytest.fixture
def photo() -> faceiot.Frame:
    """A JPEG large enough for many chunks."""
    return faceiot.Frame.open("testcard:640x480")


@dataclass(frozen=True)
class Mosquitto:
    """Debian's broker, which lets in one user with one password."""

    port: int
    log: Path


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Callable[[str, str], Mosquitto]]:
    """Starts Debian's mosquitto with a user and a password."""
    with contextlib.ExitStack() as stack:

        def start(username: str, password: str) -> Mosquitto:
            folder = tmp_path / "mosquitto"
            folder.mkdir()
            passwords = folder / "passwords"
            subprocess.run(
                [program("mosquitto_passwd"), "-b", "-c", str(passwords), username, password],
                check=True,
                capture_output=True,
                timeout=20,
            )
            port, log, config = free_port(), folder / "log", folder / "mosquitto.conf"
            config.write_text(
                f"listener {port} 127.0.0.1\nallow_anonymous false\npassword_file {passwords}\n"
                f"log_dest file {log}\nlog_type all\nuser root\n"
            )
            process = stack.enter_context(
                running([program("mosquitto"), "-c", str(config)], stderr=subprocess.PIPE)
            )

            def listening() -> bool:
                assert process.poll() is None, f"mosquitto ended: {process.stderr.read()}"
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                    return True
                return False

            wait_until(listening, "mosquitto listens")
            return Mosquitto(port, log)

        yield start


@pytest.fixture
def script(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts Python code in a process of its own, outside the source tree."""
    with contextlib.ExitStack() as stack:

        def start(code: str, *arguments: str) -> subprocess.Popen[str]:
            path = tmp_path / "script.py"
            path.write_text(code)
            return stack.enter_context(
                running(
                    [sys.executable, "-u", "-W", "error", str(path), *arguments],
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    cwd=tmp_path,
                    env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"},
                )
            )

        yield start
