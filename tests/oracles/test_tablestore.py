"""Tablestore, requests of versions 2 and 4 and responses, against tablestore for Python."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from oracle import Case, Line, Oracle
from tablestore.auth import RequestContext, SignBase, SignV2, SignV4
from tablestore.credentials import Credentials
from tablestore.protocol import OTSProtocol

if TYPE_CHECKING:
    from draw import Draw

REGIONS = ("cn-hangzhou", "cn-shanghai")


def signed(draw: Draw, signer: SignBase, **more: str) -> tuple[Line, dict[str, str]]:
    """A request that the SDK signed; of repeated headers the last counts, as in a mapping."""
    headers, instance, body = draw.headers("x-ots-x"), draw.text(), draw.value()
    draw.drew(headers, [instance])
    line: Line = {
        "access_key_id": draw.token(),
        "access_key_secret": draw.secret(),
        "path": "/" + draw.of(*OTSProtocol.api_list),
        "body": body,
    } | more
    token = draw.text(200) if draw.maybe(0.3) else None
    protocol = OTSProtocol(instance, "utf8", logging.getLogger("tablestore"), extra_headers=dict(headers))
    context = RequestContext(Credentials(line["access_key_id"], line["access_key_secret"], token))
    sent = protocol._make_request_headers(body.encode(), line["path"], signer, context)
    line["headers"] = list(sent.items())
    return line, sent


def test_version_2_is_signed_as_the_sdk_does(oracle: Oracle) -> None:
    def make(draw: Draw) -> Case:
        line, sent = signed(draw, SignV2("utf8"), kind="tablestore-v2")
        return Case(line, {"signature": sent["x-ots-signature"], "accepted": True})

    oracle.compare("tablestore (Python)", "Tablestore V2", make)


def test_version_4_is_signed_as_the_sdk_does(oracle: Oracle) -> None:
    def make(draw: Draw) -> Case:
        date = f"2018{draw.random.randint(1, 12):02}{draw.random.randint(1, 28):02}"
        signer = SignV4("utf8", region=draw.of(*REGIONS), sign_date=date)
        line, sent = signed(draw, signer, kind="tablestore-v4")
        return Case(line, {"signature": sent["x-ots-signaturev4"], "accepted": True})

    oracle.compare("tablestore (Python)", "Tablestore V4", make)


def test_responses_are_signed_as_the_sdk_checks_them(oracle: Oracle) -> None:
    def make(draw: Draw) -> Case:
        headers = [
            *draw.headers("x-ots-x"),
            ("x-ots-requestid", draw.text()),
            ("x-ots-contenttype", "protocol buffer"),
        ]
        draw.drew(headers)
        line: Line = {"kind": "tablestore-response", "access_key_secret": draw.secret()}
        line |= {"path": "/" + draw.of(*OTSProtocol.api_list), "headers": list(dict(headers).items())}
        wanted = SignV2("utf8").make_response_signature(
            line["path"], dict(headers), line["access_key_secret"]
        )
        line["authorization"] = f"OTS {draw.token()}:{wanted}"
        return Case(line, {"signature": wanted, "accepted": True})

    oracle.compare("tablestore (Python)", "Tablestore response", make)


def test_responses_of_version_4_are_signed_as_the_sdk_checks_them(oracle: Oracle) -> None:
    def make(draw: Draw) -> Case:
        headers = [*draw.headers("x-ots-x"), ("x-ots-requestid", draw.text())]
        draw.drew(headers)
        date = f"2018{draw.random.randint(1, 12):02}{draw.random.randint(1, 28):02}"
        line: Line = {"kind": "tablestore-response-v4", "access_key_secret": draw.secret()}
        line |= {"day": date, "region": draw.of(*REGIONS), "path": "/" + draw.of(*OTSProtocol.api_list)}
        line["headers"] = list(dict(headers).items())
        signer = SignV4("utf8", region=line["region"], sign_date=date)
        context = RequestContext(Credentials(draw.token(), line["access_key_secret"]), date)
        wanted = signer.make_response_signature(line["path"], dict(headers), signer.get_signing_key(context))
        line["authorization"] = f"OTS {draw.token()}:{wanted}"
        return Case(line, {"signature": wanted, "accepted": True})

    oracle.compare("tablestore (Python)", "Tablestore V4 response", make)
