"""Pictures in Python: ours against simplejpeg, Pillow and OpenCV; prints the seconds as JSON.

Each pair does the same work on the same picture: pixels in a numpy array to JPEG octets (quality 85, 4:2:0),
JPEG octets to a numpy array (RGB; OpenCV's own BGR), and a photo from a file as an array. All three peers use
libjpeg-turbo too.
"""

import io
import json
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import simplejpeg
from PIL import Image

import faceiot

LOOP_SECONDS = 3
PHOTO = Path(__file__).resolve().parents[2] / "photos/coffee.jpg"
QUALITY = 85


def best(*calls: Callable[[], object]) -> list[float]:
    """Seconds that one call of each takes: the best of many, taking turns."""
    fastest = [float("inf")] * len(calls)
    end = time.perf_counter() + LOOP_SECONDS
    while time.perf_counter() < end:
        for at, call in enumerate(calls):
            began = time.perf_counter()
            call()
            fastest[at] = min(fastest[at], time.perf_counter() - began)
    return fastest


def by_pillow(pixels: np.ndarray) -> bytes:
    """JPEG octets of an array."""
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


def from_pillow(octets: bytes) -> np.ndarray:
    """An array of JPEG octets."""
    return np.asarray(Image.open(io.BytesIO(octets)))


def rows(width: int, height: int) -> list[dict[str, object]]:
    """Every comparison for one size."""
    cv2.setNumThreads(1)
    pixels = np.asarray(Image.open(PHOTO).resize((width, height), Image.Resampling.BICUBIC))
    bgr = np.ascontiguousarray(pixels[:, :, ::-1])
    size = f"{width}x{height}"
    encoded = best(
        lambda: faceiot.Frame.from_numpy(pixels, quality=QUALITY).jpeg,
        lambda: simplejpeg.encode_jpeg(pixels, quality=QUALITY, colorsubsampling="420", fastdct=False),
        lambda: by_pillow(pixels),
        lambda: cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, QUALITY]),
    )
    octets = simplejpeg.encode_jpeg(pixels, quality=QUALITY, colorsubsampling="420")
    decoded = best(
        lambda: faceiot.Frame.from_jpeg(octets).to_numpy(),
        lambda: simplejpeg.decode_jpeg(octets),
        lambda: from_pillow(octets),
        lambda: cv2.imdecode(np.frombuffer(octets, np.uint8), cv2.IMREAD_COLOR),
    )
    peers = ("simplejpeg", "Pillow", "OpenCV")
    return [
        {"what": f"Python: {what}, {size}", "peer": peer, "ours": seconds[0], "theirs": theirs}
        for what, seconds in (("array to JPEG", encoded), ("JPEG to array", decoded))
        for peer, theirs in zip(peers, seconds[1:], strict=True)
    ]


def captured() -> dict[str, object]:
    """A photo from a file to an array, the file read anew each time."""
    camera = faceiot.Camera(PHOTO)
    ours, theirs = best(lambda: camera.capture().to_numpy(), lambda: cv2.imread(str(PHOTO)))
    return {"what": "Python: photo from a file to array", "peer": "OpenCV", "ours": ours, "theirs": theirs}


def main() -> None:
    """Prints the table's rows."""
    print(json.dumps([*rows(720, 480), *rows(1920, 1080), captured()]))


if __name__ == "__main__":
    main()
