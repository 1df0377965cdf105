# Connects, loses the connection, connects again: an hour later. Runs inside MicroPython.
import sys

from faceiot import sign
from faceiot.device import Device
from faceiot.errors import ConnectError

hours = ["2026010203", "2026010204"]
sign.utc_hour = lambda: hours.pop(0)
device = Device.huawei("p_n", "secret", host="127.0.0.1", port=int(sys.argv[1]))
device.connect()
try:
    while True:
        device.step(10)
except ConnectError:
    device.reconnect(1)
assert not hours
print("ok")
