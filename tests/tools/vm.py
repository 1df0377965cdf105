"""A virtual machine with Debian's kernel and test cameras, our capture command in it, and the tests of both.

No camera is needed: `vivid` is a webcam in software whose faults can be switched on, `v4l2loopback` one that
other programs feed. vm_kernel.py fetches them; QEMU emulates the processor, because virtualisation is not
there on every machine.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import place
import system
import vm_kernel
from python_stages import ENVIRONMENT, VM_REPORT, run_pytest
from stage import Context, StageError

SOURCES = place.ROOT / "tests/vm"
TARGET = "x86_64-unknown-linux-gnu"
RESULTS = "vm-results.txt"
CONSOLE = "vm-console.txt"
BOOT_SECONDS = 240  # 35 s on two idle cores; a machine that hangs must not keep the run


def packages(context: Context) -> None:
    """The emulator, and what unpacks and packs modules."""
    system.install(context, system.VM)


def run(context: Context) -> None:
    """Builds the capture command, runs it in the virtual machine, and tests what came of it."""
    context.run(
        ["cargo", "build", "--locked", "-p", "faceiot-camera", "--example", "capture", "--target", TARGET],
        cwd=place.ROOT,
        env={"RUSTFLAGS": "-C target-feature=+crt-static"},
    )
    image = pack(context)
    boot(context, image)
    run_pytest(
        context,
        context.directory / ENVIRONMENT,
        SOURCES,
        VM_REPORT,
        "--import-mode=prepend",
        env={"VM_RESULTS": str(context.directory / RESULTS)},
    )


def pack(context: Context) -> Path:
    """The file system that the kernel starts from."""
    tree, image = context.directory / "vm-tree", context.directory / "vm.cpio.gz"
    for name in ("bin", "mod", "proc", "sys", "dev", "tmp"):
        (tree / name).mkdir(parents=True, exist_ok=True)
    for module in (vm_kernel.folder() / "mod").iterdir():
        shutil.copy(module, tree / "mod")
    shutil.copy(vm_kernel.folder() / "busybox", tree / "bin")
    capture = place.target() / TARGET / "debug/examples/capture"
    context.run(["strip", "-o", tree / "bin/capture", capture])
    context.run(["cc", "-static", "-O2", "-Wall", "-Werror", "-o", tree / "bin/feeder", SOURCES / "feeder.c"])
    for script in ("init", "guest.sh"):
        shutil.copy(SOURCES / script, tree)
        (tree / script).chmod(0o755)
    context.run(["sh", "-c", f"find . | cpio -o -H newc --quiet | gzip -1 > '{image}'"], cwd=tree)
    shutil.rmtree(tree)
    return image


def boot(context: Context, image: Path) -> None:
    """Runs the machine until it switches itself off; what was printed comes by its second serial port."""
    results, console = context.directory / RESULTS, context.directory / CONSOLE
    machine = [
        *("timeout", str(BOOT_SECONDS), "qemu-system-x86_64"),
        *("-accel", "tcg,thread=multi", "-cpu", "max", "-m", "512", "-smp", "2"),
        *("-nographic", "-no-reboot", "-nodefaults", "-serial", "stdio", "-serial", f"file:{results}"),
        *("-kernel", vm_kernel.folder() / "vmlinuz", "-initrd", image),
        *("-append", "console=ttyS0 quiet panic=-1 rdinit=/init"),
    ]
    status = context.run(machine, stdout=console, check=False)
    image.unlink()
    said = results.read_text(encoding="utf-8", errors="replace") if results.exists() else ""
    context.note(said)
    if not said.rstrip().endswith("the end"):
        context.note("console:\n" + console.read_text(encoding="utf-8", errors="replace")[-4000:])
        raise StageError(f"the virtual machine did not come to its end (QEMU's status {status})")
