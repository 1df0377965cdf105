#include "PubSubClient.h"

enum { CONNECT = 0x10, PUBLISH = 0x30, PUBACK = 0x40, SUBSCRIBE = 0x82, PINGREQ = 0xC0, PINGRESP = 0xD0, DISCONNECT = 0xE0 };

boolean PubSubClient::setBufferSize(uint16_t size) {
    if (size == 0) return false;
    uint8_t *larger = (uint8_t *)realloc(buffer, size);
    if (larger == nullptr) return false;
    buffer = larger;
    bufferSize = size;
    return true;
}

uint16_t PubSubClient::put(const char *text, uint16_t at) {
    uint16_t len = (uint16_t)strlen(text);
    buffer[at] = (uint8_t)(len >> 8);
    buffer[at + 1] = (uint8_t)(len & 0xFF);
    memcpy(buffer + at + 2, text, len);
    return (uint16_t)(at + 2 + len);
}

// The fixed header in front of what begins at HEADER; its size. The length has 16 bits: a longer one wraps around.
size_t PubSubClient::header(uint8_t type, uint16_t length) {
    uint8_t size[4];
    uint8_t count = 0;
    do {
        size[count] = (uint8_t)(length % 128);
        length /= 128;
        if (length > 0) size[count] |= 128;
        count++;
    } while (length > 0);
    buffer[HEADER - 1 - count] = type;
    memcpy(buffer + HEADER - count, size, count);
    return 1u + count;
}

boolean PubSubClient::send(uint8_t type, uint16_t length) {
    size_t head = header(type, length);
    size_t written = client.write(buffer + HEADER - head, length + head);
    sentAt = millis();
    return written == length + head;
}

boolean PubSubClient::connect(const char *id, const char *user, const char *pass) {
    static const uint8_t start[8] = {0, 4, 'M', 'Q', 'T', 'T', 4, 0xC2};
    if (connected()) return true;
    if (!client.connected() && client.connect(domain, port) != 1) {
        _state = MQTT_CONNECT_FAILED;
        return false;
    }
    lastId = 1;
    uint16_t length = HEADER;
    memcpy(buffer + length, start, sizeof start);
    length = (uint16_t)(length + sizeof start);
    buffer[length++] = (uint8_t)(keepAlive >> 8);
    buffer[length++] = (uint8_t)(keepAlive & 0xFF);
    for (const char *text : {id, user, pass}) {
        if (length + 2 + strlen(text) > bufferSize) {
            client.stop();
            return false;
        }
        length = put(text, length);
    }
    send(CONNECT, (uint16_t)(length - HEADER));
    heardAt = sentAt = millis();
    while (!client.available()) {
        if (millis() - heardAt >= socketTimeout * 1000UL) {
            _state = MQTT_CONNECTION_TIMEOUT;
            client.stop();
            return false;
        }
    }
    uint8_t head;
    if (packet(head) == 4) {
        if (buffer[3] == 0) {
            heardAt = millis();
            pinged = false;
            _state = MQTT_CONNECTED;
            return true;
        }
        _state = buffer[3];
    }
    client.stop();
    return false;
}

bool PubSubClient::octet(uint8_t &out) {
    unsigned long began = millis();
    while (!client.available())
        if (millis() - began >= socketTimeout * 1000UL) return false;
    out = (uint8_t)client.read();
    return true;
}

// A packet into the buffer: its length, 0 when it was none or did not fit.
uint32_t PubSubClient::packet(uint8_t &headLength) {
    uint32_t length = 0, at = 1, shift = 0;
    uint8_t value;
    if (!octet(buffer[0])) return 0;
    do {
        if (at == 5) {
            _state = MQTT_DISCONNECTED;
            client.stop();
            return 0;
        }
        if (!octet(value)) return 0;
        buffer[at++] = value;
        length |= (uint32_t)(value & 127) << shift;
        shift += 7;
    } while (value & 128);
    headLength = (uint8_t)(at - 1);
    for (; length > 0; length--, at++) {
        if (!octet(value)) return 0;
        if (at < bufferSize) buffer[at] = value;
    }
    return at > bufferSize ? 0 : at;
}

