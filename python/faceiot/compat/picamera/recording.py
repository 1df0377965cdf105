"""A recording: a thread that writes every frame of the camera to an output."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from . import outputs
from .exc import PiCameraRuntimeError, PiCameraValueError
from .values import RAW_FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable

    from faceiot import Frame

_SUFFIXES = {".mjpg": "mjpeg", ".mjpeg": "mjpeg", ".h264": "h264"}
FORMATS = ("mjpeg", *RAW_FORMATS)


def video_format(output: Any, wanted: str | None) -> str:
    """The format that was asked for, or that the output's name tells."""
    name = wanted or _SUFFIXES.get(Path(outputs.file_name(output)).suffix.lower())
    if not name:
        raise PiCameraValueError(f"Unable to determine type from filename {outputs.file_name(output)}")
    name = name.removeprefix("video/").removeprefix("application/")
    if name == "h264":
        raise PiCameraRuntimeError("there is no H.264 encoder here: record with format='mjpeg'")
    if name not in FORMATS:
        raise PiCameraValueError(f"Unrecognized format {name}: use one of {', '.join(FORMATS)}")
    return name


class Recording:
    """Takes frames until it is stopped; what goes wrong comes out of `wait` and `stop`."""

    def __init__(self, take: Callable[[], Frame], output: Any, name: str) -> None:
        self._take = take
        self._name = name
        self._own: BinaryIO | None = None
        self._lock = threading.Lock()
        self._output = self._opened(output)
        self._ended = threading.Event()
        self._problem: Exception | None = None
        self.frames = 0
        self._thread = threading.Thread(target=self._run, name="picamera recording", daemon=True)
        self._thread.start()

    def split(self, output: Any) -> None:
        """From the next frame on, everything goes to another output."""
        with self._lock:
            self._closed()
            self._output = self._opened(output)

    def wait(self, seconds: float) -> None:
        """Waits; raises what went wrong meanwhile."""
        self._ended.wait(seconds)
        if self._problem is not None:
            raise self._problem

    def stop(self) -> None:
        """Ends the recording; raises what went wrong."""
        self._ended.set()
        self._thread.join()
        with self._lock:
            self._closed()
        if self._problem is not None:
            raise self._problem

    def _opened(self, output: Any) -> Any:
        if isinstance(output, bytes):
            output = output.decode("utf-8")
        if isinstance(output, (str, Path)):
            self._own = Path(output).open("wb")  # noqa: SIM115 - closed with the recording
            return self._own
        if not hasattr(output, "write"):
            raise PiCameraValueError(f"{output!r} has no `write`")
        return output

    def _closed(self) -> None:
        if self._own is not None:
            self._own.close()
            self._own = None
        elif hasattr(self._output, "flush"):
            self._output.flush()

    def _run(self) -> None:
        encode = "jpeg" if self._name == "mjpeg" else self._name
        try:
            while not self._ended.is_set():
                data = outputs.encode(self._take(), encode)
                with self._lock:
                    if not self._ended.is_set():
                        self._output.write(data)
                        self.frames += 1
        except Exception as problem:  # noqa: BLE001 - it is raised where the script waits
            self._problem = problem
            self._ended.set()
