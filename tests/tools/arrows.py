"""The structure, as a check: which crate may import which, and which file alone touches a library."""

from __future__ import annotations

import re
from pathlib import Path

# A crate imports only what stands in its row.
ALLOWED = {
    "faceiot-core": set(),
    "faceiot-journal": set(),
    "faceiot-broker": {"faceiot-journal"},
    "faceiot-camera": {"faceiot-core"},
    "faceiot": {"faceiot-journal", "faceiot-camera", "faceiot-core"},
    "faceiot-local": {"faceiot-broker", "faceiot-journal", "faceiot", "faceiot-camera", "faceiot-core"},
    "faceiot-cli": {"faceiot-local", "faceiot", "faceiot-camera", "faceiot-core"},
    "faceiot-capi": {"faceiot-core"},
    "faceiot-python": {"faceiot-cli", "faceiot-local", "faceiot", "faceiot-camera", "faceiot-core"},
    "faceiot-example": {"faceiot", "faceiot-camera"},
}
# Packages of tests may import everything; they are nobody's dependency.
TESTS = {"faceiot-bench"}
# A library that one file alone may name, so that replacing it is a change of one file.
ONE_FILE = ("rumqttc", "reqwest", "mqtt_protocol_core", "turbojpeg")


def wrong_imports(metadata: dict[str, object]) -> list[str]:
    """From `cargo metadata --no-deps`: every dependency that points up, and every crate that has no row."""
    wrong = []
    ours = {package["name"] for package in metadata["packages"]}
    for package in metadata["packages"]:
        name = package["name"]
        if name in TESTS:
            continue
        if name not in ALLOWED:
            wrong.append(f"`{name}` has no row in tests/tools/arrows.py: say what it may import")
            continue
        forbidden = ours - ALLOWED[name] - {name}
        imports = {other["name"] for other in package["dependencies"] if other["kind"] != "dev"}
        wrong.extend(f"`{name}` must not import `{other}`" for other in sorted(imports & forbidden))
    return wrong


def scattered(sources: Path) -> list[str]:
    """Every library of `ONE_FILE` that several files of `sources` name."""
    wrong = []
    for library in ONE_FILE:
        use = re.compile(rf"^\s*(?!//)(?:.*\W)?{library}::", re.MULTILINE)
        files = sorted(
            str(file.relative_to(sources))
            for file in sources.rglob("*.rs")
            if use.search(file.read_text(encoding="utf-8"))
        )
        if len(files) > 1:
            wrong.append(f"`{library}` is touched by {len(files)} files instead of one: {', '.join(files)}")
    return wrong
