"""examples/esp32cam on this computer: the tutorial's sketch as it is, our own, and the fallback for Xtensa.

Arduino, the camera, the card and PubSubClient 2.8 are stand-ins (tests/c/arduino): no board and no Arduino compiler was
used. Sockets, the local cloud, mbedTLS and the compilers are real.
"""

# ruff: noqa: F811 - a fixture of another file is an import and an argument
from __future__ import annotations

import atexit
import functools
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import test_c
from local_cloud import LocalCloud, build_program, until
from mqtt_recorder import Recorder
from test_c import INCLUDE, SYSTEM, hashed, library  # noqa: F401

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
pytestmark = pytest.mark.timeout(600)  # compilers, on a busy machine
EXAMPLE = ROOT / "examples/esp32cam"
SOURCES = EXAMPLE / "src"
STUBS = HERE / "arduino"
SKETCH = EXAMPLE / "examples/photo/photo.ino"
PHOTO = ROOT / "tests/photos/chelsea.jpg"
SEED = (ROOT / "tests/seeds/001_e790c23e036f400e.txt").read_text(encoding="utf-8")
SANITIZERS = ["-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
# What the tutorial tells its readers to change in PubSubClient.h.
ADVICE = ["-DMQTT_MAX_PACKET_SIZE=1100", "-DMQTT_KEEPALIVE=66"]
PORTABLE = "-DFACEIOT_PORTABLE_FOR_TESTS"


def run(*command: object, **options: object) -> str:
    words = [str(word) for word in command]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120, **options)
    assert done.returncode == 0, f"{words}: {done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    return done.stdout


@functools.cache
def stand_in(name: str, *flags: str) -> Path:
    """A stand-in, compiled once for these flags."""
    folder = Path(tempfile.mkdtemp(prefix="faceiot-stand-in-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    out = folder / f"{name}.o"
    run("g++", "-std=gnu++17", *SANITIZERS, *flags, f"-I{STUBS}", "-c", STUBS / name, "-o", out)
    return out


def compiled(out: Path, sources: list[Path], with_library: Path | None, *flags: str) -> Path:
    """A sketch and the stand-ins as a program; without the library, over the fallback."""
    limits = [flag for flag in flags if flag.startswith("-DMQTT")]
    linked: list[object] = [stand_in("host.cpp"), stand_in("pubsubclient.cpp", *limits), with_library]
    if with_library is None:
        linked[-1] = out.with_suffix(".portable.o")
        fallback = [PORTABLE, f"-I{SOURCES}", "-c", SOURCES / "faceiot_portable.c"]
        run("gcc", "-std=c99", *SANITIZERS, *fallback, "-o", linked[-1])
    includes = [f"-I{STUBS}", f"-I{SOURCES}", "-include", "Arduino.h"]
    command = ["g++", "-std=gnu++17", *SANITIZERS, *flags, *includes, "-x", "c++", *sources, "-x", "none"]
    run(*command, *linked, "-lmbedcrypto", *SYSTEM, "-o", out)
    return out


def sketch_environment(folder: Path, server: str, **settings: object) -> dict[str, str]:
    stubs = {f"STUB_{name.upper()}": str(value) for name, value in settings.items()}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("FACEIOT_", "STUB_"))}
    return {**kept, "STUB_SERVER": server, "STUB_REPORT": str(folder / "report"), **stubs}


def counted(folder: Path) -> dict[str, int]:
    rows = (line.rsplit(" ", 1) for line in (folder / "report").read_text().splitlines())
    return {name: int(value) for name, value in rows}


def made_up_photo(octets: int) -> bytes:
    return bytes((i * 31 + (i >> 8) * 17 + 7) & 0xFF for i in range(octets))


# ---- the tutorial's own sketch ---------------------------------------------------------------------------------------


def seed_file(name: str, following: str) -> str:
    """A file of the tutorial, as it stands there."""
    start = SEED.index(f"// {name}\n")
    return SEED[start : SEED.index(following, start)]


