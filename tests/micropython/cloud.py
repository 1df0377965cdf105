"""`faceiot up` of the installed wheel as another process, and its HTTP interface read with the standard library."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

FACEIOT = Path(sys.executable).parent / "faceiot"


def environment(**more: str) -> dict[str, str]:
    """This process's environment without anything of the user's that could change what the command does."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("FACEIOT_", "MICROPY"))}
    return {**kept, "PYTHONDONTWRITEBYTECODE": "1", **more}


class LocalCloud:
    """One local cloud with its folder. `kill` (as a power cut does) and `start` again: same ports, same data."""

    def __init__(self, folder: Path) -> None:
        assert FACEIOT.exists(), "the wheel of faceiot is not installed beside this Python: make test does it"
        self.data = folder / "cloud"
        self.process: subprocess.Popen[str] | None = None
        self.mqtt = self.mqtts = 0
        self.said: dict[str, Any] = {}

    def add(self, device: str, secret: str) -> None:
        """Registers a device."""
        path = self.data.with_name("secret")
        path.touch(0o600)
        path.write_text(secret)
        self.command("device", "add", device, "--secret-file", str(path), "--data", str(self.data))

    def command(self, *words: str) -> dict[str, Any]:
        """Runs another `faceiot` command to its end."""
        done = subprocess.run(
            [FACEIOT, *words, "--json"], env=environment(), capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)  # type: ignore[no-any-return]

    def start(self) -> None:
        ports = [f"--mqtt=127.0.0.1:{self.mqtt}", f"--mqtts=127.0.0.1:{self.mqtts}", "--http=127.0.0.1:0"]
        self.process = subprocess.Popen(
            [FACEIOT, "up", "--json", "--quiet", "--data", str(self.data), *ports],
            env=environment(),
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "faceiot up did not start"
        self.said = json.loads(line)
        self.mqtt, self.mqtts = (int(self.said[name].rpartition(":")[2]) for name in ("mqtt", "mqtts"))

    def kill(self) -> None:
        """SIGKILL: nothing is written, nothing is said."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            assert self.process.stdout is not None
            self.process.stdout.close()
            self.process = None

    def get(self, path: str) -> bytes:
        """What the HTTP interface answers."""
        token = Path(self.said["token_file"]).read_text().strip()
        request = urllib.request.Request(self.said["http"] + path, headers={"Authorization": f"Bearer {token}"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.read()  # type: ignore[no-any-return]

    def post(self, path: str, body: object) -> Any:
        token = Path(self.said["token_file"]).read_text().strip()
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        request = urllib.request.Request(self.said["http"] + path, json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read())

    def properties(self, device: str) -> dict[str, Any]:
        """The last value of each property."""
        rows = json.loads(self.get(f"/api/devices/{urllib.parse.quote(device)}/properties"))
        return {row["name"]: row["value"] for row in rows}

    def online(self, device: str) -> bool:
        return bool(json.loads(self.get(f"/api/devices/{urllib.parse.quote(device)}"))["online"])

    def ask(self, device: str, name: str, parameters: object, form: str | None = None) -> dict[str, Any]:
        """Gives a command and returns the device's answer."""
        body = {"name": name, "payload": parameters, "timeout": 15, **({"form": form} if form else {})}
        return self.post(f"/api/devices/{urllib.parse.quote(device)}/commands", body)  # type: ignore[no-any-return]

    def photos(self) -> list[dict[str, Any]]:
        return json.loads(self.get("/api/photos"))  # type: ignore[no-any-return]

    def photo(self) -> tuple[dict[str, Any], str]:
        """The first photo that comes: its row and the SHA-256 of the file that the cloud gives out."""
        row = until("a photo", lambda: (self.photos() or [None])[-1])
        image = self.get(f"/api/photos/{row['id']}/image")
        return row, hashlib.sha256(image).hexdigest()

    def __enter__(self) -> LocalCloud:
        self.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.kill()


def until(what: str, look: Callable[[], Any], seconds: float = 20) -> Any:
    """Looks again and again until there is something."""
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(0.02)
