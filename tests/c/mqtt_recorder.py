"""The smallest thing that an MQTT 3.1.1 client takes for a broker: it accepts, or refuses, and writes everything down."""

from __future__ import annotations

import socket
import threading
from typing import Self


def packet(kind: int, body: bytes) -> bytes:
    """A packet of less than 16 KiB."""
    length = [len(body)] if len(body) < 128 else [len(body) & 127 | 128, len(body) >> 7]
    return bytes([kind, *length]) + body


def text(value: str) -> bytes:
    """A string with its length."""
    return len(value).to_bytes(2, "big") + value.encode()


class Recorder:
    """Logins as (client id, user name, password, keep-alive), publishes as (topic, payload), subscriptions by filter."""

    def __init__(self, refuse: int = 0, when_subscribed: tuple[str, bytes] | None = None) -> None:
        self.refuse, self.when_subscribed = refuse, when_subscribed
        self.logins: list[tuple[str, str, str, int]] = []
        self.published: list[tuple[str, bytes]] = []
        self.subscribed: list[str] = []
        self.acknowledged = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(0.1)
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self.thread.join(10)
        self.listener.close()

    def _serve(self) -> None:
        while not self.stopping.is_set():
            try:
                client, _ = self.listener.accept()
            except TimeoutError:
                continue
            with client, client.makefile("rwb", buffering=0) as stream:
                client.settimeout(20)
                try:
                    while head := stream.read(1):
                        client.sendall(self._answer(head[0], self._body(stream)))
                except OSError:
                    continue

    @staticmethod
    def _body(stream: object) -> bytes:
        length = shift = 0
        while True:
            octet = stream.read(1)[0]  # type: ignore[attr-defined]
            length |= (octet & 127) << shift
            shift += 7
            if octet < 128:
                break
        body = b""
        while len(body) < length:
            more = stream.read(length - len(body))  # type: ignore[attr-defined]
            if not more:
                raise ConnectionError("cut off")
            body += more
        return body

    def _answer(self, head: int, body: bytes) -> bytes:
        kind = head & 0xF0
        if kind == 0x10:
            keep_alive = int.from_bytes(body[8:10], "big")
            self.logins.append((*self._strings(body[10:]), keep_alive))  # type: ignore[arg-type]
            return packet(0x20, bytes([0, self.refuse]))
        if kind == 0x80:
            self.subscribed.append(self._strings(body[2:-1])[0])
            more = b""
            if self.when_subscribed and self.subscribed[-1].endswith("+"):
                topic, payload = self.when_subscribed
                more = packet(0x32, text(topic) + b"\x00\x07" + payload)
            return packet(0x90, body[:2] + b"\x01") + more
        if kind == 0x30:
            size = 2 + int.from_bytes(body[:2], "big")
            self.published.append((body[2:size].decode(), body[size:]))
        if kind == 0x40:
            self.acknowledged += 1
        return packet(0xD0, b"") if kind == 0xC0 else b""

    @staticmethod
    def _strings(body: bytes) -> list[str]:
        found = []
        while body:
            size = int.from_bytes(body[:2], "big")
            found.append(body[2 : 2 + size].decode())
            body = body[2 + size :]
        return found
