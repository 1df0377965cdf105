"""`faceiot.Camera`: any camera, as Python uses it."""

from __future__ import annotations

import contextlib
import io
import os
import re
import socket
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import faceiot
from support import wait_until


@pytest.fixture
def folder(tmp_path):
    """Three photos of different colours."""
    for name, colour in (("a", (200, 30, 30)), ("b", (30, 200, 30)), ("c", (30, 30, 200))):
        Image.new("RGB", (320, 240), colour).save(tmp_path / f"{name}.jpg", quality=95)
    return tmp_path


def colour(frame):
    """The main colour of a frame: 0 red, 1 green, 2 blue."""
    return int(frame.to_numpy().reshape(-1, 3).mean(axis=0).argmax())


def test_a_camera_gives_frames_of_the_size_that_was_asked_for():
    with faceiot.Camera("testcard:640x480", size=(720, 480)) as camera:
        frame = camera.capture()
        assert (frame.width, frame.height) == (720, 480)
        assert frame.time_ms > 1_700_000_000_000
        assert repr(camera).startswith("<faceiot.Camera test card 640x480")
        assert camera.source == frame.source == "test card 640x480"


def test_frames_come_one_after_the_other(folder):
    with faceiot.Camera(f"dir:{folder}") as camera:
        seen = [frame for frame, _ in zip(camera, range(4), strict=False)]
        assert [colour(frame) for frame in seen] == [0, 1, 2, 0]
        assert [frame.sequence for frame in seen] == [0, 1, 2, 3]
        assert camera.statistics == {"frames": 5, "dropped": 0, "damaged": 0, "restarts": 0}


def test_jpeg_stays_as_it_came_when_nothing_has_to_change(folder):
    with faceiot.Camera(folder) as camera:
        assert camera.capture().jpeg == (folder / "a.jpg").read_bytes()
    with faceiot.Camera(folder / "b.jpg", size=(320, 240)) as camera:
        assert camera.capture().jpeg == (folder / "b.jpg").read_bytes()


def test_frames_are_cut_turned_flipped_and_written_on():
    left, right = (250, 250, 250), (10, 10, 10)
    pixels = np.zeros((96, 128, 3), np.uint8)
    pixels[:, :64], pixels[:, 64:] = left, right
    frame = faceiot.Frame.from_numpy(pixels, quality=95)
    bright = lambda frame: frame.to_numpy().mean(axis=2) > 128  # noqa: E731
    assert bright(frame.transform(hflip=True))[48, 100]
    assert not bright(frame.transform(hflip=True))[48, 20]
    turned = frame.transform(rotate=90)
    assert (turned.width, turned.height) == (96, 128)
    assert bright(turned)[20].all()
    assert not bright(turned)[100].any()
    assert bright(frame.transform(crop=(0, 0, 64, 96))).all()
    assert (frame.transform(size=(50, 30)).width, frame.transform(size=(50, 30)).height) == (50, 30)
    written = frame.transform(annotate="door", quality=95)
    assert written.to_numpy()[:24].tolist() != frame.to_numpy()[:24].tolist()
    assert np.abs(written.to_numpy()[60:].astype(int) - frame.to_numpy()[60:]).mean() < 2
    assert frame.transform() == frame


@pytest.mark.parametrize(
    "wrong",
    [
        {"rotate": 45},
        {"quality": 0},
        {"quality": 101},
        {"fps": 0.0},
        {"fps": float("nan")},
        {"timeout": -1.0},
        {"size": (0, 10)},
        {"size": (-1, 10)},
        {"size": (10, 10, 10)},
        {"size": 10},
        {"size": [640, 2**40]},
        {"quality": 300},
        {"quality": -1},
        {"quality": 10**30},
        {"rotate": 10**30},
        {"retries": -1},
    ],
    ids=str,
)
def test_an_argument_that_is_none_is_refused(wrong):
    with pytest.raises(faceiot.ArgumentError) as caught:
        faceiot.Camera("testcard:", **wrong).capture()
    assert isinstance(caught.value, ValueError)


def test_numbers_that_do_not_fit_are_argument_errors_everywhere(photo):
    with faceiot.Camera("testcard:") as camera:
        with pytest.raises(faceiot.ArgumentError, match="-1"):
            camera.burst(-1)
        with pytest.raises(faceiot.ArgumentError):
            camera.set_control("brightness", 2**70)
        with pytest.raises(faceiot.ArgumentError):
            camera.burst(1).sheet(columns=-1)
        with pytest.raises(TypeError):
            camera.burst("two")
    with pytest.raises(faceiot.ArgumentError, match="1 to 100"):
        photo.transform(quality=300)
    with pytest.raises(faceiot.ArgumentError):
        photo.transform(crop=(-1, 0, 10, 10))


