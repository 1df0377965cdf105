"""The port's MQTT client never hangs and never believes a broken packet, whatever the other side does."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from conftest import Run

CONNACK = b"\x20\x02\x00\x00"
Behaviour = Callable[[socket.socket], object]


def packet(peer: socket.socket) -> tuple[int, bytes]:
    """The next packet of the client, by the standard's own rule (MQTT 3.1.1 section 2.2.3)."""
    first = exactly(peer, 1)[0]
    length = shift = 0
    while True:
        octet = exactly(peer, 1)[0]
        length |= (octet & 127) << shift
        shift += 7
        if not octet & 128:
            return first, exactly(peer, length)


def exactly(peer: socket.socket, n: int) -> bytes:
    data = b""
    while len(data) < n:
        got = peer.recv(n - len(data))
        if not got:
            raise ConnectionError("the client has gone")
        data += got
    return data


@contextmanager
def server(behave: Behaviour) -> Iterator[int]:
    """One connection that `behave` gets after CONNECT; what it raises or returns ends the connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(20)

        def serve() -> None:
            with suppress(ConnectionError, TimeoutError), listener.accept()[0] as peer:
                peer.settimeout(20)
                assert packet(peer)[0] == 0x10
                behave(peer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(20)
        assert not thread.is_alive()


def after(octets: bytes) -> Behaviour:
    """Sends this, and then waits in silence until the client goes."""

    def behave(peer: socket.socket) -> None:
        peer.sendall(octets)
        while peer.recv(4096):
            pass

    return behave


def closing(octets: bytes) -> Behaviour:
    return lambda peer: peer.sendall(octets)


BROKEN = {
    "no CONNACK comes": ("wait", after(b""), "TimedOutError 101"),
    "something else than CONNACK comes": ("wait", after(b"\x90\x03\x00\x01\x00"), "ConnectError 106"),
    "half a CONNACK comes": ("wait", after(b"\x20\x02\x00"), "TimedOutError 101"),
    "the server is not available": ("wait", after(b"\x20\x02\x00\x03"), "ConnectError 102"),
    "the client id is refused": ("wait", after(b"\x20\x02\x00\x02"), "RefusedError 100"),
    "the server closes at once": ("wait", closing(b""), "ConnectError 102"),
    "the server closes later": ("wait", closing(CONNACK), "ConnectError 102"),
    "a length is malformed": ("wait", after(CONNACK + b"\x30\xff\xff\xff\xff\x7f"), "ConnectError 102"),
    "a topic is longer than its packet": ("wait", after(CONNACK + b"\x30\x03\x00\x09a"), "ConnectError 102"),
    "a PUBLISH holds nothing": ("wait", after(CONNACK + b"\x30\x00"), "ConnectError 102"),
    "a packet stops half way": ("wait", after(CONNACK + b"\x30\x7f\x00\x01t"), "TimedOutError 101"),
    "no PUBACK comes": ("publish", after(CONNACK), "TimedOutError 101"),
    "the PUBACK is another's": ("publish", after(CONNACK + b"\x40\x02\x00\x63"), "TimedOutError 101"),
    "no SUBACK comes": ("subscribe", after(CONNACK), "TimedOutError 101"),
    "a subscription is refused": ("subscribe", after(CONNACK + b"\x90\x03\x00\x01\x80"), "ConnectError 102"),
    "pings are not answered": ("ping", after(CONNACK), "ConnectError 102"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_server_is_an_error_in_time(on_device: Run, name: str, tmp_path: Path) -> None:
    case, behave, expected = BROKEN[name]
    with server(behave) as port:
        printed = on_device("client.py", case, str(port), cwd=tmp_path)
    assert printed.startswith(expected + " ")
    # A refused subscription is the only thing that leaves the connection up.
    assert printed.split()[2] == str(name == "a subscription is refused")


@pytest.mark.parametrize("interpreter", ["micropython", "CPython"], indirect=True)
def test_a_server_that_takes_nothing_is_an_error_in_time(on_device: Run, tmp_path: Path) -> None:
    enough = threading.Event()

    def behave(peer: socket.socket) -> None:
        peer.sendall(CONNACK)
        enough.wait(20)

    with server(behave) as port:
        printed = on_device("client.py", "flood", str(port), cwd=tmp_path)
        enough.set()
    assert printed.split()[0] in ("ConnectError", "TimedOutError")
    assert printed.split()[2] == "False"


@pytest.mark.parametrize("interpreter", ["micropython", "CPython"], indirect=True)
def test_a_server_that_does_not_shake_hands_is_an_error_in_time(on_device: Run, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        printed = on_device("client.py", "tls", str(listener.getsockname()[1]), cwd=tmp_path)
    assert printed.startswith("ConnectError 102 False ")


def test_packet_ids_go_on_from_65535_to_1(on_device: Run, tmp_path: Path) -> None:
    ids = []

    def behave(peer: socket.socket) -> None:
        peer.sendall(CONNACK)
        for _ in range(4):
            body = packet(peer)[1]
            ids.append(int.from_bytes(body[3:5], "big"))
            peer.sendall(b"\x40\x02" + body[3:5])

    with server(behave) as port:
        assert on_device("client.py", "ids", str(port), cwd=tmp_path) == "done True\n"
    assert ids == [65534, 65535, 1, 2]


@pytest.mark.parametrize("interpreter", ["micropython", "CPython"], indirect=True)
def test_messages_of_any_length_are_framed_right(on_device: Run, tmp_path: Path) -> None:
    sizes = []

    def behave(peer: socket.socket) -> None:
        peer.sendall(CONNACK)
        while True:
            first, body = packet(peer)
            if first == 0xE0:
                return
            assert body.startswith(b"\x00\x01t")
            sizes.append(len(body) - 3)

    with server(behave) as port:
        assert on_device("client.py", "sizes", str(port), cwd=tmp_path) == "done False\n"
    assert sizes == [0, 1, 124, 125, 16380, 16381, 70000]


def test_a_message_that_is_too_large_is_read_away_and_counted(on_device: Run, tmp_path: Path) -> None:
    def publish(topic: bytes, size: int) -> bytes:
        length, field = 2 + len(topic) + size, b""
        while length > 127:
            field += bytes((length & 127 | 128,))
            length >>= 7
        return b"\x30" + field + bytes((length,)) + len(topic).to_bytes(2, "big") + topic + size * b"x"

    with server(after(CONNACK + publish(b"a", 10) + publish(b"b", 100_000) + publish(b"c", 500))) as port:
        printed = on_device("client.py", "large", str(port), cwd=tmp_path)
    assert printed.startswith("dropped 1 [('a', 10), ('c', 500)]\n")
