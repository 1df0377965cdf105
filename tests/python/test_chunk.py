"""`faceiot.chunk` against the wire of the tutorial's sketch and the specification of v2."""

from __future__ import annotations

import base64
import contextlib
import gc
import hashlib
import json
import random
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

import faceiot
from faceiot import chunk
from vectors import cases, formula_octets

SEED_MESSAGES = [pytest.param(vector, id=name) for name, vector in cases("aliyun", "seed001_hex_chunks")]
SEED_WIRE = [pytest.param(vector, id=name) for name, vector in cases("huawei_meituan", "seed_chunk_wire")]
V2 = [pytest.param(vector, id=name) for name, vector in cases("chunk_v2", "chunk_v2")]


def seed_photo(given) -> bytes:
    if given["jpeg_base64"] is not None:
        photo = base64.b64decode(given["jpeg_base64"])
    else:  # the longest is a generator's output between the markers
        x, middle = 1, bytearray()
        while len(middle) < given["length"] - 6:
            x = (x * 1103515245 + 12345) & 0x7FFFFFFF
            middle.append(x >> 16 & 255)
        photo = b"\xff\xd8\xff\xe0" + middle + b"\xff\xd9"
    assert hashlib.sha256(photo).hexdigest() == given["sha256"]
    return photo


def imgs(messages):
    return [json.loads(message)["params"]["img"] for message in messages]


# hex


@pytest.mark.parametrize("vector", SEED_MESSAGES)
def test_hex_messages_are_the_sketchs_byte_for_byte(vector):
    photo, expected = seed_photo(vector["input"]), vector["expected"]
    messages = list(chunk.hex_encode(photo))
    assert len(messages) == len(chunk.hex_encode(photo)) == expected["message_count"]
    assert [len(message) for message in messages] == expected["lengths"]
    assert set(expected["messages"]) <= {message.decode() for message in messages}  # all but of the longest
    joined = hashlib.sha256(b"\n".join(messages)).hexdigest()
    assert joined == expected["sha256_of_joined_by_newline"]


@pytest.mark.parametrize("vector", SEED_WIRE)
def test_hex_messages_are_what_the_compiled_sketch_published(vector):
    photo, expected = formula_octets(vector["input"]["bytes"]), vector["expected"]
    messages = list(chunk.hex_encode(photo))
    assert [len(message) for message in messages] == expected["payload_lengths"]
    assert [len(img) for img in imgs(messages)] == expected["img_lengths"]
    assert hashlib.sha256(b"".join(messages)).hexdigest() == expected["sha256_concat_payloads"]
    assert messages[-1].decode() == expected["last_payload"]


def test_a_hex_photo_comes_out_of_the_assembler_again(photo):
    for feed in ("push_message", "push"):
        assembler = chunk.HexAssembler()
        messages = list(chunk.hex_encode(photo.jpeg))
        whole = [
            getattr(assembler, feed)(m) for m in (messages if feed == "push_message" else imgs(messages))
        ]
        assert whole == [None] * (len(messages) - 1) + [photo.jpeg]
        assert assembler.pending == 0


def test_lower_case_text_and_octets_are_taken(photo):
    assembler = chunk.HexAssembler()
    for img in imgs(chunk.hex_encode(photo.jpeg)):
        whole = assembler.push(img.lower().replace("end", "END").encode())
    assert whole == photo.jpeg


def test_a_photo_that_begins_anew_drops_the_interrupted_one(photo):
    messages = imgs(chunk.hex_encode(photo.jpeg))
    assembler = chunk.HexAssembler()
    for img in [*messages[:20], *messages]:
        whole = assembler.push(img)
    assert whole == photo.jpeg
    assert assembler.dropped == 20 * chunk.HEX_OCTETS


@pytest.mark.parametrize("bad", ["FFD", "XY", "FF D8", "0x12", "\uff5e"])
def test_what_is_not_hex_is_refused_and_the_next_photo_comes_whole(photo, bad):
    messages = imgs(chunk.hex_encode(photo.jpeg))
    assembler = chunk.HexAssembler()
    assembler.push(messages[0])
    with pytest.raises(faceiot.ArgumentError) as caught:
        assembler.push(bad)
    assert isinstance(caught.value, ValueError)
    assert caught.value.kind == "hex"
    assert [assembler.push(img) for img in messages[1:]] == [None] * (
        len(messages) - 1
    )  # never a photo with a hole
    assert assembler.dropped == chunk.HEX_OCTETS
    assert [assembler.push(img) for img in messages][-1] == photo.jpeg


