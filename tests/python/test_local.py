"""`faceiot.local.Cloud`: the local cloud inside a Python process."""

from __future__ import annotations

import contextlib
import json
import stat
import threading
import urllib.error
import urllib.request

import pytest

import faceiot
from faceiot.local import Cloud
from support import BLOCKED, interrupt, wait_until
from vectors import suites

DEVICE = "aliyun:a1pk:cam-1"


def test_two_clouds_run_beside_each_other(tmp_path):
    with Cloud(tmp_path / "a") as a, Cloud(tmp_path / "b") as b:
        ports = {a.mqtt_port, a.mqtts_port, b.mqtt_port, b.mqtts_port}
        assert len(ports) == 4
        a.add_device(DEVICE)
        assert b.devices() == []


def test_a_cloud_without_a_folder_leaves_nothing_behind():
    with Cloud() as cloud:
        folder = cloud.data_dir
        assert folder.is_dir()
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert not folder.exists()


def test_what_is_stored_is_there_after_a_restart(tmp_path, photo):
    with Cloud(tmp_path / "cloud") as cloud:
        secret = cloud.add_device(DEVICE).secret
        with faceiot.Device.aliyun("a1pk", "cam-1", secret, **cloud.endpoint()) as device:
            device.send(photo).wait(30)
            stored = cloud.wait_photo(DEVICE, timeout=20)
    with Cloud(tmp_path / "cloud") as cloud:
        assert [d.id for d in cloud.devices()] == [DEVICE]
        assert cloud.devices()[0].secret == secret
        again = cloud.photos(DEVICE)[0]
        assert (again.id, again.sha256, again.jpeg) == (stored.id, stored.sha256, photo.jpeg)


def test_one_folder_serves_one_cloud(tmp_path):
    with Cloud(tmp_path / "cloud"), pytest.raises(faceiot.FaceIotError):
        Cloud(tmp_path / "cloud")


def test_devices_are_added_listed_and_removed(cloud):
    one, two = cloud.add_device(DEVICE), cloud.add_device("huawei:p_n", "given")
    assert len(one.secret) >= 16
    assert two.secret == "given"
    assert sorted(device.id for device in cloud.devices()) == [DEVICE, "huawei:p_n"]
    with pytest.raises(faceiot.StoreError) as caught:
        cloud.add_device(DEVICE)
    assert caught.value.kind == "exists"
    assert cloud.remove_device(DEVICE)
    assert not cloud.remove_device(DEVICE)


@pytest.mark.parametrize("name", ["", "aliyun:", "aliyun:pk", "azure:x", "huawei:", "x" * 1000])
def test_names_that_are_no_device_are_refused(cloud, name):
    with pytest.raises(faceiot.ArgumentError) as caught:
        cloud.add_device(name)
    assert isinstance(caught.value, ValueError)


def test_a_command_for_a_device_that_is_not_there_is_an_error_at_once(cloud):
    with pytest.raises(faceiot.NotFoundError):
        cloud.command("huawei:nobody", "take_photo", {})
    cloud.add_device(DEVICE)
    with pytest.raises(faceiot.FaceIotError) as caught:
        cloud.command(DEVICE, "take_photo", {})
    assert not isinstance(caught.value, faceiot.NotFoundError)


def test_waiting_for_a_photo_that_does_not_come_is_a_timeout(cloud):
    cloud.add_device(DEVICE)
    with pytest.raises(TimeoutError):
        cloud.wait_photo(DEVICE, timeout=0.05)


def test_the_posts_of_alibabas_own_sdk_are_understood(cloud):
    vector = suites("aliyun")["iot_alink_payloads_linkkit"]["property_post"]
    [post] = vector["expected"]["publish"]
    names = vector["input"]["product_key"], vector["input"]["device_name"]
    secret = cloud.add_device("aliyun:" + ":".join(names)).secret
    with faceiot.Device.aliyun(*names, secret, **cloud.endpoint()) as device:
        device.publish(post["topic"], post["payload"], qos=post["qos"]).wait(20)
        expected = {name: value for name, value in vector["input"]["args"][0].items() if name != "img"}
        wait_until(
            lambda: expected.items() <= cloud.properties(device.id).items(), "the properties are stored"
        )


