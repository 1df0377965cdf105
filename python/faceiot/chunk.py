"""Photos in chunks, both formats, without a connection.

``hex`` is the tutorials' format, byte for byte: Alink property posts of 800 upper-case hex characters, then
``END``. It has no numbers: a lost or doubled chunk shows when the picture is decoded
(:meth:`faceiot.Frame.check`), a swap of two chunks may not. ``v2`` chunks describe themselves: any order,
doubles harmless, every octet under a CRC.

>>> photo = faceiot.Frame.open("testcard:320x240").jpeg
>>> assembler = faceiot.chunk.V2Assembler()
>>> [whole] = [whole for chunk in faceiot.chunk.v2_encode(photo) if (whole := assembler.push(chunk))]
>>> whole == photo
True
"""

from __future__ import annotations

from ._faceiot import (
    HEX_OCTETS,
    V2_TEXT_DATA_MAX,
    HexAssembler,
    HexMessages,
    V2Assembler,
    V2Chunk,
    hex_encode,
    v2_encode,
    v2_parse,
)

__all__ = [
    "HEX_OCTETS",
    "V2_TEXT_DATA_MAX",
    "HexAssembler",
    "HexMessages",
    "V2Assembler",
    "V2Chunk",
    "hex_encode",
    "v2_encode",
    "v2_parse",
]
