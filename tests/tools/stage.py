"""Stages of a run: what needs what, how long it took, what it counted, and where its log is.

Two lanes run side by side: `main` for what keeps the processors busy, `side` for what waits for downloads. A
stage whose need failed is reported as blocked; every other stage still runs.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self


class StageError(Exception):
    """What a stage says when it cannot succeed; the text is shown to the user as it is."""


@dataclass
class Count:
    """Tests counted by a stage."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __iadd__(self, other: Count) -> Self:
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        return self


@dataclass(frozen=True)
class Stage:
    """One step of a run."""

    name: str
    action: Callable[[Context], None]
    needs: tuple[str, ...] = ()
    after: tuple[str, ...] = ()  # waited for, whatever came of it
    lane: str = "main"
    limit: float = 900.0


@dataclass
class Outcome:
    """How a stage ended: `ok`, `failed` or `blocked` (by `why`)."""

    state: str
    seconds: float = 0.0
    cpu: float = 0.0
    why: str = ""
    count: Count = field(default_factory=Count)


class Context:
    """What a stage's action gets: it runs commands into the stage's log and counts tests."""

    def __init__(self, stage: Stage, log: Path, env: Mapping[str, str], run: Run) -> None:
        self.stage = stage
        self.log = log
        self.env = dict(env)
        self.directory = log.parent
        self.count = Count()
        self.cpu = 0.0
        self._deadline = time.monotonic() + stage.limit
        self._run = run

    def outcomes(self) -> dict[str, Outcome]:
        """How the stages that ended before this one ended."""
        return dict(self._run.outcomes)

    def note(self, text: str) -> None:
        """Writes a line into the log."""
        with self.log.open("a", encoding="utf-8") as out:
            out.write(text.rstrip("\n") + "\n")

    def run(
        self,
        command: Iterable[str | Path],
        *,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        stdout: Path | None = None,
        check: bool = True,
    ) -> int:
        """Runs a command without standard input, its output going to the log (or `stdout`)."""
        words = [str(word) for word in command]
        self.note("$ " + " ".join(words))
        with contextlib.ExitStack() as stack:
            log = stack.enter_context(self.log.open("ab"))
            out = stack.enter_context(stdout.open("wb")) if stdout else log
            try:
                child = subprocess.Popen(
                    words,
                    cwd=cwd,
                    env={**self.env, **(env or {})},
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=log,
                    start_new_session=True,
                )
            except FileNotFoundError as error:
                raise StageError(f"`{words[0]}` is not installed or not in PATH") from error
            with self._run.child(child):
                status = self._wait(child)
        if check and status != 0:
            raise StageError(
                f"`{' '.join(words[:4])}{' ...' if len(words) > 4 else ''}` ended with status {status}"
            )
        return status

    def _wait(self, child: subprocess.Popen[bytes]) -> int:
        # wait4 tells the processor time of this child and all it waited for: comparable on a busy machine.
        expired = threading.Event()

        def expire() -> None:
            expired.set()
            kill_group(child.pid)

        timer = threading.Timer(max(0.0, self._deadline - time.monotonic()), expire)
        timer.start()
        try:
            _, status, usage = os.wait4(child.pid, 0)
        finally:
            timer.cancel()
        self.cpu += usage.ru_utime + usage.ru_stime
        child.returncode = os.waitstatus_to_exitcode(status)
        if expired.is_set():
            raise StageError(f"no end after {self.stage.limit:.0f} s, stopped")
        return child.returncode


