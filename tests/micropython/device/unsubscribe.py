# Hears itself on a topic, then no more, also after it has connected again. Runs inside MicroPython.
import sys

from faceiot import sign
from faceiot.mqtt import MQTTClient

login = sign.huawei_mqtt("p1_cam1", "secret-of-cam-1", timestamp="2026010203")
client = MQTTClient(login=lambda: login, server="127.0.0.1", port=int(sys.argv[1]))
heard = []
client.set_callback(lambda topic, message: heard.append(bytes(message).decode()))
client.connect()
client.subscribe("/mine", 1)
client.subscribe("/other", 1)
client.publish("/mine", "one", qos=1)
while len(heard) < 1:
    client.wait_msg(10)
client.unsubscribe("/mine")
client.publish("/mine", "two", qos=1)
client.connect()
client.publish("/mine", "two", qos=1)
client.publish("/other", "three", qos=1)
while len(heard) < 2:
    client.wait_msg(10)
client.disconnect()
print(heard)
