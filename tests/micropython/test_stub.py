"""The port's functions have the names and the parameters of the wheel's: its source beside the wheel's stub."""

from __future__ import annotations

import ast
from pathlib import Path

from conftest import PORT, ROOT

# What a photo in a small memory needs beside.
MORE = {"v2_encode": {"retransmit"}}
# Of the wheel, those that a device signs with.
SHARED = {
    "sign.py": {"aliyun_mqtt", "huawei_mqtt"},
    "register.py": {"aliyun_register", "aliyun_register_mqtt", "huawei_bootstrap"},
    "chunk.py": {"hex_encode", "v2_encode"},
}
# Of the port, what the wheel does not need: the hour comes from a clock that a firmware may lack.
OWN = {"sign.py": {"utc_hour_of"}, "register.py": set(), "chunk.py": set()}


def functions(source: Path) -> dict[str, ast.arguments]:
    tree = ast.parse(source.read_text(encoding="utf-8"))
    return {node.name: node.args for node in tree.body if isinstance(node, ast.FunctionDef) and node.name[0] != "_"}


def parameters(arguments: ast.arguments) -> tuple[list[str], dict[str, object]]:
    """Those in order, and those by keyword with their defaults."""
    defaults = [None if node is None else ast.unparse(node) for node in arguments.kw_defaults]
    return [a.arg for a in arguments.args], dict(zip((a.arg for a in arguments.kwonlyargs), defaults, strict=True))


def test_names_and_parameters_are_the_wheels() -> None:
    wheel = functions(ROOT / "python" / "faceiot" / "_faceiot.pyi")
    for module, names in SHARED.items():
        port = functions(PORT / "faceiot" / module)
        assert port.keys() == names | OWN[module], module
        for name in names:
            in_order, by_keyword = parameters(port[name])
            kept = {key: value for key, value in by_keyword.items() if key not in MORE.get(name, ())}
            if "content_type" in kept:
                kept["content_type"] = "1"  # the port gives it its name
            assert (in_order, kept) == parameters(wheel[name]), name
