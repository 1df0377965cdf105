# The extension module. The texts are the extension's own, written here by `python/update_stubs.py` (which a test keeps
# honest); the signatures are written by hand and held to the extension by `mypy.stubtest`.

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import (
    Any,
    BinaryIO,
    Final,
    Literal,
    Protocol,
    Self,
    TypeAlias,
    TypedDict,
    TypeVar,
    final,
    overload,
    type_check_only,
)

import numpy as np
import numpy.typing as npt
from typing_extensions import Buffer

_Pairs: TypeAlias = Mapping[str, str] | Iterable[tuple[str, str]]
_Callback = TypeVar("_Callback", bound=Callable[[Command], Any])

__version__: Final[str]
ERROR_KINDS: Final[dict[str, tuple[int, bool]]]
HEX_OCTETS: Final[int]
V2_TEXT_DATA_MAX: Final[int]

def cli_main(argv: Sequence[str]) -> int:
    """Runs the `faceiot` command.

    Args:
        argv: The command line, the program's name first.

    Returns:
        The exit code.
    """

# faceiot.sign

@final
class Login:
    """What a device gives an MQTT broker to be let in.

    `repr()` shows the password as `***`; `==` compares all five fields.
    """

    @property
    def host(self) -> str:
        """Name of the broker."""
    @property
    def port(self) -> int:
        """Port of the broker."""
    @property
    def client_id(self) -> str:
        """MQTT client id."""
    @property
    def username(self) -> str:
        """MQTT user name."""
    @property
    def password(self) -> str:
        """MQTT password. It opens the device's session: treat it as the secret it is."""
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

def aliyun_mqtt(
    product_key: str,
    device_name: str,
    device_secret: str,
    *,
    client_id: str | None = None,
    method: Literal["hmacsha256", "hmacsha1", "hmacmd5"] | str = "hmacsha256",
    secure_mode: int = 3,
    timestamp: int | str | None = None,
    extra: Mapping[str, str] | Sequence[tuple[str, str]] | None = None,
    region: str = "cn-shanghai",
    instance_id: str | None = None,
    port: int | None = None,
    hex_upper: bool = True,
) -> Login:
    """Signs the MQTT login of a device of Alibaba Cloud IoT.

    The password is the hex HMAC of `clientId…deviceName…productKey…[timestamp…]` with the device secret as the key
    (help.aliyun.com/document_detail/73742). Only these four are signed: the secure mode, the method and `extra` are not.

    Args:
        product_key: ProductKey of the product.
        device_name: DeviceName of the device.
        device_secret: DeviceSecret; used as the key, never stored or printed.
        client_id: The free part of the client id, at most 64 characters; without it `{product_key}.{device_name}`.
        method: `"hmacsha256"`, `"hmacsha1"` or `"hmacmd5"`.
        secure_mode: 2 for TLS, 3 for TCP. It changes the client id, not the password.
        timestamp: Signed as it stands (the cloud does not compare it with its clock); without it there is none.
        extra: Further items of the client id such as `{"lan": "Python"}`, in their order, unsigned.
        region: Region of the public instance.
        instance_id: Id of an enterprise or new public instance; it decides the host.
        port: Port to put into the result; without it the cloud's for this secure mode.
        hex_upper: Upper-case hex password. The cloud takes both.

    Returns:
        The login: host, port, client id, user name and password.

    Raises:
        SignatureError: The method is unknown.
        ArgumentError: A name is empty or holds a character that would break the client id.

    Example:
        >>> login = faceiot.sign.aliyun_mqtt("pk", "device", "secret", client_id="12345",
        ...                                  method="hmacsha1", timestamp=789)
        >>> login.client_id
        '12345|securemode=3,signmethod=hmacsha1,timestamp=789|'
        >>> login.password
        'FAFD82A3D602B37FB0FA8B7892F24A477F851A14'
    """

def huawei_mqtt(
    device_id: str,
    device_secret: str,
    *,
    sign_type: Literal[0, 1] | int = 0,
    timestamp: int | str | None = None,
    host: str = "",
    port: int | None = None,
) -> Login:
    """Signs the MQTT login of a device of Huawei Cloud IoTDA.

    The password is the lower-case hex HMAC-SHA256 of the device secret with the UTC hour as the key
    (support.huaweicloud.com/api-iothub/iot_06_v5_3009).

    Args:
        device_id: Id of the device, usually `{product_id}_{node_id}`.
        device_secret: Secret of the device; never stored or printed.
        sign_type: 0: the cloud does not check the hour (for devices without a clock); 1: it must be the current one.
        timestamp: The hour, as `"YYYYMMDDHH"` in UTC or as seconds since 1970; without it the current one.
        host: Name of the broker, which the console shows for each instance.
        port: Port to put into the result; without it 8883 (TLS).

    Returns:
        The login: host, port, client id, user name and password.

    Raises:
        SignatureError: The sign type is neither 0 nor 1, or the timestamp is no hour.
        ArgumentError: The device id is empty or too long.

    Example:
        >>> login = faceiot.sign.huawei_mqtt("p_n", "x", sign_type=1, timestamp="2026010203")
        >>> login.client_id
        'p_n_0_1_2026010203'
        >>> login
        Login(host="", port=8883, client_id="p_n_0_1_2026010203", username="p_n", password='***')
    """

def verify_aliyun_mqtt(client_id: str, username: str, password: str, device_secret: str) -> None:
    """Checks a login as Alibaba's broker does.

    The hex case of the password does not matter, nor the age of the timestamp; the comparison takes the same time
    wherever the passwords differ.

    Args:
        client_id: Client id of the CONNECT packet, with its `|securemode=…|` part.
        username: User name of the CONNECT packet.
        password: Password of the CONNECT packet.
        device_secret: The secret that the registry holds for this device.

    Raises:
        SignatureError: The login does not verify. The message shows the string that was signed, never the password
            that would have been right.

    Example:
        >>> login = faceiot.sign.aliyun_mqtt("pk", "cam1", "secret")
        >>> faceiot.sign.verify_aliyun_mqtt(login.client_id, login.username, login.password, "secret")
        >>> faceiot.sign.verify_aliyun_mqtt(login.client_id, login.username, "00" * 32, "secret")
        Traceback (most recent call last):
            ...
        faceiot.errors.SignatureError: ...
    """

def verify_huawei_mqtt(
    client_id: str, username: str, password: str, device_secret: str, *, now: int | None = None
) -> None:
    """Checks a login as Huawei's broker does.

    Args:
        client_id: Client id of the CONNECT packet.
        username: User name of the CONNECT packet.
        password: Password of the CONNECT packet.
        device_secret: The secret that the registry holds for this device.
        now: Seconds since 1970, for sign type 1; without it the current time.

    Raises:
        SignatureError: The login does not verify, or its sign type is 1 and the hour is not the current one.

    Example:
        >>> login = faceiot.sign.huawei_mqtt("p_n", "x", sign_type=1, timestamp=1767323045)
        >>> faceiot.sign.verify_huawei_mqtt(login.client_id, login.username, login.password, "x", now=1767323045)
    """

@final
class SigningKey:
    """A key derived for a day and a region, so that a signature costs one HMAC. Give it in place of the secret.

    `repr()` shows `***`; the key is wiped when the object goes.
    """

@final
class Signed:
    """A signed request: what was signed, the signature, and what the request has to carry because of it.

    `repr()` shows the signature as `***` and of headers and parameters the names only.
    """

    @property
    def canonical(self) -> str | None:
        """The canonical request, of signatures that hash one; otherwise None."""
    @property
    def string_to_sign(self) -> str:
        """The text that was signed."""
    @property
    def signature(self) -> str:
        """The signature."""
    @property
    def headers(self) -> dict[str, str]:
        """Headers to add to the request."""
    @property
    def params(self) -> dict[str, str]:
        """Parameters to add to the request."""
    @property
    def url(self) -> str | None:
        """URL of the request, of signatures that stand in one; otherwise None."""
    @property
    def body(self) -> str | None:
        """Form of all parameters, of signatures that stand in one: body of a POST, query of a GET. Otherwise None."""

def aliyun_register(
    product_key: str,
    device_name: str,
    product_secret: str,
    *,
    nonce: str | None = None,
    method: Literal["hmacsha256", "hmacsha1", "hmacmd5"] | str = "hmacsha256",
    region: str = "cn-shanghai",
) -> Signed:
    """Signs the registration of a device over HTTPS: it knows its product's secret and asks for its own.

    Post `body` to `url` as a form (help.aliyun.com/document_detail/74006).

    Args:
        product_key: ProductKey of the product.
        device_name: DeviceName of the device.
        product_secret: ProductSecret; used as the key, never stored or printed.
        nonce: The `random` of the request; without it 128 random bits.
        method: `"hmacsha256"`, `"hmacsha1"` or `"hmacmd5"`.
        region: Region of the product.

    Returns:
        Text and signature, URL, body and parameters.

    Raises:
        SignatureError: The method is unknown.

    Example:
        >>> signed = faceiot.sign.aliyun_register("1234556554", "deviceName1234", "adsfweafdsf", nonce="567345",
        ...                                       method="hmacsha1")
        >>> signed.params["sign"]
        'efb1bdcd7fc888c57e47e6cc580bf2ac170c8000'
    """

def verify_aliyun_register(
    product_key: str,
    device_name: str,
    product_secret: str,
    *,
    nonce: str,
    signature: str,
    method: Literal["hmacsha256", "hmacsha1", "hmacmd5"] | str = "hmacsha256",
) -> None:
    """Checks the signature of a registration over HTTPS; the hex case does not matter.

    Args:
        product_key: `productKey` of the form.
        device_name: `deviceName` of the form.
        product_secret: The secret that the registry holds for this product.
        nonce: `random` of the form.
        signature: `sign` of the form.
        method: `signMethod` of the form.

    Raises:
        SignatureError: It does not verify. The message shows the string that was signed here.

    Example:
        >>> signed = faceiot.sign.aliyun_register("pk", "cam1", "secret", nonce="1")
        >>> faceiot.sign.verify_aliyun_register("pk", "cam1", "secret", nonce="1", signature=signed.signature)
    """

def aliyun_register_mqtt(
    product_key: str,
    device_name: str,
    product_secret: str,
    *,
    nonce: str | None = None,
    method: Literal["hmacsha256", "hmacsha1", "hmacmd5"] | str = "hmacsha256",
    without_preregistration: bool = False,
    client_id: str | None = None,
    secure_mode: int | None = None,
    region: str = "cn-shanghai",
    instance_id: str | None = None,
    port: int | None = None,
) -> Login:
    """Signs the MQTT login with which a device registers itself (TLS only; help.aliyun.com/document_detail/132111).

    The answer comes on `/ext/register` or `/ext/regnwl`, without a subscription.

    Args:
        product_key: ProductKey of the product.
        device_name: DeviceName of the device.
        product_secret: ProductSecret; used as the key, never stored or printed.
        nonce: The `random` of the client id; without it 128 random bits.
        method: `"hmacsha256"`, `"hmacsha1"` or `"hmacmd5"`.
        without_preregistration: The device was not created before and receives a token instead of a secret (`regnwl`).
        client_id: The free part of the client id; without it `{device_name}.{product_key}`.
        secure_mode: Without it what the documentation says: 2, and -2 without pre-registration.
        region: Region of the public instance.
        instance_id: Id of an instance with a host of its own.
        port: Port to put into the result; without it 8883.

    Returns:
        The login: host, port, client id, user name and password.

    Raises:
        SignatureError: The method is unknown.
        ArgumentError: A name is empty or holds a character that would break the client id.

    Example:
        >>> faceiot.sign.aliyun_register_mqtt("pk", "cam1", "secret", nonce="1").client_id
        'cam1.pk|random=1,authType=register,securemode=2,signmethod=hmacsha256|'
    """

def verify_aliyun_register_mqtt(
    client_id: str,
    username: str,
    password: str,
    product_secret: str,
) -> None:
    """Checks an MQTT login with which a device registers itself.

    Args:
        client_id: Client id of the CONNECT packet.
        username: User name of the CONNECT packet.
        password: Password of the CONNECT packet.
        product_secret: The secret that the registry holds for this product.

    Raises:
        SignatureError: The login does not verify. The message shows the string that was signed here.

    Example:
        >>> login = faceiot.sign.aliyun_register_mqtt("pk", "cam1", "secret")
        >>> faceiot.sign.verify_aliyun_register_mqtt(login.client_id, login.username, login.password, "secret")
    """

