"""Stages that check, build and test the Rust side."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import arrows
import firmware
import place
import python_stages
import results
import thirdparty
from stage import Context, StageError

MESSAGES = "cargo-build-messages.json"
TEST_LOG = "cargo-test.log"
PROGRAMS = "cargo-test-programs.json"
OTHER_SYSTEM = "aarch64-apple-darwin"


def fetch(context: Context) -> None:
    """Everything the lock file names, before anything is compiled."""
    context.run(["cargo", "fetch", "--locked"], cwd=place.ROOT)


def layers(context: Context) -> None:
    """Arrows between our crates point down, and each delicate library is touched by one file."""
    wrong = [*arrows.wrong_imports(metadata(context)), *arrows.scattered(place.ROOT / "src")]
    for line in wrong:
        context.note(line)
    if wrong:
        raise StageError(wrong[0])


def fmt(context: Context) -> None:
    """Formatting."""
    context.run(["cargo", "fmt", "--all", "--check"], cwd=place.ROOT)


def clippy(context: Context) -> None:
    """All lints, on everything together."""
    context.run(
        ["cargo", "clippy", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"],
        cwd=place.ROOT,
    )


def clippy_each(context: Context) -> None:
    """The same for every crate on its own, so that one crate's features do not hide what another lacks."""
    failed = [
        name
        for name in packages(context).values()
        if context.run(
            ["cargo", "clippy", "--locked", "-p", name, "--", "-D", "warnings"], cwd=place.ROOT, check=False
        )
    ]
    if failed:
        raise StageError(f"on its own fails: {' '.join(failed)}")


def doc(context: Context) -> None:
    """The documentation, its warnings being errors."""
    # The program `faceiot` and the library `faceiot` would write the same page; the library's is wanted.
    context.run(
        ["cargo", "doc", "--locked", "--workspace", "--no-deps", "--lib"],
        cwd=place.ROOT,
        env={"RUSTDOCFLAGS": "-D warnings"},
    )
    context.note(f"written to {place.target() / 'doc/faceiot/index.html'}")


def no_std(context: Context) -> None:
    """Core with no feature, and linked into a program without the standard library."""
    context.run(["sh", place.ROOT / "tests/no_std.sh"], cwd=place.ROOT)


def other_systems(context: Context) -> None:
    """The camera crate for a system without V4L2, checked with a standard library made from its sources."""
    compiler = firmware.toolchain()
    environment = {
        "PATH": f"{compiler.rustc.parent}:/usr/bin:/bin",
        "RUSTC": str(compiler.rustc),
        "RUSTC_BOOTSTRAP": "1",  # build-std is not stable yet
        "CARGO_UNSTABLE_BUILD_STD": "std,panic_unwind",
        "CARGO_TARGET_DIR": str(
            place.cache() / f"target-{place.key(OTHER_SYSTEM, (place.ROOT / 'Cargo.lock').read_bytes())}"
        ),
        # Nothing is linked: libjpeg-turbo need not be there.
        "TURBOJPEG_SOURCE": "explicit",
        "TURBOJPEG_LIB_DIR": str(context.directory),
    }
    command = ["check", "--locked", "--target", OTHER_SYSTEM, "-p", "faceiot-camera", "--lib", "--examples"]
    cargo = compiler.rustc.parent / "cargo"
    context.run(["env", "-u", "RUSTUP_TOOLCHAIN", cargo, *command], cwd=place.ROOT, env=environment)


def deny(context: Context) -> None:
    """Licences, banned and doubled crates, sources. Why no advisories: see deny.toml."""
    context.run(
        [place.tools() / "bin/cargo-deny", "--offline", "--locked", "check", "bans", "licenses", "sources"],
        cwd=place.ROOT,
    )


def notices(context: Context) -> None:
    """The licence texts that travel in the wheel are those of the lock file."""
    thirdparty.check(context)


def build_tests(context: Context) -> None:
    """Compiles every test and remembers which program belongs to which package."""
    messages = context.directory / MESSAGES
    context.run(
        ["cargo", "test", "--locked", "--workspace", "--no-run", "--message-format=json-render-diagnostics"],
        cwd=place.ROOT,
        stdout=messages,
    )
    programs = results.executables(messages.read_text(encoding="utf-8"), packages(context))
    (context.directory / PROGRAMS).write_text(json.dumps(programs), encoding="utf-8")


