# A wrong secret: a clear error, once. Runs inside MicroPython.
import sys

from faceiot.device import Device
from faceiot.errors import RefusedError

device = Device.aliyun("a1pk", "cam_1", "not-the-secret", server="127.0.0.1", port=int(sys.argv[1]))
for attempt in (device.connect, device.reconnect):
    try:
        attempt()
        raise SystemExit("let in with a wrong secret")
    except RefusedError as e:
        assert e.code == 100 and "secret" in str(e), e
        assert "not-the-secret" not in str(e)
assert isinstance(RefusedError("x"), OSError)
print("ok")