def aliyun_token_mqtt(
    product_key: str,
    device_name: str,
    client_id: str,
    device_token: str,
    *,
    region: str = "cn-shanghai",
    instance_id: str | None = None,
    port: int | None = None,
) -> Login:
    """Makes the MQTT login with the client id and the token that a registration without pre-registration gave.

    Nothing is signed: the token is the password.

    Args:
        product_key: ProductKey of the product.
        device_name: DeviceName of the device.
        client_id: `clientId` of the answer.
        device_token: `deviceToken` of the answer; it becomes the password.
        region: Region of the public instance.
        instance_id: Id of an instance with a host of its own.
        port: Port to put into the result; without it 8883.

    Returns:
        The login: host, port, client id, user name and password.

    Raises:
        ArgumentError: A name is empty or holds a character that would break the client id.

    Example:
        >>> faceiot.sign.aliyun_token_mqtt("pk", "cam1", "abc", "token").client_id
        'abc|authType=connwl,securemode=-2|'
    """

def aliyun_sub_device(
    product_key: str,
    device_name: str,
    device_secret: str,
    *,
    client_id: str,
    timestamp: int | str,
    method: Literal["hmacsha256", "hmacsha1", "hmacmd5"] | str = "hmacsha256",
) -> Signed:
    """Signs what a gateway says of a device behind it: to add it to its topology, or to log it in.

    Args:
        product_key: ProductKey of the device.
        device_name: DeviceName of the device.
        device_secret: DeviceSecret of the device; used as the key, never stored or printed.
        client_id: Client id of the device, signed whole.
        timestamp: Signed as it stands.
        method: `"hmacsha256"`, `"hmacsha1"` or `"hmacmd5"`.

    Returns:
        Text and signature, and the parameters of the device in the gateway's message.

    Raises:
        SignatureError: The method is unknown.
        ArgumentError: A name is empty or holds a character that would be read differently.

    Example:
        >>> signed = faceiot.sign.aliyun_sub_device("pk", "device", "secret", client_id="12345", timestamp=789,
        ...                                         method="hmacsha1")
        >>> signed.params["sign"]
        'fafd82a3d602b37fb0fa8b7892f24a477f851a14'
    """

def aliyun_amqp(
    access_key_id: str,
    access_key_secret: str,
    *,
    client_id: str,
    consumer_group_id: str,
    instance_id: str | None = None,
    timestamp: int | str | None = None,
    method: Literal["hmacsha256", "hmacsha1", "hmacmd5"] | str = "hmacsha1",
    security_token: str | None = None,
    base64_bodies: bool = False,
    host: str = "",
    port: int = 5671,
) -> Login:
    """Signs the login of a consumer of Alibaba's server-side subscriptions, over AMQP or STOMP.

    The password is the base64 HMAC of `authId=..&timestamp=..` (help.aliyun.com/document_detail/142489).

    Args:
        access_key_id: AccessKey id.
        access_key_secret: AccessKey secret; used as the key, never stored or printed.
        client_id: Free text, 64 characters at most, different for each connection.
        consumer_group_id: Consumer group.
        instance_id: Instance id; needed exactly when the instance has one.
        timestamp: Milliseconds since 1970; without it now.
        method: `"hmacsha1"`, `"hmacsha256"` or `"hmacmd5"`.
        security_token: Token of temporary credentials; it is signed, and stands in the user name.
        base64_bodies: Ask for message bodies in base64, as binary payloads over STOMP need it.
        host: Name of the server: `{uid}.iot-amqp.{region}.aliyuncs.com`.
        port: Port to put into the result; 5671 is AMQP over TLS.

    Returns:
        The login: host, port, client id, user name and password.

    Raises:
        SignatureError: The method is unknown.
        ArgumentError: A value holds `|` or `,`.

    Example:
        >>> login = faceiot.sign.aliyun_amqp("testid", "testsecret", client_id="c", consumer_group_id="DEFAULT_GROUP",
        ...                                  timestamp=1573489088171)
        >>> login.password
        'RG+3WYzI9qDD0P9m6ER+maK4yH0='
    """

def verify_aliyun_amqp(
    username: str,
    password: str,
    access_key_secret: str,
) -> None:
    """Checks the login of a consumer as Alibaba's server does.

    The order of the items in the user name does not matter. The time is yours to check.

    Args:
        username: User name of the login.
        password: Password of the login.
        access_key_secret: The secret of the AccessKey that the user name names.

    Raises:
        SignatureError: The login does not verify. The message shows the string that was signed here, a token masked.

    Example:
        >>> login = faceiot.sign.aliyun_amqp("id", "secret", client_id="c", consumer_group_id="g")
        >>> faceiot.sign.verify_aliyun_amqp(login.username, login.password, "secret")
    """

def huawei_amqp(
    access_key: str,
    access_code: str,
    *,
    instance_id: str | None = None,
    timestamp: int | None = None,
    host: str = "",
    port: int = 5671,
) -> Login:
    """Makes the login of a consumer of Huawei's server-side subscriptions over AMQP.

    Nothing is signed: the access code is the password. The user name holds the time and must be made anew for every
    connection.

    Args:
        access_key: Access key, which the console shows.
        access_code: Access code; it becomes the password.
        instance_id: Instance id, when the instance has one.
        timestamp: Milliseconds since 1970; without it now.
        host: Name of the server, which the console shows.
        port: Port to put into the result; 5671 is AMQP over TLS.

    Returns:
        The login: host, port, an empty client id, user name and password.

    Raises:
        ArgumentError: A value holds `|`.

    Example:
        >>> faceiot.sign.huawei_amqp("abcdefgh", "code", timestamp=1767323045000).username
        'accessKey=abcdefgh|timestamp=1767323045000'
    """

def verify_huawei_amqp(
    username: str,
    password: str,
    access_code: str,
    *,
    now: int | None = None,
) -> None:
    """Checks the login of a consumer as Huawei's server does: the access code, and the time, which may be 5 minutes off.

    Args:
        username: User name of the login.
        password: Password of the login.
        access_code: The access code of the access key that the user name names.
        now: Milliseconds since 1970; without it the current time.

    Raises:
        SignatureError: The login does not verify.

    Example:
        >>> login = faceiot.sign.huawei_amqp("abcdefgh", "code")
        >>> faceiot.sign.verify_huawei_amqp(login.username, login.password, "code")
    """

def aliyun_rpc(
    access_key_id: str,
    access_key_secret: str,
    *,
    params: _Pairs,
    method: str = "POST",
    timestamp: int | str | None = None,
    nonce: str | None = None,
    security_token: str | None = None,
    complete: bool = True,
) -> Signed:
    """Signs a request to a POP API of the RPC style, version 1 (HMAC-SHA1): IoT, Face, ECS and others.

    Args:
        access_key_id: AccessKey id.
        access_key_secret: AccessKey secret; used as the key, never stored or printed.
        params: The parameters of the query and of the form together, plain: `Action`, `Version` and those of the action.
        method: HTTP method.
        timestamp: Seconds since 1970, or the parameter `Timestamp` itself; without it now.
        nonce: `SignatureNonce`; without it 128 random bits.
        security_token: Token of temporary credentials.
        complete: Add `AccessKeyId`, `SignatureMethod`, `SignatureVersion`, `SignatureNonce`, `Timestamp` and `SecurityToken`
            where they are missing; False signs what is given and nothing else.

    Returns:
        Canonical parameters, text and signature, the parameters to add, and the form of all of them.

    Example:
        >>> signed = faceiot.sign.aliyun_rpc("testid", "testsecret", method="GET", complete=False, params={
        ...     "TimeStamp": "2016-02-23T12:46:24Z", "Format": "XML", "AccessKeyId": "testid",
        ...     "Action": "DescribeRegions", "SignatureMethod": "HMAC-SHA1", "Version": "2014-05-26",
        ...     "SignatureNonce": "3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf", "SignatureVersion": "1.0"})
        >>> signed.params
        {'Signature': 'CT9X0VtwR86fNWSnsc6v8YGOjuE='}
    """

def verify_aliyun_rpc(
    access_key_secret: str,
    *,
    params: _Pairs,
    method: str = "POST",
) -> None:
    """Checks a request to a POP API of the RPC style. Time and nonce are yours to check.

    Args:
        access_key_secret: The secret of the AccessKey that the request names.
        params: The parameters of the query and of the form together, decoded, `Signature` among them.
        method: HTTP method.

    Raises:
        SignatureError: The request does not verify. The message shows the string that was signed here.

    Example:
        >>> params = {"Action": "DescribeRegions", "Version": "2014-05-26"}
        >>> signed = faceiot.sign.aliyun_rpc("id", "secret", params=params)
        >>> faceiot.sign.verify_aliyun_rpc("secret", params=params | signed.params)
    """

def aliyun_roa(
    access_key_id: str,
    access_key_secret: str,
    *,
    method: str,
    path: str,
    query: _Pairs | None = None,
    headers: _Pairs | None = None,
    body: str | Buffer | None = None,
    timestamp: int | str | None = None,
    nonce: str | None = None,
    security_token: str | None = None,
    complete: bool = True,
) -> Signed:
    r"""Signs a request to a POP API of the ROA style, version 1 (HMAC-SHA1).

    Args:
        access_key_id: AccessKey id.
        access_key_secret: AccessKey secret; used as the key, never stored or printed.
        method: HTTP method.
        path: Path as it is sent, without the query.
        query: Query parameters, decoded.
        headers: Headers of the request; `Accept`, `Content-MD5`, `Content-Type`, `Date` and `x-acs-*` are signed.
        body: The body.
        timestamp: Seconds since 1970, or the header `Date` itself; without it now.
        nonce: `x-acs-signature-nonce`; without it 128 random bits.
        security_token: Token of temporary credentials.
        complete: Add `Date`, `Content-MD5` of a body, `x-acs-signature-*` and `x-acs-security-token` where they are missing;
            False signs what is given and nothing else.

    Returns:
        Text and signature, and the headers to add.

    Example:
        >>> signed = faceiot.sign.aliyun_roa("id", "secret", method="GET", path="/clusters", complete=False,
        ...     headers={"Accept": "application/json", "Date": "Fri, 17 Aug 2018 08:23:38 GMT"}, query={"a": "b"})
        >>> signed.string_to_sign
        'GET\napplication/json\n\n\nFri, 17 Aug 2018 08:23:38 GMT\n/clusters?a=b'
    """

def verify_aliyun_roa(
    access_key_secret: str,
    *,
    method: str,
    path: str,
    headers: _Pairs,
    query: _Pairs | None = None,
    body: str | Buffer | None = None,
) -> None:
    """Checks a request to a POP API of the ROA style; `Content-MD5`, when it is there, must be that of the body.

    Time and nonce are yours to check.

    Args:
        access_key_secret: The secret of the AccessKey that `Authorization` names.
        method: HTTP method.
        path: Path as it came, without the query.
        headers: Headers of the request, `Authorization` among them.
        query: Query parameters, decoded.
        body: The body.

    Raises:
        SignatureError: The request does not verify. The message shows the string that was signed here.

    Example:
        >>> signed = faceiot.sign.aliyun_roa("id", "secret", method="GET", path="/clusters")
        >>> faceiot.sign.verify_aliyun_roa("secret", method="GET", path="/clusters", headers=signed.headers)
    """

def aliyun_acs3(
    access_key_id: str,
    access_key_secret: str,
    *,
    method: str,
    path: str,
    query: _Pairs | None = None,
    headers: _Pairs | None = None,
    body: str | Buffer | None = None,
    host: str | None = None,
    timestamp: int | str | None = None,
    nonce: str | None = None,
    security_token: str | None = None,
    complete: bool = True,
) -> Signed:
    """Signs a request to a POP API, version 3 (`ACS3-HMAC-SHA256`).

    Signed are `host`, `content-type` and `x-acs-*`; the request must carry `x-acs-action` and `x-acs-version`.

    Args:
        access_key_id: AccessKey id.
        access_key_secret: AccessKey secret; used as the key, never stored or printed.
        method: HTTP method.
        path: Path as it is sent, without the query.
        query: Query parameters, decoded.
        headers: Headers of the request.
        body: The body.
        host: The header `host`, when it is not among the headers.
        timestamp: Seconds since 1970, or the header `x-acs-date` itself; without it now.
        nonce: `x-acs-signature-nonce`; without it 128 random bits.
        security_token: Token of temporary credentials.
        complete: Add `x-acs-date`, `x-acs-signature-nonce`, `x-acs-content-sha256` and `x-acs-security-token` where they are
            missing; False signs what is given and nothing else.

    Returns:
        Canonical request, text and signature, and the headers to add.

    Example:
        >>> signed = faceiot.sign.aliyun_acs3("testid", "testsecret", method="GET", path="/",
        ...     query={"Limit": "10", "DbName": "default"}, host="facebody.cn-shanghai.aliyuncs.com",
        ...     headers={"x-acs-version": "2019-12-30", "x-acs-action": "SearchFace"},
        ...     timestamp=1534494218, nonce="3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf")
        >>> signed.signature
        '9c2bb0cfc13617cfa5273629456e0f6c04090ec25eac6bb4edda963a9994e5a9'
    """

