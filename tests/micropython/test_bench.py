"""What `make bench` measures inside MicroPython is measured, and the README's table of memory is true."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from broker import Mosquitto

from conftest import PORT, Run

pytestmark = pytest.mark.parametrize("interpreter", ["micropython"], indirect=True)


def measured(on_device: Run, *words: str, cwd: Path) -> dict[str, Any]:
    return json.loads(on_device("bench.py", *words, cwd=cwd))  # type: ignore[no-any-return]


def test_the_memory_of_the_readme_is_what_is_measured(on_device: Run, tmp_path: Path) -> None:
    row = r"^\| `(\w+)`(, as text)? \| ([\d,]+)[^|]*\| ([\d,]+) \|$"
    written = {}
    for name, text, size, heap in re.findall(row, (PORT / "README.md").read_text(), re.MULTILINE):
        written[name + ("-text" if text else ""), int(size.replace(",", ""))] = int(heap.replace(",", ""))
    taken = {(name, size): heap for name, size, heap in measured(on_device, "heap", cwd=tmp_path)["rows"]}
    assert taken.keys() == written.keys()
    for key, heap in taken.items():
        assert heap <= 1.2 * written[key], key


def test_speed_and_messages_are_measured(on_device: Run, mosquitto: Mosquitto, tmp_path: Path) -> None:
    speed = measured(on_device, "speed", cwd=tmp_path)
    assert speed["native"] == ("MICROPYTHON" in os.environ)  # conftest.py: the interpreter with the C module
    assert all(speed[name] > 0 for name in ("login", "hex", "v2"))
    rates = measured(on_device, "publish", str(mosquitto.port), "50", cwd=tmp_path)
    assert all(rates[name] > 0 for name in ("qos0", "qos1"))
