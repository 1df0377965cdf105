"""Where things go: one folder in the user's cache, keyed by what would make its content wrong."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import time
from pathlib import Path

from stage import fail

ROOT = Path(__file__).resolve().parents[2]
TOOL_REQUIREMENTS = ROOT / "tests/tools/requirements.txt"
TEST_REQUIREMENTS = ROOT / "tests/python/requirements.txt"
DAYS_KEPT = 14


def cache() -> Path:
    """`faceiot` in the user's cache folder."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if Path(base).is_absolute() else Path.home() / ".cache") / "faceiot"


def toolchain() -> str:
    """What `rustc -vV` says."""
    try:
        return subprocess.run(["rustc", "-vV"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        fail("`rustc` does not run: install Rust 1.95 or newer (rustup), then try again")
        raise


def key(*parts: str | bytes) -> str:
    """Twelve characters that change when any part does."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()[:12]


def target() -> Path:
    """The target folder: CARGO_TARGET_DIR, or one for this toolchain and this lock file."""
    given = os.environ.get("CARGO_TARGET_DIR", "")
    if given:
        return Path(given).absolute()
    return cache() / f"target-{key(toolchain(), (ROOT / 'Cargo.lock').read_bytes())}"


def tools() -> Path:
    """The environment with the tools of a run, for this Python and the versions of the tools."""
    return cache() / f"tools-{key(sys.version, platform.machine(), TOOL_REQUIREMENTS.read_bytes())}"


def environment() -> dict[str, str]:
    """The environment of every command of a run."""
    env = {
        name: value
        for name, value in os.environ.items()
        if name not in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
    }
    env["CARGO_TARGET_DIR"] = str(target())
    env["CARGO_TERM_COLOR"] = "never"
    env["CARGO_NET_RETRY"] = "5"
    env["TERM"] = "dumb"
    env["PATH"] = os.pathsep.join([env.get("PATH", ""), "/usr/sbin", str(tools() / "bin")])
    env["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
    env["PYTHONDONTWRITEBYTECODE"] = "1"
    return env


def new_run() -> Path:
    """A fresh folder for the logs of this run; old runs and unused target folders go."""
    forget(cache())
    forget(cache() / "runs")
    folder = cache() / "runs" / f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}"
    folder.mkdir(parents=True)
    for used in (target(), tools()):
        used.mkdir(parents=True, exist_ok=True)
        os.utime(used)
    return folder


def forget(folder: Path) -> None:
    """Removes what runs left in `folder` and nobody used for two weeks."""
    if not folder.is_dir():
        return
    for entry in folder.iterdir():
        ours = folder.name == "runs" or entry.name.startswith(("target-", "tools-", "vm-"))
        if ours and entry.is_dir() and entry.stat().st_mtime < time.time() - DAYS_KEPT * 86_400:
            shutil.rmtree(entry, ignore_errors=True)
