# Runs the cases of a file, one JSON document a line, and prints how many were right. Runs inside MicroPython.
import gc
import sys

from faceiot import chunk, sign
from faceiot.digest import hmac_hex
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


def v2(path, options, known):
    return chunk.v2(path if known else Unknown(open(path, "rb")), **options)


def run(case):
    call, arguments = case["call"], case["arguments"]
    if call == "hmac_hex":
        return hmac_hex(*arguments)
    if call == "register_sign":
        return sign.register_sign(*arguments)
    if call == "hex":
        return joined(chunk.hex(arguments[0]))
    if call == "v2":
        return joined(v2(*arguments))
    if call == "v2_text":
        return text(v2(*arguments))
    login = getattr(sign, call)(**arguments)
    return {field: getattr(login, field) for field in case["expected"]}


passed = failed = 0
with open(sys.argv[1]) as cases:
    while True:
        line = cases.readline()
        if not line:
            break
        case = json.loads(line)
        line = None
        result = run(case)
        if result == case["expected"]:
            passed += 1
        else:
            failed += 1
            print(case["name"], "expected", case["expected"], "got", result)
        result = case = None
        gc.collect()
print("%d passed, %d failed" % (passed, failed))