INO = seed_file("send_img_aliyun.ino", "aliyunmqtt.h\n:")
HEADER = seed_file("aliyunmqtt.h", "aliyunmqtt.cpp\n//")
CODE = seed_file("aliyunmqtt.cpp", "程序烧录运行结果如下图")


@pytest.fixture(scope="module")
def tutorial(library: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The tutorial's sketch and the caller of its three functions, over its own aliyunmqtt.cpp, over ours with the
    library, and over ours with the fallback."""
    programs = {}
    for name in ("own", "library", "portable", "plain"):
        folder = tmp_path_factory.mktemp(name)
        (folder / "sketch.ino").write_text(INO, encoding="utf-8")
        code = SOURCES / "aliyunmqtt.cpp"
        flags = ["-w", *([] if name == "plain" else ADVICE)]  # the tutorial's code has warnings
        if name == "own":
            (folder / "aliyunmqtt.h").write_text(HEADER, encoding="utf-8")
            code = folder / "aliyunmqtt.cpp"
            code.write_text(CODE, encoding="utf-8")
            flags.append(f"-I{folder}")
        linked = None if name == "portable" else library
        programs[name] = compiled(folder / "sketch", [folder / "sketch.ino", code], linked, *flags)
        if name == "plain":
            continue
        programs[f"{name} login"] = compiled(folder / "login", [STUBS / "login.cpp", code], linked, *flags)
    return programs


def test_the_tutorials_files_are_there_whole() -> None:
    assert INO.count("mqttClient.publish(") == 4
    assert HEADER.count('extern "C"') == 3
    assert CODE.rstrip().endswith("}")


@pytest.mark.parametrize("octets", [0, 1, 400, 801, 12345])
def test_the_tutorials_sketch_publishes_the_vectors_over_our_aliyunmqtt(
    octets: int, tutorial: dict[str, Path], tmp_path: Path
) -> None:
    wanted = test_c.suites("huawei_meituan.json")["seed_chunk_wire"][f"jpeg_{octets}"]["expected"]
    (tmp_path / "photo").write_bytes(made_up_photo(octets))
    seen = {}
    for name in ("own", "library", "portable"):
        with Recorder() as broker:
            environment = sketch_environment(
                tmp_path, broker.address, time="virtual", driver="old", loops=2, photo=tmp_path / "photo",
                card=tmp_path,
            )  # fmt: skip
            run(tutorial[name], env=environment)
        seen[name] = (broker.logins, broker.subscribed, broker.published)
        # The first photo goes nowhere: the sketch connects behind it. The second is the vector.
        payloads = [payload for topic, payload in broker.published if topic == wanted["topic"]]
        assert [len(payload) for payload in payloads] == wanted["payload_lengths"]
        assert hashlib.sha256(b"".join(payloads)).hexdigest() == wanted["sha256_concat_payloads"]
        assert counted(tmp_path)["eeprom_erased"] == 2  # for each photo, which is what FaceIotCounter is for
        assert "host k0xxxxxIM.iot-as-mqtt.cn-shanghai.aliyuncs.com:1883" in counted(tmp_path)
    assert seen["own"] == seen["library"] == seen["portable"]
    ((client_id, username, password, keep_alive),) = seen["library"][0]
    assert re.fullmatch(r"esp001_001\|securemode=3,signmethod=hmacsha256,timestamp=\d+\|", client_id)
    assert (username, len(password), keep_alive) == ("esp001_001&k0xxxxxIM", 64, 66)


def test_without_the_tutorials_advice_only_short_messages_leave(
    tutorial: dict[str, Path], tmp_path: Path
) -> None:
    (tmp_path / "photo").write_bytes(made_up_photo(1230))
    with Recorder() as broker:
        environment = sketch_environment(
            tmp_path, broker.address, time="virtual", driver="old", loops=2, photo=tmp_path / "photo"
        )
        run(tutorial["plain"], env=environment)
    assert [len(payload) for _, payload in broker.published] == [72 + 60, 75], "a buffer of 256 octets"


@pytest.mark.parametrize("call", ["once", "twice", "prepared"])
@pytest.mark.parametrize("refuse", [0, 2, 3, 4])
def test_the_three_functions_behave_as_the_tutorials(
    refuse: int, call: str, tutorial: dict[str, Path], tmp_path: Path
) -> None:
    seen = {}
    for name in ("own", "library", "portable"):
        with Recorder(refuse=refuse) as broker:
            environment = sketch_environment(tmp_path, broker.address, time="virtual", loops=0, call=call)
            printed = run(tutorial[f"{name} login"], env=environment)
        # Milliseconds of the stand-in pass while it waits for the socket; they are in the timestamp of later tries.
        logins = [broker.logins[0], len(broker.logins)]
        seen[name] = (printed, logins, counted(tmp_path).get("waited_ms", 0))
    assert seen["own"] == seen["library"] == seen["portable"]
    printed, (login, tries), waited = seen["library"]
    assert printed.startswith("1\n" if refuse == 0 else "0\n")
    if call == "once":
        stops = refuse in (0, 2, 4)
        assert (tries, waited) == ((1, 0) if stops else (5, 15000))
        vector = test_c.suites("aliyun.json")["seed001_aliyunmqtt_cpp"]
        known = next(v["expected"] for v in vector.values() if v["input"]["millis"] == 23668)
        assert (login[0], login[1]) == (known["client_id"], known["username"])
        assert login[2] == known["password"], "the region is not signed"
    if call == "twice" and refuse == 0:
        assert printed == "1\n0\nstate 0\n", "false when connected already"
    if call == "prepared":
        assert login[2] == "ABCDEF"


def test_a_host_that_is_not_there_is_tried_five_times(tutorial: dict[str, Path], tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{closed.getsockname()[1]}"
        for name in ("own", "library"):
            environment = sketch_environment(tmp_path, address, time="virtual", loops=0, call="once")
            assert run(tutorial[f"{name} login"], env=environment) == "0\nstate -2\n"
            assert counted(tmp_path)["waited_ms"] == 15000


# ---- FaceIot ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=["library", "portable"])
def linked(request: pytest.FixtureRequest, library: Path) -> Path | None:
    return library if request.param == "library" else None


@pytest.fixture(scope="module")
def formats(linked: Path | None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    sources = [STUBS / "formats.cpp", SOURCES / "FaceIot.cpp"]
    folder = tmp_path_factory.mktemp("formats")
    return compiled(
        folder / "formats", sources, linked, "-Wall", "-Wextra", "-Werror", "-Wno-unused-parameter"
    )


SERVICE = "/sys/k0xxxxxIM/esp001_001/thing/service/dance", b'{"id":"9","params":{"a":1}}'
REPLY = "/sys/k0xxxxxIM/esp001_001/thing/service/dance_reply", b'{"id":"9","code":200,"data":{}}'


@pytest.mark.parametrize("source", ["memory", "file"])
@pytest.mark.parametrize("octets", [1, 400, 12345])
def test_format_hex_publishes_the_vectors(octets: int, source: str, formats: Path, tmp_path: Path) -> None:
    wanted = test_c.suites("huawei_meituan.json")["seed_chunk_wire"][f"jpeg_{octets}"]["expected"]
    published, _ = sent(formats, "hex", source, made_up_photo(octets), tmp_path)
    payloads = [payload for topic, payload in published if topic == wanted["topic"]]
    assert hashlib.sha256(b"".join(payloads)).hexdigest() == wanted["sha256_concat_payloads"]


@pytest.mark.parametrize("source", ["memory", "file"])
@pytest.mark.parametrize("octets", [1, 512, 12345])
def test_format_v2_publishes_chunks_that_hold_the_photo(
    octets: int, source: str, formats: Path, tmp_path: Path
) -> None:
    published, _ = sent(formats, "v2", source, made_up_photo(octets), tmp_path)
    chunks = [payload for topic, payload in published if topic == "/k0xxxxxIM/esp001_001/user/photo"]
    assert len(chunks) == -(-octets // 512)
    assert all(struct.unpack_from(">I", c, 36)[0] == zlib.crc32(c[:36] + c[40:]) for c in chunks)
    assert [struct.unpack_from(">I", c, 20)[0] for c in chunks] == list(range(0, octets, 512))
    assert b"".join(c[40:] for c in chunks) == made_up_photo(octets)
    assert struct.unpack_from(">I", chunks[-1], 24)[0] == zlib.crc32(made_up_photo(octets))


def sent(
    program: Path, form: str, source: str, photo: bytes, folder: Path
) -> tuple[list[tuple[str, bytes]], str]:
    """What the program published, and what it printed; the same every time but for the photo."""
    (folder / "given.jpg").write_bytes(photo)
    with Recorder(when_subscribed=SERVICE) as broker:
        environment = sketch_environment(
            folder, broker.address, time="virtual", loops=40, format=form, photo=folder / "given.jpg", card=folder,
            **{"from": source},
        )  # fmt: skip
        printed = run(program, env=environment)
        until(lambda: broker.acknowledged, "the command is acknowledged", 5)
    assert printed.splitlines()[:3] == [
        "begin: 1 ",
        "no file: 0 the photo's file is not open",
        "nothing: 0 the photo is empty",
    ]
    assert "photo: 1 \n" in printed, "the first photo connects before it is published"
    assert "buffer 1152" in printed
    assert printed.count('command dance {"a":1}\n') == 1
    assert "nested: 0 a photo is on its way: send the next one from loop()" in printed
    assert REPLY in broker.published
    assert broker.subscribed == [
        "/sys/k0xxxxxIM/esp001_001/thing/service/property/set",
        "/sys/k0xxxxxIM/esp001_001/thing/service/+",
    ]
    assert broker.logins[0][3] == 60, "the keep-alive that both clouds take"
    return broker.published, printed


@pytest.mark.parametrize(("refuse", "why"), [(4, "login refused"), (3, "not available now")])
def test_a_refused_login_is_told(refuse: int, why: str, formats: Path, tmp_path: Path) -> None:
    (tmp_path / "photo").write_bytes(b"\xff\xd8")
    with Recorder(refuse=refuse) as broker:
        environment = sketch_environment(
            tmp_path, broker.address, time="virtual", loops=0, format="v2", photo=tmp_path / "photo",
            **{"from": "memory"},
        )  # fmt: skip
        printed = run(formats, env=environment)
    assert re.search(rf"photo: 0 .*{why}", printed)
    assert broker.published == []


def test_numbers_grow_with_one_write_for_64_photos(tmp_path: Path) -> None:
    program = compiled(tmp_path / "counter", [STUBS / "counter.cpp"], None)
    printed = run(program, env=sketch_environment(tmp_path, "127.0.0.1:1", loops=0, nvs=tmp_path / "nvs"))
    assert printed == "last 200\nafter a restart 257\nwithout flash 0\n"
    assert counted(tmp_path)["nvs_written"] == 5  # four for 200 numbers, one after the restart


# ---- our sketch and the local cloud ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with LocalCloud(build_program(), tmp_path_factory.mktemp("local")) as cloud:
        yield cloud


@pytest.fixture(scope="module")
def photographer(
    linked: Path | None, cloud: LocalCloud, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, str]:
    """The sketch with the settings of a device of the local cloud, and that device."""
    folder = tmp_path_factory.mktemp("photographer")
    name = f"cam-{folder.name}"
    settings = {
        "WIFI_SSID": "x", "WIFI_PASSWORD": "x", "PRODUCT_KEY": "a1pk", "DEVICE_NAME": name,
        "DEVICE_SECRET": cloud.add(f"aliyun:a1pk:{name}"),
    }  # fmt: skip
    (folder / "photo.ino").write_text(SKETCH.read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "secrets.h").write_text(
        "".join(f'#define {key} "{value}"\n' for key, value in settings.items())
    )
    sources = [folder / "photo.ino", SOURCES / "FaceIot.cpp"]
    return compiled(folder / "sketch", sources, linked, "-Wall", "-Wextra", "-Werror"), f"aliyun:a1pk:{name}"


@pytest.mark.parametrize("trouble", ["none", "no card", "a cut connection", "a cut header"])
def test_our_sketch_answers_the_command_and_its_photo_arrives_whole(
    trouble: str, photographer: tuple[Path, str], cloud: LocalCloud, tmp_path: Path
) -> None:
    program, device = photographer
    card = tmp_path / "card"
    card.mkdir()
    before, logins = len(cloud.photos(device)), cloud.logins(device)
    more = {} if trouble == "no card" else {"card": card, "nvs": tmp_path / "nvs"}
    cut = {"a cut connection": 40, "a cut header": 41}.get(trouble)  # each message is a header and a payload
    if cut:
        more["writes"] = cut
    environment = sketch_environment(tmp_path, cloud.address, photo=PHOTO, stale=1, **more)
    with subprocess.Popen(
        [program], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as sketch:
        try:
            until(lambda: cloud.logins(device) > logins, "the sketch is connected")
            until(
                lambda: cloud.ask("command", device, "take_photo").get("code") == 200,
                "the command is answered",
            )
            stored = until(
                lambda: cloud.photos(device)[: len(cloud.photos(device)) - before], "the photo is stored"
            )[0]
            refused = cloud.ask("command", device, "dance")
        finally:
            sketch.send_signal(signal.SIGTERM)
            printed, _ = sketch.communicate(timeout=30)
    assert sketch.returncode == 0, printed
    assert (refused["exit"], refused["code"]) == (1, 460)
    wanted = hashlib.sha256(PHOTO.read_bytes()).hexdigest()
    assert (stored["sha256"], stored["verified"]) == (wanted, "crc")
    assert len(cloud.photos(device)) == before + 1, "what broke off was completed: no second row"
    assert hashlib.sha256(cloud.image(stored)).hexdigest() == wanted
    counts = counted(tmp_path)
    assert counts["frames"] == counts["frames_returned"], "every frame is given back"
    assert b"stale" not in b"".join(file.read_bytes() for file in card.iterdir())
    if trouble == "no card":
        assert "no card: photos are sent from memory" in printed
    else:
        assert (card / "photo1.jpg").read_bytes() == PHOTO.read_bytes()
        assert counts["nvs_written"] == 1
    if cut:
        assert counts["cut"] == 1
        assert "not sent" not in printed
        assert cloud.logins(device) - logins == 2


# ---- the fallback for Xtensa -----------------------------------------------------------------------------------------


def test_the_fallback_gives_every_vector_and_the_library_assembles_its_photos(
    library: Path, tmp_path: Path
) -> None:
    """The same program as for the library; the linker takes what the fallback has from the fallback."""
    cases = [
        case for case in test_c.aliyun_cases() if case[0].split("\t")[1] == "hmacsha256"
    ] + test_c.chunk_cases()
    assert len(cases) >= 60
    portable, program, script = tmp_path / "portable.o", tmp_path / "vectors", tmp_path / "map"
    run(
        "gcc",
        "-std=c99",
        *SANITIZERS,
        PORTABLE,
        f"-I{SOURCES}",
        "-c",
        SOURCES / "faceiot_portable.c",
        "-o",
        portable,
    )
    linker = ["-Wl,--allow-multiple-definition", f"-Wl,-Map={script}"]
    run(
        "gcc", "-std=c99", *SANITIZERS, f"-I{INCLUDE}", HERE / "vectors.c", portable, library, "-lmbedcrypto", *SYSTEM,
        *linker, "-o", program,
    )  # fmt: skip
    own = set(run("nm", "--defined-only", "-g", "-j", portable).split())
    assert {"faceiot_aliyun_login_sha256", "faceiot_hex_next", "faceiot_v2_next", "faceiot_crc32"} <= own
    printed = run(program, input="".join(given for given, _ in cases))
    assert hashed(printed) == [*"".join(wanted for _, wanted in cases).splitlines(), "end"]


def test_the_fallback_and_the_library_agree_on_random_input(library: Path, tmp_path: Path) -> None:
    program = tmp_path / "both"
    flags = ["-std=gnu99", "-Wall", "-Wextra", "-Werror", *SANITIZERS, PORTABLE, f"-I{SOURCES}"]
    run("gcc", *flags, STUBS / "both.c", library, "-lmbedcrypto", *SYSTEM, "-o", program)
    compared, succeeded = map(int, run(program).split())
    assert compared > 100_000
    assert succeeded > 20_000


def test_the_fallback_compiles_for_xtensa_by_itself_and_for_nothing_else(tmp_path: Path) -> None:
    headers = tmp_path / "include"
    headers.mkdir()
    (headers / "mbedtls").symlink_to("/usr/include/mbedtls")
    strict = ["-std=c99", "-ffreestanding", "-Os", "-Wall", "-Wextra", "-Wconversion", "-pedantic", "-Werror"]
    includes = [f"-I{STUBS / 'xtensa'}", f"-I{headers}", f"-I{SOURCES}"]
    source, made = SOURCES / "faceiot_portable.c", tmp_path / "portable.o"
    run("xtensa-lx106-elf-gcc", *strict, *includes, "-c", source, "-o", made)
    symbols = set(run("xtensa-lx106-elf-nm", "--defined-only", "-g", "-j", made).split())
    assert "faceiot_aliyun_login_sha256" in symbols
    called = set(
        re.findall(r"\bfaceiot_\w+(?=\()", "".join(file.read_text() for file in SOURCES.glob("*.cpp")))
    )
    assert called <= symbols, "all that the Arduino library calls"
    for compiler, *flags in (
        ["gcc"],
        ["arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb"],
        ["xtensa-lx106-elf-gcc", "-DFACEIOT_RUST"],
    ):
        run(compiler, *flags, "-std=c99", *includes, "-c", source, "-o", made)
        assert run("nm" if compiler == "gcc" else compiler.replace("gcc", "nm"), "-g", made) == ""


# ---- the library's folder --------------------------------------------------------------------------------------------


def test_the_folder_is_an_arduino_and_a_platformio_library_of_this_version() -> None:
    properties = dict(
        line.split("=", 1) for line in (EXAMPLE / "library.properties").read_text().splitlines()
    )
    described = json.loads((EXAMPLE / "library.json").read_text())
    header = (INCLUDE / "faceiot.h").read_text()
    version = ".".join(re.search(rf"VERSION_{part} (\d+)", header)[1] for part in ("MAJOR", "MINOR", "PATCH"))  # type: ignore[index]
    assert properties["version"] == described["version"] == version
    assert properties["name"] == described["name"] == "FaceIot"
    assert (SOURCES / "capi/faceiot.h").read_text() == header
    for name in described["headers"]:
        assert (SOURCES / name).is_file()
    code = "".join(file.read_text() for file in SOURCES.glob("*.h"))
    for line in (EXAMPLE / "keywords.txt").read_text().splitlines():
        name, kind = line.split("\t")
        assert re.search(rf"\b{name}\b", code), f"{name} ({kind}) is in no header"
    # macOS and Windows do not tell FaceIot.h from faceiot.h.
    for folder in {file.parent for file in EXAMPLE.rglob("*")}:
        names = [file.name.lower() for file in folder.iterdir()]
        assert len(names) == len(set(names)), folder
