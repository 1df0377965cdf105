"""`make demo`: builds the `faceiot` program, installs it into the cache and runs the main job with it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import place
import system
from stage import fail


def main() -> int:
    """The exit status is that of `faceiot demo`."""
    began = time.monotonic()
    problem = system.install_now(system.BUILD)
    if problem:
        fail(problem)
    # The profile and features of the tests: quick to build, and `make test` finds it built.
    command = ["cargo", "build", "--locked", "--workspace", "--bin", "faceiot"]
    status = subprocess.run(command, cwd=place.ROOT, env=place.environment(), check=False).returncode
    if status != 0:
        return status
    program = install(place.target() / "debug/faceiot", place.cache() / "bin")
    print(f"built and installed in {time.monotonic() - began:.0f} s: {program}", flush=True)
    print(" ".join(["$ faceiot demo", *sys.argv[1:]]), flush=True)
    return os.execv(program, [str(program), "demo", *sys.argv[1:]])


def install(program: Path, folder: Path) -> Path:
    """Copies the program to a place that outlives the target folder; a running one is not disturbed."""
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f".{program.name}-{os.getpid()}"
    shutil.copy2(program, draft)
    return draft.rename(folder / program.name)


if __name__ == "__main__":
    sys.exit(main())
