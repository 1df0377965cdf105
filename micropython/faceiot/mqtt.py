# MQTT 3.1.1 with umqtt's calls, for firmwares without a client or with one that loses subscriptions or hangs.
#
# What differs from umqtt.simple on purpose: a time-out on everything; connect() signs afresh (`login`) and subscribes
# again to all that was subscribed; TLS verifies the server unless it is told not to; a PUBACK that does not come is an
# error, not a hang; the callback is never called inside itself; packet ids wrap; a topic may be longer than 122 bytes;
# what a broker sends wrongly is an error, never an assert; a packet larger than `max_packet` is read away and counted,
# not put on the heap.

from .errors import ArgumentError, ConnectError, FaceIotError, RefusedError, TimedOutError
from .port import const, octets, struct, ticks_diff, ticks_ms

try:
    import usocket as socket
except ImportError:
    import socket

_PUBLISH = const(3)
_PUBACK = const(4)
_SUBACK = const(9)
_UNSUBACK = const(11)
_PINGRESP = const(13)
_POLLIN = const(1)
_POLLOUT = const(4)
_CERT_REQUIRED = 2  # the number that it has in every `ssl`
_QUEUE = const(128)  # messages that may come while a call waits for its answer; more than a broker's usual window

# MQTT 3.1.1 table 3.1, in the words of the clouds' own documents
_REFUSED = {
    1: "the broker does not speak MQTT 3.1.1",
    2: "client id refused",
    4: "wrong user name or password: check the device secret and the names it is signed with",
    5: "not authorised: wrong secret, or the device is unknown or disabled",
}


