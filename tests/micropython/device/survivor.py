# Sends one photo over a connection that is cut, then waits for the command `stop`. Runs inside MicroPython.
import sys

from faceiot.device import Device
from faceiot.errors import ConnectError

cloud, port, path = sys.argv[1], int(sys.argv[2]), sys.argv[3]
attempts = int(sys.argv[4]) if len(sys.argv) > 4 else 20
if cloud == "aliyun":
    device = Device.aliyun("a1pk", "cam_1", "secret-of-cam-1", server="127.0.0.1", port=port, pause_ms=0)
else:
    device = Device.huawei("p1_cam1", "secret-of-cam-1", host="127.0.0.1", port=port, pause_ms=0)
stopped = []


def on_command(name, parameters):
    stopped.append(name)
    return {"stopped": True}


device.on_command(on_command)
device.connect()
publish = device._publish


def told(topic, message, qos=None):
    publish(topic, message, qos)
    if qos is None:
        print("chunk")


device._publish = told
try:
    device.send_photo(path, size=1024, reconnects=attempts)
except ConnectError as e:
    print("ConnectError", e.code, e)
    sys.exit(3)
print("sent")
while not stopped:
    device.step(10)
device.disconnect()
