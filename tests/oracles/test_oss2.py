"""OSS, versions 1 and 4, headers and URLs, against oss2."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import oss2
import oss2.http
from oracle import Case, Line, Oracle

if TYPE_CHECKING:
    from draw import Draw

SUB_RESOURCES = sorted(oss2.ProviderAuth._subresource_key_set)
METHODS = ("GET", "PUT", "POST", "DELETE", "HEAD")


def request(draw: Draw, *, additional: tuple[str, ...] = ()) -> tuple[Line, oss2.http.Request]:
    """A request to an object, a bucket or the service; the last of repeated parameters counts."""
    bucket = "" if draw.maybe(0.05) else "examplebucket"
    key = "" if draw.maybe(0.05) else draw.text(40)
    parameters = draw.pairs()
    known = [(draw.of(*SUB_RESOURCES), draw.value()) for _ in range(draw.random.randint(0, 4))]
    headers = draw.headers("x-oss-meta-") + [(name, draw.text()) for name in additional]
    for name in ("Content-Type", "Content-MD5", "X-OSS-Object-Acl", "Cache-Control"):
        if draw.maybe(0.3):
            headers.append((name, draw.text()))
    draw.drew(parameters + known + headers, [key])
    query = dict(parameters + [pair for pair in known if pair[0] != "security-token"])
    line: Line = {
        "method": draw.of(*METHODS),
        "bucket": bucket,
        "key": key,
        "query": list(query.items()),
        "access_key_id": draw.token(),
        "access_key_secret": draw.secret(),
        "region": draw.of("cn-shanghai", "cn-beijing", "ap-southeast-1"),
    }
    if draw.maybe(0.3):
        line["security_token"] = draw.text(200)
    sent = oss2.http.Request(
        line["method"],
        "https://examplebucket.oss-cn-shanghai.aliyuncs.com/x",
        params=dict(query),
        headers=dict(headers),
        region=line["region"],
        product="oss",
    )
    line["headers"] = list(sent.headers.items())
    return line, sent


def auth(line: Line, version: str) -> oss2.ProviderAuth:
    keys = [line["access_key_id"], line["access_key_secret"], line.get("security_token", "")]
    provider = oss2.credentials.StaticCredentialsProvider(*keys)
    return oss2.ProviderAuthV4(provider) if version == "v4" else oss2.ProviderAuth(provider)


def presigned(line: Line, url: str) -> tuple[Line, dict[str, str]]:
    """What a server receives of a URL, and its parameters by name."""
    parameters = parse_qsl(url.partition("?")[2], keep_blank_values=True)
    return {**line, "query": parameters}, dict(parameters)


def test_oss_v1_headers_are_those_of_oss2(oracle: Oracle) -> None:
    def make(draw: Draw) -> Case:
        line, sent = request(draw)
        auth(line, "v1")._sign_request(sent, line["bucket"], line["key"])
        line |= {"kind": "oss-v1", "headers": list(sent.headers.items())}
        line["authorization"] = sent.headers["authorization"]
        return Case(line, {"sent": line["authorization"], "accepted": True})

    oracle.compare("oss2", "OSS V1 header", make)


def test_oss_v1_urls_are_those_of_oss2(oracle: Oracle) -> None:
    def make(draw: Draw) -> Case:
        line, sent = request(draw)
        url = auth(line, "v1")._sign_url(sent, line["bucket"], line["key"], draw.random.randint(1, 604_800))
        received, parameters = presigned(line, url)
        line |= {"kind": "oss-v1-url", "expires": parameters["Expires"], "received": received}
        return Case(line, {"parameters": sorted(received["query"]), "accepted": True})

    oracle.compare("oss2", "OSS V1 URL", make)


def test_oss_v4_headers_are_those_of_oss2(oracle: Oracle) -> None:
    def make(draw: Draw) -> Case:
        names = tuple(name for name in ("if-modified-since", "range") if draw.maybe(0.3))
        line, sent = request(draw, additional=names)
        auth(line, "v4")._sign_request(sent, line["bucket"], line["key"], names)
        line |= {"kind": "oss-v4", "date": sent.headers["x-oss-date"], "additional_headers": ";".join(names)}
        line |= {"headers": list(sent.headers.items()), "authorization": sent.headers["authorization"]}
        return Case(line, {"sent": line["authorization"], "accepted": True})

    oracle.compare("oss2", "OSS V4 header", make)


def test_oss_v4_urls_are_those_of_oss2(oracle: Oracle) -> None:
    def make(draw: Draw) -> Case:
        names = tuple(name for name in ("if-match", "if-modified-since", "range") if draw.maybe(0.3))
        line, sent = request(draw, additional=names)
        signer = auth(line, "v4")
        url = signer._sign_url(sent, line["bucket"], line["key"], draw.random.randint(1, 604_800), set(names))
        received, parameters = presigned(line, url)
        line |= {
            "kind": "oss-v4-url",
            "date": parameters["x-oss-date"],
            "expires": parameters["x-oss-expires"],
        }
        line |= {"additional_headers": ";".join(names), "received": received}
        return Case(line, {"parameters": sorted(received["query"]), "accepted": True})

    oracle.compare("oss2", "OSS V4 URL", make)
