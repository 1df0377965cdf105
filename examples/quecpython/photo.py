# Takes a photo when the cloud says so and sends it in chunks. Works with what camera the firmware has.
from faceiot import network
from faceiot.camera import open_camera
from faceiot.device import Device

PRODUCT_ID = "5fbbb784b4ec2202e982e643"
DEVICE_SECRET = "ac4263b86eaf6442997a"
SERVER = "a15fbbd7ce.iot-mqtts.cn-north-4.myhuaweicloud.com"

network.wait()
device = Device.huawei(PRODUCT_ID + "_" + network.imei(), DEVICE_SECRET, host=SERVER)
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
