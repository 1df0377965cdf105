# What a device does, with a client that is told what to do: each function is a case, named on the command line.
import io
import sys

from faceiot import device as module
from faceiot.device import Device, Reply
from faceiot.errors import ArgumentError, ConnectError, FaceIotError, RefusedError, SignatureError
from faceiot.port import json, struct

PHOTO = bytes(range(256)) * 4  # 1,024 octets: four chunks of 256
COMMANDS = "$oc/devices/p_n/sys/commands/"


class MQTTException(Exception):
    pass


class Client:
    """Keeps what is sent; `script` maps the number of a publish (or a call's name) to what happens then."""

    def __init__(self, script=None):
        self.script = script or {}
        self.sent, self.subscribed, self.inbox = [], [], []
        self.connects = self.pings = 0

    def set_callback(self, callback):
        self.callback = callback

    def act(self, what):
        act = self.script.get(what)
        if isinstance(act, list):
            act = act.pop(0) if act else None
        if isinstance(act, Exception):
            raise act
        if act is not None:
            act()

    def connect(self):
        self.connects += 1
        self.act("connect")

    def disconnect(self):
        self.act("disconnect")

    def ping(self):
        self.pings += 1
        self.act("ping")

    def subscribe(self, topic, qos=0):
        self.act("subscribe " + topic.split("/")[-1])
        self.subscribed.append(topic)

    def publish(self, topic, message, retain=False, qos=0):
        self.sent.append((topic, bytes(message.encode() if isinstance(message, str) else message)))
        self.act(len(self.sent))

    def check_msg(self):
        self.act("check_msg")
        while self.inbox:
            self.callback(*self.inbox.pop(0))

    def photos(self):
        """What was sent of each photo: number -> (octets, flags)."""
        photos = {}
        for topic, message in self.sent:
            if topic.endswith("user/photo"):
                frame, _, offset = struct.unpack(">III", message[12:24])
                octets, flags = photos.get(frame, (b"", []))
                assert offset in (len(octets), 0)
                photos[frame] = (octets[:offset] + message[40:], flags + [message[3]])
        return photos

    def answers(self):
        return [(topic[-1], json.loads(text)) for topic, text in self.sent if "/response/" in topic]


class Clock:
    now = 0
    slept = []

    @classmethod
    def sleep(cls, ms):
        cls.slept.append(ms)
        cls.now += ms


def made(script=None, handler=None, **options):
    client = Client(script)
    Clock.slept = []
    module.sleep_ms = Clock.sleep
    module.ticks_ms = lambda: Clock.now
    device = Device.huawei("p_n", "secret", client=client, **dict({"pause_ms": 0}, **options))
    device.on_command(handler)
    return device, client


def command(number, name="x", paras=None, topic=None):
    topic = (COMMANDS + "request_id=%s" % number) if topic is None else topic
    return topic.encode(), json.dumps({"command_name": name, "paras": paras}).encode()


def raises(kind, call, *arguments, **options):
    try:
        call(*arguments, **options)
    except kind as e:
        assert type(e) is kind or kind is OSError, e
        return str(e)
    raise SystemExit("no %s" % kind)


def what_cannot_heal_is_raised_at_once():
    for error in (RefusedError("no"), ArgumentError("no"), SignatureError("no"), FaceIotError("no")):
        device, client = made({"connect": error})
        raises(type(error), device.reconnect)
        assert client.connects == 1 and not Clock.slept
        device, client = made({"check_msg": error})
        raises(type(error), device.loop)
        assert client.connects == 0


def a_broker_that_stays_away_ends_in_its_error_after_growing_pauses():
    device, client = made({"connect": OSError(111)})
    assert "111" in raises(ConnectError, device.reconnect)
    assert client.connects == 20 and len(Clock.slept) == 19
    assert Clock.slept[:9] == [500, 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000], Clock.slept
    device, client = made({"check_msg": [OSError(-1)], "connect": OSError(111)})
    raises(ConnectError, device.loop, 3)
    assert client.connects == 3
    device, client = made({"connect": [OSError(1)] * 30})
    device.reconnect(0)
    assert client.connects == 31


