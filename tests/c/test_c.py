"""The C library through C: every compiler here, the golden vectors, bad arguments under the sanitizers."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
INCLUDE = ROOT / "src" / "capi" / "include"
VECTORS = ROOT / "tests" / "vectors"
STRICT = ["-Wall", "-Wextra", "-Werror", "-pedantic"]
SYSTEM = ["-lpthread", "-ldl", "-lm"]
CROSS = ("arm-none-eabi-gcc", "riscv64-unknown-elf-gcc", "xtensa-lx106-elf-gcc")


def run(*command: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False, **options
    )
    assert done.returncode == 0, f"{command}: {done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    return done


@pytest.fixture(scope="session")
def library() -> Path:
    """libfaceiot.a for this host, by the build that the wheel and the tests share."""
    run(
        "cargo",
        "rustc",
        "-p",
        "faceiot-capi",
        "--features",
        "std",
        "--crate-type",
        "staticlib",
        "--locked",
        cwd=ROOT,
    )
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    found = target / "debug" / "libfaceiot_capi.a"
    assert found.exists()
    return found


def compilers() -> list[str]:
    assert shutil.which("gcc"), "gcc is not installed"
    assert shutil.which("g++"), "g++ is not installed"
    return [name for name in ("gcc", "clang", *CROSS) if shutil.which(name)]


@pytest.mark.parametrize("standard", ["c99", "c11", "c17"])
@pytest.mark.parametrize("compiler", compilers())
def test_the_header_is_clean_c(compiler: str, standard: str, tmp_path: Path) -> None:
    source = tmp_path / "header.c"
    source.write_text('#include "faceiot.h"\nint unused;\n')
    strict = [*STRICT, "-Wstrict-prototypes", *(["-ffreestanding"] if compiler in CROSS else [])]
    run(compiler, f"-std={standard}", *strict, f"-I{INCLUDE}", "-fsyntax-only", source)


@pytest.mark.parametrize("standard", ["c++98", "c++11", "c++20"])
def test_the_header_is_clean_cpp(standard: str, tmp_path: Path) -> None:
    source = tmp_path / "header.cpp"
    source.write_text('#include "faceiot.h"\n')
    run("g++", f"-std={standard}", *STRICT, "-Wno-long-long", f"-I{INCLUDE}", "-fsyntax-only", source)


def build(source: str, library: Path, folder: Path, *flags: str) -> Path:
    program = folder / Path(source).stem
    run("gcc", "-std=c99", *STRICT, *flags, f"-I{INCLUDE}", HERE / source, library, *SYSTEM, "-o", program)
    return program


def line(*fields: object) -> str:
    return "\t".join("\\N" if field is None else str(field) for field in fields) + "\n"


def suites(file: str) -> dict[str, dict[str, Any]]:
    return json.loads((VECTORS / file).read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def aliyun_cases() -> list[tuple[str, str]]:
    cases = []
    for case in suites("aliyun.json")["iot_mqtt_login_formula"].values():
        given, wanted = case["input"], case["expected"]
        if "sign_method" not in given:
            continue  # an SDK's own order of items: the signed text is in the Rust and MicroPython runs
        for lower, password in ((0, wanted["password_upper"]), (1, wanted["password_lower"])):
            extra = given["extra"].strip(",") or None
            mode = given["securemode"]
            host = f"{given['product_key']}.iot-as-mqtt.cn-shanghai.aliyuncs.com"
            port = 1883 if mode == 3 else 8883
            cases.append(
                (
                    line(
                        "aliyun", given["sign_method"], given["product_key"], given["device_name"],
                        given["device_secret"], given["client_id"], given["timestamp"], extra, None, None, mode, lower,
                    ),
                    line(host, port, wanted["client_id"], wanted["username"], password),
                )
            )  # fmt: skip
    for case in suites("aliyun.json")["seed001_aliyunmqtt_cpp"].values():
        given, wanted = case["input"], case["expected"]
        cases.append(
            (
                line(
                    "aliyun", "hmacsha256", given["product_key"], given["device_name"], given["device_secret"],
                    given["device_name"], given["millis"], None, given["region"], None, 3, 0,
                ),
                line(wanted["host"], wanted["port"], wanted["client_id"], wanted["username"], wanted["password"]),
            )
        )  # fmt: skip
    return cases


def huawei_cases() -> list[tuple[str, str]]:
    cases = []
    for case in suites("huawei_meituan.json")["huawei_device_sign"].values():
        given, wanted = case["input"], case["expected"]
        if wanted["password"] is None or given.get("bs_mode") == 2:
            continue  # X.509, and registration groups (another signature)
        cases.append(
            (
                line(
                    "huawei",
                    given["id"],
                    given["secret"],
                    given["timestamp"],
                    given.get("check_timestamp", 1),
                ),
                line("h", 8883, wanted["client_id"], wanted["username"], wanted["password"]),
            )
        )
    return cases


def registration_cases() -> list[tuple[str, str]]:
    cases = []
    for case in suites("aliyun.json")["iot_dynreg_https"].values():
        given, wanted = case["input"], case["expected"]
        form = wanted.get("form") or wanted["body"]
        cases.append(
            (
                line(
                    "register", given.get("sign_method", "hmacsha256"), given["product_key"], given["device_name"],
                    given["product_secret"], given["random"], None, 0, 0,
                ),
                line(0, "https://iot-auth.cn-shanghai.aliyuncs.com/auth/register/device", form),
            )
        )  # fmt: skip
    for name, case in suites("aliyun.json")["iot_mqtt_login_linkkit"].items():
        if not name.startswith("dynreg_"):
            continue
        given, wanted = case["input"], case["expected"]
        cases.append(
            (
                line(
                    "register-mqtt", "hmacsha256", given["product_key"], given["device_name"], given["product_secret"],
                    given["random"], given.get("instance_id"), int(given["auth_type"] == "regnwl"), 2,
                ),
                line(wanted["host"], wanted["port"], wanted["client_id"], wanted["username"], wanted["password"]),
            )
        )  # fmt: skip
    return cases


def chunk_cases() -> list[tuple[str, str]]:
    cases = []
    for case in suites("huawei_meituan.json")["seed_chunk_wire"].values():
        wanted = case["expected"]
        for kind in ("memory", "callback", "unknown"):
            cases.append(
                (
                    line("hex", case["input"]["bytes"], kind),
                    line("+", wanted["sha256_concat_payloads"]) + line(0, wanted["message_count"], 1),
                )
            )
    for case in suites("chunk_v2.json")["chunk_v2"].values():
        given, wanted = case["input"], case["expected"]
        for kind in ("memory", "callback") if given["length_known"] else ("unknown",):
            cases.append(
                (
                    line(
                        "v2", given["octets"], kind, given["chunk_data_size"], given["epoch"], given["frame_id"],
                        given["time_ms"], given["content_type"], int(given["retransmit"]),
                    ),
                    line("+", wanted["sha256_of_joined"]) + line(0, wanted["count"], 1),
                )
            )  # fmt: skip
    return cases


def hashed(printed: str) -> list[str]:
    """What the program printed, the messages of a photo (`+` and hex) as one hash of all of them."""
    lines = []
    messages = []
    for text in printed.splitlines():
        if text.startswith("+"):
            messages.append(bytes.fromhex(text[1:]))
            continue
        if messages:
            lines.append("+\t" + hashlib.sha256(b"".join(messages)).hexdigest())
            messages.clear()
        lines.append(text)
    return lines


@pytest.mark.parametrize(
    "cases",
    [aliyun_cases, huawei_cases, registration_cases, chunk_cases],
    ids=["aliyun", "huawei", "registration", "chunks"],
)
def test_every_vector_gives_the_same_through_c(cases: Any, library: Path, tmp_path: Path) -> None:
    expected = cases()
    assert len(expected) >= 9
    program = build(
        "vectors.c", library, tmp_path, "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"
    )
    printed = run(program, input="".join(given for given, _ in expected)).stdout
    assert hashed(printed) == [*"".join(wanted for _, wanted in expected).splitlines(), "end"]


def test_every_function_of_the_header_gets_bad_arguments() -> None:
    code = re.sub(r"/\*.*?\*/", "", (INCLUDE / "faceiot.h").read_text(encoding="utf-8"), flags=re.DOTALL)
    functions = set(re.findall(r"\b(faceiot_\w+)\(", code))
    tested = set(re.findall(r"\bfaceiot_\w+", (HERE / "edges.c").read_text(encoding="utf-8")))
    assert len(functions) > 30
    assert functions <= tested, f"edges.c lacks {sorted(functions - tested)}"


def test_bad_arguments_get_a_status_and_nothing_is_written(library: Path, tmp_path: Path) -> None:
    program = build(
        "edges.c", library, tmp_path, "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"
    )
    printed = run(program).stdout
    checks = int(printed.split()[0])
    assert checks > 500, printed


def test_valgrind_finds_nothing_in_what_bad_arguments_do(library: Path, tmp_path: Path) -> None:
    program = build("edges.c", library, tmp_path, "-O1", "-g")
    options = ["--error-exitcode=9", "--leak-check=full", "--errors-for-leak-kinds=definite,possible"]
    assert "checks" in run("valgrind", "-q", *options, program).stdout


def test_the_abi_changes_only_with_the_version() -> None:
    """A symbol, a constant or a struct that changes needs a new line here, and a version that says so."""
    header = (INCLUDE / "faceiot.h").read_text()
    version = ".".join(
        next(part.split()[-1] for part in header.splitlines() if f"FACEIOT_VERSION_{name} " in part)
        for name in ("MAJOR", "MINOR", "PATCH")
    )
    lines = []
    comment = False
    for text in header.splitlines():
        code = text
        if comment and "*/" in code:
            code, comment = code.split("*/", 1)[1], False
        elif comment:
            continue
        while "/*" in code:
            before, rest = code.split("/*", 1)
            comment = "*/" not in rest
            code = before + (rest.split("*/", 1)[1] if not comment else "")
        if code.strip():
            lines.append(" ".join(code.split()))
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]
    known = dict(
        entry.split() for entry in (HERE / "abi.txt").read_text().splitlines() if not entry.startswith("#")
    )
    assert known.get(version) == digest, (
        f"faceiot.h of {version} is {digest}: raise the version, then add it to abi.txt"
    )
