"""The notebook of the examples, run by a real Jupyter kernel: what its cells show."""

from __future__ import annotations

import base64
import io

import nbclient
import nbformat
import pytest
from PIL import Image


@pytest.fixture(scope="module")
def cells(repository, tmp_path_factory):
    """The code cells of examples/notebooks/camera.ipynb with what they gave."""
    notebook = nbformat.read(repository / "examples/notebooks/camera.ipynb", as_version=4)
    folder = str(tmp_path_factory.mktemp("notebook"))
    nbclient.NotebookClient(notebook, timeout=50, resources={"metadata": {"path": folder}}).execute()
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def shown(cell, kind):
    """What a cell shows, in one of its forms."""
    found = [output.data[kind] for output in cell.outputs if kind in output.get("data", {})]
    assert found, f"{cell.source!r} shows {[output.get('data', {}).keys() for output in cell.outputs]}"
    return found[0]


def picture(cell):
    """The JPEG that a cell shows."""
    return Image.open(io.BytesIO(base64.b64decode(shown(cell, "image/jpeg"))))


@pytest.mark.timeout(60)
def test_a_frame_shows_itself_in_jupyter(cells):
    assert picture(cells[1]).size == (720, 480)
    assert shown(cells[1], "text/plain").startswith("<faceiot.Frame 720x480, ")


def test_a_changed_frame_and_a_burst_do_too(cells):
    assert picture(cells[3]).size == (240, 240)
    assert picture(cells[4]).size == (4 * 240 + 5 * 4, 2 * 160 + 3 * 4)


def test_the_rest_of_the_notebook_says_what_it_promises(cells):
    assert shown(cells[0], "text/plain").startswith("<faceiot.Camera test card 640x480")
    assert shown(cells[2], "text/plain").startswith("((480, 720, 3), dtype('uint8')")
    assert shown(cells[5], "text/plain") == "('crc', True)"
    assert "'frames': 9" in shown(cells[6], "text/plain")
