"""What a device does when things go wrong or come at once, with a client that is told what to do; and over sockets."""

from __future__ import annotations

import hmac
import re
import socket
import threading
from pathlib import Path

import pytest
from test_client import CONNACK, packet

from conftest import DEVICE, Run

CASES = re.findall(r"^def (\w+)\(\):", (DEVICE / "behaviour.py").read_text(), re.MULTILINE)
pytestmark = pytest.mark.parametrize("interpreter", ["micropython", "CPython"], indirect=True)


@pytest.mark.parametrize("case", CASES)
def test_a_device(on_device: Run, case: str, tmp_path: Path) -> None:
    assert on_device("behaviour.py", case, cwd=tmp_path).endswith("ok\n")


def test_each_connection_is_signed_afresh(on_device: Run, tmp_path: Path) -> None:
    logins = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(20)

        def serve() -> None:
            for subscriptions in (3, 6):  # the client's own after a reconnection, and the device's
                with listener.accept()[0] as peer:
                    peer.settimeout(20)
                    logins.append(packet(peer)[1])
                    peer.sendall(CONNACK)
                    for _ in range(subscriptions):
                        number = packet(peer)[1][:2]
                        peer.sendall(b"\x90\x03" + number + b"\x01")

        thread = threading.Thread(target=serve)
        thread.start()
        printed = on_device("afresh.py", str(listener.getsockname()[1]), cwd=tmp_path)
        thread.join(20)
    assert printed.endswith("ok\n")
    for login, hour in zip(logins, (b"2026010203", b"2026010204"), strict=True):
        assert b"p_n_0_0_" + hour in login
        assert login.endswith(hmac.new(hour, b"secret", "sha256").hexdigest().encode())
