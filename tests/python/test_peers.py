"""Programs that are not ours against the local cloud, and our device against a broker that is not ours."""

from __future__ import annotations

import json
import ssl
import subprocess
import threading

import paho.mqtt.client as paho
import pytest
from linkkit import linkkit

import faceiot
from faceiot import chunk, sign
from support import program, running, wait_until

pytestmark = pytest.mark.peer

PRODUCT_KEY, DEVICE_NAME = "a1b2C3d4E5F", "cam-1"
ALIYUN = f"aliyun:{PRODUCT_KEY}:{DEVICE_NAME}"
HUAWEI_ID = "5fbbb784b4ec2202e982e643_868540050954037"
HUAWEI = f"huawei:{HUAWEI_ID}"
PROPERTY_POST = f"/sys/{PRODUCT_KEY}/{DEVICE_NAME}/thing/event/property/post"
PROPERTIES_REPORT = f"$oc/devices/{HUAWEI_ID}/sys/properties/report"


class Events:
    """What callbacks on other threads saw."""

    def __init__(self) -> None:
        self._seen: list[tuple] = []
        self._changed = threading.Condition()

    def add(self, *event) -> None:
        with self._changed:
            self._seen.append(event)
            self._changed.notify_all()

    def wait(self, name: str, seconds: float = 20) -> tuple:
        with self._changed:
            found = lambda: next((event for event in self._seen if event[0] == name), None)  # noqa: E731
            assert self._changed.wait_for(found, seconds), (
                f"no `{name}` within {seconds} s; seen: {self._seen}"
            )
            return found()


def login_of(cloud, device: str, *, tls: bool = False) -> sign.Login:
    secret = cloud.add_device(device).secret
    if device == ALIYUN:
        return sign.aliyun_mqtt(
            PRODUCT_KEY, DEVICE_NAME, secret, secure_mode=2 if tls else 3, timestamp=1534494218000
        )
    return sign.huawei_mqtt(HUAWEI_ID, secret, sign_type=1 if tls else 0)


@pytest.mark.parametrize("tls", [False, True], ids=["tcp", "tls"])
def test_aliyun_iot_linkkit_logs_in_posts_a_property_and_answers_a_set_and_a_service(cloud, tls, tmp_path):
    device = cloud.add_device(ALIYUN)
    thing_model = tmp_path / "tsl.json"
    thing_model.write_text(json.dumps({"services": [{"identifier": "take_photo"}], "events": []}))
    seen = Events()
    kit = linkkit.LinkKit(
        host_name="127.0.0.1", product_key=PRODUCT_KEY, device_name=DEVICE_NAME, device_secret=device.secret
    )
    if tls:
        kit.config_mqtt(port=cloud.mqtts_port, endpoint="localhost", cadata=cloud.ca_file.read_text())
    else:
        kit.config_mqtt(port=cloud.mqtt_port, secure="")
    kit.thing_setup(str(thing_model))
    kit.on_connect = lambda session, code, user: seen.add("connected", code)
    kit.on_thing_enable = lambda user: seen.add("enabled")
    kit.on_thing_prop_post = lambda request, code, data, message, user: seen.add("post_reply", request, code)
    kit.on_thing_prop_changed = lambda params, user: seen.add("property_set", params)

    def service(identifier, request, params, user):
        seen.add("service", identifier, params)
        kit.thing_answer_service(identifier, request, 200, {"photo": "taken"})

    kit.on_thing_call_service = service
    kit.connect_async()
    try:
        assert seen.wait("connected") == ("connected", 0)
        seen.wait("enabled")

        code, request = kit.thing_post_property({"temperature": 21.5, "name": "门"})
        assert code == 0
        assert seen.wait("post_reply") == ("post_reply", request, 200)
        expected = {"temperature": 21.5, "name": "门"}
        wait_until(lambda: cloud.properties(ALIYUN) == expected, "both properties are stored")

        reply = cloud.command(ALIYUN, "property_set", {"power": "on"}, form="property_set")
        assert seen.wait("property_set") == ("property_set", {"power": "on"})
        assert reply.code == 200

        reply = cloud.command(ALIYUN, "take_photo", {"quality": 80}, form="service")
        assert seen.wait("service") == ("service", "take_photo", {"quality": 80})
        assert (reply.code, reply.data) == (200, {"photo": "taken"})
    finally:
        try:
            kit.destruct()
        except ssl.SSLError:
            # linkkit's two threads write to one TLS connection without a lock; its second try only cleans up.
            kit.destruct()


