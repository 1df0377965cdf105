# CRC-32 (ISO-HDLC, zlib's) for firmwares without binascii.crc32.
#
# Two 16-bit halves and a table of 16: on a 32-bit MicroPython an int over 30 bits is an object on the heap, and a loop
# over a photo would make millions of them.

from .port import binascii, native

_HIGH = (
    0x0000, 0x1DB7, 0x3B6E, 0x26D9, 0x76DC, 0x6B6B, 0x4DB2, 0x5005,
    0xEDB8, 0xF00F, 0xD6D6, 0xCB61, 0x9B64, 0x86D3, 0xA00A, 0xBDBD,
)
_LOW = (
    0x0000, 0x1064, 0x20C8, 0x30AC, 0x4190, 0x51F4, 0x6158, 0x713C,
    0x8320, 0x9344, 0xA3E8, 0xB38C, 0xC2B0, 0xD2D4, 0xE278, 0xF21C,
)


def pure(data, crc=0):
    high = (crc >> 16) ^ 0xFFFF
    low = (crc & 0xFFFF) ^ 0xFFFF
    for octet in data:
        i = (low ^ octet) & 15
        low = (low >> 4 | (high & 15) << 12) ^ _LOW[i]
        high = high >> 4 ^ _HIGH[i]
        i = (low ^ octet >> 4) & 15
        low = (low >> 4 | (high & 15) << 12) ^ _LOW[i]
        high = high >> 4 ^ _HIGH[i]
    return (high ^ 0xFFFF) << 16 | (low ^ 0xFFFF)


if native is not None:
    crc32 = native.crc32
elif hasattr(binascii, "crc32"):
    crc32 = binascii.crc32
else:
    crc32 = pure
