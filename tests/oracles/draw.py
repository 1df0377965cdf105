"""Random requests: what people really put into keys, names and values, and what encoders get wrong."""

from __future__ import annotations

import random
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

Pairs = list[tuple[str, str]]

PLAIN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."
SPECIAL = "+%~*/ "
PUNCTUATION = "&=?#:;,!'()[]@$\"<>\\|^`{}"
WIDE = "张伟人脸识别äéñøßΩЖあ한"
BEYOND = "😀🎉𠮷𝄞"  # outside the basic plane: four octets of UTF-8, two units of UTF-16
LONG = 200
EDGES = (1, 2, 16, 30, 63, 64, 65, 128, 200)  # lengths of secrets, around the block of the hash

# What a run must have produced for every pair. They are counted as drawn: many SDKs take a mapping, in which
# the last of repeated keys counts.
CLASSES = (*SPECIAL, "UTF-8", "non-BMP", "empty values", "repeated keys", "long keys")


class Draw:
    """Draws parts of requests from one seed and counts what it has drawn."""

    def __init__(self, seed: str) -> None:
        self.random = random.Random(seed)
        self.seen: Counter[str] = Counter()

    def text(self, longest: int = 24, *, without: str = "", shortest: int = 1) -> str:
        """Some text of all alphabets, without blanks at its ends."""
        alphabets = (PLAIN, PLAIN, SPECIAL, PUNCTUATION, WIDE, BEYOND)
        count = self.random.randint(shortest, longest)
        letters = [self.random.choice(self.random.choice(alphabets)) for _ in range(count)]
        text = "".join(letter for letter in letters if letter not in without).strip()
        return text.ljust(shortest, "x")

    def token(self, longest: int = 20) -> str:
        """An identifier: letters and digits."""
        return "".join(self.random.choices(PLAIN[:62], k=self.random.randint(1, longest)))

    def secret(self) -> str:
        """A secret of an awkward length, sometimes not in ASCII."""
        alphabet = PLAIN + "+/=" + (WIDE if self.maybe(0.1) else "")
        return "".join(self.random.choices(alphabet, k=self.random.choice(EDGES)))

    def maybe(self, chance: float) -> bool:
        """True so often."""
        return self.random.random() < chance

    def of(self, *choices: str) -> str:
        """One of these."""
        return self.random.choice(choices)

    def value(self) -> str:
        """A value, now and then an empty one."""
        return "" if self.maybe(0.15) else self.text()

    def pairs(self, most: int = 6, *, plain_names: bool = False) -> Pairs:
        """Names and values; names repeat, and some are long."""
        drawn: Pairs = []
        for _ in range(self.random.randint(0, most)):
            length = self.random.randint(LONG + 100, LONG + 600) if self.maybe(0.05) else 24
            if drawn and self.maybe(0.2):
                name = self.random.choice(drawn)[0]
            elif plain_names:
                name = "".join(self.random.choices(PLAIN[:62], k=length))
            else:
                name = self.text(length, shortest=length if length > LONG else 1)
            drawn.append((name, self.value()))
        return drawn

    def headers(self, prefix: str, most: int = 4) -> Pairs:
        """Headers whose names begin so; none begins another one, for SDKs disagree on the order of those."""
        drawn: Pairs = []
        for at in range(self.random.randint(0, most)):
            if drawn and self.maybe(0.2):
                name = self.random.choice(drawn)[0]
            else:
                letters = LONG + 50 if self.maybe(0.05) else self.random.randint(1, 8)
                name = (
                    prefix + "".join(self.random.choices("abcdefghijklmnopqrstuvwxyz", k=letters)) + f"z{at}"
                )
            drawn.append((name, self.value()))
        return drawn

    def drew(self, pairs: Pairs, texts: Iterable[str] = ()) -> None:
        """Counts the classes of a case: of the pairs as they were drawn and of other texts of it."""
        names = [name for name, _ in pairs]
        everything = "".join([*names, *(value for _, value in pairs), *texts])
        found = {letter for letter in SPECIAL if letter in everything}
        found |= {"UTF-8"} if not everything.isascii() else set()
        found |= {"non-BMP"} if any(ord(letter) > 0xFFFF for letter in everything) else set()
        found |= {"empty values"} if any(value == "" for _, value in pairs) else set()
        found |= {"repeated keys"} if len(set(names)) < len(names) else set()
        found |= {"long keys"} if any(len(name) >= LONG for name in names) else set()
        self.seen.update(found)


def lists(pairs: Pairs) -> dict[str, str | list[str]]:
    """A name that is there more than once holds a list, as SDKs for POP want it."""
    grouped: dict[str, list[str]] = {}
    for name, value in pairs:
        grouped.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in grouped.items()}
