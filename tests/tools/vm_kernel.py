"""The kernel of the virtual machine: Debian's own, its test cameras as loose modules, kept in the cache."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import place
import system
from stage import Context, StageError

KERNELS = ("linux-image-6.12-amd64", "linux-image-amd64")  # the first that the system's packages have
MODULES = ("vivid",)


def folder() -> Path:
    """Where the kernel lies: keyed by this file, which says how it is made."""
    return place.cache() / f"vm-{place.key(Path(__file__).read_bytes())}"


def kernel(context: Context) -> None:
    """Debian's newest kernel of the series, its modules in the order of loading, v4l2loopback, busybox."""
    ready = folder()
    if (ready / "complete").exists():
        context.note(f"there already: {ready}")
        os.utime(ready)  # used: not to be forgotten
        return
    shutil.rmtree(ready, ignore_errors=True)
    root, debs, modules = ready / "root", ready / "debs", ready / "mod"
    for made in (root, debs, modules):
        made.mkdir(parents=True)
    release = newest(context)
    headers = re.sub(r"-amd64$", "", release)
    download(
        context,
        debs,
        f"linux-image-{release}",
        f"linux-headers-{release}",
        f"linux-headers-{headers}-common",
        f"linux-kbuild-{headers}",
        "v4l2loopback-dkms",
        "busybox-static",
    )
    for deb in sorted(debs.glob("*.deb")):
        context.run(["dpkg-deb", "-x", deb, root])
    context.run(["depmod", "-b", root, release])
    for at, path in enumerate(load_order(context, root, release)):
        name = path.name.removesuffix(".xz")
        context.run(["xz", "-dc", path], stdout=modules / f"{at:03}-{name}")
    loopback = build_loopback(context, root, release)
    shutil.copy(loopback, modules / "900-v4l2loopback.ko")
    shutil.copy(root / f"boot/vmlinuz-{release}", ready / "vmlinuz")
    shutil.copy(root / "bin/busybox", ready / "busybox")
    shutil.rmtree(root)
    shutil.rmtree(debs)
    (ready / "complete").write_text(release + "\n", encoding="utf-8")


def newest(context: Context) -> str:
    """The release of the kernel that the series' package stands for, such as `6.12.117+deb12-amd64`."""
    if system.may_install():
        context.run(["apt-get", "-o", "Acquire::Retries=3", "update", "-q"])
    for name in KERNELS:
        shown = subprocess.run(
            ["apt-cache", "depends", name], capture_output=True, text=True, check=False
        ).stdout
        if found := re.search(r"Depends: linux-image-(\S+-amd64)\b", shown):
            return found[1]
    raise StageError(f"the system's packages have none of {' '.join(KERNELS)}")


def download(context: Context, to: Path, *names: str) -> None:
    """Fetches packages without installing them."""
    context.run(["apt-get", "-o", "Acquire::Retries=3", "download", "-q", *names], cwd=to)


def load_order(context: Context, root: Path, release: str) -> list[Path]:
    """The module files that the drivers need, each after those that it needs itself."""
    order: list[Path] = []
    for module in MODULES:
        out = context.directory / f"vm-depends-{module}.txt"
        context.run(["modprobe", "-d", root, "-S", release, "--show-depends", module], stdout=out)
        for line in out.read_text(encoding="utf-8").splitlines():
            words = line.split()
            if words[:1] == ["insmod"] and Path(words[1]) not in order:
                order.append(Path(words[1]))
    if not order:
        raise StageError(f"modprobe names no file for {' '.join(MODULES)}")
    return order


def build_loopback(context: Context, root: Path, release: str) -> Path:
    """Compiles v4l2loopback for that kernel, whose headers stand in `root` instead of `/usr/src`."""
    headers = root / f"usr/src/linux-headers-{release}"
    makefile = headers / "Makefile"
    text = makefile.read_text(encoding="utf-8")
    makefile.write_text(text.replace("/usr/src/", f"{root}/usr/src/"), encoding="utf-8")
    (headers / "vmlinux").unlink(missing_ok=True)  # with it, the build wants pahole for type information
    sources = next((root / "usr/src").glob("v4l2loopback-*"))
    # v4l2loopback 0.12.7 calls strlcpy, which Linux 6.8 removed.
    context.run(["make", "-C", headers, f"M={sources}", "KCFLAGS=-Dstrlcpy=strscpy", "modules"])
    return sources / "v4l2loopback.ko"
