"""The port's MQTT client never hangs and never believes a broken packet, whatever the other side does."""

from __future__ import annotations

import socket
import threading
import time
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


def dripping(first: bytes, drop: bytes) -> Behaviour:
    """Sends this, and then a drop every 50 ms for as long as the client listens: it is never silent, and never done."""

    def behave(peer: socket.socket) -> None:
        peer.sendall(first)
        while True:
            peer.sendall(drop)
            time.sleep(0.05)

    return behave


PUBLISH_OF_1000 = b"\x30\xe8\x07\x00\x01t"
BROKEN = {
    "a CONNACK drips": ("wait", dripping(b"\x20\xe8\x07", b"x"), "TimedOutError 101"),
    "a message drips": ("wait", dripping(CONNACK + PUBLISH_OF_1000, b"x"), "TimedOutError 101"),
    "a message drips while a PUBACK is awaited": (
        "publish",
        dripping(CONNACK + PUBLISH_OF_1000, b"x"),
        "TimedOutError 101",
    ),
    "pings' answers drip while a PUBACK is awaited": ("publish", dripping(CONNACK, b"\xd0\x00"), "TimedOutError 101"),
    "pings' answers drip while a SUBACK is awaited": ("subscribe", dripping(CONNACK, b"\xd0\x00"), "TimedOutError 101"),
    "a SUBACK grants nothing": ("subscribe", after(CONNACK + b"\x90\x02\x00\x01"), "ConnectError 102"),
    "a message is of QoS 2": ("wait", after(CONNACK + b"\x34\x05\x00\x01t\x00\x01"), "ConnectError 102"),
    "200 messages come while a PUBACK is awaited": (
        "crowd",
        after(CONNACK + 200 * b"\x30\x04\x00\x01tm"),
        "ConnectError 102",
    ),
    "messages of 5 KB come while a PUBACK is awaited": (
        "crowd",
        after(CONNACK + 5 * (PUBLISH_OF_1000 + 997 * b"m")),
        "ConnectError 102",
    ),
    "the socket dies": ("dead", after(CONNACK), "ConnectError 102"),
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


@pytest.mark.parametrize(
    ("interpreter", "count"),
    [("micropython", 100), ("micropython with a 64 KB heap", 50), ("CPython", 100)],
    indirect=["interpreter"],
)
def test_commands_that_come_while_an_answer_is_awaited_are_handled_one_after_the_other(
    on_device: Run, count: int, tmp_path: Path
) -> None:
    acknowledged, answers = [], []

    def behave(peer: socket.socket) -> None:
        peer.sendall(CONNACK)
        first = packet(peer)[1][3:5]
        commands = [b"%03d" % n for n in range(count)]
        for n, command in enumerate(commands, 1):
            peer.sendall(b"\x32\x08\x00\x01c" + n.to_bytes(2, "big") + command)
        peer.sendall(b"\x40\x02" + first)
        while len(answers) < count:
            kind, body = packet(peer)
            if kind >> 4 == 4:
                acknowledged.append(int.from_bytes(body, "big"))
            else:
                answers.append(body[10:])
                peer.sendall(b"\x40\x02" + body[8:10])
        assert answers == commands
        while peer.recv(100):
            pass

    with server(behave) as port:
        assert on_device("client.py", "commands", str(port), cwd=tmp_path) == f"{count} True\ndone True\n"
    assert acknowledged == list(range(1, count + 1))
    assert len(answers) == count


@pytest.mark.parametrize("interpreter", ["micropython", "CPython"], indirect=True)
def test_wrong_arguments_are_errors_and_nothing_of_them_is_sent(on_device: Run, tmp_path: Path) -> None:
    heard = bytearray()

    def behave(peer: socket.socket) -> None:
        peer.sendall(CONNACK)
        for got in iter(lambda: peer.recv(4096), b""):
            heard.extend(got)

    with server(behave) as port:
        assert on_device("client_arguments.py", str(port), cwd=tmp_path) == "ok\n"
    assert heard == b"\x30\x04\x00\x01tm" + b"\x30\x05\x00\x01t\x01\x02" + b"\xe0\x00"


def test_each_connect_logs_in_afresh_and_subscribes_once(on_device: Run, tmp_path: Path) -> None:
    seen: list[tuple[bytes, list[bytes]]] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(20)

        def serve() -> None:
            for _ in range(3):
                with listener.accept()[0] as peer:
                    peer.settimeout(20)
                    hello = packet(peer)[1]
                    peer.sendall(CONNACK)
                    topics: list[bytes] = []
                    seen.append((hello[-2:], topics))
                    first, body = packet(peer)
                    while first == 0x82:
                        topics.append(body[4:])
                        peer.sendall(b"\x90\x03" + body[:2] + b"\x01")
                        first, body = packet(peer)
                    assert first == 0x30  # the client says that it is through; this end closes

        thread = threading.Thread(target=serve)
        thread.start()
        printed = on_device("client_again.py", str(listener.getsockname()[1]), cwd=tmp_path)
        thread.join(20)
    assert printed == "ok\n"
    early, both = [b"early\x01"], [b"early\x01", b"late\x00"]
    assert [(login, sorted(topics)) for login, topics in seen] == [(b"p1", both), (b"p2", both), (b"p3", early)]


@pytest.mark.parametrize("interpreter", ["micropython", "CPython"], indirect=True)
def test_each_address_of_a_name_is_tried_with_its_family(on_device: Run, tmp_path: Path) -> None:
    with server(after(CONNACK)) as port:
        assert on_device("client_addresses.py", str(port), cwd=tmp_path) == "ok\n"


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
