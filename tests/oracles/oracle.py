"""Runs cases through an SDK and through the Rust core, and says where the two differ."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from draw import CLASSES, Draw

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]
CASES = 500

Line = dict[str, Any]


@dataclass
class Case:
    """A request as the SDK signed it, and what is expected of the Rust core for it."""

    line: Line
    expected: dict[str, Any]


@dataclass
class Oracle:
    """Compares; keeps the list of what it compared."""

    program: Path
    seed: str
    done: list[str] = field(default_factory=list)

    def compare(self, sdk: str, signature: str, make: Callable[[Draw], Case]) -> None:
        """Five hundred cases of an SDK's signature."""
        draw = self.draw(sdk, signature)
        self.check(sdk, signature, draw, [make(draw) for _ in range(CASES)])

    def draw(self, sdk: str, signature: str) -> Draw:
        """The generator of a pair; its cases do not depend on the other pairs."""
        return Draw(f"{self.seed} {sdk} {signature}")

    def check(self, sdk: str, signature: str, draw: Draw, cases: list[Case]) -> None:
        """Every case is signed to the same signature, and what the SDK sent is accepted."""
        repeat = f"{sdk}, {signature}; again with ORACLE_SEED={self.seed}"
        missing = [name for name in CLASSES if not draw.seen[name]]
        assert not missing, f"the generator did not produce {missing}: {repeat}"
        assert len(cases) >= CASES, repeat
        answers = sign(self.program, [case.line for case in cases])
        for at, (case, answer) in enumerate(zip(cases, answers, strict=True)):
            wrong = differences(case, answer)
            text = json.dumps(case.line, ensure_ascii=False, indent=1)
            assert not wrong, f"{repeat}, case {at}\n{text}\n" + "\n".join(wrong)
        self.done.append(f"{sdk:28} {signature:24} {len(cases)} cases")


def sign(program: Path, lines: list[Line]) -> list[dict[str, Any]]:
    """What the Rust core says to each line."""
    given = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    ran = subprocess.run([program], input=given.encode(), capture_output=True, check=False, timeout=120)
    assert ran.returncode == 0, ran.stderr.decode()
    return [json.loads(line) for line in ran.stdout.splitlines()]


def differences(case: Case, answer: dict[str, Any]) -> list[str]:
    """What of the answer is not as expected; `parameters` are those of `sent`, in any order."""
    if "error" in answer:
        return [f"error: {answer['error']}"]
    wrong = []
    for name, expected in case.expected.items():
        if name == "parameters":
            actual: Any = sorted(parse_qsl(answer["sent"], keep_blank_values=True))
        else:
            actual = answer[name]
        if actual != expected:
            wrong.append(f"{name}\n  SDK  {expected!r}\n  ours {actual!r}")
    if wrong and "string_to_sign" not in case.expected:
        wrong += [f"we signed {answer.get(name)!r}" for name in ("canonical", "string_to_sign")]
    return wrong


def build(example: str = "sign_lines") -> Path:
    """Builds the example and returns its program."""
    options = ["--locked", "--quiet", "-p", "faceiot-core", "--example", example, "--message-format=json"]
    built = subprocess.run(
        ["cargo", "build", *options], cwd=ROOT, capture_output=True, check=False, text=True, env=os.environ
    )
    assert built.returncode == 0, built.stderr
    messages = [json.loads(line) for line in built.stdout.splitlines()]
    programs = [message["executable"] for message in messages if message.get("executable")]
    assert len(programs) == 1, built.stdout
    return Path(programs[0])
