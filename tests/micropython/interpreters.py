"""Interpreters that have no files of this computer: WebAssembly in Node.js, and a Cortex-M3 board in QEMU."""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import time
from pathlib import Path
from types import TracebackType

HERE = Path(__file__).parent

# The board's second RAM, 16 MB that MicroPython leaves alone: QEMU puts files there, the board reads them in place.
PSRAM, PSRAM_SIZE = 0x21000000, 16 << 20

FILES = """
import io, os, sys, uctypes, vfs

class File(io.IOBase):
    def __init__(self, octets):
        self.octets = memoryview(octets)
        self.at = 0
    def readinto(self, buf):
        n = min(len(buf), len(self.octets) - self.at)
        buf[:n] = self.octets[self.at : self.at + n]
        self.at += n
        return n
    def read(self, n=-1):
        buf = bytearray(len(self.octets) - self.at if n < 0 else min(n, len(self.octets) - self.at))
        self.readinto(buf)
        return bytes(buf)
    def readline(self):
        n = 0
        while self.at + n < len(self.octets) and self.octets[self.at + n] != 10:
            n += 1
        return self.read(n + 1).decode()
    def seek(self, to, whence=0):
        self.at = to + (0, self.at, len(self.octets))[whence]
        return self.at
    def tell(self):
        return self.at
    def close(self):
        pass
    def ioctl(self, request, argument):
        return 0
    def __enter__(self):
        return self
    def __exit__(self, *_):
        pass

class Files:
    def mount(self, readonly, mkfs):
        pass
    def chdir(self, path):
        pass
    def stat(self, path):
        if path.strip("/") not in files:
            raise OSError(2)
        return (0x8000,) + (0,) * 5 + (files[path.strip("/")][1],) + (0,) * 3
    def open(self, path, mode):
        self.stat(path)
        return File(uctypes.bytearray_at(*files[path.strip("/")]))

vfs.mount(Files(), "/")
sys.path.append("/")
"""


class Board:
    """A board that runs one program, given to its raw REPL."""

    def __init__(self, firmware: Path, folder: Path, files: list[Path]) -> None:
        program = shutil.which("qemu-system-arm")
        assert program, "qemu-system-arm is not installed: apt-get install qemu-system-arm"
        image, self.files = bytearray(), {}
        for file in files:
            self.files[file.name] = (PSRAM + len(image), file.stat().st_size)
            image += file.read_bytes()
        assert len(image) <= PSRAM_SIZE
        self.image = folder / "psram.image"
        self.image.write_bytes(image or b"\0")
        machine = ["-machine", "mps2-an385", "-nographic", "-monitor", "null", "-semihosting", "-serial", "stdio"]
        loader = ["-device", f"loader,file={self.image},addr={PSRAM:#x},force-raw=on"]
        self.process = subprocess.Popen(
            [program, *machine, *loader, "-kernel", str(firmware)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
        )
        self.deadline = time.monotonic() + 60
        self._send(b"\x01")
        self._until(b"raw REPL; CTRL-B to exit\r\n>")

    def __enter__(self) -> Board:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.process.kill()
        self.process.communicate()
        self.image.unlink()

    def run(self, code: str) -> str:
        """What a program prints; an exception that it raises is a failure."""
        self._send(code.encode() + b"\x04")
        assert self._until(b"OK") == b"OK"
        printed = self._until(b"\x04")[:-1].decode().replace("\r\n", "\n")
        raised = self._until(b"\x04>")[:-2].decode()
        assert not raised, f"{printed[-3000:]}\n{raised}"
        return printed

    def _send(self, octets: bytes) -> None:
        assert self.process.stdin
        self.process.stdin.write(octets)

    def _until(self, end: bytes) -> bytes:
        assert self.process.stdout
        heard = bytearray()
        while not heard.endswith(end):
            ready, _, _ = select.select([self.process.stdout], [], [], max(0, self.deadline - time.monotonic()))
            assert ready, f"the board is silent after {bytes(heard[-500:])!r}"
            octet = self.process.stdout.read(1)
            assert octet, f"the board stopped after {bytes(heard[-500:])!r}"
            heard += octet
        return bytes(heard)


def on_board(firmware: Path, script: Path, *args: str, cwd: Path, native: str, module: Path | None = None) -> str:
    """Runs a script on a board whose files are those of `cwd`. `native` is the name by which `_faceiot` is imported:
    its own, another one for a .mpy (the firmware's own would be found first), or none."""
    files = sorted(path for path in cwd.iterdir() if path.is_file())
    if module:
        renamed = cwd / f"{native}.mpy"
        shutil.copy(module, renamed)
        files.append(renamed)
    with Board(firmware, cwd, files) as board:
        board.run(f"files = {board.files!r}\n{FILES}")
        board.run(f"sys.argv[:] = {[script.name, *args]!r}")
        board.run(f'sys.modules["_faceiot"] = {f"__import__({native!r})" if native else None}')
        return board.run(script.read_text(encoding="utf-8"))


def on_wasm(modules: Path, package: Path, script: Path, *args: str, cwd: Path) -> str:
    """Runs a script in WebAssembly with the files of `cwd`."""
    node = shutil.which("node")
    assert node, "node is not installed: apt-get install nodejs"
    return printed_by([node, HERE / "wasm/run.mjs", modules, package, script, *args], cwd=cwd, NO_COLOR="1")


def printed_by(command: list[str | Path], *, cwd: Path, **environment: str) -> str:
    """What a program prints that has to succeed."""
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    return done.stdout
