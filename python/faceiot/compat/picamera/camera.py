"""`PiCamera`: the surface of picamera 1.13 over :class:`faceiot.Camera`."""

from __future__ import annotations

import contextlib
import datetime
import os
import threading
import time
import warnings
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import faceiot

from . import outputs, settings, values
from .exc import (
    PiCameraAlreadyRecording,
    PiCameraClosed,
    PiCameraDeprecated,
    PiCameraError,
    PiCameraMMALError,
    PiCameraNotRecording,
    PiCameraRuntimeError,
    PiCameraValueError,
)
from .recording import Recording, video_format
from .settings import Setting

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import TracebackType


class PiCameraFrame:
    """What `PiCamera.frame` tells of a recording: how many frames there were."""

    def __init__(self, index: int) -> None:
        self.index = index


class _Preview:
    """A preview that nobody sees."""

    def __init__(self, **options: Any) -> None:
        self.__dict__.update(options)


class PiCamera:
    """The camera of a Raspberry Pi as scripts for picamera 1.13 know it, over `faceiot.Camera`.

    The source is the environment variable FACEIOT_CAMERA (`auto` without it; `v4l2:/dev/video0`, `rpicam:`,
    `testcard:`, `dir:photos`). Settings that the camera cannot follow are checked, kept, and warned of once.
    """

    __slots__ = (
        "__weakref__",
        "_began",
        "_camera",
        "_exif",
        "_framerate",
        "_framerate_range",
        "_lock",
        "_overlays",
        "_preview",
        "_raw_format",
        "_recordings",
        "_resolution",
        "_sensor_mode",
        "_settings",
        "_source",
    )

    MAX_RESOLUTION = values.MAX_RESOLUTION
    MAX_FRAMERATE = values.MAX_FRAMERATE
    DEFAULT_ANNOTATE_SIZE = 32
    CAPTURE_TIMEOUT = 60
    METER_MODES = dict.fromkeys(values.METER_MODES, 0)
    EXPOSURE_MODES = dict.fromkeys(values.EXPOSURE_MODES, 0)
    FLASH_MODES = dict.fromkeys(values.FLASH_MODES, 0)
    AWB_MODES = dict.fromkeys(values.AWB_MODES, 0)
    IMAGE_EFFECTS = dict.fromkeys(values.IMAGE_EFFECTS, 0)
    DRC_STRENGTHS = dict.fromkeys(values.DRC_STRENGTHS, 0)
    RAW_FORMATS = frozenset(values.RAW_FORMATS)
    CLOCK_MODES = dict.fromkeys(values.CLOCK_MODES, 0)
    STEREO_MODES = dict.fromkeys(values.STEREO_MODES, 0)

    rotation = Setting(0, settings.rotation, followed=True)
    hflip = Setting(False, settings.boolean, followed=True)
    vflip = Setting(False, settings.boolean, followed=True)
    zoom = Setting((0.0, 0.0, 1.0, 1.0), settings.zoom, followed=True)
    annotate_text = Setting("", settings.text, followed=True)
    annotate_text_size = Setting(32, settings.ranged(6, 160))
    annotate_foreground = Setting(values.color("white"), settings.foreground)
    annotate_background = Setting(None, settings.background)
    annotate_frame_num = Setting(False, settings.boolean)
    brightness = Setting(50, settings.ranged(0, 100), control="brightness", scale=(0, 100))
    contrast = Setting(0, settings.ranged(-100, 100), control="contrast", scale=(-100, 100))
    saturation = Setting(0, settings.ranged(-100, 100), control="saturation", scale=(-100, 100))
    sharpness = Setting(0, settings.ranged(-100, 100), control="sharpness", scale=(-100, 100))
    iso = Setting(0, settings.iso)
    shutter_speed = Setting(0, settings.ranged(0, 1_000_000_000))
    exposure_mode = Setting("auto", settings.among(values.EXPOSURE_MODES))
    exposure_compensation = Setting(0, settings.ranged(-25, 25))
    awb_mode = Setting("auto", settings.among(values.AWB_MODES))
    awb_gains = Setting((Fraction(0), Fraction(0)), settings.gains)
    meter_mode = Setting("average", settings.among(values.METER_MODES))
    drc_strength = Setting("off", settings.among(values.DRC_STRENGTHS))
    image_effect = Setting("none", settings.among(values.IMAGE_EFFECTS))
    image_effect_params = Setting(None)
    color_effects = Setting(None, settings.effects)
    image_denoise = Setting(True, settings.boolean)
    video_denoise = Setting(True, settings.boolean)
    video_stabilization = Setting(False, settings.boolean)
    flash_mode = Setting("off", settings.among(values.FLASH_MODES))
    still_stats = Setting(False, settings.boolean)
    clock_mode = Setting("reset", settings.among(values.CLOCK_MODES))
    framerate_delta = Setting(Fraction(0))
    preview_alpha = Setting(255, settings.ranged(0, 255), followed=True)
    preview_layer = Setting(2, settings.ranged(0, 255), followed=True)
    preview_fullscreen = Setting(True, settings.boolean, followed=True)
    preview_window = Setting(None, followed=True)

    def __init__(
        self,
        camera_num: int = 0,
        stereo_mode: str = "none",
        stereo_decimate: bool = False,
        resolution: Any = None,
        framerate: Any = None,
        sensor_mode: int = 0,
        led_pin: int | None = None,
        clock_mode: str = "reset",
        framerate_range: Any = None,
    ) -> None:
        del stereo_decimate, led_pin
        if not isinstance(camera_num, int) or camera_num < 0:
            raise PiCameraError(f"Camera {camera_num} is not there: the first is 0")
        values.one_of("stereo mode", stereo_mode, values.STEREO_MODES)
        values.one_of("clock mode", clock_mode, values.CLOCK_MODES)
        if framerate is not None and framerate_range is not None:
            raise PiCameraValueError("Can't specify both framerate and framerate_range")
        self._camera: faceiot.Camera | None = None
        self._settings: dict[str, Any] = {}
        self._lock = threading.RLock()
        self._recordings: dict[int, Recording] = {}
        self._preview: _Preview | None = None
        self._overlays: list[Any] = []
        self._exif = _Exif()
        self._raw_format = "yuv"
        self._began = time.monotonic()
        self._resolution = (
            values.PiResolution(1280, 720) if resolution is None else values.resolution(resolution)
        )
        self._framerate = Fraction(30) if framerate is None else values.framerate(framerate)
        self._framerate_range: values.PiFramerateRange | None = None
        self._sensor_mode = 0
        self._source = _source(camera_num)
        self._open(self._resolution, self._framerate)
        try:
            if framerate_range is not None:
                self.framerate_range = framerate_range
            self.sensor_mode = sensor_mode
        except BaseException:
            self.close()
            raise

    # the camera itself

    def _open(self, resolution: values.PiResolution, framerate: Fraction) -> None:
        """Opens the camera, again when it is open: only then what it was asked for is kept.

        When that fails, the camera as it was is opened; when even that fails, it is closed.
        """
        before, self._camera = self._camera, None
        if before is not None:
            before.close()
        try:
            self._camera = self._opened(resolution, framerate)
        except faceiot.FaceIotError as error:
            if before is not None:
                with contextlib.suppress(faceiot.FaceIotError):
                    self._camera = self._opened(self._resolution, self._framerate)
            raise PiCameraError(f"Camera is not enabled, or cannot be used: {error}") from error
        self._resolution, self._framerate = resolution, framerate

    def _opened(self, resolution: values.PiResolution, framerate: Fraction) -> faceiot.Camera:
        return faceiot.Camera(self._source, size=resolution, fps=float(framerate))

    def close(self) -> None:
        """Stops what runs and gives the camera back; closing twice is fine."""
        with contextlib.ExitStack() as stack:  # whatever a recording says at its end, the camera is closed
            stack.callback(self._let_go)
            for recording in self._recordings.values():
                stack.callback(recording.stop)
            self._recordings = {}

    def _let_go(self) -> None:
        with self._lock:
            camera, self._camera = self._camera, None
            self._preview = None
            self._overlays.clear()
        if camera is not None:
            camera.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _check_camera_open(self) -> faceiot.Camera:
        if self._camera is None:
            raise PiCameraClosed("Camera is closed")
        return self._camera

    def _check_recording_stopped(self) -> None:
        if self._recordings:
            raise PiCameraRuntimeError("Recording is currently running")

    def _set_control(self, name: str, part: float) -> bool:
        camera = self._check_camera_open()
        try:
            control = camera.controls.get(name)
        except faceiot.FaceIotError as error:
            raise PiCameraRuntimeError(f"the camera does not tell its controls: {error}") from error
        if control is None or not control.writable:
            return False
        try:
            camera.set_control(name, control.minimum + round(part * (control.maximum - control.minimum)))
        except faceiot.FaceIotError as error:
            raise PiCameraRuntimeError(f"the camera refuses `{name}`: {error}") from error
        return True

    # pictures

    def _take(self, resize: Any = None, quality: int | None = None) -> faceiot.Frame:
        camera = self._check_camera_open()
        size = self._resolution if resize is None else values.resolution(resize, None)
        try:
            frame = camera.capture()
            return frame.transform(
                crop=self._crop(frame),
                size=size,
                rotate=self.rotation,
                hflip=self.hflip,
                vflip=self.vflip,
                annotate=self.annotate_text or None,
                quality=quality,
            )
        except faceiot.FaceIotError as error:
            if self.closed:
                raise PiCameraClosed("Camera is closed") from None
            if isinstance(error, faceiot.TimedOutError):
                raise PiCameraRuntimeError(f"Timed out waiting for capture to end: {error}") from error
            kind = PiCameraValueError if isinstance(error, faceiot.ArgumentError) else PiCameraRuntimeError
            raise kind(str(error)) from error

    def _crop(self, frame: faceiot.Frame) -> tuple[int, int, int, int] | None:
        x, y, width, height = self.zoom
        left, top = int(x * frame.width), int(y * frame.height)
        wide = max(1, min(int(width * frame.width), frame.width - left))
        high = max(1, min(int(height * frame.height), frame.height - top))
        whole = (left, top, wide, high) == (0, 0, frame.width, frame.height)
        return None if whole else (left, top, wide, high)

    def _still(self, output: Any, name: str, resize: Any, options: dict[str, Any]) -> None:
        quality = options.get("quality")
        data = outputs.encode(self._take(resize, quality), name)
        outputs.write(output, data)

    def _begin(self, output: Any, wanted: Any, *, video: bool, port: int, bayer: bool, options: Any) -> str:
        self._check_camera_open()
        if wanted == "raw":
            warnings.warn(
                PiCameraDeprecated('The "raw" format is deprecated; say "yuv", "rgb", ... instead'),
                stacklevel=3,
            )
        if video and bayer:
            raise PiCameraValueError("bayer is only valid with still port captures")
        if bayer:
            raise PiCameraRuntimeError("this camera gives no Bayer data")
        if video and port in self._recordings:
            raise PiCameraAlreadyRecording(f"The camera is already using port {port}")
        _check_options(options, {"quality"}, lowest=1, depth=5)
        return outputs.image_format(output, wanted, self._raw_format)

    def capture(
        self,
        output: Any,
        format: str | None = None,
        use_video_port: bool = False,
        resize: Any = None,
        splitter_port: int = 0,
        bayer: bool = False,
        **options: Any,
    ) -> None:
        """Takes one picture: a file by its path, into something with `write`, or into writable memory."""
        if "burst" in options:
            raise PiCameraValueError("burst is only valid with capture_sequence or capture_continuous")
        name = self._begin(
            output, format, video=use_video_port, port=splitter_port, bayer=bayer, options=options
        )
        self._still(output, name, resize, options)

    def capture_sequence(
        self,
        outputs: Iterable[Any],
        format: str = "jpeg",
        use_video_port: bool = False,
        resize: Any = None,
        splitter_port: int = 0,
        burst: bool = False,
        bayer: bool = False,
        **options: Any,
    ) -> None:
        """Takes one picture for each output."""
        _check_burst(burst=burst, video=use_video_port)
        for output in outputs:
            name = self._begin(
                output, format, video=use_video_port, port=splitter_port, bayer=bayer, options=options
            )
            self._still(output, name, resize, options)

    def capture_continuous(
        self,
        output: Any,
        format: str | None = None,
        use_video_port: bool = False,
        resize: Any = None,
        splitter_port: int = 0,
        burst: bool = False,
        bayer: bool = False,
        **options: Any,
    ) -> Iterator[Any]:
        """Takes pictures without end; a path may hold `{counter}` and `{timestamp}`."""
        _check_burst(burst=burst, video=use_video_port)
        name = self._begin(
            output, format, video=use_video_port, port=splitter_port, bayer=bayer, options=options
        )
        if isinstance(output, bytes):
            output = output.decode("utf-8")
        counter = 1
        while True:
            target = output
            if isinstance(output, (str, Path)):
                now = datetime.datetime.now()  # noqa: DTZ005 - a script expects its own clock
                target = str(output).format(counter=counter, timestamp=now)
            self._still(target, name, resize, options)
            yield target
            counter += 1

    # recordings

    def start_recording(
        self,
        output: Any,
        format: str | None = None,
        resize: Any = None,
        splitter_port: int = 1,
        **options: Any,
    ) -> None:
        """Writes every frame to an output until `stop_recording`, as `mjpeg` or raw pixels."""
        self._check_camera_open()
        if splitter_port in self._recordings:
            raise PiCameraAlreadyRecording(f"The camera is already using port {splitter_port}")
        name = video_format(output, format)
        _check_options(options, {"quality"}, lowest=0, depth=4)
        quality = options.get("quality") or None  # 0: the camera's own
        size = None if resize is None else values.resolution(resize, None)
        self._recordings[splitter_port] = Recording(lambda: self._take(size, quality), output, name)

    def split_recording(self, output: Any, splitter_port: int = 1, **options: Any) -> None:
        """Goes on in another output."""
        _check_options(options, set(), lowest=0, depth=4)
        self._recording(splitter_port).split(output)

    def request_key_frame(self, splitter_port: int = 1) -> None:
        """Every frame of a recording is a whole picture already."""
        self._recording(splitter_port)

    def wait_recording(self, timeout: float = 0, splitter_port: int = 1) -> None:
        """Waits; raises what went wrong with the recording meanwhile."""
        self._recording(splitter_port).wait(timeout)

    def stop_recording(self, splitter_port: int = 1) -> None:
        """Ends the recording; raises what went wrong with it."""
        recording = self._recording(splitter_port)
        del self._recordings[splitter_port]
        recording.stop()

    def record_sequence(
        self,
        outputs: Iterable[Any],
        format: str = "mjpeg",
        resize: Any = None,
        splitter_port: int = 1,
        **options: Any,
    ) -> Iterator[Any]:
        """Records into one output after the other; the caller's loop says when the next begins."""
        started = False
        try:
            for output in outputs:
                if started:
                    self.split_recording(output, splitter_port)
                else:
                    self.start_recording(output, format, resize, splitter_port, **options)
                    started = True
                yield output
        finally:
            if started and splitter_port in self._recordings:
                self.stop_recording(splitter_port)

    def _recording(self, port: int) -> Recording:
        self._check_camera_open()
        try:
            return self._recordings[port]
        except KeyError:
            raise PiCameraNotRecording(f"There is no recording in progress on port {port}") from None

    # the screen, which is none

    def start_preview(self, **options: Any) -> _Preview:
        """Nothing is shown: there is no overlay to show it on."""
        self._check_camera_open()
        settings.without_effect("start_preview")
        self._preview = _Preview(**options)
        return self._preview

    def stop_preview(self) -> None:
        """Ends the preview."""
        self._preview = None

    def add_overlay(
        self, source: Any, size: Any = None, format: str | None = None, **options: Any
    ) -> _Preview:
        """Nothing is shown."""
        self._check_camera_open()
        settings.without_effect("add_overlay")
        overlay = _Preview(source=source, size=size, format=format, **options)
        self._overlays.append(overlay)
        return overlay

    def remove_overlay(self, overlay: Any) -> None:
        """Removes what `add_overlay` gave."""
        self._overlays.remove(overlay)

    # properties with more than a value

    @property
    def closed(self) -> bool:
        """Whether `close` was called, or the camera is gone since it was set to another size or rate."""
        return self._camera is None

    @property
    def recording(self) -> bool:
        """Whether anything is being recorded."""
        return bool(self._recordings)

    @property
    def previewing(self) -> bool:
        """Whether a preview was asked for."""
        return self._preview is not None

    @property
    def preview(self) -> _Preview | None:
        """What `start_preview` gave."""
        return self._preview

    @property
    def overlays(self) -> list[Any]:
        """What `add_overlay` gave."""
        return list(self._overlays)

    @property
    def resolution(self) -> values.PiResolution:
        """Size of the pictures; a change opens the camera again."""
        self._check_camera_open()
        return self._resolution

    @resolution.setter
    def resolution(self, value: Any) -> None:
        self._check_camera_open()
        self._check_recording_stopped()
        wanted = values.resolution(value)
        if wanted != self._resolution:
            self._open(wanted, self._framerate)

    @property
    def framerate(self) -> Fraction:
        """Frames in a second; a change opens the camera again."""
        self._check_camera_open()
        return self._framerate

    @framerate.setter
    def framerate(self, value: Any) -> None:
        self._check_camera_open()
        self._check_recording_stopped()
        rate = values.framerate(value)
        if rate != self._framerate:
            self._open(self._resolution, rate)
        self._framerate_range = None

    @property
    def framerate_range(self) -> values.PiFramerateRange:
        """The slowest and fastest rate; the camera is asked for the fastest."""
        self._check_camera_open()
        return self._framerate_range or values.PiFramerateRange(self._framerate, self._framerate)

    @framerate_range.setter
    def framerate_range(self, value: Any) -> None:
        try:
            low, high = value
        except (TypeError, ValueError):
            raise PiCameraValueError(f"Invalid framerate range: {value!r}") from None
        low, high = values.framerate(low, "low framerate"), values.framerate(high, "high framerate")
        if low > high:
            raise PiCameraValueError("framerate_range is backwards")
        self.framerate = high
        self._framerate_range = values.PiFramerateRange(low, high)

    @property
    def sensor_mode(self) -> int:
        """0: chosen by size; 1 to 7 are kept and change nothing."""
        self._check_camera_open()
        return self._sensor_mode

    @sensor_mode.setter
    def sensor_mode(self, value: Any) -> None:
        self._check_camera_open()
        if not isinstance(value, int) or not 0 <= value <= 7:
            raise PiCameraValueError(f"Invalid sensor mode: {value} (valid range 0..7)")
        if value:
            settings.without_effect("sensor_mode")
        self._sensor_mode = value

    @property
    def ISO(self) -> int:  # noqa: N802 - picamera's own name
        """The old name of `iso`."""
        warnings.warn(PiCameraDeprecated("PiCamera.ISO is deprecated; use PiCamera.iso"), stacklevel=2)
        return self.iso  # type: ignore[no-any-return]

    @ISO.setter
    def ISO(self, value: Any) -> None:  # noqa: N802
        warnings.warn(PiCameraDeprecated("PiCamera.ISO is deprecated; use PiCamera.iso"), stacklevel=2)
        self.iso = value

    @property
    def crop(self) -> tuple[float, float, float, float]:
        """The old name of `zoom`."""
        warnings.warn(PiCameraDeprecated("PiCamera.crop is deprecated; use PiCamera.zoom"), stacklevel=2)
        return self.zoom  # type: ignore[no-any-return]

    @crop.setter
    def crop(self, value: Any) -> None:
        warnings.warn(PiCameraDeprecated("PiCamera.crop is deprecated; use PiCamera.zoom"), stacklevel=2)
        self.zoom = value

    @property
    def raw_format(self) -> str:
        """What the format `raw` means."""
        return self._raw_format

    @raw_format.setter
    def raw_format(self, value: str) -> None:
        warnings.warn(PiCameraDeprecated("PiCamera.raw_format is deprecated"), stacklevel=2)
        self._raw_format = values.one_of("raw format", value, values.RAW_FORMATS)

    @property
    def led(self) -> None:
        """Can only be set."""
        raise AttributeError("unreadable attribute")

    @led.setter
    def led(self, value: Any) -> None:
        del value
        self._check_camera_open()
        settings.without_effect("led")

    @property
    def exif_tags(self) -> dict[str, Any]:
        """Kept; pictures carry the camera's own tags, and setting one warns once."""
        return self._exif

    @property
    def timestamp(self) -> int:
        """Microseconds since the camera was opened."""
        self._check_camera_open()
        return int((time.monotonic() - self._began) * 1e6)

    @property
    def frame(self) -> PiCameraFrame:
        """The frame that a recording is at."""
        if not self._recordings:
            raise PiCameraRuntimeError("Cannot query frame information when the camera is not recording")
        return PiCameraFrame(max(recording.frames for recording in self._recordings.values()) - 1)

    @property
    def revision(self) -> str:
        """The sensor's name where it is known; here, what the pictures come from."""
        return self._check_camera_open().source

    @property
    def exposure_speed(self) -> int:
        """Microseconds of the last exposure: 0, nobody knows."""
        self._check_camera_open()
        return 0

    @property
    def analog_gain(self) -> Fraction:
        """1: nobody knows."""
        self._check_camera_open()
        return Fraction(1)

    @property
    def digital_gain(self) -> Fraction:
        """1: nobody knows."""
        self._check_camera_open()
        return Fraction(1)


def _source(camera_num: int) -> str:
    given = os.environ.get("FACEIOT_CAMERA", "")
    if camera_num == 0:
        return given or "auto"
    raise PiCameraMMALError(
        1, f"Camera {camera_num} is not there: name it in FACEIOT_CAMERA and open camera 0"
    )


class _Exif(dict[str, Any]):
    """Tags that are kept and go nowhere."""

    def __setitem__(self, name: str, value: Any) -> None:
        settings.without_effect("exif_tags")
        super().__setitem__(name, value)

    def update(self, *tags: Any, **more: Any) -> None:
        """As a dictionary's; warns once."""
        settings.without_effect("exif_tags")
        super().update(*tags, **more)


def _check_options(options: dict[str, Any], followed: set[str], *, lowest: int, depth: int) -> None:
    """What an encoder is told: the quality is checked, what nothing follows warns once."""
    if options.get("quality") is not None:
        quality = values.whole("quality", options["quality"])
        options["quality"] = values.within("quality", quality, lowest, 100)
    for option in options.keys() - followed:
        settings.without_effect(option, depth)


def _check_burst(*, burst: bool, video: bool) -> None:
    if burst and video:
        raise PiCameraValueError("burst is only valid with still port captures")
