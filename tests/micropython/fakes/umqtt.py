# QuecPython's umqtt as its firmware behaves (umqtt.py of 2024-12): connect() turns every failure into ValueError,
# publish() swallows every exception and returns True or False, wait_msg() returns None when the server has closed.
from faceiot.errors import FaceIotError
from faceiot.mqtt import MQTTClient as _Client


class MQTTClient:
    def __init__(self, client_id, server, port=0, user=None, password=None, keepalive=0, ssl=False, ssl_params={},
                 reconn=True, version=4):
        if 0 < keepalive < 5:
            raise ValueError("keepalive")
        self._client = _Client(client_id, server, port, user, password, keepalive)

    def set_callback(self, callback):
        self._client.set_callback(callback)

    def connect(self, clean_session=True):
        try:
            self._client.connect(clean_session)
        except Exception as e:
            raise ValueError("MQTT Connect error=%s" % e)
        return 0

    def publish(self, topic, msg, retain=False, qos=0):
        try:
            self._client.publish(topic, msg, retain, qos)
            return True
        except FaceIotError:
            return False

    def subscribe(self, topic, qos=0):
        self._client.subscribe(topic, qos)

    def check_msg(self):
        try:
            self._client.check_msg()
        except FaceIotError:
            return None

    def wait_msg(self):
        try:
            self._client.wait_msg()
        except FaceIotError:
            return None

    def disconnect(self):
        self._client.disconnect()