def verify_aliyun_acs3(
    access_key_secret: str,
    *,
    method: str,
    path: str,
    headers: _Pairs,
    query: _Pairs | None = None,
    body: str | Buffer | None = None,
) -> None:
    """Checks a request to a POP API of version 3, by the headers that it says are signed.

    `host` must be one of them, and `x-acs-content-sha256`, when it is there, must be the hash of the body. Time and nonce are
    yours to check.

    Args:
        access_key_secret: The secret of the AccessKey that `Authorization` names.
        method: HTTP method.
        path: Path as it came, without the query.
        headers: Headers of the request, `Authorization` among them.
        query: Query parameters, decoded.
        body: The body.

    Raises:
        SignatureError: The request does not verify. The message shows the string that was signed here.

    Example:
        >>> signed = faceiot.sign.aliyun_acs3("id", "secret", method="GET", path="/", host="h")
        >>> faceiot.sign.verify_aliyun_acs3("secret", method="GET", path="/", headers=signed.headers)
    """

def aliyun_dataplus(
    access_key_id: str,
    access_key_secret: str,
    *,
    path: str,
    method: str = "POST",
    accept: str = "application/json",
    content_type: str = "application/json",
    body: str | Buffer | None = None,
    timestamp: int | str | None = None,
    empty_body_without_md5: bool = False,
) -> Signed:
    """Signs a request to Alibaba's Dataplus, seed 000's face service.

    Args:
        access_key_id: AccessKey id.
        access_key_secret: AccessKey secret; used as the key, never stored or printed.
        method: HTTP method.
        path: Path and query as they are sent.
        accept: Header `Accept`.
        content_type: Header `Content-Type`.
        body: The body.
        timestamp: Seconds since 1970, or the header `Date` itself; without it now.
        empty_body_without_md5: Sign no MD5 for an empty body, as the vendor's demos do; seed 000 signs the MD5 of nothing.

    Returns:
        Text and signature, and the headers to send.

    Example:
        >>> signed = faceiot.sign.aliyun_dataplus("testid", "testsecret", path="/face/attribute",
        ...     body='{"type":0,"image_url":"http://a/1.jpg"}', timestamp=1534494218)
        >>> signed.headers["Authorization"]
        'Dataplus testid:1yCziB6ZyM6FCyLZ2CxZhhcj3Ms='
    """

def verify_aliyun_dataplus(
    access_key_secret: str,
    *,
    path: str,
    headers: _Pairs,
    method: str = "POST",
    body: str | Buffer | None = None,
) -> None:
    """Checks a request to Dataplus.

    An empty body is accepted with and without its MD5. The time is yours to check.

    Args:
        access_key_secret: The secret of the AccessKey that the request names.
        method: HTTP method.
        path: Path and query as they came.
        headers: `Accept`, `Content-Type`, `Date` and `Authorization`.
        body: The body.

    Raises:
        SignatureError: The request does not verify. The message shows the string that was signed here.

    Example:
        >>> signed = faceiot.sign.aliyun_dataplus("id", "secret", path="/face/attribute", body="{}")
        >>> faceiot.sign.verify_aliyun_dataplus("secret", path="/face/attribute", headers=signed.headers, body="{}")
    """

def oss_v1(
    access_key_id: str,
    access_key_secret: str,
    *,
    method: str,
    bucket: str = "",
    key: str = "",
    headers: _Pairs | None = None,
    params: _Pairs | None = None,
    timestamp: int | str | None = None,
    security_token: str | None = None,
) -> Signed:
    r"""Signs an OSS request in its headers, version 1 (HMAC-SHA1).

    Args:
        access_key_id: AccessKey id.
        access_key_secret: AccessKey secret; used as the key, never stored or printed.
        method: HTTP method.
        bucket: Bucket, also behind a CNAME; empty for requests to the service itself.
        key: Key of the object, plain; empty for requests to the bucket.
        headers: Headers of the request. A `Date` or `x-oss-date` among them is kept.
        params: Query parameters, decoded; one without a value has an empty one.
        timestamp: Seconds since 1970, or the header `Date` itself; without it now.
        security_token: Token of temporary credentials.

    Returns:
        Text and signature, and the headers to add.

    Example:
        >>> signed = faceiot.sign.oss_v1("id", "secret", method="GET", bucket="b", key="a.jpg", timestamp=1534494218)
        >>> signed.string_to_sign
        'GET\n\n\nFri, 17 Aug 2018 08:23:38 GMT\n/b/a.jpg'
    """

def verify_oss_v1(
    access_key_secret: str,
    *,
    method: str,
    headers: _Pairs,
    bucket: str = "",
    key: str = "",
    params: _Pairs | None = None,
) -> None:
    """Checks an OSS request signed in its headers, version 1. The time is yours to check.

    Args:
        access_key_secret: The secret of the AccessKey that `Authorization` names.
        method: HTTP method.
        bucket: Bucket.
        key: Key of the object, decoded.
        headers: Headers of the request, `Authorization` among them.
        params: Query parameters, decoded.

    Raises:
        SignatureError: The request does not verify. The message shows the string that was signed here.

    Example:
        >>> signed = faceiot.sign.oss_v1("id", "secret", method="GET", bucket="b", key="a.jpg")
        >>> faceiot.sign.verify_oss_v1("secret", method="GET", bucket="b", key="a.jpg", headers=signed.headers)
    """

def oss_v1_url(
    access_key_id: str,
    access_key_secret: str,
    *,
    method: str,
    bucket: str,
    key: str,
    headers: _Pairs | None = None,
    params: _Pairs | None = None,
    timestamp: int | None = None,
    expires: int = 3600,
    security_token: str | None = None,
    host: str = "",
) -> Signed:
    """Signs an OSS URL that may be used for some time, version 1 (HMAC-SHA1).

    Args:
        access_key_id: AccessKey id.
        access_key_secret: AccessKey secret; used as the key, never stored or printed.
        method: HTTP method.
        bucket: Bucket.
        key: Key of the object, plain.
        headers: Headers that the request will have; `Content-Type`, `Content-MD5` and `x-oss-*` are signed.
        params: Query parameters, decoded.
        timestamp: Seconds since 1970; without it now.
        expires: How many seconds the URL is good for.
        security_token: Token of temporary credentials.
        host: Host of the URL, such as `{bucket}.oss-{region}.aliyuncs.com`; without it the URL begins with the path.

    Returns:
        Text and signature, and the URL.

    Example:
        >>> signed = faceiot.sign.oss_v1_url("id", "secret", method="GET", bucket="b", key="a.jpg", timestamp=0)
        >>> signed.url.split("&Signature=")[0]
        '/a.jpg?OSSAccessKeyId=id&Expires=3600'
    """

def verify_oss_v1_url(
    access_key_secret: str,
    *,
    method: str,
    bucket: str,
    key: str,
    params: _Pairs,
    headers: _Pairs | None = None,
    now: int | None = None,
) -> None:
    """Checks a request to a URL signed by version 1, and that it has not expired.

    Args:
        access_key_secret: The secret of the AccessKey that the URL names.
        method: HTTP method.
        bucket: Bucket.
        key: Key of the object, decoded.
        params: All query parameters of the URL, decoded.
        headers: Headers of the request.
        now: Seconds since 1970; without it the current time.

    Raises:
        SignatureError: The request does not verify, or the URL has expired. The message shows the string that was signed
            here.

    Example:
        >>> from urllib.parse import parse_qsl, urlsplit
        >>> url = faceiot.sign.oss_v1_url("id", "secret", method="GET", bucket="b", key="a.jpg").url
        >>> params = parse_qsl(urlsplit(url).query)
        >>> faceiot.sign.verify_oss_v1_url("secret", method="GET", bucket="b", key="a.jpg", params=params)
    """

def oss_v4_key(
    access_key_secret: str,
    *,
    region: str,
    timestamp: int | str | None = None,
) -> SigningKey:
    """Derives the key for a day and a region, with which `oss_v4` and the others need one HMAC for a signature.

    Args:
        access_key_secret: AccessKey secret; used as the key, never stored or printed.
        region: Region, such as `cn-shanghai`.
        timestamp: Any second of the day (UTC), or `YYYYMMDDThhmmssZ`; without it today.

    Returns:
        The key, to be given in place of the secret.

    Raises:
        SignatureError: The timestamp is not `YYYYMMDDThhmmssZ`.

    Example:
        >>> key = faceiot.sign.oss_v4_key("testsecret", region="cn-shanghai", timestamp=1534494218)
        >>> key
        SigningKey(***)
        >>> faceiot.sign.oss_v4("id", key, method="GET", bucket="examplebucket", key="a.jpg", region="cn-shanghai",
        ...                     timestamp=1534494218).signature
        '487f5ff86df532bd691af2ac18643933a633733f893c051611276dae09232f66'
    """

def oss_v4(
    access_key_id: str,
    access_key_secret: str | SigningKey,
    *,
    method: str,
    region: str,
    bucket: str = "",
    key: str = "",
    headers: _Pairs | None = None,
    params: _Pairs | None = None,
    timestamp: int | str | None = None,
    security_token: str | None = None,
    additional_headers: Sequence[str] | None = None,
) -> Signed:
    """Signs an OSS request in its headers, version 4 (HMAC-SHA256 with a key for the day and the region).

    Args:
        access_key_id: AccessKey id.
        access_key_secret: AccessKey secret, used as the key, never stored or printed; or the key of `oss_v4_key`.
        method: HTTP method.
        bucket: Bucket, also behind a CNAME; empty for requests to the service itself.
        key: Key of the object, plain; empty for requests to the bucket.
        region: Region, such as `cn-shanghai`.
        headers: Headers of the request; `x-oss-*`, `Content-Type` and `Content-MD5` are signed.
        params: Query parameters, decoded; one without a value has an empty one.
        timestamp: Seconds since 1970, or `YYYYMMDDThhmmssZ`; without it the header `x-oss-date`, or now.
        security_token: Token of temporary credentials.
        additional_headers: Names of further headers to sign.

    Returns:
        Canonical request, text and signature, and the headers to add.

    Raises:
        SignatureError: The timestamp is not `YYYYMMDDThhmmssZ`.

    Example:
        >>> signed = faceiot.sign.oss_v4("testid", "testsecret", method="GET", bucket="examplebucket", key="a.jpg",
        ...                              region="cn-shanghai", timestamp=1534494218)
        >>> signed.signature
        '487f5ff86df532bd691af2ac18643933a633733f893c051611276dae09232f66'
        >>> list(signed.headers)
        ['x-oss-date', 'x-oss-content-sha256', 'Authorization']
    """

def verify_oss_v4(
    access_key_secret: str | SigningKey,
    *,
    method: str,
    headers: _Pairs,
    bucket: str = "",
    key: str = "",
    params: _Pairs | None = None,
) -> None:
    """Checks an OSS request signed in its headers, version 4.

    Whether `x-oss-date` is near enough is yours to check; the service allows 15 minutes.

    Args:
        access_key_secret: The secret of the AccessKey that `Authorization` names, or the key of `oss_v4_key`.
        method: HTTP method.
        bucket: Bucket.
        key: Key of the object, decoded.
        headers: Headers of the request, `Authorization` among them.
        params: Query parameters, decoded.

    Raises:
        SignatureError: The request does not verify. The message shows the string that was signed here.

    Example:
        >>> request = {"method": "GET", "bucket": "b", "key": "a.jpg"}
        >>> signed = faceiot.sign.oss_v4("id", "secret", region="cn-shanghai", **request)
        >>> faceiot.sign.verify_oss_v4("secret", headers=signed.headers, **request)
    """

