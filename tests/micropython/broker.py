"""Debian's mosquitto and a paho listener: a broker and a receiver that nobody here wrote."""

from __future__ import annotations

import json
import queue
import shutil
import socket
import ssl
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any

import paho.mqtt.client as paho


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Mosquitto:
    """One broker that knows the users it is given. `stop` (sessions are kept) and `start` again: same port."""

    def __init__(self, folder: Path, users: dict[str, str], tls: tuple[Path, Path] | None = None) -> None:
        program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
        assert program, "mosquitto is not installed: apt-get install mosquitto mosquitto-clients"
        self.program, self.port, self.folder = program, free_port(), folder
        passwords = folder / "passwords"
        passwords.touch(0o600)
        for user, password in users.items():
            subprocess.run(["mosquitto_passwd", "-b", str(passwords), user, password], check=True)
        lines = [
            f"listener {self.port} 127.0.0.1",
            "user root",
            "allow_anonymous false",
            f"password_file {passwords}",
            "persistence true",
            f"persistence_location {folder}/",
        ]
        if tls:
            lines += [f"certfile {tls[0]}", f"keyfile {tls[1]}"]
        self.config = folder / "mosquitto.conf"
        self.config.write_text("\n".join(lines) + "\n")
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen([self.program, "-c", str(self.config)], stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                assert time.monotonic() < deadline, "mosquitto does not listen"

    def stop(self) -> None:
        if self.process:
            self.process.terminate()
            self.process.wait()
            self.process = None

    def __enter__(self) -> Mosquitto:
        self.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.stop()


class Listener:
    """A paho client that keeps everything it hears."""

    def __init__(
        self, broker: Mosquitto, user: str, password: str, topics: list[str], ca: Path | None = None
    ) -> None:
        self.messages: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self._subscribed: queue.Queue[int] = queue.Queue()
        self.client = paho.Client(client_id="listener", clean_session=False)
        self.client.username_pw_set(user, password)
        if ca:
            self.client.tls_set_context(ssl.create_default_context(cafile=ca))
        self.client.reconnect_delay_set(1, 1)
        self.client.on_message = lambda _c, _u, message: self.messages.put((message.topic, message.payload))
        self.client.on_connect = lambda client, *_: [client.subscribe(topic, 1) for topic in topics]
        self.client.on_subscribe = lambda _c, _u, mid, _q: self._subscribed.put(mid)
        self.client.connect("localhost" if ca else "127.0.0.1", broker.port)
        self.client.loop_start()
        for _ in topics:
            self._subscribed.get(timeout=10)

    def next(self, timeout: float = 20) -> tuple[str, bytes]:
        return self.messages.get(timeout=timeout)

    def publish(self, topic: str, payload: str) -> None:
        self.client.publish(topic, payload, qos=1).wait_for_publish(10)

    def answer(self, topic: str) -> dict[str, Any]:
        """The next document on a topic."""
        while True:
            heard, payload = self.next()
            if heard == topic:
                return json.loads(payload)  # type: ignore[no-any-return]

    def stop(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()