@pytest.mark.parametrize("tls", [False, True], ids=["tcp", "tls"])
@pytest.mark.parametrize("device", [ALIYUN, HUAWEI], ids=["aliyun", "huawei"])
def test_paho_mqtt_logs_in_and_reports_with_our_login(cloud, device, tls):
    login, seen = login_of(cloud, device, tls=tls), Events()
    client = paho.Client(login.client_id, protocol=paho.MQTTv311)
    client.username_pw_set(login.username, login.password)
    client.on_connect = lambda client, user, flags, code: seen.add("connack", code)
    client.on_publish = lambda client, user, mid: seen.add("acknowledged")
    if tls:
        client.tls_set_context(ssl.create_default_context(cafile=str(cloud.ca_file)))
    client.connect("127.0.0.1", cloud.mqtts_port if tls else cloud.mqtt_port, keepalive=60)
    client.loop_start()
    try:
        assert seen.wait("connack") == ("connack", 0)
        if device == ALIYUN:
            client.publish(
                PROPERTY_POST, json.dumps({"id": "1", "version": "1.0", "params": {"light": 7}}), qos=1
            )
        else:
            body = {"services": [{"service_id": "camera", "properties": {"light": 7}}]}
            client.publish(PROPERTIES_REPORT, json.dumps(body), qos=1)
        seen.wait("acknowledged")
        name = "light" if device == ALIYUN else "camera.light"
        wait_until(lambda: cloud.properties(device) == {name: 7}, "the property is stored")
    finally:
        client.disconnect()
        client.loop_stop()


@pytest.mark.parametrize("device", [ALIYUN, HUAWEI], ids=["aliyun", "huawei"])
def test_paho_mqtt_with_a_wrong_password_is_told_so(cloud, device):
    login, seen = login_of(cloud, device), Events()
    client = paho.Client(login.client_id, protocol=paho.MQTTv311)
    client.username_pw_set(login.username, "0" * 64)
    client.on_connect = lambda client, user, flags, code: (seen.add("connack", code), client.disconnect())
    client.connect("127.0.0.1", cloud.mqtt_port, keepalive=60)
    client.loop_start()
    try:
        assert seen.wait("connack") == ("connack", paho.CONNACK_REFUSED_BAD_USERNAME_PASSWORD)
    finally:
        client.loop_stop()


def mosquitto_arguments(cloud, login: sign.Login, *, tls: bool) -> list[str]:
    port = cloud.mqtts_port if tls else cloud.mqtt_port
    arguments = [
        "-h",
        "127.0.0.1",
        "-p",
        str(port),
        "-i",
        login.client_id,
        "-u",
        login.username,
        "-P",
        login.password,
    ]
    return [*arguments, "--cafile", str(cloud.ca_file)] if tls else arguments


@pytest.mark.parametrize("tls", [False, True], ids=["tcp", "tls"])
@pytest.mark.parametrize("device", [ALIYUN, HUAWEI], ids=["aliyun", "huawei"])
def test_mosquitto_pub_sends_a_photo_with_our_login(cloud, device, tls, photo):
    login = login_of(cloud, device, tls=tls)
    messages = chunk.v2_encode(photo.jpeg, chunk_size=1 << 20)
    assert len(messages) == 1
    topic = (
        f"/{PRODUCT_KEY}/{DEVICE_NAME}/user/photo"
        if device == ALIYUN
        else f"$oc/devices/{HUAWEI_ID}/user/photo"
    )
    subprocess.run(
        [program("mosquitto_pub"), *mosquitto_arguments(cloud, login, tls=tls), "-q", "1", "-t", topic, "-s"],
        input=messages[0],
        check=True,
        timeout=30,
    )
    arrived = cloud.wait_photo(device, timeout=20)
    assert (arrived.jpeg, arrived.format, arrived.verified) == (photo.jpeg, "v2", "crc")


