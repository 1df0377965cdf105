"""The deepest stack of each function of the C library: a bound, not a measurement.

It comes out of the frames that the compiler tells and the calls in the machine code.

`python3 tests/tools/stackbound.py [TARGET ...]` prints it with the path that is deepest. A call through a
pointer whose target cannot be told, a cycle, or a function whose frame nobody tells ends it with an error:
there is no bound then. For RISC-V there is none: jumps through its tables are not followed.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import firmware
from stage import fail

# The caller's read function is called from these; its own stack is the caller's affair.
CALLBACKS = re.compile(r"FaceiotSource.*fill|^faceiot_(hex|v2)_next$")
# What memcpy, memmove, memset and memcmp of a C library are granted.
OUTSIDE = 40
# Code that was moved out of several functions, and stubs in assembly: no compiler tells their frames, but
# they push at their start and never again.
UNTOLD = re.compile(r"^(OUTLINED_FUNCTION_\d+|__aeabi_\w+|__riscv_(save|restore)_\d+)$")

# Where the code is linked to.
TEXT = 0x10000
LINE = re.compile(r"^\s*([0-9a-f]+):\s+([\w.]+)(?:\s+(.*))?$")
DOWN = re.compile(r"str \w+, \[sp, #-(\d+)\]!|sub sp, (?:sp, )?#(\d+)|addi? sp,sp,-(\d+)")
PLACE = re.compile(r"\b([0-9a-f]{4,8}) <")


@dataclass
class Function:
    """A function in the machine code."""

    name: str
    frame: int | None = None  # octets, as the compiler tells
    pushed: int = 0  # octets that it pushes, for code that the compiler does not tell of
    calls: set[int] = field(default_factory=set)
    jumps: set[int] = field(default_factory=set)  # to another function, the own frame gone
    unknown: str = ""  # a call of which nobody tells where it goes


@dataclass(frozen=True)
class Bound:
    """The deepest stack below a caller, and the functions on the way."""

    octets: int
    path: tuple[str, ...]


def bounds(target: firmware.Target, folder: Path) -> dict[str, Bound]:
    """The bound of every function of the header."""
    functions = read(target, folder / firmware.MEASURED)
    entries = {function.name: address for address, function in functions.items()}
    known: dict[int, Bound] = {}
    return {name: deepest(entries[name], functions, known, ()) for name in firmware.functions()}


def deepest(
    address: int, functions: dict[int, Function], known: dict[int, Bound], above: tuple[int, ...]
) -> Bound:
    """The bound of one function; those of the functions below it are remembered."""
    if address in known:
        return known[address]
    function = functions[address]
    if address in above:
        fail(f"a cycle has no bound: {' -> '.join(functions[at].name for at in (*above, address))}")
    if function.unknown and not CALLBACKS.search(function.name):
        fail(f"`{function.name}` calls through a pointer, so that there is no bound: {function.unknown}")
    frame = function.frame
    if frame is None:
        if not UNTOLD.match(function.name):
            fail(f"the compiler tells no frame of `{function.name}`")
        frame = function.pushed
    best = Bound(frame, (f"{function.name} {frame}",))
    for below in function.calls | function.jumps:
        found = deepest(below, functions, known, (*above, address))
        # A jump leaves nothing behind, except into code that was moved out and ends this function for it.
        moved = UNTOLD.match(functions[below].name)
        octets = found.octets + (frame if below in function.calls or moved else 0)
        if octets > best.octets:
            best = Bound(octets, (f"{function.name} {frame}", *found.path))
    known[address] = best
    return best


def read(target: firmware.Target, measured: Path) -> dict[int, Function]:
    """The functions of a measured object by their addresses, linked so that every call says where it goes."""
    functions = {0x8000 + 0x100 * at: Function(name, OUTSIDE) for at, name in enumerate(firmware.WANTED)}
    with tempfile.TemporaryDirectory() as name:
        linked, layout, memory = (Path(name) / file for file in ("linked.elf", "layout.ld", "text"))
        layout.write_text(firmware.LAYOUT, encoding="utf-8")
        outside = [f"--defsym={function.name}={address}" for address, function in functions.items()]
        command = [*firmware.linker(target), "-e", "0x10000", "-T", layout, *outside]
        firmware.run([*command, "-o", linked, measured])
        firmware.run([firmware.tool(target, "objcopy"), "-O", "binary", "-j", ".text", linked, memory])
        text = memory.read_bytes()
        firmware.run(
            [firmware.tool(target, "objcopy"), "-O", "binary", "-j", ".stack_sizes",
             "--set-section-flags", ".stack_sizes=alloc", linked, memory]
        )  # fmt: skip
        frames = stack_sizes(memory.read_bytes())
        listing = firmware.output([firmware.tool(target, "objdump"), "-d", "--no-show-raw-insn", linked])
    lines: dict[int, list[tuple[int, str, str]]] = {}
    at = 0
    for line in listing.splitlines():
        if head := re.match(r"^([0-9a-f]+) <(.*)>:$", line):
            at = int(head[1], 16)
            functions[at] = Function(head[2], frames.get(at))
            lines[at] = []
        elif code := LINE.match(line):
            lines[at].append((int(code[1], 16), code[2], code[3] or ""))
    for address, code in lines.items():
        for number, (_, word, rest) in enumerate(code):
            follow(functions, address, code[: number + 1], word, rest, text)
    return functions


def stack_sizes(section: bytes) -> dict[int, int]:
    """The compiler's table: an address of four octets, and a number in LEB128."""
    frames, at = {}, 0
    while at < len(section):
        address = int.from_bytes(section[at : at + 4], "little") & ~1  # bit 0 says Thumb
        at, size, shift = at + 4, 0, 0
        while True:
            octet = section[at]
            size |= (octet & 0x7F) << shift
            at, shift = at + 1, shift + 7
            if octet < 0x80:
                break
        frames[address] = size
    return frames


