"""`faceiot.Device` against the local cloud."""

from __future__ import annotations

import threading
import time

import pytest

import faceiot
from support import BLOCKED, interrupt, wait_until

ALIYUN, HUAWEI = "aliyun:a1pk:cam-1", "huawei:5fbb_868540050954037"


def open_device(cloud, device=ALIYUN, *, tls=False, **options) -> faceiot.Device:
    secret = cloud.add_device(device).secret
    kind, *names = device.split(":")
    return getattr(faceiot.Device, kind)(*names, secret, **cloud.endpoint(tls=tls), **options)


@pytest.mark.parametrize("tls", [False, True], ids=["tcp", "tls"])
@pytest.mark.parametrize(
    ("device", "format"),
    [(ALIYUN, "hex"), (ALIYUN, "v2"), (ALIYUN, "v2-text"), (HUAWEI, "v2"), (HUAWEI, "v2-text")],
)
def test_a_photo_arrives_byte_for_byte(cloud, photo, device, format, tls):
    with open_device(cloud, device, tls=tls, format=format) as camera:
        assert camera.id == device
        receipt = camera.send(photo)
        sent = receipt.wait(timeout=50)
        assert receipt.done
        assert receipt.progress[0] == receipt.progress[1] == sent.messages
        assert sent.bytes > len(photo.jpeg) or format != "hex"
        arrived = cloud.wait_photo(device, timeout=20)
    assert arrived.jpeg == photo.jpeg
    assert arrived.device == device
    assert (arrived.width, arrived.height, arrived.size) == (photo.width, photo.height, len(photo.jpeg))
    assert arrived.verified == ("entropy" if format == "hex" else "crc")
    assert arrived.problem is None
    assert arrived.missing == []


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview], ids=lambda kind: kind.__name__)
def test_bytes_like_photos_are_sent_too(cloud, photo, kind):
    with open_device(cloud) as camera:
        camera.send(kind(photo.jpeg)).wait(30)
        assert cloud.wait_photo(ALIYUN, timeout=20).jpeg == photo.jpeg


def test_what_is_no_photo_is_told_how_to_become_one(cloud):
    with (
        open_device(cloud) as camera,
        pytest.raises(TypeError, match=r"a photo is a faceiot\.Frame or the bytes of a JPEG file, not str"),
    ):
        camera.send("photo.jpg")


@pytest.mark.parametrize("device", [ALIYUN, HUAWEI], ids=["aliyun", "huawei"])
def test_reported_properties_are_kept_by_the_cloud(cloud, device):
    with open_device(cloud, device) as camera:
        camera.report({"temperature": 21.5, "门": "开", "on": True}).wait(20)
        service = "camera." if device == HUAWEI else ""
        expected = {f"{service}temperature": 21.5, f"{service}门": "开", f"{service}on": True}
        wait_until(lambda: cloud.properties(device) == expected, "all three are stored")


@pytest.mark.parametrize(
    ("device", "form"), [(ALIYUN, "service"), (ALIYUN, "property_set"), (ALIYUN, "rrpc"), (HUAWEI, "huawei")]
)
def test_a_command_is_answered_by_the_callback(cloud, device, form):
    with open_device(cloud, device) as camera:
        seen = []

        @camera.on_command
        def answer(command):
            seen.append(command)
            return {"taken": True}

        reply = cloud.command(device, "take_photo", {"quality": 80}, form=form, timeout=15)
        assert reply.ok
        assert len(seen) == 1
        assert seen[0].form == form
        if form != "property_set":
            assert reply.data == {"taken": True}
        assert seen[0].payload == {"quality": 80}


def test_a_custom_topic_command_needs_no_answer(cloud):
    with open_device(cloud) as camera:
        commands = camera.commands(timeout=20)
        cloud.command(ALIYUN, "", {"take": "photo"}, form="custom", timeout=10)
        command = next(commands)
        assert (command.form, command.name, command.payload) == ("custom", "control", {"take": "photo"})


