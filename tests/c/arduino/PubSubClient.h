/*
 * A stand-in for PubSubClient 2.8 with its limits, written from its documentation and its observed behaviour: a buffer
 * of 256 octets that every received packet and every publish() must fit into, a keep-alive of 15 s, QoS 0 when
 * publishing, a Remaining Length of 16 bits, endPublish() that always says 1, a kept pointer to the host, one packet
 * for each loop(), a callback whose pointers lie in the same buffer that publishing writes to. (2.8 itself is in no
 * package registry that this project uses.)
 */
#ifndef STUB_PUBSUBCLIENT_H
#define STUB_PUBSUBCLIENT_H

#include "Client.h"

#ifndef MQTT_MAX_PACKET_SIZE
#define MQTT_MAX_PACKET_SIZE 256
#endif
#ifndef MQTT_KEEPALIVE
#define MQTT_KEEPALIVE 15
#endif
#ifndef MQTT_SOCKET_TIMEOUT
#define MQTT_SOCKET_TIMEOUT 15
#endif

#define MQTT_CONNECTION_TIMEOUT -4
#define MQTT_CONNECTION_LOST -3
#define MQTT_CONNECT_FAILED -2
#define MQTT_DISCONNECTED -1
#define MQTT_CONNECTED 0
#define MQTT_CONNECT_BAD_PROTOCOL 1
#define MQTT_CONNECT_BAD_CLIENT_ID 2
#define MQTT_CONNECT_UNAVAILABLE 3
#define MQTT_CONNECT_BAD_CREDENTIALS 4
#define MQTT_CONNECT_UNAUTHORIZED 5

class PubSubClient {
public:
    typedef std::function<void(char *, uint8_t *, unsigned int)> Callback;

    explicit PubSubClient(Client &client) : client(client) { setBufferSize(MQTT_MAX_PACKET_SIZE); }
    ~PubSubClient() { free(buffer); }

    PubSubClient &setServer(const char *host, uint16_t at) { return domain = host, port = at, *this; }
    PubSubClient &setCallback(Callback called) { return callback = called, *this; }
    PubSubClient &setKeepAlive(uint16_t seconds) { return keepAlive = seconds, *this; }
    PubSubClient &setSocketTimeout(uint16_t seconds) { return socketTimeout = seconds, *this; }
    boolean setBufferSize(uint16_t size);
    uint16_t getBufferSize() { return bufferSize; }

    boolean connect(const char *id, const char *user, const char *pass);
    void disconnect();
    boolean publish(const char *topic, const char *payload) {
        return publish(topic, (const uint8_t *)payload, (unsigned int)strlen(payload), false);
    }
    boolean publish(const char *topic, const uint8_t *payload, unsigned int len, boolean retained = false);
    boolean beginPublish(const char *topic, unsigned int len, boolean retained);
    size_t write(const uint8_t *data, size_t len);
    int endPublish() { return 1; }
    boolean subscribe(const char *topic, uint8_t qos = 0);
    boolean loop();
    boolean connected();
    int state() { return _state; }

private:
    static const uint16_t HEADER = 5;

    uint16_t put(const char *text, uint16_t at);
    size_t header(uint8_t type, uint16_t length);
    boolean send(uint8_t type, uint16_t length);
    bool octet(uint8_t &out);
    uint32_t packet(uint8_t &headLength);

    Client &client;
    Callback callback;
    const char *domain = nullptr;
    uint16_t port = 0, keepAlive = MQTT_KEEPALIVE, socketTimeout = MQTT_SOCKET_TIMEOUT, bufferSize = 0, lastId = 0;
    uint8_t *buffer = nullptr;
    unsigned long sentAt = 0, heardAt = 0;
    bool pinged = false;
    int _state = MQTT_DISCONNECTED;
};

#endif
