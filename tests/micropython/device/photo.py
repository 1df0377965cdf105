# Sends one photo as a device of the cloud named on the command line. Runs inside MicroPython.
import gc
import sys

from faceiot.device import Device

cloud, port, path, qos = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
if cloud == "aliyun":
    device = Device.aliyun("a1pk", "cam_1", "secret-of-cam-1", server="127.0.0.1", port=port, qos=qos, pause_ms=0)
else:
    device = Device.huawei("p1_cam1", "secret-of-cam-1", host="127.0.0.1", port=port, qos=qos, pause_ms=0,
                           timestamp="2026010203")
device.connect()
device.report(state="sending")
gc.collect()
count = device.send_photo(path, size=1024)
device.report(state="sent")
device.disconnect()
print("sent", count)
