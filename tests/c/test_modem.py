"""examples/modem_c: a whole camera in C, against the local cloud, and against a world that is made up."""

# ruff: noqa: F811 - a fixture of another file is an import and an argument
from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import threading
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Self

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE / "boards"), str(ROOT / "tests/tools")]

import firmware  # noqa: E402
from board import BOARDS  # noqa: E402
from local_cloud import LocalCloud, build_program, until  # noqa: E402
from test_c import INCLUDE, SYSTEM, library  # noqa: E402, F401 - a fixture

pytestmark = pytest.mark.timeout(600)  # compilers, on a busy machine
EXAMPLE = ROOT / "examples/modem_c"
PHOTO = ROOT / "tests/photos/chelsea.jpg"
SHA256 = hashlib.sha256(PHOTO.read_bytes()).hexdigest()
WARNINGS = [
    "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wstrict-prototypes", "-pedantic", "-Werror",
]  # fmt: skip
SANITIZERS = ["-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
ALIYUN, HUAWEI = "aliyun:a1pk:cam", "huawei:61e6d1_cam"


def run(*command: object, **options: object) -> str:
    words = [str(word) for word in command]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120, **options)
    assert done.returncode == 0, f"{words}: {done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    return done.stdout


# ---- compilers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("standard", ["c99", "c17"])
@pytest.mark.parametrize("compiler", [name for name in ("gcc", "clang") if shutil.which(name)])
def test_it_is_clean_c(compiler: str, standard: str) -> None:
    for source in sorted(EXAMPLE.glob("*.c")):
        run(compiler, f"-std={standard}", *WARNINGS, f"-I{INCLUDE}", "-fsyntax-only", source)


@pytest.mark.parametrize("flags", [["-mthumb", "-mcpu=cortex-m4"], ["-mthumb", "-mcpu=cortex-m0"]])
def test_all_but_the_socket_compiles_for_a_microcontroller(flags: list[str], tmp_path: Path) -> None:
    for name in ("modem", "mqtt"):
        made = tmp_path / f"{name}.o"
        compiler = ["arm-none-eabi-gcc", *flags, "-std=c99", "-Os", *WARNINGS, f"-I{INCLUDE}"]
        run(*compiler, "-c", EXAMPLE / f"{name}.c", "-o", made)
        wanted = set(run("arm-none-eabi-nm", "--undefined-only", "-j", made).split())
        functions = {name for name in wanted if not name.startswith(("faceiot_", "mqtt_"))}
        assert functions <= {"memcpy", "memset", "memcmp", "strlen"}, "more of a C library than a modem has"


# ---- the world that is made up ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def host_world(library: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the scenarios print on this computer, under the sanitizers."""
    program = tmp_path_factory.mktemp("world") / "world"
    flags = ["-std=gnu99", "-Wall", "-Wextra", "-Werror", *SANITIZERS, "-DNO_PAINT"]
    run("gcc", *flags, f"-I{INCLUDE}", HERE / "modem_world.c", library, *SYSTEM, "-o", program)
    return run(program)


def scenarios(printed: str) -> dict[str, tuple[int, int]]:
    """Name -> status and count; a name that comes twice keeps its last."""
    found = {}
    for text in printed.splitlines():
        if text.startswith("= "):
            name, status, count = text[2:].split("\t")
            found[name] = (int(status), int(count))
    return found


def messages(printed: str) -> list[list[tuple[str, bytes]]]:
    """The messages of each scenario that prints them."""
    runs: list[list[tuple[str, bytes]]] = [[]]
    for text in printed.splitlines():
        if text.startswith("= "):
            runs.append([])
        elif "\t" in text:
            topic, payload = text.split("\t")
            runs[-1].append((topic, bytes.fromhex(payload)))
    return [run for run in runs if run]


def made_up_photo() -> bytes:
    return bytes((i * 31 + (i >> 8) * 17 + 7) & 0xFF for i in range(1300))


