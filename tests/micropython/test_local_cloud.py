"""`faceiot up` as the peer: both logins, commands, a photo of 200 KB out of a heap of 64 KB, and a cloud that is killed."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cloud import LocalCloud, environment, until

from conftest import DEVICE, SECRET, Run

DEVICES = {"aliyun": "aliyun:a1pk:cam_1", "huawei": "huawei:p1_cam1"}
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[LocalCloud]:
    with LocalCloud(tmp_path) as cloud:
        for device in DEVICES.values():
            cloud.add(device, SECRET.decode())
        yield cloud


@pytest.fixture
def start(micropython: str, compiled: Path, tmp_path: Path) -> Iterator[Start]:
    """Starts a script of device/ in MicroPython with a heap of 64 KB."""
    started = []

    def start(script: str, *words: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [micropython, "-X", "heapsize=64k", str(DEVICE / script), *words],
            env=environment(MICROPYPATH=f"{compiled}:.frozen"),
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("qos", [0, 1])
@pytest.mark.parametrize(("name", "format", "verified"), [("aliyun", "hex", "entropy"), ("huawei", "v2", "crc")])
@pytest.mark.parametrize("interpreter", ["micropython with a 64 KB heap"], indirect=True)
def test_a_photo_of_200_kb_is_stored_bit_exact(
    on_device: Run,
    cloud: LocalCloud,
    photo: tuple[Path, bytes],
    name: str,
    format: str,
    verified: str,
    qos: int,
    tmp_path: Path,
) -> None:
    on_device("photo.py", name, str(cloud.mqtt), photo[0].name, str(qos), cwd=tmp_path)
    row, digest = cloud.photo()
    assert digest == hashlib.sha256(photo[1]).hexdigest()
    assert (row["device"], row["format"], row["size"]) == (DEVICES[name], format, len(photo[1]))
    assert (row["verified"], row["problem"], row["missing"]) == (verified, None, [])


# form: what is asked, and what the handler is given
FORMS = {
    ("aliyun", "service"): (("shot", {"a": 1}), ("shot", {"a": 1})),
    ("aliyun", "rrpc"): (("shot", {"a": 1}), ("shot", {"a": 1})),
    ("aliyun", "rrpc, text"): (("", "hello"), ("rrpc", "hello")),
    ("aliyun", "property_set"): (("", {"light": 1}), ("set", {"light": 1})),
    ("huawei", "huawei"): (("shot", {"a": 1}), ("shot", {"a": 1})),
    ("huawei", "huawei_property_set"): (
        ("camera", {"light": 1}),
        ("set", [{"service_id": "camera", "properties": {"light": 1}}]),
    ),
}


@pytest.mark.parametrize("name", ["aliyun", "huawei"])
def test_a_command_is_answered(cloud: LocalCloud, start: Start, name: str) -> None:
    device = start("command.py", str(cloud.mqtt), name)
    good, bad = (200, 500) if name == "aliyun" else (0, 1)
    until("its report", lambda: "ready" in cloud.properties(DEVICES[name]).values())
    answer = cloud.ask(DEVICES[name], "shoot", {"count": 3})
    assert answer["data"] == {"taken": 3}
    assert answer["code"] == good
    for (whose, form), ((asked, payload), (given, value)) in FORMS.items():
        if whose == name:
            answer = cloud.ask(DEVICES[name], asked, payload, form.split(",")[0])
            assert (answer["code"], answer["data"]) == (good, {"name": given, "payload": value}), form
    failed = cloud.ask(DEVICES[name], "explode", {"count": 1})
    assert failed["code"] == bad
    assert failed["data"] == {"error": "the command failed"}
    assert device.wait(20) == 0


@pytest.mark.parametrize("name", ["aliyun", "huawei"])
def test_a_command_on_a_topic_of_the_users_own_is_heard(cloud: LocalCloud, start: Start, name: str) -> None:
    device = start("command.py", str(cloud.mqtt), name)
    until("its report", lambda: "ready" in cloud.properties(DEVICES[name]).values())
    cloud.ask(DEVICES[name], "shot", {"a": 1}, "custom")  # nothing is answered: a service tells what was heard
    cloud.ask(DEVICES[name], "", "text", "custom")
    cloud.ask(DEVICES[name], "explode", {})
    printed = device.communicate(timeout=20)[0].splitlines()[-1]
    assert printed == "[('shot', {'a': 1}), ('control', 'text'), ('explode', {})]"


@pytest.mark.parametrize("name", ["aliyun", "huawei"])
def test_a_cloud_killed_in_mid_photo_comes_back_and_gets_the_photo_and_is_heard_again(
    cloud: LocalCloud, start: Start, photo: tuple[Path, bytes], name: str
) -> None:
    device = start("survivor.py", name, str(cloud.mqtt), photo[0].name)
    assert device.stdout is not None
    for _ in range(20):  # twenty chunks are acknowledged
        assert device.stdout.readline() == "chunk\n"
    cloud.kill()
    cloud.start()
    lines = iter(device.stdout.readline, "")
    assert "sent\n" in lines
    whole = until("the photo", lambda: [row for row in cloud.photos() if row["problem"] is None], 30)
    assert [row["sha256"] for row in whole] == [hashlib.sha256(photo[1]).hexdigest()]
    # Subscribed again: a command reaches it.
    assert cloud.ask(DEVICES[name], "stop", {})["data"] == {"stopped": True}
    assert device.wait(20) == 0


@pytest.mark.parametrize("name", ["aliyun", "huawei"])
def test_a_cloud_that_stays_away_is_an_error_that_says_so(
    cloud: LocalCloud, start: Start, photo: tuple[Path, bytes], name: str
) -> None:
    device = start("survivor.py", name, str(cloud.mqtt), photo[0].name, "2")
    assert device.stdout is not None
    for _ in range(20):
        assert device.stdout.readline() == "chunk\n"
    cloud.kill()
    last = device.communicate(timeout=30)[0].splitlines()[-1]
    assert last.startswith("ConnectError 102 127.0.0.1: ")
    assert device.returncode == 3
