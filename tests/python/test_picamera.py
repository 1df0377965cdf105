"""Scripts for picamera as people write them, under `faceiot run`: files, a drawn card, a fake rpicam-vid."""

from __future__ import annotations

import io
import os
import re
import stat
import subprocess
import sys
import warnings
from dataclasses import dataclass, field
from fractions import Fraction
from math import inf, nan
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pytest
from PIL import Image

import faceiot
from faceiot.compat import picamera
from faceiot.compat.picamera import settings

if TYPE_CHECKING:
    from collections.abc import Callable

SCRIPTS = Path(__file__).parent / "picamera_scripts"
RPICAM = """#!{python}
import signal, sys, time
signal.signal(signal.SIGINT, lambda *_: sys.exit(0))
if "--list-cameras" in sys.argv or "--help" in sys.argv or "--version" in sys.argv:
    print("0 : imx219 [3280x2464]")
    sys.exit(0)
photo = open({photo!r}, "rb").read()
while True:
    sys.stdout.buffer.write(photo)
    sys.stdout.buffer.flush()
    time.sleep(0.02)
"""


def scene(folder: Path) -> Path:
    """A photo whose left upper quarter is red, on grey."""
    pixels = np.full((768, 1024, 3), 128, np.uint8)
    pixels[:384, :512] = (220, 20, 20)
    path = folder / "scene.jpg"
    Image.fromarray(pixels).save(path, quality=95)
    return path


@pytest.fixture(params=["dir", "testcard", "rpicam"])
def source(request, tmp_path):
    """FACEIOT_CAMERA and PATH for each kind of source."""
    photos = tmp_path / "photos"
    photos.mkdir()
    photo = scene(photos)
    path = os.environ["PATH"]
    if request.param == "rpicam":
        program = tmp_path / "programs" / "rpicam-vid"
        program.parent.mkdir()
        program.write_text(RPICAM.format(python=sys.executable, photo=str(photo)))
        program.chmod(program.stat().st_mode | stat.S_IEXEC)
        path = f"{program.parent}:{path}"
    spec = {"dir": f"dir:{photos}", "testcard": "testcard:1024x768", "rpicam": "rpicam:"}[request.param]
    return {"FACEIOT_CAMERA": spec, "PATH": path, "kind": request.param}


@dataclass
class Ran:
    """What a script left behind."""

    folder: Path
    out: str
    err: str
    kind: str
    sizes: dict[str, tuple[int, int]] = field(default_factory=dict)

    def image(self, name: str) -> np.ndarray:
        with Image.open(self.folder / name) as image:
            return np.asarray(image.convert("RGB"))

    def array(self, name: str) -> np.ndarray:
        return np.load(self.folder / name)

    def red(self, image: np.ndarray, x: float, y: float) -> bool:
        """Whether the scene is red there; the drawn card has no such place and is not asked."""
        height, width, _ = image.shape
        pixel = image[int(y * height), int(x * width)].astype(int)
        return bool(pixel[0] - pixel[1] > 60)


@pytest.fixture
def run(source, tmp_path, faceiot_bin):
    """Runs a script in an empty folder of its own."""

    def run(name: str) -> Ran:
        folder = tmp_path / "script"
        folder.mkdir()
        env = {**os.environ, "FACEIOT_CAMERA": source["FACEIOT_CAMERA"], "PATH": source["PATH"]}
        done = subprocess.run(
            [faceiot_bin, "run", "--no-cloud", str(SCRIPTS / name)],
            cwd=folder,
            env=env,
            capture_output=True,
            text=True,
            timeout=50,
        )
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        return Ran(folder, done.stdout, done.stderr, source["kind"])

    return run


def test_capture_to_a_file_after_a_preview(run):
    ran = run("file.py")
    assert ran.image("foo.jpg").shape == (768, 1024, 3)
    assert ran.err.count("PiCameraFallback: `start_preview`") == 1, "one warning says that nothing is shown"


