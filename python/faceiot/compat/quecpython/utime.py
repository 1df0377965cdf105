# utime as QuecPython has it: no gmtime, no ticks_add, a local clock with a zone that the script can ask for.
import time as _time

from . import settings

_TICKS = 0x3FFFFFFF
_micro = getattr(_time, "time_ns", None)


def time():
    return int(_time.time())


def localtime(secs=None):
    """(year, month, day, hour, minute, second, weekday 0..6, day of the year)."""
    return tuple(_time.gmtime((time() if secs is None else secs) + settings.zone * 3600)[:8])


def mktime(moment):
    year, month, day, hour, minute, second = moment[:6]
    # Days of the civil calendar since 1970, years counted from March.
    years = year - (month < 3)
    days = 365 * years + years // 4 - years // 100 + years // 400 + (153 * ((month + 9) % 12) + 2) // 5 + day - 719469
    return ((days * 24 + hour - settings.zone) * 60 + minute) * 60 + second


def getTimeZone():
    return settings.zone


def setTimeZone(offset):
    settings.zone = offset


def ticks_us():
    return _micro() // 1000 & _TICKS


def ticks_ms():
    return _micro() // 1000000 & _TICKS


ticks_cpu = ticks_us


def ticks_diff(a, b):
    return ((a - b + (_TICKS + 1) // 2) & _TICKS) - (_TICKS + 1) // 2


def sleep(seconds):
    _time.sleep(seconds)


def sleep_ms(ms):
    _time.sleep(ms / 1000)


def sleep_us(us):
    _time.sleep(us / 1000000)
