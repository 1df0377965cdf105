"""Signatures in Python: ours against the vendors' signers and a login by hand; prints the seconds as JSON.

Each pair does the same work on the same request; the clock is read on both sides, and so is a nonce made.
What a vendor's signer does beyond signing is left out, or done by ours as well: oss2's request object is
made before, and aliyun-python-sdk-core is measured twice, to the signed parameters and to the URL with all
of them. oss2 keeps the credentials in an object that is made once, and derives the key of the day for each
request; ours is measured with the secret, where it derives the key as well, and with the key of the day.
"""

# ruff: noqa: SLF001 - signers stand inside of their SDKs
import hashlib
import hmac
import json
import time
from collections.abc import Callable

import oss2
import oss2.http
from aliyunsdkcore.auth.composer import rpc_signature_composer as composer

from faceiot import sign

LOOP_SECONDS = 4
BATCH = 50
SECRET = "0123456789abcdef0123456789abcdef"  # noqa: S105 - an example
DEVICE = "a1B2c3D4e5F", "esp32_camera_001"
BUCKET, KEY, REGION = "examplebucket", "piPhotos/raspi1534494218.jpg", "cn-shanghai"
URL = "https://examplebucket.oss-cn-shanghai.aliyuncs.com/x"
HEADERS = {"Content-Type": "image/jpeg"}
AUTH = oss2.ProviderAuthV4(oss2.credentials.StaticCredentialsProvider("testid", SECRET))
UPLOAD = oss2.http.Request("PUT", URL, headers=dict(HEADERS), region=REGION, product="oss")
POST = {"Action": "Pub", "Version": "2018-01-20", "Format": "JSON", "ProductKey": DEVICE[0], "Qos": "0"}
POST |= {"TopicFullName": "/a1B2c3D4e5F/door/control", "MessageContent": "aGVsbG8gd29ybGQ="}


def best(*calls: Callable[[], object]) -> list[float]:
    """Seconds that one call of each takes: the best of many batches, taking turns."""
    fastest = [float("inf")] * len(calls)
    end = time.perf_counter() + LOOP_SECONDS
    while time.perf_counter() < end:
        for at, call in enumerate(calls):
            began = time.perf_counter()
            for _ in range(BATCH):
                call()
            fastest[at] = min(fastest[at], (time.perf_counter() - began) / BATCH)
    return fastest


def login_by_hand() -> tuple[str, str, str]:
    """Client id, user name and password, as short as it can be written."""
    key, name = DEVICE
    text = f"clientId{name}deviceName{name}productKey{key}timestamp789"
    password = hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest().upper()
    return f"{name}|securemode=3,signmethod=hmacsha256,timestamp=789|", f"{name}&{key}", password


def login_by_digest() -> tuple[str, str, str]:
    """The same with `hmac.digest`, which is all in C."""
    key, name = DEVICE
    text = f"clientId{name}deviceName{name}productKey{key}timestamp789"
    password = hmac.digest(SECRET.encode(), text.encode(), "sha256").hex().upper()
    return f"{name}|securemode=3,signmethod=hmacsha256,timestamp=789|", f"{name}&{key}", password


def login() -> tuple[str, str, str]:
    """The same by faceiot."""
    made = sign.aliyun_mqtt(*DEVICE, SECRET, client_id=DEVICE[1], timestamp="789")
    return made.client_id, made.username, made.password


def oss_v4(secret: str | sign.SigningKey) -> dict[str, str]:
    """The headers that an upload needs, by faceiot."""
    signed = sign.oss_v4(
        "testid", secret, method="PUT", bucket=BUCKET, key=KEY, region=REGION, headers=HEADERS
    )
    return signed.headers


def oss_v4_by_oss2() -> dict[str, str]:
    """The same by oss2."""
    AUTH._sign_request(UPLOAD, BUCKET, KEY)  # what Bucket calls for each request
    return UPLOAD.headers


def rpc() -> dict[str, str]:
    """The parameters that a request to IoT needs, by faceiot."""
    return sign.aliyun_rpc("testid", SECRET, params=POST, method="GET").params


def rpc_by_core() -> dict[str, str]:
    """The same by aliyun-python-sdk-core: the steps of `get_signed_url` before the URL."""
    params = composer.__refresh_sign_parameters(dict(POST), "testid")
    text = composer.__compose_string_to_sign("GET", params)
    params["Signature"] = composer.__get_signature(text, SECRET)
    return params


def rpc_url() -> str:
    """The URL of such a request, by faceiot."""
    return "/?" + sign.aliyun_rpc("testid", SECRET, params=POST, method="GET").body


def rpc_url_by_core() -> str:
    """The same by aliyun-python-sdk-core."""
    return composer.get_signed_url(dict(POST), "testid", SECRET, "JSON", "GET", {})[0]


def main() -> None:
    """Measures and prints."""
    if not login() == login_by_hand() == login_by_digest():
        message = "the logins differ"
        raise SystemExit(message)
    kept = sign.oss_v4_key(SECRET, region=REGION)
    core, oss = "aliyun-python-sdk-core", "oss2, which derives the key each time"
    pairs = [
        ("Python: Aliyun MQTT login", "hmac.new, hashlib", login, login_by_hand),
        ("Python: Aliyun MQTT login", "hmac.digest", login, login_by_digest),
        ("Python: OSS V4 header, key kept", oss, lambda: oss_v4(kept), oss_v4_by_oss2),
        ("Python: OSS V4 header, key derived", oss, lambda: oss_v4(SECRET), oss_v4_by_oss2),
        ("Python: POP RPC, parameters", core, rpc, rpc_by_core),
        ("Python: POP RPC, URL", core, rpc_url, rpc_url_by_core),
    ]
    rows = []
    for what, peer, ours, theirs in pairs:
        seconds = best(ours, theirs)
        rows.append({"what": what, "peer": peer, "ours": seconds[0], "theirs": seconds[1]})
    print(json.dumps(rows))


main()
