"""What the documents say about the repository is true: paths and links exist, and the languages say the same."""

from __future__ import annotations

import re
import subprocess
import unittest
from pathlib import Path

from place import ROOT

_LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)\s#]+)")
_PATH = re.compile(r"`((?:src|python|tests|docs|micropython|examples)/[\w./-]+)`")
_FENCE = re.compile(r"^```([\w.-]*)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_COMMENT = re.compile(r"\s*(?:#|//) .*$", re.MULTILINE)


def documents() -> list[Path]:
    """Every document that git knows or would know."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout.split("\n")
    return [ROOT / name for name in names if name]


def twins() -> list[tuple[Path, Path]]:
    """What users read, in English and in Chinese: the README, the whole guide, and what else has a twin."""
    here = documents()
    english = {page for page in here if not page.name.endswith(".zh-CN.md")}
    required = {page for page in english if page == ROOT / "README.md" or page.parent == ROOT / "docs/guide"}
    translated = {page.with_name(page.name.replace(".zh-CN.md", ".md")) for page in set(here) - english}
    return [(page, page.with_suffix(".zh-CN.md")) for page in sorted(required | translated)]


def blocks(text: str) -> list[tuple[str, str]]:
    """The code blocks, without their comments: those are in the language of the document."""
    return [(language, _COMMENT.sub("", code).strip()) for language, code in _FENCE.findall(text)]


def shape(text: str) -> list[str]:
    """Levels of the headings and rows of the tables, in order."""
    prose = _FENCE.sub("", text)
    return [found[1] or "row" for found in re.finditer(r"^(?:(#+) |\|)", prose, re.MULTILINE)]


class Documents(unittest.TestCase):
    def test_there_are_documents(self) -> None:
        self.assertIn(ROOT / "README.md", documents())

    def test_every_link_leads_somewhere(self) -> None:
        for document in documents():
            for link in _LINK.findall(_FENCE.sub("", document.read_text(encoding="utf-8"))):
                with self.subTest(document=document.relative_to(ROOT), link=link):
                    self.assertTrue((document.parent / link).exists())

    def test_every_decision_is_in_the_list(self) -> None:
        folder = ROOT / "docs/decisions"
        listed = set(_LINK.findall((folder / "README.md").read_text(encoding="utf-8")))
        self.assertEqual(listed, {page.name for page in folder.glob("*.md")} - {"README.md"})

    def test_every_path_that_is_named_exists(self) -> None:
        for document in documents():
            for path in _PATH.findall(document.read_text(encoding="utf-8")):
                with self.subTest(document=document.relative_to(ROOT), path=path):
                    self.assertTrue((ROOT / path).exists())

    def test_both_languages_have_the_same_code(self) -> None:
        for english, chinese in twins():
            with self.subTest(document=english.relative_to(ROOT)):
                first, second = (page.read_text(encoding="utf-8") for page in (english, chinese))
                self.assertEqual(blocks(first), blocks(second))

    def test_both_languages_have_the_same_shape(self) -> None:
        for english, chinese in twins():
            with self.subTest(document=english.relative_to(ROOT)):
                first, second = (page.read_text(encoding="utf-8") for page in (english, chinese))
                self.assertEqual(shape(first), shape(second))


class Reading(unittest.TestCase):
    """The checks above see what they look for."""

    def test_code_and_shape_are_read(self) -> None:
        text = "# A\n\n| x |\n|---|\n\n```sh\nmake demo   # look\n# not a heading\n```\n"
        self.assertEqual(blocks(text), [("sh", "make demo")])
        self.assertEqual(shape(text), ["#", "row", "row"])

    def test_links_and_paths_are_found(self) -> None:
        self.assertEqual(_LINK.findall("[a](docs/a.md#b) [c](https://x) [d](#e)"), ["docs/a.md"])
        self.assertEqual(
            _PATH.findall("`src/core/src/lib.rs`, `src/<cloud>/x`, `target/x`"), ["src/core/src/lib.rs"]
        )


if __name__ == "__main__":
    unittest.main()
