# Where a host of the script is really to be found: FACEIOT_ROUTES, entries apart by blanks, the first that fits counts.
#
#   HOST:PORT=ADDRESS:PORT    connections to HOST:PORT go to ADDRESS:PORT
#   HOST:PORT=refuse          they are refused
#
# HOST may hold `*` for any characters; PORT may be `*`.
import os

_REFUSED = 111  # ECONNREFUSED, which MicroPython has no name for everywhere


def parse(text):
    """[(host, port or None, address or None, port)] of an environment variable's text."""
    return [_entry(part) for part in text.split()]


def _entry(text):
    try:
        left, right = text.split("=")
        host, port = left.rsplit(":", 1)
        address, at = (None, "0") if right == "refuse" else right.rsplit(":", 1)
        entry = (host.lower(), None if port == "*" else int(port), address, int(at))
    except ValueError:
        raise ValueError("route `%s` is not HOST:PORT=ADDRESS:PORT or HOST:PORT=refuse" % text)
    if not host or address == "":
        raise ValueError("route `%s` lacks a host" % text)
    return entry


def fits(pattern, name):
    """Whether `name` is what `pattern` says, `*` standing for any characters."""
    parts = pattern.split("*")
    if len(parts) == 1:
        return pattern == name
    if not name.startswith(parts[0]):
        return False
    at = len(parts[0])
    for part in parts[1:-1]:
        found = name.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return name.endswith(parts[-1]) and len(name) - len(parts[-1]) >= at


def find(host, port=None):
    """The entry for a host, at any port when none is given; None when nothing is said of it."""
    host = host.lower()
    for entry in known:
        if fits(entry[0], host) and (port is None or entry[1] in (None, port)):
            return entry
    return None


def target(host, port):
    """(host, port) to connect to; those given when nothing is said of them. Refused: OSError."""
    entry = find(host, port)
    if entry is None:
        return host, port
    if entry[2] is None:
        raise OSError(
            _REFUSED, "%s:%s is a cloud's, and the local cloud does not listen for that port" % (host, port)
        )
    return entry[2], entry[3]


known = parse((os.getenv("FACEIOT_ROUTES") if hasattr(os, "getenv") else None) or "")
