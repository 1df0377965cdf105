"""picamera 1.13 for scripts that were written for it, over any camera that faceiot knows.

``faceiot run script.py`` lets the script's own ``import picamera`` find this; FACEIOT_CAMERA names the
source. What is there: captures to paths, files, streams and buffers in every format, `capture_sequence`,
`capture_continuous`, rotation, flips, zoom, resize, annotation text, `picamera.array`, MJPEG and raw
recordings. What is not: H.264, Bayer data, previews and overlays on the screen, `PiCameraCircularIO`.
Settings that the camera cannot follow warn once.

>>> import os
>>> os.environ["FACEIOT_CAMERA"] = "testcard:"
>>> from faceiot.compat import picamera
>>> with picamera.PiCamera(resolution=(320, 240)) as camera:
...     camera.resolution
PiResolution(width=320, height=240)
"""

from __future__ import annotations

from .camera import PiCamera, PiCameraFrame
from .exc import (
    PiCameraAlphaStripping,
    PiCameraAlreadyRecording,
    PiCameraClosed,
    PiCameraDeprecated,
    PiCameraError,
    PiCameraFallback,
    PiCameraIOError,
    PiCameraMMALError,
    PiCameraNotRecording,
    PiCameraPortDisabled,
    PiCameraResizerEncoding,
    PiCameraResolutionRounded,
    PiCameraRuntimeError,
    PiCameraValueError,
    PiCameraWarning,
)
from .values import Color as _Color
from .values import PiFramerateRange, PiResolution
from .values import color as _color

__all__ = [
    "Color",
    "PiCamera",
    "PiCameraAlphaStripping",
    "PiCameraAlreadyRecording",
    "PiCameraClosed",
    "PiCameraDeprecated",
    "PiCameraError",
    "PiCameraFallback",
    "PiCameraFrame",
    "PiCameraIOError",
    "PiCameraMMALError",
    "PiCameraNotRecording",
    "PiCameraPortDisabled",
    "PiCameraResizerEncoding",
    "PiCameraResolutionRounded",
    "PiCameraRuntimeError",
    "PiCameraValueError",
    "PiCameraWarning",
    "PiFramerateRange",
    "PiResolution",
]


def Color(*parts: float | str) -> _Color:  # noqa: N802 - picamera's own name
    """A colour: its name, `#rgb`, `#rrggbb`, or red, green and blue from 0 to 1."""
    return _color(parts[0]) if len(parts) == 1 else _Color(*parts)  # type: ignore[arg-type]