class MQTTClient:
    """One connection. Give `client_id`, `user` and `password`, or `login`, a function that returns a fresh `Login`.

    `timeout` (seconds) holds for connecting, for each answer and for each packet from its first octet to its last;
    while TLS shakes hands, which the firmware does in one call, for each of its reads.

    `ssl` is an `SSLContext` with `verify_mode` CERT_REQUIRED, or True with
    `ssl_params={"cert_reqs": ssl.CERT_REQUIRED, "cadata": authority}`: the connection is then made to a server that
    proves that it is `server` (or `ssl_params`' `server_hostname`), or not at all. TLS that verifies nobody is an
    ArgumentError unless `ssl_params` says `"verify": False`.
    """

    def __init__(self, client_id=None, server=None, port=0, user=None, password=None, keepalive=60, ssl=None,
                 ssl_params=None, login=None, timeout=10, max_packet=4096):
        self._given = (client_id, user, password)
        self._login = login
        self._server = server
        self._port = port
        self._ssl = ssl
        self._ssl_params = ssl_params or {}
        _check_tls(ssl, self._ssl_params)
        self.keepalive = keepalive
        self.timeout = timeout
        self.max_packet = max_packet
        self.dropped = 0  # packets that were larger than max_packet
        self._sock = None  # what packets go through; None until the connection may be trusted
        self._raw = None  # the TCP socket below
        self._limit = None  # the time-out that it has, once reading or writing has set it
        self._poll = None  # for TLS over a socket that does not block
        self._pid = 0
        self._ping_at = None
        self._heard = self._sent = 0
        self._topics = {}
        self._callback = None
        self._queue = []  # PUBLISHes that wait for the callback
        self._queued = 0  # their octets
        self._delivering = False

    def set_callback(self, callback):
        """`callback(topic, msg)` with two bytes objects, for each message.

        It may publish. What comes while it runs, or while a call waits for its answer, is delivered afterwards.
        """
        self._callback = callback

    # -- connection

    def connect(self, clean_session=True, timeout=None):
        """Connects, logs in, subscribes again. Returns whether the broker still had the session."""
        if timeout is not None:
            self.timeout = timeout
        self.close()
        host, port = self._server, self._port
        client_id, user, password = self._given
        if self._login is not None:
            login = self._login()
            host, port = host or login.host, port or login.port
            client_id, user, password = login.client_id, login.username, login.password
        port = port or (8883 if self._ssl else 1883)
        if not host or not isinstance(host, str):
            raise ArgumentError("no host to connect to: give its name or address")
        _check_number("port", port, 1)
        _check_number("keepalive", self.keepalive, 0)
        if not self.timeout or self.timeout < 0:
            raise ArgumentError("timeout is a number of seconds above 0")
        hello = self._hello(client_id, user, password, clean_session)
        try:
            self._open(host, port)
            present = self._shake_hands(hello)
            for topic in self._topics:
                self._subscribe(topic, self._topics[topic])
        except BaseException as e:
            self.close()
            if isinstance(e, FaceIotError) or not isinstance(e, (OSError, ValueError)):
                raise
            # MicroPython's TLS refuses a certificate with a ValueError of one line for each reason.
            raise ConnectError("%s: %s" % (host, " ".join(str(e).split())))
        return present

    def _open(self, host, port):
        start = ticks_ms()
        failed = OSError("the name has no address")
        for address in socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM):
            try:
                self._raw = socket.socket(address[0])
                self._raw.settimeout(self._left(start))
                self._raw.connect(address[-1])
                break
            except FaceIotError:
                raise
            except OSError as e:
                self.close()
                failed = e
        else:
            raise failed
        try:
            # Header and payload are two writes: without this the second waits for the broker's delayed ACK, 40 ms.
            self._raw.setsockopt(6, 1, 1)  # IPPROTO_TCP, TCP_NODELAY
        except (OSError, AttributeError, TypeError):
            pass
        if not self._ssl:
            self._sock = self._raw
            return
        self._raw.settimeout(self._left(start))
        wrapped = self._wrap(host)
        if hasattr(wrapped, "settimeout"):
            self._raw = wrapped  # CPython's has taken the socket over
        else:
            # After a time-out below it MicroPython's TLS gives that error for ever: it never gets to see one.
            try:
                import uselect as select
            except ImportError:
                import select
            self._raw.setblocking(False)
            self._poll = select.poll()
            self._poll.register(self._raw, _POLLIN)
        self._sock = wrapped

    def _wrap(self, host):
        params = dict(self._ssl_params)
        verify = params.pop("verify", True)
        name = params.pop("server_hostname", None) or host
        try:
            if hasattr(self._ssl, "wrap_socket"):  # an SSLContext, which decides whom to trust
                return self._ssl.wrap_socket(self._raw, server_hostname=name, **params)
            try:
                import ussl as ssl
            except ImportError:
                import ssl
            if not hasattr(ssl, "create_default_context"):
                return ssl.wrap_socket(self._raw, server_hostname=name, **params)
            context = ssl.create_default_context(cadata=params.pop("cadata", None))  # CPython
            if verify is False:
                context.check_hostname = False
                context.verify_mode = ssl.CERT_NONE
            params.pop("cert_reqs", None)
            return context.wrap_socket(self._raw, server_hostname=name, **params)
        except TypeError as e:
            raise ArgumentError("ssl_params that the TLS of this firmware does not take: %s" % e)

    def _hello(self, client_id, user, password, clean_session):
        """The CONNECT packet."""
        if user is None and password is not None:
            raise ArgumentError("a password needs a user")
        flags = 2 if clean_session else 0
        body = _sized(_field("client_id", client_id or ""))
        if user is not None:
            flags |= 0x80
            body += _sized(_field("user", user))
        if password is not None:
            flags |= 0x40
            body += _sized(_field("password", password))
        head = b"\x00\x04MQTT\x04" + bytes((flags,)) + struct.pack(">H", self.keepalive)
        return _fixed(0x10, len(head) + len(body)) + head + body

    def _shake_hands(self, hello):
        self._write(hello)
        kind, body = self._packet(ticks_ms())
        if kind >> 4 != 2 or len(body) != 2:
            raise ConnectError("the broker did not answer CONNECT with CONNACK", 106)
        if body[1]:
            words = _REFUSED.get(body[1])
            if words is None:
                raise ConnectError("the broker is not available (code %d)" % body[1])
            raise RefusedError("login refused: " + words)
        return body[0] & 1

    def disconnect(self):
        """Says goodbye and closes, once the broker has closed or after two seconds."""
        if self._sock is not None:
            try:
                self._write(b"\xe0\x00")
                # Closing with octets unread would reset the connection: what went out at QoS 0 just now would be lost.
                start = ticks_ms()
                while ticks_diff(ticks_ms(), start) < 2000:
                    self._some(256, 2)
            except OSError:
                pass
            self.close()

    def close(self):
        """Closes without a word; connect() opens again."""
        for sock in (self._sock, self._raw):
            if sock is not None:
                try:
                    sock.close()
                except OSError:
                    pass
        self._sock = self._raw = self._poll = self._limit = None
        self._ping_at = None
        # Not acknowledged yet: the broker sends those of QoS 1 again.
        self._queue = []
        self._queued = 0

    def connected(self):
        return self._sock is not None

    # -- messages

    def publish(self, topic, msg, retain=False, qos=0):
        """Sends; with QoS 1 returns when the broker has acknowledged. `msg` may be a memoryview: it is not copied."""
        topic, msg = _field("topic", topic), _view("msg", msg)
        if not topic or b"+" in topic or b"#" in topic:
            raise ArgumentError("a topic to publish to is not empty and without + and #")
        if qos not in (0, 1):
            raise ArgumentError("qos is 0 or 1")
        head = _fixed(0x30 | qos << 1 | (1 if retain else 0), 2 + len(topic) + len(msg) + 2 * qos)
        head += _sized(topic)
        pid = 0
        if qos:
            pid = self._next_pid()
            head += struct.pack(">H", pid)
        self._write(head, msg)
        if qos:
            self._await(_PUBACK, pid)
            self._deliver()

    def subscribe(self, topic, qos=0):
        """Asks for `topic`, now and after every connect; without a connection, with the next one."""
        topic = _filter(topic)
        if qos not in (0, 1):
            raise ArgumentError("qos is 0 or 1")
        if self._sock is not None:
            self._subscribe(topic, qos)
        self._topics[topic] = qos
        self._deliver()

    def _subscribe(self, topic, qos):
        pid = self._next_pid()
        self._write(_fixed(0x82, 5 + len(topic)) + struct.pack(">H", pid) + _sized(topic) + bytes((qos,)))
        granted = self._await(_SUBACK, pid)
        if len(granted) != 3:
            self._lost("a SUBACK of %d octets" % len(granted))
        if granted[2] == 0x80:
            raise ConnectError("subscription to `%s` refused" % topic.decode())

    def unsubscribe(self, topic):
        """Asks for `topic` no more."""
        topic = _filter(topic)
        self._topics.pop(topic, None)
        if self._sock is not None:
            pid = self._next_pid()
            self._write(_fixed(0xA2, 4 + len(topic)) + struct.pack(">H", pid) + _sized(topic))
            self._await(_UNSUBACK, pid)
            self._deliver()

    def ping(self):
        self._write(b"\xc0\x00")
        self._ping_at = ticks_ms()

    def wait_msg(self, timeout=None):
        """Waits for one packet and handles it. Without `timeout` (seconds) it waits as long as the keep-alive lasts.

        Sends pings on its own. Raises ConnectError when the connection is gone, TimedOutError when `timeout` is over.
        """
        if self._deliver():
            return
        start = ticks_ms()
        while True:
            self._keep_alive()
            step = 1000 if not self.keepalive else min(1000, self.keepalive * 250)
            if timeout is not None:
                left = int(timeout * 1000) - ticks_diff(ticks_ms(), start)
                if left <= 0:
                    raise TimedOutError("no message within %s s" % timeout)
                step = min(step, left)
            packet = self._packet_within(step / 1000)
            if packet is not None:
                self._handle(packet)
                self._deliver()
                return

    def check_msg(self):
        """Handles what has arrived, without waiting. Returns whether there was something."""
        if self._deliver():
            return True
        self._keep_alive()
        packet = self._packet_within(0)
        if packet is None:
            return False
        self._handle(packet)
        self._deliver()
        return True

    def _keep_alive(self):
        if not self.keepalive:
            return
        now = ticks_ms()
        if self._ping_at is not None:
            if ticks_diff(now, self._ping_at) > self.timeout * 1000:
                self._lost("the broker does not answer pings")
        elif ticks_diff(now, self._sent) > self.keepalive * 500 or ticks_diff(now, self._heard) > self.keepalive * 500:
            self.ping()

    def _await(self, kind, pid):
        """The body of the answer to `pid`. Messages that come before it wait in the queue."""
        start = ticks_ms()
        while True:
            packet = self._packet(start)
            first, body = packet
            if first >> 4 == kind and len(body) > 1 and body[0] << 8 | body[1] == pid:
                return body
            self._handle(packet)

    def _handle(self, packet):
        first, body = packet
        if first >> 4 == _PINGRESP:
            self._ping_at = None
        elif first >> 4 == _PUBLISH:
            qos = first >> 1 & 3
            if len(body) < 2 + 2 * qos or 2 + (body[0] << 8 | body[1]) + 2 * qos > len(body):
                self._lost("a PUBLISH that ends early")
            if qos > 1:
                self._lost("a PUBLISH of QoS 2, which nobody asked for")
            self._queued += len(body)
            if len(self._queue) >= _QUEUE or self._queued > 4 * max(self.max_packet, len(body)):
                self._lost("more messages at once than there is room for: larger max_packet, fewer subscriptions")
            try:
                self._queue.append(packet)
            except MemoryError:
                self._lost("no memory for the messages that come at once")

    def _deliver(self):
        """Gives the messages of the queue to the callback, unless it is running. Returns whether there were any."""
        if self._delivering or not self._queue:
            return False
        self._delivering = True
        try:
            while self._queue:
                first, body = self._queue.pop(0)
                self._queued -= len(body)
                start = 2 + (body[0] << 8 | body[1])
                end = start + (first & 2)
                if first & 2:
                    # Only now: until then the broker keeps back what is beyond its window.
                    self._write(b"\x40\x02" + body[start:end])
                if self._callback is not None:
                    self._callback(bytes(body[2:start]), bytes(body[end:]))
        finally:
            self._delivering = False
        return True

    def _next_pid(self):
        self._pid = self._pid % 65535 + 1
        return self._pid

    # -- bytes

    def _write(self, *parts):
        if self._sock is None:
            raise ConnectError("not connected", 107)
        write = self._sock.write if hasattr(self._sock, "write") else self._sock.send
        try:
            for part in parts:
                while len(part):
                    start = ticks_ms()
                    n = self._moved(write, part, self.timeout, _POLLOUT)
                    while not n:
                        n = self._moved(write, part, self._left(start, "the broker takes no more data"), _POLLOUT)
                    if n == len(part):
                        break
                    part = memoryview(part)[n:]
        except BaseException:
            self.close()  # half a packet is out: nothing may follow it
            raise
        self._sent = ticks_ms()

    def _packet_within(self, seconds):
        """The next packet, or None when none begins within `seconds`."""
        first = self._some(1, seconds)
        return None if first is None else self._rest(first[0], ticks_ms())

    def _packet(self, start):
        """The next packet, which is there `timeout` seconds after `start` to its last octet."""
        return self._rest(self._read(1, start)[0], start)

    def _rest(self, first, start):
        self._heard = ticks_ms()
        try:
            length = shift = 0
            while True:
                octet = self._read(1, start)[0]
                length |= (octet & 127) << shift
                if not octet & 128:
                    break
                shift += 7
                if shift > 21:
                    self._lost("a malformed length from the broker")
            if length <= self.max_packet:
                return first, self._read(length, start)
            self.dropped += 1
            while length:
                length -= len(self._read(min(length, 256), start))
            return 0, b""
        except MemoryError:
            self._lost("no memory for a packet from the broker")
        except BaseException:
            self.close()  # interrupted: what follows is the middle of a packet
            raise

    def _read(self, n, start):
        if not n:
            return b""
        got = self._some(n, self._left(start))
        if got and len(got) == n:  # as nearly always
            return got
        buf = bytearray(n)
        view = memoryview(buf)
        at = 0
        while True:
            if got:
                view[at : at + len(got)] = got
                at += len(got)
                if at == n:
                    return buf
            got = self._some(n - at, self._left(start))

    def _some(self, n, seconds):
        """1 to n octets, or None when nothing came within `seconds`."""
        if self._sock is None:
            raise ConnectError("not connected", 107)
        # A wrapped socket of an old firmware has read() only; read() of a raw one would wait for all n octets.
        read = self._sock.recv if hasattr(self._sock, "recv") else self._sock.read
        got = self._moved(read, n, seconds, _POLLIN)
        if got is None:
            return None
        if not got:
            self._lost("the broker closed the connection")
        return got

    def _moved(self, call, argument, seconds, event):
        """What reading or writing gives, or None when nothing moved: `seconds` are over, or TLS wants another turn."""
        try:
            if self._poll is None:
                if seconds != self._limit:
                    self._raw.settimeout(seconds)
                    self._limit = seconds
                return call(argument)
            got = call(argument)
            if got is None:
                self._poll.modify(self._raw, event)
                if self._poll.poll(int(seconds * 1000)):
                    got = call(argument)
            return got
        except OSError as e:
            if _is_timeout(e):
                return None
            self._lost("the connection failed: %s" % e)

    def _left(self, start, why="the broker does not answer, or not to the end"):
        """What is left of `timeout` since `start`, in seconds. Nothing: the connection is lost.

        All of it while a fifth is not over: a socket whose time-out stays the same costs no system call.
        """
        left = self.timeout * 1000 - ticks_diff(ticks_ms(), start)
        if left <= 0:
            self._lost("%s within %s s" % (why, self.timeout), TimedOutError)
        return self.timeout if left > self.timeout * 800 else left / 1000

    def _lost(self, why, error=ConnectError):
        self.close()
        raise error(why)


