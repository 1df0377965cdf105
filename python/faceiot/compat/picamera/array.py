"""`picamera.array`: outputs that turn a raw picture into a numpy array."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

from .exc import PiCameraRuntimeError, PiCameraValueError
from .values import PiResolution

if TYPE_CHECKING:
    from .camera import PiCamera

__all__ = [
    "PiAnalysisOutput",
    "PiArrayOutput",
    "PiBayerArray",
    "PiRGBAnalysis",
    "PiRGBArray",
    "PiYUVAnalysis",
    "PiYUVArray",
    "raw_resolution",
]


def raw_resolution(resolution: Any, splitter: bool = False) -> tuple[int, int]:
    """Width and height of a raw picture: rounded up to 32 (16 after the splitter) and 16."""
    return tuple(PiResolution(*resolution).pad(16 if splitter else 32, 16))  # type: ignore[return-value]


def _rgb(data: bytes, resolution: Any) -> Any:
    width, height = resolution
    wide, high = raw_resolution(resolution)
    if len(data) != wide * high * 3:
        raise PiCameraValueError(f"Incorrect buffer length for resolution {width}x{height}")
    return np.frombuffer(data, np.uint8).reshape((high, wide, 3))[:height, :width, :]


def _yuv(data: bytes, resolution: Any) -> Any:
    width, height = resolution
    wide, high = raw_resolution(resolution)
    luma, chroma = wide * high, wide * high // 4
    if len(data) != luma + 2 * chroma:
        raise PiCameraValueError(f"Incorrect buffer length for resolution {width}x{height}")
    octets = np.frombuffer(data, np.uint8)
    y = octets[:luma].reshape(high, wide)
    u, v = (
        octets[start : start + chroma].reshape(high // 2, wide // 2).repeat(2, axis=0).repeat(2, axis=1)
        for start in (luma, luma + chroma)
    )
    return np.dstack((y, u, v))[:height, :width]


def _yuv_to_rgb(yuv: Any) -> Any:
    """ITU-R BT.601, studio range."""
    planes = yuv.astype(np.float32) - np.array([16, 128, 128], np.float32)
    matrix = np.array([[1.164, 0.0, 1.596], [1.164, -0.392, -0.813], [1.164, 2.017, 0.0]], np.float32)
    return np.clip(planes @ matrix.T, 0, 255).astype(np.uint8)


class PiArrayOutput(io.BytesIO):
    """Something to capture into: after the picture, `array` holds it. `truncate(0)` before the next one."""

    def __init__(self, camera: PiCamera, size: Any = None) -> None:
        super().__init__()
        self.camera = camera
        self.size = size
        self.array: Any = None

    def close(self) -> None:
        """Lets the array go."""
        super().close()
        self.array = None

    def truncate(self, size: int | None = None, /) -> int:
        """Cuts the stream and, as scripts expect, goes to its new end."""
        length = super().truncate(size)
        if size is not None:
            self.seek(size)
        return length

    def _size(self) -> Any:
        return self.size or self.camera.resolution


class PiRGBArray(PiArrayOutput):
    """Captured as `rgb` or `bgr`: `array` is (rows, columns, 3) in that order of colours, `uint8`."""

    def flush(self) -> None:
        """Makes the array."""
        super().flush()
        self.array = _rgb(self.getvalue(), self._size())


class PiYUVArray(PiArrayOutput):
    """Captured as `yuv`: `array` is (rows, columns, 3) of Y, U, V; `rgb_array` the same as RGB."""

    def flush(self) -> None:
        """Makes the array."""
        super().flush()
        self.array = _yuv(self.getvalue(), self._size())

    @property
    def rgb_array(self) -> Any:
        """The picture as RGB."""
        return _yuv_to_rgb(self.array)


class PiBayerArray(PiArrayOutput):
    """The sensor's own data, which no camera here gives."""

    def flush(self) -> None:
        """Raises: there is no Bayer data."""
        raise PiCameraRuntimeError("this camera gives no Bayer data")


class PiAnalysisOutput(io.IOBase):
    """Something to record into, a frame at a time; subclasses write `analyze`."""

    def __init__(self, camera: PiCamera, size: Any = None) -> None:
        super().__init__()
        self.camera = camera
        self.size = size

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, data: Any) -> int:
        """Takes one frame."""
        self.analyze(self._array(bytes(data)))
        return len(data)

    def analyze(self, array: Any) -> None:
        """Called with every frame; subclasses do here what they do."""
        raise NotImplementedError

    def _array(self, data: bytes) -> Any:
        raise NotImplementedError


class PiRGBAnalysis(PiAnalysisOutput):
    """Recorded as `rgb` or `bgr`: `analyze` gets (rows, columns, 3)."""

    def _array(self, data: bytes) -> Any:
        return _rgb(data, self.size or self.camera.resolution)


class PiYUVAnalysis(PiAnalysisOutput):
    """Recorded as `yuv`: `analyze` gets (rows, columns, 3)."""

    def _array(self, data: bytes) -> Any:
        return _yuv(data, self.size or self.camera.resolution)