def follow(
    functions: dict[int, Function],
    address: int,
    code: list[tuple[int, str, str]],
    word: str,
    rest: str,
    text: bytes,
) -> None:
    """Notes what one instruction, the last of `code`, calls, jumps to or pushes."""
    function = functions[address]
    word = word.removesuffix(".n").removesuffix(".w")
    place = PLACE.search(rest)
    if word in ("push", "stmdb") and ("sp!" in rest or word == "push"):
        function.pushed += 4 * registers(rest)
    elif down := DOWN.match(f"{word} {rest}"):
        function.pushed += int(down[1] or down[2] or down[3])
    elif word in ("bl", "jal", "jalr", "call") and place:
        function.calls.add(int(place[1], 16))
    elif word in ("jr", "tail") and place:
        function.jumps.add(int(place[1], 16))
    elif word in ("blx", "jalr") or (word in ("bx", "jr") and rest.split()[:1] not in (["lr"], ["ra"])):
        # Three calls of one function are shorter through a register: its address is a constant of the caller.
        goals = {constant for constant in constants(code, text) if constant in functions}
        function.calls |= goals
        if not goals:
            function.unknown = f"{word} {rest}"
    elif word[:1] in ("b", "j", "c") and place and (word in ("cbz", "cbnz", "j", "tail") or word[0] == "b"):
        goal = int(place[1], 16)
        if goal in functions and goal != address:
            function.jumps.add(goal)
        elif goal not in functions and not (code[0][0] <= goal):
            function.unknown = f"{word} {rest}"


def registers(rest: str) -> int:
    """How many registers a list names: `{r4, r5-r7, lr}` are five."""
    count = 0
    numbers = {"sl": 10, "fp": 11, "ip": 12}
    for item in rest[rest.index("{") + 1 : rest.index("}")].split(","):
        ends = [numbers.get(name.strip(), name.strip().removeprefix("r")) for name in item.split("-")]
        count += int(ends[1]) - int(ends[0]) + 1 if len(ends) == 2 else 1
    return count


def constants(code: list[tuple[int, str, str]], text: bytes) -> set[int]:
    """The constants that this code loads, less the bit that says Thumb."""
    places = (
        re.search(r"@ \(?([0-9a-f]+) <", rest)
        for _, word, rest in code
        if word.startswith("ldr") and "[pc" in rest
    )
    at = [int(place[1], 16) - TEXT for place in places if place]
    return {int.from_bytes(text[start : start + 4], "little") & ~1 for start in at}


def main() -> int:
    """Prints the bounds."""
    parser = argparse.ArgumentParser(description="Bounds the stack of the C library's functions.")
    parser.add_argument("targets", nargs="*", metavar="TARGET", default=["thumbv7em-none-eabihf"])
    for name in parser.parse_args().targets:
        target = firmware.target_of(name)
        found = bounds(target, firmware.package(name))
        print(f"octets of stack at most, {target.triple}")
        for entry, bound in sorted(found.items(), key=lambda item: -item[1].octets):
            print(f"{bound.octets:6}  {entry}")
            if bound.octets > 1000:
                print(f"        {' > '.join(bound.path)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