def test_read_an_octet_at_a_time_and_written_three_at_a_time_photos_are_whole(host_world: str) -> None:
    aliyun_0, aliyun_1, huawei_0, huawei_1 = messages(host_world)
    assert aliyun_0 == aliyun_1
    assert huawei_0 == huawei_1
    topic, payload = aliyun_0[0]
    assert topic == "/sys/pk/dn/thing/service/take_photo_reply"
    assert json.loads(payload) == {"id": "11", "code": 200, "data": {}}
    posts = [json.loads(payload)["params"]["img"] for _, payload in aliyun_0[1:]]
    assert {topic for topic, _ in aliyun_0[1:]} == {"/sys/pk/dn/thing/event/property/post"}
    assert posts[-1] == "END"
    assert bytes.fromhex("".join(posts[:-1])) == made_up_photo()
    topic, payload = huawei_0[0]
    assert topic == "$oc/devices/d/sys/commands/response/request_id=r"
    assert json.loads(payload) == {"result_code": 0}
    photo = b""
    for topic, chunk in huawei_0[1:]:
        assert topic == "$oc/devices/d/user/photo"
        (offset,) = struct.unpack_from(">I", chunk, 20)
        (crc,) = struct.unpack_from(">I", chunk, 36)
        assert chunk[:2] == b"FC"
        assert offset == len(photo)
        assert crc == zlib.crc32(chunk[:36] + chunk[40:])
        photo += chunk[40:]
    assert photo == made_up_photo()
    assert struct.unpack_from(">I", huawei_0[-1][1], 24) == (zlib.crc32(photo),)


@pytest.mark.parametrize(
    ("name", "status", "count"),
    [
        ("aliyun", 0, 1),
        ("huawei", 0, 1),
        ("refused", -5, 4),  # CONNACK 4
        ("silent", -2, 10),  # after 10 s
        ("stuck", -2, 0),
        ("closed", -1, 2),
        ("wrong id", -4, 1),
        ("long length", -4, 0),
        ("qos 3", -4, 0),
        ("topic too long", -4, 0),
        ("unasked", -4, 0),
        ("too large", 0, 11),  # one dropped, one acknowledged
        ("after too large", 0, 11),  # one answer, one photo wanted
        ("kept alive", 0, 150),  # five pings: one each half of the 60 s
        ("no pong", -2, 1),
        ("no photo", 2, 0),
        ("secrets", 0, 0),
    ],
)
def test_what_goes_wrong_has_a_status(name: str, status: int, count: int, host_world: str) -> None:
    assert host_world.splitlines()[-1] == "end"
    assert scenarios(host_world)[name] == (status, count)


def test_octets_that_are_no_mqtt_end_with_a_status(host_world: str) -> None:
    status, wrong = scenarios(host_world)["noise"]
    assert status == 0
    assert 250 < wrong < 500, "most of 500 are no MQTT, and some are"


