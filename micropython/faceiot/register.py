# Registration: a device that has a secret of its product or group asks the cloud for its own. Same names, parameters and
# results as `faceiot.sign` of the wheel; checked by the same vectors.

from .digest import hmac, hmac_hex
from .errors import ArgumentError
from .port import binascii, octets, text
from .sign import Login, _check_port, _field, _name, _secret, utc_hour_of


class Signed:
    """A request: post `body` to `url` as a form. repr() hides the signature."""

    def __init__(self, string_to_sign, signature, params, url, body):
        self.string_to_sign = string_to_sign
        self.signature = signature
        self.params = params
        self.url = url
        self.body = body

    def __repr__(self):
        return "Signed(signature='***', url='%s')" % self.url


def aliyun_register(product_key, device_name, product_secret, *, nonce=None, method="hmacsha256", region="cn-shanghai"):
    """Registration over HTTPS (help.aliyun.com/document_detail/74006). `nonce` is 128 random bits when None."""
    nonce = _nonce(nonce)
    params = {"productKey": text(product_key), "deviceName": text(device_name), "random": nonce, "signMethod": method}
    signed, signature = _sign(product_key, device_name, product_secret, nonce, method)
    body = "&".join([name + "=" + _encode(params[name]) for name in ("productKey", "deviceName", "random")])
    body += "&sign=" + signature + "&signMethod=" + method
    params["sign"] = signature
    return Signed(signed, signature, params, "https://iot-auth." + region + ".aliyuncs.com/auth/register/device", body)


def aliyun_register_mqtt(
    product_key,
    device_name,
    product_secret,
    *,
    nonce=None,
    method="hmacsha256",
    without_preregistration=False,
    client_id=None,
    secure_mode=None,
    region="cn-shanghai",
    instance_id=None,
    port=None,
):
    """MQTT login that asks for the device's secret (TLS only; help.aliyun.com/document_detail/132111).

    The cloud pushes `{"productKey", "deviceName", "deviceSecret"}` on `/ext/register`, without a subscription; without
    pre-registration a token, on `/ext/regnwl`.
    """
    product_key = _name("product_key", product_key)
    device_name = _name("device_name", device_name)
    nonce = _field("nonce", _nonce(nonce), "|,")
    client_id = device_name + "." + product_key if client_id is None else _field("client_id", client_id, "|,")
    port = 8883 if port is None else port
    _check_port(port)
    if secure_mode is None:
        secure_mode = -2 if without_preregistration else 2
    signature = _sign(product_key, device_name, product_secret, nonce, method)[1]
    client_id += "|random=%s,authType=%s,securemode=%d,signmethod=%s" % (
        nonce,
        "regnwl" if without_preregistration else "register",
        secure_mode,
        method,
    )
    host = product_key + ".iot-as-mqtt." + region + ".aliyuncs.com"
    if instance_id is not None:
        instance_id = _field("instance_id", instance_id, "|,")
        client_id += ",instanceId=" + instance_id
        host = instance_id + ".mqtt.iothub.aliyuncs.com"
    return Login(host, port, client_id + "|", device_name + "&" + product_key, signature)


def huawei_bootstrap(device_id, scope_id, group_secret, *, timestamp=None, host="", port=None):
    """Login of a device of a registration group at the bootstrap server (MQTTS only; qs-iotps/iot_03_0003).

    `group_secret` is base64 text, as the console shows it; `timestamp` as for `huawei_mqtt`.
    """
    device_id = _field("device_id", device_id)
    scope_id = _field("scope_id", scope_id, "_")
    if not device_id or not scope_id:
        raise ArgumentError("device_id or scope_id is empty")
    hour = utc_hour_of(timestamp)
    port = 8883 if port is None else port
    _check_port(port)
    secret = binascii.hexlify(hmac("hmacsha256", device_id, _base64(text(group_secret))))
    client_id = "%s_0_%s_0_%s" % (device_id, scope_id, hour)
    return Login(text(host or ""), port, client_id, device_id, hmac_hex("hmacsha256", hour, secret))


def _sign(product_key, device_name, product_secret, nonce, method):
    signed = "deviceName" + text(device_name) + "productKey" + text(product_key) + "random" + nonce
    return signed, hmac_hex(method, _secret("product_secret", product_secret), signed)


def _nonce(nonce):
    if nonce is not None:
        return text(nonce)
    try:
        from os import urandom
    except ImportError:
        raise ArgumentError("this firmware has no random numbers: give the nonce")
    return binascii.hexlify(urandom(16)).decode()


def _encode(value):
    """Percent-encoding of all but letters, digits and `-_.~`."""
    out = ""
    for octet in octets(value):
        c = chr(octet)
        out += c if octet < 128 and (c.isalpha() or c.isdigit() or c in "-_.~") else "%%%02X" % octet
    return out


def _base64(value):
    """a2b_base64 skips what is no base64: here it is an error."""
    digits = value.rstrip("=")
    good = len(value) % 4 == 0 and len(value) - len(digits) < 3
    for c in digits:
        good = good and ord(c) < 128 and (c.isalpha() or c.isdigit() or c in "+/")
    if not good:
        raise ArgumentError("group_secret is not base64", 4)
    return binascii.a2b_base64(octets(value))
