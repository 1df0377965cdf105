"""What the scripts of a run promise: a check that cannot fail would be worse than none."""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

import acceptance
import arrows
import results
from stage import Context, Count, Run, Stage, StageError, tail

CARGO_LOG = """\
   Compiling faceiot-core v0.1.0
     Running unittests src/lib.rs (target/debug/deps/faceiot_core-0a1b)

running 3 tests
test chunk::hex::tests::a_lost_chunk_is_seen ... ok
test chunk::hex::tests::odd_digits_are_refused ... FAILED
test chunk::hex::tests::needs_a_modem ... ignored, no modem here

failures:

test result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.02s

     Running tests/vectors.rs (/somewhere/target/debug/deps/vectors-77)

running 1 test
test every_login - should panic ... ok

test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.50s

   Doc-tests faceiot_core

running 2 tests
test src/core/src/lib.rs - sign (line 12) ... ok
test src/core/src/lib.rs - (line 3) - compile ... ok

test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.40s
"""
PROGRAMS = {
    "/here/target/debug/deps/faceiot_core-0a1b": "faceiot-core",
    "/somewhere/target/debug/deps/vectors-77": "faceiot-core::vectors",
}
XML = """<testsuites><testsuite>
<testcase classname="tests.python.test_sign" name="test_one" file="tests/python/test_sign.py" time="0.1"/>
<testcase classname="tests.python.test_sign.TestHuawei" name="test_two[md5]" file="tests/python/test_sign.py"/>
<testcase classname="tests.python.test_sign.TestHuawei" name="test_two[sha1]" file="tests/python/test_sign.py"><failure>no</failure></testcase>
<testcase classname="tests.python.test_sign" name="test_three" file="tests/python/test_sign.py"><skipped/></testcase>
<testcase classname="tests.python.test_sign" name="test_four" file="tests/python/test_sign.py"><error>no</error></testcase>
</testsuite></testsuites>"""
DOCUMENT = """# Acceptance

| promise | test |
|---|---|
| a lost chunk is seen | `rust:faceiot-core::chunk::hex::tests::a_lost_chunk_is_seen` |
| every login | rust:faceiot_core::vectors::every_login, python:tests/python/test_sign.py::test_one |
"""


class Results(unittest.TestCase):
    def setUp(self) -> None:
        self.verdicts, self.suites = results.cargo(CARGO_LOG, PROGRAMS)

    def test_a_unit_test_is_named_by_package_and_path(self) -> None:
        self.assertEqual(
            self.verdicts["rust:faceiot-core::chunk::hex::tests::a_lost_chunk_is_seen"], results.OK
        )

    def test_an_integration_test_is_named_by_package_file_and_path(self) -> None:
        self.assertEqual(self.verdicts["rust:faceiot-core::vectors::every_login"], results.OK)

    def test_failed_and_ignored_tests_are_told_apart(self) -> None:
        self.assertEqual(
            self.verdicts["rust:faceiot-core::chunk::hex::tests::odd_digits_are_refused"], results.FAILED
        )
        self.assertEqual(
            self.verdicts["rust:faceiot-core::chunk::hex::tests::needs_a_modem"], results.SKIPPED
        )

    def test_a_doc_test_keeps_its_name_when_lines_move(self) -> None:
        self.assertIn("rust:faceiot-core::doc::src/core/src/lib.rs::sign", self.verdicts)

    def test_the_time_of_every_program_is_known(self) -> None:
        self.assertEqual([suite.seconds for suite in self.suites], [0.02, 1.5, 0.4])

    def test_counts(self) -> None:
        self.assertEqual(results.count(self.verdicts.values()), Count(4, 1, 1))

    def test_a_name_that_two_programs_share_has_the_worse_verdict(self) -> None:
        log = "test both ... FAILED\ntest both ... ok\n"
        self.assertEqual(list(results.cargo(log, {})[0].values()), [results.FAILED])

    def test_programs_are_found_in_the_messages_of_cargo(self) -> None:
        message = (
            '{"reason":"compiler-artifact","package_id":"path+file:///x/src/core#faceiot-core@0.1.0","profile":{"test":true},'
            '"target":{"kind":["%s"],"name":"vectors"},"executable":"/t/vectors-77"}'
        )
        ids = {"path+file:///x/src/core#faceiot-core@0.1.0": "faceiot-core"}
        self.assertEqual(
            results.executables(message % "test", ids), {"/t/vectors-77": "faceiot-core::vectors"}
        )
        self.assertEqual(results.executables(message % "lib", ids), {"/t/vectors-77": "faceiot-core"})

    def test_pytest_reports_are_read(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder) / "pytest.xml"
            report.write_text(XML, encoding="utf-8")
            verdicts = results.pytest(report)
        self.assertEqual(
            verdicts,
            {
                "python:tests/python/test_sign.py::test_one": results.OK,
                "python:tests/python/test_sign.py::TestHuawei::test_two[md5]": results.OK,
                "python:tests/python/test_sign.py::TestHuawei::test_two[sha1]": results.FAILED,
                "python:tests/python/test_sign.py::test_three": results.SKIPPED,
                "python:tests/python/test_sign.py::test_four": results.FAILED,
            },
        )

    def test_unittest_is_counted(self) -> None:
        log = "Ran 7 tests in 0.1s\n\nFAILED (failures=1, errors=2, skipped=1)\n"
        self.assertEqual(results.unittest(log), Count(3, 3, 1))
        self.assertEqual(results.unittest("Ran 7 tests in 0.1s\n\nOK\n"), Count(7, 0, 0))


