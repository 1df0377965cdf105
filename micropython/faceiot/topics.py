# Topics and small payloads of both clouds, for the messages that a camera needs.

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
        """(name, id, parameters, reply topic) of a command, or None for another message."""
        if topic.startswith(self.rrpc_request):
            number = topic[len(self.rrpc_request) :]
            return "rrpc", number, _loads_or_text(payload), self.rrpc_response + number
        if topic == self.control:
            return "control", None, _loads_or_text(payload), None
        if not topic.startswith(self.service) or topic.endswith("_reply"):
            return None
        body = json.loads(payload)
        name = topic[len(self.service) :]
        name = "property_set" if name == "property/set" else name
        return name, str(body.get("id", "")), body.get("params"), topic + "_reply"

    def reply(self, command_id, code, data):
        return json.dumps({"id": command_id, "code": 200 if code == 0 else code, "data": data or {}})


class Huawei:
    """Topics of one Huawei IoTDA device (api-iothub/iot_06_v5_3004)."""

    def __init__(self, device_id, service_id="camera"):
        own = "$oc/devices/" + device_id
        self.service_id = service_id
        self.properties_report = own + "/sys/properties/report"
        self.commands = own + "/sys/commands/"
        self.properties_set = own + "/sys/properties/set/"
        self.photo = own + "/user/photo"
        # The platform subscribes system topics for the device at QoS 0; asking again is harmless and works on any broker.
        self.subscriptions = (self.commands + "#", self.properties_set + "#")

    def report(self, properties, number):
        body = {"services": [{"service_id": self.service_id, "properties": properties}]}
        return self.properties_report, json.dumps(body)

    def command(self, topic, payload):
        for prefix in (self.commands, self.properties_set):
            if topic.startswith(prefix + "request_id="):
                # All that follows is the id, `=` included (the tutorial's split("=")[-1] loses part of it).
                number = topic[len(prefix) + 11 :]
                body = json.loads(payload)
                name = body.get("command_name", "") if prefix == self.commands else "property_set"
                value = body.get("paras") if prefix == self.commands else body.get("services")
                return name, number, value, prefix + "response/request_id=" + number
        return None

    def reply(self, command_id, code, data):
        body = {"result_code": code}
        if data:
            body["paras"] = data
        return json.dumps(body)


def _loads_or_text(payload):
    try:
        return json.loads(payload)
    except ValueError:
        return payload
