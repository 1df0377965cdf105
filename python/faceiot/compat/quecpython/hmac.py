# hmac, for interpreters that have none: Quectel's own code imports it. `digestmod` is a class of hashlib or uhashlib.
import binascii


class HMAC:
    def __init__(self, key, msg=None, digestmod=None):
        if digestmod is None:
            raise TypeError("digestmod is required")
        if len(key) > 64:
            key = digestmod(key).digest()
        pad = bytes(key) + bytes(64 - len(key))
        self._outer = digestmod(bytes([octet ^ 0x5C for octet in pad]))
        self._inner = digestmod(bytes([octet ^ 0x36 for octet in pad]))
        if msg is not None:
            self.update(msg)

    def update(self, msg):
        self._inner.update(msg)

    def digest(self):
        self._outer.update(self._inner.digest())
        return self._outer.digest()

    def hexdigest(self):
        return binascii.hexlify(self.digest()).decode()


def new(key, msg=None, digestmod=None):
    return HMAC(key, msg, digestmod)
