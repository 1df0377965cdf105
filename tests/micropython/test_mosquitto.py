"""The port's MQTT client and device over real sockets, against Debian's mosquitto; what arrives is read by paho."""

from __future__ import annotations

import hashlib
import hmac
import json
import random
import struct
import subprocess
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from broker import Listener, Mosquitto

from conftest import DEVICE, PORT, Run

SECRET = b"secret-of-cam-1"
ALIYUN_POST = "/sys/a1pk/cam_1/thing/event/property/post"
HUAWEI_PHOTO = "$oc/devices/p1_cam1/user/photo"


def passwords() -> dict[str, str]:
    signed = b"clientIda1pk.cam_1deviceNamecam_1productKeya1pk"
    return {
        "cam_1&a1pk": hmac.new(SECRET, signed, "sha256").hexdigest().upper(),
        "p1_cam1": hmac.new(b"2026010203", SECRET, "sha256").hexdigest(),
        "listener": "listener",
    }


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path, passwords()) as broker:
        yield broker


@pytest.fixture
def photo(tmp_path: Path) -> tuple[Path, bytes]:
    content = b"\xff\xd8" + random.Random(5).randbytes(200_000) + b"\xff\xd9"
    path = tmp_path / "photo.jpg"
    path.write_bytes(content)
    return path, content


def listen(broker: Mosquitto) -> Listener:
    return Listener(broker, "listener", "listener", ["/#", "$oc/#"])


@pytest.mark.parametrize("qos", [0, 1])
def test_a_photo_of_200_kb_arrives_bit_exact_in_hex_chunks(
    on_device: Run, mosquitto: Mosquitto, photo: tuple[Path, bytes], qos: int, tmp_path: Path
) -> None:
    listener = listen(mosquitto)
    printed = on_device("photo.py", "aliyun", str(mosquitto.port), photo[0].name, str(qos), cwd=tmp_path)
    assert printed.split() == ["sent", "502"]
    received, whole = bytearray(), False
    while not whole:
        topic, payload = listener.next()
        assert topic == ALIYUN_POST
        image = json.loads(payload)["params"].get("img")
        if image == "END":
            whole = True
        elif image:
            received += bytes.fromhex(image)
    listener.stop()
    assert bytes(received) == photo[1]


@pytest.mark.parametrize("qos", [0, 1])
def test_a_photo_of_200_kb_arrives_bit_exact_in_v2_chunks(
    on_device: Run, mosquitto: Mosquitto, photo: tuple[Path, bytes], qos: int, tmp_path: Path
) -> None:
    listener = listen(mosquitto)
    printed = on_device("photo.py", "huawei", str(mosquitto.port), photo[0].name, str(qos), cwd=tmp_path)
    assert printed.split() == ["sent", "196"]
    received = bytearray(len(photo[1]))
    last = False
    while not last:
        topic, chunk = listener.next()
        if topic != HUAWEI_PHOTO:
            continue
        offset, crc = struct.unpack(">II", chunk[20:28])
        assert zlib.crc32(chunk[:36] + chunk[40:]) == struct.unpack(">I", chunk[36:40])[0]
        received[offset : offset + len(chunk) - 40] = chunk[40:]
        last = bool(chunk[3] & 1)
    listener.stop()
    assert bytes(received) == photo[1]
    assert crc == zlib.crc32(photo[1])


# The modems have a heap of 512 KB: the fakes of their modules need not fit into 64.
@pytest.mark.parametrize("on_device", ["micropython", "CPython"], indirect=True)
def test_quecpythons_camera_and_client_work_although_they_swallow_errors(
    on_device: Run, mosquitto: Mosquitto, photo: tuple[Path, bytes], tmp_path: Path
) -> None:
    listener = listen(mosquitto)
    small = tmp_path / "small.jpg"  # the fake camera holds the whole photo in its heap
    small.write_bytes(photo[1][:12_000])
    printed = on_device("quecpython.py", str(mosquitto.port), small.name, cwd=tmp_path)
    assert printed == "sent 12\nok\n"
    received = bytearray(12_000)
    for _ in range(12):
        _, chunk = listener.next()
        offset = int.from_bytes(chunk[20:24], "big")
        received[offset : offset + len(chunk) - 40] = chunk[40:]
    listener.stop()
    assert received == photo[1][:12_000]


