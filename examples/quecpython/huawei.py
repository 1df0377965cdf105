# The tutorial's Huawei script: connect, report a property, answer commands. QuecPython; on a PC with `faceiot run --micropython`.
import sys

sys.path.append("/usr")  # where a modem's own files are
from faceiot import network
from faceiot.device import Device

PRODUCT_ID = "5fbbb784b4ec2202e982e643"
DEVICE_SECRET = "ac4263b86eaf6442997a"
SERVER = "a15fbbd7ce.iot-mqtts.cn-north-4.myhuaweicloud.com"

network.wait()
device = Device.huawei(PRODUCT_ID + "_" + network.imei(), DEVICE_SECRET, host=SERVER, service_id="WaterMeterControl")


def on_command(name, parameters):
    print("command", name, parameters)
    return {"done": True}


device.on_command(on_command)
device.connect()
device.report(state="T:15c,  H: 85% ")
device.loop()
