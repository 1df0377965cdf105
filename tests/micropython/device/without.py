# What a firmware may lack, taken away: _faceiot, binascii.crc32, sha1, md5, gmtime. Runs inside MicroPython.
import sys

sys.modules["_faceiot"] = None

from faceiot import crc, digest, port
from faceiot.errors import SignatureError

octets = bytes((i * 31 + 7) & 255 for i in range(1000))
assert crc.pure(b"123456789") == 0xCBF43926
assert crc.pure(octets[500:], crc.pure(octets[:500])) == crc.crc32(octets)


class OnlySha256:
    sha256 = port.hashlib.sha256


digest.hashlib = OnlySha256
assert digest.hmac_hex("hmacsha256", "key", "The quick brown fox jumps over the lazy dog") == (
    "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8"
)
try:
    digest.hmac_hex("hmacsha1", "key", "message")
    raise SystemExit("a firmware without sha1 signed with it")
except SignatureError as e:
    assert "no sha1" in str(e), e


class LocalClock:
    # 2024-03-01 02:30 in a zone 8 hours ahead, on a firmware without gmtime: 2024-02-29 18:30 UTC
    zone = 8
    now = (2024, 3, 1, 2, 30, 0, 4, 61)

    @classmethod
    def localtime(cls):
        return cls.now

    @classmethod
    def getTimeZone(cls):
        return cls.zone


port.time = LocalClock
assert port.utc_hour() == "2024022918", port.utc_hour()
LocalClock.zone, LocalClock.now = -5, (2023, 12, 31, 21, 0, 0, 6, 365)
assert port.utc_hour() == "2024010102", port.utc_hour()
LocalClock.zone, LocalClock.now = 8, (2024, 1, 1, 3, 0, 0, 0, 1)
assert port.utc_hour() == "2023123119", port.utc_hour()
print("ok")
