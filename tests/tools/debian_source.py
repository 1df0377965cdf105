"""Source packages of Debian: apt verifies and unpacks them, with a list of sources of its own."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import firmware
import place
import system

SUITE = "trixie"  # of Debian; the machine's own suite may be older


def unpacked(package: str) -> Path:
    """The sources of a package: from the cache, or fetched now; `dpkg-dev` unpacks them."""
    kept = place.cache() / f"target-source-{place.key(SUITE)}"
    kept.mkdir(parents=True, exist_ok=True)
    os.utime(kept)  # `make test` forgets the folder when nobody used it for two weeks
    folder = kept / package
    if not folder.is_dir():
        with tempfile.TemporaryDirectory(dir=kept) as draft:
            fetch(package, Path(draft))
            made = next(path for path in Path(draft).glob(f"{package}-*") if path.is_dir())
            try:
                made.rename(folder)
            except OSError:
                if not folder.is_dir():  # else another run was quicker with the same
                    raise
    return folder


def fetch(package: str, folder: Path) -> None:
    """Lets apt verify and unpack the source package into `folder`; the system's own lists stay."""
    apt = folder / "apt"
    for name in ("etc", "lists/partial", "state", "cache/archives/partial"):
        (apt / name).mkdir(parents=True)
    keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"
    lines = [
        "Types: deb-src",
        f"URIs: {system.debian()[1]}",
        f"Suites: {SUITE}",
        "Components: main",
        f"Signed-By: {keyring}",
    ]
    (apt / "etc/debian.sources").write_text("\n".join(lines) + "\n", encoding="utf-8")
    settings = {
        "Dir::Etc::sourcelist": "/dev/null",
        "Dir::Etc::sourceparts": apt / "etc",
        "Dir::State": apt / "state",
        "Dir::State::lists": apt / "lists",
        "Dir::State::status": "/var/lib/dpkg/status",
        "Dir::Cache": apt / "cache",
        "APT::Sandbox::User": "root",  # of this folder; nothing is installed
        "Acquire::Retries": "3",
    }
    (apt / "apt.conf").write_text(
        "".join(f'{name} "{value}";\n' for name, value in settings.items()), encoding="utf-8"
    )
    env = {**os.environ, "APT_CONFIG": str(apt / "apt.conf")}
    firmware.run(["apt-get", "update", "-q"], env=env)
    firmware.run(["apt-get", "source", "-q", "--only-source", package], cwd=folder, env=env)
