# The package with `_faceiot` and without it, side by side in one interpreter: the same results and the same errors.
# Runs inside MicroPython, where `_faceiot` can be imported.
import gc
import sys
from array import array

import _faceiot

# Nothing of the package has been imported: the module finds its errors all the same.
try:
    _faceiot.hex_message(b"", bytearray())
    raise SystemExit("no octet is room for a message")
except OSError as e:
    assert type(e).__name__ == "ArgumentError" and e.code == 1, repr(e)


def load():
    for name in list(sys.modules):
        if name.startswith("faceiot"):
            del sys.modules[name]
    from faceiot import chunk, crc, digest, port, register, sign

    return {"chunk": chunk, "crc": crc, "digest": digest, "port": port, "register": register, "sign": sign}


sys.modules["_faceiot"] = None
pure = load()
assert pure["port"].native is None
sys.modules["_faceiot"] = _faceiot
native = load()  # the later one: errors of the C module come from the package that was imported last
assert native["port"].native is _faceiot

passed = failed = 0


def same(what, mine, theirs):
    global passed, failed
    if mine == theirs:
        passed += 1
    else:
        failed += 1
        print(what, "pure", mine, "native", theirs)


def outcome(package, module, function, arguments, options):
    try:
        result = getattr(package[module], function)(*arguments, **options)
        if module == "chunk":
            count = crc = 0
            for message in result:
                count, crc = count + 1, package["port"].binascii.crc32(message, crc)
            return count, crc
        if hasattr(result, "password"):
            return (result.host, result.port, result.client_id, result.username, result.password)
        if hasattr(result, "body"):
            return (result.string_to_sign, result.signature, result.body)
        return result
    except Exception as e:
        return (type(e).__name__, getattr(e, "code", None), str(e))


def both(module, function, *arguments, **options):
    mine, theirs = (outcome(package, module, function, arguments, options) for package in (pure, native))
    same((module, function, arguments, options), mine, theirs)
    return theirs


def noise(n, seed=1):
    octets = bytearray(n)
    for i in range(n):
        seed = (seed * 25173 + 13849) & 0xFFFF  # stays a small int on 32 bits
        octets[i] = seed >> 8
    return bytes(octets)


hashes = [name for name in ("sha256", "sha1", "md5") if hasattr(pure["port"].hashlib, name)]
octets = noise(300)
for length in (0, 1, 3, 55, 56, 63, 64, 65, 119, 128, 300):
    for name in hashes:
        both("digest", "hmac", "hmac" + name, octets[:length], octets[: 300 - length])
        same(
            (name, length),
            getattr(pure["port"].hashlib, name)(octets[:length]).digest(),
            _faceiot.hash(("sha256", "sha1", "md5").index(name), octets[:length]),
        )
    same(("crc32", length), pure["crc"].pure(octets[:length], 0xDEADBEEF), native["crc"].crc32(octets[:length], 0xDEADBEEF))
    same(("crc32 of a part", length), pure["crc"].pure(octets[length:]), native["crc"].crc32(memoryview(octets)[length:]))

# Logins: what is given, and what is wrong with it.
for options in (
    {},
    {"client_id": "cam", "timestamp": 789, "secure_mode": 2, "extra": [("lan", "C"), ("_v", 1)], "hex_upper": False},
    {"client_id": "", "region": "ap-southeast-1", "port": 443, "secure_mode": -2, "extra": [("a", ""), ("b", "=")]},
    {"instance_id": "iot-x", "timestamp": ""},
    {"client_id": "\u4e2d\u6587" * 32},
    {"client_id": "x" * 65},
    {"client_id": "a|b"},
    {"client_id": "a\nb"},
    {"timestamp": "1,2"},
    {"extra": [("", "1")]},
    {"extra": [("signmethod", "hmacmd5")]},
    {"extra": [("a", "1,2")]},
    {"extra": [("a=", "1")]},
    {"extra": [("a", "1")] * 9},
    {"region": ""},
    {"region": "cn/shanghai"},
    {"instance_id": "a|b"},
    {"secure_mode": 0},
    {"port": 0},
    {"port": 65536},
    {"method": "hmacsm3"},
):
    both("sign", "aliyun_mqtt", "a1pk", "cam_1", "secret", **options)
