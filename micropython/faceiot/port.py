# What differs between firmwares, in one place: module names with and without `u`, clocks, const(), the native core.

from .errors import ArgumentError

try:
    import ubinascii as binascii
except ImportError:
    import binascii
try:
    import uhashlib as hashlib
except ImportError:
    import hashlib
try:
    import ujson as json
except ImportError:
    import json
try:
    import ustruct as struct
except ImportError:
    import struct
try:
    import utime as time
except ImportError:
    try:
        import time
    except ImportError:  # a board without a clock still signs, for an hour that it is given
        time = None

try:
    from micropython import const
except ImportError:  # CPython

    def const(value):
        return value


try:
    import _faceiot as native  # C module over the Rust core: in the firmware (usermod) or beside the package (natmod)
except ImportError:
    native = None

if hasattr(time, "ticks_ms"):
    ticks_ms = time.ticks_ms
    ticks_diff = time.ticks_diff
    sleep_ms = time.sleep_ms
else:  # CPython

    def ticks_ms():
        return int(time.monotonic() * 1000)  # time() jumps when the clock is set

    def ticks_diff(a, b):
        return a - b

    def sleep_ms(ms):
        time.sleep(ms / 1000)


def octets(text):
    """bytes of a str; anything that holds bytes as it is."""
    return text.encode() if isinstance(text, str) else text


def text(octets):
    """str of anything that holds bytes; a str as it is."""
    return octets if isinstance(octets, str) else str(octets, "utf-8")


def utc_hour():
    """The current UTC hour as `YYYYMMDDHH`.

    Uses gmtime() where there is one. QuecPython has none: there it is localtime() less getTimeZone(), because its
    epoch differs between firmwares (its own examples count from 1970 and from 2000).
    """
    if time is None:
        raise ArgumentError("this firmware has no clock: give the timestamp, YYYYMMDDHH")
    if hasattr(time, "gmtime"):
        now = time.gmtime()
    else:
        now = time.localtime()
        if hasattr(time, "getTimeZone"):
            now = _less_hours(now, int(time.getTimeZone()))
    return "%04d%02d%02d%02d" % (now[0], now[1], now[2], now[3])


def _less_hours(now, hours):
    year, month, day, hour = now[0], now[1], now[2], now[3] - hours
    if hour < 0:
        hour += 24
        day -= 1
        if day < 1:
            month -= 1
            if month < 1:
                month, year = 12, year - 1
            day = _days_in(year, month)
    elif hour > 23:
        hour -= 24
        day += 1
        if day > _days_in(year, month):
            day, month = 1, month + 1
            if month > 12:
                month, year = 1, year + 1
    return (year, month, day, hour)


def _days_in(year, month):
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31
