# Connects three times, with a login that is another each time. Runs inside MicroPython and CPython.
import sys

from faceiot.errors import ConnectError
from faceiot.mqtt import MQTTClient
from faceiot.sign import Login

count = 0


def login():
    global count
    count += 1
    return Login("127.0.0.1", int(sys.argv[1]), "c", "u", "p%d" % count)


def until_it_closes():
    client.publish("through", "")
    try:
        while True:
            client.wait_msg(10)
    except ConnectError:
        assert not client.connected()


client = MQTTClient(login=login)
client.subscribe("early", 1)  # before there is a connection
client.connect()
client.subscribe("late", 0)
until_it_closes()
client.connect()
until_it_closes()
client.unsubscribe("late")  # while there is none
client.connect()
until_it_closes()
print("ok")
