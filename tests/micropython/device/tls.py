# MQTTS with the server verified: the address to connect to and the name to verify are two settings. Inside MicroPython.
import sys

from faceiot.device import Device
from faceiot.errors import ConnectError
from faceiot.port import binascii

try:
    import ssl
except ImportError:
    import ussl as ssl

cloud, port, server, name, authority = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4], sys.argv[5]
with open(authority) as pem:
    lines = [line.strip() for line in pem if "-----" not in line]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.verify_mode = ssl.CERT_REQUIRED
context.load_verify_locations(cadata=binascii.a2b_base64("".join(lines)))  # DER
tls = {"ssl": context, "ssl_params": {"server_hostname": name} if name else None, "port": port}
if cloud == "aliyun":
    device = Device.aliyun("a1pk", "cam_1", "secret-of-cam-1", server=server, **tls)
else:
    device = Device.huawei("p1_cam1", "secret-of-cam-1", host=server, timestamp="2026010203", **tls)
try:
    device.connect()
except ConnectError as e:
    print("refused:", e)
    assert not device._client.connected()
    try:
        device.report(state="in the clear")
        print("sent all the same")
    except ConnectError:
        pass
    sys.exit()
device.report(state="verified")
device.disconnect()
print("connected")
