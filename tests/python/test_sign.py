"""`faceiot.sign` against logins that the vendors' own SDKs made."""

from __future__ import annotations

import types
from urllib.parse import parse_qsl, quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

import faceiot
from faceiot import sign
from vectors import cases

ALIYUN = cases(
    "aliyun",
    "iot_mqtt_login_formula",
    "iot_mqtt_login_iot_client",
    "iot_mqtt_login_linkkit",
    "seed001_aliyunmqtt_cpp",
)
ALIYUN_LOGINS = [
    (name, vector)
    for name, vector in ALIYUN
    if vector["input"].get("device_secret") is not None and "client_id" in vector["expected"]
]
# iot-client 0.0.14 signs HMAC-SHA1 whatever it writes into the client id, and reads the clock twice.
BROKEN_BY_THE_SDK = ("is_ignored", "clock_ticks_between_the_two_reads")
# These SDKs write the items of the client id in another order; the order is free and unsigned.
OTHER_ORDER = ("iot_mqtt_login_linkkit", "iotkit_embedded", "linksdk_4")

HUAWEI_LOGINS = [
    (name, vector)
    for name, vector in cases("huawei_meituan", "huawei_device_sign", "huawei_seed_snippet")
    if "client_id" in vector["expected"]
    and vector["expected"].get("password")
    and "scope_id" not in vector["input"]
]


def by_name(pairs):
    return [pytest.param(vector, id=name) for name, vector in pairs]


def signed_by_us(vector) -> sign.Login:
    given = vector["input"]
    if "millis" in given:  # seed 001: the Arduino's milliseconds since its start
        client_id, timestamp, method = given["device_name"], given["millis"], "hmacsha256"
    elif "time" in given:  # iot-client: seconds
        client_id, timestamp, method = given.get("client_id", "iot_client"), int(given["time"]), "hmacsha1"
    else:
        client_id, timestamp, method = given["client_id"], given["timestamp"], given["sign_method"]
    extra = [item.split("=", 1) for item in given.get("extra", "").split(",") if item]
    return sign.aliyun_mqtt(
        given["product_key"],
        given["device_name"],
        given["device_secret"],
        client_id=client_id,
        method=method,
        secure_mode=given.get("securemode", given.get("secure_mode", 2 if "time" in given else 3)),
        timestamp=timestamp,
        extra=[tuple(item) for item in extra],
        region=given.get("region", "cn-shanghai"),
    )


@pytest.mark.parametrize(
    "vector",
    by_name(
        (n, v) for n, v in ALIYUN_LOGINS if not any(word in n for word in (*BROKEN_BY_THE_SDK, *OTHER_ORDER))
    ),
)
def test_an_aliyun_login_is_the_sdks_byte_for_byte(vector):
    login, expected = signed_by_us(vector), vector["expected"]
    assert login.client_id == expected["client_id"]
    assert login.username == expected["username"]
    assert login.password == expected.get("password", expected.get("password_upper"))
    assert login.host == expected.get("host", login.host)
    assert login.port == expected.get("port", login.port)


@pytest.mark.parametrize(
    "vector", by_name((n, v) for n, v in ALIYUN_LOGINS if not any(word in n for word in BROKEN_BY_THE_SDK))
)
@pytest.mark.parametrize("case", [str.upper, str.lower])
def test_every_login_of_an_aliyun_sdk_verifies_in_both_hex_cases(vector, case):
    expected = vector["expected"]
    password = case(expected.get("password", expected.get("password_upper")))
    sign.verify_aliyun_mqtt(
        expected["client_id"], expected["username"], password, vector["input"]["device_secret"]
    )


@pytest.mark.parametrize(
    "vector", by_name((n, v) for n, v in ALIYUN_LOGINS if any(w in n for w in BROKEN_BY_THE_SDK))
)
def test_a_login_that_an_sdk_signed_wrongly_is_refused(vector):
    expected = vector["expected"]
    with pytest.raises(faceiot.SignatureError):
        sign.verify_aliyun_mqtt(
            expected["client_id"],
            expected["username"],
            expected["password"],
            vector["input"]["device_secret"],
        )