def test_capture_to_a_stream_and_to_an_open_file(run):
    ran = run("stream.py")
    assert ran.image("stream.jpg").shape == ran.image("my_image.jpg").shape == (720, 1280, 3)


def test_frames_for_opencv(run):
    ran = run("numpy_bgr.py")
    frames = ran.array("bgr.npy")
    assert (frames.shape, frames.dtype) == ((3, 480, 640, 3), np.uint8)
    if ran.kind != "testcard":
        assert frames[0][100, 100, 2] > 180 > 60 > frames[0][100, 100, 0], "blue comes first"


def test_one_array_as_rgb_and_as_yuv(run):
    ran = run("numpy_rgb.py")
    assert ran.out.splitlines() == ["(100, 100, 3)"] * 3
    rgb, again = ran.array("rgb.npy").astype(int), ran.array("yuv_as_rgb.npy").astype(int)
    if ran.kind != "testcard":
        assert np.abs(rgb - again).mean() < 6
        assert ran.red(ran.array("rgb.npy"), 0.2, 0.2)


def test_capture_into_memory(run):
    ran = run("buffer.py")
    assert ran.array("buffer.npy").shape == (100, 100, 3)
    if ran.kind != "testcard":
        assert ran.red(ran.array("buffer.npy"), 0.2, 0.2)
        assert not ran.red(ran.array("buffer.npy"), 0.9, 0.9)


def test_numbered_files(run):
    ran = run("templates.py")
    names = [f"image{number:02d}.jpg" for number in range(1, 6)]
    assert ran.out.split() == names
    assert all(ran.image(name).shape == (720, 1280, 3) for name in names)


def test_a_timelapse_with_times_in_the_names(run):
    ran = run("timelapse.py")
    names = sorted(path.name for path in ran.folder.iterdir())
    assert len(names) == 3
    assert all(re.fullmatch(r"\d{6}-00[123]\.jpg", name) for name in names)
    assert ran.image(names[0]).shape == (240, 320, 3)


def test_a_burst(run):
    ran = run("burst.py")
    assert [ran.image(f"burst{number}.jpg").shape for number in range(6)] == [(480, 640, 3)] * 6
    assert "Captured 6 frames" in ran.out


def test_other_sizes_formats_and_qualities(run):
    ran = run("resize.py")
    assert ran.image("small.jpg").shape == (240, 320, 3)
    assert ran.image("small.png").shape == ran.image("small.bmp").shape == (120, 160, 3)
    best, worst = ((ran.folder / f"{name}.jpg").stat().st_size for name in ("best", "worst"))
    assert best > worst


def test_rotation_flips_and_zoom(run):
    ran = run("rotation.py")
    names = ("up", "down", "flipped", "side", "zoom")
    assert all(ran.image(f"{name}.png").shape == (240, 320, 3) for name in names)
    if ran.kind != "testcard":
        places = {"up": (0.2, 0.2), "down": (0.8, 0.8), "flipped": (0.8, 0.8), "side": (0.8, 0.2)}
        for name, place in places.items():
            assert ran.red(ran.image(f"{name}.png"), *place), name
            assert not ran.red(ran.image(f"{name}.png"), 1 - place[0], 1 - place[1]), name


def test_text_over_the_picture(run):
    ran = run("annotate.py")
    plain, text = ran.image("plain.png").astype(int), ran.image("text.png").astype(int)
    upper, lower = np.abs(plain - text)[:60], np.abs(plain - text)[300:]
    assert upper.max() > 100
    if ran.kind != "testcard":
        assert lower.max() < 10
    assert "annotate_text_size" in ran.err


def test_capture_in_a_thread(run):
    ran = run("thread.py")
    assert ran.out == "5\n"
    assert ran.image("thread.jpg").shape == (240, 320, 3)


