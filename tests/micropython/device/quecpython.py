# The port on a modem's modules: network, camera that writes a file, umqtt that swallows errors. Runs inside MicroPython.
import sys

import umqtt
from quecpython import settings

from faceiot import network, sign
from faceiot.camera import open_camera
from faceiot.device import Device
from faceiot.errors import ConnectError, FaceIotError

network.wait()
port = int(sys.argv[1])
login = sign.huawei_mqtt("p1_cam1", "secret-of-cam-1", timestamp="2026010203")
client = umqtt.MQTTClient(login.client_id, "127.0.0.1", port, login.username, login.password, keepalive=60)
device = Device.huawei("p1_cam1", "secret-of-cam-1", client=client, pause_ms=0, qos=0).connect()
with open_camera() as eye:
    print("sent", device.send_photo(eye.capture(), size=1024))
    settings.camera_result = 1
    try:
        eye.capture()
        raise SystemExit("a failed capture and not noticed")
    except FaceIotError as e:
        assert e.code == 300, e
settings.camera_result, settings.camera_tells_path = 0, False
with open_camera(folder="./") as eye:  # the callback tells a bare name: the file is found by it
    assert eye.capture("second").endswith("second.jpeg")
client.disconnect()
try:
    device.report(state="gone")
    raise SystemExit("publish() returned False and nobody noticed")
except ConnectError as e:
    assert "publishing failed" in str(e), e
print("ok")