def oss_v4_url(
    access_key_id: str,
    access_key_secret: str | SigningKey,
    *,
    method: str,
    bucket: str,
    key: str,
    region: str,
    headers: _Pairs | None = None,
    params: _Pairs | None = None,
    timestamp: int | str | None = None,
    expires: int = 3600,
    security_token: str | None = None,
    additional_headers: Sequence[str] | None = None,
    host: str = "",
) -> Signed:
    """Signs an OSS URL that may be used for some time, version 4 (HMAC-SHA256).

    Args:
        access_key_id: AccessKey id.
        access_key_secret: AccessKey secret, used as the key, never stored or printed; or the key of `oss_v4_key`.
        method: HTTP method.
        bucket: Bucket.
        key: Key of the object, plain.
        region: Region, such as `cn-shanghai`.
        headers: Headers that the request will have; `x-oss-*`, `Content-Type` and `Content-MD5` are signed.
        params: Query parameters, decoded.
        timestamp: Seconds since 1970, or `YYYYMMDDThhmmssZ`; without it now.
        expires: How many seconds the URL is good for.
        security_token: Token of temporary credentials.
        additional_headers: Names of further headers to sign.
        host: Host of the URL, such as `{bucket}.oss-{region}.aliyuncs.com`; without it the URL begins with the path.

    Returns:
        Canonical request, text and signature, and the URL.

    Raises:
        SignatureError: The timestamp is not `YYYYMMDDThhmmssZ`.

    Example:
        >>> signed = faceiot.sign.oss_v4_url("id", "secret", method="GET", bucket="b", key="a.jpg",
        ...                                  region="cn-shanghai", host="b.oss-cn-shanghai.aliyuncs.com")
        >>> signed.url.split("?")[0]
        'https://b.oss-cn-shanghai.aliyuncs.com/a.jpg'
    """

def verify_oss_v4_url(
    access_key_secret: str | SigningKey,
    *,
    method: str,
    bucket: str,
    key: str,
    params: _Pairs,
    headers: _Pairs | None = None,
    now: int | None = None,
) -> None:
    """Checks a request to a URL signed by version 4, and that it has not expired.

    Args:
        access_key_secret: The secret of the AccessKey that the URL names, or the key of `oss_v4_key`.
        method: HTTP method.
        bucket: Bucket.
        key: Key of the object, decoded.
        params: All query parameters of the URL, decoded.
        headers: Headers of the request.
        now: Seconds since 1970; without it the current time.

    Raises:
        SignatureError: The request does not verify, or the URL has expired. The message shows the string that was signed
            here.

    Example:
        >>> from urllib.parse import parse_qsl, urlsplit
        >>> request = {"method": "GET", "bucket": "b", "key": "a.jpg"}
        >>> url = faceiot.sign.oss_v4_url("id", "secret", region="cn-shanghai", **request).url
        >>> faceiot.sign.verify_oss_v4_url("secret", params=parse_qsl(urlsplit(url).query), **request)
    """

def tablestore_v2(
    access_key_id: str,
    access_key_secret: str,
    *,
    path: str,
    instance: str,
    headers: _Pairs | None = None,
    body: str | Buffer | None = None,
    timestamp: int | str | None = None,
    security_token: str | None = None,
) -> Signed:
    """Signs a request to Tablestore, version 2 (HMAC-SHA1).

    Args:
        access_key_id: AccessKey id.
        access_key_secret: AccessKey secret; used as the key, never stored or printed.
        path: Path of the operation, such as `/PutRow`.
        instance: Name of the instance.
        headers: Headers of the request; those `x-ots-*` among them are kept and signed.
        body: The body.
        timestamp: Seconds since 1970, or the header `x-ots-date` itself; without it now.
        security_token: Token of temporary credentials.

    Returns:
        Text and signature, and the headers to add.

    Example:
        >>> signed = faceiot.sign.tablestore_v2("testid", "testsecret", path="/ListTable", instance="myinstance",
        ...                                     timestamp=1534494218)
        >>> signed.headers["x-ots-signature"]
        'qqNmHrgYcnlp/H2/yDQrme9WNvk='
    """

def verify_tablestore_v2(
    access_key_secret: str,
    *,
    path: str,
    headers: _Pairs,
    body: str | Buffer | None = None,
) -> None:
    """Checks a request to Tablestore, version 2: its signature, and that `x-ots-contentmd5` is that of the body.

    Args:
        access_key_secret: The secret of the AccessKey that the request names.
        path: Path of the operation.
        headers: Headers of the request, `x-ots-signature` among them.
        body: The body.

    Raises:
        SignatureError: The request does not verify. The message shows the string that was signed here.

    Example:
        >>> signed = faceiot.sign.tablestore_v2("id", "secret", path="/PutRow", instance="i", body=b"row")
        >>> faceiot.sign.verify_tablestore_v2("secret", path="/PutRow", headers=signed.headers, body=b"row")
    """

def tablestore_v4_key(
    access_key_secret: str,
    *,
    region: str,
    timestamp: int | str | None = None,
) -> SigningKey:
    """Derives the key for a day and a region, with which `tablestore_v4` needs one HMAC for a signature.

    Args:
        access_key_secret: AccessKey secret; never stored or printed.
        region: Region, such as `cn-hangzhou`.
        timestamp: Any second of the day (UTC), or `YYYYMMDD`; without it today.

    Returns:
        The key, to be given in place of the secret.

    Example:
        >>> faceiot.sign.tablestore_v4_key("secret", region="cn-hangzhou")
        SigningKey(***)
    """

def tablestore_v4(
    access_key_id: str,
    access_key_secret: str | SigningKey,
    *,
    path: str,
    instance: str,
    region: str,
    headers: _Pairs | None = None,
    body: str | Buffer | None = None,
    timestamp: int | str | None = None,
    security_token: str | None = None,
) -> Signed:
    """Signs a request to Tablestore, version 4 (HMAC-SHA256 with a key for the day and the region).

    Args:
        access_key_id: AccessKey id.
        access_key_secret: AccessKey secret, used as the key, never stored or printed; or the key of `tablestore_v4_key`.
        path: Path of the operation, such as `/PutRow`.
        instance: Name of the instance.
        region: Region, such as `cn-hangzhou`.
        headers: Headers of the request; those `x-ots-*` among them are kept and signed.
        body: The body.
        timestamp: Seconds since 1970, or the header `x-ots-date` itself; without it now.
        security_token: Token of temporary credentials.

    Returns:
        Text and signature, and the headers to add.

    Example:
        >>> signed = faceiot.sign.tablestore_v4("id", "secret", path="/PutRow", instance="i", region="cn-hangzhou",
        ...                                     timestamp=1534494218)
        >>> signed.headers["x-ots-signdate"]
        '20180817'
    """

def verify_tablestore_v4(
    access_key_secret: str | SigningKey,
    *,
    path: str,
    headers: _Pairs,
    body: str | Buffer | None = None,
) -> None:
    """Checks a request to Tablestore, version 4: its signature, and that `x-ots-contentmd5` is that of the body.

    Args:
        access_key_secret: The secret of the AccessKey that the request names, or the key of `tablestore_v4_key`.
        path: Path of the operation.
        headers: Headers of the request, `x-ots-signaturev4` among them.
        body: The body.

    Raises:
        SignatureError: The request does not verify. The message shows the string that was signed here.

    Example:
        >>> signed = faceiot.sign.tablestore_v4("id", "secret", path="/PutRow", instance="i", region="cn-hangzhou")
        >>> faceiot.sign.verify_tablestore_v4("secret", path="/PutRow", headers=signed.headers)
    """

def tablestore_response(
    access_key_id: str,
    access_key_secret: str,
    *,
    path: str,
    headers: _Pairs,
) -> Signed:
    r"""Signs a response of Tablestore, as the service does.

    Args:
        access_key_id: AccessKey id.
        access_key_secret: AccessKey secret; used as the key, never stored or printed.
        path: Path of the request.
        headers: Headers of the response; the SDK wants `x-ots-contentmd5`, `-requestid`, `-date` and `-contenttype`.

    Returns:
        Text and signature, and the header to add.

    Example:
        >>> signed = faceiot.sign.tablestore_response("id", "secret", path="/PutRow", headers={"x-ots-requestid": "1"})
        >>> signed.string_to_sign
        'x-ots-requestid:1\n/PutRow'
    """

def verify_tablestore_response(
    access_key_secret: str,
    *,
    path: str,
    headers: _Pairs,
) -> None:
    """Checks a response of Tablestore, as its SDK does.

    Args:
        access_key_secret: AccessKey secret.
        path: Path of the request.
        headers: Headers of the response, `Authorization` among them.

    Raises:
        SignatureError: The response does not verify. The message shows the string that was signed here.

    Example:
        >>> headers = {"x-ots-requestid": "1"}
        >>> signed = faceiot.sign.tablestore_response("id", "secret", path="/PutRow", headers=headers)
        >>> faceiot.sign.verify_tablestore_response("secret", path="/PutRow", headers=headers | signed.headers)
    """

def tablestore_v4_response(
    access_key_id: str,
    access_key_secret: str,
    *,
    path: str,
    region: str,
    headers: _Pairs,
    timestamp: int | str | None = None,
) -> Signed:
    r"""Signs a response of Tablestore to a request of version 4, as the service does.

    It is signed with HMAC-SHA1 too, with the key of the request's day and region.

    Args:
        access_key_id: AccessKey id.
        access_key_secret: AccessKey secret; never stored or printed.
        path: Path of the request.
        region: Region of the request, its `x-ots-signregion`.
        headers: Headers of the response; the SDK wants `x-ots-contentmd5`, `-requestid`, `-date` and `-contenttype`.
        timestamp: The request's `x-ots-signdate` (`YYYYMMDD`), or any second of that day (UTC); without it today.

    Returns:
        Text and signature, and the header to add.

    Example:
        >>> signed = faceiot.sign.tablestore_v4_response("id", "secret", path="/PutRow", region="cn-hangzhou",
        ...                                              headers={"x-ots-requestid": "1"}, timestamp="20180817")
        >>> signed.string_to_sign
        'x-ots-requestid:1\n/PutRow'
    """

def verify_tablestore_v4_response(
    access_key_secret: str,
    *,
    path: str,
    region: str,
    headers: _Pairs,
    timestamp: int | str | None = None,
) -> None:
    """Checks a response of Tablestore to a request of version 4, as its SDK does.

    Args:
        access_key_secret: AccessKey secret.
        path: Path of the request.
        region: Region of the request, its `x-ots-signregion`.
        headers: Headers of the response, `Authorization` among them.
        timestamp: The request's `x-ots-signdate` (`YYYYMMDD`), or any second of that day (UTC); without it today.

    Raises:
        SignatureError: The response does not verify. The message shows the string that was signed here.

    Example:
        >>> request = {"path": "/PutRow", "region": "cn-hangzhou", "timestamp": "20180817"}
        >>> headers = {"x-ots-requestid": "1"}
        >>> signed = faceiot.sign.tablestore_v4_response("id", "secret", headers=headers, **request)
        >>> faceiot.sign.verify_tablestore_v4_response("secret", headers=headers | signed.headers, **request)
    """

def huawei_bootstrap(
    device_id: str,
    scope_id: str,
    group_secret: str,
    *,
    timestamp: int | str | None = None,
    host: str = "",
    port: int | None = None,
) -> Login:
    """Signs the login of a device of a registration group at Huawei's bootstrap server, which tells it where to connect.

    Args:
        device_id: Id of the device.
        scope_id: Scope id of the registration group.
        group_secret: Secret of the group, base64 as the console shows it; never stored or printed.
        timestamp: The hour, as `"YYYYMMDDHH"` in UTC or as seconds since 1970; without it the current one.
        host: Name of the server, which the console shows.
        port: Port to put into the result; without it 8883 (TLS).

    Returns:
        The login: host, port, client id, user name and password.

    Raises:
        ArgumentError: An id is empty or would be read differently, or the secret is not base64.
        SignatureError: The timestamp is no hour.

    Example:
        >>> login = faceiot.sign.huawei_bootstrap("5fbbb784b4ec2202e982e643_868540050954037", "ff5bbx7a488f",
        ...                                       "Z3JvdXAtc2VjcmV0LTAwMDE=", timestamp="2026010203")
        >>> login.password
        '125967bb0b7754eb9ed12616d5b4239670618a0d5cadde20dfe6e8673d234248'
    """

def verify_huawei_bootstrap(
    client_id: str,
    username: str,
    password: str,
    group_secret: str,
) -> None:
    """Checks the login of a device of a registration group. The hour is not compared with a clock.

    Args:
        client_id: Client id of the CONNECT packet.
        username: User name of the CONNECT packet.
        password: Password of the CONNECT packet.
        group_secret: The secret of the group that the client id names.

    Raises:
        SignatureError: The login does not verify.

    Example:
        >>> login = faceiot.sign.huawei_bootstrap("p_n", "scope", "c2VjcmV0")
        >>> faceiot.sign.verify_huawei_bootstrap(login.client_id, login.username, login.password, "c2VjcmV0")
    """

