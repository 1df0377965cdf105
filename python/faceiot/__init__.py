"""Everything between a camera and an IoT cloud that recognises faces.

A device logs in with its signed secret (:mod:`faceiot.sign`), is told to take a photo, takes it
(:class:`Frame`, :class:`FrameSource`) and sends it in chunks (:class:`Device`; the chunks themselves:
:mod:`faceiot.chunk`). :class:`faceiot.local.Cloud` is the other side, on this computer.

>>> import faceiot
>>> from faceiot.local import Cloud
>>> with Cloud() as cloud:
...     secret = cloud.add_device("aliyun:a1B2c3D4e5F:camera").secret
...     with faceiot.Device.aliyun("a1B2c3D4e5F", "camera", secret, **cloud.endpoint()) as device:
...         sent = device.send(faceiot.Frame.open("testcard:320x240")).wait(timeout=30)
...     photo = cloud.wait_photo(timeout=30)
>>> photo.verified
'crc'
"""

from __future__ import annotations

from . import chunk, sign
from ._faceiot import (
    ERROR_KINDS,
    Burst,
    Camera,
    Command,
    ConnectionEvent,
    Control,
    Device,
    Frame,
    FrameSource,
    JpegReport,
    Message,
    Receipt,
    Reply,
    Sent,
    __version__,
)
from .errors import (
    ArgumentError,
    CameraError,
    ChunkError,
    ConfigError,
    ConnectError,
    FaceIotError,
    IoError,
    JpegError,
    NotFoundError,
    RefusedError,
    SignatureError,
    StoreError,
    TimedOutError,
)

__all__ = [
    "ERROR_KINDS",
    "ArgumentError",
    "Burst",
    "Camera",
    "CameraError",
    "ChunkError",
    "Command",
    "ConfigError",
    "ConnectError",
    "ConnectionEvent",
    "Control",
    "Device",
    "FaceIotError",
    "Frame",
    "FrameSource",
    "IoError",
    "JpegError",
    "JpegReport",
    "Message",
    "NotFoundError",
    "Receipt",
    "RefusedError",
    "Reply",
    "Sent",
    "SignatureError",
    "StoreError",
    "TimedOutError",
    "__version__",
    "chunk",
    "sign",
]
