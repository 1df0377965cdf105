# Answers commands until `explode`, which fails in the handler. Runs inside MicroPython.
import sys

from faceiot.device import Device

port = int(sys.argv[1])
if sys.argv[2] == "aliyun":
    device = Device.aliyun("a1pk", "cam_1", "secret-of-cam-1", server="127.0.0.1", port=port)
else:
    device = Device.huawei("p1_cam1", "secret-of-cam-1", host="127.0.0.1", port=port, timestamp="2026010203")
calls = []


def on_command(name, parameters):
    calls.append((name, parameters))
    if name == "explode":
        raise ValueError("boom")
    if name == "shoot":
        return {"taken": parameters["count"]}
    return {"name": name, "payload": parameters}


device.on_command(on_command)
device.connect()
device.report(state="ready")
while not calls or calls[-1][0] != "explode":
    device.step(10)
device.disconnect()
print(calls)
