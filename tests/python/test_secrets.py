"""Canary secrets must not come out of anything that prints."""

from __future__ import annotations

import traceback

import pytest

import faceiot
from faceiot import sign

CANARY = "canary0123456789abcdef"


def texts(value) -> str:
    return "\n".join([repr(value), str(value), f"{value}", f"{value!a}", repr([value]), repr({"k": value})])


def shown(error: BaseException) -> str:
    # `capture_locals` is what pytest, sentry and rich do: our objects are printed by their `repr`.
    return "".join(traceback.TracebackException.from_exception(error, capture_locals=False).format()) + texts(
        error
    )


def test_a_login_never_prints_its_password_or_secret():
    for login in (sign.aliyun_mqtt("pk", "d", CANARY), sign.huawei_mqtt("d", CANARY)):
        assert login.password not in texts(login)
        assert CANARY not in texts(login)


@pytest.mark.parametrize("name", ["aliyun", "huawei"])
def test_a_refused_device_prints_neither_secret_nor_password(cloud, name):
    names = {"aliyun": ("pk", "d"), "huawei": ("d_1",)}[name]
    cloud.add_device(":".join((name, *names)))
    with pytest.raises(faceiot.RefusedError) as caught:
        getattr(faceiot.Device, name)(*names, CANARY, **cloud.endpoint())
    login = sign.aliyun_mqtt(*names, CANARY) if name == "aliyun" else sign.huawei_mqtt(*names, CANARY)
    for secret in (CANARY, login.password, login.password.lower()):
        assert secret not in shown(caught.value)


def test_a_failed_verification_prints_neither_secret_nor_password():
    right = sign.aliyun_mqtt("pk", "d", CANARY)
    with pytest.raises(faceiot.SignatureError) as caught:
        sign.verify_aliyun_mqtt(right.client_id, right.username, "00" * 32, CANARY)
    for secret in (CANARY, right.password, right.password.lower()):
        assert secret not in shown(caught.value)


def test_an_open_device_and_its_cloud_print_no_secret(cloud):
    registered = cloud.add_device("aliyun:pk:d", CANARY)
    assert CANARY not in texts(registered)
    assert registered.secret == CANARY
    with faceiot.Device.aliyun("pk", "d", CANARY, **cloud.endpoint()) as device:
        assert CANARY not in texts(device)
        assert CANARY not in texts(device.report({"n": 1}))
    assert CANARY not in texts(cloud)
    assert cloud.token not in texts(cloud)
    assert CANARY not in texts(cloud.devices())


def test_the_wrong_type_of_a_secret_does_not_print_it():
    class Secret(str):
        __slots__ = ()

        def __repr__(self):
            return CANARY

    with pytest.raises(TypeError) as caught:
        sign.aliyun_mqtt("pk", "d", [Secret(CANARY)])
    assert CANARY not in shown(caught.value)
