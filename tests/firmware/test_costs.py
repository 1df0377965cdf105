"""A login beside its peer, the same login in C over Debian's mbedTLS: the same strings, instructions, octets."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import costs
import firmware
import pytest
from test_firmware import table

if TYPE_CHECKING:
    from pathlib import Path

HOST_LOGINS = (10, 110)


@pytest.fixture(scope="session")
def ours() -> costs.Cost:
    return costs.cost(firmware.package(costs.BOARD.triple))


@pytest.fixture(scope="session", params=costs.PEERS)
def peer(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> costs.Cost:
    return costs.cost(costs.peer(tmp_path_factory.mktemp("mbedtls") / "made", *costs.PEERS[request.param]))


def test_the_login_over_mbedtls_gives_the_same_strings(ours: costs.Cost, peer: costs.Cost) -> None:
    assert ours.login == peer.login
    assert len(ours.login) == 4
    assert len(ours.login[3]) == 64


@pytest.mark.parametrize("peer", ["small"], indirect=True)
def test_a_login_takes_fewer_instructions_than_over_mbedtls_of_the_same_kind(
    ours: costs.Cost, peer: costs.Cost
) -> None:
    """Both have the rounds of SHA-256 in a loop, and are compiled for size."""
    assert ours.instructions < peer.instructions


def test_the_costs_are_those_of_the_guide(ours: costs.Cost) -> None:
    told = table("## Against mbedTLS")
    for name, measured in (("octets of text", ours.text), ("instructions of a login", ours.instructions)):
        guide = next(numbers[0] for row, numbers in told.items() if name in row and "thumbv7em" in row)
        assert guide * 0.9 <= measured <= guide * 1.1, f"{name}: {measured}, the guide says {guide}"


def test_a_login_on_this_computer_takes_fewer_instructions_than_over_debians_mbedtls(tmp_path: Path) -> None:
    """Debian's own libmbedcrypto and the library of this computer, each as it is shipped."""
    shipped = firmware.package("host")
    portable = [costs.SOURCES / "faceiot_portable.c", "-DFACEIOT_PORTABLE_FOR_TESTS", f"-I{costs.SOURCES}"]
    library = [shipped / "lib/libfaceiot.a", *(f"-l{name}" for name in firmware.host().libraries)]
    results = {
        name: on_this_computer(tmp_path / name, linked)
        for name, linked in (("ours", library), ("mbedtls", [*portable, "-lmbedcrypto"]))
    }
    assert results["ours"].login == results["mbedtls"].login
    assert results["ours"].instructions < results["mbedtls"].instructions, results


def on_this_computer(folder: Path, linked: list[object]) -> costs.Cost:
    """What callgrind counts of a hundred logins more, so that what a program does before them is not in it."""
    folder.mkdir()
    counts, login = [], ()
    for logins in HOST_LOGINS:
        program = folder / f"login{logins}"
        words = ["gcc", "-std=c99", "-Os", f"-DLOGINS={logins}", f"-I{firmware.HEADER.parent}"]
        run([*words, costs.HERE / "login.c", *linked, "-o", program])
        counted = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder / 'out'}", program]
        done = run(counted)
        login = tuple(done.stdout.splitlines()[:-1])
        counts.append(int(done.stderr.split("Collected :")[1].split()[0]))
    return costs.Cost(login, (counts[1] - counts[0]) // (HOST_LOGINS[1] - HOST_LOGINS[0]), 0)


def run(command: list[object]) -> subprocess.CompletedProcess[str]:
    words = [str(word) for word in command]
    assert shutil.which(words[0]), f"{words[0]} is not installed"
    done = subprocess.run(
        words, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, f"{words}: {done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    return done
