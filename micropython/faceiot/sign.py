# The logins of both clouds. Same names, parameters and results as `faceiot.sign` of the wheel; checked by the same
# vectors. What registers a device is in `register`: a device that has its secret does not load it.

from .digest import hmac_hex, number
from .errors import ArgumentError, SignatureError
from .port import native, octets, text, utc_hour


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
    *,
    client_id=None,
    method="hmacsha256",
    secure_mode=3,
    timestamp=None,
    extra=None,
    region="cn-shanghai",
    instance_id=None,
    port=None,
    hex_upper=True,
):
    """MQTT login of an Aliyun device (help.aliyun.com/document_detail/73742).

    `secure_mode` 3 is TCP, 2 is TLS. `timestamp` is signed as it stands; the cloud does not compare it with a clock,
    so a device without one leaves it out. `extra` are unsigned items of the client id, a dict or pairs of str, 8 at most.
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


def huawei_mqtt(device_id, device_secret, *, sign_type=0, timestamp=None, host="", port=None):
    """MQTT login of a Huawei IoTDA device (api-iothub/iot_06_v5_3009).

    `timestamp` is the UTC hour `YYYYMMDDHH` or seconds since 1970; None asks the firmware's clock. Sign type 0 does not
    check it, 1 does. The port is 8883 (TLS) when None.
    """
    device_id = _field("device_id", device_id)
    if not device_id:
        raise ArgumentError("device_id is empty")
    device_secret = _secret("device_secret", device_secret)
    if sign_type not in (0, 1):
        raise SignatureError("sign type `%s` is neither 0 nor 1" % sign_type)
    hour = utc_hour_of(timestamp)
    host = text(host or "")
    port = 8883 if port is None else port
    _check_port(port)
    client_id = "%s_0_%d_%s" % (device_id, sign_type, hour)
    if len(octets(client_id)) > 256:
        raise ArgumentError("the client id is longer than 256 octets")
    if native is not None:
        return Login(*native.huawei_login(device_id, device_secret, host, hour, sign_type, port))
    return Login(host, port, client_id, device_id, hmac_hex("hmacsha256", hour, device_secret))


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
    for name, value in extra.items() if isinstance(extra, dict) else extra or ():
        name = _field("extra", name, ",|=")
        if name in ("", "securemode", "signmethod", "timestamp"):
            raise ArgumentError("extra may not have an item %r" % name)
        items.append(name + "=" + _field("extra", str(value), ","))
    if len(items) > 8:
        raise ArgumentError("extra has more than 8 items")
    return ",".join(items)


def utc_hour_of(timestamp):
    """`YYYYMMDDHH` as it is given, of seconds since 1970, or of now."""
    if isinstance(timestamp, int):
        if timestamp < 0:
            raise ArgumentError("timestamp is not negative")
        day, second = divmod(timestamp, 86400)
        # Counted from 0000-03-01, so that the leap day is the last of its year. Firmwares count from 1970 or from 2000.
        era, day = divmod(day + 719468, 146097)
        year = (day - day // 1460 + day // 36524 - day // 146096) // 365
        day -= 365 * year + year // 4 - year // 100
        month = (5 * day + 2) // 153
        day -= (153 * month + 2) // 5 - 1
        return "%04d%02d%02d%02d" % (400 * era + year + month // 10, (month + 2) % 12 + 1, day, second // 3600)
    hour = utc_hour() if timestamp is None else text(timestamp)
    if len(hour) != 10 or not hour.isdigit():
        raise SignatureError("timestamp `%s` is not YYYYMMDDHH" % hour, 24)
    return hour


def _check_port(port):
    if not 0 < port < 65536:
        raise ArgumentError("port is 1 to 65535")