@pytest.mark.parametrize("tls", [False, True], ids=["tcp", "tls"])
@pytest.mark.parametrize("device", [ALIYUN, HUAWEI], ids=["aliyun", "huawei"])
def test_mosquitto_sub_is_given_a_command_with_our_login(cloud, device, tls):
    login = login_of(cloud, device, tls=tls)
    topic = (
        f"/sys/{PRODUCT_KEY}/{DEVICE_NAME}/thing/service/take_photo"
        if device == ALIYUN
        else f"$oc/devices/{HUAWEI_ID}/sys/commands/#"
    )
    arguments = [
        *mosquitto_arguments(cloud, login, tls=tls),
        "-q",
        "1",
        "-t",
        topic,
        "-C",
        "1",
        "-W",
        "30",
        "-d",
    ]
    # mosquitto_sub says that it is subscribed in its debug output, between the messages (`-F` marks those),
    # and would keep all of it to itself until it ends: a pipe is not a terminal.
    with running(
        [program("stdbuf"), "-oL", program("mosquitto_sub"), *arguments, "-F", "MESSAGE %p"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as subscriber:
        lines = iter(subscriber.stdout.readline, "")
        assert any("SUBACK" in line for line in lines)

        def command() -> None:
            with pytest.raises(TimeoutError):  # mosquitto_sub prints; it does not answer
                cloud.command(device, "take_photo", {"quality": 80}, timeout=1)

        caller = threading.Thread(target=command)
        caller.start()
        message = next(line for line in lines if line.startswith("MESSAGE "))
        caller.join(20)
    body = json.loads(message.removeprefix("MESSAGE "))
    assert body.get("params", body.get("paras")) == {"quality": 80}


@pytest.mark.parametrize("cloud_name", ["aliyun", "huawei"])
def test_our_device_sends_a_photo_through_debians_mosquitto(mosquitto, cloud_name, photo):
    if cloud_name == "aliyun":
        login = sign.aliyun_mqtt(PRODUCT_KEY, DEVICE_NAME, "secret")
        connect, credentials = faceiot.Device.aliyun, (PRODUCT_KEY, DEVICE_NAME, "secret")
        topic = f"/{PRODUCT_KEY}/{DEVICE_NAME}/user/photo"
    else:
        login = sign.huawei_mqtt(
            HUAWEI_ID, "secret"
        )  # its password changes at the full hour, with the device's
        connect, credentials = faceiot.Device.huawei, (HUAWEI_ID, "secret")
        topic = f"$oc/devices/{HUAWEI_ID}/user/photo"
    broker = mosquitto(login.username, login.password)
    seen, assembler = Events(), chunk.V2Assembler()

    def message(client, user, message):
        if (whole := assembler.push(message.payload)) is not None:
            seen.add("photo", whole)

    observer = paho.Client("observer", protocol=paho.MQTTv311)
    observer.username_pw_set(login.username, login.password)
    observer.on_message = message
    observer.on_subscribe = lambda *_: seen.add("subscribed")
    observer.on_connect = lambda *_: observer.subscribe(topic, 1)
    observer.connect("127.0.0.1", broker.port)
    observer.loop_start()
    try:
        seen.wait("subscribed")
        with connect(*credentials, host="127.0.0.1", port=broker.port, tls=False) as device:
            sent = device.send(photo).wait(30)
        assert sent.bytes >= len(photo.jpeg)
        assert seen.wait("photo") == ("photo", photo.jpeg)
    finally:
        observer.disconnect()
        observer.loop_stop()


def test_debians_mosquitto_refuses_our_device_with_another_secret(mosquitto):
    login = sign.aliyun_mqtt(PRODUCT_KEY, DEVICE_NAME, "secret")
    broker = mosquitto(login.username, login.password)
    with pytest.raises(faceiot.RefusedError):
        faceiot.Device.aliyun(
            PRODUCT_KEY, DEVICE_NAME, "another", host="127.0.0.1", port=broker.port, tls=False
        )
