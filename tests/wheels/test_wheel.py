"""The wheel in the Python of another architecture: it imports, signs, captures, sends and receives.

`make wheel-aarch64` and `make wheel-armv7l` run this under qemu-user with Debian's own Python 3.11.
"""

from __future__ import annotations

import hashlib
import os
import platform
import struct
import sys
from pathlib import Path

import numpy as np
import pytest

import faceiot
from faceiot.__main__ import main
from faceiot.local import Cloud

BITS = {"aarch64": 64, "armv7l": 32}


def test_this_is_the_python_of_that_machine() -> None:
    machine = os.environ["FACEIOT_MACHINE"]
    assert platform.machine() == machine
    assert struct.calcsize("P") * 8 == BITS[machine]
    assert sys.version_info[:2] == (3, 11)


def test_the_extension_is_the_wheels_own() -> None:
    extension = Path(faceiot._faceiot.__file__)
    assert extension.parent == Path(faceiot.__file__).parent
    assert extension.name == "_faceiot.abi3.so"


def test_a_login_is_signed_as_the_vendors_sdk_signs_it() -> None:
    # aliyun-python-sdk-iot-client 0.0.14; tests/vectors/aliyun.json, iot_mqtt_login_iot_client
    login = faceiot.sign.aliyun_mqtt(
        "a1b2C3d4E5F",
        "raspi_001",
        "e9f0c1b2a3d4958677685948abcdef01",
        client_id="iot_client",
        method="hmacsha1",
        timestamp=1534494218,
    )
    assert login.password == "710EB9B33BCD1C0DD837485EE6E6F319EF6D5072"


def test_a_test_card_is_captured_decoded_and_found_whole() -> None:
    frame = faceiot.Frame.open("testcard:320x240")
    pixels = np.asarray(frame.to_numpy())
    assert pixels.shape == (240, 320, 3)
    assert pixels.dtype == np.uint8
    assert pixels.std() > 10, "a test card is not grey"
    assert frame.check().verified == "entropy"


@pytest.mark.parametrize("vendor", ["aliyun", "huawei"])
def test_a_photo_reaches_the_local_cloud_whole(vendor: str) -> None:
    with Cloud() as cloud:
        if vendor == "aliyun":
            secret = cloud.add_device("aliyun:a1B2c3D4e5F:camera").secret
            connect = faceiot.Device.aliyun("a1B2c3D4e5F", "camera", secret, **cloud.endpoint())
        else:
            secret = cloud.add_device("huawei:5e1f_camera").secret
            connect = faceiot.Device.huawei("5e1f_camera", secret, **cloud.endpoint(tls=True))
        with connect as device:
            frame = faceiot.Frame.open("testcard:640x480")
            device.send(frame).wait(timeout=30)
        photo = cloud.wait_photo(timeout=30)
        assert hashlib.sha256(photo.jpeg).digest() == hashlib.sha256(frame.jpeg).digest()


def test_the_command_says_its_version(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["faceiot", "--version"])
    assert main() == 0
    assert faceiot.__version__ in capfd.readouterr().out
