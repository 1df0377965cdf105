# The MQTT client over TLS: silence, and what it takes for verification. Runs inside MicroPython and CPython.
import sys

from faceiot.errors import ArgumentError, ConnectError, TimedOutError
from faceiot.mqtt import MQTTClient
from faceiot.port import binascii

try:
    import ssl
except ImportError:
    import ussl as ssl

case, port, authority = sys.argv[1], int(sys.argv[2]), sys.argv[3]
with open(authority) as pem:
    lines = [line.strip() for line in pem if "-----" not in line]
der = binascii.a2b_base64("".join(lines))
required = {"cert_reqs": ssl.CERT_REQUIRED, "cadata": der}


def client(**options):
    return MQTTClient("c", "localhost", port, "listener", "listener", **options)


def silence():
    """A message that comes after others did not for a while: the time-outs before it have broken nothing."""
    heard = []
    ours = client(ssl=True, ssl_params=required)
    ours.set_callback(lambda topic, message: heard.append(message))
    ours.connect()
    ours.subscribe("own", 1)
    for size in (1, 30000):
        for _ in range(2):
            try:
                ours.wait_msg(0.3)
                raise AssertionError
            except TimedOutError:
                pass
        assert not ours.check_msg()
        ours.max_packet = 40000
        ours.publish("own", size * b"m", qos=1)
        while not heard:
            ours.wait_msg(10)
        assert heard.pop() == size * b"m"
    ours.disconnect()
    print("heard")


def arguments():
    nobody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if hasattr(nobody, "check_hostname"):
        nobody.check_hostname = False
    nobody.verify_mode = ssl.CERT_NONE
    words = []
    for options in (
        {"ssl": True}, {"ssl": True, "ssl_params": {"server_hostname": "localhost"}},
        {"ssl": True, "ssl_params": {"cert_reqs": ssl.CERT_REQUIRED}}, {"ssl": True, "ssl_params": {"cadata": der}},
        {"ssl": True, "ssl_params": {"cert_reqs": ssl.CERT_OPTIONAL, "cadata": der}},
        {"ssl": True, "ssl_params": {"verify": None}}, {"ssl": nobody}, {"ssl": ssl},
    ):
        try:
            client(**options)
            raise AssertionError(options)
        except ArgumentError as e:
            words.append(str(e))
    assert set(words) == {words[0]} and "CERT_REQUIRED" in words[0], words
    try:
        client(ssl_params=required)
        raise AssertionError
    except ArgumentError as e:
        assert "in the clear" in str(e)
    wrong = client(ssl=True, ssl_params=dict(required, no_such=1))
    try:
        wrong.connect()
        raise AssertionError
    except ArgumentError:
        assert not wrong.connected()
    for options in ({"ssl": True, "ssl_params": {"verify": False}}, {"ssl": nobody, "ssl_params": {"verify": False}}):
        anybody = client(**options)
        anybody.connect()
        anybody.disconnect()
    ours = client(ssl=True, ssl_params=required)
    try:
        ours.connect()
        ours.disconnect()
        print("connected")
    except ConnectError as e:
        assert str(e).startswith("localhost: ") and not ours.connected(), e
        print("refused")


globals()[case]()