def test_iterating_gives_commands_and_each_can_be_answered(cloud):
    with open_device(cloud) as camera:
        replies = []
        caller = threading.Thread(
            target=lambda: replies.append(
                cloud.command(ALIYUN, "take_photo", {"n": 1}, form="service", timeout=20)
            )
        )
        caller.start()
        for command in camera:
            assert (command.name, command.payload, command.form) == ("take_photo", {"n": 1}, "service")
            command.reply({"size": 7})
            break
        caller.join(20)
    assert (replies[0].code, replies[0].data) == (200, {"size": 7})


def test_a_reply_can_carry_its_own_code(cloud):
    with open_device(cloud, HUAWEI) as camera:
        camera.on_command(lambda command: faceiot.Reply(5, {"reason": "lens cap"}))
        reply = cloud.command(HUAWEI, "take_photo", {}, timeout=15)
    assert (reply.code, reply.data, reply.ok) == (5, {"reason": "lens cap"}, False)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_exception_in_a_callback_is_visible_and_the_cloud_gets_an_error_reply(cloud, monkeypatch):
    reported = []
    monkeypatch.setattr("sys.unraisablehook", reported.append)
    with open_device(cloud) as camera:

        @camera.on_command
        def broken(command):
            raise LookupError("no such lens")

        reply = cloud.command(ALIYUN, "take_photo", {}, form="service", timeout=15)
        assert not reply.ok
        assert "LookupError" in str(reply.data)
        assert "lens" not in str(reply.data)  # the text of an exception may hold anything
        assert reported[0].exc_type is LookupError
        assert str(reported[0].exc_value) == "no such lens"
        assert reported[0].exc_traceback is not None
        assert reported[0].object is broken

        camera_alive = cloud.command(ALIYUN, "take_photo", {}, form="service", timeout=15)
        assert not camera_alive.ok
        assert len(reported) == 2


def test_a_reply_that_is_not_json_is_an_error_of_the_callback(cloud, monkeypatch):
    reported = []
    monkeypatch.setattr("sys.unraisablehook", reported.append)
    with open_device(cloud) as camera:
        camera.on_command(lambda command: {"photo": b"bytes"})
        assert not cloud.command(ALIYUN, "take_photo", {}, form="service", timeout=15).ok
    assert reported[0].exc_type is TypeError


def test_a_callback_may_use_its_device(cloud, photo):
    with open_device(cloud) as camera:

        @camera.on_command
        def take(command):
            camera.send(photo).wait(30)
            return {"size": len(photo.jpeg)}

        reply = cloud.command(ALIYUN, "take_photo", {}, form="service", timeout=30)
        assert reply.data == {"size": len(photo.jpeg)}
        assert cloud.wait_photo(ALIYUN, timeout=20).jpeg == photo.jpeg


def test_callbacks_and_iteration_exclude_each_other(cloud):
    with open_device(cloud) as camera:
        camera.on_command(lambda command: None)
        with pytest.raises(faceiot.ArgumentError):
            camera.commands()


def test_messages_of_a_subscribed_topic_arrive(cloud):
    with open_device(cloud) as camera:
        messages = camera.messages(timeout=20)
        camera.subscribe("/a1pk/cam-1/user/get", qos=1)
        cloud.publish("/a1pk/cam-1/user/get", b"\x00\xffraw")
        message = next(messages)
    assert (message.topic, message.payload) == ("/a1pk/cam-1/user/get", b"\x00\xffraw")


def test_events_tell_the_state_of_the_connection(cloud):
    with open_device(cloud) as camera:
        events = camera.events(timeout=20)
        cloud.disconnect(ALIYUN)
        names = [next(events).name]
        while names[-1] != "connected":
            names.append(next(events).name)
    assert names[0] == "disconnected"
    assert "connecting" in names or len(names) == 2
    assert [event.name for event in events][-1] == "closed"


