"""Third-party notices: the licence texts of what is compiled into the wheel, from the sources cargo fetched.

`make notices` writes THIRD-PARTY-NOTICES.txt; `make test` fails when it is not what the lock file says.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import place
from stage import Context, StageError

FILE = place.ROOT / "THIRD-PARTY-NOTICES.txt"
TARGETS = ("x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu")
SHIPPED = "faceiot-python"
NAMES = re.compile(r"^(un)?licen[cs]e|^copying|^copyright|^notice", re.IGNORECASE)
# Sources that a crate ships of another project, with texts of their own.
VENDORED = {"turbojpeg-sys": ("libjpeg-turbo/LICENSE.md", "libjpeg-turbo/README.ijg")}
# A crate without a text of its own is given under this licence, whose text stands in this repository.
OWN_TEXT = ("MIT", "Apache-2.0")
RULE = "=" * 80


def check(context: Context) -> None:
    """Fails when the committed file is not what would be written now."""
    command = [sys.executable, Path(__file__), "--check"]
    if context.run(command, cwd=place.ROOT, check=False):
        raise StageError("THIRD-PARTY-NOTICES.txt is not that of Cargo.lock: run `make notices`")


def notices() -> str:
    """The whole document, the same for the same lock file."""
    packages = shipped()
    texts: dict[str, list[str]] = {}
    without = []
    for package in packages:
        title = f"{package['name']} {package['version']} ({package['license'] or 'see text'})"
        found = list(licence_texts(package))
        if not found:
            if not any(licence in (package["license"] or "") for licence in OWN_TEXT):
                raise SystemExit(f"error: {title} ships no licence text and none is known for it")
            without.append(title)
        for text in found:
            texts.setdefault(text, []).append(title)
    parts = [
        "The faceiot wheel and the faceiot program contain the following works of others.",
        f"Made by `make notices` from Cargo.lock: {len(packages)} crates and the C sources they ship.",
        "Where a crate offers a choice that includes the MIT licence, MIT was chosen.",
    ]
    if without:
        parts.append(
            "\nThese name their licence without its text; MIT and Apache-2.0 are beside this file:\n"
        )
        parts.extend(f"- {title}" for title in without)
    for text, titles in sorted(texts.items(), key=lambda entry: entry[1]):
        parts.append(f"\n{RULE}\n" + "\n".join(titles) + f"\n{RULE}\n\n{text}")
    return "\n".join(parts).rstrip("\n") + "\n"


def shipped() -> list[dict[str, str]]:
    """The packages that are compiled into the extension module, on any of the targets, ours left out."""
    found: dict[str, dict[str, str]] = {}
    for target in TARGETS:
        metadata = cargo_metadata(target)
        packages = {package["id"]: package for package in metadata["packages"]}
        nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
        waiting = [package["id"] for package in metadata["packages"] if package["name"] == SHIPPED]
        seen = set(waiting)
        while waiting:
            for dependency in nodes[waiting.pop()]["deps"]:
                normal = any(kind["kind"] is None for kind in dependency["dep_kinds"])
                macro = any(
                    "proc-macro" in target["kind"] for target in packages[dependency["pkg"]]["targets"]
                )
                if normal and not macro and dependency["pkg"] not in seen:
                    seen.add(dependency["pkg"])
                    waiting.append(dependency["pkg"])
        found |= {name: packages[name] for name in seen if packages[name]["source"]}
    return sorted(found.values(), key=lambda package: (package["name"], package["version"]))


def cargo_metadata(target: str) -> dict[str, list[dict[str, str]]]:
    """`cargo metadata` with the resolved graph for one target."""
    command = [
        "cargo",
        "metadata",
        "--locked",
        "--offline",
        "--format-version",
        "1",
        "--filter-platform",
        target,
    ]
    return json.loads(subprocess.run(command, cwd=place.ROOT, check=True, capture_output=True).stdout)


def licence_texts(package: dict[str, str]) -> Iterator[str]:
    """The texts a package ships; only MIT's where MIT can be chosen."""
    folder = Path(package["manifest_path"]).parent
    files = sorted(file for file in folder.iterdir() if file.is_file() and NAMES.match(file.name))
    choices = re.split(r" OR |/", (package["license"] or "").replace("(", "").replace(")", ""))
    mit = [file for file in files if "mit" in file.name.lower()]
    notice = [file for file in files if file.name.lower().startswith(("notice", "copyright"))]
    if "MIT" in choices and mit:
        files = mit + notice
    for file in [*files, *(folder / name for name in VENDORED.get(package["name"], ()))]:
        yield tidy(file.read_text(encoding="utf-8", errors="replace"))


def tidy(text: str) -> str:
    """Without the differences that mean nothing: line ends, trailing blanks, blank lines around."""
    return "\n".join(line.rstrip() for line in text.replace("\r", "").replace("\f", "").splitlines()).strip(
        "\n"
    )


def main() -> int:
    """Writes the file, or with `--check` only compares."""
    text = notices()
    if "--check" in sys.argv[1:]:
        return 0 if FILE.exists() and FILE.read_text(encoding="utf-8") == text else 1
    FILE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
