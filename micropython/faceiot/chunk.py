# A photo as messages: `hex` (the ESP32-CAM tutorial's, byte for byte) and `v2` (the project's own, self-describing).
#
# Both are generators over one buffer that is made once: a message is a memoryview that is valid until the next one.

from .crc import crc32
from .errors import ArgumentError
from .port import binascii, const, native, struct
from .source import Source

HEX_OCTETS = const(400)  # photo octets in one message
_HEAD = b'{"id":"1189401707","version":"1.0.0","method":"123","params":{"img":"'
_TAIL = b'"}}'
END = _HEAD + b"END" + _TAIL

HEADER = const(40)
TEXT_MAX = const(7637)  # octets of data whose base64 still fits a text property of 10,240 characters
LAST = const(1)
RETRANSMIT = const(2)
JPEG = const(1)


def hex(photo):
    """The messages of seed 001: Alink property posts of 800 upper-case hex digits in `img`, then `END`.

    They carry no number: a message lost, doubled or swapped on the way is only seen when the picture is decoded.
    """
    source = Source(photo)
    data = memoryview(bytearray(HEX_OCTETS))
    head = len(_HEAD)
    buf = bytearray(head + 2 * HEX_OCTETS + len(_TAIL))
    view = memoryview(buf)
    buf[:head] = _HEAD
    try:
        while True:
            n = source.readinto(data)
            if not n:
                break
            end = head + 2 * n
            if native is not None:
                native.hex_into(data[:n], view[head:end])
            else:
                view[head:end] = binascii.hexlify(data[:n]).upper()
            view[end : end + 3] = _TAIL
            yield view[: end + 3]
            if n < HEX_OCTETS:
                break
    finally:
        source.close()
    yield memoryview(END)


def v2(photo, frame_id, epoch, size=4096, content_type=JPEG, time_ms=0, text=False, retransmit=False):
    """Chunks of at most `size` octets of data behind a header of 40 (docs: chunk format v2).

    `frame_id` counts photos from 1 within an `epoch`, a number that changes at each boot. With `text` each chunk is
    `~2` + base64, to be put into a text property (then at most 7,637 octets of data).
    """
    if size < 1 or text and size > TEXT_MAX:
        raise ArgumentError("size is 1 to %d octets" % (TEXT_MAX if text else 1 << 20))
    source = Source(photo)
    buf = bytearray(HEADER + size)
    view = memoryview(buf)
    ahead = bytearray(1)  # the last chunk says so: one octet is read ahead to know which one it is
    have = source.readinto(memoryview(ahead))
    if not have:
        source.close()
        raise ArgumentError("the photo is empty")
    length = source.length
    total = (length + size - 1) // size
    sequence = offset = crc = 0
    out = memoryview(bytearray(2 + (HEADER + size + 2) // 3 * 4)) if text else None
    try:
        while have:
            buf[HEADER] = ahead[0]
            n = 1 + source.readinto(view[HEADER + 1 :])
            have = source.readinto(memoryview(ahead)) if n == size else 0
            data = view[HEADER : HEADER + n]
            crc = crc32(data, crc)
            flags = RETRANSMIT if retransmit else 0
            if not have:
                flags, total, length = flags | LAST, sequence + 1, offset + n
            _header(buf, flags, content_type, sequence, total, epoch, frame_id, length, offset, time_ms)
            struct.pack_into(">I", buf, 24, 0 if have else crc)
            struct.pack_into(">I", buf, 36, crc32(data, crc32(view[:36])))
            chunk = view[: HEADER + n]
            yield _base64(chunk, out) if text else chunk
            sequence += 1
            offset += n
    finally:
        source.close()


def _header(buf, flags, content_type, sequence, total, epoch, frame_id, length, offset, time_ms):
    if sequence > 0xFFFF:
        raise ArgumentError("more than 65536 chunks: take a larger size")
    struct.pack_into(">2sBBBBHHHIII", buf, 0, b"FC", 2, flags, content_type, HEADER, sequence,
                     total & 0xFFFF, epoch, frame_id, length, offset)
    struct.pack_into(">Q", buf, 28, time_ms)


def _base64(chunk, out):
    """`~2` and the chunk's base64 in `out`, made in small pieces: b2a_base64 of a whole chunk would take it twice."""
    out[:2] = b"~2"
    end = 2
    for at in range(0, len(chunk), 384):
        piece = binascii.b2a_base64(chunk[at : at + 384])
        n = len(piece) - 1  # without its newline
        out[end : end + n] = memoryview(piece)[:n]
        end += n
    return out[:end]
