# umqtt as the firmware's own umqtt.py of 2024-12 behaves, its faults included, so that what works here works there:
#
# - connect() turns every failure into ValueError; it starts a thread that pings, which disconnect() ends
# - publish() swallows every exception and returns True or False; at QoS 1 it waits 5 s for the PUBACK in steps of 500 ms
# - wait_msg() returns None when the server has closed, having connected and subscribed again if it could (`reconn`)
# - exceptions of the callback are printed and go no further
# - the length of a SUBSCRIBE is one octet: a topic longer than 122 octets breaks the connection
# - with `ssl` the server's certificate is not checked
import _thread
import struct

from . import usocket, utime

_CONNECTED, _CONNECTING, _CLOSED, _ERROR = 0, 1, 2, -1


class MQTTException(Exception):
    pass


class MQTTClient:
    def __init__(self, client_id, server, port=0, user=None, password=None, keepalive=60, ssl=False, ssl_params={},
                 reconn=True, version=4, pingmaxnum=0, manage=False, ipvtype=0):
        if keepalive and keepalive < 5:
            raise ValueError("keepalive is 0 or at least 5")
        if version not in (3, 4):
            raise ValueError("version is 3 (MQTT 3.1) or 4 (MQTT 3.1.1)")
        self.client_id, self.user, self.pswd = client_id, user, password
        self.server, self.port = server, port or (8883 if ssl else 1883)
        self.keepalive, self.ssl, self.ssl_params = keepalive, ssl, ssl_params
        self.reconn, self.version = reconn, version
        self.cb = self.error_cb = None
        self.lw_topic = self.lw_msg = None
        self.lw_retain, self.lw_qos = False, 0
        self.pid = 0
        self._raw = self._sock = None
        self._clean = True
        self._state = _CLOSED
        self._generation = 0  # of the connection; a pinging thread of an older one ends
        self._topics = {}
        self._acks = {}
        self._reading = _thread.allocate_lock()
        self._writing = _thread.allocate_lock()

    def set_callback(self, f):
        self.cb = f

    def error_register_cb(self, func):
        self.error_cb = func

    def set_last_will(self, topic, msg, retain=False, qos=0):
        self.lw_topic, self.lw_msg, self.lw_retain, self.lw_qos = topic, msg, retain, qos

    def get_mqttsta(self):
        return self._state

    # -- connection

    def connect(self, clean_session=True):
        self._clean = clean_session
        self._state = _CONNECTING
        try:
            self._open()
        except Exception as e:
            self._shut(_ERROR)
            raise ValueError("MQTT Connect error=%s" % e)
        if self.keepalive:
            _thread.start_new_thread(self._keep_alive, (self._generation,))
        return 0

    def disconnect(self):
        self._generation += 1
        try:
            self._send(b"\xe0\x00")
        except OSError:
            pass
        self._shut(_CLOSED)

    def close(self):
        self._generation += 1
        self._shut(_CLOSED)

    def ping(self):
        self._send(b"\xc0\x00")

    def _open(self):
        address = usocket.getaddrinfo(self.server, self.port, 0, usocket.SOCK_STREAM)[0][-1]
        self._raw = self._sock = usocket.socket()
        self._raw.settimeout(20)
        self._raw.connect(address)
        if self.ssl:
            self._sock = self._wrap()
            if hasattr(self._sock, "settimeout"):
                self._raw = self._sock  # CPython's has taken the socket over
        flags = 2 if self._clean else 0
        fields = [self.client_id]
        if self.lw_topic is not None:
            flags |= 4 | self.lw_qos << 3 | self.lw_retain << 5
            fields += [self.lw_topic, self.lw_msg]
        if self.user is not None:
            flags |= 0xC0
            fields += [self.user, self.pswd]
        head = b"\x00\x06MQIsdp\x03" if self.version == 3 else b"\x00\x04MQTT\x04"
        body = head + struct.pack("!BH", flags, self.keepalive)
        for field in fields:
            body += _string(field)
        self._send(b"\x10" + _length(len(body)) + body)
        kind, answer = self._packet(20) or (0, b"")
        if kind != 0x20 or len(answer) != 2:
            raise MQTTException("no CONNACK")
        if answer[1]:
            raise MQTTException(answer[1])
        self._state = _CONNECTED

    def _wrap(self):
        import ssl

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        if hasattr(context, "check_hostname"):  # CPython
            context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        if "cert" in self.ssl_params:
            context.load_cert_chain(self.ssl_params["cert"], self.ssl_params.get("key"))
        return context.wrap_socket(self._raw, server_hostname=self.server)

    def _shut(self, state):
        self._state = state
        for sock in (self._sock, self._raw):
            if sock is not None:
                try:
                    sock.close()
                except OSError:
                    pass
        self._sock = self._raw = None

    def _keep_alive(self, generation):
        left = self.keepalive * 500
        while generation == self._generation:
            utime.sleep_ms(200)
            left -= 200
            if left <= 0:
                left = self.keepalive * 500
                try:
                    self.ping()
                except OSError:
                    pass  # the reader finds out

    # -- messages

    def publish(self, topic, msg, retain=False, qos=0):
        try:
            self.pid = self.pid % 65535 + 1
            pid = self.pid
            body = _string(topic) + (struct.pack("!H", pid) if qos else b"") + _octets(msg)
            self._send(bytes((0x30 | qos << 1 | retain,)) + _length(len(body)) + body)
            return self._acknowledged(pid) if qos else True
        except Exception as e:
            print("MQTT publish error=%s" % e)
            return False

    def subscribe(self, topic, qos=0):
        self.pid = self.pid % 65535 + 1
        self._topics[topic] = qos
        body = struct.pack("!H", self.pid) + _string(topic) + bytes((qos,))
        self._send(b"\x82" + bytes((len(body) & 0xFF,)) + body)  # one octet, as in the firmware
        if not self._acknowledged(self.pid):
            raise MQTTException("no SUBACK")

    def wait_msg(self):
        """Waits for one message. None also when the server has closed."""
        return self._receive(True)

    def check_msg(self):
        return self._receive(False)

    def _receive(self, wait):
        while True:
            try:
                packet = self._read(1 if wait else 0)
            except OSError:
                return self._lost()
            if packet is not None:
                return self._handle(packet)
            if not wait:
                return None

    def _acknowledged(self, pid):
        for _ in range(10):
            if pid in self._acks:
                del self._acks[pid]
                return True
            if self._reading.locked():
                utime.sleep_ms(500)  # another thread is in wait_msg()
                continue
            packet = self._read(0.5)
            if packet is not None:
                self._handle(packet)
        return self._acks.pop(pid, None) is not None

    def _handle(self, packet):
        kind, body = packet
        if kind & 0xF0 == 0x30:
            start = 2 + (body[0] << 8 | body[1])
            end = start + (2 if kind & 6 else 0)
            if kind & 6 == 2:
                self._send(b"\x40\x02" + body[start:end])
            try:
                if self.cb is not None:
                    self.cb(bytes(body[2:start]), bytes(body[end:]))
            except Exception as e:
                print("MQTT callback error=%s" % e)
        elif kind & 0xF0 in (0x40, 0x90):  # PUBACK, SUBACK
            self._acks[body[0] << 8 | body[1]] = True
        return kind

    def _lost(self):
        self._shut(_CLOSED)
        if self.error_cb is not None:
            self.error_cb("reconnect" if self.reconn else "closed")
        if self.reconn:
            try:
                self._open()
                for topic in list(self._topics):
                    self.subscribe(topic, self._topics[topic])
            except Exception as e:
                self._shut(_ERROR)
                print("MQTT reconnect error=%s" % e)
                utime.sleep_ms(1000)
        return None

    # -- octets

    def _send(self, data):
        self._writing.acquire()
        try:
            if self._sock is None:
                raise OSError(-1)
            write = getattr(self._sock, "write", None) or self._sock.send
            view = memoryview(data)
            while len(view):
                view = view[write(view) or 0 :]
        finally:
            self._writing.release()

    def _read(self, timeout):
        """A packet, or None when none begins within `timeout` seconds. One thread reads, the others sleep."""
        while not self._reading.acquire(False):
            utime.sleep_ms(10)
        try:
            return self._packet(timeout)
        finally:
            self._reading.release()

    def _packet(self, timeout):
        raw = self._raw
        if raw is None:
            raise OSError(-1)
        raw.settimeout(timeout)
        try:
            first = self._exactly(1)
        except OSError as e:
            if _is_timeout(e):
                return None
            raise
        raw.settimeout(20)
        length = shift = 0
        while True:
            octet = self._exactly(1)[0]
            length |= (octet & 0x7F) << shift
            if not octet & 0x80:
                return first[0], self._exactly(length)
            shift += 7

    def _exactly(self, n):
        data = b""
        while len(data) < n:
            sock = self._sock
            if sock is None:
                raise OSError(-1)
            got = sock.recv(n - len(data)) if hasattr(sock, "recv") else sock.read(n - len(data))
            if got is None:
                raise OSError(11)  # EAGAIN: a TLS socket without data
            if not got:
                raise OSError(-1)
            data += got
        return data


def _octets(text):
    return text.encode() if isinstance(text, str) else bytes(text)


def _string(text):
    octets = _octets(text)
    return struct.pack("!H", len(octets)) + octets


def _length(length):
    octets = bytearray()
    while length > 127:
        octets.append(length & 127 | 128)
        length >>= 7
    octets.append(length)
    return bytes(octets)


def _is_timeout(e):
    code = e.args[0] if e.args else 0
    return code in (11, 110) or type(e).__name__ in ("timeout", "TimeoutError", "SSLWantReadError")
