"""The exceptions of faceiot: one base class, one class per family.

Every class also inherits the built-in that fits, so that code which knows nothing of faceiot still catches
it: ``except ConnectionError`` catches a refused login, ``except ValueError`` a broken chunk,
``except TimeoutError`` a wait that took too long. The numbers and names of the kinds are the same in Rust, C
and Python.
"""

from __future__ import annotations

from typing import ClassVar, Final

from ._faceiot import ERROR_KINDS

__all__ = [
    "ArgumentError",
    "CameraError",
    "ChunkError",
    "ConfigError",
    "ConnectError",
    "FaceIotError",
    "IoError",
    "JpegError",
    "NotFoundError",
    "RefusedError",
    "SignatureError",
    "StoreError",
    "TimedOutError",
]


class FaceIotError(Exception):
    """Anything that faceiot refuses or that failed.

    Attributes:
        kind: what went wrong, as a stable name such as ``"chunk_crc"``.
        code: the same as a stable number, equal in Rust, C and Python.
        retryable: whether the same call can succeed later without a change.
    """

    kind: str
    code: int
    retryable: bool
    default_kind: ClassVar[str] = "invalid_argument"

    def __init__(self, message: str = "", kind: str | None = None) -> None:
        """Make an error; the number and ``retryable`` follow from the kind.

        Args:
            message: one line for people.
            kind: a name from :data:`faceiot.ERROR_KINDS`; without it the family's own.
        """
        super().__init__(message)
        self.kind = self.default_kind if kind is None else kind
        self.code, self.retryable = ERROR_KINDS[self.kind]


class ArgumentError(FaceIotError, ValueError):
    """An argument or a text that is not what it must be: hex, base64, JSON, UTF-8, a topic."""


class SignatureError(FaceIotError, ValueError):
    """A login that does not verify. The message shows what was signed, never the expected password."""

    default_kind = "signature"


class ChunkError(FaceIotError, ValueError):
    """A chunk or the photo made of chunks is damaged, contradicts itself or is over the cap."""

    default_kind = "chunk_header"


class JpegError(FaceIotError, ValueError):
    """Bytes that are not a JPEG picture, or one over the pixel cap."""

    default_kind = "jpeg"


class ConnectError(FaceIotError, ConnectionError):
    """The connection could not be made or did not hold: DNS, TCP, TLS, protocol, closed, a rate limit."""

    default_kind = "disconnected"


class RefusedError(ConnectError):
    """The cloud refused the credentials. Final: trying again with the same ones is no use."""

    default_kind = "refused"


class TimedOutError(FaceIotError, TimeoutError):
    """Something did not happen within the time that was given."""

    default_kind = "timeout"


class IoError(FaceIotError, OSError):
    """Reading or writing a file or a socket failed."""

    default_kind = "io"


class StoreError(FaceIotError, OSError):
    """The store or the service behind it failed: disk full, port in use, already there, an HTTP answer."""

    default_kind = "store"


class NotFoundError(StoreError, LookupError):
    """There is no such device, photo or property."""

    default_kind = "not_found"


class ConfigError(FaceIotError, ValueError):
    """A configuration that cannot work."""

    default_kind = "config"


class CameraError(FaceIotError, OSError):
    """A frame source failed or is not there, such as a web camera that is down, refuses or talks nonsense.

    What a camera raises otherwise: `TimedOutError`, `JpegError` (what it gives is no picture),
    `NotFoundError` (no such photo or folder), `ArgumentError`.
    """

    default_kind = "camera"


# Which class a kind is raised as. A test holds this table against `ERROR_KINDS`: a new kind needs a line.
_CLASS_OF: Final[dict[str, type[FaceIotError]]] = {
    **dict.fromkeys(
        ("buffer_too_small", "invalid_argument", "hex", "base64", "json", "utf8", "topic"), ArgumentError
    ),
    **dict.fromkeys(
        ("signature", "unknown_device", "client_id", "username", "timestamp", "sign_method"), SignatureError
    ),
    **dict.fromkeys(
        (
            "chunk_length",
            "chunk_magic",
            "chunk_version",
            "chunk_header",
            "chunk_crc",
            "chunk_range",
            "frame_too_large",
            "frame_conflict",
            "frame_crc",
            "frame_incomplete",
        ),
        ChunkError,
    ),
    "jpeg": JpegError,
    "refused": RefusedError,
    "timeout": TimedOutError,
    **dict.fromkeys(
        ("disconnected", "tls", "dns", "protocol", "closed", "rate_limit", "connection_refused"), ConnectError
    ),
    "io": IoError,
    **dict.fromkeys(("disk_full", "store", "exists", "http", "port_in_use"), StoreError),
    "not_found": NotFoundError,
    "config": ConfigError,
    **dict.fromkeys(("camera", "no_camera"), CameraError),
}


def _make(kind: str, message: str) -> FaceIotError:
    """The exception for a kind; called by the extension, which raises it."""
    return _CLASS_OF.get(kind, FaceIotError)(message, kind)