def test_wrong_values_are_refused_as_picamera_refuses_them(run):
    ran = run("wrong.py")
    *refused, brightness, awb, capture, closed = ran.out.splitlines()
    assert len(refused) == 10
    assert all(line.endswith("refused") for line in refused)
    assert (brightness, awb) == ("brightness taken", "awb_mode taken")
    assert (capture, closed) == ("capture refused", "closed")


def test_recordings(run):
    ran = run("record.py")
    assert "H.264" in ran.out
    assert ran.out.endswith("True\n")
    film = (ran.folder / "film.mjpeg").read_bytes()
    assert film.count(b"\xff\xd8\xff") >= 2
    assert film.endswith(b"\xff\xd9")


def test_the_shim_has_picameras_names():
    assert issubclass(picamera.PiCameraValueError, ValueError)
    assert issubclass(picamera.PiCameraClosed, picamera.PiCameraRuntimeError)
    assert str(picamera.PiResolution(640, 480)) == "640x480"
    assert picamera.Color("#f80") == picamera.Color("#ff8800")
    with pytest.raises(picamera.PiCameraValueError):
        picamera.Color("door")


@pytest.mark.parametrize(
    ("given", "size"),
    [
        ("VGA", (640, 480)),
        ("1080p", (1920, 1080)),
        ("640x480", (640, 480)),
        ((3, 4), (3, 4)),
        (b"QVGA", (320, 240)),
    ],
)
def test_a_resolution_has_many_spellings(given, size, monkeypatch):
    monkeypatch.setenv("FACEIOT_CAMERA", "testcard:")
    with picamera.PiCamera(resolution=given) as camera:
        assert camera.resolution == size


@pytest.fixture
def camera(monkeypatch):
    """A camera over the drawn card; every setting may warn again."""
    monkeypatch.setenv("FACEIOT_CAMERA", "testcard:640x480")
    monkeypatch.setattr(settings, "_warned", set())
    with picamera.PiCamera(resolution=(320, 240)) as camera:
        yield camera


WITHOUT_EFFECT = {
    "annotate_text_size": 40,
    "annotate_foreground": "red",
    "annotate_background": "black",
    "annotate_frame_num": True,
    "brightness": 60,
    "contrast": 10,
    "saturation": 10,
    "sharpness": 10,
    "iso": 400,
    "shutter_speed": 10_000,
    "exposure_mode": "night",
    "exposure_compensation": 5,
    "awb_mode": "shade",
    "awb_gains": 1.5,
    "meter_mode": "spot",
    "drc_strength": "high",
    "image_effect": "film",
    "image_effect_params": (1, 2),
    "color_effects": (128, 128),
    "image_denoise": False,
    "video_denoise": False,
    "video_stabilization": True,
    "flash_mode": "on",
    "still_stats": True,
    "clock_mode": "raw",
    "framerate_delta": 1,
    "sensor_mode": 2,
}


def test_every_setting_without_effect_is_among_the_tested():
    known = vars(picamera.PiCamera).items()
    names = {name for name, one in known if isinstance(one, settings.Setting) and not one._followed}
    assert names == WITHOUT_EFFECT.keys() - {"sensor_mode"}


@pytest.mark.parametrize(("name", "value"), WITHOUT_EFFECT.items())
def test_a_setting_without_effect_is_kept_and_warns_once(camera, name, value):
    before = getattr(camera, name)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        setattr(camera, name, value)
        kept = getattr(camera, name)
        setattr(camera, name, before)
        setattr(camera, name, value)
    assert kept != before
    assert [(warning.category, f"`{name}`" in str(warning.message)) for warning in told] == [
        (picamera.PiCameraFallback, True)
    ]
    assert told[0].filename == __file__, "the warning names the line of the script"


