"""POP: RPC, ROA and ACS3, against aliyun-python-sdk-core and alibabacloud-openapi-util."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote

from alibabacloud_openapi_util.client import Client
from aliyunsdkcore.request import RoaRequest, RpcRequest
from draw import lists
from oracle import Case, Line, Oracle, sign
from Tea.request import TeaRequest

if TYPE_CHECKING:
    from draw import Draw


def keys(draw: Draw) -> Line:
    return {"access_key_id": draw.token(), "access_key_secret": draw.secret()}


def test_rpc_is_signed_as_aliyun_python_sdk_core_does(oracle: Oracle) -> None:
    def make(draw: Draw) -> Case:
        line = keys(draw) | {"kind": "aliyun-rpc", "method": draw.of("GET", "POST")}
        request = RpcRequest("Iot", "2018-01-20", "Pub")
        request.set_method(line["method"])
        parameters = draw.pairs()
        draw.drew(parameters)
        form: dict[str, str] = {}
        for name, value in dict(parameters).items():
            if line["method"] == "POST" and draw.maybe(0.5):
                form[name] = value
                request.add_body_params(name, value)
            else:
                request.add_query_param(name, value)
        url = request.get_url("cn-shanghai", line["access_key_id"], line["access_key_secret"])
        line["query"] = parse_qsl(url.partition("?")[2], keep_blank_values=True) + list(form.items())
        expected = {"string_to_sign": request.string_to_sign, "signature": dict(line["query"])["Signature"]}
        return Case(line, expected | {"accepted": True})

    oracle.compare("aliyun-python-sdk-core", "POP RPC", make)


def test_roa_is_signed_as_aliyun_python_sdk_core_does(oracle: Oracle) -> None:
    def make(draw: Draw) -> Case:
        line = keys(draw) | {"kind": "aliyun-roa", "method": draw.of("GET", "PUT", "POST", "DELETE")}
        path = "/" + draw.text(without="?[]")
        parameters, headers = draw.pairs(), draw.headers("x-acs-")
        draw.drew(parameters + headers, [path])
        request = RoaRequest("Iot", "2018-01-20", "X", method=line["method"], uri_pattern=path)
        for name, value in parameters:
            request.add_query_param(name, value)
        for name, value in headers:
            request.add_header(name, value)
        if draw.maybe(0.5):
            line["body"] = draw.text(200)
            request.set_content(line["body"].encode())
        sent = request.get_signed_header("cn-shanghai", line["access_key_id"], line["access_key_secret"])
        line |= {"path": path, "headers": list(sent.items()), "authorization": sent["Authorization"]}
        line["query"] = [*request.get_query_params().items(), ("RegionId", "cn-shanghai")]
        expected = {"string_to_sign": request.string_to_sign, "sent": sent["Authorization"], "accepted": True}
        return Case(line, expected)

    oracle.compare("aliyun-python-sdk-core", "POP ROA", make)


def test_rpc_is_signed_as_openapi_util_does(oracle: Oracle) -> None:
    def make(draw: Draw) -> Case:
        line = keys(draw) | {"kind": "aliyun-rpc", "method": draw.of("GET", "POST")}
        parameters = draw.pairs()
        draw.drew(parameters)
        common = {"Action": "Pub", "SignatureMethod": "HMAC-SHA1", "SignatureNonce": draw.token()}
        query = Client.query(lists(parameters)) | common  # a list becomes `Name.1`, `Name.2`
        signature = Client.get_rpcsignature(query, line["method"], line["access_key_secret"])
        line["query"] = [*query.items(), ("Signature", signature)]
        return Case(line, {"signature": signature, "accepted": True})

    oracle.compare("alibabacloud-openapi-util", "POP RPC", make)


def test_acs3_is_signed_as_openapi_util_does(oracle: Oracle) -> None:
    def make(draw: Draw) -> Case:
        line = keys(draw) | {"kind": "aliyun-acs3", "method": draw.of("GET", "PUT", "POST", "DELETE")}
        parameters, headers = draw.pairs(plain_names=True), draw.headers("x-acs-")
        draw.drew(parameters + headers)
        body = draw.text(200) if draw.maybe(0.5) else ""
        hashed = hashlib.sha256(body.encode()).hexdigest()
        request = TeaRequest()
        request.method = line["method"]
        request.pathname = draw.of("/", "/" + quote(draw.text(), safe="/~"))
        request.query = Client.query(lists(parameters))
        request.headers = dict(headers) | {
            "host": "facebody.cn-shanghai.aliyuncs.com",
            "x-acs-date": "2018-08-17T08:23:38Z",
            "x-acs-content-sha256": hashed,
        }
        if body:
            request.headers["content-type"] = draw.of("application/json", "application/x-www-form-urlencoded")
        others = draw.maybe(0.3)  # generated clients sign these too; by their list they are verified
        if others:
            request.headers |= {"accept": "application/json", "user-agent": draw.text()}
        access = line["access_key_id"], line["access_key_secret"]
        authorization = Client.get_authorization(request, "ACS3-HMAC-SHA256", hashed, *access)
        line |= {"path": request.pathname, "query": list(request.query.items()), "body": body}
        line |= {"headers": list(request.headers.items()), "authorization": authorization}
        return Case(line, {"accepted": True} | ({} if others else {"sent": authorization}))

    oracle.compare("alibabacloud-openapi-util", "ACS3-HMAC-SHA256", make)


def test_openapi_util_does_not_encode_names_and_ours_does(oracle: Oracle) -> None:
    """Why names above are plain: the SDK signs `a b` where the documentation says `a%20b` (0.2.4)."""
    request = TeaRequest()
    request.method, request.query, request.headers = "GET", {"a b": "c d"}, {"host": "h"}
    hashed = hashlib.sha256(b"").hexdigest()
    theirs = Client.get_authorization(request, "ACS3-HMAC-SHA256", hashed, "testid", "testsecret")
    line: Line = {"kind": "aliyun-acs3", "method": "GET", "path": "/", "query": [("a b", "c d")]}
    line |= {"headers": [("host", "h")], "access_key_id": "testid", "access_key_secret": "testsecret"}
    ours = sign(oracle.program, [line | {"authorization": theirs}])[0]
    assert ours["canonical"].startswith("GET\n/\na%20b=c%20d\n")
    assert (ours["sent"] == theirs, ours["accepted"]) == (False, False)
