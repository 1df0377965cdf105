"""What the tests share that is no fixture: waiting, programs, child processes."""

from __future__ import annotations

import contextlib
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REPOSITORY = Path(__file__).resolve().parents[2]


def wait_until(true: Callable[[], object], what: str, seconds: float = 15) -> object:
    """Polls until `true()` is, and fails with `what` when it does not become so."""
    deadline = time.monotonic() + seconds
    while not (value := true()):
        assert time.monotonic() < deadline, f"after {seconds} s still not: {what}"
        time.sleep(0.01)
    return value


def free_port() -> int:
    """A port that was free a moment ago, for servers that cannot say which one they chose."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def program(name: str) -> str:
    """The path of a peer's program. Missing is a failure: a skipped comparison looks like a passed one."""
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    assert path, f"`{name}` is not installed: apt-get install mosquitto mosquitto-clients"
    return path


@contextlib.contextmanager
def running(arguments: list[str], **kwargs: object) -> Iterator[subprocess.Popen[str]]:
    """A child process that does not outlive its test."""
    process = subprocess.Popen(arguments, text=True, **kwargs)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(10)
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


# A child's main thread cannot say that it is blocked; another thread of the child can see it. Prepended to
# scripts that are interrupted: `blocked(call)` calls, and says "waiting" once the main thread is inside.
BLOCKED = """
import sys, threading, time

def blocked(call):
    main = threading.main_thread().ident

    def watch():
        seen = 0
        while seen < 5:
            seen = seen + 1 if sys._current_frames()[main].f_code is call.__code__ else 0
            time.sleep(0.01)
        print("waiting", flush=True)

    threading.Thread(target=watch, daemon=True).start()
    try:
        call()
    except KeyboardInterrupt:
        print("interrupted", flush=True)
        sys.exit(130)
"""


def interrupt(process: subprocess.Popen[str]) -> None:
    """What Ctrl-C does."""
    process.send_signal(signal.SIGINT)
