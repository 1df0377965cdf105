# A device: connects with its signed secret, reports, answers commands, sends photos.

import gc

from . import chunk, sign, topics
from .errors import ArgumentError, ConnectError, FaceIotError, RefusedError, TimedOutError

gc.collect()  # what an import leaves behind would cut a small heap into pieces: away with it before the next

from .mqtt import MQTTClient
from .port import const, hashlib, octets, sleep_ms, ticks_diff, ticks_ms, time

gc.collect()

RECONNECTS = const(20)  # tries to connect until it is given up: 13 minutes of pauses
_ANSWERS = const(8)  # answers that are kept for requests that come again
_PHOTOS = const(4)  # photos that wait while another one is sent


class Reply:
    """An answer with a code of its own: 200 when it went well (Huawei is sent its 0 for it). `data` is a dict or None."""

    def __init__(self, code, data=None):
        self.code = code
        self.data = data


class Device:
    """One device of either cloud.

        device = Device.aliyun(product_key, device_name, device_secret)
        device = Device.huawei(device_id, device_secret, host="...")

    `server` and `port` connect elsewhere than the cloud's own host (a modem that connects by IP, the local cloud).
    `client` is any object with umqtt's calls, already made with a login of `faceiot.sign`; without it `MQTTClient`.
    """

    def __init__(self, names, login, format, pause_ms, client=None, qos=1, **connection):
        gc.collect()
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
        self._sending = False
        self._photos = []
        self._pinged = ticks_ms()

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
            self._ask(self._client.connect)
        except ValueError as e:  # QuecPython's umqtt turns every failure into "MQTT Connect error=..."
            if str(e)[-2:] in ("=4", "=5"):
                raise RefusedError(_REFUSED)
            raise ConnectError(str(e))
        for topic in self.topics.subscriptions:
            self._ask(self._client.subscribe, topic, 1)
        try:
            self._ask(self._client.subscribe, self.topics.control, 1)
        except ConnectError as e:
            # A topic that the product may not have. A refused subscription leaves the connection up: it can be pinged.
            self._ask(self._client.ping)
            print("faceiot: no commands on", self.topics.control, "-", e)
        return self

    def disconnect(self):
        self._ask(self._client.disconnect)

    def on_command(self, handler):
        """`handler(name, payload)` returns the data of the answer: a dict that JSON can hold, None, or a `Reply`.

        Names and payloads are the wheel's: the service or command with its parameters, `set` with the properties, what a
        call by RRPC or a message of a topic of the user's own names itself. An exception becomes an error answer: the
        console sees what it says, the cloud only that the command failed.
        """
        self._handler = handler

    def report(self, **properties):
        """Reports properties: what JSON can hold."""
        _check_json(properties)
        self._number += 1
        topic, text = self.topics.report(properties, self._number)
        self._publish(topic, text)

    def send_photo(self, photo, size=4096, attempts=2, reconnects=RECONNECTS):
        """Sends a photo: bytes, a memoryview, an open file, a path, or a function that gives one. Returns the number of
        messages.

        When the connection is lost on the way it is opened again and the photo starts again, from its first octet.
        In `v2` it keeps its id and its chunks say that they were sent before, so that it stays one photo.
        It is begun `attempts` times at most; each time the connection is tried `reconnects` times (0: until it is there).
        Raises ConnectError when that was in vain.

        While a photo is on its way (a command's handler sends one) the next waits until it is through, and this returns
        0. A camera with one frame buffer overwrites what is being sent: give the function, `camera.capture`, which is
        called when the photo's turn comes. Four wait at most, and none after an error, which the first call raises.
        """
        if self._sending:
            if len(self._photos) >= _PHOTOS:
                raise FaceIotError("%d photos wait to be sent already" % _PHOTOS)
            self._photos.append((photo, size, attempts, reconnects))
            return 0
        self._sending = True
        try:
            count = self._begin(photo, size, attempts, reconnects)
            while self._photos:
                self._begin(*self._photos.pop(0))
            return count
        finally:
            self._sending = False
            if self._photos:
                print("faceiot: %d photos that waited are not sent" % len(self._photos))
                self._photos = []

    def _begin(self, photo, size, attempts, reconnects):
        if callable(photo):
            photo = photo()
        start = photo.tell() if hasattr(photo, "seek") and hasattr(photo, "tell") else None
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
            gc.collect()
            if start is not None:
                photo.seek(start)

    def _send(self, photo, size, again):
        if self.format == "hex":
            topic, messages = self.topics.property_post, chunk.hex_encode(photo)
        elif self.format == "v2":
            topic = self.topics.photo
            messages = chunk.v2_encode(
                photo, chunk_size=size, epoch=self._epoch, frame_id=self._frame, retransmit=again
            )
        else:
            raise ArgumentError("format is hex or v2")
        count = 0
        for message in messages:
            if not count and message == chunk.END:
                raise ArgumentError("the photo is empty")
            self._publish(topic, message)
            self._pause()
            count += 1
        return count

    def _publish(self, topic, message, qos=None):
        # QuecPython's umqtt swallows errors and returns False; umqtt.simple returns None.
        if self._ask(self._client.publish, topic, message, qos=self.qos if qos is None else qos) is False:
            raise ConnectError("publishing failed")

    def _ask(self, call, *arguments, **options):
        """Calls the client. Whichever it is, its errors are the package's."""
        try:
            return call(*arguments, **options)
        except FaceIotError:
            raise
        except (OSError, AssertionError, IndexError) as e:
            # umqtt.simple: OSError(-1) when the server closed; in the midst of a packet it asserts and indexes nothing.
            raise ConnectError("the connection is lost (%r)" % e)
        except Exception as e:
            if type(e).__name__ != "MQTTException":  # umqtt's own, of a module that is not imported here
                raise
            code = e.args[0] if e.args else None
            if code in (1, 2, 4, 5):
                raise RefusedError(_REFUSED)
            raise ConnectError("subscription refused" if code == 0x80 else "the broker refuses (%s)" % code)

    def _pause(self):
        """Keeps to the cloud's rate; commands that come meanwhile are answered."""
        start = ticks_ms()
        while True:
            self._check()
            left = self.pause_ms - ticks_diff(ticks_ms(), start)
            if left <= 0:
                return
            sleep_ms(min(left, 10))

    def _check(self):
        """Handles what has come. A client that is not ours is pinged: umqtt.simple does not do it by itself."""
        keepalive = 0 if isinstance(self._client, MQTTClient) else getattr(self._client, "keepalive", 0)
        if keepalive and ticks_diff(ticks_ms(), self._pinged) > keepalive * 500:
            self._pinged = ticks_ms()
            self._ask(self._client.ping)
        self._ask(self._client.check_msg)

    def step(self, timeout=1):
        """Waits for one message, `timeout` seconds at most, and handles it."""
        if isinstance(self._client, MQTTClient):
            try:
                self._client.wait_msg(timeout)
            except TimedOutError:
                if not self._client.connected():
                    raise
        else:
            self._check()
            # QuecPython's umqtt says nothing when the server closes; its state does: 0 is connected.
            state = getattr(self._client, "get_mqttsta", None)
            if state is not None and state() != 0:
                raise ConnectError("the connection is lost")
            sleep_ms(10)

    def loop(self, reconnects=RECONNECTS):
        """Handles commands for ever. A lost connection is opened again, in `reconnects` tries (0: until it is there)."""
        while True:
            try:
                self.step(30)
            except OSError as e:
                if not _heals(e):
                    raise
                self.reconnect(reconnects)

    def reconnect(self, attempts=RECONNECTS):
        """Connects again, with pauses that grow from half a second to a minute; after `attempts` tries (0: never) what
        failed is raised. An error that trying again cannot heal, such as a refused login, ends it at once."""
        pause = 500
        while True:
            try:
                return self.connect()
            except OSError as e:
                attempts -= 1
                if attempts == 0 or not _heals(e):
                    raise
                print("faceiot: not connected:", e)
            sleep_ms(pause)
            pause = min(2 * pause, 60000)

    def _on_message(self, topic, payload):
        topic = topic.decode() if isinstance(topic, (bytes, bytearray)) else topic
        try:
            command = self.topics.command(topic, bytes(payload))
        except (ValueError, AttributeError):
            print("faceiot: a command that is not JSON on", topic)
            return
        if command is None:
            return
        name, value, reply, request = command
        # A cloud sends a request again when the answer is late: the handler runs once, the answer goes out again.
        answer = None
        for known in self._answered:
            if request is not None and known[0] == request:
                answer = known[1]
        if answer is None:
            answer = self._answer(name, value, reply)
            if request is not None:
                self._answered.append((request, answer))
                if len(self._answered) > _ANSWERS:
                    del self._answered[0]
        if reply is not None:
            self._publish(reply[0], answer, qos=0)

    def _answer(self, name, value, reply):
        """Runs the handler; returns its answer, None where none is wanted."""
        number = reply[1] if reply is not None else ""
        try:
            if self._handler is None:
                return self.topics.reply(number, 500, {"error": "this device has no command handler"})
            result = self._handler(name, value)
            code, data = 200, result
            if hasattr(result, "code") and hasattr(result, "data"):
                code, data = int(result.code), result.data
            if data is not None and not isinstance(data, dict):
                raise ArgumentError("a handler returns a dict, None or a Reply")
            _check_json(data)
            return self.topics.reply(number, code, data)
        except Exception as e:
            print("faceiot: command", name, "failed:", repr(e))
            return self.topics.reply(number, 500, {"error": "the command failed"})


_REFUSED = "login refused: wrong secret, or the device is unknown or disabled"


def _heals(e):
    """Whether connecting again may help: the package's other errors are a mistake in what was given."""
    if isinstance(e, FaceIotError):
        return isinstance(e, (ConnectError, TimedOutError)) and not isinstance(e, RefusedError)
    return True


def _check_json(value):
    """Raises ArgumentError for what JSON cannot hold: MicroPython writes it all the same, `nan` and objects too."""
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str):
                raise ArgumentError("JSON has text as keys only, not %r" % (key,))
            _check_json(value[key])
    elif isinstance(value, (list, tuple)):
        for item in value:
            _check_json(item)
    elif value is not None and not isinstance(value, str):
        try:
            finite = value - value == 0
        except TypeError:
            finite = False
        if not finite:
            raise ArgumentError("JSON cannot hold %r" % (value,))


def _epoch():
    """A number that changes at each boot: 16 bits of all that this device can tell of the moment."""
    try:
        from os import urandom

        seed = urandom(4)
    except (ImportError, AttributeError):
        seed = octets("%s %s" % (time.time(), ticks_ms()))
    digest = hashlib.sha256(seed).digest()
    return digest[0] << 8 | digest[1]