def huawei_aksk(
    access_key_id: str,
    access_key_secret: str,
    *,
    method: str,
    path: str,
    query: _Pairs | None = None,
    headers: _Pairs | None = None,
    body: str | Buffer | None = None,
    host: str | None = None,
    timestamp: int | str | None = None,
    security_token: str | None = None,
) -> Signed:
    """Signs a request of an application to Huawei Cloud with AK and SK (`SDK-HMAC-SHA256`).

    Every header is signed but those with `_` in their name. A body that is not JSON is not signed.

    Args:
        access_key_id: AK.
        access_key_secret: SK; used as the key, never stored or printed.
        method: HTTP method.
        path: Path as it is sent; however it is encoded, it is signed the same.
        query: Query parameters, decoded.
        headers: Headers of the request. `Host` and `X-Sdk-Date` among them are kept.
        body: The body.
        host: The header `Host`, when it is not among the headers.
        timestamp: Seconds since 1970, or `YYYYMMDDThhmmssZ`; without it now.
        security_token: Token of temporary credentials.

    Returns:
        Canonical request, text and signature, and the headers to add.

    Example:
        >>> signed = faceiot.sign.huawei_aksk("AK", "SK", method="GET", path="/v5/iot/p/devices",
        ...     host="iotda.cn-north-4.myhuaweicloud.com", timestamp=1767323045)
        >>> signed.headers["Authorization"].split(", ")[:2]
        ['SDK-HMAC-SHA256 Access=AK', 'SignedHeaders=host;x-sdk-date']
    """

def verify_huawei_aksk(
    access_key_secret: str,
    *,
    method: str,
    path: str,
    headers: _Pairs,
    query: _Pairs | None = None,
    body: str | Buffer | None = None,
) -> None:
    """Checks a request signed with `SDK-HMAC-SHA256`, by the headers that it says are signed. The time is yours to check.

    Args:
        access_key_secret: The SK of the AK that `Authorization` names.
        method: HTTP method.
        path: Path as it came.
        headers: Headers of the request, `Authorization` among them.
        query: Query parameters, decoded.
        body: The body.

    Raises:
        SignatureError: The request does not verify. The message shows the string that was signed here.

    Example:
        >>> signed = faceiot.sign.huawei_aksk("AK", "SK", method="GET", path="/v5", host="h")
        >>> faceiot.sign.verify_huawei_aksk("SK", method="GET", path="/v5", headers=signed.headers)
    """

def huawei_x509_client_id(device_id: str, scope_id: str) -> str:
    """Makes the client id of a device of a registration group that proves itself by an X.509 certificate.

    Such a device logs in at the bootstrap server with its id as the user name and without a password.

    Args:
        device_id: Id of the device.
        scope_id: Scope id of the registration group.

    Returns:
        `{device_id}_0_{scope_id}`.

    Raises:
        ArgumentError: An id is empty or would be read differently.

    Example:
        >>> faceiot.sign.huawei_x509_client_id("5fbbb784b4ec2202e982e643_868540050954037", "ff5bbx7a488f")
        '5fbbb784b4ec2202e982e643_868540050954037_0_ff5bbx7a488f'
    """

def huawei_v11_key(
    access_key_id: str,
    access_key_secret: str,
    *,
    region: str,
    timestamp: int | str | None = None,
) -> SigningKey:
    """Derives the key for a day and a region, with which `huawei_v11` needs one HMAC for a signature.

    Args:
        access_key_id: AK; it is part of the derivation.
        access_key_secret: SK; never stored or printed.
        region: Region, such as `cn-north-4`.
        timestamp: Any second of the day (UTC), or `YYYYMMDDThhmmssZ`; without it today.

    Returns:
        The key, to be given in place of the SK.

    Example:
        >>> faceiot.sign.huawei_v11_key("AK", "SK", region="cn-north-4")
        SigningKey(***)
    """

def huawei_v11(
    access_key_id: str,
    access_key_secret: str | SigningKey,
    *,
    method: str,
    path: str,
    region: str,
    query: _Pairs | None = None,
    headers: _Pairs | None = None,
    body: str | Buffer | None = None,
    host: str | None = None,
    timestamp: int | str | None = None,
    security_token: str | None = None,
) -> Signed:
    """Signs a request of an application to an instance of its own (`*.iotda-app.*`) with a derived key (`V11-HMAC-SHA256`).

    Args:
        access_key_id: AK.
        access_key_secret: SK, used as the key, never stored or printed; or the key of `huawei_v11_key`.
        method: HTTP method.
        path: Path as it is sent; however it is encoded, it is signed the same.
        region: Region, such as `cn-north-4`.
        query: Query parameters, decoded.
        headers: Headers of the request. `Host` and `X-Sdk-Date` among them are kept.
        body: The body.
        host: The header `Host`, when it is not among the headers.
        timestamp: Seconds since 1970, or `YYYYMMDDThhmmssZ`; without it now.
        security_token: Token of temporary credentials.

    Returns:
        Canonical request, text and signature, and the headers to add.

    Raises:
        SignatureError: The timestamp is not `YYYYMMDDThhmmssZ`.

    Example:
        >>> signed = faceiot.sign.huawei_v11("AK", "SK", method="GET", path="/v5/iot/p/devices", region="cn-north-4",
        ...     host="a.iotda-app.cn-north-4.myhuaweicloud.com", timestamp=1767323045)
        >>> signed.headers["Authorization"].split(", ")[0]
        'V11-HMAC-SHA256 Credential=AK/20260102/cn-north-4/iotdm'
    """

def verify_huawei_v11(
    access_key_secret: str | SigningKey,
    *,
    method: str,
    path: str,
    headers: _Pairs,
    query: _Pairs | None = None,
    body: str | Buffer | None = None,
) -> None:
    """Checks a request signed with `V11-HMAC-SHA256`, by the headers that it says are signed. The time is yours to check.

    Args:
        access_key_secret: The SK of the AK that `Authorization` names, or the key of `huawei_v11_key`.
        method: HTTP method.
        path: Path as it came.
        headers: Headers of the request, `Authorization` among them.
        query: Query parameters, decoded.
        body: The body.

    Raises:
        SignatureError: The request does not verify. The message shows the string that was signed here.

    Example:
        >>> signed = faceiot.sign.huawei_v11("AK", "SK", method="GET", path="/v5", region="cn-north-4", host="h")
        >>> faceiot.sign.verify_huawei_v11("SK", method="GET", path="/v5", headers=signed.headers)
    """

def meituan_v2(
    access_key_id: str,
    access_key_secret: str,
    *,
    params: _Pairs,
    method: str = "POST",
    host: str = "mosapi.meituan.com",
    path: str = "/mcs/v1",
    timestamp: int | None = None,
    signature_method: Literal["HmacSHA256", "HmacSHA1"] | str = "HmacSHA256",
    order: Literal["keys", "pairs", "insertion"] | str = "keys",
    host_as_is: bool = False,
    complete: bool = True,
) -> Signed:
    """Signs a request to Meituan Open Services (AWS signature version 2). The service ended on 2020-05-31.

    `Signature` and `image_content` may be among the parameters and are not signed.

    Args:
        access_key_id: `AWSAccessKeyId`.
        access_key_secret: Secret key; used as the key, never stored or printed.
        params: Form parameters, plain. A truth value is a text; the seed for Python signs `"False"`.
        method: HTTP method.
        host: Host, with its port when it has one.
        path: Path.
        timestamp: Milliseconds since 1970; without it now.
        signature_method: `"HmacSHA256"` or `"HmacSHA1"`.
        order: `"keys"`, as AWS and the official SDKs; `"pairs"`, as the seed for Python; `"insertion"`, as that for PHP.
        host_as_is: Sign the host as it stands, as botocore does, and not in lower case without a default port.
        complete: Add `AWSAccessKeyId`, `SignatureMethod`, `SignatureVersion` and `Timestamp` where they are missing; False
            signs what is given and nothing else.

    Returns:
        Text and signature, the parameters to add, and the body of the request.

    Raises:
        SignatureError: The signature method is unknown.
        ArgumentError: The order is unknown.

    Example:
        >>> signed = faceiot.sign.meituan_v2("8b5ad48388a347c185b6b7b0ba9e6225", "faceiot-example-secret-key-000001",
        ...     params={"Action": "GetBalance", "Format": "json", "Timestamp": "2016-11-14T03:10:55.000Z"})
        >>> signed.signature
        'BLZ8kqMzyTzAg/o6p5JdGs7imQlYXJG9effsKo0zqsU='
    """

def verify_meituan_v2(
    access_key_secret: str,
    *,
    params: _Pairs,
    method: str = "POST",
    host: str = "mosapi.meituan.com",
    path: str = "/mcs/v1",
) -> None:
    """Checks a request to Meituan in every order and host spelling that a client of the service used.

    Time, and whether the signature was seen before, are yours to check.

    Args:
        access_key_secret: The secret key of the `AWSAccessKeyId` that the request names.
        params: Form parameters, decoded, in their order, `Signature` among them.
        method: HTTP method.
        host: Host, with its port when it has one.
        path: Path.

    Raises:
        SignatureError: The request does not verify. The message shows the string that the official SDKs sign.

    Example:
        >>> params = {"Action": "GetBalance"}
        >>> signed = faceiot.sign.meituan_v2("id", "secret", params=params, order="pairs")
        >>> faceiot.sign.verify_meituan_v2("secret", params=params | signed.params)
    """

def meituan_timestamp(
    timestamp: int | None = None,
    *,
    form: Literal["millis", "zeros3", "zeros4", "no_dot", "seconds"] | str = "millis",
) -> str:
    """Spells a time as one of Meituan's clients did.

    Args:
        timestamp: Milliseconds since 1970; without it now.
        form: `"millis"`: the documentation; `"zeros3"`: the official SDK for Python; `"zeros4"`: the seed for PHP; `"no_dot"`:
            the official SDK for Java; `"seconds"`: botocore.

    Returns:
        The parameter `Timestamp`.

    Raises:
        ArgumentError: The form is unknown.

    Example:
        >>> faceiot.sign.meituan_timestamp(1479093055123)
        '2016-11-14T03:10:55.123Z'
    """

def explain(signed: str, received: str, /) -> list[str]:
    r"""Says where two strings to sign, or better two canonical requests, differ.

    Give it what one side signed and what the other one signs for the same request; never a signature. Values of tokens are
    masked.

    Args:
        signed: The text that the sender signed.
        received: The text that the receiver signs for the request that came.

    Returns:
        The first difference in words, in a list; an empty list when there is none: then the secrets differ.

    Example:
        >>> faceiot.sign.explain("PUT\ncontent-type:image/jpeg\n", "PUT\n\n")
        ['header content-type: you signed "image/jpeg", the request carries none']
        >>> faceiot.sign.explain("GET\n/\n", "GET\n/\n")
        []
    """

# faceiot.chunk

@final
class HexMessages(Iterator[bytes]):
    """The messages of a photo, made one at a time."""

    def __iter__(self) -> Self: ...
    def __next__(self) -> bytes: ...
    def __len__(self) -> int: ...

def hex_encode(photo: Buffer) -> HexMessages:
    """Cuts a photo into the MQTT messages that the tutorials' sketch publishes, byte for byte.

    Each is an Alink property post with at most 800 upper-case hex characters in `img`; the last one says `END`.

    Args:
        photo: The bytes of the photo.

    Returns:
        An iterator of messages that knows its length.

    Example:
        >>> [message] = faceiot.chunk.hex_encode(b"")
        >>> message
        b'{"id":"1189401707","version":"1.0.0","method":"123","params":{"img":"END"}}'
        >>> len(faceiot.chunk.hex_encode(bytes(12345)))
        32
    """

@final
class HexAssembler:
    r"""Puts the hex chunks of one device together again.

    The format has no numbers: chunks must be pushed in the order in which they came, and a lost, doubled or swapped one
    cannot be seen here. `Frame.from_jpeg(photo).check()` sees losses and doublings. A chunk that can only be the beginning
    of a photo begins a new one; a broken chunk gives up the photo it belongs to, and the next photo comes whole.

    Args:
        max_bytes: The most bytes of a photo.

    Example:
        >>> assembler = faceiot.chunk.HexAssembler()
        >>> assembler.push("FFD8FFE000")
        >>> assembler.push("FFD9")
        >>> assembler.push("END")
        b'\xff\xd8\xff\xe0\x00\xff\xd9'
    """

    def __new__(cls, max_bytes: int = 4194304) -> Self: ...
    def push(self, img: str | Buffer) -> bytes | None:
        """Takes the value of `img`.

        Args:
            img: Hex digits in either case, or `END`.

        Returns:
            The photo when this was its end, otherwise None.

        Raises:
            ArgumentError: Not hex, or an odd number of digits.
            ChunkError: The photo is larger than `max_bytes`.
        """
    def push_message(self, payload: str | Buffer) -> bytes | None:
        """Takes a whole MQTT message: an Alink property post with an `img`.

        Args:
            payload: The JSON text.

        Returns:
            The photo when this was its end, otherwise None.

        Raises:
            ArgumentError: Not JSON, no text in `params.img`, not hex.
            ChunkError: The photo is larger than `max_bytes`.
        """
    def reset(self) -> None:
        """Forgets the photo that is not complete."""
    @property
    def pending(self) -> int:
        """Bytes of the photo that is not complete."""
    @property
    def dropped(self) -> int:
        """Bytes that were dropped so far, with photos that were interrupted or broken."""

