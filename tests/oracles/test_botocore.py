"""AWS signature version 2, which Meituan's service spoke, against botocore."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from botocore.auth import SigV2Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from oracle import Case, Line, Oracle

if TYPE_CHECKING:
    from draw import Draw


def test_signature_version_2_is_that_of_botocore(oracle: Oracle) -> None:
    def make(draw: Draw) -> Case:
        line: Line = {"kind": "meituan-v2", "method": draw.of("GET", "POST")}
        line |= {"access_key_id": draw.token(), "access_key_secret": draw.secret()}
        parameters = draw.pairs()
        draw.drew(parameters)
        given = dict(parameters) | {"Action": "FaceDetect"}
        url = draw.of(
            "https://mosapi.meituan.com/mcs/v1", "https://Example.com:8443/a%20b/", "http://127.0.0.1:80"
        )
        token = draw.text(200) if draw.maybe(0.3) else None
        request = AWSRequest(method=line["method"], url=url)
        if line["method"] == "POST":
            request.data = given
        else:
            request.params = given
        SigV2Auth(Credentials(line["access_key_id"], line["access_key_secret"], token)).add_auth(request)
        parts = urlsplit(url)
        line |= {"host": parts.netloc, "path": parts.path, "query": list(given.items())}
        return Case(line, {"signature": given["Signature"], "accepted": True})

    oracle.compare("botocore", "AWS signature V2", make)