@pytest.mark.parametrize(
    "use",
    [
        lambda camera: camera.exif_tags.__setitem__("IFD0.Artist", "nobody"),
        lambda camera: camera.exif_tags.update({"IFD0.Artist": "nobody"}),
        lambda camera: camera.capture(io.BytesIO(), "jpeg", thumbnail=None),
        lambda camera: camera.capture(io.BytesIO(), "jpeg", colour="no such option"),
        lambda camera: camera.start_preview(),
    ],
    ids=["exif_tags", "exif_tags.update", "thumbnail", "unknown", "preview"],
)
def test_what_nothing_comes_of_warns_once(camera, use):
    with pytest.warns(picamera.PiCameraFallback) as told:
        use(camera)
    assert len(told) == 1
    use(camera)  # a second warning would be an error here


class FakeCamera:
    """A `faceiot.Camera` with controls, which keeps what it was told; `fails` says when it does not open."""

    made: ClassVar[list[FakeCamera]] = []
    fails: ClassVar[Callable[..., bool]] = staticmethod(lambda **_: False)

    def __init__(self, source, *, size, fps):
        if self.fails(size=size, fps=fps):
            raise faceiot.CameraError("the camera has no such mode")
        self.source, self.size, self.fps = source, size, fps
        self.controls = {
            "brightness": SimpleNamespace(minimum=-64, maximum=64, writable=True),
            "contrast": SimpleNamespace(minimum=0, maximum=95, writable=True),
            "sharpness": SimpleNamespace(minimum=0, maximum=7, writable=False),
        }
        self.told: list[tuple[str, int]] = []
        self.problem: Exception | None = None
        self.open = True
        self.made.append(self)

    def set_control(self, name, value):
        if self.problem is not None:
            raise self.problem
        self.told.append((name, value))

    def capture(self):
        if self.problem is not None:
            raise self.problem
        return faceiot.Frame.open("testcard:640x480")

    def close(self):
        self.open = False


@pytest.fixture
def fake(monkeypatch):
    """PiCamera over `FakeCamera`s; gives their class."""
    monkeypatch.setattr(faceiot, "Camera", FakeCamera)
    monkeypatch.setattr(FakeCamera, "made", [])
    monkeypatch.setattr(settings, "_warned", set())
    return FakeCamera


def test_settings_go_to_the_cameras_controls_on_their_scale(fake):
    with picamera.PiCamera() as camera:
        for value in (0, 50, 75, 100):
            camera.brightness = value
        camera.brightness = 100
        camera.contrast = 100
        assert camera.brightness == 100
    expected = [
        ("brightness", -64),
        ("brightness", 0),
        ("brightness", 32),
        ("brightness", 64),
        ("contrast", 95),
    ]
    assert fake.made[0].told == expected


def test_a_control_that_cannot_be_set_now_warns(fake):
    with picamera.PiCamera() as camera, pytest.warns(picamera.PiCameraFallback, match="sharpness"):
        camera.sharpness = 5
    assert fake.made[0].told == []


def test_what_a_camera_refuses_is_not_kept(fake):
    with picamera.PiCamera() as camera:
        fake.made[0].problem = faceiot.CameraError("the bus is gone")
        with pytest.raises(picamera.PiCameraRuntimeError, match="the bus is gone"):
            camera.brightness = 70
        assert camera.brightness == 50


def test_size_and_rate_open_the_camera_anew(fake):
    with picamera.PiCamera(resolution="VGA", framerate=12) as camera:
        camera.resolution = (800, 600)
        camera.framerate = (25, 2)
        assert camera.framerate == Fraction(25, 2)
    assert [(one.size, one.fps) for one in fake.made] == [
        ((640, 480), 12.0),
        ((800, 600), 12.0),
        ((800, 600), 12.5),
    ]
    assert not any(one.open for one in fake.made)


