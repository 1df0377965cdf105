"""The examples of docs/guide/signing.md are cases of tests/vectors, and both languages show the same ones."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import unittest

from place import ROOT

GUIDES = [ROOT / "docs/guide/signing.md", ROOT / "docs/guide/signing.zh-CN.md"]
BLOCK = re.compile(r"^```text (canonical|string-to-sign|signature)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HASHED = ("aliyun-acs3", "oss-v4", "oss-v4-url", "huawei-aksk", "huawei-v11")

Example = dict[str, str]


def examples(text: str) -> dict[str, Example]:
    """The blocks of each example; a block's last newline is the fence's."""
    found: dict[str, Example] = {}
    for section in text.split("\n### ")[1:]:
        blocks = dict(BLOCK.findall(section))
        if blocks:
            found[section.split("\n", 1)[0]] = blocks
    return found


def cases() -> list[tuple[str, str]]:
    """The string to sign of every vector, and what is expected of it."""
    found = []
    for name in ("aliyun.json", "huawei_meituan.json"):
        vectors = json.loads((ROOT / "tests/vectors" / name).read_text(encoding="utf-8"))
        for suite, suite_cases in vectors.get("suites", vectors).items():
            for case in suite_cases.values() if suite != "_meta" else ():
                signed = case.get("string_to_sign") if isinstance(case, dict) else None
                signed = signed["canonical"] if isinstance(signed, dict) and "canonical" in signed else signed
                if isinstance(signed, str):
                    found.append((signed, json.dumps(case["expected"], ensure_ascii=False)))
    return found


class SigningGuide(unittest.TestCase):
    def setUp(self) -> None:
        self.english, self.chinese = [examples(guide.read_text(encoding="utf-8")) for guide in GUIDES]

    def test_both_languages_show_the_same_examples_and_names(self) -> None:
        self.assertEqual(self.english, self.chinese)
        names = [re.findall(r"`[a-z0-9_:-]+` \|", guide.read_text(encoding="utf-8")) for guide in GUIDES]
        self.assertEqual(*names)

    def test_every_signature_that_has_a_string_to_sign_has_an_example(self) -> None:
        self.assertEqual(len(self.english), 17)
        for kind, blocks in self.english.items():
            with self.subTest(kind):
                self.assertLessEqual({"string-to-sign", "signature"}, set(blocks))

    def test_the_examples_are_vectors_to_the_octet(self) -> None:
        known = cases()
        for kind, blocks in self.english.items():
            with self.subTest(kind):
                text, signature = blocks["string-to-sign"], blocks["signature"].strip()
                signed = [expected for string, expected in known if string in (text, text.removesuffix("\n"))]
                self.assertTrue(signed, "no vector signs this string")
                self.assertTrue(
                    any(
                        signature in expected.replace("%2B", "+").replace("%3D", "=").replace("%2F", "/")
                        for expected in signed
                    )
                )

    def test_the_hash_in_the_string_is_that_of_the_canonical_request(self) -> None:
        for kind in HASHED:
            with self.subTest(kind):
                blocks = self.english[kind]
                digest = hashlib.sha256(blocks["canonical"].removesuffix("\n").encode()).hexdigest()
                self.assertEqual(blocks["string-to-sign"].rstrip("\n").rsplit("\n", 1)[1], digest)

    def test_the_login_of_huawei_is_what_the_guide_says(self) -> None:
        said = re.compile(r'`HMAC-SHA256\("(\d+)", "(\w+)"\)`\D+?`([0-9a-f]{64})`')
        for guide in GUIDES:
            found = said.findall(guide.read_text(encoding="utf-8"))
            self.assertEqual(len(found), 1, guide.name)
            hour, secret, password = found[0]
            self.assertEqual(hmac.digest(hour.encode(), secret.encode(), "sha256").hex(), password)


if __name__ == "__main__":
    unittest.main()
