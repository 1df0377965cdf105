# Topics and small payloads of both clouds, for the messages that a camera needs.

from .crc import crc32
from .port import json


class Aliyun:
    """Topics of one Aliyun device (Alink)."""

    def __init__(self, product_key, device_name):
        own = product_key + "/" + device_name
        sys = "/sys/" + own
        self.property_post = sys + "/thing/event/property/post"
        self.property_set = sys + "/thing/service/property/set"
        self.service = sys + "/thing/service/"
        self.rrpc_request = sys + "/rrpc/request/"
        self.rrpc_response = sys + "/rrpc/response/"
        self.photo = "/" + own + "/user/photo"
        self.control = "/" + own + "/control"
        # What a device asks for after each connect. Services and RRPC come by wildcard.
        self.subscriptions = (self.service + "+", self.service + "property/set", self.rrpc_request + "+")

    def report(self, properties, number):
        """(topic, payload) of a property post; `number` is the message id, 0..4294967295."""
        text = json.dumps(
            {"id": str(number), "version": "1.0", "params": properties, "method": "thing.event.property.post"}
        )
        return self.property_post, text

    def command(self, topic, payload):
        """A command as (name, payload, reply, request), or None for another message.

        `reply` is the topic and the id of the answer, None where none is wanted. `request` tells whether it is the same
        one again: topic, id and CRC-32, because ids begin anew; None without an id. Raises ValueError when it is no JSON.
        """
        if topic == self.control:
            return _named("control", _document(payload)) + (None, None)
        if topic.startswith(self.rrpc_request):
            number = topic[len(self.rrpc_request) :]
            document = _document(payload)
            body = document if isinstance(document, dict) else {}
            # Any octets; the platform's synchronous service calls put Alink into it.
            name = str(body.get("method") or "").split(".")[-1] or "rrpc"
            command = (name, body["params"]) if "params" in body else _named(name, document)
            reply = self.rrpc_response + number, _id(body.get("id")) or number
            return command + (reply, _request(topic, number, payload))
        if not topic.startswith(self.service) or topic.endswith("_reply"):
            return None
        body = json.loads(payload)
        name = "set" if topic == self.property_set else topic[len(self.service) :]
        number = _id(body.get("id"))
        return name, body.get("params"), (topic + "_reply", number), _request(topic, number, payload)

    def reply(self, number, code, data):
        return json.dumps({"id": number, "code": code, "data": data or {}})


class Huawei:
    """Topics of one Huawei IoTDA device (api-iothub/iot_06_v5_3004)."""

    def __init__(self, device_id, service_id="camera"):
        own = "$oc/devices/" + device_id
        self.service_id = service_id
        self.properties_report = own + "/sys/properties/report"
        self.commands = own + "/sys/commands/"
        self.properties_set = own + "/sys/properties/set/"
        self.photo = own + "/user/photo"
        self.control = own + "/user/control"
        # The platform subscribes system topics for the device at QoS 0; asking again is harmless and works on any broker.
        self.subscriptions = (self.commands + "#", self.properties_set + "#")

    def report(self, properties, number):
        body = {"services": [{"service_id": self.service_id, "properties": properties}]}
        return self.properties_report, json.dumps(body)

    def command(self, topic, payload):
        if topic == self.control:
            return _named("control", _document(payload)) + (None, None)
        for prefix in (self.commands, self.properties_set):
            if topic.startswith(prefix + "request_id="):
                # All that follows is the id, `=` included (the tutorial's split("=")[-1] loses part of it).
                number = topic[len(prefix) + 11 :]
                body = json.loads(payload)
                name = body.get("command_name", "") if prefix == self.commands else "set"
                value = body.get("paras") if prefix == self.commands else body.get("services")
                reply = prefix + "response/request_id=" + number, number
                return name, value, reply, _request(topic, number, payload)
        return None

    def reply(self, number, code, data):
        body = {"result_code": {200: 0, 500: 1}.get(code, code)}
        if data:
            body["paras"] = data
        return json.dumps(body)


def _request(topic, number, payload):
    return (topic, number, crc32(payload)) if number else None


def _id(value):
    """Ids are decimal text by the documents; numbers are seen."""
    return str(value) if isinstance(value, (str, int)) else ""


def _named(name, document):
    """`{"name": ..., "payload": ...}` names the command itself: the local cloud, where a form has no name."""
    if isinstance(document, dict) and len(document) == 2 and "payload" in document:
        if isinstance(document.get("name"), str):
            return document["name"], document["payload"]
    return name, document


def _document(payload):
    """JSON as it is, anything else as text, or as octets when it is none."""
    try:
        return json.loads(payload)
    except ValueError:
        try:
            return bytes(payload).decode()
        except ValueError:  # UnicodeError is one
            return payload
