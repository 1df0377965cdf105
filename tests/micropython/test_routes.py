"""FACEIOT_ROUTES: what the command writes is read, patterns fit as the shell's do, and the first entry counts."""

from __future__ import annotations

import fnmatch
import itertools
import re
from collections.abc import Iterator

import pytest

from faceiot.compat.quecpython import routes


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "known", [])


def words(letters: str, longest: int) -> Iterator[str]:
    for length in range(longest + 1):
        yield from map("".join, itertools.product(letters, repeat=length))


def test_a_pattern_fits_what_the_shells_fits() -> None:
    names = list(words("ab.", 5))
    for pattern in words("ab*", 5):
        shell = re.compile(fnmatch.translate(pattern))
        assert [name for name in names if routes.fits(pattern, name)] == [name for name in names if shell.match(name)], pattern


def test_the_first_entry_that_fits_counts() -> None:
    routes.known = routes.parse("a.example:1883=127.0.0.1:1 *.example:1883=127.0.0.1:2 *.example:*=refuse")
    assert routes.target("A.example", 1883) == ("127.0.0.1", 1)
    assert routes.target("b.example", 1883) == ("127.0.0.1", 2)
    assert routes.target("example", 1883) == ("example", 1883)
    with pytest.raises(OSError, match=r"b\.example:443 is a cloud's"):
        routes.target("b.example", 443)


@pytest.mark.parametrize(
    "text", ["a", "a:1", "a:1=", "a:1=b", "a:1=:2", ":1=b:2", "a:x=b:1", "a:1=b:x", "a:1=b:1=c:1", "a:1=refused"]
)
def test_what_is_no_route_is_explained(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(text)):
        routes.parse(text)
