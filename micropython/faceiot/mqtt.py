# MQTT 3.1.1 with umqtt's calls, for firmwares without a client or with one that loses subscriptions or hangs.
#
# What differs from umqtt.simple on purpose: a time-out on everything; connect() signs afresh (`login`) and subscribes
# again to all that was subscribed; a PUBACK that does not come is an error, not a hang; packet ids wrap; a topic may
# be longer than 122 bytes; what a broker sends wrongly is an error, never an assert; a packet larger than `max_packet`
# is read away and counted, not put on the heap.

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

# MQTT 3.1.1 table 3.1, in the words of the clouds' own documents
_REFUSED = {
    1: "the broker does not speak MQTT 3.1.1",
    2: "client id refused",
    4: "wrong user name or password: check the device secret and the names it is signed with",
    5: "not authorised: wrong secret, or the device is unknown or disabled",
}


class MQTTClient:
    """One connection. Give `client_id`, `user` and `password`, or `login`, a function that returns a fresh `Login`."""

    def __init__(self, client_id=None, server=None, port=0, user=None, password=None, keepalive=60, ssl=None,
                 ssl_params=None, login=None, timeout=10, max_packet=4096):
        self._given = (client_id, user, password)
        self._login = login
        self._server = server
        self._port = port
        self._ssl = ssl
        self._ssl_params = ssl_params or {}
        self.keepalive = keepalive
        self.timeout = timeout
        self.max_packet = max_packet
        self.dropped = 0  # packets that were larger than max_packet
        self._sock = None
        self._raw = None
        self._pid = 0
        self._waiting = {}  # answers that a call waits for: (kind, packet id) -> body once it is there
        self._ping_at = None
        self._heard = self._sent = 0
        self._topics = {}
        self._callback = None

    def set_callback(self, callback):
        """`callback(topic, msg)` with two bytes objects, for each message."""
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
        if not host:
            raise ArgumentError("no host to connect to")
        try:
            self._open(host, port or (8883 if self._ssl else 1883))
            present = self._handshake(octets(client_id or ""), octets(user), octets(password), clean_session)
            for topic in list(self._topics):
                self._subscribe(topic, self._topics[topic])
        except FaceIotError:
            self.close()
            raise
        except OSError as e:
            self.close()
            raise ConnectError("%s: %s" % (host, e))
        return present

    def _open(self, host, port):
        address = socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)[0][-1]
        self._raw = self._sock = socket.socket()
        self._raw.settimeout(self.timeout)
        self._raw.connect(address)
        try:
            # Header and payload are two writes: without this the second waits for the broker's delayed ACK, 40 ms.
            self._raw.setsockopt(6, 1, 1)  # IPPROTO_TCP, TCP_NODELAY
        except (OSError, AttributeError, TypeError):
            pass
        if self._ssl:
            self._sock = self._wrap(host)
            if hasattr(self._sock, "settimeout"):
                self._raw = self._sock  # CPython's has taken the socket over

    def _wrap(self, host):
        params = dict(self._ssl_params)
        name = params.pop("server_hostname", host)
        if hasattr(self._ssl, "wrap_socket"):  # an SSLContext, which decides whom to trust
            return self._ssl.wrap_socket(self._raw, server_hostname=name)
        try:
            import ussl as ssl
        except ImportError:
            import ssl
        return ssl.wrap_socket(self._raw, server_hostname=name, **params)

    def _handshake(self, client_id, user, password, clean_session):
        flags = 2 if clean_session else 0
        length = 12 + len(client_id)
        if user is not None:
            flags |= 0x80
            length += 2 + len(user)
        if password is not None:
            flags |= 0x40
            length += 2 + len(password)
        head = b"\x00\x04MQTT\x04" + bytes((flags,)) + struct.pack(">H", self.keepalive)
        for field in (client_id, user, password):
            if field is not None:
                head += struct.pack(">H", len(field)) + field
        self._write(_fixed(0x10, length) + head)
        kind, body = self._packet(self.timeout)
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
                self._raw.settimeout(2)
                start = ticks_ms()
                while _recv(self._sock, 256) and ticks_diff(ticks_ms(), start) < 2000:
                    pass
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
        self._sock = self._raw = None
        self._ping_at = None

    def connected(self):
        return self._sock is not None

    # -- messages

    def publish(self, topic, msg, retain=False, qos=0):
        """Sends; with QoS 1 returns when the broker has acknowledged. `msg` may be a memoryview: it is not copied."""
        topic, msg = octets(topic), octets(msg)
        if qos not in (0, 1):
            raise ArgumentError("qos is 0 or 1")
        length = 2 + len(topic) + len(msg) + 2 * qos
        head = _fixed(0x30 | qos << 1 | (1 if retain else 0), length) + struct.pack(">H", len(topic)) + topic
        pid = 0
        if qos:
            pid = self._next_pid()
            head += struct.pack(">H", pid)
        self._write(head)
        self._write(msg)
        if qos:
            self._await(_PUBACK, pid)

    def subscribe(self, topic, qos=0):
        """Asks for `topic`, now and after every connect."""
        topic = octets(topic)
        self._subscribe(topic, qos)
        self._topics[topic] = qos

    def _subscribe(self, topic, qos):
        pid = self._next_pid()
        self._write(_fixed(0x82, 5 + len(topic)) + struct.pack(">HH", pid, len(topic)) + topic + bytes((qos,)))
        if self._await(_SUBACK, pid)[-1] == 0x80:
            raise ConnectError("subscription to `%s` refused" % topic.decode())

    def unsubscribe(self, topic):
        topic = octets(topic)
        self._topics.pop(topic, None)
        pid = self._next_pid()
        self._write(_fixed(0xA2, 4 + len(topic)) + struct.pack(">HH", pid, len(topic)) + topic)
        self._await(_UNSUBACK, pid)

    def ping(self):
        self._write(b"\xc0\x00")
        self._ping_at = ticks_ms()

    def wait_msg(self, timeout=None):
        """Waits for one packet and handles it. Without `timeout` (seconds) it waits as long as the keep-alive lasts.

        Sends pings on its own. Raises ConnectError when the connection is gone, TimedOutError when `timeout` is over.
        """
        start = ticks_ms()
        while True:
            self._keep_alive()
            step = 1000 if not self.keepalive else min(1000, self.keepalive * 250)
            if timeout is not None:
                left = int(timeout * 1000) - ticks_diff(ticks_ms(), start)
                if left <= 0:
                    raise TimedOutError("no message within %s s" % timeout)
                step = min(step, left)
            packet = self._packet_or_none(step / 1000)
            if packet is not None:
                return self._handle(packet)

    def check_msg(self):
        """Handles what has arrived, without waiting. Returns whether there was something."""
        self._keep_alive()
        packet = self._packet_or_none(0)
        if packet is None:
            return False
        self._handle(packet)
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
        """Handles packets until the answer to `pid` comes. Callbacks may publish meanwhile."""
        start = ticks_ms()
        self._waiting[kind, pid] = None
        try:
            while self._waiting[kind, pid] is None:
                left = self.timeout * 1000 - ticks_diff(ticks_ms(), start)
                if left <= 0:
                    self._lost("no answer to packet %d within %d s" % (pid, self.timeout), TimedOutError)
                self._handle(self._packet(left / 1000))
            return self._waiting[kind, pid]
        finally:
            self._waiting.pop((kind, pid), None)

    def _handle(self, packet):
        kind, body = packet
        kind, flags = kind >> 4, kind & 15
        if kind == _PUBLISH:
            if len(body) < 2:
                self._lost("a PUBLISH without a topic")
            start = 2 + (body[0] << 8 | body[1])
            end = start + (2 if flags & 6 else 0)
            if end > len(body):
                self._lost("a PUBLISH that ends early")
            if flags & 6 == 2:
                self._write(b"\x40\x02" + body[start:end])
            if self._callback is not None:
                self._callback(bytes(body[2:start]), bytes(body[end:]))
        elif kind == _PINGRESP:
            self._ping_at = None
        elif len(body) > 1:
            # Perhaps of an outer call: a callback may have published while that call was waiting.
            answer = (kind, body[0] << 8 | body[1])
            if answer in self._waiting:
                self._waiting[answer] = body

    def _next_pid(self):
        self._pid = self._pid % 65535 + 1
        return self._pid

    # -- bytes

    def _write(self, data):
        if self._sock is None:
            raise ConnectError("not connected", 107)
        view = memoryview(data)
        start = ticks_ms()
        while len(view):
            try:
                n = self._sock.write(view) if hasattr(self._sock, "write") else self._sock.send(view)
            except OSError as e:
                self._lost("writing failed: %s" % e)
            if n:
                view = view[n:]
            elif ticks_diff(ticks_ms(), start) > self.timeout * 1000:
                self._lost("the broker takes no more data", TimedOutError)
        self._sent = ticks_ms()

    def _packet_or_none(self, timeout):
        first = self._first(timeout)
        return None if first is None else self._rest(first)

    def _packet(self, timeout):
        packet = self._packet_or_none(timeout)
        if packet is None:
            self._lost("no answer within %d s" % self.timeout, TimedOutError)
        return packet

    def _first(self, timeout):
        """The first octet of a packet, or None when none comes in time."""
        if self._sock is None:
            raise ConnectError("not connected", 107)
        self._raw.settimeout(timeout)
        try:
            got = _recv(self._sock, 1)
        except OSError as e:
            if _is_timeout(e):
                return None
            self._lost("reading failed: %s" % e)
        finally:
            if self._raw is not None:
                self._raw.settimeout(self.timeout)
        if got is None:
            return None
        if not got:
            self._lost("the broker closed the connection")
        self._heard = ticks_ms()
        return got[0]

    def _rest(self, first):
        length = shift = 0
        while True:
            octet = self._read(1)[0]
            length |= (octet & 127) << shift
            if not octet & 128:
                break
            shift += 7
            if shift > 21:
                self._lost("a malformed length from the broker")
        if length > self.max_packet:
            self.dropped += 1
            left = length
            while left:
                left -= len(self._read(min(left, 256)))
            return 0, b""
        return first, self._read(length)

    def _read(self, n):
        buf = bytearray(n)
        view = memoryview(buf)
        start = ticks_ms()
        at = 0
        while at < n:
            try:
                got = _recv(self._sock, n - at)
            except OSError as e:
                if not _is_timeout(e):
                    self._lost("reading failed: %s" % e)
                got = None
            if got:
                view[at : at + len(got)] = got
                at += len(got)
            elif got is not None:
                self._lost("the broker closed the connection")
            elif ticks_diff(ticks_ms(), start) > self.timeout * 1000:
                self._lost("the rest of a packet did not come", TimedOutError)
        return buf

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


def _recv(sock, n):
    # A wrapped socket of an old firmware has read() only; read() of a raw one would wait for all n octets.
    return sock.recv(n) if hasattr(sock, "recv") else sock.read(n)


def _is_timeout(e):
    # EAGAIN, ETIMEDOUT (as a number or, on CPython, as a class)
    code = e.args[0] if e.args else 0
    return code in (11, 110, 116, 119) or type(e).__name__ in ("timeout", "TimeoutError", "SSLWantReadError")
