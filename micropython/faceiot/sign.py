# The logins of both clouds. Same names and results as `faceiot.sign` of the wheel; checked by the same vectors.

from .digest import hmac, hmac_hex, number
from .errors import ArgumentError
from .port import binascii, native, octets, text, utc_hour


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
    so a device without one leaves it out. `extra` are unsigned items of the client id, pairs of str, 8 at most.
    """
    product_key = _name("product_key", product_key)
    device_name = _name("device_name", device_name)
    device_secret = _secret("device_secret", device_secret)
    region = _name("region", region)
    instance_id = _name("instance_id", instance_id) if instance_id else None
    if client_id is not None:
        client_id = _field("client_id", client_id, "|")
        if len(client_id) > 64:
            raise ArgumentError("client_id is longer than 64 characters")
    if timestamp is not None:
        timestamp = _field("timestamp", str(timestamp), ",|")
    extra = _items(extra)
    if secure_mode not in (-2, -1, 2, 3, 8):
        raise ArgumentError("secure_mode is 2 (TLS), 3 (TCP), -2, -1 or 8")
    if port is None:
        port = 1883 if secure_mode == 3 else 8883
    _check_port(port)
    which = number(method)
    if native is not None:
        return Login(*native.aliyun_login(which, product_key, device_name, device_secret, client_id, timestamp, extra,
                                          region, instance_id, secure_mode, port, hex_upper))
    if client_id is None:
        client_id = product_key + "." + device_name
    signed = "clientId" + client_id + "deviceName" + device_name + "productKey" + product_key
    items = "securemode=%d,signmethod=%s" % (secure_mode, method)
    if timestamp is not None:
        signed += "timestamp" + timestamp
        items += ",timestamp=" + timestamp
    if extra:
        items += "," + extra
    if instance_id:
        host = instance_id + ".mqtt.iothub.aliyuncs.com"
    else:
        host = product_key + ".iot-as-mqtt." + region + ".aliyuncs.com"
    password = hmac_hex(method, device_secret, signed, hex_upper)
    return Login(host, port, client_id + "|" + items + "|", device_name + "&" + product_key, password)


def huawei_mqtt(device_id, device_secret, sign_type=0, timestamp=None, host=None, port=1883):
    """MQTT login of a Huawei IoTDA device (api-iothub/iot_06_v5_3009).

    `timestamp` is the UTC hour `YYYYMMDDHH`; None asks the firmware's clock. Sign type 0 does not check it, 1 does.
    """
    device_id = _field("device_id", device_id)
    if not device_id:
        raise ArgumentError("device_id is empty")
    device_secret = _secret("device_secret", device_secret)
    if sign_type not in (0, 1):
        raise ArgumentError("sign_type is 0 or 1")
    hour = _hour(timestamp)
    host = text(host or "")
    _check_port(port)
    client_id = "%s_0_%d_%s" % (device_id, sign_type, hour)
    if len(octets(client_id)) > 256:
        raise ArgumentError("the client id is longer than 256 octets")
    if native is not None:
        return Login(*native.huawei_login(device_id, device_secret, host, hour, sign_type, port))
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
    hour = _hour(timestamp)
    secret = binascii.hexlify(hmac("hmacsha256", device_id, binascii.a2b_base64(octets(group_secret))))
    client_id = "%s_0_%s_0_%s" % (device_id, scope_id, hour)
    return Login(host, 8883, client_id, device_id, hmac_hex("hmacsha256", hour, secret))


# What the C library refuses is refused here first: in the same words with it and without it.


def _field(at, value, without=""):
    """Text without what would end its field early: the platform would read something else than was meant."""
    value = text(value)
    for c in value:
        if c in without or ord(c) < 32 or 126 < ord(c) < 160:
            raise ArgumentError("%s may not hold %r" % (at, c))
    return value


def _name(at, value):
    """A part of the host or of the user name."""
    value = _field(at, value, "&/|")
    if not value:
        raise ArgumentError("%s is empty" % at)
    return value


def _secret(at, value):
    value = text(value)
    if "\0" in value:
        raise ArgumentError("%s may not hold a NUL" % at)
    return value


def _items(extra):
    """`a=b,c=d`."""
    items = []
    for name, value in extra:
        name = _field("extra", name, ",|=")
        if name in ("", "securemode", "signmethod", "timestamp"):
            raise ArgumentError("extra may not have an item %r" % name)
        items.append(name + "=" + _field("extra", str(value), ","))
    if len(items) > 8:
        raise ArgumentError("extra has more than 8 items")
    return ",".join(items)


def _hour(timestamp):
    hour = text(timestamp or utc_hour())
    if len(hour) != 10 or not hour.isdigit():
        raise ArgumentError("timestamp `%s` is not YYYYMMDDHH" % hour)
    return hour


def _check_port(port):
    if not 0 < port < 65536:
        raise ArgumentError("port is 1 to 65535")
