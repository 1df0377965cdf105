# Runs the cases of a file, one JSON document a line, and prints how many were right. Runs inside MicroPython.
import gc
import os
import sys

from faceiot import chunk, register, sign
from faceiot.digest import hmac_hex
from faceiot.errors import SignatureError
from faceiot.port import binascii, hashlib, json


class Unknown:
    # A source whose length cannot be known: it has readinto() and no seek().
    def __init__(self, file):
        self.readinto = file.readinto


def joined(messages):
    count, lengths, digest = 0, [], hashlib.sha256()
    for message in messages:
        count += 1
        lengths.append(len(message))
        digest.update(message)
    return [count, lengths, binascii.hexlify(digest.digest()).decode()]


def text(messages):
    first, lengths = None, []
    for message in messages:
        first = first or binascii.hexlify(hashlib.sha256(message).digest()).decode()
        lengths.append(len(message))
    return [first, lengths]


def sources(path, known=True):
    # All the ways to give a photo: its path and, when it fits into a small heap, its octets. Or a file whose length
    # nobody knows.
    if not known:
        yield Unknown(open(path, "rb"))
        return
    yield path
    length = os.stat(path)[6]
    if length <= 5000:
        gc.collect()
        octets = bytearray(length)
        with open(path, "rb") as file:
            file.readinto(octets)
        yield octets


def cut(call, path, options=None, known=True):
    make = chunk.hex_encode if call == "hex" else chunk.v2_encode
    look = text if call == "v2_text" else joined
    results = [look(make(source, **(options or {}))) for source in sources(path, known)]
    return results[0] if results[0] == results[-1] else results


def run(case):
    call, arguments = case["call"], case["arguments"]
    if call == "hmac_hex":
        return hmac_hex(*arguments)
    if call in ("hex", "v2", "v2_text"):
        return cut(call, *arguments)
    signed = getattr(sign if hasattr(sign, call) else register, call)(**arguments)
    return {field: getattr(signed, field) for field in case["expected"]}


passed = failed = lacking = 0
with open(sys.argv[1]) as cases:
    while True:
        line = cases.readline()
        if not line:
            break
        case = json.loads(line)
        line = None
        try:
            result = run(case)
        except SignatureError as e:
            if not str(e).startswith("this firmware has no "):
                raise
            lacking += 1
            continue
        if result == case["expected"]:
            passed += 1
        else:
            failed += 1
            print(case["name"], "expected", case["expected"], "got", result)
        result = case = None
        gc.collect()
if lacking:
    print("%d cases need a hash that this firmware lacks" % lacking)
print("%d passed, %d failed" % (passed, failed))
