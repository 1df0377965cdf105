"""Reads what test runners said: cargo's logs and pytest's XML, into one table of test names and verdicts."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from stage import Count

OK, FAILED, SKIPPED = "ok", "failed", "skipped"

_RUNNING = re.compile(r"^\s+Running .*\((?P<path>[^()]+)\)$")
_DOC_TESTS = re.compile(r"^\s+Doc-tests (?P<crate>\S+)$")
_TEST = re.compile(r"test (?P<name>\S.*?)(?: - should panic)? \.\.\. (?P<verdict>ok|FAILED|ignored)\b")
_DOC_LINE = re.compile(r" \(line \d+\)(?: - compile(?: fail)?)?")
_SUMMARY = re.compile(r"^test result: .* finished in (?P<seconds>[0-9.]+)s")


@dataclass(frozen=True)
class Suite:
    """One test program of cargo's and how long it took."""

    name: str
    seconds: float
    tests: int


def executables(messages: str, packages: dict[str, str]) -> dict[str, str]:
    """From `cargo test --no-run --message-format=json`: program path -> `package` or `package::test file`.

    `packages` maps package ids to names (from `cargo metadata`).
    """
    found = {}
    for line in messages.splitlines():
        if not line.startswith("{"):
            continue
        message = json.loads(line)
        if (
            message.get("reason") != "compiler-artifact"
            or not message.get("executable")
            or not message["profile"]["test"]
        ):
            continue
        package = packages[message["package_id"]]
        kinds = message["target"]["kind"]
        found[message["executable"]] = (
            f"{package}::{message['target']['name']}" if "test" in kinds else package
        )
    return found


def cargo(log: str, programs: dict[str, str]) -> tuple[dict[str, str], list[Suite]]:
    """From the output of `cargo test`: `rust:package::path` -> verdict, and the time of every program."""
    verdicts: dict[str, str] = {}
    suites: list[Suite] = []
    suite, tests = "", 0
    for line in log.splitlines():
        if running := _RUNNING.match(line):
            path = running["path"]
            suite, tests = (
                next((name for program, name in programs.items() if program.endswith(path)), path),
                0,
            )
        elif documented := _DOC_TESTS.match(line):
            suite, tests = f"{documented['crate'].replace('_', '-')}::doc", 0
        elif summary := _SUMMARY.match(line):
            suites.append(Suite(suite, float(summary["seconds"]), tests))
        for test in _TEST.finditer(line):
            if line.startswith("test result:"):
                break
            # A doc test is `src/lib.rs - item (line 7)`; without the line it keeps its name when text moves.
            name = f"rust:{suite}::{_DOC_LINE.sub('', test['name']).replace(' - ', '::')}"
            verdict = {"ok": OK, "FAILED": FAILED, "ignored": SKIPPED}[test["verdict"]]
            # Library and program, or two examples of one item, may share a name: the worse counts.
            verdicts[name] = worse(verdicts.get(name, OK), verdict)
            tests += 1
    return verdicts, suites


def pytest(report: Path) -> dict[str, str]:
    """From pytest's XML (`junit_family=xunit1`): `python:file::Class::test[param]` -> verdict."""
    verdicts = {}
    for case in ElementTree.parse(report).iter("testcase"):
        file, name = case.get("file", ""), case.get("name", "")
        module = file.removesuffix(".py").replace("/", ".")
        within = case.get("classname", "").removeprefix(module).strip(".").replace(".", "::")
        verdict = OK
        if case.find("failure") is not None or case.find("error") is not None:
            verdict = FAILED
        elif case.find("skipped") is not None:
            verdict = SKIPPED
        verdicts[f"python:{file}::" + (f"{within}::" if within else "") + name] = verdict
    return verdicts


def unittest(log: str) -> Count:
    """From the output of Python's own `unittest`."""
    ran = sum(int(number) for number in re.findall(r"^Ran (\d+) tests?", log, re.MULTILINE))
    named = {
        name: sum(
            int(number) for number in re.findall(rf"^(?:OK|FAILED) \(.*?{name}=(\d+)", log, re.MULTILINE)
        )
        for name in ("failures", "errors", "skipped")
    }
    failed = named["failures"] + named["errors"]
    return Count(ran - failed - named["skipped"], failed, named["skipped"])


def worse(first: str, second: str) -> str:
    """The verdict that counts when one name has two."""
    order = (FAILED, SKIPPED, OK)
    return min(first, second, key=order.index)


def count(verdicts: Iterable[str]) -> Count:
    """How many of each."""
    total = Count()
    for verdict in verdicts:
        total += Count(verdict == OK, verdict == FAILED, verdict == SKIPPED)
    return total
