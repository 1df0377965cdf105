# HMAC over the hashes that the firmware has. No `hmac` module, no hexdigest(), digest() may be final: none is assumed.

from .errors import SignatureError
from .port import binascii, const, hashlib, native, octets

_BLOCK = const(64)
_METHODS = ("hmacsha256", "hmacsha1", "hmacmd5")  # in the order of the C library's numbers


def number(method):
    """The C library's number of a sign method."""
    if method not in _METHODS:
        raise SignatureError("sign method `%s` is none of hmacmd5, hmacsha1, hmacsha256" % method)
    return _METHODS.index(method)


def hmac(method, key, message):
    """MAC of `message` as bytes. `method` is `hmacmd5`, `hmacsha1` or `hmacsha256`, as the clouds spell it."""
    which = number(method)
    key = octets(key)
    message = octets(message)
    if native is not None:
        return native.hmac(which, key, message)
    new = getattr(hashlib, method[4:], None)
    if new is None:
        raise SignatureError("this firmware has no %s: sign with another method" % method[4:])
    if len(key) > _BLOCK:
        key = new(key).digest()
    pad = bytearray(_BLOCK)
    pad[: len(key)] = key
    inner = _keyed(new, pad, 0x36, message)
    mac = _keyed(new, pad, 0x36 ^ 0x5C, inner)  # the pad is already mixed with 0x36
    for i in range(_BLOCK):
        pad[i] = 0
    return mac


def _keyed(new, pad, mix, message):
    for i in range(_BLOCK):
        pad[i] ^= mix
    h = new(bytes(pad))
    h.update(message)
    return h.digest()


def hmac_hex(method, key, message, upper=False):
    """The same as hex text."""
    text = binascii.hexlify(hmac(method, key, message)).decode()
    return text.upper() if upper else text
