"""Where a picture goes: a path, something with `write`, or memory; and what it is written as."""

from __future__ import annotations

import io
import mimetypes
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .exc import PiCameraIOError, PiCameraRuntimeError, PiCameraValueError
from .values import RAW_FORMATS, PiResolution

if TYPE_CHECKING:
    from faceiot import Frame

IMAGES = ("jpeg", "png", "gif", "bmp")
_SUFFIXES = {".jpg": "jpeg", ".jpeg": "jpeg", ".png": "png", ".gif": "gif", ".bmp": "bmp"}


def image_format(output: Any, wanted: str | bytes | None, raw_format: str) -> str:
    """The format that was asked for, or that the output's name tells."""
    name = wanted.decode("utf-8") if isinstance(wanted, bytes) else wanted
    if not name:
        path = file_name(output)
        name = _SUFFIXES.get(Path(path).suffix.lower()) or mimetypes.guess_type(path, strict=False)[0]
        if not name:
            raise PiCameraValueError(f"Unable to determine type from filename {path}")
    name = name.removeprefix("image/")
    name = {"x-ms-bmp": "bmp", "jpg": "jpeg", "raw": raw_format}.get(name, name)
    if name not in IMAGES and name not in RAW_FORMATS:
        raise PiCameraValueError(f"Unrecognized format {name}: use one of {', '.join(IMAGES + RAW_FORMATS)}")
    return name


def file_name(output: Any) -> str:
    """The name of a file, from a path or from an open file."""
    if isinstance(output, bytes):
        return output.decode("utf-8")
    if isinstance(output, (str, Path)):
        return str(output)
    name = getattr(output, "name", None)
    if not isinstance(name, str):
        raise PiCameraValueError("Format must be specified when output has no filename")
    return name


def encode(frame: Frame, name: str) -> bytes:
    """The picture as this format's bytes; raw formats are padded to 32x16 as on a Pi."""
    if name == "jpeg":
        return frame.jpeg
    if name in IMAGES:
        try:
            from PIL import Image
        except ImportError:
            raise PiCameraRuntimeError(f"{name} needs Pillow: pip install pillow") from None
        out = io.BytesIO()
        Image.fromarray(frame.to_numpy()).save(out, name)
        return out.getvalue()
    return raw(frame, name)


def raw(frame: Frame, name: str) -> bytes:
    """Pixels without a header: `rgb`, `bgr`, with a fourth octet of 255, or planar 4:2:0 `yuv`."""
    import numpy as np

    pixels = frame.to_numpy()
    padded = PiResolution(frame.width, frame.height).pad()
    if (padded.width, padded.height) != (frame.width, frame.height):
        larger = np.zeros((padded.height, padded.width, 3), np.uint8)
        larger[: frame.height, : frame.width] = pixels
        pixels = larger
    if name == "yuv":
        return _yuv(pixels)
    if name.startswith("bgr"):
        pixels = pixels[:, :, ::-1]
    if name.endswith("a"):
        pixels = np.dstack((pixels, np.full(pixels.shape[:2], 255, np.uint8)))
    return pixels.tobytes()


def _yuv(rgb: Any) -> bytes:
    """ITU-R BT.601, studio range: what the Pi's firmware gives and `PiYUVArray.rgb_array` expects."""
    import numpy as np

    matrix = np.array(
        [[65.481, 128.553, 24.966], [-37.797, -74.203, 112.0], [112.0, -93.786, -18.214]], np.float32
    )
    planes = rgb.astype(np.float32) / 255 @ matrix.T + np.array([16, 128, 128], np.float32)
    y, u, v = (planes[:, :, at] for at in range(3))
    quarter = [
        plane.reshape(plane.shape[0] // 2, 2, plane.shape[1] // 2, 2).mean(axis=(1, 3)) for plane in (u, v)
    ]
    return b"".join(np.clip(plane.round(), 0, 255).astype(np.uint8).tobytes() for plane in (y, *quarter))


def write(output: Any, data: bytes) -> None:
    """Writes to a path, to something with `write` (then `flush`), or into writable memory."""
    if isinstance(output, bytes):
        output = output.decode("utf-8")
    if isinstance(output, (str, Path)):
        Path(output).write_bytes(data)
    elif hasattr(output, "write"):
        written = output.write(data)
        if written is not None and written < len(data):
            raise PiCameraIOError(f"Failed to write {len(data)} bytes from buffer to output {output!r}")
        if hasattr(output, "flush"):
            output.flush()
    else:
        into_memory(output, data)


def into_memory(output: Any, data: bytes) -> None:
    """Copies into a buffer (`bytearray`, a numpy array) that must be writable and large enough."""
    try:
        view = memoryview(output).cast("B")
    except TypeError:
        raise PiCameraValueError(
            f"{output!r} is neither a path, nor has `write`, nor is a writable buffer"
        ) from None
    if view.readonly:
        raise PiCameraValueError("the output buffer is read-only")
    if len(view) < len(data):
        raise PiCameraIOError(f"the picture has {len(data)} bytes, the output buffer only {len(view)}")
    view[: len(data)] = data
