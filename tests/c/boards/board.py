"""Emulated boards: how a program for one is linked and run; what it prints comes over semihosting."""

from __future__ import annotations

import json
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
ARM, RISCV = "arm-none-eabi-gcc", "riscv64-unknown-elf-gcc"
CONSOLE = ("-chardev", "stdio,id=host,signal=off")
SEMIHOSTING = (*CONSOLE, "-semihosting-config", "enable=on,target=native,chardev=host")
QUIET = ("-display", "none", "-monitor", "none", "-serial", "none")
WARNINGS = ("-std=gnu99", "-Wall", "-Wextra", "-Werror")
SECONDS = 100


@dataclass(frozen=True)
class Board:
    """A board of QEMU's with what its processor needs."""

    name: str
    triple: str
    gcc: str
    flags: tuple[str, ...]
    qemu: tuple[str, ...]
    memory: str = ""  # a Cortex-M's, for the linker; the others have a C library's own start-up code
    link: tuple[str, ...] = ()
    defines: tuple[str, ...] = field(default=("-DPHOTO_MAX=20480", "-DMESSAGE_MAX=8192"))

    def build(self, source: Path, shipped: Path, folder: Path, cases: str = "") -> Path:
        """Compiles a C program against the board's libfaceiot.a, with these lines to read inside."""
        program = folder / f"{self.name}-{source.stem}.elf"
        common = [
            *self.flags,
            *WARNINGS,
            "-Os",
            "-ffunction-sections",
            "-fdata-sections",
            "-Wl,--gc-sections",
        ]
        start: list[str | Path] = []
        if self.memory:
            (folder / "memory.ld").write_text(f"MEMORY {{\n{self.memory}\n}}\n")
            script = HERE / "cortex_m.ld"
            start = [HERE / "cortex_m.c", "-nostartfiles", f"-L{folder}", "-T", script]
        inside = [f"-I{folder}", '-DCASES="cases.h"'] if cases else []
        literals = "\n".join(json.dumps(text) for text in cases.splitlines(keepends=True))
        (folder / "cases.h").write_text(f"static const char cases[] =\n{literals};\n")
        library, include = shipped / "lib/libfaceiot.a", shipped / "include"
        run(
            [
                *(
                    self.gcc,
                    *common,
                    *self.defines,
                    f"-I{include}",
                    *inside,
                    source,
                    *start,
                    library,
                    *self.link,
                ),
                "-o",
                program,
            ]
        )
        return program

    def run(self, program: Path) -> str:
        """What it prints; it ends by itself or the test fails."""
        return run([*self.qemu, "-kernel", program])


def run(command: list[str | Path]) -> str:
    """The standard output of a command that succeeds in time."""
    words = [str(word) for word in command]
    # Into a file: QEMU does not wait for a pipe that is full, and what did not fit would be lost.
    with tempfile.TemporaryFile("w+") as out:
        done = subprocess.run(
            words,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=SECONDS,
        )
        out.seek(0)
        printed = out.read()
    said = f"{' '.join(words)}: status {done.returncode}\n{printed[-2000:]}\n{done.stderr[-4000:]}"
    assert done.returncode == 0, said
    return printed


def cortex_m(name: str, triple: str, cpu: tuple[str, ...], memory: tuple[str, str], **more: object) -> Board:
    """A microcontroller: flash and memory as `origin, length`."""
    flash, ram = memory
    return Board(
        name,
        triple,
        ARM,
        ("-mthumb", *cpu),
        ("qemu-system-arm", "-M", name, *QUIET, *SEMIHOSTING),
        memory=f"FLASH (rx) : {flash}\nRAM (rwx) : {ram}",
        link=("--specs=nano.specs", "--specs=rdimon.specs"),
        **more,  # type: ignore[arg-type]
    )


BOARDS = {
    "Cortex-M0": cortex_m(
        "microbit",
        "thumbv6m-none-eabi",
        ("-mcpu=cortex-m0",),
        ("ORIGIN = 0x00000000, LENGTH = 256K", "ORIGIN = 0x20000000, LENGTH = 16K"),
        defines=("-DPHOTO_MAX=1025", "-DMESSAGE_MAX=4608"),
    ),
    "Cortex-M3": cortex_m(
        "lm3s6965evb",
        "thumbv7m-none-eabi",
        ("-mcpu=cortex-m3",),
        ("ORIGIN = 0x00000000, LENGTH = 256K", "ORIGIN = 0x20000000, LENGTH = 64K"),
    ),
    "Cortex-M4": cortex_m(
        "mps2-an386",
        "thumbv7em-none-eabi",
        ("-mcpu=cortex-m4", "-mfloat-abi=soft"),
        ("ORIGIN = 0x00000000, LENGTH = 4M", "ORIGIN = 0x20000000, LENGTH = 4M"),
    ),
    "Cortex-M4F": cortex_m(
        "mps2-an386",
        "thumbv7em-none-eabihf",
        ("-mcpu=cortex-m4", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"),
        ("ORIGIN = 0x00000000, LENGTH = 4M", "ORIGIN = 0x20000000, LENGTH = 4M"),
    ),
    "Cortex-M33": cortex_m(
        "mps2-an505",
        "thumbv8m.main-none-eabi",
        ("-mcpu=cortex-m33", "-mfloat-abi=soft"),
        ("ORIGIN = 0x10000000, LENGTH = 4M", "ORIGIN = 0x38000000, LENGTH = 4M"),
    ),
    "ARMv7-A": Board(
        "vexpress-a9",
        "armv7a-none-eabi",
        ARM,
        ("-march=armv7-a", "-mfloat-abi=soft", "-marm"),
        ("qemu-system-arm", "-M", "vexpress-a9", "-audiodev", "none,id=n", *QUIET, *SEMIHOSTING),
        link=("--specs=nano.specs", "--specs=rdimon.specs", "-Wl,-Ttext-segment=0x60010000"),
    ),
    "RISC-V 32": Board(
        "virt",
        "riscv32imc-unknown-none-elf",
        RISCV,
        ("-march=rv32imc", "-mabi=ilp32", "--specs=picolibc.specs"),
        ("qemu-system-riscv32", "-M", "virt", "-bios", "none", *QUIET, *SEMIHOSTING),
        link=(
            "--oslib=semihost",
            "--crt0=semihost",
            "-Wl,--defsym=__flash=0x80000000,--defsym=__flash_size=4M",
            "-Wl,--defsym=__ram=0x80400000,--defsym=__ram_size=4M,--defsym=__stack_size=64K",
        ),
    ),
}
