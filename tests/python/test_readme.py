"""The README's code runs, and both languages show the same code."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

FENCE = re.compile(r"^```(\w+)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
READMES = ("README.md", "README.zh-CN.md")


def blocks(text: str) -> list[tuple[str, str]]:
    return FENCE.findall(text)


def without_words(code: str) -> str:
    """The code without what is translated: comments and empty lines."""
    lines = (re.sub(r"\s*(#|//)(?!!).*$", "", line) for line in code.splitlines())
    return "\n".join(line for line in lines if line.strip())


@pytest.mark.parametrize("name", READMES)
@pytest.mark.timeout(120)
def test_the_python_of_the_readme_runs(repository, tmp_path, name):
    """Every block in order, in one process, as a reader would paste them."""
    codes = [
        code for language, code in blocks((repository / name).read_text("utf-8")) if language == "python"
    ]
    assert codes, f"{name} shows no Python"
    script = tmp_path / "readme.py"
    script.write_text("\n".join(codes), "utf-8")
    run = subprocess.run(
        [sys.executable, "-W", "error", script.name],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert run.returncode == 0, f"{run.stdout}\n{run.stderr}"


def test_both_languages_show_the_same_code(repository):
    english, chinese = (
        [(language, without_words(code)) for language, code in blocks((repository / name).read_text("utf-8"))]
        for name in READMES
    )
    assert english == chinese
    assert english
