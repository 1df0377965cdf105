# modem: who the device is. Text, or -1 where the firmware does not know.
from . import settings


def getDevImei():
    return settings.imei


def getDevSN():
    return settings.sn


def getDevModel():
    return "EC600S"


def getDevFwVersion():
    return "EC600SCNLBR01A01M08"


def getDevProductId():
    return "Quectel"
