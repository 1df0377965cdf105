"""Signatures in Python: ours against the vendors' signers and a login by hand; prints the seconds as JSON.

Each pair signs the same request. The vendors' signers read the clock, and so do ours beside them.
"""

import hashlib
import hmac
import json
import time
from collections.abc import Callable

import oss2
import oss2.http
from aliyunsdkcore.auth.composer import rpc_signature_composer

from faceiot import sign

LOOP_SECONDS = 2
BATCH = 20
SECRET = "0123456789abcdef0123456789abcdef"  # noqa: S105 - an example
DEVICE = "a1B2c3D4e5F", "esp32_camera_001"
BUCKET, KEY = "examplebucket", "piPhotos/raspi1534494218.jpg"
URL = "https://examplebucket.oss-cn-shanghai.aliyuncs.com/x"
AUTH = oss2.ProviderAuthV4(oss2.credentials.StaticCredentialsProvider("testid", SECRET))
POST = {"Action": "Pub", "Version": "2018-01-20", "Format": "JSON", "ProductKey": DEVICE[0], "Qos": "0"}
POST |= {"TopicFullName": "/a1B2c3D4e5F/door/control", "MessageContent": "aGVsbG8gd29ybGQ="}


def best(call: Callable[[], object]) -> float:
    """Seconds that one call takes: the best of many batches."""
    fastest, end = float("inf"), time.perf_counter() + LOOP_SECONDS
    while time.perf_counter() < end:
        began = time.perf_counter()
        for _ in range(BATCH):
            call()
        fastest = min(fastest, (time.perf_counter() - began) / BATCH)
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


def oss_v4() -> dict[str, str]:
    """An upload's headers by faceiot; the time is read, as oss2 does."""
    headers = {"Content-Type": "image/jpeg"}
    signed = sign.oss_v4(
        "testid", SECRET, method="PUT", bucket=BUCKET, key=KEY, region="cn-shanghai", headers=headers
    )
    return signed.headers


def oss_v4_by_oss2() -> dict[str, str]:
    """An upload's headers by oss2."""
    headers = {"Content-Type": "image/jpeg"}
    request = oss2.http.Request("PUT", URL, headers=headers, region="cn-shanghai", product="oss")
    AUTH._sign_request(request, BUCKET, KEY)  # noqa: SLF001 - what Bucket calls for each request
    return request.headers


def rpc() -> dict[str, str]:
    """A request to IoT by faceiot, with a nonce and the time of now."""
    return sign.aliyun_rpc("testid", SECRET, params=POST, method="GET").params


def rpc_by_core() -> str:
    """The same by aliyun-python-sdk-core."""
    return rpc_signature_composer.get_signed_url(dict(POST), "testid", SECRET, "JSON", "GET", {})[0]


def main() -> None:
    """Measures and prints."""
    if not login() == login_by_hand() == login_by_digest():
        message = "the logins differ"
        raise SystemExit(message)
    pairs = [
        ("Python: Aliyun MQTT login", "hmac.new, hashlib", login, login_by_hand),
        ("Python: Aliyun MQTT login", "hmac.digest", login, login_by_digest),
        ("Python: OSS V4 header", "oss2", oss_v4, oss_v4_by_oss2),
        ("Python: POP RPC", "aliyun-python-sdk-core", rpc, rpc_by_core),
    ]
    rows = [
        {"what": what, "peer": peer, "ours": best(ours), "theirs": best(theirs)}
        for what, peer, ours, theirs in pairs
    ]
    print(json.dumps(rows))


main()