def _fixed(first, length):
    """The fixed header: the first octet and the remaining length, 7 bits an octet."""
    if length > 0xFFFFFFF:
        raise ArgumentError("the message is larger than MQTT allows")
    head = bytearray((first,))
    while length > 127:
        head.append(length & 127 | 128)
        length >>= 7
    head.append(length)
    return head


def _check_tls(ssl, params):
    """Refuses TLS that verifies nobody, unless `params` asks for it in so many words."""
    if not ssl:
        if params:
            raise ArgumentError("ssl_params without ssl: the connection would be in the clear")
        return
    if hasattr(ssl, "wrap_socket"):
        verified = getattr(ssl, "verify_mode", 0) == _CERT_REQUIRED
    else:
        verified = params.get("cert_reqs") == _CERT_REQUIRED and params.get("cadata")
    if not verified and params.get("verify") is not False:
        raise ArgumentError(
            "TLS that verifies nobody: give an SSLContext with verify_mode CERT_REQUIRED, or ssl_params with cert_reqs "
            "CERT_REQUIRED and cadata; ssl_params={'verify': False} connects to anybody"
        )


def _check_number(name, value, lowest):
    if not isinstance(value, int) or not lowest <= value <= 65535:
        raise ArgumentError("%s is a number from %d to 65535" % (name, lowest))


def _filter(topic):
    """A topic to subscribe to."""
    field = _field("topic", topic)
    if not field:
        raise ArgumentError("the topic is empty")
    return field


def _field(name, value):
    """A text of MQTT: bytes whose number fits into two octets."""
    field = bytes(_view(name, value))
    if len(field) > 65535:
        raise ArgumentError("%s is longer than 65535 octets" % name)
    return field


def _sized(field):
    return struct.pack(">H", len(field)) + field


def _view(name, value):
    """Octets, or a memoryview of them; of anything else there is none."""
    value = octets(value)
    if isinstance(value, (bytes, bytearray)):
        return value
    try:
        view = memoryview(value)
        # Items of two octets would be counted as one. Not every firmware knows `itemsize`, so one item is copied.
        if len(bytearray(view[:1])) == len(view[:1]) and getattr(view, "contiguous", True):
            return view
    except (TypeError, NotImplementedError):
        pass
    raise ArgumentError("%s is a str or octets" % name)


def _is_timeout(e):
    # EAGAIN, ETIMEDOUT (as a number or, on CPython, as a class)
    code = e.args[0] if e.args else 0
    return code in (11, 110, 116, 119) or type(e).__name__ in ("timeout", "TimeoutError", "SSLWantReadError")
