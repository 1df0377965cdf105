"""What the capture command said in the virtual machine, held against what the drivers are known to give.

`make test` starts the machine (tests/tools/vm.py) and hands its output over; guest.sh says what was run.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

FORMATS = ("YUYV", "UYVY", "NV12", "YU12", "RGB3", "BGR3", "GREY")
# vivid's bars, three quarters bright: white, yellow, cyan, green, magenta, red, blue, black.
BARS = [
    (191, 191, 191),
    (191, 191, 0),
    (0, 191, 191),
    (0, 191, 0),
    (191, 0, 191),
    (191, 0, 0),
    (0, 0, 191),
    (0, 0, 0),
]
# BT.601 of gamma-corrected values, which is not quite what vivid computes: it goes through linear light.
NEAR = 6


@dataclass
class Frame:
    index: int
    number: int
    size: str
    dropped: int
    damaged: int
    restarts: int


class Section:
    """One run of the command: its lines and its exit status."""

    def __init__(self, lines: list[str]) -> None:
        ends = [line.removeprefix("exit ") for line in lines if line.startswith("exit ")]
        self.status = int(ends[0]) if ends else None
        self.lines = [line for line in lines if not line.startswith("exit ")]

    @property
    def mode(self) -> str:
        return self.value("mode ")

    @property
    def error(self) -> str:
        assert self.status == 1, self.lines
        return self.value("error ")

    @property
    def frames(self) -> list[Frame]:
        row = re.compile(r"frame (\d+) number (\d+) (\d+x\d+) dropped (\d+) damaged (\d+) restarts (\d+)")
        found = (row.match(line) for line in self.lines)
        return [Frame(int(m[1]), int(m[2]), m[3], int(m[4]), int(m[5]), int(m[6])) for m in found if m]

    @property
    def seconds(self) -> float:
        return float(self.value("done ").split()[-2])

    @property
    def colours(self) -> list[tuple[int, ...]]:
        triples = re.findall(r"\[(\d+), (\d+), (\d+)\]", self.value("colours "))
        return [tuple(int(value) for value in triple) for triple in triples]

    def value(self, name: str) -> str:
        found = [line.removeprefix(name) for line in self.lines if line.startswith(name)]
        assert found, f"no line begins with `{name}`: {self.lines}"
        return found[0]


@pytest.fixture(scope="session")
def said() -> dict[str, Section]:
    text = Path(os.environ["VM_RESULTS"]).read_text(encoding="utf-8")
    parts = re.split(r"^== (.*)$", text.replace("\r", ""), flags=re.MULTILINE)
    return {
        name: Section(body.strip("\n").splitlines())
        for name, body in zip(parts[1::2], parts[2::2], strict=True)
    }


def whole(section: Section, count: int, size: str) -> None:
    """So many frames of that size came, none of them damaged."""
    assert section.status == 0, section.lines
    assert [frame.index for frame in section.frames] == list(range(count))
    assert {frame.size for frame in section.frames} == {size}
    assert {frame.damaged for frame in section.frames} == {0}


def near(colours: list[tuple[int, ...]], expected: list[tuple[int, ...]], most: int = NEAR) -> None:
    assert len(colours) == len(expected)
    for colour, other in zip(colours, expected, strict=True):
        assert all(abs(a - b) <= most for a, b in zip(colour, other, strict=True)), f"{colours}\n{expected}"


@pytest.mark.parametrize("name", FORMATS)
def test_30_frames_come_in_every_format_and_show_the_drivers_colours(
    said: dict[str, Section], name: str
) -> None:
    section = said[f"format {name}"]
    assert section.mode == f"640x480 {name} at 30 frames/s"
    whole(section, 30, "640x480")
    if name == "GREY":
        levels = [red for red, green, blue in section.colours if red == green == blue]
        assert len(levels) == len(BARS)
        assert levels == sorted(levels, reverse=True)
        assert levels[0] > 170
        assert levels[-1] == 0
    else:
        near(section.colours, BARS)


@pytest.mark.parametrize(("name", "size"), [("YUYV", "320x180"), ("NV12", "1280x720"), ("YUYV", "1920x1080")])
def test_30_frames_come_in_every_size(said: dict[str, Section], name: str, size: str) -> None:
    section = said[f"format {name} {size}"]
    assert section.mode.startswith(f"{size} {name} at ")
    whole(section, 30, size)
    near(section.colours, BARS)


def test_a_format_that_the_camera_lacks_is_an_error_that_names_those_it_has(said: dict[str, Section]) -> None:
    error = said["format refused"].error
    assert error.startswith("invalid_argument: `/dev/video0` has no format MJPG")
    assert error.endswith("use one of YUYV, UYVY, YU12, NV12, GREY, RGB3, BGR3")


def test_720x480_of_a_camera_with_640x480_and_1280x720_is_the_larger(said: dict[str, Section]) -> None:
    assert said["wish"].mode == "1280x720 YU12 at 30 frames/s"
    whole(said["wish"], 3, "1280x720")


def test_the_rate_is_set_and_frames_come_at_that_rate(said: dict[str, Section]) -> None:
    slow, fast = said["slow"], said["fast"]
    assert slow.mode == "640x480 YU12 at 5 frames/s"
    assert fast.mode == "640x480 YU12 at 30 frames/s"
    whole(slow, 10, "640x480")
    whole(fast, 30, "640x480")
    # A slow machine makes frames late, never early: from the first to the last, 9 and 29 intervals.
    assert slow.seconds >= 9 / 5 * 0.9
    assert 29 / 30 * 0.9 <= fast.seconds < 29 / 5


def test_every_camera_is_listed_with_its_modes_and_what_is_none_says_why(said: dict[str, Section]) -> None:
    lines = said["list"].lines
    cameras = [line for line in lines if line.startswith("camera ")]
    assert len(cameras) == 5
    for node in (0, 1):
        gives = "gives YUYV, UYVY, YU12, NV12, GREY, RGB3, BGR3"
        assert cameras[node] == f"camera v4l2:/dev/video{node} [vivid] vivid - usable: {gives}"
    assert "  mode 1280x720 NV12 at 60 frames/s" in lines
    assert cameras[2].startswith("camera v4l2:/dev/video2 [vivid] vivid - not usable: takes in pictures")
    assert cameras[3].startswith(
        "camera v4l2:/dev/video3 [vivid] vivid - not usable: carries a camera's meta"
    )
    assert "v4l2:/dev/video10 [v4l2 loopback] Loopback - not usable: offers no picture format" in cameras[4]


@pytest.mark.parametrize("section", ["first", "number"])
def test_a_camera_is_found_without_its_path(said: dict[str, Section], section: str) -> None:
    assert said[section].value("source ") == "/dev/video0 (vivid)"
    whole(said[section], 1, "640x480")


def test_controls_of_every_kind_are_listed_or_left_out_and_none_breaks_the_list(
    said: dict[str, Section],
) -> None:
    # vivid has one of every type: 64 bits, texts, arrays, areas and rectangles too.
    controls = [line for line in said["controls"].lines if line.startswith("control ")]
    names = [re.search(r'name: "(\w+)"', line)[1] for line in controls]
    assert {"brightness", "button", "boolean", "integer_32_bits", "menu", "bitmask", "integer_menu"} <= set(
        names
    )
    assert not {"integer_64_bits", "string", "u32_1_element_array", "area"} & set(names)
    (menu,) = (line for line in controls if '"menu"' in line)
    assert 'choices: [(1, "Menu Item 1"), (3, "Menu Item 3"), (4, "Menu Item 4")]' in menu
    (gain,) = (line for line in controls if '"gain"' in line)
    assert "writable: false" in gain


def test_a_control_out_of_its_limits_or_unknown_is_refused(said: dict[str, Section]) -> None:
    assert said["control refused"].error == "invalid_argument: `brightness` is 0 to 255, not 100000"
    assert said["control unknown"].error.startswith(
        "invalid_argument: `/dev/video0` has no control `warp`; it has: brightness, contrast"
    )


def test_buffers_that_the_driver_dropped_are_counted(said: dict[str, Section]) -> None:
    section = said["dropped"]
    whole(section, 30, "640x480")
    last = section.frames[-1]
    assert last.dropped > 5
    assert last.number == 29 + last.dropped
    whole(said["dropped no more"], 1, "640x480")


def test_a_frame_that_the_driver_marks_as_damaged_is_counted_and_not_given(said: dict[str, Section]) -> None:
    section = said["damaged"]
    assert section.status == 0
    assert [frame.index for frame in section.frames] == list(range(15))
    assert [frame.damaged for frame in section.frames[:5]] == [0] * 5
    assert section.frames[-1].damaged == 1


def test_a_streaming_error_ends_the_stream_and_the_camera_works_again(said: dict[str, Section]) -> None:
    section = said["stream error"]
    assert section.error == "camera: `/dev/video0` reported a streaming error (taking a frame)"
    assert 5 <= len(section.frames) < 60
    whole(said["after the error"], 5, "640x480")


def test_a_stream_that_cannot_be_started_says_so(said: dict[str, Section]) -> None:
    assert said["streamon error"].status == 0
    assert "starting the stream" in said["streamon refused"].error
    whole(said["after streamon"], 1, "640x480")


def test_a_camera_in_use_by_another_program_says_so(said: dict[str, Section]) -> None:
    assert said["busy"].error.startswith("camera: `/dev/video0` is used by another program")


def test_a_camera_unplugged_while_streaming_says_so_and_works_when_it_is_back(
    said: dict[str, Section],
) -> None:
    unplugged = said["unplugged"].lines
    assert unplugged[-1].startswith("error camera: `/dev/video0` was unplugged")
    assert said["gone"].error.startswith("no_camera: there is no `/dev/video0`")
    whole(said["replugged"], 5, "640x480")


@pytest.mark.parametrize(("name", "count"), [("supervised error", 30), ("supervised unplug", 60)])
def test_a_supervised_camera_is_opened_again_and_frames_go_on(
    said: dict[str, Section], name: str, count: int
) -> None:
    section = said[name]
    whole(section, count, "640x480")
    assert section.frames[3].restarts == 0
    assert section.frames[-1].restarts == 1
    numbers = [frame.number for frame in section.frames]
    assert numbers == sorted(set(numbers)), "every frame is a new one"


def test_motion_jpeg_passes_bit_for_bit_without_what_stands_behind_it(said: dict[str, Section]) -> None:
    assert said["mjpg"].mode.startswith("720x480 MJPG")
    whole(said["mjpg"], 30, "720x480")
    pairs = [line.split(" is ") for line in said["mjpg octets"].lines]
    assert [taken for taken, _ in pairs] == [f"taken/{index:04}.jpg" for index in range(30)]
    assert {fed for _, fed in pairs} == {f"{index:04}.jpg" for index in range(5)}


def test_motion_jpeg_can_be_decoded(said: dict[str, Section]) -> None:
    greys = [(level,) * 3 for level in range(16, 256, 32)]  # the test card's lower part
    near(said["mjpg colours"].colours, greys)


def test_a_driver_with_one_size_gives_it_whatever_is_asked_for(said: dict[str, Section]) -> None:
    whole(said["mjpg another size"], 1, "720x480")


def test_a_camera_that_falls_silent_is_a_timeout(said: dict[str, Section]) -> None:
    section = said["stalled"]
    assert section.error == "timeout: `/dev/video10` gave no frame within 2 s"
