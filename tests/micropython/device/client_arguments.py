# What must not get to the wire is refused before anything is written. Runs inside MicroPython and CPython.
import sys
from array import array

from faceiot.errors import ArgumentError
from faceiot.mqtt import MQTTClient


def refuses(call, *args, **options):
    try:
        call(*args, **options)
    except ArgumentError as e:
        return str(e)
    raise AssertionError("%r %r" % (args, options))


def client(client_id="c", user="u", password="p", server="127.0.0.1", **options):
    return MQTTClient(client_id, server, int(sys.argv[1]), user, password, **options)


long = 65536 * "x"
for options in (
    {"client_id": long}, {"user": long}, {"password": long}, {"client_id": 5}, {"user": None}, {"password": ["p"]},
    {"keepalive": -1}, {"keepalive": 65536}, {"keepalive": 1.5}, {"timeout": 0}, {"timeout": None},
    {"server": None}, {"server": b"127.0.0.1"},
):
    wrong = client(**options)
    refuses(wrong.connect)
    assert not wrong.connected(), options
refuses(MQTTClient("c", "127.0.0.1", 65536).connect)
ours = client()
ours.connect()
for message in ([1, 2], (1, 2), {"a": 1}, None, 5, array("H", [1, 2]), memoryview(array("H", [1, 2]))):
    refuses(ours.publish, "t", message)
for topic in ("", long, None, 5, ["t"], "a/+", "#"):
    refuses(ours.publish, topic, "m")
for topic in ("", long, None):
    refuses(ours.subscribe, topic)
    refuses(ours.unsubscribe, topic)
for qos in (2, -1, 0.5, "1", None):
    refuses(ours.publish, "t", "m", qos=qos)
    refuses(ours.subscribe, "t", qos)
assert ours.connected()
ours.publish("t", "m")
ours.publish("t", memoryview(array("B", [1, 2])))
ours.disconnect()
print("ok")