def test_a_wrong_secret_is_refused_for_good(cloud):
    cloud.add_device(ALIYUN)
    with pytest.raises(faceiot.RefusedError) as caught:
        faceiot.Device.aliyun("a1pk", "cam-1", "not the secret", **cloud.endpoint())
    assert isinstance(caught.value, ConnectionError)
    assert (caught.value.kind, caught.value.code, caught.value.retryable) == ("refused", 100, False)


def test_an_unknown_device_is_refused(cloud):
    with pytest.raises(faceiot.RefusedError):
        faceiot.Device.huawei("nobody_1", "secret", **cloud.endpoint())


def test_a_port_where_nothing_listens_is_a_connection_error():
    started = time.monotonic()
    with pytest.raises(ConnectionError) as caught:
        faceiot.Device.aliyun("pk", "d", "s", host="127.0.0.1", port=1, tls=False, connect_timeout=5)
    assert caught.value.kind == "connection_refused"
    assert time.monotonic() - started < 15


def test_a_certificate_of_another_authority_is_a_tls_error(cloud, tmp_path):
    secret = cloud.add_device(ALIYUN).secret
    options = {**cloud.endpoint(tls=True), "tls": True}  # the system's authorities do not know this cloud
    with pytest.raises(ConnectionError) as caught:
        faceiot.Device.aliyun("a1pk", "cam-1", secret, **options, connect_timeout=10)
    assert caught.value.kind == "tls"


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"keep_alive": 5}, faceiot.ConfigError),
        ({"format": "jpeg"}, faceiot.ArgumentError),
        ({"qos": 2}, faceiot.ArgumentError),
        ({"method": "sha3"}, faceiot.SignatureError),
        ({"tls": "/nowhere/ca.pem"}, faceiot.ConfigError),
        ({"tls": 7}, TypeError),
        ({"connect_timeout": -1}, ValueError),
    ],
)
def test_settings_that_cannot_work_are_refused_before_connecting(options, error):
    arguments = {"host": "127.0.0.1", "port": 1, "tls": False, **options}
    with pytest.raises(error):
        faceiot.Device.aliyun("pk", "d", "s", **arguments)


def test_hex_is_not_for_huawei(cloud):
    with pytest.raises(faceiot.ArgumentError):
        open_device(cloud, HUAWEI, format="hex")


def test_a_closed_device_says_so(cloud, photo):
    camera = open_device(cloud)
    camera.close()
    camera.close()
    for use in (lambda: camera.send(photo), lambda: camera.report({}), lambda: camera.commands()):
        with pytest.raises(faceiot.ConnectError) as caught:
            use()
        assert caught.value.kind == "closed"
    assert "closed" in repr(camera)


def test_a_wait_that_is_too_short_is_a_timeout_error_and_the_photo_still_goes(cloud, photo):
    with open_device(cloud, format="hex") as camera:
        receipt = camera.send(photo)
        with pytest.raises(TimeoutError) as caught:
            receipt.wait(timeout=0.05)
        assert isinstance(caught.value, faceiot.TimedOutError)
        assert not receipt.done
        receipt.wait(50)
        assert cloud.wait_photo(ALIYUN, timeout=20).jpeg == photo.jpeg


def test_waiting_for_a_command_ends_with_its_timeout(cloud):
    with open_device(cloud) as camera, pytest.raises(TimeoutError):
        next(camera.commands(timeout=0.05))


def test_other_threads_run_while_a_call_waits(cloud):
    with open_device(cloud) as camera:
        ticks, done = [], threading.Event()

        def tick():
            while not done.wait(0.001):
                ticks.append(time.monotonic())

        thread = threading.Thread(target=tick)
        thread.start()
        with pytest.raises(TimeoutError):
            next(camera.commands(timeout=1))
        done.set()
        thread.join()
    assert len(ticks) > 100


