"""Requests with AK and SK, `SDK-HMAC-SHA256` and `V11-HMAC-SHA256`, against huaweicloudsdkcore."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from draw import lists
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.sdk_request import SdkRequest
from huaweicloudsdkcore.signer.signer import DerivationAKSKSigner, Signer
from oracle import Case, Line, Oracle

if TYPE_CHECKING:
    from draw import Draw

KINDS = (
    "application/json",
    "application/json;charset=UTF-8",
    "application/x-www-form-urlencoded",
    "text/plain",
)


def request(draw: Draw) -> tuple[Line, SdkRequest]:
    """A request; a parameter that repeats is given as a list or as pairs."""
    parameters, headers = draw.pairs(), draw.headers("x-hw-")
    path = "/v5/" + draw.text(without="%")
    draw.drew(parameters + headers, [path])
    if draw.maybe(0.5):
        path = quote(path, safe=draw.of("/", "/~:@", ""))
        path = path if path.startswith("/") else "/" + path
    if draw.maybe(0.2):
        path += "/"
    day = f"2026{draw.random.randint(1, 12):02}{draw.random.randint(1, 28):02}"
    sent = dict(headers) | {"X-Sdk-Date": f"{day}T030405Z", "x_not_signed": draw.text()}
    if draw.maybe(0.5):
        sent["Content-Type"] = draw.of(*KINDS)
    line: Line = {
        "method": draw.of("GET", "PUT", "POST", "DELETE"),
        "path": path,
        "query": parameters,
        "body": draw.text(200) if draw.maybe(0.5) else "",
        "access_key_id": draw.token(),
        "access_key_secret": draw.secret(),
        "day": day,
        "region": draw.of("cn-north-4", "cn-east-3"),
    }
    asked = SdkRequest(
        method=line["method"],
        schema="https",
        host="iotda.cn-north-4.myhuaweicloud.com",
        resource_path=path,
        query_params=list(lists(parameters).items()) if draw.maybe(0.5) else list(parameters),
        header_params=sent,
        body=line["body"] or None,
    )
    return line, asked


def headers_sent(asked: SdkRequest) -> list[tuple[str, str]]:
    """The headers as text; the SDK has turned their octets into Latin-1 for its HTTP library."""
    sent = {name: value.encode("latin-1").decode() for name, value in asked.header_params.items()}
    return [(name, value) for name, value in sent.items() if name != "Authorization"]


def test_sdk_hmac_sha256_is_signed_as_the_sdk_does(oracle: Oracle) -> None:
    def make(draw: Draw) -> Case:
        line, asked = request(draw)
        Signer(BasicCredentials(line["access_key_id"], line["access_key_secret"])).sign(asked)
        authorization = asked.header_params["Authorization"]
        line |= {"kind": "huawei-aksk", "headers": headers_sent(asked), "authorization": authorization}
        return Case(line, {"sent": authorization, "accepted": True})

    oracle.compare("huaweicloudsdkcore", "SDK-HMAC-SHA256", make)


def test_v11_hmac_sha256_is_signed_as_the_sdk_does(oracle: Oracle) -> None:
    def make(draw: Draw) -> Case:
        line, asked = request(draw)
        signer = DerivationAKSKSigner(BasicCredentials(line["access_key_id"], line["access_key_secret"]))
        signer.sign(asked, "iotdm", line["region"])
        authorization = asked.header_params["Authorization"]
        line |= {"kind": "huawei-v11", "headers": headers_sent(asked), "authorization": authorization}
        return Case(line, {"sent": authorization, "accepted": True})

    oracle.compare("huaweicloudsdkcore", "V11-HMAC-SHA256", make)