def test_a_size_is_any_sequence_of_two():
    with faceiot.Camera("testcard:640x480", size=[320, 240]) as camera:
        assert camera.capture().width == 320
        assert camera.capture().transform(size=np.array([64, 48]), crop=[0, 0, 128, 96]).width == 64


def test_a_camera_that_is_not_there_is_said():
    with pytest.raises(faceiot.CameraError, match="video4711"):
        faceiot.Camera("v4l2:/dev/video4711")
    with pytest.raises(ValueError, match="capture_array"):
        faceiot.Camera(object())


def test_a_closed_camera_says_so_and_closes_again():
    camera = faceiot.Camera("testcard:")
    camera.close()
    camera.close()
    with pytest.raises(faceiot.FaceIotError, match="closed"):
        camera.capture()
    assert camera.latest() is None


def test_a_closed_camera_is_not_iterated():
    camera = faceiot.Camera("testcard:")
    camera.close()
    with pytest.raises(faceiot.CameraError, match="closed"):
        iter(camera)


@pytest.fixture
def server():
    """A server that says one thing to everybody, or nothing and keeps the connection; gives the port."""
    with contextlib.ExitStack() as stack:

        def start(answer: bytes | None) -> int:
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))

            def serve():
                while True:
                    try:
                        connection, _ = listener.accept()
                    except OSError:
                        return
                    stack.callback(connection.close)
                    if answer is not None:
                        connection.recv(4096)
                        connection.sendall(answer)
                        connection.close()

            threading.Thread(target=serve, daemon=True).start()
            stack.callback(listener.shutdown, socket.SHUT_RDWR)
            return listener.getsockname()[1]

        yield start


HTML = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>"
LOGIN = b'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm="x"\r\nContent-Length: 0\r\n\r\n'


@pytest.mark.parametrize("answer", [HTML, LOGIN, b"SSH-2.0-OpenSSH\r\n"], ids=["html", "login", "no http"])
def test_whatever_a_web_camera_does_wrong_is_a_camera_error(server, answer):
    with pytest.raises(faceiot.CameraError), faceiot.Camera(f"http://127.0.0.1:{server(answer)}/") as camera:
        camera.capture()


def test_a_server_that_is_down_is_a_camera_error():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(faceiot.CameraError), faceiot.Camera(f"http://127.0.0.1:{port}/") as camera:
        camera.capture()


def test_no_text_means_auto(rpicam):
    rpicam()
    with faceiot.Camera("") as empty, faceiot.Camera("testcard:") as card:
        assert "rpicam" in empty.source
        assert card.source == "test card 640x480"


def test_a_path_as_text_is_told_how_to_say_it(folder, monkeypatch):
    monkeypatch.chdir(folder)
    with pytest.raises(faceiot.ArgumentError, match=re.escape("`file:a.jpg`")):
        faceiot.Camera("a.jpg")
    with pytest.raises(faceiot.ArgumentError, match=re.escape(f"`dir:{folder}`")):
        faceiot.Camera(str(folder))


def test_a_path_of_a_recording_is_played(folder):
    film = folder / "film.MJPEG"
    film.write_bytes((folder / "a.jpg").read_bytes() + (folder / "b.jpg").read_bytes())
    with faceiot.Camera(film) as camera:
        assert [colour(frame) for frame in camera.burst(3)] == [0, 1, 0]


def test_a_path_that_is_not_utf_8_is_refused_in_words():
    name = os.fsdecode(b"/tmp/\xff.jpg")
    for source in (Path(name), f"file:{name}"):
        with pytest.raises(faceiot.ArgumentError, match="not UTF-8"):
            faceiot.Camera(source)


class FileCamera:
    """As `Picamera2`: a picture goes into a file-like object."""

    def __init__(self):
        self.asked = 0

    def capture_file(self, file, *, format):
        self.asked += 1
        Image.new("RGB", (64, 48), (30, 200, 30)).save(file, format)


class ArrayCamera:
    """An object that gives arrays only."""

    def __init__(self, shape):
        self.shape = shape

    def capture_array(self):
        pixels = np.full(self.shape, 30, np.uint8)
        if len(self.shape) == 3:
            pixels[:, :, 2] = 200
        return pixels


def test_an_object_that_captures_is_a_camera():
    source = FileCamera()
    with faceiot.Camera(source, size=(32, 24)) as camera:
        frames = [camera.capture(), camera.capture()]
        assert source.asked == 2
        assert [colour(frame) for frame in frames] == [1, 1]
        assert frames[0].width == 32
        assert camera.source == "Python's FileCamera"
    for shape, channel in (((48, 64, 3), 2), ((48, 64, 4), 2), ((48, 64), 0)):
        with faceiot.Camera(ArrayCamera(shape)) as camera:
            frame = camera.capture()
            assert (frame.width, frame.height) == (64, 48)
            assert colour(frame) == channel


