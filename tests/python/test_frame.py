"""`faceiot.Frame`: a picture for numpy, Pillow, notebooks and clouds."""

from __future__ import annotations

import io
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import faceiot


def test_a_frame_keeps_the_bytes_and_knows_its_size(photo):
    frame = faceiot.Frame.from_jpeg(photo.jpeg)
    assert (frame.jpeg, bytes(frame)) == (photo.jpeg, photo.jpeg)
    assert (frame.width, frame.height) == (640, 480)
    assert frame == photo
    assert hash(frame) == hash(photo)
    assert frame != photo.jpeg
    assert repr(frame) == f"<faceiot.Frame 640x480, {len(photo.jpeg)} bytes>"


def test_pillow_and_numpy_see_the_same_pixels(photo):
    pixels = np.asarray(photo)
    assert (pixels.shape, pixels.dtype, pixels.flags.writeable) == ((480, 640, 3), np.uint8, True)
    theirs = np.asarray(Image.open(io.BytesIO(photo.jpeg)).convert("RGB"))
    assert np.abs(pixels.astype(int) - theirs).max() <= 2  # two builds of libjpeg-turbo may round differently
    assert np.array_equal(pixels, photo.to_numpy())
    assert np.asarray(photo, dtype=np.float32).dtype == np.float32
    assert Image.fromarray(pixels).size == (640, 480)


def test_pixels_become_a_frame():
    pixels = np.zeros((48, 64, 3), np.uint8)
    pixels[:, :32] = (255, 0, 0)
    frame = faceiot.Frame.from_numpy(pixels, quality=95)
    assert (frame.width, frame.height) == (64, 48)
    assert np.abs(frame.to_numpy()[24, 8].astype(int) - (255, 0, 0)).max() < 8
    assert faceiot.Frame.from_numpy(pixels[:, ::-1]).width == 64  # a view that is not contiguous


@pytest.mark.parametrize(
    "pixels",
    [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 4), np.uint8), np.zeros((4, 4, 3), np.float32), [[1]], None],
    ids=["grey", "rgba", "float", "list", "none"],
)
def test_pixels_of_another_shape_are_refused(pixels):
    with pytest.raises(faceiot.ArgumentError, match="pixels"):
        faceiot.Frame.from_numpy(pixels)


def test_copy_false_is_refused_as_numpy_2_asks(photo):
    with pytest.raises(ValueError, match="copy"):
        np.asarray(photo, copy=False)


def test_a_notebook_shows_the_picture(photo):
    assert photo._repr_jpeg_() == photo.jpeg
    assert photo._repr_mimebundle_() == {"text/plain": repr(photo), "image/jpeg": photo.jpeg}
    assert set(photo._repr_mimebundle_(include={"image/jpeg"})) == {"image/jpeg"}
    assert set(photo._repr_mimebundle_(exclude={"image/jpeg"})) == {"text/plain"}


def test_a_whole_picture_is_fine_and_a_cut_one_is_not(photo):
    report = photo.check()
    assert report.ok
    assert (report.verified, report.width, report.height, report.problem) == ("entropy", 640, 480, None)
    cut = faceiot.Frame.from_jpeg(photo.jpeg[: len(photo.jpeg) // 2]).check()
    assert not cut.ok
    assert cut.problem
    assert "problem" in repr(cut)


def test_what_is_not_a_jpeg_is_refused():
    for data in (b"", b"GIF89a", b"\xff\xd8\xff", b"\0" * 1000):
        with pytest.raises(faceiot.JpegError) as caught:
            faceiot.Frame.from_jpeg(data)
        assert isinstance(caught.value, ValueError)


def test_files_and_folders_are_sources(tmp_path, photo):
    small = faceiot.Frame.open("testcard:64x48")
    photo.save(tmp_path / "b.jpg")
    small.save(tmp_path / "a.jpg")
    assert faceiot.Frame.open(f"file:{tmp_path}/b.jpg") == photo
    source = faceiot.FrameSource(f"dir:{tmp_path}")
    assert [next(source) for _ in range(3)] == [small, photo, small]
    assert iter(source) is source


@pytest.mark.parametrize("spec", ["file:/nowhere.jpg", "dir:/nowhere", "nothing:", "testcard:0x0", ""])
def test_a_source_that_is_not_there_is_a_clear_error(spec):
    with pytest.raises(faceiot.FaceIotError) as caught:
        faceiot.Frame.open(spec)
    assert isinstance(caught.value, OSError | ValueError)


def test_saving_where_one_cannot_is_an_os_error(photo, tmp_path):
    with pytest.raises(OSError, match="missing") as caught:
        photo.save(tmp_path / "missing" / "photo.jpg")
    assert isinstance(caught.value, faceiot.FaceIotError)


def test_numpy_is_not_imported_before_it_is_asked_for():
    code = (
        "import sys, faceiot; faceiot.Frame.open('testcard:64x48').check(); sys.exit('numpy' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=30)


def test_without_numpy_there_is_an_import_error():
    code = (
        "import sys; sys.modules['numpy'] = None\nimport faceiot\n"
        "try: faceiot.Frame.open('testcard:64x48').to_numpy()\nexcept ImportError: sys.exit(0)\nsys.exit(1)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=30)
