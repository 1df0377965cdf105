# A photo, wherever it is: bytes, bytearray, memoryview (a camera's buffer), a path or an open file (QuecPython's
# camera writes one). It is read front to back into one buffer; nothing is copied whole.

from .errors import ArgumentError


class Source:
    """Reads a photo piece by piece. `length` is 0 when it cannot be known."""

    def __init__(self, photo):
        self._close = False
        self._at = 0
        self._file = None
        self.data = None  # all of it, when it is in memory
        if isinstance(photo, str):
            photo = open(photo, "rb")
            self._close = True
        if hasattr(photo, "readinto"):
            self._file = photo
            self.length = _length(photo)
        else:
            try:
                self.data = memoryview(photo)
            except TypeError:
                raise ArgumentError("a photo is bytes, a path or an open file")
            if len(bytes(self.data[:1])) > 1:
                raise ArgumentError("a photo is octets: an array of larger items is none")
            self.length = len(self.data)

    def readinto(self, buf):
        """Fills `buf` as far as the photo goes; returns how many octets."""
        if self._file is None:
            n = min(len(buf), self.length - self._at)
            buf[:n] = self.data[self._at : self._at + n]
            self._at += n
            return n
        done = 0
        while done < len(buf):
            n = self._file.readinto(buf[done:])
            if not n:
                break
            done += n
        return done

    def close(self):
        if self._close:
            self._close = False
            self._file.close()


def _length(file):
    try:
        here = file.tell()
        length = file.seek(0, 2) - here
        file.seek(here)
        return length
    except (OSError, AttributeError):
        return 0