@pytest.mark.parametrize(
    "bad", [b"", b"{", b"[]", b'{"params":{}}', b'{"params":{"img":5}}', b"\xff", b"null"]
)
def test_a_message_that_is_not_a_property_post_is_refused(bad):
    with pytest.raises(faceiot.FaceIotError):
        chunk.HexAssembler().push_message(bad)


def test_a_photo_over_the_cap_is_refused():
    assembler = chunk.HexAssembler(max_bytes=1000)
    assembler.push("FF" * 800)
    with pytest.raises(faceiot.ChunkError) as caught:
        assembler.push("FF" * 400)
    assert caught.value.kind == "frame_too_large"


# v2


def v2_messages(vector, **kwargs):
    given = vector["input"]
    return chunk.v2_encode(
        formula_octets(given["octets"]),
        chunk_size=given["chunk_data_size"],
        epoch=given["epoch"],
        frame_id=given["frame_id"],
        time_ms=given["time_ms"],
        content_type=given["content_type"],
        **kwargs,
    )


@pytest.mark.parametrize("vector", V2)
def test_v2_chunks_are_the_specifications(vector):
    given, expected = vector["input"], vector["expected"]
    if given["length_known"] and not given["retransmit"]:
        raw, text = v2_messages(vector), v2_messages(vector, text=True)
        assert [message[:40].hex() for message in raw] == expected["headers_hex"]
        assert [len(message) for message in raw] == expected["lengths"]
        assert hashlib.sha256(b"".join(raw)).hexdigest() == expected["sha256_of_joined"]
        assert [len(message) for message in text] == expected["text_lengths"]
        assert text[0].decode() == expected["text_first"] or expected["text_first"] is None
    # The vectors with an unknown length or the retransmit bit are rebuilt from their headers.
    photo = formula_octets(given["octets"])
    assembler, offset = chunk.V2Assembler(), 0
    for header, length in zip(expected["headers_hex"], expected["lengths"], strict=True):
        data = photo[offset : offset + length - 40]
        parsed = chunk.v2_parse(bytes.fromhex(header) + data)
        assert (parsed.offset, parsed.data) == (offset, data)
        assert parsed.retransmit == given["retransmit"]
        assert (parsed.epoch, parsed.frame_id, parsed.time_ms) == (
            given["epoch"],
            given["frame_id"],
            given["time_ms"],
        )
        whole = assembler.push(bytes.fromhex(header) + data)
        offset += length - 40
    assert whole == photo


@pytest.mark.parametrize("text", [False, True], ids=["raw", "text"])
def test_v2_chunks_arrive_in_any_order_and_more_than_once(photo, text):
    messages = chunk.v2_encode(photo.jpeg, chunk_size=1000, text=text, frame_id=9)
    mixed = [*messages, *messages[::3]]
    random.Random(7).shuffle(mixed)
    assembler = chunk.V2Assembler()
    whole = [photo for photo in map(assembler.push, mixed) if photo is not None]
    assert whole == [photo.jpeg]
    assert assembler.duplicates + len(messages) == len(mixed)


def test_missing_ranges_are_named(photo):
    messages = chunk.v2_encode(photo.jpeg, chunk_size=1000)
    assembler = chunk.V2Assembler()
    for number, message in enumerate(messages):
        if number not in (2, 3, 7):
            assert assembler.push(message) is None
    assert assembler.missing == [(2000, 2000), (7000, 1000)]


