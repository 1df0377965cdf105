"""QuecPython's modules as they ship for a PC behave as the firmware does, and the port works with them."""

from __future__ import annotations

import json
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest
from broker import Listener, Mosquitto

from conftest import DEVICE, Run, paths

# The modems have a heap of 512 KB: the modules for a PC need not fit into 64.
pytestmark = pytest.mark.parametrize("interpreter", ["micropython", "CPython"], indirect=True)


@pytest.mark.parametrize(
    "case",
    [
        "network_is_asked_in_the_way_of_any_year",
        "modem_answers_minus_one",
        "digest_is_final",
        "connect_raises_value_error",
        "publish_returns_false",
        "a_long_topic_breaks_its_subscribe_and_not_the_ports",
    ],
)
def test_what_the_firmware_does_is_done_and_borne(on_device: Run, mosquitto: Mosquitto, case: str, tmp_path: Path) -> None:
    assert on_device("firmware.py", case, str(mosquitto.port), cwd=tmp_path, modem=True).endswith("ok\n")


def test_the_hour_is_utc_although_the_clock_is_local(on_device: Run, tmp_path: Path) -> None:
    before = time.strftime("%Y%m%d%H", time.gmtime())
    hours = on_device("firmware.py", "clock_is_local_and_has_no_gmtime", cwd=tmp_path, modem=True).split()[:-1]
    assert set(hours) <= {before, time.strftime("%Y%m%d%H", time.gmtime())}


def test_its_camera_and_client_work_although_they_swallow_errors(
    on_device: Run, mosquitto: Mosquitto, photo: tuple[Path, bytes], listener: Listener, tmp_path: Path
) -> None:
    scene = tmp_path / "scene.jpg"
    scene.write_bytes(photo[1][:12_000])
    printed = on_device("quecpython.py", str(mosquitto.port), cwd=tmp_path, modem=True, FACEIOT_CAMERA=str(scene))
    assert printed.startswith("sent 12\n")
    assert printed.endswith("ok\n")
    received = bytearray(12_000)
    for _ in range(12):
        _, chunk = listener.next()
        offset = int.from_bytes(chunk[20:24], "big")
        received[offset : offset + len(chunk) - 40] = chunk[40:]
    assert received == photo[1][:12_000]


def test_its_client_tells_its_last_will_only_when_the_connection_is_lost(
    on_device: Run, mosquitto: Mosquitto, listener: Listener, tmp_path: Path
) -> None:
    case = "only_a_lost_connection_is_a_last_will"
    assert on_device("firmware.py", case, str(mosquitto.port), cwd=tmp_path, modem=True) == "ok\n"
    assert listener.next() == ("/own/will", b"after close")


def test_its_client_pings_in_a_thread_of_its_own_until_it_disconnects(on_device: Run, tmp_path: Path) -> None:
    heard = bytearray()

    def serve() -> None:
        connection, _ = server.accept()
        with connection:
            connection.settimeout(20)
            connection.recv(100)
            connection.sendall(b"\x20\x02\x00\x00")
            heard.extend(connection.recv(100))
            connection.sendall(b"\xd0\x00")
            for octets in iter(lambda: connection.recv(100), b""):
                heard.extend(octets)

    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(20)
        serving = threading.Thread(target=serve)
        serving.start()
        case, port = "pings_by_itself_until_it_disconnects", str(server.getsockname()[1])
        assert on_device("firmware.py", case, port, cwd=tmp_path, modem=True) == "ok\n"
        serving.join(20)
    assert heard == b"\xc0\x00\xe0\x00"


def test_its_client_comes_back_and_subscribes_again(interpreter: list[str], mosquitto: Mosquitto, tmp_path: Path) -> None:
    case = "reconnects_and_subscribes_again"
    device = subprocess.Popen(
        [*interpreter, "-m", "quecpython", str(DEVICE / "firmware.py"), case, str(mosquitto.port)],
        env={**paths(), "PYTHONUNBUFFERED": "1"},
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert device.stdout is not None
        assert device.stdout.readline() == "connected\n"
        mosquitto.stop()
        mosquitto.start()
        printed, _ = device.communicate(timeout=20)
    finally:
        device.kill()
    assert device.returncode == 0
    assert printed.endswith("ok\n")


def test_a_server_that_closes_is_noticed_although_wait_msg_returns_none(
    interpreter: list[str], mosquitto: Mosquitto, listener: Listener, tmp_path: Path
) -> None:
    case = "wait_msg_returns_none_when_the_server_closes"
    device = subprocess.Popen(
        [*interpreter, "-m", "quecpython", str(DEVICE / "firmware.py"), case, str(mosquitto.port)],
        env=paths(),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    )
    try:
        assert device.stdout is not None
        assert device.stdout.readline() == "connected\n"
        mosquitto.stop()
        mosquitto.start()
        assert json.loads(listener.next()[1])["services"][0]["properties"] == {"state": "back"}
        commands = "$oc/devices/p1_cam1/sys/commands/"
        listener.publish(commands + "request_id=7", json.dumps({"command_name": "shoot", "paras": {}}))
        assert listener.answer(commands + "response/request_id=7") == {"result_code": 0, "paras": {"taken": 1}}
        printed, _ = device.communicate(timeout=20)
    finally:
        device.kill()
    assert device.returncode == 0
    assert printed.endswith("ok\n")