@pytest.mark.parametrize("vector", by_name(HUAWEI_LOGINS))
def test_a_huawei_login_is_the_sdks_byte_for_byte(vector):
    given, expected = vector["input"], vector["expected"]
    device_id = given.get("id") or f"{given['product_id']}_{given['node_id']}"
    sign_type = int(given.get("check_timestamp", 1 if "id" in given else 0))
    login = sign.huawei_mqtt(device_id, given["secret"], sign_type=sign_type, timestamp=given["timestamp"])
    assert (login.client_id, login.username, login.password) == (
        expected["client_id"],
        expected["username"],
        expected["password"],
    )
    if "unix_time" in given:
        assert (
            sign.huawei_mqtt(device_id, given["secret"], sign_type=sign_type, timestamp=given["unix_time"])
            == login
        )
    now = given.get("unix_time", 0)
    for password in (login.password, login.password.upper()):
        sign.verify_huawei_mqtt(login.client_id, login.username, password, given["secret"], now=now)


@pytest.mark.parametrize("vector", by_name(cases("huawei_meituan", "huawei_c_sdk_password")))
def test_huawei_passwords_are_the_python_sdks_and_not_the_c_sdks_when_the_two_differ(vector):
    given, expected = vector["input"], vector["expected"]
    sign_type = given["check_timestamp"]
    if (
        sign_type == 2
    ):  # HMAC-SM3, of the national-crypto editions: said to be unknown instead of signed wrongly
        with pytest.raises(faceiot.SignatureError):
            sign.huawei_mqtt("p_n", given["secret"], sign_type=2, timestamp=given["timestamp"])
        return
    login = sign.huawei_mqtt("p_n", given["secret"], sign_type=sign_type, timestamp=given["timestamp"])
    if "c_sdk" not in expected:
        assert login.password == expected["password"]
    else:  # the C SDK signs another hour when its digest holds a zero octet
        assert login.password == expected["correct_and_python_sdk"]["password"]
        assert login.password != expected["c_sdk"]["password"]


def test_huawei_sign_type_1_is_refused_in_another_hour_and_sign_type_0_is_not():
    hour = 1767323045 // 3600 * 3600
    for sign_type in (0, 1):
        login = sign.huawei_mqtt("p_n", "x", sign_type=sign_type, timestamp=hour)
        verify = (login.client_id, login.username, login.password, "x")
        sign.verify_huawei_mqtt(*verify, now=hour + 3599)
        for other in (hour - 1, hour + 3600):
            if sign_type == 0:
                sign.verify_huawei_mqtt(*verify, now=other)
            else:
                with pytest.raises(faceiot.SignatureError) as caught:
                    sign.verify_huawei_mqtt(*verify, now=other)
                assert caught.value.kind == "timestamp"


def test_without_a_timestamp_huawei_gets_the_current_hour():
    login = sign.huawei_mqtt("p_n", "x", sign_type=1)
    sign.verify_huawei_mqtt(login.client_id, login.username, login.password, "x")


def test_a_refused_signature_shows_what_was_signed_and_never_the_password():
    login = sign.aliyun_mqtt("pk", "device", "right", client_id="12345", timestamp=789)
    with pytest.raises(faceiot.SignatureError) as caught:
        sign.verify_aliyun_mqtt(login.client_id, login.username, "0" * 64, "right")
    message = str(caught.value)
    assert "clientId12345deviceNamedeviceproductKeypktimestamp789" in message
    assert login.password.lower() not in message.lower()
    assert caught.value.kind == "signature"
    assert caught.value.code == 20
    assert not caught.value.retryable


def test_the_hosts_follow_the_region_and_the_instance():
    host = sign.aliyun_mqtt("pk", "d", "s", region="ap-southeast-1").host
    assert host == "pk.iot-as-mqtt.ap-southeast-1.aliyuncs.com"
    assert sign.aliyun_mqtt("pk", "d", "s", instance_id="iot-1").host == "iot-1.mqtt.iothub.aliyuncs.com"
    assert sign.aliyun_mqtt("pk", "d", "s", port=8883).port == 8883
    assert sign.huawei_mqtt("d", "s", host="a.iot-mqtts.cn-north-4.myhuaweicloud.com").host.startswith(
        "a.iot-mqtts"
    )


