"""Scripts for picamera as people write them, under `faceiot run`: files, a drawn card, a fake rpicam-vid."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from faceiot.compat import picamera

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
    assert ran.err.count("start_preview") == 1, "one warning says that nothing is shown"


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
