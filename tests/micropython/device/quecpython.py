# The port on a modem's modules: network, camera that writes a file, umqtt that swallows errors. Runs inside MicroPython.
import sys

import camera
import checkNet
import modem
import umqtt

from faceiot import network, sign
from faceiot.camera import open_camera
from faceiot.device import Device
from faceiot.errors import ConnectError, FaceIotError

network.wait()
checkNet.state = (2, 0)
try:
    network.wait()
    raise SystemExit("offline and not noticed")
except ConnectError as e:
    assert "not registered" in str(e), e
modem.number = -1
try:
    network.imei()
    raise SystemExit("an IMEI of -1")
except FaceIotError:
    modem.number = "868540050954037"

port = int(sys.argv[1])
camera.camCapture.photo = sys.argv[2]
login = sign.huawei_mqtt("p1_cam1", "secret-of-cam-1", timestamp="2026010203")
client = umqtt.MQTTClient(login.client_id, "127.0.0.1", port, login.username, login.password, keepalive=60)
device = Device.huawei("p1_cam1", "secret-of-cam-1", client=client, pause_ms=0).connect()
with open_camera(folder="./") as eye:
    print("sent", device.send_photo(eye.capture(), size=1024))
    camera.camCapture.result = 1
    try:
        eye.capture()
        raise SystemExit("a failed capture and not noticed")
    except FaceIotError as e:
        assert e.code == 300, e
client.disconnect()
try:
    device.report(state="gone")
    raise SystemExit("publish() returned False and nobody noticed")
except ConnectError as e:
    assert "publishing failed" in str(e), e
print("ok")
