# What the MicroPython port costs, measured inside the interpreter: one JSON document. Runs in CPython as well.
#
#   speed                      seconds of a login and of a photo in chunks, the best of many
#   heap                       heap that a photo of 200 KB takes in chunks of several sizes, in octets
#   publish PORT COUNT         messages of 1 KB a second, at QoS 0 and at QoS 1 one after the other
import gc
import sys
import time

from faceiot import chunk, mqtt, sign
from faceiot.port import json, native

PHOTO = bytes(range(256)) * 800  # 204,800 octets


def seconds():
    return time.time_ns() / 1000000000 if hasattr(time, "time_ns") else time.time()


def best(call, rounds):
    fastest = None
    for _ in range(rounds):
        gc.collect()
        start = seconds()
        call()
        took = seconds() - start
        fastest = took if fastest is None or took < fastest else fastest
    return fastest


def drain(messages):
    for _ in messages:
        pass


def logins():
    for _ in range(50):
        sign.aliyun_mqtt("a1B2c3D4e5F", "esp32_camera_001", "0123456789abcdef0123456789abcdef", timestamp=1573489088171)


def speed():
    return {
        "native": native is not None,
        "login": best(logins, 20) / 50,
        "hex": best(lambda: drain(chunk.hex_encode(PHOTO)), 20) / len(PHOTO),
        "v2": best(lambda: drain(chunk.v2_encode(PHOTO)), 20) / len(PHOTO),
    }


def taken(messages):
    # What the generator holds and what it throws away between two messages, at its highest.
    gc.collect()
    before = gc.mem_alloc()
    highest = 0
    while True:
        ended = next(messages, None) is None
        highest = max(highest, gc.mem_alloc() - before)
        if ended:
            return highest
        gc.collect()


def heap():
    rows = [["hex", 400, taken(chunk.hex_encode(PHOTO))]]
    for size in (512, 1024, 2048, 4096, 8192, 16384):
        rows.append(["v2", size, taken(chunk.v2_encode(PHOTO, chunk_size=size))])
    for size in (1024, 7637):
        rows.append(["v2-text", size, taken(chunk.v2_encode(PHOTO, chunk_size=size, text=True))])
    return {"rows": rows}


def publish(port, count):
    client = mqtt.MQTTClient("bench", "127.0.0.1", port, "listener", "listener")
    client.connect()
    message = bytes(1024)
    start = seconds()
    for _ in range(count):
        client.publish("bench/0", message)
    client.publish("bench/0", message, qos=1)  # acknowledged: the broker has all before it too
    first = seconds()
    for _ in range(count):
        client.publish("bench/1", message, qos=1)
    second = seconds()
    client.disconnect()
    return {"qos0": count / (first - start), "qos1": count / (second - first)}


work = sys.argv[1]
print(json.dumps(publish(int(sys.argv[2]), int(sys.argv[3])) if work == "publish" else globals()[work]()))
