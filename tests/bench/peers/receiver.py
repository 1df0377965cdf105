"""The receiver of the tutorials, written well: MQTT in, photos put together, photo on disk before its row.

Usage: receiver.py PORT FOLDER PHOTOS QOS. Prints `ready`, and `stored N` when PHOTOS photos are durable.

One thread reads (paho-mqtt's), one writes: what has queued up meanwhile shares one commit, every photo in it
having been written, synced and renamed before.
"""

import json
import os
import queue
import sqlite3
import sys
import threading
import time
from pathlib import Path

from paho.mqtt import client as mqtt


class Writer(threading.Thread):
    """Writes photos and rows."""

    def __init__(self, folder: Path, expected: int) -> None:
        super().__init__(daemon=True)
        self.folder = folder
        self.expected = expected
        self.photos: queue.SimpleQueue[tuple[str, bytes]] = queue.SimpleQueue()

    def run(self) -> None:
        """Until everything expected is stored."""
        table = sqlite3.connect(self.folder / "photos.db")
        table.execute("PRAGMA journal_mode=WAL")
        table.execute("PRAGMA synchronous=FULL")
        table.execute(
            "CREATE TABLE photos (id INTEGER PRIMARY KEY, device TEXT, time REAL, size INTEGER, file TEXT)"
        )
        table.commit()
        directory = os.open(self.folder, os.O_RDONLY)
        stored = 0
        while stored < self.expected:
            batch = [self.photos.get()]
            while not self.photos.empty() and len(batch) < 64:
                batch.append(self.photos.get())
            rows = []
            for device, photo in batch:
                stored += 1
                rows.append((device, time.time(), len(photo), self.store(photo, f"{stored:06}.jpg")))
            os.fsync(directory)
            table.executemany("INSERT INTO photos (device, time, size, file) VALUES (?, ?, ?, ?)", rows)
            table.commit()
        print(f"stored {stored}", flush=True)

    def store(self, photo: bytes, name: str) -> str:
        """A photo is there whole or not at all."""
        draft = self.folder / f"{name}.part"
        with draft.open("wb") as file:
            file.write(photo)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(self.folder / name)
        return name


def main() -> None:
    """Receives until the photos are stored; the caller ends it."""
    port, folder, expected, qos = int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    writer = Writer(folder, expected)
    writer.start()
    open_photos: dict[str, list[str]] = {}

    def on_message(_client: mqtt.Client, _userdata: object, message: mqtt.MQTTMessage) -> None:
        img = json.loads(message.payload)["params"]["img"]
        parts = open_photos.setdefault(message.topic, [])
        if img == "END":
            writer.photos.put((message.topic, bytes.fromhex("".join(parts))))
            parts.clear()
        else:
            parts.append(img)

    receiver = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="receiver")
    receiver.on_message = on_message
    receiver.on_subscribe = lambda *_: print("ready", flush=True)
    receiver.connect("127.0.0.1", port)
    receiver.subscribe("/sys/+/+/thing/event/property/post", qos)
    receiver.loop_forever()


if __name__ == "__main__":
    main()