@pytest.mark.parametrize(
    ("damage", "kind"),
    [
        (lambda m: m[:39], "chunk_length"),
        (lambda m: b"XX" + m[2:], "chunk_magic"),
        (lambda m: m[:2] + b"\x03" + m[3:], "chunk_version"),
        (lambda m: m[:5] + b"\x27" + m[6:], "chunk_header"),
        (lambda m: m[:-1] + bytes([m[-1] ^ 1]), "chunk_crc"),
        (lambda m: m + b"\0", "chunk_crc"),
    ],
)
def test_a_damaged_chunk_is_refused_by_name(photo, damage, kind):
    message = damage(chunk.v2_encode(photo.jpeg)[0])
    for call in (chunk.v2_parse, chunk.V2Assembler().push):
        with pytest.raises(faceiot.ChunkError) as caught:
            call(message)
        assert caught.value.kind == kind


def test_a_v2_photo_over_the_cap_is_refused(photo):
    with pytest.raises(faceiot.ChunkError) as caught:
        chunk.V2Assembler(max_bytes=1000).push(chunk.v2_encode(photo.jpeg)[0])
    assert caught.value.kind == "frame_too_large"


@pytest.mark.parametrize("size", [0, -1, 1 << 64])
def test_chunk_sizes_that_cannot_be_are_refused(photo, size):
    with pytest.raises((faceiot.ArgumentError, faceiot.ChunkError, OverflowError)):
        chunk.v2_encode(photo.jpeg, chunk_size=size)


def test_an_empty_photo_is_refused():
    with pytest.raises(faceiot.FaceIotError):
        chunk.v2_encode(b"")


# both


@given(st.binary(min_size=1, max_size=5000), st.integers(1, 3000), st.randoms(use_true_random=False))
def test_any_octets_survive_both_formats(octets, size, order):
    messages = chunk.v2_encode(octets, chunk_size=size)
    order.shuffle(messages)
    assembler = chunk.V2Assembler()
    assert [whole for whole in map(assembler.push, messages) if whole is not None] == [octets]
    assembler = chunk.HexAssembler()
    plain = b"\0" + octets  # a photo that begins with SOI twice is another test
    assert [assembler.push_message(m) for m in chunk.hex_encode(plain)][
        -1
    ] == plain or b"\xff\xd8\xff" in octets


@given(st.binary(max_size=200))
def test_no_octets_from_outside_do_more_than_fail(octets):
    for push in (
        chunk.v2_parse,
        chunk.V2Assembler().push,
        chunk.HexAssembler().push,
        chunk.HexAssembler().push_message,
    ):
        with contextlib.suppress(faceiot.FaceIotError):
            push(octets)


@pytest.mark.parametrize("kind", [bytearray, memoryview, lambda data: memoryview(data)[::1]])
def test_bytes_like_arguments_are_taken(photo, kind):
    assert list(chunk.hex_encode(kind(photo.jpeg))) == list(chunk.hex_encode(photo.jpeg))
    assembler = chunk.V2Assembler()
    whole = [assembler.push(kind(message)) for message in chunk.v2_encode(kind(photo.jpeg))]
    assert whole[-1] == photo.jpeg


@pytest.mark.parametrize("wrong", [None, 5, ["FF"], object()])
def test_other_types_are_type_errors(wrong):
    for call in (
        chunk.hex_encode,
        chunk.v2_encode,
        chunk.v2_parse,
        chunk.HexAssembler().push,
        chunk.V2Assembler().push,
    ):
        with pytest.raises((TypeError, BufferError)):
            call(wrong)


def test_encoding_and_reassembling_leak_nothing(photo):
    def once():
        hexes, chunks = chunk.HexAssembler(), chunk.V2Assembler()
        for message in chunk.hex_encode(photo.jpeg):
            hexes.push_message(message)
        for message in chunk.v2_encode(photo.jpeg):
            chunks.push(message)

    once()
    gc.collect()
    before = sys.getallocatedblocks()
    for _ in range(200):
        once()
    gc.collect()
    assert sys.getallocatedblocks() - before < 200


def test_one_assembler_may_be_used_from_many_threads(photo):
    messages = chunk.v2_encode(photo.jpeg, chunk_size=500)
    assembler, whole = chunk.V2Assembler(), []

    def push(part):
        whole.extend(photo for photo in map(assembler.push, part) if photo is not None)

    threads = [threading.Thread(target=push, args=(messages[first::4],)) for first in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert whole == [photo.jpeg]
