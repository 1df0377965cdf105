"""The local cloud, inside this process.

It checks every login as the real clouds do and keeps photos, properties and devices in a folder. It listens
on loopback only.

>>> from faceiot.local import Cloud
>>> with Cloud() as cloud:
...     device = cloud.add_device("huawei:5fbb_868540050954037")
...     [registered.id for registered in cloud.devices()]
['huawei:5fbb_868540050954037']
"""

from __future__ import annotations

from ._faceiot import Cloud, CommandReply, Photo, RegisteredDevice

__all__ = ["Cloud", "CommandReply", "Photo", "RegisteredDevice"]
