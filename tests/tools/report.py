"""The end of a run: acceptance, the table of stages, and the line with the number of tests."""

from __future__ import annotations

import json
import os

import acceptance
import place
import python_stages
import results
import rust_stages
from stage import Context, Count, Run, StageError

VERDICTS = "verdicts.json"


def verdicts(context: Context) -> dict[str, str]:
    """Every test and stage of this run with its verdict."""
    found, _ = rust_stages.cargo_verdicts(context.directory)
    for name in python_stages.REPORTS:
        if (context.directory / name).exists():
            found |= results.pytest(context.directory / name)
    for name, outcome in context.outcomes().items():
        found[f"make:{name}"] = results.OK if outcome.state == "ok" else results.FAILED
    return found


def accept(context: Context) -> None:
    """What was promised is shown by tests that ran and passed in this run."""
    found = verdicts(context)
    (context.directory / VERDICTS).write_text(json.dumps(found, indent=1, sort_keys=True), encoding="utf-8")
    promised, wrong = acceptance.check(place.ROOT / "docs/acceptance", found)
    for line in wrong:
        context.note(line)
    context.count = Count(promised - min(promised, len(wrong)), len(wrong))
    context.note(f"{promised} promises, {len(wrong)} problems")
    skipped = sorted(name for name, verdict in found.items() if verdict == results.SKIPPED)
    for name in skipped:
        context.note(f"skipped: {name}")
    if skipped and os.environ.get("CI") == "true":
        raise StageError(
            f"{len(skipped)} tests were skipped, which is a failure where everything can be installed"
        )


def report(run: Run, *, good: bool) -> int:
    """Prints the table and, last, how many tests passed and failed. Returns the exit status."""
    total = run.count()
    print(f"\n{run.table()}\n")
    for name, outcome in run.outcomes.items():
        if outcome.state != "ok":
            print(f"{name}: {outcome.state} - {outcome.why}")
    if good:
        python_stages.tidy(run.directory)
    print(
        f"{total.passed} passed, {total.failed} failed"
        + (f", {total.skipped} skipped" if total.skipped else ""),
        flush=True,
    )
    return 0 if good else 1