@pytest.mark.parametrize("cloud", ["aliyun", "huawei"])
def test_commands_are_answered_and_a_failing_handler_is_an_error_answer(
    mosquitto: Mosquitto, micropython: str, cloud: str
) -> None:
    listener = listen(mosquitto)
    device = subprocess.Popen(
        [micropython, str(DEVICE / "command.py"), str(mosquitto.port), cloud],
        env={"MICROPYPATH": f"{PORT}:.frozen"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        listener.next()  # the report that says it is ready
        if cloud == "aliyun":
            service = "/sys/a1pk/cam_1/thing/service/"
            ask = {"id": "77", "version": "1.0", "params": {"count": 3}, "method": "thing.service.shoot"}
            listener.publish(service + "shoot", json.dumps(ask))
            assert answer(listener, service + "shoot_reply") == {"id": "77", "code": 200, "data": {"taken": 3}}
            listener.publish(service + "shoot", json.dumps(ask))  # the same again: answered, not run again
            assert answer(listener, service + "shoot_reply")["code"] == 200
            listener.publish(service + "explode", json.dumps({**ask, "id": "78"}))
            failed = answer(listener, service + "explode_reply")
            assert failed == {"id": "78", "code": 1, "data": {"error": "boom"}}
        else:
            commands = "$oc/devices/p1_cam1/sys/commands/"
            ask = {"service_id": "camera", "command_name": "shoot", "paras": {"count": 3}}
            for _ in range(2):
                listener.publish(commands + "request_id=4444-ab=cd", json.dumps(ask))
                reply = answer(listener, commands + "response/request_id=4444-ab=cd")
                assert reply == {"result_code": 0, "paras": {"taken": 3}}
            listener.publish(commands + "request_id=2", json.dumps({**ask, "command_name": "explode"}))
            failed = answer(listener, commands + "response/request_id=2")
            assert failed == {"result_code": 1, "paras": {"error": "boom"}}
        printed, _ = device.communicate(timeout=20)
    finally:
        device.kill()
        listener.stop()
    assert device.returncode == 0
    assert printed.count("shoot") == 1


def answer(listener: Listener, topic: str) -> dict[str, object]:
    while True:
        heard, payload = listener.next()
        if heard == topic:
            return json.loads(payload)  # type: ignore[no-any-return]


def test_a_wrong_secret_is_refused_in_words_and_not_tried_again(on_device: Run, mosquitto: Mosquitto, tmp_path: Path) -> None:
    assert on_device("refused.py", str(mosquitto.port), cwd=tmp_path).endswith("ok\n")


def test_the_broker_stops_in_mid_photo_the_photo_starts_again_and_arrives(
    mosquitto: Mosquitto, micropython: str, compiled: Path, photo: tuple[Path, bytes], tmp_path: Path
) -> None:
    listener = listen(mosquitto)
    device = subprocess.Popen(
        [micropython, "-X", "heapsize=64k", str(DEVICE / "photo.py"), "huawei", str(mosquitto.port), photo[0].name, "1"],
        env={"MICROPYPATH": f"{compiled}:.frozen"},
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        for _ in range(20):
            listener.next()
        mosquitto.stop()
        mosquitto.start()
        printed, _ = device.communicate(timeout=60)
        frames: dict[int, bytearray] = {}
        whole = None
        while whole is None:
            topic, chunk = listener.next()
            if topic != HUAWEI_PHOTO:
                continue
            frame, total, offset = struct.unpack(">III", chunk[12:24])
            frames.setdefault(frame, bytearray(total))[offset : offset + len(chunk) - 40] = chunk[40:]
            if chunk[3] & 1:
                whole = frames[frame]
    finally:
        device.kill()
        listener.stop()
    assert device.returncode == 0, printed
    assert hashlib.sha256(whole).digest() == hashlib.sha256(photo[1]).digest()
    assert frame == 1, "it is still the same photo"
    assert chunk[3] & 2, "its chunks say that they were sent before"