def test(context: Context) -> None:
    """`cargo test` of the workspace; a failing test does not keep the others from running."""
    status = context.run(
        ["cargo", "test", "--locked", "--workspace", "--no-fail-fast"], cwd=place.ROOT, check=False
    )
    verdicts, suites = cargo_verdicts(context.directory)
    context.count = results.count(verdicts.values())
    context.note("slowest test programs:")
    for suite in sorted(suites, key=lambda suite: -suite.seconds)[:8]:
        context.note(f"  {suite.seconds:6.2f} s  {suite.tests:4} tests  {suite.name}")
    if context.count.passed == 0:
        raise StageError("no test ran")
    if status != 0 and context.count.failed == 0:
        raise StageError(f"`cargo test` ended with status {status}")


def cargo_verdicts(directory: os.PathLike[str]) -> tuple[dict[str, str], list[results.Suite]]:
    """What the log of `cargo test` in a run's folder says; empty when there is none."""
    log, programs = place.Path(directory) / TEST_LOG, place.Path(directory) / PROGRAMS
    if not (log.exists() and programs.exists()):
        return {}, []
    return results.cargo(
        log.read_text(encoding="utf-8", errors="replace"), json.loads(programs.read_text(encoding="utf-8"))
    )


def demo(context: Context) -> None:
    """What `make demo` does, to its end."""
    context.run([sys.executable, place.ROOT / "tests/tools/demo.py"], cwd=place.ROOT)


def fuzz(context: Context) -> None:
    """The fuzz targets, for seconds here and as long as FUZZ_SECONDS says in `make fuzz`."""
    seconds = os.environ.get("FUZZ_SECONDS", "3")
    context.run(["sh", place.ROOT / "tests/fuzz/run.sh", seconds], cwd=place.ROOT)


def bench(context: Context) -> None:
    """The benchmarks, in the profile that users get; the table goes to standard output."""
    table = context.directory / "bench.md"
    environment = context.directory / python_stages.ENVIRONMENT
    wheel = next((place.ROOT / "dist").glob("faceiot-*.whl"))
    signers = place.ROOT / "tests/oracles/requirements.txt"
    pip = [environment / "bin/python", "-m", "pip", "install", "-q", "--no-input"]
    pictures = place.ROOT / "tests/bench/peers/requirements.txt"
    context.run([*pip, wheel, "-r", signers, "-r", pictures])
    context.run(
        ["cargo", "build", "--locked", "--release", "-p", "faceiot-cli", "-p", "faceiot-bench"],
        cwd=place.ROOT,
    )
    programs = place.target() / "release"
    options = ["--python", environment / "bin/python", "--wheel", wheel, "--faceiot", programs / "faceiot"]
    micropython = context.directory / python_stages.MICROPYTHON_ENVIRONMENT / "bin/python"
    built = context.directory / "natmod.txt"
    builds = place.ROOT / "tests/tools/micropython_builds.py"
    context.run([micropython, builds, "natmod-x64"], cwd=place.ROOT, stdout=built)
    natmod = Path(built.read_text(encoding="utf-8").split()[-1]).parent
    options += ["--micropython", micropython, "--natmod", natmod]
    context.run(
        [programs / "faceiot-bench", *options, "--folder", context.directory], cwd=place.ROOT, stdout=table
    )
    print(table.read_text(encoding="utf-8"), flush=True)


def metadata(context: Context) -> dict[str, object]:
    """`cargo metadata` of the workspace without its dependencies."""
    out = context.directory / f"metadata-{context.stage.name}.json"
    context.run(
        ["cargo", "metadata", "--locked", "--no-deps", "--offline", "--format-version", "1"],
        cwd=place.ROOT,
        stdout=out,
    )
    return json.loads(out.read_text(encoding="utf-8"))


def packages(context: Context) -> dict[str, str]:
    """Package id -> name, of the workspace."""
    return {package["id"]: package["name"] for package in metadata(context)["packages"]}
