"""The MicroPython port beside its peers: rows for the table of `make bench`, one JSON document.

Run it with the Python of tests/micropython/requirements.txt. `--native FOLDER` holds `_faceiot.mpy` for this
computer.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho

ROOT = Path(__file__).resolve().parents[3]
DEVICE = ROOT / "tests/micropython/device/bench.py"
PORT = ROOT / "micropython"
MICROPYTHON = Path(sys.executable).parent / "micropython"
MESSAGES = 2000
ROUNDS = 7


def device(*words: str, interpreter: Path = MICROPYTHON, native: Path | None = None) -> dict[str, Any]:
    """What the script says inside an interpreter."""
    path = f"{native}:{PORT}:.frozen" if native else f"{PORT}:.frozen"
    done = subprocess.run(
        [interpreter, DEVICE, *words],
        env={**os.environ, "MICROPYPATH": path, "PYTHONPATH": str(PORT), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{interpreter}: {done.stdout}{done.stderr}")
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def row(what: str, unit: str, ours: float, peer: str, theirs: float) -> dict[str, Any]:
    """One row; of seconds less is better, of everything else more."""
    more = unit != "us"
    return {"what": what, "unit": unit, "ours": ours, "peer": peer, "theirs": theirs, "more_is_better": more}


def speed(native: Path | None) -> list[dict[str, Any]]:
    """The package in MicroPython, in pure Python and with the C module; and the same package in CPython."""
    pure, cpython = device("speed"), device("speed", interpreter=Path(sys.executable))
    sides = [("pure", pure, "in CPython", cpython)]
    if native:
        sides.insert(0, ("C module", device("speed", native=native), "pure", pure))
        if not sides[0][1]["native"]:
            sys.exit(f"`{native}` holds no _faceiot that this MicroPython loads")
    rows = []
    for name, what in (("hex", "hex"), ("v2", "v2 of 4 KB")):
        rows += [
            row(
                f"MicroPython, {side}: photo into {what}",
                "MB/s",
                1e-6 / ours[name],
                peer,
                1e-6 / theirs[name],
            )
            for side, ours, peer, theirs in sides
        ]
    return rows + [
        row(f"MicroPython, {side}: Aliyun MQTT login", "us", 1e6 * ours["login"], peer, 1e6 * theirs["login"])
        for side, ours, peer, theirs in sides
    ]


def messages() -> list[dict[str, Any]]:
    """Both clients against one mosquitto, taking turns; the best of each: others use this machine."""
    program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
    if program is None:
        sys.exit("mosquitto is not installed")
    with tempfile.TemporaryDirectory() as folder, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        config = Path(folder) / "mosquitto.conf"
        config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n")
        broker = subprocess.Popen([program, "-c", config], stderr=subprocess.DEVNULL)
        try:
            listening(port)
            pairs = [(device("publish", str(port), str(MESSAGES)), by_paho(port)) for _ in range(ROUNDS)]
        finally:
            broker.terminate()
            broker.wait()
    rows = []
    for name, what in (("qos0", "QoS 0"), ("qos1", "QoS 1, one after the other")):
        ours, theirs = (max(pair[side][name] for pair in pairs) for side in (0, 1))
        rows.append(row(f"MicroPython: messages of 1 KB, {what}", "/s", ours, "CPython: paho-mqtt", theirs))
    return rows


def listening(port: int) -> None:
    """Waits until something listens there."""
    deadline = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if time.monotonic() > deadline:
                sys.exit("mosquitto does not listen")
            time.sleep(0.01)
        else:
            return


def by_paho(port: int) -> dict[str, float]:
    """The same messages by paho-mqtt as its documentation does: a thread for the network, publish, wait."""
    client = paho.Client("peer")
    client.max_queued_messages_set(0)
    client.connect("127.0.0.1", port)
    client.loop_start()
    message = bytes(1024)
    start = time.perf_counter()
    for _ in range(MESSAGES):
        client.publish("bench/0", message)
    client.publish("bench/0", message, qos=1).wait_for_publish(60)
    first = time.perf_counter()
    for _ in range(MESSAGES):
        client.publish("bench/1", message, qos=1).wait_for_publish(60)
    second = time.perf_counter()
    client.disconnect()
    client.loop_stop()
    return {"qos0": MESSAGES / (first - start), "qos1": MESSAGES / (second - first)}


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--native", type=Path)
    native = parser.parse_args().native
    print(json.dumps({"rows": speed(native) + messages(), "heap": device("heap")["rows"]}))


if __name__ == "__main__":
    main()
