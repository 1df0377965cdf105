"""`make test`, `make lint` and their kin: the stages of a run, in order, with their seconds at the end.

`python3 tests/tools/run.py test|lint|wheel|fuzz|doc|bench [--only STAGE ...]`, or `--tool ruff ...` for a
pinned tool. Only Python's standard library is needed to start; the rest is fetched.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036 - this file is what tells so
    sys.exit("error: Python 3.11 or newer is needed to run this")

import micropython_stages as micropython
import place
import python_stages as python
import rust_stages as rust
import system
import vm
import vm_kernel
import wheels
from report import accept, report
from stage import Run, Stage, fail

CARGO = ("packages", "fetch")
TEST = [
    # beside the compiler: what mostly waits for a download
    Stage("packages", lambda context: system.install(context, system.BUILD), lane="side"),
    Stage("tools", python.tools, lane="side"),
    Stage("ruff", python.ruff, needs=("tools",), lane="side"),
    Stage("deny", rust.deny, needs=("tools", "fetch"), lane="side"),
    Stage("peers", lambda context: system.install(context, system.PEERS), lane="side"),
    Stage("python-env", python.environment, lane="side"),
    Stage("micropython-env", python.micropython_environment, lane="side"),
    Stage("embedded", lambda context: system.install(context, system.EMBEDDED), lane="side"),
    Stage("node", lambda context: system.install(context, system.NODE), lane="side"),
    Stage("micropython-packages", micropython.packages, lane="side"),
    Stage("oracles-env", python.oracles_environment, needs=("node",), lane="side"),
    Stage("vm-packages", vm.packages, lane="side"),
    Stage("vm-kernel", vm_kernel.kernel, needs=("packages", "vm-packages"), lane="side"),
    # what keeps the processors busy, the quick ones first
    Stage("tools-tests", python.tools_tests),
    Stage("layers", rust.layers),
    Stage("fmt", rust.fmt),
    Stage("fetch", rust.fetch),
    Stage("notices", rust.notices, needs=("fetch",)),
    Stage("clippy", rust.clippy, needs=CARGO),
    Stage("clippy-each", rust.clippy_each, needs=CARGO),
    Stage("doc", rust.doc, needs=CARGO),
    Stage("no-std", rust.no_std, needs=CARGO),
    Stage("build", rust.build_tests, needs=CARGO),
    Stage("demo", rust.demo, needs=CARGO),
    Stage("wheel", python.tested_wheel, needs=(*CARGO, "tools")),
    Stage("cargo-test", rust.test, needs=("build", "peers")),
    # Beside the tests, which mostly wait; not beside the builds, which need both cores.
    Stage("fuzz", rust.fuzz, needs=(*CARGO, "wheel"), lane="side"),
    Stage("vm", vm.run, needs=("vm-kernel", "python-env", *CARGO), lane="side"),
    Stage("other-systems", rust.other_systems, needs=("micropython-packages", "fetch"), lane="side"),
    Stage("pytest", python.pytest, needs=("wheel", "python-env", "peers")),
    Stage(
        "micropython-builds",
        micropython.builds,
        needs=("micropython-env", "micropython-packages", "node", *CARGO),
    ),
    Stage("micropython", python.micropython, needs=("micropython-builds", "wheel", "peers")),
    Stage("micropython-native", micropython.native, needs=("micropython-builds", "wheel", "peers")),
    Stage("firmware", python.firmware, needs=(*CARGO, "python-env", "embedded")),
    Stage("c", python.c, needs=("build", "firmware", "python-env", "embedded")),
    Stage("oracles", python.oracles, needs=("oracles-env", *CARGO)),
    Stage("stubtest", python.stubtest, needs=("wheel", "python-env")),
]
LINT = (
    "packages",
    "tools",
    "ruff",
    "deny",
    "layers",
    "fmt",
    "fetch",
    "notices",
    "clippy",
    "clippy-each",
    "doc",
)
ACCEPTANCE = Stage("acceptance", accept, after=tuple(stage.name for stage in TEST))

GROUPS = {
    "test": [*TEST, ACCEPTANCE],
    "lint": [stage for stage in TEST if stage.name in LINT],
    "wheel": [
        *(stage for stage in TEST if stage.name in ("packages", "tools", "fetch", "notices")),
        Stage("wheel", python.released_wheel, needs=(*CARGO, "tools", "notices"), limit=2400),
    ],
    **{
        f"wheel-{board.name}": [
            *(stage for stage in TEST if stage.name in ("fetch", "notices")),
            *wheels.stages(board),
        ]
        for board in wheels.BOARDS
    },
    "fuzz": [
        *(stage for stage in TEST if stage.name in CARGO),
        Stage("fuzz", rust.fuzz, needs=CARGO, limit=7200),
    ],
    "doc": [stage for stage in TEST if stage.name in (*CARGO, "doc")],
    "bench": [
        *(stage for stage in TEST if stage.name in (*CARGO, "tools")),
        Stage("peers", lambda context: system.install(context, system.PEERS), lane="side"),
        Stage("python-env", python.environment, lane="side"),
        Stage("micropython-env", python.micropython_environment, lane="side"),
        Stage("micropython-packages", micropython.packages, lane="side"),
        Stage("wheel", python.released_wheel, needs=(*CARGO, "tools"), limit=2400),
        Stage(
            "bench",
            rust.bench,
            needs=("wheel", "python-env", "micropython-env", "micropython-packages", "peers"),
            limit=3000,
        ),
    ],
}


def main() -> int:
    """Runs a group of stages; the exit status is 0 when every stage succeeded and no test failed."""
    if sys.argv[1:2] == ["--tool"]:
        return tool(sys.argv[2:])
    parser = argparse.ArgumentParser(
        prog="tests/tools/run.py", description="Runs the stages of the project's own checks."
    )
    parser.add_argument("group", choices=GROUPS)
    parser.add_argument(
        "--only", nargs="+", default=[], metavar="STAGE", help="these stages and what they need"
    )
    given = parser.parse_args()
    # What a shell starts in the background ignores Ctrl-C, and so would every child: tests of Ctrl-C too.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    stages = only(GROUPS[given.group], given.only)
    directory = place.new_run()
    print(f"target folder {place.target()}\nlogs {directory}", flush=True)
    run = Run(stages, directory, place.environment())
    try:
        good = run.all()
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    return report(run, good=good)


def only(stages: list[Stage], names: list[str]) -> list[Stage]:
    """The named stages with everything they need; all of them when no name is given."""
    if not names:
        return stages
    known = {stage.name: stage for stage in stages}
    wanted: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in known:
            fail(f"there is no stage `{name}`; there are: {' '.join(known)}")
        if name not in wanted:
            wanted.add(name)
            waiting.extend(known[name].needs)
    return [stage for stage in stages if stage.name in wanted]


def tool(command: list[str]) -> int:
    """Runs one of the pinned tools in the foreground."""
    run = Run([Stage("tools", python.tools)], place.new_run(), place.environment())
    if not run.all():
        return 1
    program = place.tools() / "bin" / command[0]
    os.chdir(place.ROOT)
    return os.execve(program, [str(program), *command[1:]], place.environment())


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    sys.exit(main())