def test_extra_items_are_written_in_their_order_and_not_signed():
    plain = sign.aliyun_mqtt("pk", "d", "s")
    login = sign.aliyun_mqtt("pk", "d", "s", extra={"lan": "Python", "_v": "1"})
    assert login.client_id == plain.client_id.removesuffix("|") + ",lan=Python,_v=1|"
    assert login.password == plain.password


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: sign.aliyun_mqtt("pk", "d", "s", method="hmacsha512"), faceiot.SignatureError),
        (lambda: sign.aliyun_mqtt("pk", "d|x", "s", client_id="a|b"), faceiot.ArgumentError),
        (lambda: sign.huawei_mqtt("d", "s", sign_type=2), faceiot.SignatureError),
        (lambda: sign.huawei_mqtt("d", "s", timestamp="2026-01-02"), faceiot.SignatureError),
        (lambda: sign.verify_aliyun_mqtt("no bars", "d&pk", "00", "s"), faceiot.SignatureError),
        (lambda: sign.verify_huawei_mqtt("d_0_0", "d", "00", "s"), faceiot.SignatureError),
        (lambda: sign.aliyun_mqtt("pk", "d", "s", timestamp=1.5), TypeError),
        (lambda: sign.aliyun_mqtt("pk", "d", None), TypeError),
        (lambda: sign.aliyun_mqtt("pk", "d", "s", "client"), TypeError),
    ],
)
def test_what_cannot_be_signed_is_refused_with_a_clear_class(call, error):
    with pytest.raises(error):
        call()


def test_a_login_is_a_value_and_hides_its_password():
    one, same, other = (sign.aliyun_mqtt("pk", "d", secret) for secret in ("s1", "s1", "s2"))
    assert one == same
    assert hash(one) == hash(same)
    assert one != other
    for text in (repr(one), str(one), f"{one}"):
        assert one.password not in text
        assert "***" in text
    with pytest.raises(AttributeError):
        one.password = "x"


NAMES = st.text(st.characters(categories=["L", "N"], include_characters="-_.@:"), min_size=1, max_size=32)


@given(NAMES, NAMES, st.text(max_size=64), st.sampled_from(["hmacmd5", "hmacsha1", "hmacsha256"]))
def test_whatever_is_signed_verifies_with_its_secret_and_with_no_other(
    product_key, device_name, secret, method
):
    login = sign.aliyun_mqtt(product_key, device_name, secret, client_id="c", method=method)
    sign.verify_aliyun_mqtt(login.client_id, login.username, login.password, secret)
    with pytest.raises(faceiot.SignatureError):
        sign.verify_aliyun_mqtt(login.client_id, login.username, login.password, secret + "x")


@given(st.text(max_size=200), st.text(max_size=80), st.text(max_size=80), st.text(max_size=80))
def test_no_login_from_outside_does_more_than_fail(client_id, username, password, secret):
    for verify in (sign.verify_aliyun_mqtt, sign.verify_huawei_mqtt):
        with pytest.raises(faceiot.SignatureError):
            verify(client_id, username, password, secret)


# Requests


REQUEST = {
    "method": "PUT",
    "bucket": "b",
    "key": "a b/中.jpg",
    "region": "cn-shanghai",
    "timestamp": 1534494218,
}


def test_a_signed_request_is_read_without_showing_its_signature():
    signed = sign.oss_v4(
        "id", "secret", headers={"Content-Type": "image/jpeg"}, security_token="tok", **REQUEST
    )
    assert repr(signed) == (
        'Signed(signature=\'***\', headers=["x-oss-date", "x-oss-content-sha256", "x-oss-security-token", '
        '"Authorization"], params=[])'
    )
    assert signed.headers["Authorization"].endswith(f"Signature={signed.signature}")
    assert signed.canonical.startswith("PUT\n/b/a%20b/%E4%B8%AD.jpg\n\ncontent-type:image/jpeg\n")
    assert signed.canonical == signed.canonical
    assert (signed.url, signed.body, signed.params) == (None, None, {})
    with pytest.raises(AttributeError):
        signed.signature = "x"