def v2_encode(
    photo: Buffer,
    *,
    chunk_size: int = 4096,
    epoch: int = 1,
    frame_id: int = 1,
    content_type: int = 1,
    time_ms: int = 0,
    text: bool = False,
) -> list[bytes]:
    """Cuts a photo into chunks that describe themselves.

    Args:
        photo: The bytes of the photo (or of anything), at least one.
        chunk_size: Octets of data in a chunk; at most `V2_TEXT_DATA_MAX` for a text property.
        epoch: Changes at each boot of the sender, 0 to 65535.
        frame_id: Number of the photo within the epoch, from 1.
        content_type: 0 octets, 1 JPEG, 2 PNG, 3 RGB888, 4 JSON.
        time_ms: When it was taken, in milliseconds since 1970; 0 without a clock.
        text: Make text chunks (`~2` and base64) for a text property instead of raw ones.

    Returns:
        The chunks, in order.

    Raises:
        ArgumentError: The photo is empty, or the chunk size is 0.
        ChunkError: More than 65,535 chunks.

    Example:
        >>> chunks = faceiot.chunk.v2_encode(bytes(10000))
        >>> [len(chunk) for chunk in chunks]
        [4136, 4136, 1848]
        >>> faceiot.chunk.v2_parse(chunks[2]).offset
        8192
    """

def v2_parse(chunk: str | Buffer) -> V2Chunk:
    """Reads and checks one chunk.

    Args:
        chunk: A raw chunk, or a text chunk (`~2` and base64).

    Returns:
        What the chunk says of itself, and its data.

    Raises:
        ChunkError: It is damaged, cut, of another version, or contradicts itself.
        ArgumentError: The base64 of a text chunk is broken.
    """

@final
class V2Chunk:
    """One chunk, read and checked."""

    @property
    def last(self) -> bool:
        """Whether it has the highest offset of its frame."""
    @property
    def retransmit(self) -> bool:
        """Whether it was sent before."""
    @property
    def content_type(self) -> int:
        """0 octets, 1 JPEG, 2 PNG, 3 RGB888, 4 JSON."""
    @property
    def sequence(self) -> int:
        """Number of the chunk within the frame, from 0."""
    @property
    def total(self) -> int:
        """Number of chunks; 0 when not yet known."""
    @property
    def epoch(self) -> int:
        """Changes at each boot of the sender."""
    @property
    def frame_id(self) -> int:
        """Number of the frame within the epoch."""
    @property
    def total_length(self) -> int:
        """Octets of the frame; 0 when not yet known."""
    @property
    def offset(self) -> int:
        """Where the data stands in the frame."""
    @property
    def frame_crc(self) -> int:
        """CRC-32 of the frame, in the last chunk; 0 in the others."""
    @property
    def time_ms(self) -> int:
        """When it was taken, in milliseconds since 1970; 0 without a clock."""
    @property
    def data(self) -> bytes:
        """The data."""

@final
class V2Assembler:
    """Puts the chunks of one photo together again, in any order, doubled or not.

    One assembler holds one photo at a time. When it is whole, or given up by `reset`, the next one may come.

    Args:
        max_bytes: The most bytes of a photo.

    Example:
        >>> assembler = faceiot.chunk.V2Assembler()
        >>> for chunk in reversed(faceiot.chunk.v2_encode(b"a photo", chunk_size=3)):
        ...     print(assembler.push(chunk), assembler.missing)
        None [(0, 6)]
        None [(0, 3)]
        b'a photo' []
    """

    def __new__(cls, max_bytes: int = 4194304) -> Self: ...
    def push(self, chunk: str | Buffer) -> bytes | None:
        """Takes a chunk.

        Args:
            chunk: A raw chunk, or a text chunk (`~2` and base64).

        Returns:
            The photo when it is whole now and its CRC matches, otherwise None.

        Raises:
            ChunkError: The chunk is damaged, of another photo, too far out, or contradicts what came before.
            ArgumentError: The base64 of a text chunk is broken.
        """
    def reset(self) -> None:
        """Forgets the photo."""
    @property
    def missing(self) -> list[tuple[int, int]]:
        """What is still missing, as (offset, length), in order: up to the photo's length when a chunk has said it."""
    @property
    def duplicates(self) -> int:
        """How many chunks came that were there already."""

# faceiot

@final
class Frame:
    """One picture: the JPEG bytes as the camera gave them, with its size and the time it was taken.

    A frame shows itself in a notebook, is a numpy array when numpy asks (`numpy.asarray(frame)`: height, width, 3
    channels RGB, `uint8`) and can be sent by `Device.send`. It never changes; two frames are equal when their bytes are.
    """

    @staticmethod
    def from_jpeg(data: Buffer) -> Frame:
        """Makes a frame of JPEG bytes, which are kept as they are.

        Only the header is read; `check` reads the picture.

        Args:
            data: The bytes of a JPEG file.

        Returns:
            The frame.

        Raises:
            JpegError: There is no JPEG header, or the picture has too many pixels.
        """
    @staticmethod
    def from_numpy(pixels: npt.NDArray[np.uint8], *, quality: int = 85) -> Frame:
        """Makes a frame of pixels by compressing them.

        Args:
            pixels: An array of shape (height, width, 3), RGB, `uint8`.
            quality: JPEG quality, 1 to 100.

        Returns:
            The frame.

        Raises:
            ArgumentError: The array has another shape or type, or the quality is outside 1 to 100.
            JpegError: The array has too many pixels.
            ImportError: numpy is not installed.
        """
    @staticmethod
    def open(source: str) -> Frame:
        """Takes one frame from a source.

        Args:
            source: What to open, such as `"file:photo.jpg"`, `"dir:photos"` or `"testcard:640x480"`; see `FrameSource`.

        Returns:
            The first frame of the source.

        Raises:
            ArgumentError: The text is not a source.
            CameraError: The source gives nothing.
            NotFoundError: The photo or folder is not there.
            JpegError: What it gives is not a picture.

        Example:
            >>> faceiot.Frame.open("testcard:320x240").width
            320
        """
    @property
    def jpeg(self) -> bytes:
        """The JPEG bytes, as they came."""
    @property
    def width(self) -> int:
        """Width in pixels."""
    @property
    def height(self) -> int:
        """Height in pixels."""
    @property
    def time_ms(self) -> int:
        """When it was taken, in milliseconds since 1970; 0 if that is not known."""
    @property
    def sequence(self) -> int:
        """Number of the frame in its camera's stream; 0 for the first, and for frames of no camera.

        What is missing between two was dropped.
        """
    @property
    def source(self) -> str:
        """Where it came from, in words; empty if nobody said."""
    def transform(
        self,
        *,
        crop: Sequence[int] | None = None,
        size: Sequence[int] | None = None,
        rotate: Literal[0, 90, 180, 270] | int = 0,
        hflip: bool = False,
        vflip: bool = False,
        annotate: str | None = None,
        quality: int | None = None,
    ) -> Frame:
        """Makes a frame that is cut, turned, scaled and written on, in this order.

        What needs no change stays: JPEG is encoded again only when its pixels change (a quarter turn of whole blocks
        does not change them).

        Args:
            crop: Left, top, width and height of the part to keep, in pixels.
            size: Width and height of the result. The picture fills it: what does not fit the shape is cut off on both
                sides, the rest is scaled.
            rotate: 0, 90, 180 or 270 degrees clockwise.
            hflip: Left becomes right, after turning.
            vflip: Up becomes down, after turning.
            annotate: Text for the upper edge, printable ASCII.
            quality: JPEG quality, 1 to 100; encodes anew what could have stayed.

        Returns:
            The new frame.

        Raises:
            ArgumentError: A part outside the picture, no such angle, a quality outside 1 to 100.
            JpegError: The picture cannot be decoded.

        Example:
            >>> frame = faceiot.Frame.open("testcard:640x480")
            >>> frame.transform(size=(320, 240), rotate=180).width
            320
        """
    def without_location(self) -> Frame:
        """Makes a frame without the place where it was taken: GPS is taken out of the EXIF, everything else stays.

        Returns:
            The new frame; the same bytes when there was no place.
        """
    def check(self) -> JpegReport:
        """Reads the whole picture and says how much of it can be trusted.

        Returns:
            The report. `report.ok` is true when the pixels decode without a single warning.
        """
    def to_numpy(self) -> npt.NDArray[np.uint8]:
        """Decodes the picture.

        Returns:
            A new array of shape (height, width, 3), RGB, `uint8`.

        Raises:
            JpegError: The picture cannot be decoded.
            ImportError: numpy is not installed.
        """
    def save(self, path: str | PathLike[str]) -> None:
        """Writes the JPEG bytes to a file, replacing it.

        Args:
            path: Where to write.

        Raises:
            IoError: The file cannot be written.
        """
    def _repr_jpeg_(self) -> bytes: ...
    def _repr_mimebundle_(
        self, include: Iterable[str] | None = None, exclude: Iterable[str] | None = None
    ) -> dict[str, Any]: ...
    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> npt.NDArray[Any]: ...
    def __bytes__(self) -> bytes: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class JpegReport:
    """What reading a whole JPEG found."""

    @property
    def verified(self) -> Literal["entropy", "structure", "none"]:
        """`"entropy"`: every pixel decodes without a warning; `"structure"`: only the segments are in order; `"none"`."""
    @property
    def width(self) -> int:
        """Width in pixels, 0 if there is no header."""
    @property
    def height(self) -> int:
        """Height in pixels, 0 if there is no header."""
    @property
    def problem(self) -> str | None:
        """What is wrong, in words; `None` when nothing is."""
    @property
    def trailing(self) -> int:
        """Bytes after the end of the picture."""
    @property
    def ok(self) -> bool:
        """Whether the picture decodes without a single warning."""

@final
class Camera:
    """A camera: opened once, asked for photos. Any thread may use it.

    A live camera is read all the time and only its newest frame is kept: `capture()` gives a frame that was taken after
    the call, never an old one. When it fails it is opened again, a few times; then the error is raised, and the next
    call tries anew. Iterating gives every new frame; those that came while the last one was looked at are passed over.
    Used as a context manager it is closed at the end of the block.

    Args:
        source: `"auto"` (the first camera that works), `"v4l2:/dev/video0"`, `"rpicam:"`, `"http://..."`,
            `"file:photo.jpg"`, `"dir:photos"`, `"mjpeg:film.mjpeg"`, `"testcard:640x480"`; a path of a photo, a
            folder or a `.mjpeg` recording; or any object with `capture_file` (JPEG) or `capture_array` (`uint8`, of shape
            (height, width, 3), (height, width, 4) or (height, width)), such as a started `Picamera2`. An empty text is
            `"auto"`.
        size: Width and height of the frames. The camera is set to its nearest mode that is at least as large; what does
            not fit is cut and scaled. Without it frames are as the camera gives them.
        fps: Frames in a second, as near as the camera can.
        rotate: 0, 90, 180 or 270 degrees clockwise.
        hflip: Left becomes right, after turning.
        vflip: Up becomes down, after turning.
        annotate: Text for the upper edge, printable ASCII.
        quality: JPEG quality of what has to be encoded, 1 to 100; JPEG that came from the camera is not encoded again
            without a reason.
        strip_location: Takes the place where a photo was taken out of its EXIF.
        timeout: Seconds that one frame may take.
        retries: How often a live camera that failed is opened again before the error is raised.

    Raises:
        CameraError: There is no camera, or it cannot be used, its server is down or refuses; the message says why.
        TimedOutError: It does not answer.
        ArgumentError: An argument that is none.

    Example:
        >>> with faceiot.Camera("testcard:640x480", size=(720, 480)) as camera:
        ...     camera.capture().width
        720
    """

    def __new__(
        cls,
        source: str | PathLike[str] | _Capturing | None = None,
        *,
        size: Sequence[int] | None = None,
        fps: float | None = None,
        rotate: Literal[0, 90, 180, 270] | int = 0,
        hflip: bool = False,
        vflip: bool = False,
        annotate: str | None = None,
        quality: int | None = None,
        strip_location: bool = False,
        timeout: float = 5.0,
        retries: int = 3,
    ) -> Self: ...
    @property
    def source(self) -> str:
        """What the camera is, in words."""
    @property
    def mode(self) -> str | None:
        """What the camera really gives, such as `"1280x720 MJPG at 30 frames/s"`; None when it does not say.

        Frames are cut and scaled after that.
        """
    @property
    def controls(self) -> dict[str, Control]:
        """What can be set at the camera: name and `Control`.

        Raises:
            CameraError: The camera does not tell, or was closed.
            TimedOutError: It does not answer.
        """
    def set_control(self, name: str, value: int) -> None:
        """Sets a control; it is set again when the camera has to be opened again.

        Args:
            name: Its name, as in `controls`.
            value: Its new value.

        Raises:
            ArgumentError: There is no such control, or the value is outside its limits.
            CameraError: The camera refuses, or was closed.
            TimedOutError: It does not answer.
        """
    @property
    def statistics(self) -> dict[Literal["frames", "dropped", "damaged", "restarts"], int]:
        """What went through the camera since it was opened.

        `frames`, `dropped` (taken, never delivered), `damaged` (thrown away) and `restarts` (opened again).
        """
    def capture(self) -> Frame:
        """Takes a photo: the first frame that is taken after the call.

        Returns:
            The frame.

        Raises:
            CameraError: The camera failed and did not come back, or was closed. When its source is a Python object, what
                that raised is the `__cause__`; what is no `Exception`, such as `KeyboardInterrupt`, comes out unchanged.
            NotFoundError: The photo or folder is not there.
            TimedOutError: It gave nothing in time.
            JpegError: What it gives is not a picture.
        """
    def latest(self) -> Frame | None:
        """The newest frame that is there, without waiting; None before the first one and while the camera fails.

        Returns:
            The frame or None.
        """
    def burst(self, count: int) -> Burst:
        """Takes several photos, one after the other, as fast as the camera gives them.

        Args:
            count: How many.

        Returns:
            The frames, which show themselves as a contact sheet in a notebook.

        Raises:
            ArgumentError: No such number.
            CameraError: As `capture`.
        """
    def close(self) -> None:
        """Lets the camera go, so that another program can have it. Closing twice is fine."""
    def __iter__(self) -> Frames: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...

