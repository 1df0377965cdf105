# An Aliyun device: three names, a property, commands. QuecPython, or any MicroPython that is online; on a PC with
# `faceiot run --micropython`.
import sys

sys.path.append("/usr")  # where a modem's own files are
from faceiot import network
from faceiot.device import Device

network.wait()
device = Device.aliyun("a1b2C3d4E5F", "esp001_001", "589abcdef0123456789abcdef01e0f")
device.on_command(lambda name, parameters: print("command", name, parameters))
device.connect()
device.report(temperature=15.5)
device.loop()
