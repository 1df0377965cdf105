# What QuecPython's firmware does differently, one case each, and what the port makes of it. Runs inside MicroPython.
import sys

import checkNet
import modem
import uhashlib
import umqtt
import utime
from quecpython import settings

from faceiot import digest, network, port, sign
from faceiot.device import Device
from faceiot.errors import ConnectError, FaceIotError, RefusedError
from faceiot.mqtt import MQTTClient

SERVER = int(sys.argv[2]) if len(sys.argv) > 2 else 0


def raises(error, call, *args):
    try:
        call(*args)
    except error as e:
        return e
    raise AssertionError("%r did not raise %s" % (call, error))


def client(secret="secret-of-cam-1", **options):
    login = sign.huawei_mqtt("p1_cam1", secret, timestamp="2026010203")
    return umqtt.MQTTClient(login.client_id, "127.0.0.1", SERVER, login.username, login.password, **options)


def device(of):
    return Device.huawei("p1_cam1", "secret-of-cam-1", client=of, pause_ms=0)


def network_is_asked_in_the_way_of_any_year():
    class Old:
        class CheckNetwork(checkNet.CheckNetwork):
            pass

    class Middle:
        wait_network_connected = staticmethod(checkNet.wait_network_connected)

    class New:
        waitNetworkReady = staticmethod(checkNet.waitNetworkReady)

    for firmware in (Old, Middle, New):
        sys.modules["checkNet"] = firmware
        settings.network = (3, 1)
        network.wait()
        for state, words in (((1, 0), "SIM"), ((2, 0), "not registered"), ((3, 0), "no data")):
            settings.network = state
            assert words in str(raises(ConnectError, network.wait)), words


def modem_answers_minus_one():
    assert network.imei() == modem.getDevImei() == "868540050954037"
    settings.imei = -1
    raises(FaceIotError, network.imei)


def digest_is_final():
    h = uhashlib.sha256(b"abc")
    assert not hasattr(h, "hexdigest")
    h.digest()
    raises(ValueError, h.update, b"more")
    assert port.hashlib is uhashlib, "the port takes the firmware's own module"
    assert digest.hmac_hex("hmacsha256", "key", "The quick brown fox jumps over the lazy dog") == (
        "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8"
    )


def clock_is_local_and_has_no_gmtime():
    assert not hasattr(utime, "gmtime") and port.time is utime
    hours = set()
    for zone in (-11, 0, 8, 13):
        utime.setTimeZone(zone)
        hours.add(port.utc_hour())
        assert utime.mktime(utime.localtime(1700000000)) == 1700000000, zone
    print(" ".join(sorted(hours)))


def connect_raises_value_error():
    wrong = client("not-the-secret")
    raises(ValueError, wrong.connect)
    e = raises(RefusedError, device(wrong).connect)
    assert "secret" in str(e) and "not-the-secret" not in str(e), e
    raises(RefusedError, device(wrong).reconnect)  # tried once, not for ever
    nobody = umqtt.MQTTClient("c", "127.0.0.1", 1, "u", "p")
    assert type(raises(ConnectError, device(nobody).connect)) is ConnectError


def publish_returns_false():
    closed = client()
    raises(ConnectError, device(closed).report)
    assert closed.publish("t", "m") is False
    closed.connect()
    assert closed.publish("t", "m") is True and closed.publish("t", "m", qos=1) is True
    closed.disconnect()
    assert closed.publish("t", "m") is False


def wait_msg_returns_none_when_the_server_closes():
    # The broker goes away and comes back when this says so.
    gone = client(reconn=False)
    camera = device(gone).connect()
    camera.on_command(lambda name, parameters: {"taken": 1})
    print("connected")
    while gone.get_mqttsta() == 0:
        assert gone.wait_msg() is None
    assert raises(ConnectError, camera.step)
    camera.reconnect()
    camera.report(state="back")
    while not camera._answered:
        camera.step()
    gone.disconnect()


def reconnects_and_subscribes_again():
    # The broker goes away and comes back when this says so.
    heard, said = [], []
    ours = umqtt.MQTTClient("ours", "127.0.0.1", SERVER, "listener", "listener")
    ours.set_callback(lambda topic, message: heard.append((topic, message)))
    ours.error_register_cb(said.append)
    ours.connect()
    ours.subscribe("own", 1)
    print("connected")
    while not said or ours.get_mqttsta() != 0:
        assert ours.wait_msg() is None
    assert ours.publish("own", "back", qos=1) is True
    while not heard:
        ours.wait_msg()
    assert heard == [(b"own", b"back")] and said[0] == "reconnect", (heard, said)
    ours.disconnect()


def only_a_lost_connection_is_a_last_will():
    for end in ("disconnect", "close"):  # close() says nothing to the broker
        ours = umqtt.MQTTClient("ours", "127.0.0.1", SERVER, "listener", "listener")
        ours.set_last_will("/own/will", "after " + end, qos=1)
        ours.connect()
        getattr(ours, end)()


def pings_by_itself_until_it_disconnects():
    # The server answers CONNECT and the ping.
    idle = umqtt.MQTTClient("idle", "127.0.0.1", SERVER, keepalive=5, reconn=False)
    idle.connect()
    assert idle.wait_msg() == 0xD0  # PINGRESP
    idle.disconnect()
    utime.sleep_ms(400)  # the thread looks each 200 ms


def a_long_topic_breaks_its_subscribe_and_not_the_ports():
    topic = "/p1/cam1/" + 120 * "x"
    ours = MQTTClient("ours", "127.0.0.1", SERVER, "listener", "listener")
    ours.connect()
    ours.subscribe(topic)
    ours.disconnect()
    theirs = umqtt.MQTTClient("theirs", "127.0.0.1", SERVER, "listener", "listener", reconn=False)
    theirs.connect()
    raises((OSError, umqtt.MQTTException), theirs.subscribe, topic)


def tls_checks_no_certificate():
    heard = []
    secure = client(ssl=True, keepalive=5)
    secure.set_callback(lambda topic, message: heard.append((topic, message)))
    secure.connect()
    secure.subscribe("own")
    assert secure.publish("own", "first", qos=1) is True
    while not heard:
        secure.wait_msg()
    assert secure.check_msg() is None
    secure.publish("own", 3000 * "x")
    while len(heard) < 2:
        secure.check_msg()
    assert [len(message) for _, message in heard] == [5, 3000]
    secure.disconnect()


globals()[sys.argv[1]]()
print("ok")
