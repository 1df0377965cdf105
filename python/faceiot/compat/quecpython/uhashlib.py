# uhashlib: update and digest; no hexdigest, no copy, and digest() is final.
import hashlib as _hashlib


class _Hash:
    _new = ""

    def __init__(self, data=b""):
        self._hash = getattr(_hashlib, self._new)()
        self.update(data)

    def update(self, data):
        self._open().update(data)

    def digest(self):
        digest = self._open().digest()
        self._hash = None
        return digest

    def _open(self):
        if self._hash is None:
            raise ValueError("hash is final")
        return self._hash


class md5(_Hash):
    _new = "md5"


class sha1(_Hash):
    _new = "sha1"


class sha256(_Hash):
    _new = "sha256"
