# faceiot for MicroPython 1.12 and later, QuecPython included: cloud logins, photos in chunks, commands.
#
#     from faceiot.device import Device
#
# Modules are imported one by one so that a small device loads what it uses: sign (logins), chunk (photo -> messages),
# topics, mqtt (a client with umqtt's calls), device (all of it together), port (what differs between firmwares).

__version__ = "0.1.0"