def a_photo_starts_again_where_the_file_was():
    for wrap in (io.BytesIO, bytes):
        device, client = made({3: OSError(-1)})
        photo = wrap(b"head" + PHOTO)
        if wrap is io.BytesIO:
            photo.seek(4)
        else:
            photo = photo[4:]
        assert device.send_photo(photo, size=256) == 4
        assert client.connects == 1
        octets, flags = client.photos()[1]
        assert octets == PHOTO and flags == [0, 0, 0, 2, 2, 2, 3], flags
    device, client = made({3: OSError(-1), 5: OSError(-1)})
    raises(ConnectError, device.send_photo, PHOTO, size=256)
    device, client = made()
    raises(OSError, device.send_photo, "/no/such/photo")
    assert client.connects == 0, "a file that is not there is no lost connection"
    device, client = made()
    assert "empty" in raises(ArgumentError, device.send_photo, b"")
    device.format = "hex"
    device.topics.property_post = "post"
    assert "empty" in raises(ArgumentError, device.send_photo, b"")
    assert not client.sent


def chunks_keep_to_the_rate():
    device, client = made(pause_ms=100)
    start = Clock.now
    device.send_photo(PHOTO, size=256)
    assert 400 <= Clock.now - start <= 440, Clock.now - start


def commands_are_answered_while_a_photo_is_sent():
    device, client = made(handler=lambda name, payload: {"name": name})
    client.script[2] = lambda: client.inbox.append(command(7, "hello"))
    device.send_photo(PHOTO, size=256)
    topics = [topic for topic, _ in client.sent]
    assert topics.index(COMMANDS + "response/request_id=7") == 2, topics


def photos_begun_in_a_handler_wait_for_each_other():
    device, client = made()
    taken = []

    def camera():
        taken.append(len(client.sent))
        return PHOTO[:300]

    def handler(name, payload):
        assert device.send_photo(camera if name == "function" else b"other photo", size=256) == 0

    device.on_command(handler)
    client.script[1] = lambda: client.inbox.extend([command(1, "function"), command(2, "octets")])
    assert device.send_photo(PHOTO, size=256) == 4
    photos = client.photos()
    assert [photos[n][0] for n in (1, 2, 3)] == [PHOTO, PHOTO[:300], b"other photo"]
    assert taken == [6], "the function is called when its turn comes: after four chunks and two answers"
    assert [answer["result_code"] for _, answer in client.answers()] == [0, 0]
    # In a handler with nothing on its way it is sent there and then.
    device, client = made(handler=lambda name, payload: {"messages": device.send_photo(PHOTO, size=256)})
    client.inbox.append(command(1))
    device.step()
    assert client.answers() == [("1", {"result_code": 0, "paras": {"messages": 4}})]


def five_photos_cannot_wait():
    said = []

    def handler(name, payload):
        try:
            device.send_photo(b"more")
        except FaceIotError as e:
            said.append(str(e))

    device, client = made(handler=handler)
    client.script[1] = lambda: client.inbox.extend([command(n) for n in range(5)])
    device.send_photo(PHOTO)
    assert said == ["4 photos wait to be sent already"] and len(client.photos()) == 5


def an_answer_is_json_or_a_failure_that_tells_nothing():
    device, client = made()
    cases = (
        ({"a": [1, None, True, "x", {"b": 1.5}]}, 0),
        (None, 0),
        (Reply(200, {"a": 1}), 0),
        (Reply(404, {"a": 1}), 404),
        (Reply("x"), 1),
        ({"a": float("nan")}, 1),
        ({"a": [float("inf")]}, 1),
        ({"a": object()}, 1),
        ({"a": b"octets"}, 1),
        ({1: 2}, 1),
        (["list"], 1),
        ("text", 1),
        (Reply(200, "text"), 1),
    )
    for number, (result, code) in enumerate(cases):
        client.sent = []
        device.on_command(lambda name, payload, result=result: result)
        client.inbox.append(command(number))
        device.step()
        answer = json.loads(client.sent[0][1])
        assert answer["result_code"] == code, (number, answer)
        if code == 1:
            assert answer["paras"] == {"error": "the command failed"}
    raises(ArgumentError, device.report, light=float("nan"))
    raises(ArgumentError, device.report, light=object())