class Raising:
    """A camera whose object raises."""

    def __init__(self, problem):
        self.problem = problem

    def capture_array(self):
        raise self.problem


def test_what_a_camera_in_python_raises_is_the_cause():
    problem = OSError("the lens fell off")
    with faceiot.Camera(Raising(problem)) as camera:
        with pytest.raises(faceiot.CameraError, match=r"Raising.*the lens fell off") as caught:
            camera.capture()
        with pytest.raises(faceiot.CameraError):
            next(iter(camera))
    assert caught.value.__cause__ is problem


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_what_is_no_exception_comes_out_unchanged(kind):
    problem = kind("enough")
    with faceiot.Camera(Raising(problem)) as camera, pytest.raises(kind) as caught:
        camera.capture()
    assert caught.value is problem


def test_a_truncated_jpeg_of_a_python_camera_is_an_error(photo):
    class Torn:
        def capture_file(self, file, *, format):
            file.write(photo.jpeg[: len(photo.jpeg) // 2])

    with faceiot.Camera(Torn()) as camera, pytest.raises(faceiot.JpegError):
        camera.capture()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (b"pixels", "a bytes"),
        (None, "a NoneType"),
        ([[1, 2], [3, 4]], "a list"),
        (np.zeros((8, 8, 3), np.float32), "float32"),
        (np.zeros((8, 8, 2), np.uint8), r"shape \[8, 8, 2\]"),
        (np.zeros((8,), np.uint8), r"shape \[8\]"),
        (np.zeros((0, 8, 3), np.uint8), "8x0"),
        (np.broadcast_to(np.zeros((1, 1, 3), np.uint8), (2**20, 2**20, 3)), "1048576x1048576"),
        (np.broadcast_to(np.zeros((1, 1), np.uint8), (2**20, 2**20)), "1048576x1048576"),
    ],
    ids=["bytes", "none", "list", "floats", "two channels", "a row", "nothing", "huge", "huge grey"],
)
def test_an_array_that_is_no_picture_is_told_before_it_is_copied(given, words):
    class Lying:
        def capture_array(self):
            return given

    with faceiot.Camera(Lying()) as camera, pytest.raises(faceiot.CameraError, match=words):
        camera.capture()


def test_an_array_that_is_too_large_is_refused_before_it_is_copied():
    huge = np.broadcast_to(np.zeros((1, 1, 3), np.uint8), (2**20, 2**20, 3))
    with pytest.raises(faceiot.JpegError, match="too large"):
        faceiot.Frame.from_numpy(huge)


def test_threads_share_a_camera_in_python_and_look_at_it_meanwhile():
    """Whoever looks at the camera while its object is busy must not hold what the object waits for."""
    inside, go = threading.Event(), threading.Event()

    class Slow(ArrayCamera):
        def capture_array(self):
            inside.set()
            assert go.wait(20)
            return super().capture_array()

    with faceiot.Camera(Slow((48, 64, 3))) as camera:
        taken, looked = [], []
        looks = [lambda: camera.mode, lambda: camera.statistics, lambda: repr(camera), camera.capture]
        first = threading.Thread(target=lambda: taken.append(camera.capture()))
        first.start()
        assert inside.wait(20)
        others = [threading.Thread(target=lambda look=look: looked.append(look())) for look in looks]
        for thread in others:
            thread.start()
        go.set()
        for thread in (first, *others):
            thread.join(20)
        assert len(taken) == 1
        assert len(looked) == len(looks)


def children():
    """The processes that this one started."""
    return {
        child
        for task in Path("/proc/self/task").iterdir()
        for child in (task / "children").read_text().split()
    }


def test_a_camera_that_nobody_has_any_more_is_let_go(rpicam):
    rpicam()
    before = children()
    camera = faceiot.Camera("rpicam:")
    assert camera.capture().width == 320
    assert children() > before
    del camera
    wait_until(lambda: children() <= before, "rpicam-vid to end")


def test_the_mode_is_what_the_camera_was_asked_for(rpicam):
    rpicam()
    with faceiot.Camera("rpicam:", size=(320, 240), fps=7) as camera:
        camera.capture()
        assert camera.mode == "320x240 MJPG at 7 frames/s"
        assert camera.mode in repr(camera)
    with faceiot.Camera("testcard:") as camera:
        assert camera.mode is None or "640x480" in camera.mode


