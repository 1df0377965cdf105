# A photo as messages: `hex` (the ESP32-CAM tutorial's, byte for byte) and `v2` (the project's own, self-describing).
#
# Both are generators over one buffer that is made once: a message is a memoryview that is valid until the next one.

from .crc import crc32
from .errors import ArgumentError
from .port import binascii, const, native, struct
from .source import Source

HEX_OCTETS = const(400)  # photo octets in one message
_HEX_MESSAGE = const(872)
_HEAD = b'{"id":"1189401707","version":"1.0.0","method":"123","params":{"img":"'
_TAIL = b'"}}'
END = _HEAD + b"END" + _TAIL

HEADER = const(40)
TEXT_MAX = const(7637)  # octets of data whose base64 still fits a text property of 10,240 characters
CHUNK_MAX = const(1048576)  # octets of data in a chunk
LAST = const(1)
RETRANSMIT = const(2)
JPEG = const(1)


def hex_encode(photo):
    """The messages of seed 001: Alink property posts of 800 upper-case hex digits in `img`, then `END`.

    They carry no number: a message lost, doubled or swapped on the way is only seen when the picture is decoded.
    """
    source = Source(photo)
    data = memoryview(bytearray(HEX_OCTETS))
    message = memoryview(bytearray(_HEX_MESSAGE))
    write = _hex_message if native is None else native.hex_message
    try:
        n = HEX_OCTETS
        while n == HEX_OCTETS:
            n = source.readinto(data)
            if n:
                yield message[: write(data[:n], message)]
    finally:
        source.close()
    yield memoryview(END)


def _hex_message(data, out):
    """Writes the message of these octets into `out` and tells its length."""
    head = len(_HEAD)
    end = head + 2 * len(data)
    out[:head] = _HEAD
    for at in range(0, len(data), 100):  # small pieces: a heap in use has no 801 octets in a row twice
        digits = binascii.hexlify(data[at : at + 100]).upper()
        out[head + 2 * at : head + 2 * at + len(digits)] = digits
    out[end : end + 3] = _TAIL
    return end + 3


def v2_encode(
    photo, *, chunk_size=4096, epoch=1, frame_id=1, content_type=JPEG, time_ms=0, text=False, retransmit=False
):
    """Chunks of at most `chunk_size` octets of data behind a header of 40 (docs: chunk format v2).

    `frame_id` counts photos from 1 within an `epoch`, a number that changes at each boot. With `text` each chunk is
    `~2` + base64, to be put into a text property (then at most 7,637 octets of data). `retransmit` says that it was sent
    before.
    """
    size, most = chunk_size, TEXT_MAX if text else CHUNK_MAX
    if not 1 <= size <= most:
        raise ArgumentError("chunk_size is 1 to %d octets" % most)
    if not (0 <= frame_id <= 0xFFFFFFFF and 0 <= epoch <= 0xFFFF and 0 <= content_type <= 0xFF):
        raise ArgumentError("frame_id, epoch and content_type are numbers of 32, 16 and 8 bits")
    if not 0 <= time_ms < 1 << 64:
        raise ArgumentError("time_ms is a number of 64 bits")
    source = Source(photo)
    chunk = memoryview(bytearray(HEADER + size))
    line = memoryview(bytearray(3 + (HEADER + size + 2) // 3 * 4)) if text else None
    try:
        if (source.length + size - 1) // size > 0xFFFF:
            raise ArgumentError("more than 65535 chunks: take a larger size")
        # From a file the data is read to where it stays; the C library, which copies it, would need a second buffer.
        cut = _v2_in_place if native is None or source.data is None else _v2_native
        for n in cut(source, chunk, size, frame_id, epoch, content_type, time_ms, retransmit):
            yield _base64(chunk[:n], line) if text else chunk[:n]
    finally:
        source.close()


def _v2_native(source, chunk, size, frame_id, epoch, content_type, time_ms, retransmit):
    if not source.length:
        raise ArgumentError("the photo is empty")
    state = native.v2_begin(size, frame_id, epoch, content_type, retransmit, time_ms >> 32, time_ms & 0xFFFFFFFF)
    while True:
        n = native.v2_next(state, source.data, chunk)
        if not n:
            break
        yield n


def _v2_in_place(source, chunk, size, frame_id, epoch, content_type, time_ms, retransmit):
    ahead = memoryview(bytearray(1))  # the last chunk says so: one octet is read ahead to know which one it is
    have = source.readinto(ahead)
    if not have:
        raise ArgumentError("the photo is empty")
    length = source.length
    total = (length + size - 1) // size
    sequence = offset = crc = 0
    while have:
        if sequence > 0xFFFE:
            raise ArgumentError("more than 65535 chunks: take a larger size")
        chunk[HEADER] = ahead[0]
        n = 1 + source.readinto(chunk[HEADER + 1 :])
        have = source.readinto(ahead) if n == size else 0
        data = chunk[HEADER : HEADER + n]
        crc = crc32(data, crc)
        flags = RETRANSMIT if retransmit else 0
        if not have:
            flags, total, length = flags | LAST, sequence + 1, offset + n
        struct.pack_into(">2sBBBBHHHIII", chunk, 0, b"FC", 2, flags, content_type, HEADER, sequence, total, epoch,
                         frame_id, length, offset)
        struct.pack_into(">IQ", chunk, 24, 0 if have else crc, time_ms)
        struct.pack_into(">I", chunk, 36, crc32(data, crc32(chunk[:36])))
        yield HEADER + n
        sequence += 1
        offset += n


def _base64(chunk, out):
    """`~2` and the chunk's base64 in `out`, made in small pieces: b2a_base64 of a whole chunk would take it twice."""
    if native is not None:
        return out[: native.v2_text(chunk, out)]
    out[:2] = b"~2"
    end = 2
    for at in range(0, len(chunk), 384):
        piece = binascii.b2a_base64(chunk[at : at + 384])
        n = len(piece) - 1  # without its newline
        out[end : end + n] = memoryview(piece)[:n]
        end += n
    return out[:end]
