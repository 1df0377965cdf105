"""Programs that come from the system's packages: what is missing is installed on Debian as root, or named."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from stage import Context, StageError

# Package -> what shows that it is there: a program, or the path of a file (with wildcards).
BUILD = {"cmake": "cmake", "nasm": "nasm", "build-essential": "cc"}
PEERS = {
    "mosquitto": "mosquitto",
    "mosquitto-clients": "mosquitto_pub",
    "chromium": "chromium",
    "chromium-driver": "chromedriver",
    "openssl": "openssl",
}
NODE = {"nodejs": "node", "npm": "npm"}
VM = {"qemu-system-x86": "qemu-system-x86_64", "kmod": "depmod", "cpio": "cpio", "xz-utils": "xz"}
MICROPYTHON = {
    "dpkg-dev": "dpkg-source",
    "gcc-arm-none-eabi": "arm-none-eabi-gcc",
    "libnewlib-arm-none-eabi": "/usr/lib/arm-none-eabi/include/newlib.h",
    "libmbedtls-dev": "/usr/include/mbedtls/ssl.h",
    "qemu-system-arm": "qemu-system-arm",
    "rustc-web": "/usr/bin/rustc",
    "cargo-web": "/usr/bin/cargo",
    "rust-web-src": "/usr/src/rustc-*/library/core/Cargo.toml",
}
# For the C library: a compiler and a C library for every target, boards, the sources of core.
EMBEDDED = {
    "gcc-xtensa-lx106": "xtensa-lx106-elf-gcc",
    **MICROPYTHON,
    "gcc-riscv64-unknown-elf": "riscv64-unknown-elf-gcc",
    "picolibc-riscv64-unknown-elf": "/usr/lib/picolibc/riscv64-unknown-elf/include/picolibc.h",
    "qemu-system-misc": "qemu-system-riscv32",
    "pkg-config": "pkg-config",
    "valgrind": "valgrind",
}
CROSS_WHEELS = {
    "rustc-web": "/usr/bin/rustc",
    "cargo-web": "/usr/bin/cargo",
    "rust-web-src": "/usr/src/rustc-*/library/std/Cargo.toml",
    "cmake": "cmake",
    "qemu-user-static": "qemu-arm-static",
}


def missing(packages: Mapping[str, str]) -> list[str]:
    """The packages whose program or file is not found."""
    return [package for package, sign in packages.items() if not found(sign)]


def found(sign: str) -> bool:
    """Whether this program is in PATH, or a file with this path is there."""
    if sign.startswith("/"):
        return any(Path("/").glob(sign.removeprefix("/")))
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
    return shutil.which(sign, path=path) is not None


def advice(packages: list[str]) -> str:
    """What to do by hand."""
    names = " ".join(packages)
    return f"missing: {names}; on Debian or Ubuntu: `sudo apt-get install {names}`"


def may_install() -> bool:
    """Whether this run may install packages: root on a system with apt-get."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def install(context: Context, packages: Mapping[str, str]) -> None:
    """Stage action: nothing when everything is there; installs as root; else fails and says what to type."""
    wanted = missing(packages)
    if not wanted:
        context.note("everything is there: " + " ".join(packages))
        return
    if not may_install():
        raise StageError(advice(wanted))
    env = {"DEBIAN_FRONTEND": "noninteractive"}
    wait = ["-o", "DPkg::Lock::Timeout=300", "-o", "Acquire::Retries=3"]
    context.run(["apt-get", *wait, "update", "-q"], env=env)
    context.run(["apt-get", *wait, "install", "-q", "-y", "--no-install-recommends", *wanted], env=env)
    still = missing(packages)
    if still:
        raise StageError(f"apt-get installed {' '.join(still)}, but the program is not found")


def debian() -> tuple[str, str]:
    """This Debian's code name, and the address that its own packages come from."""
    name = platform.freedesktop_os_release().get("VERSION_CODENAME", "")
    # Asked so, apt tells it although it never fetched a list.
    listed = subprocess.run(
        ["apt-get", "--print-uris", "update"], capture_output=True, text=True, check=False
    ).stdout
    found = re.search(rf"^'(\S+/debian)/dists/{re.escape(name)}/InRelease'", listed, re.MULTILINE)
    if not (name and found):
        raise StageError("apt knows no mirror of Debian, which packages come from")
    return name, found[1]


def install_now(packages: Mapping[str, str]) -> str | None:
    """The same outside a run; returns what is wrong, if anything."""
    wanted = missing(packages)
    if not wanted:
        return None
    if not may_install():
        return advice(wanted)
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update", "-q"], ["install", "-q", "-y", "--no-install-recommends", *wanted]):
        done = subprocess.run(
            ["apt-get", *command],
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            return f"`apt-get {' '.join(command)}` failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
    return None