def test_a_burst_shows_itself_as_a_contact_sheet(folder):
    with faceiot.Camera(folder) as camera:
        burst = camera.burst(5)
    assert len(burst) == 5
    assert colour(burst[-1]) == 1
    assert [colour(frame) for frame in burst[:2]] == [0, 1]
    assert [colour(frame) for frame in burst] == [0, 1, 2, 0, 1]
    with pytest.raises(IndexError):
        burst[5]
    sheet = Image.open(io.BytesIO(burst._repr_jpeg_()))
    assert sheet.size == (4 * 240 + 5 * 4, 2 * 180 + 3 * 4)
    assert burst.sheet(columns=1, width=60).width == 68
    with faceiot.Camera(folder) as camera:
        assert camera.burst(0)._repr_jpeg_() is None


def test_controls_of_a_source_without_any():
    with faceiot.Camera("testcard:") as camera:
        assert camera.controls == {}
        with pytest.raises(faceiot.ArgumentError, match="brightness"):
            camera.set_control("brightness", 1)


def test_the_place_is_taken_out(tmp_path):
    exif = Image.Exif()
    exif[0x010F] = "maker"
    gps = exif.get_ifd(0x8825)
    gps[1], gps[2] = "N", (39.0, 54.0, 15.0)
    path = tmp_path / "home.jpg"
    Image.new("RGB", (64, 48), (9, 9, 9)).save(path, exif=exif)
    with faceiot.Camera(path, strip_location=True) as camera:
        left = Image.open(io.BytesIO(camera.capture().jpeg)).getexif()
    assert left[0x010F] == "maker"
    assert not left.get_ifd(0x8825)
    assert Image.open(io.BytesIO(path.read_bytes())).getexif().get_ifd(0x8825)
    assert faceiot.Frame.open(f"file:{path}").without_location().jpeg != path.read_bytes()


RPICAM = """#!{python}
import signal, sys, time
signal.signal(signal.SIGINT, lambda *_: sys.exit(0))
if "--help" in sys.argv or "--version" in sys.argv or "--list-cameras" in sys.argv:
    print("0 : imx219 [3280x2464]")
    sys.exit(0)
from pathlib import Path
photo = Path({photo!r}).read_bytes()
while True:
    sys.stdout.buffer.write(photo)
    sys.stdout.buffer.flush()
    time.sleep({pause})
"""


@pytest.fixture
def rpicam(tmp_path, monkeypatch, folder):
    """A stand-in for `rpicam-vid` on PATH which gives one photo again and again."""
    programs = tmp_path / "programs"
    programs.mkdir()

    def install(pause=0.02):
        program = programs / "rpicam-vid"
        program.write_text(RPICAM.format(python=sys.executable, photo=str(folder / "a.jpg"), pause=pause))
        program.chmod(program.stat().st_mode | stat.S_IEXEC)
        monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")

    return install


def test_a_live_camera_gives_what_was_taken_after_the_call(rpicam):
    rpicam()
    with faceiot.Camera("rpicam:", size=(320, 240)) as camera:
        first = camera.capture()
        began = time.time()
        second = camera.capture()
        assert second.time_ms >= (began - 0.05) * 1000
        assert second.sequence > first.sequence
        assert camera.latest() is not None
        assert camera.statistics["frames"] >= 2


def test_many_threads_share_one_camera(rpicam):
    rpicam()
    with faceiot.Camera("rpicam:") as camera:
        taken = []
        threads = [threading.Thread(target=lambda: taken.append(camera.capture())) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert [frame.width for frame in taken] == [320] * 8


CTRL_C = """
import os, signal, sys, threading, time
import faceiot

{before}
threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
began = time.monotonic()
try:
    while True:
        {wait}
except KeyboardInterrupt:
    print("interrupted", time.monotonic() - began < 2)
    os._exit(0)
"""


@pytest.mark.parametrize("wait", ["camera.capture()", "next(iter(camera))", "camera.burst(9)"])
def test_ctrl_c_ends_a_wait_for_a_frame(rpicam, script, wait):
    rpicam(pause=3600)
    before = "camera = faceiot.Camera('rpicam:', timeout=30)"
    process = script(CTRL_C.format(before=before, wait=wait))
    out, error = process.communicate(timeout=50)
    assert out == "interrupted True\n", error


@pytest.mark.parametrize("kind", ["Camera", "Frame.open", "FrameSource"])
def test_ctrl_c_ends_the_wait_for_a_server_that_never_answers(server, script, kind):
    spec = f"http://127.0.0.1:{server(None)}/"
    extra = {"Camera": f"({spec!r}, timeout=30).capture()", "FrameSource": f"({spec!r}).__next__()"}
    process = script(CTRL_C.format(before="", wait=f"faceiot.{kind}{extra.get(kind, f'({spec!r})')}"))
    out, error = process.communicate(timeout=50)
    assert out == "interrupted True\n", error


def test_numpy_and_pillow_are_not_imported_before_they_are_needed():
    code = "import faceiot, sys; faceiot.Camera('testcard:').capture(); print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout == "False\n", done.stderr
