"""What a login costs on an emulated Cortex-M4F: octets of text and instructions.

`python3 tests/firmware/costs.py` prints it for the library, for each way to build it, and for its peer: the same login
in C over Debian's mbedTLS. The tables of docs/guide/c-library.md come from here.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT / "tests/tools"), str(ROOT / "tests/c/boards")]

import debian_source  # noqa: E402
import firmware  # noqa: E402
from board import BOARDS, run  # noqa: E402

LOGINS = 100
LOGIN = "faceiot_aliyun_login_sha256"
# A nanosecond of the board's time for each instruction.
COUNTED = ("-icount", "shift=0")
M4F = BOARDS["Cortex-M4F"]
BOARD = replace(M4F, defines=(f"-DLOGINS={LOGINS}",), qemu=(*M4F.qemu, *COUNTED))
FLAVOURS = {
    "as shipped": firmware.SHIPPED,
    "without `panic=immediate-abort`": firmware.Flavour(immediate_abort=False),
    "without compact SHA-2": firmware.Flavour(compact_sha2=False),
    "errors with their words (`faceiot_terse` off)": firmware.Flavour(terse=False),
    '`opt-level = "s"`': firmware.Flavour(opt_level="s"),
    "`opt-level = 3`": firmware.Flavour(opt_level="3"),
    "without link-time optimisation": firmware.Flavour(lto="off"),
}

SOURCES = ROOT / "examples/esp32cam/src"
# mbedTLS has two forms of SHA-256: rounds in a loop, and rounds written out.
PEERS = {"small": ("-DMBEDTLS_SHA256_SMALLER",), "quick": ()}
MBEDTLS = ("sha256", "md", "platform_util")
# What the two want of a C library; none of it is counted.
OF_C = (*firmware.WANTED, "calloc", "free", "memchr", "strchr", "strcspn", "strlen")


@dataclass(frozen=True)
class Cost:
    """A login: the strings that it gives, and what it costs."""

    login: tuple[str, ...]
    instructions: int
    text: int


def cost(shipped: Path) -> Cost:
    """The login of a folder with `lib` and `include`."""
    with TemporaryDirectory() as name:
        *login, instructions = BOARD.run(BOARD.build(HERE / "login.c", shipped, Path(name))).splitlines()
    return Cost(tuple(login), int(instructions), octets(shipped, LOGIN))


def octets(shipped: Path, *functions: str) -> int:
    """Octets of text of these functions, without those of a C library."""
    target = firmware.TARGETS[BOARD.triple]
    return firmware.size(target, shipped / "lib/libfaceiot.a", functions, OF_C).text


def peer(folder: Path, *flags: str) -> Path:
    """The login in C over mbedTLS with `-Os`, as a folder with `lib` and `include`."""
    mbedtls = debian_source.unpacked("mbedtls")
    files = [*(mbedtls / f"library/{name}.c" for name in MBEDTLS), SOURCES / "faceiot_portable.c"]
    settings = [
        f'-DMBEDTLS_CONFIG_FILE="{HERE / "peer_mbedtls_config.h"}"',
        "-DFACEIOT_PORTABLE_FOR_TESTS",
        *("-std=c99", "-Os", "-ffunction-sections", "-fdata-sections"),
        f"-I{mbedtls / 'include'}",
        f"-I{SOURCES}",
    ]
    (folder / "lib").mkdir(parents=True)
    (folder / "include").symlink_to(firmware.HEADER.parent)
    objects = [folder / f"{file.stem}.o" for file in files]
    for file, out in zip(files, objects, strict=True):
        run([BOARD.gcc, *BOARD.flags, *settings, *flags, "-c", file, "-o", out])
    target = firmware.TARGETS[BOARD.triple]
    run([firmware.tool(target, "ar"), "rcsD", folder / "lib/libfaceiot.a", *objects])
    return folder


def main() -> int:
    """Prints the tables."""
    target = firmware.TARGETS[BOARD.triple]
    print(
        f"{target.triple}: octets of the SHA-256 login, of it and hex, of Huawei's; instructions of a login"
    )
    for name, flavour in FLAVOURS.items():
        (shipped,) = firmware.packages([target], flavour)
        login = cost(shipped)
        both = octets(shipped, LOGIN, "faceiot_hex_next")
        huawei = octets(shipped, "faceiot_huawei_login")
        print(f"{login.text:7,} {both:7,} {huawei:7,} {login.instructions:8,}  {name}", flush=True)
    with TemporaryDirectory() as draft:
        for name, flags in PEERS.items():
            login = cost(peer(Path(draft) / name, *flags))
            print(f"{login.text:7,} {'':7} {'':7} {login.instructions:8,}  over mbedTLS, {name} SHA-256")
    return 0


if __name__ == "__main__":
    sys.exit(main())