@type_check_only
class _FileCapturing(Protocol):
    def capture_file(self, file: BinaryIO, *, format: str) -> object: ...

@type_check_only
class _ArrayCapturing(Protocol):
    def capture_array(self) -> npt.NDArray[np.uint8]: ...

_Capturing: TypeAlias = _FileCapturing | _ArrayCapturing

@final
class Frames(Iterator[Frame]):
    """The iterator over a camera's new frames."""

    def __iter__(self) -> Self: ...
    def __next__(self) -> Frame: ...

@final
class Control:
    """Something that can be set at a camera."""

    @property
    def name(self) -> str:
        """Its name, as `v4l2-ctl` writes it."""
    @property
    def value(self) -> int:
        """What it is set to."""
    @property
    def minimum(self) -> int:
        """The smallest value."""
    @property
    def maximum(self) -> int:
        """The largest value."""
    @property
    def step(self) -> int:
        """The distance from one value to the next."""
    @property
    def default(self) -> int:
        """What it is without anybody setting it."""
    @property
    def choices(self) -> list[tuple[int, str]]:
        """The values of a menu with their names; empty when it is not a menu."""
    @property
    def writable(self) -> bool:
        """Whether it can be set now; some cannot be while an automatic mode has the say."""

@final
class Burst(Sequence[Frame]):
    """Photos taken one after the other: a sequence of frames that shows itself as a contact sheet in a notebook."""

    def sheet(self, *, columns: int = 4, width: int = 240) -> Frame:
        """All frames on one picture.

        Args:
            columns: How many beside each other.
            width: Pixels of each across; the height follows the first frame.

        Returns:
            The sheet.

        Raises:
            ArgumentError: There are no frames or columns.
            JpegError: A frame is damaged.
        """
    def __len__(self) -> int: ...
    @overload
    def __getitem__(self, key: int, /) -> Frame: ...
    @overload
    def __getitem__(self, key: slice, /) -> list[Frame]: ...
    def _repr_jpeg_(self) -> bytes | None: ...

@final
class FrameSource(Iterator[Frame]):
    """Where frames come from: `"file:photo.jpg"`, `"dir:photos"` (sorted, again and again) or `"testcard:640x480"`.

    Iterating takes frames without end; `next(source)` takes one. The source is opened once.

    Args:
        spec: What to open.

    Raises:
        CameraError: There is no such source.
        ArgumentError: The text is not a source.

    Example:
        >>> camera = faceiot.FrameSource("testcard:320x240")
        >>> next(camera)
        <faceiot.Frame 320x240, ...>
    """

    def __new__(cls, spec: str) -> Self: ...
    def __iter__(self) -> Self: ...
    def __next__(self) -> Frame: ...

@final
class Device:
    """A device: logs in with its signed secret, sends photos and properties, is given commands.

    Made by `Device.aliyun` or `Device.huawei`, which return when the cloud has let the device in. The connection
    is kept up by threads of its own: when it is lost the device reconnects, subscribes again and starts an interrupted
    photo again. Used as a context manager it is closed at the end of the block. Iterating gives commands.

    After `os.fork()` a device belongs to the parent: in the child every method raises `ConnectError`.
    """

    @staticmethod
    def aliyun(
        product_key: str,
        device_name: str,
        device_secret: str,
        *,
        host: str | None = None,
        port: int | None = None,
        connect: str | None = None,
        tls: bool | str | PathLike[str] = True,
        client_id: str | None = None,
        method: Literal["hmacsha256", "hmacsha1", "hmacmd5"] | str = "hmacsha256",
        region: str = "cn-shanghai",
        instance_id: str | None = None,
        timestamp: bool = False,
        format: Literal["v2", "v2-text", "hex"] | str | None = None,
        qos: Literal[0, 1] | int = 1,
        keep_alive: int | None = None,
        connect_timeout: float = 20.0,
    ) -> Device:
        """Connects a device of Alibaba Cloud IoT.

        Args:
            product_key: ProductKey of the product.
            device_name: DeviceName of the device.
            device_secret: DeviceSecret; signs every login afresh, is never sent or printed.
            host: Name of the broker, verified by TLS; without it the cloud's own for this region or instance.
            port: Port of the broker; without it the cloud's own.
            connect: Address to dial when it is not the name: `"10.0.0.7"`, `"10.0.0.7:8883"`, `"[::1]:8883"`.
            tls: True for TLS with the system's authorities, a path for those in a PEM file, False for none. The cloud
                refuses plain TCP to accounts made after 2022-08-02.
            client_id: The free part of the client id; without it `{product_key}.{device_name}`.
            method: `"hmacsha256"`, `"hmacsha1"` or `"hmacmd5"`.
            region: Region of the public instance.
            instance_id: Id of an enterprise or new public instance.
            timestamp: Whether to sign the time of the login.
            format: How photos travel: `"v2"` (the default), `"v2-text"` or `"hex"`, the tutorials' format.
            qos: 1: a photo is sent when the broker has acknowledged all of it; 0: when it is written.
            keep_alive: Seconds between signs of life, 30 to 1200; without it 300.
            connect_timeout: Seconds that one attempt to connect may take.

        Returns:
            The connected device.

        Raises:
            RefusedError: The cloud does not accept the credentials.
            ConnectError: No connection: DNS, TCP, TLS.
            TimedOutError: The cloud did not answer.
            ConfigError: A setting that the cloud refuses.
            ArgumentError: A setting that is none.
        """
    @staticmethod
    def huawei(
        device_id: str,
        device_secret: str,
        *,
        host: str | None = None,
        port: int | None = None,
        connect: str | None = None,
        tls: bool | str | PathLike[str] = True,
        sign_type: Literal[0, 1] | int = 0,
        service_id: str = "camera",
        format: Literal["v2", "v2-text"] | str | None = None,
        qos: Literal[0, 1] | int = 1,
        keep_alive: int | None = None,
        connect_timeout: float = 20.0,
    ) -> Device:
        """Connects a device of Huawei Cloud IoTDA.

        Args:
            device_id: Id of the device, usually `{product_id}_{node_id}`.
            device_secret: Secret of the device; signs every login afresh, is never sent or printed.
            host: Name of the broker, verified by TLS: the access domain name that the console shows for the instance.
            port: Port of the broker; without it the cloud's own.
            connect: Address to dial when it is not the name.
            tls: True for TLS with the system's authorities, a path for those in a PEM file, False for none.
            sign_type: 0: the cloud does not check the hour of the login; 1: it does.
            service_id: The service that reported properties belong to.
            format: How photos travel: `"v2"` (the default) or `"v2-text"`.
            qos: 1: a photo is sent when the broker has acknowledged all of it; 0: when it is written.
            keep_alive: Seconds between signs of life, 30 to 1200; without it 120.
            connect_timeout: Seconds that one attempt to connect may take.

        Returns:
            The connected device.

        Raises:
            RefusedError: The cloud does not accept the credentials.
            ConnectError: No connection: DNS, TCP, TLS.
            TimedOutError: The cloud did not answer.
            ConfigError: A setting that the cloud refuses, or no host.
            ArgumentError: A setting that is none.
        """
    @property
    def id(self) -> str:
        """The device's name: `aliyun:{product_key}:{device_name}` or `huawei:{device_id}`."""
    @property
    def closed(self) -> bool:
        """Whether `close` was called, or the cloud refused the device for good."""
    def send(self, photo: Frame | Buffer) -> Receipt:
        """Sends a photo in chunks.

        Args:
            photo: A frame, or the bytes of a JPEG file.

        Returns:
            A receipt, at once: the photo is in memory. `receipt.wait()` returns when the broker has all of it.

        Raises:
            ConnectError: The device is closed, or too much waits to be sent.
        """
    def report(self, properties: Mapping[str, Any]) -> Receipt:
        """Reports properties: what the device measures or how it is set.

        Args:
            properties: Names and values; anything that JSON can hold.

        Returns:
            A receipt; `receipt.wait()` returns when the broker has it.

        Raises:
            TypeError: A value is nothing that JSON can hold.
            ConnectError: The device is closed.
        """
    def publish(self, topic: str, payload: str | Buffer, *, qos: Literal[0, 1] | int = 1) -> Receipt:
        """Publishes a message to any topic of the device.

        Args:
            topic: The topic.
            payload: The message; text is sent as UTF-8.
            qos: 0 or 1.

        Returns:
            A receipt; `receipt.wait()` returns when the broker has it.

        Raises:
            ArgumentError: The topic holds a wildcard, or the quality of service is neither 0 nor 1.
            ConnectError: The device is closed.
        """
    def subscribe(self, filter: str, *, qos: Literal[0, 1] | int = 1) -> None:
        """Subscribes to a topic; its messages come out of `messages()`.

        Args:
            filter: A topic, or a filter with `+` and `#`.
            qos: 0 or 1.

        Raises:
            ConnectError: The broker refuses the subscription, or the device is closed.
        """
    def on_command(self, callback: _Callback) -> _Callback:
        """Lets a function answer every command; usable as a decorator.

        It runs on a thread of its own, one command after the other. What it returns is the answer: None, anything that
        JSON can hold, or a `Reply` with a code. When it raises, the exception goes to `sys.unraisablehook` (which prints
        the traceback), and the cloud is told that the command failed.

        Args:
            callback: Called with each `Command`. A second call of `on_command` replaces it.

        Returns:
            The function itself.

        Raises:
            ArgumentError: Commands are iterated already.
            ConnectError: The device is closed.
        """
    def commands(self, *, timeout: float | None = None) -> Commands:
        """Commands, as they come.

        Args:
            timeout: Seconds to wait for each; without it for ever.

        Returns:
            An iterator that ends when the device is closed. `next()` raises `TimedOutError` after `timeout`.

        Raises:
            ArgumentError: A callback answers commands already.
            ConnectError: The device is closed.
        """
    def messages(self, *, timeout: float | None = None) -> Messages:
        """Messages of the topics that were subscribed to, as they come.

        Args:
            timeout: Seconds to wait for each; without it for ever.

        Returns:
            An iterator that ends when the device is closed. `next()` raises `TimedOutError` after `timeout`.

        Raises:
            ConnectError: The device is closed.
        """
    def events(self, *, timeout: float | None = None) -> Events:
        """What happens to the connection from now on.

        Args:
            timeout: Seconds to wait for each event; without it for ever.

        Returns:
            An iterator that ends after the event `"closed"` or `"refused"`. `next()` raises `TimedOutError` after `timeout`.

        Raises:
            ConnectError: The device is closed.
        """
    def wait_closed(self, *, timeout: float | None = None) -> None:
        """Waits until the device is closed, by another thread or because the cloud refuses it for good.

        For programs whose work is done by `on_command`.

        Args:
            timeout: Seconds to wait; without it for ever.

        Raises:
            TimedOutError: It is still open.
            RefusedError: The cloud no longer accepts the credentials.
        """
    def close(self) -> None:
        """Closes the connection.

        What was not sent yet is dropped; its receipts say so. Closing twice is fine, and in a forked child it does nothing.
        """
    def __iter__(self) -> Commands: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...