def test_what_was_signed_is_shown_whatever_becomes_of_the_arguments():
    headers, params = {"Content-Type": "image/jpeg"}, [("partNumber", "1")]
    signed = sign.oss_v4("id", "secret", headers=headers, params=params, **REQUEST)
    headers.clear()
    params.clear()
    shown = (signed.canonical, signed.string_to_sign)
    assert "\npartNumber=1\ncontent-type:image/jpeg\n" in shown[0]
    signed.headers.clear()
    assert (signed.canonical, signed.string_to_sign) == shown
    assert signed.headers["Authorization"].endswith(signed.signature)
    body = bytearray(b'{"a":1}')
    request = {"method": "POST", "path": "/", "host": "h", "timestamp": 0, "nonce": "n"}
    signed = sign.aliyun_acs3("id", "secret", body=body, complete=False, **request)
    before = signed.canonical
    body.clear()
    assert signed.canonical == before


def test_an_rpc_comes_with_the_form_of_all_its_parameters():
    params = {"Action": "A", "Text": "a b+c~*/&=%中😀", "Empty": ""}
    signed = sign.aliyun_rpc("id", "secret", params=params)
    assert dict(parse_qsl(signed.body, keep_blank_values=True)) == params | signed.params
    assert "+" not in signed.body
    sign.verify_aliyun_rpc("secret", params=parse_qsl(signed.body, keep_blank_values=True))


def test_a_device_with_a_certificate_needs_a_client_id_only():
    assert sign.huawei_x509_client_id("p_n", "scope") == "p_n_0_scope"
    for wrong in (("", "scope"), ("p_n", ""), ("p_n", "a_b")):
        with pytest.raises(faceiot.ArgumentError):
            sign.huawei_x509_client_id(*wrong)


def test_headers_and_parameters_are_a_mapping_or_pairs():
    def signature(params):
        return sign.oss_v4("id", "secret", params=params, **REQUEST).signature

    forms = [
        {"partNumber": "1", "uploadId": "x"},
        types.MappingProxyType({"partNumber": "1", "uploadId": "x"}),
        [("uploadId", "x"), ("partNumber", "1")],
        [["uploadId", "x"], ["partNumber", "1"]],
        iter([("uploadId", "x"), ("partNumber", "1")]),
    ]
    assert len({signature(params) for params in forms}) == 1
    for wrong in ({"a": 1}, {"a": None}, "ab", [("a",)], 5, [("a", "b", "c")]):
        with pytest.raises((TypeError, ValueError)):
            signature(wrong)


def test_a_kept_key_signs_as_its_secret_and_only_for_its_day_and_region():
    key = sign.oss_v4_key("secret", region="cn-shanghai", timestamp=1534494218)
    for request in (REQUEST, REQUEST | {"region": "cn-beijing"}, REQUEST | {"timestamp": 1534494218 + 86400}):
        same = sign.oss_v4("id", key, **request).signature == sign.oss_v4("id", "secret", **request).signature
        assert same is (request is REQUEST)
    assert "secret" not in repr(key)


@pytest.mark.parametrize("token", ["tok/en+=", "ab cd"])
def test_a_refusal_masks_the_token_of_the_request(token):
    request = {"method": "GET", "bucket": "b", "key": "k"}
    v1 = sign.oss_v1("id", "secret", security_token=token, **request)
    params = {"Action": "A", "Version": "1"}
    rpc = sign.aliyun_rpc("id", "secret", params=params, security_token=token)
    roa = sign.aliyun_roa("id", "secret", method="GET", path="/p", security_token=token)
    table = sign.tablestore_v2("id", "secret", path="/GetRow", instance="i", security_token=token)
    calls = [
        lambda: sign.verify_oss_v1("other", headers=v1.headers, **request),
        lambda: sign.verify_aliyun_rpc("other", params=params | rpc.params),
        lambda: sign.verify_aliyun_roa("other", method="GET", path="/p", headers=roa.headers),
        lambda: sign.verify_tablestore_v2("other", path="/GetRow", headers=table.headers),
    ]
    once = quote(token, safe="-._~")
    for call in calls:
        with pytest.raises(faceiot.SignatureError) as caught:
            call()
        message = str(caught.value)
        assert "signed here" in message
        assert "***" in message
        for spelled in (token, once, quote(once, safe="-._~")):
            assert spelled not in message


