"""POP and Tablestore against the vendors' SDKs for Node.js."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from draw import lists
from oracle import CASES, Case, Line, Oracle

if TYPE_CHECKING:
    from collections.abc import Callable

    from draw import Draw

PROGRAM = Path(__file__).with_name("sign.js")
POP = "@alicloud/pop-core"


def signed(modules: Path, lines: list[Line]) -> list[dict[str, Any]]:
    """What the SDK makes of each line, in one process."""
    given = "".join(json.dumps(line) + "\n" for line in lines)
    ran = subprocess.run(
        ["node", PROGRAM, modules], input=given.encode(), capture_output=True, check=False, timeout=120
    )
    assert ran.returncode == 0, ran.stderr.decode()
    return [json.loads(line) for line in ran.stdout.decode().split("\n") if line]


def compare(
    oracle: Oracle,
    modules: Path,
    sdk: str,
    signature: str,
    make: Callable[[Draw], Line],
    expect: Callable[[Line, dict[str, Any]], Case],
) -> None:
    """Draws all the cases, lets the SDK sign them, and compares."""
    draw = oracle.draw(sdk, signature)
    lines = [make(draw) for _ in range(CASES)]
    sent = signed(modules, lines)
    cases = [expect(line, answer) for line, answer in zip(lines, sent, strict=True)]
    oracle.check(sdk, signature, draw, cases)


def base(draw: Draw, kind: str, *methods: str) -> Line:
    line: Line = {"kind": kind, "method": draw.of(*methods)}
    line |= {"access_key_id": draw.token(), "access_key_secret": draw.secret()}
    if draw.maybe(0.3):
        line["security_token"] = draw.text(200)
    return line


def test_rpc_is_signed_as_pop_core_does(oracle: Oracle, modules: Path) -> None:
    def make(draw: Draw) -> Line:
        parameters = draw.pairs()
        draw.drew(parameters)
        return base(draw, "aliyun-rpc", "GET", "POST") | {"parameters": lists(parameters)}

    def expect(line: Line, sent: dict[str, Any]) -> Case:
        text = sent["body"] if line["method"] == "POST" else sent["url"].partition("?")[2]
        line["query"] = parse_qsl(text, keep_blank_values=True)
        return Case(line, {"signature": dict(line["query"])["Signature"], "accepted": True})

    compare(oracle, modules, POP, "POP RPC", make, expect)


def test_roa_is_signed_as_pop_core_does(oracle: Oracle, modules: Path) -> None:
    def make(draw: Draw) -> Line:
        parameters, headers, path = draw.pairs(), draw.headers("x-acs-"), "/" + draw.text(without="?")
        draw.drew(parameters + headers, [path])
        line = base(draw, "aliyun-roa", "GET", "PUT", "POST", "DELETE") | {
            "path": path,
            "more": dict(headers),
        }
        return line | {"parameters": dict(parameters), "body": draw.text(200)}

    def expect(line: Line, sent: dict[str, Any]) -> Case:
        authorization = sent["headers"]["authorization"]
        line |= {"query": list(line["parameters"].items()), "authorization": authorization}
        line["headers"] = [(name, str(value)) for name, value in sent["headers"].items()]
        return Case(line, {"sent": authorization, "accepted": True})

    compare(oracle, modules, POP, "POP ROA", make, expect)


def test_tablestore_version_2_is_signed_as_the_sdk_for_node_does(oracle: Oracle, modules: Path) -> None:
    def make(draw: Draw) -> Line:
        headers, body = draw.headers("x-ots-x"), draw.text(200)
        draw.drew(headers)
        digest = base64.b64encode(hashlib.md5(body.encode(), usedforsecurity=False).digest()).decode()
        line = base(draw, "tablestore-v2", "POST") | {"path": "/PutRow", "body": body}
        return line | {
            "more": dict(headers) | {"x-ots-contentmd5": digest, "x-ots-instancename": draw.text()}
        }

    def expect(line: Line, sent: dict[str, Any]) -> Case:
        line["headers"] = list(sent["headers"].items())
        return Case(line, {"signature": sent["headers"]["x-ots-signature"], "accepted": True})

    compare(oracle, modules, "tablestore (Node.js)", "Tablestore V2", make, expect)