def a_request_that_comes_again_is_answered_not_run():
    ran = []
    device, client = made(handler=lambda name, payload: ran.append(payload))
    for number, paras in (("1", 1), ("1", 1), ("1", 2), ("2", 1), ("", 1), ("", 1)):
        client.inbox.append(command(number, paras=paras))
        device.step()
    assert ran == [1, 2, 1, 1, 1], ran
    assert len(client.sent) == 6


def errors_of_umqtt_are_the_packages():
    # As umqtt.simple 1.3.4 fails: the code of CONNACK in an MQTTException, OSError(-1) from a socket at its end,
    # IndexError and AssertionError of half a packet, 128 for a refused subscription.
    for code, kind in ((1, RefusedError), (2, RefusedError), (3, ConnectError), (4, RefusedError), (5, RefusedError)):
        device, client = made({"connect": MQTTException(code)})
        raises(kind, device.connect)
    for error in (OSError(-1), OSError(104), IndexError("bytes index out of range"), AssertionError()):
        device, client = made({"connect": error, "disconnect": error, "check_msg": error, 1: error})
        for call in (device.connect, device.disconnect, device.step):
            raises(ConnectError, call)
        raises(ConnectError, device.report, state="x")
    device, client = made({"subscribe #": MQTTException(128)})
    assert raises(ConnectError, device.connect) == "subscription refused"
    # A topic of the user's own that the product lacks is told, and no more than that; a connection that is lost is lost.
    device, client = made({"subscribe control": MQTTException(128)})
    assert device.connect() is device and len(client.subscribed) == 2
    device, client = made({"subscribe control": OSError(-1), "ping": OSError(-1)})
    raises(ConnectError, device.connect)


def a_client_that_does_not_ping_is_made_to():
    device, client = made()
    client.keepalive = 60
    for seconds, pings in ((1, 0), (28, 0), (2, 1), (1, 1), (30, 2)):
        Clock.now += seconds * 1000
        device.step()
        assert client.pings == pings, (seconds, client.pings)


class Context:
    verify_mode = 2  # CERT_REQUIRED

    def wrap_socket(self, sock, server_hostname=None):
        return sock


def tls_is_said_in_the_login():
    for ssl, mode in ((Context(), "securemode=2,"), (None, "securemode=3,")):
        login = Device.aliyun("pk", "dn", "s", ssl=ssl)._client._login()
        assert mode in login.client_id, login


class Frames:
    """The firmware's driver: one frame buffer."""

    def __init__(self, **options):
        self.options, self.freed, self.held = options, 0, None

    class PixelFormat:
        JPEG = 4

    class FrameSize:
        VGA, QVGA, UXGA = 10, 6, 15

    def Camera(self, **options):
        self.options = options
        return self

    def capture(self):
        assert self.held is None, "the driver has one buffer"
        self.held = bytearray(PHOTO)
        return memoryview(self.held)

    def free_buffer(self):
        if self.held is not None:
            self.freed += 1
        self.held = None

    def deinit(self):
        self.free_buffer()


def both_cameras_of_an_esp32_give_photos():
    from faceiot.camera import open_camera

    sys.modules["camera"] = driver = Frames()
    with open_camera(width=640) as eye:
        assert driver.options["frame_size"] == 10 and driver.options["pixel_format"] == 4
        first = eye.capture()
        assert isinstance(first, memoryview) and first == PHOTO
        assert eye.capture() == PHOTO and driver.freed == 1, "a second photo gives the first one's buffer back"
        device, client = made()
        device.send_photo(eye.capture, size=256)
        eye.release()
        assert driver.freed == 3 and client.photos()[1][0] == PHOTO

    class Functions:
        JPEG, FRAME_VGA, FRAME_QVGA = 3, 8, 5
        log = []
        init = staticmethod(lambda number, format=None: Functions.log.append((number, format)))
        quality = staticmethod(lambda value: Functions.log.append(value))
        framesize = staticmethod(lambda value: Functions.log.append(value))
        capture = staticmethod(lambda: PHOTO)
        deinit = staticmethod(lambda: Functions.log.append("deinit"))

    sys.modules["camera"] = Functions
    with open_camera(width=320, quality=100) as eye:
        assert eye.capture() == PHOTO
        eye.release()
    assert Functions.log == [(0, 3), 10, 5, "deinit"], Functions.log
    Functions.capture = staticmethod(lambda: None)
    raises(FaceIotError, open_camera().capture)


globals()[sys.argv[1]]()
print("ok")
