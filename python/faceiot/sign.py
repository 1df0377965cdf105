"""Logins of devices, signed and verified. Nothing here opens a connection.

>>> login = faceiot.sign.aliyun_mqtt("a1B2c3D4e5F", "camera", "secret", timestamp=1534494218000)
>>> login.username
'camera&a1B2c3D4e5F'
>>> login
Login(host="a1B2c3D4e5F.iot-as-mqtt.cn-shanghai.aliyuncs.com", port=1883, ..., password='***')
"""

from __future__ import annotations

from ._faceiot import Login, aliyun_mqtt, huawei_mqtt, verify_aliyun_mqtt, verify_huawei_mqtt

__all__ = ["Login", "aliyun_mqtt", "huawei_mqtt", "verify_aliyun_mqtt", "verify_huawei_mqtt"]
