"""`make demo`: builds the `faceiot` program, installs it into the cache and runs the main job with it."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import place
import system
from stage import fail


def main() -> int:
    """The exit status is that of `faceiot demo`."""
    began = time.monotonic()
    problem = system.install_now(system.BUILD)
    if problem:
        fail(problem)
    prefix = place.target() / "installed"
    # The profile of the tests: quick to build, optimised enough for photos, and `make test` finds it built.
    command = [
        "cargo",
        "install",
        "--locked",
        "--debug",
        "--force",
        "--path",
        "src/cli",
        "--root",
        str(prefix),
    ]
    status = subprocess.run(command, cwd=place.ROOT, env=place.environment(), check=False).returncode
    if status != 0:
        return status
    program = prefix / "bin/faceiot"
    print(f"built and installed in {time.monotonic() - began:.0f} s: {program}", flush=True)
    print(" ".join(["$ faceiot demo", *sys.argv[1:]]), flush=True)
    return os.execv(program, [str(program), "demo", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
