# The same for an Aliyun device: three names, a property, commands.
from faceiot import network
from faceiot.device import Device

network.wait()
device = Device.aliyun("a1b2C3d4E5F", "esp001_001", "589abcdef0123456789abcdef01e0f")
device.on_command(lambda name, parameters: print("command", name, parameters))
device.connect()
device.report(temperature=15.5)
device.loop()