boolean PubSubClient::loop() {
    if (!connected()) return false;
    unsigned long now = millis();
    if (now - heardAt > keepAlive * 1000UL || now - sentAt > keepAlive * 1000UL) {
        if (pinged) {
            _state = MQTT_CONNECTION_TIMEOUT;
            client.stop();
            return false;
        }
        buffer[0] = PINGREQ;
        buffer[1] = 0;
        client.write(buffer, 2);
        heardAt = sentAt = now;
        pinged = true;
    }
    if (!client.available()) return connected();
    uint8_t head = 0;
    uint32_t len = packet(head);
    if (len == 0) return connected();
    heardAt = now;
    uint8_t type = buffer[0] & 0xF0;
    if (type == PINGRESP) pinged = false;
    if (type != PUBLISH || !callback) return true;
    uint16_t topicLength = (uint16_t)(buffer[head + 1] << 8 | buffer[head + 2]);
    memmove(buffer + head + 2, buffer + head + 3, topicLength); // one to the left: room for its NUL
    buffer[head + 2 + topicLength] = 0;
    char *topic = (char *)buffer + head + 2;
    uint8_t *rest = buffer + head + 3 + topicLength;
    bool qos1 = (buffer[0] & 0x06) == 2;
    uint8_t id[2] = {rest[0], rest[1]};
    uint8_t *payload = rest + (qos1 ? 2 : 0);
    callback(topic, payload, (unsigned int)(buffer + len - payload));
    if (qos1) {
        const uint8_t ack[4] = {PUBACK, 2, id[0], id[1]};
        memcpy(buffer, ack, sizeof ack);
        client.write(buffer, 4);
        sentAt = now;
    }
    return true;
}

boolean PubSubClient::publish(const char *topic, const uint8_t *payload, unsigned int len, boolean retained) {
    if (!connected()) return false;
    if (bufferSize < HEADER + 2 + strlen(topic) + len) return false;
    uint16_t at = put(topic, HEADER);
    memcpy(buffer + at, payload, len);
    return send((uint8_t)(PUBLISH | (retained ? 1 : 0)), (uint16_t)(at - HEADER + len));
}

boolean PubSubClient::beginPublish(const char *topic, unsigned int len, boolean retained) {
    if (!connected()) return false;
    uint16_t at = put(topic, HEADER);
    size_t head = header((uint8_t)(PUBLISH | (retained ? 1 : 0)), (uint16_t)(len + at - HEADER));
    size_t written = client.write(buffer + HEADER - head, at - HEADER + head);
    sentAt = millis();
    return written == at - HEADER + head;
}

size_t PubSubClient::write(const uint8_t *data, size_t len) {
    sentAt = millis();
    return client.write(data, len);
}

boolean PubSubClient::subscribe(const char *topic, uint8_t qos) {
    if (topic == nullptr || qos > 1 || bufferSize < 9 + strlen(topic) || !connected()) return false;
    if (++lastId == 0) lastId = 1;
    buffer[HEADER] = (uint8_t)(lastId >> 8);
    buffer[HEADER + 1] = (uint8_t)(lastId & 0xFF);
    uint16_t at = put(topic, HEADER + 2);
    buffer[at++] = qos;
    return send(SUBSCRIBE, (uint16_t)(at - HEADER));
}

void PubSubClient::disconnect() {
    const uint8_t packet[2] = {DISCONNECT, 0};
    client.write(packet, 2);
    _state = MQTT_DISCONNECTED;
    client.flush();
    client.stop();
}

boolean PubSubClient::connected() {
    if (client.connected()) return _state == MQTT_CONNECTED;
    if (_state == MQTT_CONNECTED) {
        _state = MQTT_CONNECTION_LOST;
        client.stop();
    }
    return false;
}
