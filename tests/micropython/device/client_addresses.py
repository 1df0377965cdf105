# A name with two addresses, the first of a family that this machine cannot reach. Runs inside MicroPython and CPython.
import sys

from faceiot import mqtt
from faceiot.errors import ConnectError

real = mqtt.socket
families = []


class Network:
    SOCK_STREAM = real.SOCK_STREAM
    addresses = []

    def getaddrinfo(self, *args):
        return self.addresses

    def socket(self, family):
        families.append(family)
        if family == 10:
            raise OSError(97)  # EAFNOSUPPORT
        return real.socket(family)


mqtt.socket = Network()
client = mqtt.MQTTClient("c", "iot.example", int(sys.argv[1]))
reached = real.getaddrinfo("127.0.0.1", int(sys.argv[1]), 0, real.SOCK_STREAM)[0]
for Network.addresses in ([], [(10, 1, 6, "", reached[-1])]):
    try:
        client.connect()
        raise AssertionError
    except ConnectError as e:
        assert str(e).startswith("iot.example: "), e
        assert not client.connected()
Network.addresses = [(10, 1, 6, "", reached[-1]), reached]
client.connect()
assert client.connected() and families == [10, 10, reached[0]], families
client.close()
mqtt.socket = real
try:
    mqtt.MQTTClient("c", "no-such-host.invalid", 1).connect()
    raise AssertionError
except ConnectError as e:
    assert str(e).startswith("no-such-host.invalid: "), e
print("ok")
