# The logins of both clouds. Same names and results as `faceiot.sign` of the wheel; checked by the same vectors.

from .digest import hmac, hmac_hex
from .errors import ArgumentError
from .port import binascii, octets, utc_hour


class Login:
    """What goes into CONNECT. repr() hides the password."""

    def __init__(self, host, port, client_id, username, password):
        self.host = host
        self.port = port
        self.client_id = client_id
        self.username = username
        self.password = password

    def __repr__(self):
        return "Login(host='%s', port=%d, client_id='%s', username='%s', password='***')" % (
            self.host,
            self.port,
            self.client_id,
            self.username,
        )


def aliyun_mqtt(
    product_key,
    device_name,
    device_secret,
    client_id=None,
    method="hmacsha256",
    secure_mode=3,
    timestamp=None,
    extra=(),
    region="cn-shanghai",
    instance_id=None,
    port=None,
    hex_upper=True,
):
    """MQTT login of an Aliyun device (help.aliyun.com/document_detail/73742).

    `secure_mode` 3 is TCP, 2 is TLS. `timestamp` is signed as it stands; the cloud does not compare it with a clock,
    so a device without one leaves it out. `extra` are unsigned items of the client id, pairs of str.
    """
    for name, value in (("product_key", product_key), ("device_name", device_name)):
        if not value:
            raise ArgumentError("%s is empty" % name)
    if client_id is None:
        client_id = product_key + "." + device_name
    if "|" in client_id:
        raise ArgumentError("client_id may not hold `|`")
    signed = "clientId" + client_id + "deviceName" + device_name + "productKey" + product_key
    items = "securemode=%d,signmethod=%s" % (secure_mode, method)
    if timestamp is not None:
        signed += "timestamp" + str(timestamp)
        items += ",timestamp=" + str(timestamp)
    for name, value in extra:
        items += ",%s=%s" % (name, value)
    if instance_id:
        host = instance_id + ".mqtt.iothub.aliyuncs.com"
    else:
        host = product_key + ".iot-as-mqtt." + region + ".aliyuncs.com"
    if port is None:
        port = 1883 if secure_mode == 3 else 8883
    password = hmac_hex(method, device_secret, signed, hex_upper)
    return Login(host, port, client_id + "|" + items + "|", device_name + "&" + product_key, password)


def huawei_mqtt(device_id, device_secret, sign_type=0, timestamp=None, host=None, port=1883):
    """MQTT login of a Huawei IoTDA device (api-iothub/iot_06_v5_3009).

    `timestamp` is the UTC hour `YYYYMMDDHH`; None asks the firmware's clock. Sign type 0 does not check it, 1 does.
    """
    if not device_id:
        raise ArgumentError("device_id is empty")
    hour = timestamp or utc_hour()
    if len(hour) != 10 or not hour.isdigit():
        raise ArgumentError("timestamp `%s` is not YYYYMMDDHH" % hour)
    client_id = "%s_0_%d_%s" % (device_id, sign_type, hour)
    return Login(host, port, client_id, device_id, hmac_hex("hmacsha256", hour, device_secret))


def aliyun_register(product_key, device_name, product_secret, random, method="hmacsha256", client_id=None,
                    region="cn-shanghai", instance_id=None):
    """MQTT login that asks the cloud for the secret of a pre-registered device (TLS only, document_detail/132111).

    The cloud pushes `{"productKey", "deviceName", "deviceSecret"}` on `/ext/register`, without a subscription.
    """
    if client_id is None:
        client_id = product_key + "." + device_name
    items = "securemode=2,authType=register,random=%s,signmethod=%s" % (random, method)
    if instance_id:
        items += ",instanceId=" + instance_id
        host = instance_id + ".mqtt.iothub.aliyuncs.com"
    else:
        host = product_key + ".iot-as-mqtt." + region + ".aliyuncs.com"
    password = register_sign(product_key, device_name, product_secret, random, method)
    return Login(host, 8883, client_id + "|" + items + "|", device_name + "&" + product_key, password)


def register_sign(product_key, device_name, product_secret, random, method="hmacsha256"):
    """The `sign` of dynamic registration, lower-case hex; the same over HTTPS and MQTT (document_detail/74006)."""
    signed = "deviceName" + device_name + "productKey" + product_key + "random" + random
    return hmac_hex(method, product_secret, signed)


def huawei_register(device_id, group_secret, scope_id, timestamp=None, host="iot-bs.cn-north-4.myhuaweicloud.com"):
    """Bootstrap login of a registration group (qs-iotps/iot_03_0003; MQTTS only). `group_secret` is base64 text."""
    hour = timestamp or utc_hour()
    secret = binascii.hexlify(hmac("hmacsha256", device_id, binascii.a2b_base64(octets(group_secret))))
    client_id = "%s_0_%s_0_%s" % (device_id, scope_id, hour)
    return Login(host, 8883, client_id, device_id, hmac_hex("hmacsha256", hour, secret))
