# A device: connects with its signed secret, reports, answers commands, sends photos.

from . import chunk, sign, topics
from .errors import ArgumentError, ConnectError, FaceIotError, RefusedError, TimedOutError
from .mqtt import MQTTClient
from .port import hashlib, octets, sleep_ms, ticks_diff, ticks_ms, time


class Device:
    """One device of either cloud.

        device = Device.aliyun(product_key, device_name, device_secret)
        device = Device.huawei(device_id, device_secret, host="...")

    `server` and `port` connect elsewhere than the cloud's own host (a modem that connects by IP, the local cloud).
    `client` is any object with umqtt's calls, already made with a login of `faceiot.sign`; without it `MQTTClient`.
    """

    def __init__(self, names, login, format, pause_ms, client=None, qos=1, **connection):
        self.topics = names
        self.format = format
        self.qos = qos
        self.pause_ms = pause_ms
        self._client = client or MQTTClient(login=login, **connection)
        self._client.set_callback(self._on_message)
        self._handler = None
        self._number = 0
        self._frame = 0
        self._epoch = _epoch()
        self._answered = []

    @classmethod
    def aliyun(cls, product_key, device_name, device_secret, format="hex", client=None, qos=1, pause_ms=None,
               server=None, port=0, keepalive=60, ssl=None, ssl_params=None, timeout=10, **options):
        secure_mode = 2 if ssl else 3

        def login():
            return sign.aliyun_mqtt(product_key, device_name, device_secret, secure_mode=secure_mode, **options)

        if pause_ms is None:
            pause_ms = 100 if qos else 34  # 10 messages a second at QoS 1, 30 at QoS 0
        return cls(topics.Aliyun(product_key, device_name), login, format, pause_ms, client, qos, server=server, port=port,
                   keepalive=keepalive, ssl=ssl, ssl_params=ssl_params, timeout=timeout)

    @classmethod
    def huawei(cls, device_id, device_secret, host=None, service_id="camera", client=None, qos=1, pause_ms=20,
               port=0, keepalive=60, ssl=None, ssl_params=None, timeout=10, **options):
        def login():  # 50 messages a second at most (productdesc-iothub/iot_04_0010)
            return sign.huawei_mqtt(device_id, device_secret, **options)

        return cls(topics.Huawei(device_id, service_id), login, "v2", pause_ms, client, qos, server=host,
                   port=port or (8883 if ssl else 1883), keepalive=keepalive, ssl=ssl, ssl_params=ssl_params,
                   timeout=timeout)

    def connect(self):
        """Logs in and asks for the device's commands."""
        try:
            self._client.connect()
        except ValueError as e:  # QuecPython's umqtt turns every failure into "MQTT Connect error=..."
            if str(e)[-2:] in ("=4", "=5"):
                raise RefusedError("login refused: wrong secret, or the device is unknown or disabled")
            raise ConnectError(str(e))
        for topic in self.topics.subscriptions:
            self._client.subscribe(topic, 1)
        return self

    def disconnect(self):
        self._client.disconnect()

    def on_command(self, handler):
        """`handler(name, parameters)` returns the data of the answer, or None. An exception becomes an error answer."""
        self._handler = handler

    def report(self, **properties):
        """Reports properties."""
        self._number += 1
        topic, text = self.topics.report(properties, self._number)
        self._publish(topic, text)

    def send_photo(self, photo, size=4096, attempts=2, reconnects=0):
        """Sends a photo: bytes, a memoryview, an open file or a path. Returns the number of messages.

        When the connection is lost on the way it is opened again and the photo starts again, from its first octet.
        In `v2` it keeps its id and its chunks say that they were sent before, so that it stays one photo.
        It is begun `attempts` times at most; each time the connection is tried `reconnects` times (0: until it is there).
        Raises ConnectError when that was in vain.
        """
        if hasattr(photo, "seek") and hasattr(photo, "tell"):
            start = photo.tell()
        else:
            start = None
        self._frame += 1
        again = False
        while True:
            attempts -= 1
            try:
                return self._send(photo, size, again)
            except RefusedError:
                raise
            except (ConnectError, TimedOutError):
                if attempts < 1:
                    raise
                again = True
                self.reconnect(reconnects)
                if start is not None:
                    photo.seek(start)

    def _send(self, photo, size, again):
        count = 0
        if self.format == "hex":
            for message in chunk.hex(photo):
                self._publish(self.topics.property_post, message)
                self._pause()
                count += 1
            return count
        if self.format != "v2":
            raise ArgumentError("format is hex or v2")
        for message in chunk.v2(photo, self._frame, self._epoch, size, retransmit=again):
            self._publish(self.topics.photo, message)
            self._pause()
            count += 1
        return count

    def _publish(self, topic, message):
        # QuecPython's umqtt swallows errors and returns False; umqtt.simple returns None.
        if self._client.publish(topic, message, qos=self.qos) is False:
            raise ConnectError("publishing failed")

    def _pause(self):
        """Keeps to the cloud's rate; commands that come meanwhile are answered."""
        start = ticks_ms()
        while True:
            self._client.check_msg()
            left = self.pause_ms - ticks_diff(ticks_ms(), start)
            if left <= 0:
                return
            sleep_ms(min(left, 10))

    def step(self, timeout=1):
        """Waits for one message, `timeout` seconds at most, and handles it."""
        if isinstance(self._client, MQTTClient):
            try:
                self._client.wait_msg(timeout)
            except FaceIotError as e:
                if e.code != 101:
                    raise
        else:
            self._client.check_msg()
            # QuecPython's umqtt says nothing when the server closes; its state does: 0 is connected.
            state = getattr(self._client, "get_mqttsta", None)
            if state is not None and state() != 0:
                raise ConnectError("the connection is lost")
            sleep_ms(10)

    def loop(self):
        """Handles commands for ever; connects again when the connection is lost."""
        while True:
            try:
                self.step(30)
            except RefusedError:
                raise
            except ConnectError:
                self.reconnect()

    def reconnect(self, attempts=0):
        """Connects again, with growing pauses; `attempts` 0 is for ever. A refused login ends it at once."""
        pause = 500
        while True:
            try:
                return self.connect()
            except RefusedError:
                raise
            except (FaceIotError, OSError):
                attempts -= 1
                if attempts == 0:
                    raise
            sleep_ms(pause)
            pause = min(2 * pause, 60000)

    def _on_message(self, topic, payload):
        topic = topic.decode() if isinstance(topic, (bytes, bytearray)) else topic
        command = None
        try:
            command = self.topics.command(topic, bytes(payload).decode())
        except (ValueError, AttributeError):
            print("faceiot: a command that is not JSON on", topic)
        if command is None:
            return
        name, number, value, reply_topic = command
        if reply_topic is None:
            self._answer(name, number, value)
            return
        # A cloud sends a command again when the answer is late: the handler runs once, the answer goes out again.
        request = (reply_topic, number)
        answer = None
        for known in self._answered:
            if known[0] == request:
                answer = known[1]
        if answer is None:
            answer = self._answer(name, number, value)
            self._answered.append((request, answer))
            if len(self._answered) > 8:
                del self._answered[0]
        self._client.publish(reply_topic, answer, qos=0)

    def _answer(self, name, number, value):
        code, data = 0, None
        if self._handler is None:
            code, data = 1, {"error": "this device has no command handler"}
        else:
            try:
                data = self._handler(name, value)
            except Exception as e:
                print("faceiot: command", name, "failed:", repr(e))
                code, data = 1, {"error": str(e)}
        return self.topics.reply(number, code, data)


def _epoch():
    """A number that changes at each boot: 16 bits of all that this device can tell of the moment."""
    try:
        from os import urandom

        seed = urandom(4)
    except (ImportError, AttributeError):
        seed = octets("%s %s" % (time.time(), ticks_ms()))
    digest = hashlib.sha256(seed).digest()
    return digest[0] << 8 | digest[1]
