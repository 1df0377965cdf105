"""`faceiot up` for the tests of programs in C: a process, its devices, commands and photos, all by the command line."""

from __future__ import annotations

import json
import os
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 60


def target() -> Path:
    """Where cargo puts what it builds."""
    return Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))


def build_program() -> Path:
    """The `faceiot` program, in the profile and with the features that the other tests have built; FACEIOT_PROGRAM is
    another one that is there already."""
    if given := os.environ.get("FACEIOT_PROGRAM"):
        return Path(given)
    command = ["cargo", "build", "--locked", "--workspace", "--bin", "faceiot"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    return target() / "debug" / "faceiot"


def until(true: Callable[[], Any], what: str, seconds: float = SECONDS) -> Any:
    """Polls until `true()` is, and fails with `what` when it does not become so."""
    end = time.monotonic() + seconds
    while not (value := true()):
        assert time.monotonic() < end, f"after {seconds} s still not: {what}"
        time.sleep(0.02)
    return value


class LocalCloud:
    """A local cloud with a folder of its own, on free ports."""

    def __init__(self, program: Path, folder: Path, *options: str) -> None:
        self.program, self.folder = program, folder / "cloud"
        self.log = folder / "cloud.log"
        home = {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
        kept = {name: value for name, value in os.environ.items() if not name.startswith("FACEIOT_")}
        self.environment = {**kept, **home}
        ports = ["--mqtt", "127.0.0.1:0", "--mqtts", "off", "--http", "127.0.0.1:0"]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [str(program), "up", "--json", "--data", str(self.folder), *ports, *options],
                stdout=subprocess.PIPE,
                stderr=log,
                env=self.environment,
                text=True,
            )
        assert self.process.stdout
        line = self.process.stdout.readline()
        assert line, self.log.read_text()
        said = json.loads(line)
        self.address: str = said["mqtt"]
        self.http: str = said["http"]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait(20)
        if self.process.stdout:
            self.process.stdout.close()

    def said(self) -> str:
        """Its log."""
        return self.log.read_text(encoding="utf-8")

    def ask(self, *words: str) -> dict[str, Any]:
        """A subcommand of `faceiot` with its answer in JSON; how it ended is in `exit`."""
        done = subprocess.run(
            [str(self.program), *words, "--json", "--data", str(self.folder)],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )
        answer = json.loads(done.stdout) if done.stdout.strip() else {"error": done.stderr}
        return {**answer, "exit": done.returncode}

    def add(self, device: str) -> str:
        """Registers a device and returns its secret."""
        return str(self.ask("device", "add", device)["secret"])

    def logins(self, device: str) -> int:
        """How often the device logged in."""
        return self.said().count(f"INFO connected device={device}")

    def photos(self, device: str) -> list[dict[str, Any]]:
        """The photos of a device, the newest first."""
        return json.loads(self._get(f"/api/photos?limit=100&device={device.replace(':', '%3A')}"))

    def image(self, photo: dict[str, Any]) -> bytes:
        """The file behind a photo."""
        return self._get(f"/api/photos/{photo['id']}/image")

    def _get(self, path: str) -> bytes:
        token = (self.folder / "api.token").read_text().strip()
        request = urllib.request.Request(self.http + path, headers={"Authorization": f"Bearer {token}"})  # noqa: S310
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310 - loopback
            return bytes(answer.read())