def test_a_request_without_authorization_is_refused():
    request = {"method": "GET", "headers": {"Host": "h"}}
    for call in (
        lambda: sign.verify_oss_v1("s", **request),
        lambda: sign.verify_oss_v4("s", **request),
        lambda: sign.verify_oss_v1_url("s", method="GET", bucket="b", key="k", params={}),
        lambda: sign.verify_oss_v4_url("s", method="GET", bucket="b", key="k", params={}),
        lambda: sign.verify_aliyun_rpc("s", params={}),
        lambda: sign.verify_aliyun_roa("s", path="/", **request),
        lambda: sign.verify_aliyun_acs3("s", path="/", **request),
        lambda: sign.verify_aliyun_dataplus("s", path="/", headers={}),
        lambda: sign.verify_tablestore_v2("s", path="/", headers={}),
        lambda: sign.verify_tablestore_v4("s", path="/", headers={}),
        lambda: sign.verify_tablestore_response("s", path="/", headers={}),
        lambda: sign.verify_tablestore_v4_response("s", path="/", region="r", headers={}),
        lambda: sign.verify_huawei_aksk("s", path="/", **request),
        lambda: sign.verify_huawei_v11("s", path="/", **request),
        lambda: sign.verify_meituan_v2("s", params={}),
    ):
        with pytest.raises(faceiot.SignatureError):
            call()


def test_texts_of_any_length_are_shown_whole():
    params = {f"name{number}": "中" * 1000 for number in range(50)}
    signed = sign.aliyun_rpc("id", "secret", params=params)
    assert len(signed.canonical) > 50 * 9000
    with pytest.raises(faceiot.SignatureError, match="name49"):
        sign.verify_aliyun_rpc("other", params=dict(list(params.items())[40:]) | signed.params)


def test_explain_names_the_first_difference_and_masks_tokens():
    kept = {"method": "PUT", "bucket": "b", "key": "k", "region": "cn-shanghai", "timestamp": 0}
    signed = sign.oss_v4("id", "s", headers={"Content-Type": "image/jpeg"}, **kept)
    received = sign.oss_v4("id", "s", **kept)
    assert sign.explain(signed.canonical, received.canonical) == [
        'header content-type: you signed "image/jpeg", the request carries none'
    ]
    assert sign.explain(signed.canonical, signed.canonical) == []
    one, other = (
        sign.oss_v4("id", "s", security_token=token, **kept).canonical for token in ("tok1", "tok2")
    )
    [difference] = sign.explain(one, other)
    assert "***" in difference
    assert "tok1" not in difference


def test_what_is_signed_now_verifies_now():
    login = sign.huawei_amqp("key", "code")
    sign.verify_huawei_amqp(login.username, login.password, "code")
    with pytest.raises(faceiot.SignatureError):
        sign.verify_huawei_amqp(login.username, login.password, "other")
    with pytest.raises(faceiot.SignatureError):
        sign.verify_huawei_amqp(login.username, login.password, "code", now=1)
    one, other = (sign.aliyun_rpc("id", "secret", params={"Action": "A"}) for _ in range(2))
    assert one.params["SignatureNonce"] != other.params["SignatureNonce"]
    device = sign.aliyun_sub_device(
        "pk", "device", "secret", client_id="12345", timestamp=789, method="hmacsha1"
    )
    assert device.params["sign"] == "fafd82a3d602b37fb0fa8b7892f24a477f851a14"
    assert device.string_to_sign == "clientId12345deviceNamedeviceproductKeypktimestamp789"