for arguments in (("", "d", "s"), ("p", "", "s"), ("p&", "d", "s"), ("p", "d|", "s"), ("p", "d", ""), ("p", "d", "a\0b"),
                  (b"p", b"d", b"s"), ("p", "d", b"\xff"), ("p", "d", None), ("p" * 400, "d" * 400, "s" * 400)):
    both("sign", "aliyun_mqtt", *arguments)
for options in ({}, {"sign_type": 1, "host": "h", "port": 8883}, {"sign_type": 2}, {"timestamp": "2026"}, {"port": -1},
                {"timestamp": "20260102xx"}, {"host": "h" * 300}):
    both("sign", "huawei_mqtt", "p_n", "secret", **dict({"timestamp": "2026010203"}, **options))
for arguments in (("", "s"), ("a\tb", "s"), ("d" * 243, "s"), ("d" * 242, "s"), ("d", "a\0"), (b"d", b"s"), ("d", 5)):
    both("sign", "huawei_mqtt", *arguments, timestamp="2026010203")
for options in ({"timestamp": 1767323045}, {"timestamp": 0}, {"timestamp": -1}, {"timestamp": ""}, {"timestamp": 951782400}):
    both("sign", "huawei_mqtt", "d", "s", **options)
for options in ({}, {"without_preregistration": True}, {"nonce": "a|b"}, {"client_id": "a,"}, {"instance_id": "i"}, {"port": 0},
                {"method": "hmacsm3"}):
    both("register", "aliyun_register_mqtt", "p", "d", "s", **dict({"nonce": "1"}, **options))
for arguments in (("p", "d", "s"), ("p|x", "d", "s"), ("p", "d&/", "s"), ("p", "d", "s\0")):
    both("register", "aliyun_register_mqtt", *arguments, nonce="1")
    both("register", "aliyun_register", *arguments, nonce="1")
for secret in ("Z3JvdXA=", "###", "Z3JvdXA", ""):
    both("register", "huawei_bootstrap", "p_n", "scope", secret, timestamp="2026010203")

# Photos in memory: the C library cuts them. Of files it computes the CRCs only; the vectors give it both.
for length in (0, 1, 39, 399, 400, 401, 800, 2049):
    photo = noise(length, length)
    gc.collect()
    both("chunk", "hex_encode", photo)
    for size in (1, 40, 400, 2049):
        if length // size < 500:
            gc.collect()
            both("chunk", "v2_encode", photo, frame_id=7, epoch=3, chunk_size=size, time_ms=1767323045123, retransmit=length % 2)
            both("chunk", "v2_encode", memoryview(photo), frame_id=0xFFFFFFFF, epoch=65535, chunk_size=size, text=True,
                 content_type=255)
for options in ({"chunk_size": 0}, {"chunk_size": 7638, "text": True}, {"chunk_size": 1048577}, {"frame_id": -1},
                {"frame_id": 1 << 32}, {"epoch": 65536}, {"content_type": 256}, {"time_ms": -1}, {"time_ms": 1 << 64},
                {"time_ms": (1 << 64) - 1}):
    both("chunk", "v2_encode", b"photo", **options)
for function in ("hex_encode", "v2_encode"):
    both("chunk", function, array("H", [1, 2, 3]))
if sys.platform == "linux":  # more chunks than there are numbers: a photo that a board has no room for
    both("chunk", "v2_encode", bytes(65536), chunk_size=1)
both("chunk", "hex_encode", 5)


# Called past the package: refused, never written past a buffer.
def refused(code, function, *arguments):
    try:
        same((function, arguments), code, getattr(_faceiot, function)(*arguments))
    except Exception as e:
        same((function, arguments), code, getattr(e, "code", type(e).__name__))