class Acceptance(unittest.TestCase):
    verdicts = {
        "rust:faceiot-core::chunk::hex::tests::a_lost_chunk_is_seen": results.OK,
        "rust:faceiot-core::vectors::every_login": results.OK,
        "python:tests/python/test_sign.py::test_one[a]": results.OK,
        "python:tests/python/test_sign.py::test_one[b]": results.OK,
    }

    def test_rows_are_read_and_headers_are_not(self) -> None:
        found = acceptance.promises(DOCUMENT, "main-job.md")
        self.assertEqual([promise.where for promise in found], ["main-job.md:5", "main-job.md:6"])
        self.assertEqual(len(found[1].tests), 2)

    def test_all_shown_is_no_problem(self) -> None:
        self.assertEqual(acceptance.problems(acceptance.promises(DOCUMENT, "x"), self.verdicts), [])

    def test_a_test_that_did_not_run_is_a_problem(self) -> None:
        verdicts = {name: verdict for name, verdict in self.verdicts.items() if "every_login" not in name}
        (problem,) = acceptance.problems(acceptance.promises(DOCUMENT, "main-job.md"), verdicts)
        self.assertIn("main-job.md:6", problem)
        self.assertIn("did not run", problem)

    def test_one_failed_or_skipped_parameter_is_a_problem(self) -> None:
        for verdict in (results.FAILED, results.SKIPPED):
            verdicts = self.verdicts | {"python:tests/python/test_sign.py::test_one[b]": verdict}
            self.assertEqual(len(acceptance.problems(acceptance.promises(DOCUMENT, "x"), verdicts)), 1)

    def test_a_promise_without_a_test_is_a_problem(self) -> None:
        text = DOCUMENT + "| it is fast | everybody says so |\n"
        (problem,) = acceptance.problems(acceptance.promises(text, "x"), self.verdicts)
        self.assertIn("no test is named", problem)

    def test_a_folder_without_a_promise_is_a_problem(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(len(acceptance.check(Path(folder), {})[1]), 1)


class Arrows(unittest.TestCase):
    @staticmethod
    def package(name: str, *imports: str, kind: str | None = None) -> dict[str, object]:
        return {"name": name, "dependencies": [{"name": other, "kind": kind} for other in imports]}

    def test_an_arrow_that_points_up_is_found(self) -> None:
        packages = [self.package("faceiot-core", "faceiot"), self.package("faceiot", "faceiot-core", "serde")]
        self.assertEqual(
            arrows.wrong_imports({"packages": packages}), ["`faceiot-core` must not import `faceiot`"]
        )

    def test_tests_may_import_upwards(self) -> None:
        packages = [self.package("faceiot-core", "faceiot", kind="dev"), self.package("faceiot")]
        self.assertEqual(arrows.wrong_imports({"packages": packages}), [])

    def test_a_crate_without_a_row_is_found(self) -> None:
        self.assertEqual(len(arrows.wrong_imports({"packages": [self.package("faceiot-new")]})), 1)

    def test_a_library_in_two_files_is_found(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            for name, text in (("a.rs", "use rumqttc::Packet;\n"), ("b.rs", "/// not rumqttc::Packet\n")):
                (Path(folder) / name).write_text(text, encoding="utf-8")
            self.assertEqual(arrows.scattered(Path(folder)), [])
            (Path(folder) / "b.rs").write_text(
                "fn f() { let p = rumqttc::Packet::new(); }\n", encoding="utf-8"
            )
            self.assertEqual(len(arrows.scattered(Path(folder))), 1)


class Stages(unittest.TestCase):
    def run_stages(self, *stages: Stage) -> tuple[Run, bool]:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        run = Run(list(stages), Path(folder.name), dict(os.environ), quiet=True)
        return run, run.all()

    def test_a_failed_stage_blocks_what_needs_it_and_nothing_else(self) -> None:
        run, good = self.run_stages(
            Stage("bad", lambda context: context.run(["false"]) and None),
            Stage("needs-bad", lambda context: None, needs=("bad",)),
            Stage("other", lambda context: None),
            Stage("last", lambda context: None, after=("needs-bad",)),
        )
        self.assertFalse(good)
        self.assertEqual(
            {name: outcome.state for name, outcome in run.outcomes.items()},
            {"bad": "failed", "needs-bad": "blocked", "other": "ok", "last": "ok"},
        )
        self.assertEqual(run.count(), Count(2, 2, 0))

    def test_lanes_run_side_by_side(self) -> None:
        met = threading.Barrier(2)
        _, good = self.run_stages(
            Stage("one", lambda context: met.wait(10) and None),
            Stage("two", lambda context: met.wait(10) and None, lane="side"),
        )
        self.assertTrue(good)

    def test_a_stage_that_does_not_end_is_stopped_with_all_its_children(self) -> None:
        def action(context: Context) -> None:
            context.run(["sh", "-c", "sleep 600 & echo $!; wait"])

        began = time.monotonic()
        run, good = self.run_stages(Stage("slow", action, limit=0.3))
        self.assertFalse(good)
        self.assertLess(time.monotonic() - began, 30)
        self.assertIn("no end after", run.outcomes["slow"].why)
        child = int((run.directory / "slow.log").read_text().split("\n")[1])
        deadline = time.monotonic() + 10
        while alive(child):
            self.assertLess(time.monotonic(), deadline)

    def test_output_and_command_stand_in_the_log(self) -> None:
        def action(context: Context) -> None:
            context.run([sys.executable, "-c", "print('hello')"])

        run, _ = self.run_stages(Stage("say", action))
        self.assertIn("\nhello\n", (run.directory / "say.log").read_text())

    def test_a_missing_program_is_named(self) -> None:
        run, _ = self.run_stages(
            Stage("gone", lambda context: context.run(["faceiot-no-such-program"]) and None)
        )
        self.assertIn("`faceiot-no-such-program` is not installed", run.outcomes["gone"].why)

    def test_a_stage_with_failed_tests_fails(self) -> None:
        def action(context: Context) -> None:
            context.count = Count(5, 1, 0)

        run, good = self.run_stages(Stage("tests", action))
        self.assertFalse(good)
        self.assertEqual(run.count(), Count(5, 1, 0))

    def test_a_defect_of_a_stage_fails_that_stage(self) -> None:
        def action(_: Context) -> None:
            raise StageError("the disk is on fire")

        run, _ = self.run_stages(Stage("x", action), Stage("y", lambda context: None))
        self.assertEqual((run.outcomes["x"].why, run.outcomes["y"].state), ("the disk is on fire", "ok"))

    def test_a_need_that_is_not_part_of_the_run_is_refused(self) -> None:
        with self.assertRaises(ValueError):
            Run([Stage("a", lambda context: None, needs=("b",))], Path("unused"), {})

    def test_the_failures_of_a_long_log_are_shown(self) -> None:
        log = "\n".join(["noise"] * 500 + ["failures:", "the reason"] + ["more"] * 500 + ["end"])
        self.assertIn("the reason", tail(log))


def alive(pid: int) -> bool:
    """Whether a process runs; one that ended and was not fetched by its parent does not."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


if __name__ == "__main__":
    unittest.main()