@pytest.mark.parametrize("name", ["Cortex-M0", "Cortex-M4"])
def test_on_a_board_it_does_the_same_in_4_kilobytes(
    name: str, host_world: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    board = BOARDS[name]
    shipped = firmware.package(board.triple)
    program = board.build(HERE / "modem_world.c", shipped, tmp_path)
    printed = board.run(program)
    lines = printed.splitlines()
    measured = [text for text in lines if text.startswith(("= stack", "= memory"))]
    record_property(name, "; ".join(measured))
    assert [text for text in lines if text not in measured] == host_world.splitlines()
    stacks = [int(text.split("\t")[2]) for text in measured if text.startswith("= stack")]
    limit, memory = scenarios(printed)["memory"]
    assert len(stacks) == 2
    assert all(int(text.split("\t")[1]) == 0 for text in measured if text.startswith("= stack"))
    assert memory <= limit
    assert limit + max(stacks) <= 4096
    for readme in (EXAMPLE / "README.md", EXAMPLE / "README.zh-CN.md"):
        told = readme.read_text(encoding="utf-8")
        cortex_m0, cortex_m4 = map(int, re.search(r"\| (\d+) / (\d+) \|", told).groups())
        assert f"| {memory} |" in told
        assert max(stacks) <= (cortex_m0 if name == "Cortex-M0" else cortex_m4) * 1.1, "10 % head-room"


# ---- the local cloud -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def modem(library: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program as its Makefile builds it, under the sanitizers."""
    out = tmp_path_factory.mktemp("modem")
    run("make", "-C", EXAMPLE, f"LIB={library}", f"OUT={out}", f"CFLAGS={' '.join(SANITIZERS)}")
    return out / "modem_c"


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with LocalCloud(build_program(), tmp_path_factory.mktemp("local")) as cloud:
        cloud.secrets = {device: cloud.add(device) for device in (ALIYUN, HUAWEI)}  # type: ignore[attr-defined]
        yield cloud


def words(device: str) -> list[str]:
    cloud, _, name = device.partition(":")
    return [f"--{cloud}", name]


def start(modem: Path, secret: str, *options: object) -> subprocess.Popen[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FACEIOT_")}
    return subprocess.Popen(
        [str(word) for word in (modem, *options)],
        env={**kept, "FACEIOT_DEVICE_SECRET": secret},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str], seconds: float = 60) -> tuple[int, str, str]:
    try:
        out, err = process.communicate(timeout=seconds)
    finally:
        process.kill()
    return process.returncode, out, err


@pytest.mark.parametrize("qos", [0, 1])
@pytest.mark.parametrize("device", [ALIYUN, HUAWEI])
def test_a_command_is_answered_and_its_photo_arrives_whole(
    device: str, qos: int, modem: Path, cloud: LocalCloud
) -> None:
    before = len(cloud.photos(device))
    logins = cloud.logins(device)
    secret = cloud.secrets[device]  # type: ignore[attr-defined]
    process = start(
        modem, secret, *words(device), "--host", cloud.address, "--qos", qos, "--photos", 1, PHOTO
    )
    try:
        until(lambda: cloud.logins(device) > logins, "the modem is connected")
        success = 200 if device == ALIYUN else 0

        def answered() -> bool:  # logged in, and soon subscribed too
            return (
                cloud.ask("command", device, "set", '{"v": 1}', "--form", "property-set").get("code")
                == success
            )

        until(answered, "a property set is answered")
        if device == HUAWEI:
            refused = cloud.ask("command", device, "dance")
            assert (refused["exit"], refused["code"]) == (1, 1)
        until(
            lambda: cloud.ask("command", device, "take_photo").get("code") == success,
            "the command is answered",
        )
    finally:
        code, _, err = ended(process)
    assert (code, err) == (0, "")
    photos = until(lambda: cloud.photos(device)[: len(cloud.photos(device)) - before], "the photo is stored")
    assert photos[0]["sha256"] == SHA256
    assert hashlib.sha256(cloud.image(photos[0])).hexdigest() == SHA256
    assert photos[0]["verified"] == ("crc" if device == HUAWEI else "entropy")


def test_a_connection_that_breaks_in_the_middle_of_a_photo_is_made_anew(
    modem: Path, cloud: LocalCloud
) -> None:
    before = len(cloud.photos(HUAWEI))
    with Relay(cloud.address, first_limit=12_000) as relay:
        process = start(
            modem, cloud.secrets[HUAWEI], *words(HUAWEI), "--host", relay.address, "--now", PHOTO  # type: ignore[attr-defined]
        )  # fmt: skip
        code, out, err = ended(process)
    assert code == 0, err
    assert "the connection was closed" in err
    assert out.count("connected") == 2
    assert relay.connections == 2
    assert len(cloud.photos(HUAWEI)) - before <= 1, "the second try completes the first"
    photo = until(lambda: cloud.photos(HUAWEI)[: len(cloud.photos(HUAWEI)) - before], "the photo is stored")[
        0
    ]
    assert photo["sha256"] == SHA256


class Relay:
    """Between a device and the cloud: its first connection ends after so many octets."""

    def __init__(self, address: str, first_limit: int) -> None:
        host, port = address.rsplit(":", 1)
        self.upstream, self.limit, self.connections = (host, int(port)), first_limit, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(0.1)
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self.thread.join(10)
        self.listener.close()

    def _serve(self) -> None:
        while not self.stopping.is_set():
            try:
                device, _ = self.listener.accept()
            except TimeoutError:
                continue
            self.connections += 1
            limit = self.limit if self.connections == 1 else 1 << 40
            with device, socket.create_connection(self.upstream) as cloud:
                device.settimeout(30)
                back = threading.Thread(target=self._pump, args=(cloud, device, 1 << 40), daemon=True)
                back.start()
                self._pump(device, cloud, limit)
                for side in (device, cloud):
                    try:
                        side.shutdown(socket.SHUT_RDWR)
                    except OSError:
                        continue
                back.join(10)

    @staticmethod
    def _pump(source: socket.socket, sink: socket.socket, limit: int) -> None:
        while limit > 0:
            try:
                data = source.recv(700)
                sink.sendall(data)
            except OSError:
                return
            if not data:
                return
            limit -= len(data)


# ---- what a user does wrong ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([], "no device"),
        (["--aliyun", "a1pk", PHOTO], "not PRODUCT_KEY:DEVICE_NAME"),
        (["--aliyun", "a1pk:cam"], "no photo"),
        (["--huawei", "d", PHOTO], "Huawei's devices need"),
        (["--aliyun", "a1pk:cam", "--qos", "2", PHOTO], "not 0 or 1"),
        (["--aliyun", "a1pk:cam", "--keep-alive", "15", PHOTO], "not 30 to 1200 seconds"),
        (["--aliyun", "a1pk:cam", "--host", "127.0.0.1:0", PHOTO], "not a port"),
        (["--aliyun", "a1pk:cam", "--verbose", "x", PHOTO], "not an option"),
        (["--aliyun"], "an option without its value"),
        (["--aliyun", "a1pk:cam", PHOTO, PHOTO], "one photo is enough"),
    ],
)
def test_what_is_not_understood_is_named(given: list[object], said: str, modem: Path) -> None:
    code, out, err = ended(start(modem, "secret", *given))
    assert (code, out) == (2, "")
    assert said in err
    assert "usage: modem_c" in err


