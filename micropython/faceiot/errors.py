# The errors of the package: the wheel's classes and numbers.
#
# All are OSError, the one thing that scripts written for umqtt catch: MicroPython allows only one built-in base.


class FaceIotError(OSError):
    code = 2  # the number is the same in Rust, C and Python

    def __init__(self, message, code=0):
        super().__init__(message)
        if code:
            self.code = code


class ArgumentError(FaceIotError):
    code = 2


class SignatureError(FaceIotError):
    code = 25  # no such sign method, or this firmware lacks the hash for it


class ChunkError(FaceIotError):
    code = 43


class ConnectError(FaceIotError):
    code = 102  # the connection could not be made or did not hold


class RefusedError(ConnectError):
    code = 100  # the cloud refused the credentials: trying again with the same ones is of no use


class TimedOutError(FaceIotError):
    code = 101


def failure(code, words):
    """The error for a status of the C library: what `_faceiot` raises."""
    if code == SignatureError.code:
        return SignatureError(words)
    return (ChunkError if 40 <= code < 50 else ArgumentError)(words, code)
