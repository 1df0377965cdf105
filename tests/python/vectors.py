"""The golden vectors: the same JSON that the Rust tests read."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[1] / "vectors"


@cache
def suites(name: str) -> dict[str, dict[str, dict[str, Any]]]:
    """The suites of one file."""
    return json.loads((FOLDER / f"{name}.json").read_text("utf-8"))


def cases(file: str, *names: str) -> list[tuple[str, dict[str, Any]]]:
    """The cases of the suites, each with a name that says where it is from."""
    found = [(f"{name}/{case}", vector) for name in names for case, vector in suites(file)[name].items()]
    assert found
    return found


def formula_octets(count: int) -> bytes:
    """The octets of the vectors that give a formula instead of data."""
    return bytes((i * 31 + (i >> 8) * 17 + 7) & 0xFF for i in range(count))
