# What Debian's MicroPython lacks and others have: its source package is without micropython-lib.
module("ssl.py")  # noqa: F821