class Run:
    """Runs stages and remembers how each ended."""

    def __init__(
        self, stages: list[Stage], directory: Path, env: Mapping[str, str], *, quiet: bool = False
    ) -> None:
        self.stages = stages
        self.directory = directory
        self.env = env
        self.outcomes: dict[str, Outcome] = {}
        self._done = {stage.name: threading.Event() for stage in stages}
        self._children: set[int] = set()
        self._stopping = False
        self._lock = threading.Lock()
        self._started = time.monotonic()
        self._quiet = quiet
        for stage in stages:
            unknown = [need for need in stage.needs + stage.after if need not in self._done]
            if unknown:
                raise ValueError(f"stage `{stage.name}` needs `{unknown[0]}`, which is not part of this run")

    def all(self) -> bool:
        """Runs every stage; True when all of them succeeded."""
        self.directory.mkdir(parents=True, exist_ok=True)
        lanes: dict[str, list[Stage]] = {}
        for stage in self.stages:
            lanes.setdefault(stage.lane, []).append(stage)
        threads = [threading.Thread(target=self._lane, args=(lane,), daemon=True) for lane in lanes.values()]
        for thread in threads:
            thread.start()
        try:
            for thread in threads:
                thread.join()
        except KeyboardInterrupt:
            self._stop()
            raise
        return all(outcome.state == "ok" for outcome in self.outcomes.values())

    def seconds(self) -> float:
        """Seconds since the run began."""
        return time.monotonic() - self._started

    def count(self) -> Count:
        """Tests of all stages; a stage that counts none of its own counts as one."""
        total = Count()
        for outcome in self.outcomes.values():
            total += outcome.count
            own = outcome.count.passed + outcome.count.failed
            if outcome.state != "ok" and outcome.count.failed == 0:
                total.failed += 1
            elif own == 0:
                total.passed += 1
        return total

    def table(self) -> str:
        """The stages with their wall and processor seconds."""
        rows = [("stage", "result", "seconds", "cpu", "passed", "failed", "skipped")]
        for stage in self.stages:
            outcome = self.outcomes[stage.name]
            numbers = (outcome.count.passed, outcome.count.failed, outcome.count.skipped)
            rows.append(
                (
                    stage.name if stage.lane == "main" else f"{stage.name} (beside)",
                    outcome.state,
                    f"{outcome.seconds:.1f}",
                    f"{outcome.cpu:.1f}",
                    *(str(number) if any(numbers) else "" for number in numbers),
                )
            )
        cpu = sum(outcome.cpu for outcome in self.outcomes.values())
        rows.append(("all", "", f"{self.seconds():.1f}", f"{cpu:.1f}", "", "", ""))
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        return "\n".join(
            "  ".join(
                cell.ljust(width) if at < 2 else cell.rjust(width)
                for at, (cell, width) in enumerate(zip(row, widths, strict=True))
            )
            for row in rows
        )

    @contextlib.contextmanager
    def child(self, child: subprocess.Popen[bytes]) -> Iterable[None]:
        """Remembers a running child, so that an interrupt ends it; ends what it left behind in its group."""
        with self._lock:
            self._children.add(child.pid)
            stopping = self._stopping
        if stopping:
            kill_group(child.pid)
        try:
            yield
        finally:
            kill_group(child.pid)
            with self._lock:
                self._children.discard(child.pid)

    def _lane(self, stages: list[Stage]) -> None:
        for stage in stages:
            for need in stage.needs + stage.after:
                self._done[need].wait()
            failed = [need for need in stage.needs if self.outcomes[need].state != "ok"]
            outcome = Outcome("blocked", why=f"needs `{failed[0]}`") if failed else self._one(stage)
            self.outcomes[stage.name] = outcome
            self._say(stage, outcome)
            self._done[stage.name].set()

    def _one(self, stage: Stage) -> Outcome:
        log = self.directory / f"{stage.name}.log"
        log.write_bytes(b"")
        context = Context(stage, log, self.env, self)
        began = time.monotonic()
        state, why = "ok", ""
        try:
            stage.action(context)
        except StageError as error:
            state, why = "failed", str(error)
        except Exception as error:  # noqa: BLE001 - a defect of a stage is that stage's failure, not the end of the others
            state, why = "failed", f"{type(error).__name__}: {error}"
        if state == "ok" and context.count.failed:
            state, why = "failed", f"{context.count.failed} failed"
        return Outcome(state, time.monotonic() - began, context.cpu, why, context.count)

    def _say(self, stage: Stage, outcome: Outcome) -> None:
        if self._quiet:
            return
        line = f"[{self.seconds():6.1f} s] {stage.name}: {outcome.state}"
        line += f", {outcome.seconds:.1f} s" if outcome.state != "blocked" else ""
        line += f" - {outcome.why}" if outcome.why else ""
        with self._lock:
            print(line, flush=True)
            if outcome.state == "failed":
                log = self.directory / f"{stage.name}.log"
                print(indent(tail(log.read_text(encoding="utf-8", errors="replace"))), flush=True)
                print(f"    (whole log: {log})", flush=True)

    def _stop(self) -> None:
        with self._lock:
            self._stopping = True
            children = list(self._children)
        for pid in children:
            kill_group(pid)


def kill_group(pid: int) -> None:
    """Ends a process group that this run started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def tail(text: str, lines: int = 60) -> str:
    """The part of a log that says what went wrong: the failures that a test runner lists, or else the end."""
    rows = text.splitlines()
    for mark in ("failures:", "=================================== FAILURES"):
        at = next((at for at, row in enumerate(rows) if row.startswith(mark)), None)
        if at is not None and len(rows) - at > lines:
            return "\n".join([*rows[at : at + lines], "...", *rows[-20:]])
    return "\n".join(rows[-lines:])


def indent(text: str) -> str:
    """The text four columns to the right."""
    return "\n".join("    " + row for row in text.splitlines())


def fail(text: str) -> None:
    """Ends the program with one clear line."""
    print(f"error: {text}", file=sys.stderr)
    sys.exit(1)
