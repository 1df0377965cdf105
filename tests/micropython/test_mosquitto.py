"""The port's MQTT client and device over real sockets, against Debian's mosquitto; what arrives is read by paho."""

from __future__ import annotations

import hashlib
import json
import struct
import subprocess
import zlib
from pathlib import Path

import pytest
from broker import Listener, Mosquitto

from conftest import DEVICE, PORT, Run

ALIYUN_POST = "/sys/a1pk/cam_1/thing/event/property/post"
HUAWEI_PHOTO = "$oc/devices/p1_cam1/user/photo"


@pytest.mark.parametrize("qos", [0, 1])
def test_a_photo_of_200_kb_arrives_bit_exact_in_hex_chunks(
    on_device: Run, mosquitto: Mosquitto, listener: Listener, photo: tuple[Path, bytes], qos: int, tmp_path: Path
) -> None:
    printed = on_device("photo.py", "aliyun", str(mosquitto.port), photo[0].name, str(qos), cwd=tmp_path)
    assert printed.split() == ["sent", str(-(-len(photo[1]) // 400) + 1)]
    received, whole = bytearray(), False
    while not whole:
        topic, payload = listener.next()
        assert topic == ALIYUN_POST
        image = json.loads(payload)["params"].get("img")
        if image == "END":
            whole = True
        elif image:
            received += bytes.fromhex(image)
    assert bytes(received) == photo[1]


@pytest.mark.parametrize("qos", [0, 1])
def test_a_photo_of_200_kb_arrives_bit_exact_in_v2_chunks(
    on_device: Run, mosquitto: Mosquitto, listener: Listener, photo: tuple[Path, bytes], qos: int, tmp_path: Path
) -> None:
    printed = on_device("photo.py", "huawei", str(mosquitto.port), photo[0].name, str(qos), cwd=tmp_path)
    assert printed.split() == ["sent", str(-(-len(photo[1]) // 1024))]
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
    assert bytes(received) == photo[1]
    assert crc == zlib.crc32(photo[1])


@pytest.mark.parametrize("cloud", ["aliyun", "huawei"])
def test_commands_are_answered_and_a_failing_handler_is_an_error_answer(
    mosquitto: Mosquitto, listener: Listener, micropython: str, cloud: str
) -> None:
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
            assert listener.answer(service + "shoot_reply") == {"id": "77", "code": 200, "data": {"taken": 3}}
            listener.publish(service + "shoot", json.dumps(ask))  # the same again: answered, not run again
            assert listener.answer(service + "shoot_reply")["code"] == 200
            listener.publish(service + "explode", json.dumps({**ask, "id": "78"}))
            failed = listener.answer(service + "explode_reply")
            assert failed == {"id": "78", "code": 500, "data": {"error": "the command failed"}}
        else:
            commands = "$oc/devices/p1_cam1/sys/commands/"
            ask = {"service_id": "camera", "command_name": "shoot", "paras": {"count": 3}}
            for _ in range(2):
                listener.publish(commands + "request_id=4444-ab=cd", json.dumps(ask))
                reply = listener.answer(commands + "response/request_id=4444-ab=cd")
                assert reply == {"result_code": 0, "paras": {"taken": 3}}
            listener.publish(commands + "request_id=2", json.dumps({**ask, "command_name": "explode"}))
            failed = listener.answer(commands + "response/request_id=2")
            assert failed == {"result_code": 1, "paras": {"error": "the command failed"}}
        printed, _ = device.communicate(timeout=20)
    finally:
        device.kill()
        assert device.returncode == 0
    assert printed.count("('shoot'") == 1
    assert "ValueError('boom'" in printed, "the console sees what the cloud is not told"


def test_what_was_unsubscribed_is_not_heard_again(
    on_device: Run, mosquitto: Mosquitto, listener: Listener, tmp_path: Path
) -> None:
    assert on_device("unsubscribe.py", str(mosquitto.port), cwd=tmp_path) == "['one', 'three']\n"


def test_a_wrong_secret_is_refused_in_words_and_not_tried_again(on_device: Run, mosquitto: Mosquitto, tmp_path: Path) -> None:
    assert on_device("refused.py", str(mosquitto.port), cwd=tmp_path).endswith("ok\n")


def test_the_broker_stops_in_mid_photo_the_photo_starts_again_and_arrives(
    mosquitto: Mosquitto, listener: Listener, micropython: str, compiled: Path, photo: tuple[Path, bytes], tmp_path: Path
) -> None:
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
        assert device.returncode == 0, printed
    assert hashlib.sha256(whole).digest() == hashlib.sha256(photo[1]).digest()
    assert frame == 1, "it is still the same photo"
    assert chunk[3] & 2, "its chunks say that they were sent before"
