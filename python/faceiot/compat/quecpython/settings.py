# What the simulated modem is and sees. Each is an environment variable, and may be changed while a test runs.
#
# FACEIOT_MODEM_IMEI, _SN, _IMSI, _ICCID, _PHONE   text; -1: the firmware's answer when it does not know
# FACEIOT_MODEM_NETWORK                            stage,state of checkNet; 3,1: online
# FACEIOT_MODEM_ZONE                               hours east of UTC that the modem's clock shows
# FACEIOT_MODEM_FILES                              folder that its camera writes into, /usr on a modem
# FACEIOT_CAMERA                                   a JPEG; under CPython also a source such as testcard:640x480, dir:photos
import os
import sys


def _text(name, default):
    getenv = getattr(os, "getenv", None)
    return getenv(name) or default if getenv else default


def _identity(name, default):
    text = _text("FACEIOT_MODEM_" + name, default)
    return -1 if text == "-1" else text


def _numbers(name, default, count, meaning):
    text = _text(name, default)
    try:
        numbers = tuple([int(part) for part in text.split(",")])
    except ValueError:
        numbers = ()
    if len(numbers) != count:
        print("%s is `%s`: it is %s, as in %s" % (name, text, meaning, default), file=sys.stderr)
        sys.exit(2)
    return numbers


imei = _identity("IMEI", "868540050954037")  # the tutorial's own
sn = _identity("SN", "D1Q20GM050038341P")
imsi = _identity("IMSI", "460046619207891")
iccid = _identity("ICCID", "89860450191891038487")
phone = _identity("PHONE", "-1")  # few SIM cards know it
network = _numbers("FACEIOT_MODEM_NETWORK", "3,1", 2, "a stage and a state")
zone = _numbers("FACEIOT_MODEM_ZONE", "8", 1, "whole hours east of UTC")[0]
files = _text("FACEIOT_MODEM_FILES", ".")
camera = _text("FACEIOT_CAMERA", "")
camera_result = 0  # what the camera's callback is told
camera_tells_path = True  # the firmware tells the bare name; a PC has no /usr, so the path is told
