# Waits until a modem is online, and says who it is: QuecPython. Other firmwares have connected their Wi-Fi before.

from .errors import ConnectError, FaceIotError

_STAGES = {1: "the SIM card is not ready", 2: "not registered in the network", 3: "no data connection"}


def wait(timeout=60):
    """Returns when the modem has a data connection; raises with the stage that failed.

    A firmware that has no `checkNet` is no modem's: there is nothing to wait for.
    """
    try:
        import checkNet
    except ImportError:
        return
    for name in ("waitNetworkReady", "wait_network_connected"):  # newer and older firmwares
        call = getattr(checkNet, name, None)
        if call is not None:
            break
    else:
        call = checkNet.CheckNetwork("faceiot", "0.1.0").wait_network_connected
    stage, state = call(timeout)
    if (stage, state) != (3, 1):
        raise ConnectError("%s (stage %d, state %d)" % (_STAGES.get(stage, "the modem is not online"), stage, state))


def imei():
    """The modem's IMEI, the usual node id. Raises where the firmware answers -1, or is no modem's."""
    try:
        import modem
    except ImportError:
        raise FaceIotError("this board is no modem and has no IMEI: write the device's own id", 300)
    number = modem.getDevImei()
    if not isinstance(number, str):
        raise FaceIotError("the modem does not tell its IMEI", 300)
    return number