buffer = bytearray(900)
refused(2, "hex_message", memoryview(buffer)[871:], buffer)
refused(2, "hex_message", bytes(401), buffer)
refused(2, "v2_next", _faceiot.v2_begin(9, 1, 1, 1, False, 0, 0), memoryview(buffer)[:50], memoryview(buffer)[49:])
refused(2, "v2_text", memoryview(buffer)[:9], buffer)
refused(1, "hex_message", b"x", bytearray(871))
refused(2, "v2_next", bytearray(8), b"photo", bytearray(64))
refused(1, "v2_next", _faceiot.v2_begin(100, 1, 1, 1, False, 0, 0), b"photo", bytearray(139))
refused(2, "v2_next", _faceiot.v2_begin(0, 1, 1, 1, False, 0, 0), b"photo", bytearray(139))
refused(2, "v2_next", _faceiot.v2_begin(9, 1, 1, 1, False, 0, 0), b"", bytearray(139))
refused(1, "v2_text", b"abc", bytearray(6))
refused(25, "hmac", 3, b"", b"")
refused(25, "hash", 3, b"")
refused("TypeError", "hex_message", b"x", bytes(872))
refused("TypeError", "crc32", 5)
refused("TypeError", "huawei_login", b"d", "s", "h", "2026010203", 0, 1883)
refused(24, "huawei_login", "d", "s", "h", "2026", 0, 1883)
refused(2, "huawei_login", "d", "s", "h\0", "2026010203", 0, 1883)

# A number is taken as it is or refused, never its low bits.
BIG = 1 << 32
LOGIN = ("p", "d", "s", None, None, "", "cn", None, 3, 1883, True)
refused(2, "hmac", BIG, b"", b"")
refused(2, "hash", BIG + 1, b"")
refused(2, "hash", -1, b"")
refused(2, "crc32", b"", BIG)
refused(2, "aliyun_login", BIG, *LOGIN)
for mode, port in ((BIG + 3, 1883), (259, 1883), (-254, 1883), (3, BIG + 1883), (3, 65536 + 1883), (3, -1), (3, 1 << 64)):
    refused(2, "aliyun_login", 0, *(LOGIN[:8] + (mode, port, True)))
refused(2, "huawei_login", "d", "s", "h", "2026010203", BIG, 1883)
refused(2, "huawei_login", "d", "s", "h", "2026010203", 0, BIG + 1883)
refused("TypeError", "huawei_login", "d", "s", "h", "2026010203", 0, "1883")
for at in (0, 1, 2, 3, 5, 6):
    begin = [9, 1, 1, 1, False, 0, 0]
    begin[at] = BIG + 1
    refused(2, "v2_begin", *begin)
    begin[at] = -1
    refused(2, "v2_begin", *begin)
for at, value in ((2, 65536), (3, 256)):
    begin = [9, 1, 1, 1, False, 0, 0]
    begin[at] = value
    refused(2, "v2_begin", *begin)

# A state that somebody has written to, or that is the photo, or whose photo has become shorter.
photo, out = bytes(100), bytearray(60)


def state(chunks):
    made = _faceiot.v2_begin(20, 1, 1, 1, False, 0, 0)
    for _ in range(chunks):
        _faceiot.v2_next(made, photo, out)
    return made


same("an honest state", 60, _faceiot.v2_next(state(2), photo, out))
same("the last chunk", 0, _faceiot.v2_next(state(5), photo, out))
refused(2, "v2_next", state(2), photo[:40], out)
for chunks in (0, 1, 2):
    for at in range(len(state(0))):
        for octet in (0x80, 1):
            changed = state(chunks)
            changed[at] ^= octet
            try:
                n = _faceiot.v2_next(changed, photo, out)
                offset = int.from_bytes(out[20:24], "big")
                same((chunks, at, octet), True, n <= 60 and (n == 0 or offset == 20 * chunks))
            except OSError as e:
                same((chunks, at, octet), True, e.code in (1, 2))
itself = state(1)
refused(2, "v2_next", itself, itself, out)

print("%d passed, %d failed" % (passed, failed))
