# A modem simulator for a notebook: QuecPython's modules, so that a script for a Quectel modem runs unchanged on a PC, in
# CPython (`faceiot run`) and in MicroPython (`faceiot run --micropython`, or `micropython -m quecpython script.py`).
#
# They behave as the firmware does, its faults included, as far as that is known: python.quectel.com's API reference, the
# wiki (2023-01) and the firmware's own umqtt.py (2024-12). `settings` says what the modem is and sees.
#
# MicroPython 1.12 syntax: these files run inside MicroPython.

import sys

# Name that a script imports -> file of this folder. A later shim for another machine is a line in faceiot.compat.
MODULES = ("camera", "checkNet", "machine", "modem", "sim", "uhashlib", "umqtt", "usocket", "utime")


def install():
    """Puts the modules in place, over what the interpreter has of the same name; `hmac` only where there is none."""
    names = list(MODULES)
    try:
        import hmac  # noqa: F401
    except ImportError:
        names.append("hmac")
    for name in names:
        sys.modules[name] = __import__(__name__ + "." + name, None, None, (name,))