WAITING = """
import faceiot
secret, port, what = sys.argv[1:]
broker = {"host": "127.0.0.1", "port": int(port), "tls": False}
camera = faceiot.Device.aliyun("a1pk", "cam-1", secret, format="hex", **broker)
photo = faceiot.Frame.open("testcard:1280x960")
def callback():
    camera.on_command(lambda command: None)
    camera.wait_closed()
calls = {
    "receipt": lambda: camera.send(photo).wait(),
    "commands": lambda: next(iter(camera)),
    "messages": lambda: next(camera.messages()),
    "events": lambda: list(camera.events()),
    "callback": callback,
}
blocked(calls[what])
"""


@pytest.mark.parametrize("what", ["receipt", "commands", "messages", "events", "callback"])
def test_ctrl_c_ends_every_blocking_call(cloud, script, what):
    secret = cloud.add_device(ALIYUN).secret
    child = script(BLOCKED + WAITING, secret, str(cloud.mqtt_port), what)
    assert child.stdout.readline() == "waiting\n", child.stderr.read()
    interrupt(child)
    started = time.monotonic()
    output, errors = child.communicate(timeout=20)
    assert output == "interrupted\n", errors
    assert child.returncode == 130
    assert time.monotonic() - started < 5


CONNECTING = """
import socket, faceiot
silent = socket.create_server(("127.0.0.1", 0))  # accepts and never answers
port = silent.getsockname()[1]
blocked(lambda: faceiot.Device.aliyun("pk", "d", "s", host="127.0.0.1", port=port, tls=False))
"""


def test_ctrl_c_ends_connecting(script):
    child = script(BLOCKED + CONNECTING)
    assert child.stdout.readline() == "waiting\n"
    interrupt(child)
    assert child.wait(10) == 130, child.stderr.read()


FORKING = """
import os, signal, sys, faceiot
secret, port = sys.argv[1:]
camera = faceiot.Device.aliyun("a1pk", "cam-1", secret, host="127.0.0.1", port=int(port), tls=False)
receipt = camera.report({"n": 1})
receipt.wait(20)
child = os.fork()
if child == 0:
    signal.alarm(20)  # a deadlock would end here, as a failure
    refused = 0
    for use in (lambda: camera.report({"n": 2}), lambda: camera.send(b"x"), lambda: next(camera.commands()),
                lambda: camera.subscribe("/x"), lambda: receipt.wait(1)):
        try:
            use()
        except faceiot.FaceIotError as error:
            refused += "fork" in str(error)
    camera.close()
    # A device of the child's own works.
    with faceiot.Device.aliyun("a1pk", "cam-2", secret, host="127.0.0.1", port=int(port), tls=False) as own:
        own.report({"child": True}).wait(15)
    os._exit(refused)
_, status = os.waitpid(child, 0)
print("child", os.waitstatus_to_exitcode(status))
camera.report({"n": 3}).wait(20)
camera.close()
print("parent")
"""


def test_a_forked_child_gets_errors_instead_of_deadlocks_and_may_open_its_own(cloud, script):
    secret = cloud.add_device(ALIYUN).secret
    cloud.add_device("aliyun:a1pk:cam-2", secret)
    parent = script(FORKING, secret, str(cloud.mqtt_port))
    output, errors = parent.communicate(timeout=50)
    assert output == "child 5\nparent\n", errors
    wait_until(lambda: cloud.properties(ALIYUN).get("n") == 3, "the parent goes on")
    assert cloud.properties("aliyun:a1pk:cam-2") == {"child": True}


NOT_CLOSED = """
import sys, faceiot
secret, port = sys.argv[1:]
camera = faceiot.Device.aliyun("a1pk", "cam-1", secret, host="127.0.0.1", port=int(port), tls=False)
camera.on_command(lambda command: None)
print("leaving", flush=True)
"""


def test_a_program_that_forgets_to_close_still_ends(cloud, script):
    secret = cloud.add_device(ALIYUN).secret
    child = script(NOT_CLOSED, secret, str(cloud.mqtt_port))
    output, errors = child.communicate(timeout=20)
    assert (output, errors, child.returncode) == ("leaving\n", "", 0)