def test_a_size_that_fails_leaves_the_camera_as_it_was(fake, monkeypatch):
    monkeypatch.setattr(fake, "fails", staticmethod(lambda *, size, fps: size.width == 800 or fps == 60))
    with picamera.PiCamera(resolution="VGA") as camera:
        for name, value, before in (("resolution", (800, 600), (640, 480)), ("framerate", 60, 30)):
            with pytest.raises(picamera.PiCameraError, match="no such mode"):
                setattr(camera, name, value)
            assert getattr(camera, name) == before
        assert not camera.closed
        camera.capture(io.BytesIO(), "jpeg")
        monkeypatch.setattr(fake, "fails", staticmethod(lambda **_: True))
        with pytest.raises(picamera.PiCameraError):
            camera.resolution = (320, 240)
        assert camera.closed
        with pytest.raises(picamera.PiCameraClosed):
            camera.capture(io.BytesIO(), "jpeg")


@pytest.mark.parametrize(
    ("problem", "kind", "words"),
    [
        (
            faceiot.TimedOutError("no frame"),
            "PiCameraRuntimeError",
            "^Timed out waiting for capture to end: no frame",
        ),
        (faceiot.CameraError("the bus is gone"), "PiCameraRuntimeError", "^the bus is gone$"),
        (faceiot.ArgumentError("no such angle"), "PiCameraValueError", "^no such angle$"),
    ],
)
def test_a_capture_that_fails_says_why(fake, problem, kind, words):
    with picamera.PiCamera() as camera:
        fake.made[0].problem = problem
        with pytest.raises(getattr(picamera, kind), match=words) as caught:
            camera.capture(io.BytesIO(), "jpeg")
        assert caught.value.__cause__ is problem


def test_a_recording_that_failed_does_not_keep_the_camera(fake):
    camera = picamera.PiCamera()
    fake.made[0].problem = faceiot.CameraError("the bus is gone")
    camera.start_recording(io.BytesIO(), "mjpeg")
    with pytest.raises(picamera.PiCameraRuntimeError, match="the bus is gone"):
        camera.wait_recording(20)
    with pytest.raises(picamera.PiCameraRuntimeError, match="the bus is gone"):
        camera.close()
    assert camera.closed
    assert not fake.made[0].open
    camera.close()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("resolution", (width, 480)) for width in (inf, nan, 640.5, 2593)),
        ("resolution", (2592, 1945)),
        ("resolution", "4000x3000"),
        *(("framerate", value) for value in (inf, nan, (30, 0), (1, 2, 3), 90.5, 91, "fast", None)),
        *(("rotation", value) for value in (inf, nan, 90.5, None)),
        *(("iso", value) for value in (inf, nan, 100.5, None)),
        *(("awb_gains", value) for value in (inf, nan, (1.5, inf), ((1, 0), 1), "bright")),
        *(("color_effects", value) for value in ((inf, 1), (nan, 1), (50.5, 1), 7)),
        *(("brightness", value) for value in (inf, nan, 50.5, None)),
        *(
            ("zoom", value)
            for value in ((0, 0, 0, 0), (0, 0, 1, 0), (1, 0, 0.5, 0.5), (nan, 0, 1, 1), (0, 0, inf, 1))
        ),
    ],
)
def test_values_that_are_none_are_refused(camera, name, value):
    before = getattr(camera, name)
    with pytest.raises(picamera.PiCameraValueError):
        setattr(camera, name, value)
    assert getattr(camera, name) == before


@pytest.mark.parametrize("quality", [0, 101, 200, 50.5, inf, nan, "best"])
def test_a_quality_that_is_none_is_refused(camera, quality):
    with pytest.raises(picamera.PiCameraValueError):
        camera.capture(io.BytesIO(), "jpeg", quality=quality)
    if quality != 0:  # a recording's 0 is the camera's own
        with pytest.raises(picamera.PiCameraValueError):
            camera.start_recording(io.BytesIO(), "mjpeg", quality=quality)
        assert not camera.recording


def test_an_attribute_that_picamera_does_not_have_is_refused(camera):
    with pytest.raises(AttributeError):
        camera.birghtness = 50
