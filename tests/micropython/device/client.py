# The MQTT client beside a server that behaves badly: what it does is printed. Runs inside MicroPython.
import sys

from faceiot.errors import FaceIotError
from faceiot.mqtt import MQTTClient

case, port = sys.argv[1], int(sys.argv[2])
heard = []
options = {"keepalive": 2} if case == "ping" else {}
if case == "tls":
    import ssl

    options["ssl"] = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    options["ssl"].verify_mode = ssl.CERT_REQUIRED
client = MQTTClient("c", "127.0.0.1", port, "u", "p", timeout=0.4, max_packet=1024, **options)
client.set_callback(lambda topic, message: heard.append((topic.decode(), len(message))))
try:
    client.connect()
    if case == "wait":
        while True:
            client.wait_msg()
    if case == "ping":
        client.wait_msg()
    if case == "publish":
        client.publish("t", "m", qos=1)
    if case == "subscribe":
        client.subscribe("t")
    if case == "dead":
        client._raw.close()  # as a firmware does that has lost its network
        client.wait_msg()
    if case == "commands":
        client.timeout = 20
        running = []

        def answer(topic, message):
            assert not running, "the callback is called inside itself"
            running.append(1)
            client.publish("answer", message, qos=1)
            running.pop()
            heard.append(message)

        client.set_callback(answer)
        client.publish("t", "m", qos=1)
        print(len(heard), heard == sorted(heard))
    if case == "crowd":
        client.timeout = 20
        client.publish("t", "m", qos=1)
    if case == "flood":
        block = bytes(60000)
        while True:
            client.publish("t", block)
    if case == "ids":
        client._pid = 65533
        for _ in range(4):
            client.publish("t", "m", qos=1)
    if case == "sizes":
        for size in (0, 1, 124, 125, 16380, 16381, 70000):
            client.publish("t", size * b"x")
        client.disconnect()
    if case == "large":
        while len(heard) < 2:
            client.wait_msg(5)
        print("dropped", client.dropped, heard)
    print("done", client.connected())
except FaceIotError as e:
    print(type(e).__name__, e.code, client.connected(), e)