def test_help_is_no_error(modem: Path) -> None:
    code, out, err = ended(start(modem, "", "--help"))
    assert (code, err) == (0, "")
    assert re.search(r"^usage: modem_c", out)


def test_a_secret_is_needed_and_comes_from_a_file_too(modem: Path, cloud: LocalCloud, tmp_path: Path) -> None:
    arguments = [*words(HUAWEI), "--host", cloud.address, "--now"]
    code, _, err = ended(start(modem, "", *arguments, PHOTO))
    assert code == 2
    assert "set FACEIOT_DEVICE_SECRET, or give --secret-file FILE" in err
    secret = tmp_path / "secret"
    secret.write_text(cloud.secrets[HUAWEI] + "\n")  # type: ignore[attr-defined]
    assert ended(start(modem, "", *arguments, "--secret-file", secret, PHOTO))[0] == 0
    secret.write_text("\n")
    code, _, err = ended(start(modem, "", *arguments, "--secret-file", secret, PHOTO))
    assert (code, "has no device secret in its first line" in err) == (2, True)


def test_a_wrong_secret_is_refused_and_not_shown(modem: Path, cloud: LocalCloud) -> None:
    canary = "canary-4711-secret"
    for device in (ALIYUN, HUAWEI):
        code, out, err = ended(start(modem, canary, *words(device), "--host", cloud.address, "--now", PHOTO))
        assert code == 3
        assert "CONNACK 4" in err
        for text in (canary, base64.b64encode(canary.encode()).decode()):
            assert text not in out + err
        assert not re.search(r"[0-9a-fA-F]{32}", out + err), "a signature is a password"


def test_no_connection_and_no_photo_are_told_apart(modem: Path, cloud: LocalCloud, tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{closed.getsockname()[1]}"
        code, _, err = ended(
            start(modem, "s", *words(HUAWEI), "--host", address, "--tries", 2, "--now", PHOTO)
        )
    assert (code, err.count("Connection refused")) == (1, 2)
    secret = cloud.secrets[HUAWEI]  # type: ignore[attr-defined]
    empty = tmp_path / "empty.jpg"
    empty.touch()
    for photo, why in ((tmp_path / "none.jpg", "No such file"), (empty, "it is empty")):
        code, _, err = ended(start(modem, secret, *words(HUAWEI), "--host", cloud.address, "--now", photo))
        assert (code, why in err) == (4, True), err
