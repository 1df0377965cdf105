"""What was promised, and whether the test that shows it ran and passed in this run.

Every row of a table in docs/acceptance/*.md is `| what was promised | test |`; a test is one of

- `rust:package::module::test` (unit test), `rust:package::file::test` (integration test)
- `rust:package::doc::src/lib.rs::item` (an example in the documentation)
- `python:tests/python/test_x.py::test` (with `[param]`, or without: then all of its parameters)
- `make:stage` (a stage of this run)

Several tests are separated by commas or spaces; all of them must have passed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from results import OK

_SEPARATOR = re.compile(r"^\|[\s:|-]+\|$")
_TEST = re.compile(r"(?:rust|python|make):[^\s,`|]+")


@dataclass(frozen=True)
class Promise:
    """One row: what was promised, where that stands, and the tests that show it."""

    text: str
    where: str
    tests: tuple[str, ...]


def promises(text: str, file: str) -> list[Promise]:
    """The rows of all tables in one document. A header row is the one above a row of dashes."""
    rows = text.splitlines()
    found = []
    for at, row in enumerate(rows):
        following = rows[at + 1] if at + 1 < len(rows) else ""
        if not row.startswith("|") or _SEPARATOR.match(row) or _SEPARATOR.match(following):
            continue
        cells = [cell.strip() for cell in row.strip().strip("|").split("|")]
        what = cells[0]
        tests = tuple(test for cell in cells[1:] for test in _TEST.findall(cell))
        found.append(Promise(what, f"{file}:{at + 1}", tests))
    return found


def problems(found: list[Promise], verdicts: Mapping[str, str]) -> list[str]:
    """What is wrong, one line each: a promise without a test, a test that did not run or did not pass."""
    normal = {normalised(name): verdict for name, verdict in verdicts.items()}
    wrong = []
    for promise in found:
        if not promise.tests:
            wrong.append(f"{promise.where}: no test is named for `{promise.text}`")
        for test in promise.tests:
            verdict = look_up(normalised(test), normal)
            if verdict != OK:
                state = "did not run" if verdict is None else verdict
                wrong.append(f"{promise.where}: `{test}` {state} (shows: {promise.text})")
    return wrong


def look_up(test: str, verdicts: Mapping[str, str]) -> str | None:
    """The verdict of a test; of all parameters together when the name has none."""
    if test in verdicts:
        return verdicts[test]
    parameters = [verdict for name, verdict in verdicts.items() if name.startswith(test + "[")]
    if not parameters:
        return None
    return next((verdict for verdict in parameters if verdict != OK), OK)


def normalised(test: str) -> str:
    """Rust writes a package as `faceiot-core` and its crate as `faceiot_core`: both are accepted."""
    if not test.startswith("rust:"):
        return test
    package, rest = [*test.split("::", 1), ""][:2]
    return package.replace("_", "-") + "::" + rest


def check(folder: Path, verdicts: Mapping[str, str]) -> tuple[int, list[str]]:
    """All documents of a folder: how many promises there are, and what is wrong with them."""
    found = [
        promise
        for file in sorted(folder.glob("*.md"))
        for promise in promises(file.read_text(encoding="utf-8"), file.name)
    ]
    if not found:
        return 0, [f"{folder}: no promise found"]
    return len(found), problems(found, verdicts)
