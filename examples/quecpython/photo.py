# Takes a photo when the cloud says so and sends it in chunks, with the camera that the firmware has. QuecPython, or any
# MicroPython that is online and has a `camera`; on a PC with `faceiot run --micropython` and FACEIOT_CAMERA.
import sys

sys.path.append("/usr")  # where a modem's own files are
from faceiot import network
from faceiot.camera import open_camera
from faceiot.device import Device

DEVICE_ID = "5fbbb784b4ec2202e982e643_868540050954037"
DEVICE_SECRET = "ac4263b86eaf6442997a"
SERVER = "a15fbbd7ce.iot-mqtts.cn-north-4.myhuaweicloud.com"

network.wait()
device = Device.huawei(DEVICE_ID, DEVICE_SECRET, host=SERVER)
camera = open_camera()
wanted = []


def on_command(name, parameters):
    wanted.append(name)  # answered at once; the photo follows: a cloud waits 20 s for the answer at most
    return {"accepted": True}


device.on_command(on_command)
device.connect()
while True:
    device.step()
    while wanted:
        wanted.pop()
        messages = device.send_photo(camera.capture())
        camera.release()
        device.report(photo="sent in %d messages" % messages)
