"""The shipped libraries on emulated boards: the vectors, and how deep each call goes, under QEMU.

No real board was used. What QEMU is asked for is the processor, not its speed.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE / "boards"), str(ROOT / "tests/tools")]

import firmware  # noqa: E402
import test_c  # noqa: E402
from board import BOARDS, Board  # noqa: E402

CASES = {
    "aliyun": test_c.aliyun_cases,
    "huawei": test_c.huawei_cases,
    "registration": test_c.registration_cases,
    "chunks": test_c.chunk_cases,
}


@pytest.fixture(params=BOARDS)
def board(request: pytest.FixtureRequest) -> Board:
    return BOARDS[request.param]


@pytest.fixture
def shipped(board: Board) -> Path:
    """The folder with lib/ and include/ for the board's target, as `make firmware` installs it."""
    return firmware.package(board.triple)


def photo_max(board: Board) -> int:
    return int(next(flag for flag in board.defines if "PHOTO_MAX" in flag).split("=")[1])


def fits(given: str, board: Board) -> bool:
    """A photo that is read from memory must fit into it; by callback any photo does."""
    words = given.split("\t")
    sizes = {"hex": 0, "v2": int(words[3]) + 40 if words[0] == "v2" else 0}
    in_memory = words[0] not in sizes or words[2].strip() != "memory" or int(words[1]) <= photo_max(board)
    message_max = int(next(flag for flag in board.defines if "MESSAGE_MAX" in flag).split("=")[1])
    return in_memory and sizes.get(words[0], 0) <= message_max


@pytest.mark.parametrize("cases", CASES)
def test_every_vector_gives_the_same_on_the_board(
    cases: str, board: Board, shipped: Path, tmp_path: Path
) -> None:
    expected = [case for case in CASES[cases]() if fits(case[0], board)]
    assert len(expected) >= 9
    program = board.build(HERE / "vectors.c", shipped, tmp_path, "".join(given for given, _ in expected))
    printed = board.run(program)
    assert test_c.hashed(printed) == [*"".join(wanted for _, wanted in expected).splitlines(), "end"]


def test_a_call_leaves_the_stack_its_1536_octets(board: Board, shipped: Path, tmp_path: Path) -> None:
    program = board.build(HERE / "stack.c", shipped, tmp_path)
    *lines, end = board.run(program).splitlines()
    assert end == "end"
    depths = {
        name: int(octets) for name, octets, status in (text.split("\t") for text in lines) if status == "0"
    }
    assert len(depths) == len(lines) >= 8, lines
    header = (shipped / "include/faceiot.h").read_text(encoding="utf-8")
    assert all(re.search(rf"\b{name}\(", header) for name in depths)
    too_deep = {name: octets for name, octets in depths.items() if octets > 1536}
    assert not too_deep
