"""Live oracles: the vendors' SDKs sign random requests, and so does the Rust core. Nothing is sent.

`python3 tests/tools/run.py test --only oracles` installs the SDKs and runs all of it.
ORACLE_SEED repeats a run.
"""

from __future__ import annotations

import os
import secrets
import subprocess
from pathlib import Path

import pytest
from oracle import Oracle, build

HERE = Path(__file__).parent
SEED = os.environ.get("ORACLE_SEED") or secrets.token_hex(8)
DONE: list[str] = []


def pytest_report_header() -> str:
    return f"ORACLE_SEED={SEED}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    terminalreporter.section(f"SDK and signature, seed {SEED}")
    for pair in sorted(DONE):
        terminalreporter.line(pair)


@pytest.fixture(scope="session")
def sign_lines() -> Path:
    """The program that signs with the Rust core."""
    return build()


@pytest.fixture(scope="session")
def oracle(sign_lines: Path) -> Oracle:
    """What compares an SDK with the Rust core."""
    return Oracle(sign_lines, SEED, DONE)


@pytest.fixture(scope="session")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`node_modules` with the SDKs for Node.js: given by the run, or installed now."""
    given = os.environ.get("ORACLE_NODE_MODULES")
    if given:
        return Path(given)
    folder = tmp_path_factory.mktemp("node")
    for name in ("package.json", "package-lock.json"):
        (folder / name).write_bytes((HERE / name).read_bytes())
    subprocess.run(["npm", "ci", "--ignore-scripts", "--silent"], cwd=folder, check=True, timeout=200)
    return folder / "node_modules"
