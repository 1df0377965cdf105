# sim: the card. Text, or -1 where the firmware does not know.
from . import settings


def getStatus():
    return 1  # ready


def getImsi():
    return settings.imsi


def getIccid():
    return settings.iccid


def getPhoneNumber():
    return settings.phone