@final
class Commands(Iterator[Command]):
    """The iterator that `Device.commands` returns."""

    def __iter__(self) -> Self: ...
    def __next__(self) -> Command: ...

@final
class Messages(Iterator[Message]):
    """The iterator that `Device.messages` returns."""

    def __iter__(self) -> Self: ...
    def __next__(self) -> Message: ...

@final
class Events(Iterator[ConnectionEvent]):
    """The iterator that `Device.events` returns."""

    def __iter__(self) -> Self: ...
    def __next__(self) -> ConnectionEvent: ...

@final
class Receipt:
    """Says when the broker has all of something that was sent.

    Dropping a receipt changes nothing: what it stands for is sent all the same.
    """

    def wait(self, timeout: float | None = None) -> Sent:
        """Waits until the broker has all of it: acknowledged with QoS 1, written to the connection with QoS 0.

        A lost connection does not end the wait: the photo starts again after the reconnect.

        Args:
            timeout: Seconds to wait; without it for ever.

        Returns:
            How many messages and bytes it took.

        Raises:
            TimedOutError: It takes longer. Sending goes on; `wait` can be called again.
            RefusedError: The cloud no longer accepts the credentials.
            ConnectError: The device was closed before.
        """
    @property
    def done(self) -> bool:
        """Whether it is over, well or not."""
    @property
    def progress(self) -> tuple[int, int]:
        """Messages that are there, and how many there will be."""

@final
class Sent:
    """Something that was sent completely."""

    @property
    def messages(self) -> int:
        """MQTT messages, those of interrupted attempts included."""
    @property
    def bytes(self) -> int:
        """Octets of MQTT payload in them."""
    @property
    def seconds(self) -> float:
        """Seconds from the call to the last acknowledgement."""
    @property
    def restarts(self) -> int:
        """How often a lost connection made it start again."""

@final
class Command:
    """What the cloud asks of the device.

    A command that is dropped without an answer is answered with an error.
    """

    @property
    def id(self) -> str:
        """Id of the request; empty when it has none."""
    @property
    def name(self) -> str:
        """What is to be done: the service or command; `"set"` for properties; the last level of a custom topic."""
    @property
    def payload(self) -> Any:
        """The arguments, as JSON holds them; text when a custom message is not JSON."""
    @property
    def form(
        self,
    ) -> Literal["custom", "property_set", "service", "rrpc", "huawei", "huawei_property_set"]:
        """How it came: `"custom"`, `"property_set"`, `"service"`, `"rrpc"`, `"huawei"` or `"huawei_property_set"`."""
    def reply(self, data: Any = None, *, code: int | None = None) -> None:
        """Answers. Huawei gives a device 20 seconds for it; a custom message needs no answer and takes any.

        Args:
            data: What comes with the answer; anything that JSON can hold.
            code: None when it went well, otherwise the device's own code.

        Raises:
            TypeError: The data is nothing that JSON can hold.
            StoreError: It was answered before.
            TimedOutError: The cloud was told meanwhile that it took too long.
            ConnectError: The device is closed.
        """

@final
class Reply:
    """An answer with a code of its own, for callbacks of `Device.on_command`.

    Args:
        code: 200 when it went well (Huawei is sent its own 0 for it); any other number says that it did not.
        data: What comes with the answer; anything that JSON can hold.

    Raises:
        TypeError: The data is nothing that JSON can hold.
    """

    def __new__(cls, code: int, data: Any = None) -> Self: ...
    @property
    def code(self) -> int:
        """The code."""
    @property
    def data(self) -> Any:
        """What comes with it."""

@final
class Message:
    """A message of a subscribed topic."""

    @property
    def topic(self) -> str:
        """The topic."""
    @property
    def payload(self) -> bytes:
        """The octets."""

@final
class ConnectionEvent:
    """A change of the connection, or something on it that needs attention."""

    @property
    def name(self) -> str:
        """What happened.

        `"connecting"`, `"connected"`, `"disconnected"`, `"refused"`, `"closed"`, `"photo_restarted"`,
        `"subscription_refused"`, `"command_failed"`, `"command_timed_out"`, `"overflow"`.
        """
    @property
    def reason(self) -> str | None:
        """Why, or what it is about, in words; None when there is nothing to say."""
    @property
    def retry_in(self) -> float | None:
        """Seconds until the next attempt, after `"disconnected"`."""

# faceiot.local

@type_check_only
class _Endpoint(TypedDict):
    host: str
    port: int
    tls: bool | str

@final
class Cloud:
    """The local cloud: MQTT over TCP and TLS, photos, properties, commands and a page, inside this process.

    It runs from the moment it is made until `stop`; used as a context manager it stops at the end of the block. It
    checks every login, topic and limit as the real clouds do, and listens on loopback only.

    Args:
        data_dir: Where photos, properties and devices are kept; without it a temporary folder that `stop` removes. One
            folder serves one cloud at a time.
        mqtt_port: Port for MQTT over TCP; 0 takes a free one.
        mqtts_port: Port for MQTT over TLS; 0 takes a free one.
        http_port: Port for HTTP and the page; 0 takes a free one.

    Raises:
        StoreError: A port or the folder is in use.
        IoError: The folder cannot be written.

    Example:
        >>> with faceiot.local.Cloud() as cloud:
        ...     cloud.add_device("aliyun:a1B2c3D4e5F:camera", "0123456789abcdef").id
        'aliyun:a1B2c3D4e5F:camera'
    """

    def __new__(
        cls,
        data_dir: str | PathLike[str] | None = None,
        *,
        mqtt_port: int = 0,
        mqtts_port: int = 0,
        http_port: int = 0,
    ) -> Self: ...
    @property
    def data_dir(self) -> Path:
        """The folder that holds everything."""
    @property
    def mqtt_port(self) -> int:
        """Port of MQTT over TCP."""
    @property
    def mqtts_port(self) -> int:
        """Port of MQTT over TLS."""
    @property
    def http_url(self) -> str:
        """Address of the HTTP interface, which wants `token` as a bearer."""
    @property
    def page_url(self) -> str:
        """Address of the page with a code that opens it once: for a browser."""
    @property
    def ca_file(self) -> Path:
        """PEM file with the authority that signed the cloud's certificate."""
    @property
    def token(self) -> str:
        """Token of the HTTP interface. It opens everything: treat it as a password."""
    def endpoint(self, *, tls: bool = False) -> _Endpoint:
        """Where devices connect, as arguments for `Device.aliyun` and `Device.huawei`.

        Args:
            tls: The TLS listener instead of the TCP one.

        Returns:
            A dict to be spread: `Device.huawei(device_id, secret, **cloud.endpoint())`.
        """
    def add_device(self, device: str, secret: str | None = None) -> RegisteredDevice:
        """Registers a device.

        Args:
            device: `"aliyun:{product_key}:{device_name}"` or `"huawei:{device_id}"`.
            secret: Its secret; without it one is made.

        Returns:
            The device with its secret.

        Raises:
            StoreError: It is registered already.
            ArgumentError: The name is none.
        """
    def remove_device(self, device: str) -> bool:
        """Removes a device. Its photos and properties stay.

        Args:
            device: The device's name.

        Returns:
            Whether it was registered.
        """
    def devices(self) -> list[RegisteredDevice]:
        """The registered devices, with their secrets."""
    def photos(self, device: str | None = None, *, limit: int = 100) -> list[Photo]:
        """Photos that are stored, the newest first.

        Args:
            device: Only those of this device.
            limit: At most so many.

        Returns:
            The photos.
        """
    def wait_photo(
        self, device: str | None = None, *, after: Photo | None = None, timeout: float | None = None
    ) -> Photo:
        """Waits for a photo.

        Args:
            device: Only of this device.
            after: Only one that was stored after this one; without it the newest that is there counts too.
            timeout: Seconds to wait; without it for ever.

        Returns:
            The first photo after `after`, or without `after` the newest.

        Raises:
            TimedOutError: None came.
            ConnectError: The cloud was stopped.
        """
    def properties(self, device: str) -> dict[str, Any]:
        """The last values that a device reported.

        Args:
            device: The device's name.

        Returns:
            Name and value of each; Huawei's names are `{service_id}.{property}`.
        """
    def command(
        self,
        device: str,
        name: str,
        payload: Any = None,
        *,
        form: Literal["custom", "property_set", "service", "rrpc", "huawei", "huawei_property_set"]
        | str
        | None = None,
        timeout: float = 20.0,
    ) -> CommandReply:
        """Sends a command to a device and waits for its answer.

        Args:
            device: The device's name.
            name: The service or command.
            payload: Its arguments; anything that JSON can hold.
            form: How it travels: `"service"` (the default for Aliyun), `"property_set"`, `"rrpc"`, `"huawei"` (the default
                for Huawei), `"huawei_property_set"`, or `"custom"`, which nothing answers.
            timeout: Seconds to wait for the answer.

        Returns:
            The answer.

        Raises:
            NotFoundError: The device is not registered.
            ConnectError: It is not connected.
            TimedOutError: It did not answer.
            ArgumentError: The form is none, or not one of this cloud.
        """
    def publish(self, topic: str, payload: str | Buffer, *, qos: Literal[0, 1] | int = 1) -> int:
        """Publishes a message as the cloud.

        Args:
            topic: The topic.
            payload: The message; text is sent as UTF-8.
            qos: 0 or 1.

        Returns:
            How many devices subscribe to it.
        """
    def disconnect(self, device: str) -> None:
        """Cuts the connection of a device, as a bad network does. The device may come back at once.

        Args:
            device: The device's name.
        """
    def stop(self) -> None:
        """Stops the cloud.

        What is on disk stays, unless the folder was temporary. Stopping twice is fine, and in a forked child it does
        nothing.
        """
    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...

@final
class RegisteredDevice:
    """A device in the registry of the local cloud."""

    @property
    def id(self) -> str:
        """`aliyun:{product_key}:{device_name}` or `huawei:{device_id}`."""
    @property
    def secret(self) -> str:
        """The device secret; not in `repr()`."""

@final
class Photo:
    """A photo that the local cloud has stored."""

    @property
    def id(self) -> int:
        """Number of the photo; later ones are larger."""
    @property
    def device(self) -> str:
        """The device that sent it."""
    @property
    def time_ms(self) -> int:
        """When it was taken, in milliseconds since 1970, as the device says; 0 if it does not say."""
    @property
    def received_ms(self) -> int:
        """When all of it was here, in milliseconds since 1970."""
    @property
    def size(self) -> int:
        """Bytes."""
    @property
    def sha256(self) -> str:
        """SHA-256 of the bytes, lower-case hex."""
    @property
    def format(self) -> Literal["hex", "v2", "v2-text"]:
        """How it travelled: `"hex"`, `"v2"` or `"v2-text"`."""
    @property
    def verified(self) -> Literal["crc", "entropy", "structure", "none"]:
        """How much of it can be trusted: `"crc"`, `"entropy"`, `"structure"`, `"none"`."""
    @property
    def width(self) -> int:
        """Width in pixels."""
    @property
    def height(self) -> int:
        """Height in pixels."""
    @property
    def missing(self) -> list[tuple[int, int]]:
        """What never came, as (offset, length)."""
    @property
    def problem(self) -> str | None:
        """What is wrong with it, in words; None when nothing is."""
    @property
    def chunks(self) -> int:
        """How many chunks it came in."""
    @property
    def path(self) -> Path:
        """The file."""
    @property
    def jpeg(self) -> bytes:
        """The bytes, read from the file."""
    def frame(self) -> Frame:
        """The photo as a frame, for numpy, Pillow and notebooks.

        Returns:
            The frame.

        Raises:
            JpegError: It is not a picture.
        """
    def _repr_jpeg_(self) -> bytes: ...

@final
class CommandReply:
    """What a device answered to a command."""

    @property
    def code(self) -> int:
        """200 (Aliyun) or 0 (Huawei) when it went well, otherwise the device's own code."""
    @property
    def data(self) -> Any:
        """What came with it."""
    @property
    def seconds(self) -> float:
        """Seconds from the command to the answer."""
    @property
    def ok(self) -> bool:
        """Whether it went well."""