def test_the_reports_of_huaweis_own_sdk_are_understood(cloud):
    report = suites("huawei_meituan")["huawei_device_payloads"]["properties_report_event_time"]["expected"]
    secret = cloud.add_device("huawei:prod1_gw1").secret
    with faceiot.Device.huawei("prod1_gw1", secret, **cloud.endpoint()) as device:
        device.publish(report["topic"], report["payload_text"], qos=report["qos"]).wait(20)
        expected = {"A.v": 1.5, "B.on": True}
        wait_until(lambda: cloud.properties(device.id) == expected, "the properties are stored")


def test_photos_are_waited_for_one_after_the_other(cloud, photo):
    secret = cloud.add_device(DEVICE).secret
    other = faceiot.Frame.open("testcard:64x48")
    with faceiot.Device.aliyun("a1pk", "cam-1", secret, **cloud.endpoint()) as device:
        device.send(photo).wait(30)
        first = cloud.wait_photo(DEVICE, timeout=20)
        found = []
        waiter = threading.Thread(
            target=lambda: found.append(cloud.wait_photo(DEVICE, after=first, timeout=20))
        )
        waiter.start()
        device.send(other).wait(30)
        waiter.join(30)
    assert found[0].jpeg == other.jpeg
    assert [p.id for p in cloud.photos(DEVICE)] == [found[0].id, first.id]  # the newest first


def test_the_http_interface_wants_the_token_and_serves_the_photo(cloud, photo):
    secret = cloud.add_device(DEVICE).secret
    with faceiot.Device.aliyun("a1pk", "cam-1", secret, **cloud.endpoint()) as device:
        device.send(photo).wait(30)
        stored = cloud.wait_photo(DEVICE, timeout=20)

    def fetch(path, headers):
        request = urllib.request.Request(cloud.http_url.rstrip("/") + path, headers=headers)  # noqa: S310
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - loopback
            return answer.read()

    with pytest.raises(urllib.error.HTTPError) as refused:
        fetch("/api/photos", {})
    assert refused.value.code in (401, 403)
    refused.value.close()
    token = {"Authorization": f"Bearer {cloud.token}"}
    listed = json.loads(fetch("/api/photos", token))
    assert listed[0]["sha256"] == stored.sha256
    assert fetch(f"/api/photos/{stored.id}/image", token) == photo.jpeg
    assert cloud.page_url.startswith(cloud.http_url.rstrip("/"))


def test_a_stopped_cloud_says_so(tmp_path):
    cloud = Cloud(tmp_path / "cloud")
    cloud.stop()
    cloud.stop()
    with pytest.raises(faceiot.FaceIotError) as caught:
        cloud.devices()
    assert caught.value.kind == "closed"
    assert "stopped" in repr(cloud)


def test_a_cloud_that_nobody_holds_any_more_stops(tmp_path):
    cloud = Cloud(tmp_path / "cloud")
    del cloud

    def free():
        with contextlib.suppress(faceiot.StoreError):
            Cloud(tmp_path / "cloud").stop()
            return True
        return False

    wait_until(free, "the folder is free for another")


def test_stopping_ends_a_command_that_waits(tmp_path):
    cloud, raised = Cloud(tmp_path / "cloud"), []
    secret = cloud.add_device(DEVICE).secret
    with faceiot.Device.aliyun("a1pk", "cam-1", secret, **cloud.endpoint()) as device:

        def command():
            try:
                cloud.command(DEVICE, "take_photo", {}, timeout=60)
            except faceiot.FaceIotError as error:
                raised.append(error.kind)

        caller = threading.Thread(target=command)
        caller.start()
        asked = next(device.commands(timeout=20))  # held: a dropped command is answered with an error
        cloud.stop()
        caller.join(20)
        assert asked.name == "take_photo"
    assert raised == ["closed"]


def test_stopping_ends_a_wait(tmp_path):
    cloud, raised = Cloud(tmp_path / "cloud"), []
    cloud.add_device(DEVICE)

    def wait():
        try:
            cloud.wait_photo(DEVICE)
        except faceiot.FaceIotError as error:
            raised.append(error.kind)

    waiter = threading.Thread(target=wait)
    waiter.start()
    cloud.stop()
    waiter.join(20)
    wait_until(lambda: raised == ["closed"], "the waiter is told")


def test_ctrl_c_ends_waiting_for_a_photo(script):
    child = script(
        BLOCKED
        + "from faceiot.local import Cloud\nwith Cloud() as cloud:\n    blocked(lambda: cloud.wait_photo())\n"
    )
    assert child.stdout.readline() == "waiting\n", child.stderr.read()
    interrupt(child)
    assert child.wait(20) == 130, child.stderr.read()
